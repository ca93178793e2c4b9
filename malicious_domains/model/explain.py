"""What a model's many terms say together: four sums, and one sentence.

Every term belongs to the group of its feature; a pair of features is halved between its two.
The original's four features are one in each group, so that its front-end, which adds the
intercept and four numbers up, gets the log-odds of every model.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence
from operator import add
from typing import Any, NamedTuple

from ..features.registry import GROUPS, REGISTRY
from .glm import PAIR_SIGN

STRONG = 1.0  # log-odds from which on a group is worth a clause
# By group: what is said where it speaks for malicious, and where it speaks for legitimate.
CLAUSES = {
    "length": ("its length is common among generated names", "its length is common in real names"),
    "entropy": (
        "its characters are mixed as in generated names",
        "its characters are mixed as in real names",
    ),
    "vowels": ("it is hard to pronounce", "it has the vowels of a real name"),
    "words": ("it holds few real words", "it is made of words"),
}
# What a group's features say in particular, where it speaks for legitimate.
_INTERNATIONAL = "it is an international name, as generated ones hardly are"
_HYPHEN = "it has a hyphen, as generated names hardly have"
_FOLLOWING = "its characters follow one another as in real names"
_FOUND = "there are words in it"
_NOTHING = "too little in it looks generated"


class GroupSums(NamedTuple):
    """Contributions to the log-odds by group, float each, or float64 (labels,)."""

    length: Any  # how long the label is
    entropy: Any  # how mixed its characters are
    vowels: Any  # how it can be pronounced
    words: Any  # how it reads in words


class Groups:
    """Which terms of a model make up which group; read-only."""

    def __init__(self, terms: Sequence[str]) -> None:
        """Take the terms of a predictor, in its order; raises KeyError for an unknown feature."""
        members: dict[str, dict[int, float]] = {name: defaultdict(float) for name in GROUPS}
        for at, term in enumerate(terms):
            features = term.split(PAIR_SIGN)
            for feature in features:
                members[REGISTRY[feature].group][at] += 1 / len(features)
        self._members = [[*x.items()] for x in members.values()]

    def sums(self, contributions: Sequence[Any]) -> GroupSums:
        """The four sums of one label's contributions, floats, or of columns float64 (labels,)."""
        # sum() would compensate from Python 3.12 on: other bits for a label than for a column.
        return GroupSums(
            *[
                functools.reduce(add, [contributions[at] * share for at, share in x], 0.0)
                for x in self._members
            ]
        )


def explain_verdict(
    name: str, label: int, groups: GroupSums, segmentation: str | None, unlikely: str | None
) -> str:
    """Why a name has its label (1 malicious, 0 legitimate).

    How it reads, where the model looks for words and finds some, and then the groups that speak
    for the verdict, the strongest first.
    """
    sign = 1 if label else -1
    strong = [
        (x * sign, group) for x, group in zip(groups, CLAUSES, strict=True) if x * sign > STRONG
    ]
    strong.sort(reverse=True)
    if label:
        clauses = [_against(group, unlikely) for _, group in strong]
    else:
        clauses = [_for(group, name, segmentation) for _, group in strong]
    clauses = clauses or [_NOTHING]
    if segmentation and _readable(name, segmentation, groups):
        clauses.insert(0, "reads as " + segmentation.replace("|-|", "-").replace("|", "·"))
    text = "; ".join(clauses)
    return f"{text[0].upper()}{text[1:]}."


def _readable(name: str, segmentation: str, groups: GroupSums) -> bool:
    """Whether a cut tells something: Punycode does not, nor one piece that is no word."""
    return not name.startswith("xn--") and (segmentation != name or groups.words < -STRONG)


def _against(group: str, unlikely: str | None) -> str:
    if group == "vowels" and unlikely:
        return f"'{unlikely}' is a stretch that real names hardly have"
    return CLAUSES[group][0]


def _for(group: str, name: str, segmentation: str | None) -> str:
    if group == "entropy" and "-" in name:
        return _INTERNATIONAL if name.startswith("xn--") else _HYPHEN
    if group == "vowels" and segmentation is not None:  # the model knows what follows on what
        return _FOLLOWING
    if group == "words" and segmentation is None:  # it counts words inside of words
        return _FOUND
    return CLAUSES[group][1]
