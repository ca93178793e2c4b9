"""What a model's many terms say together: four sums, and one sentence.

Every term belongs to the group of its feature; a pair of features is halved between its two.
The original's four features are one in each group, so that its front-end, which adds the
intercept and four numbers up, gets the log-odds of every model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..features.registry import GROUPS, REGISTRY
from .glm import PAIR_SIGN

STRONG = 0.5  # log-odds from which on a group is worth a clause
# By group: what is said where it speaks for malicious, and where it speaks for legitimate.
CLAUSES = {
    "length": ("long for what it says", "of a length that real names have"),
    "entropy": ("its characters are mixed as if by lot", "its characters are mixed as in names"),
    "vowels": ("it is hard to pronounce", "it is easy to pronounce"),
    "words": ("its words are few or short", "it is made of words"),
}


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
        return GroupSums(
            *(sum((contributions[at] * share for at, share in x), 0.0) for x in self._members)
        )


def sentence(label: int, groups: GroupSums, segmentation: str | None, unlikely: str | None) -> str:
    """Why a label (1 malicious, 0 legitimate) has its verdict.

    How it reads, where the model looks for words, and then the groups that speak for the
    verdict, the strongest first.
    """
    sign = 1 if label else -1
    ranked = sorted(
        ((sign * x, name) for name, x in zip(CLAUSES, groups, strict=True)), reverse=True
    )
    clauses = [_clause(name, label, unlikely) for strength, name in ranked if strength > STRONG]
    if segmentation:
        clauses.insert(0, f"reads as {segmentation.replace('|', '·')}")
    text = "; ".join(clauses or ["nothing about it stands out"])
    return f"{text[0].upper()}{text[1:]}."


def _clause(group: str, label: int, unlikely: str | None) -> str:
    if group == "vowels" and label and unlikely:
        return f"'{unlikely}' is a stretch that real names hardly have"
    return CLAUSES[group][1 - label]
