"""A model's contributions summed up: in four groups, and in one sentence.

Each term belongs to its feature's group, and each of the H2O demo's four features has its own: so
its front-end, which adds the intercept and four numbers, gets the log-odds of every model.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from operator import add
from typing import NamedTuple

from ..features.registry import GROUPS, REGISTRY

STRONG = 1.0  # log-odds above which a group is worth a clause
# By group: the clause for a malicious verdict, and that for a legitimate one.
CLAUSES = {
    "length": ("its length is common among generated names", ""),
    "entropy": (
        "its characters are mixed as in generated names",
        "its characters are mixed as in real names",
    ),
    "vowels": ("it is hard to pronounce", "it has the vowels of a real name"),
    "words": ("it holds few real words", "it is made of words"),
}
_CHEAP = ("length",)  # groups that never excuse a name, as anyone can change them


class GroupSums(NamedTuple):
    """Contributions to the log-odds by group, see GROUPS."""

    length: float
    entropy: float
    vowels: float
    words: float


@functools.cache
def group_terms(terms: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the terms of each group; raises KeyError for an unknown feature.

    >>> group_terms(("length", "entropy", "p_vowels"))
    {'length': ['length'], 'entropy': ['entropy'], 'vowels': ['p_vowels'], 'words': []}
    """
    return {name: [x for x in terms if REGISTRY[x].group == name] for name in GROUPS}


def sum_groups(contributions: Mapping[str, float]) -> GroupSums:
    """Return the sums of contributions by term; raises KeyError for an unknown feature.

    >>> sum_groups({"length": 0.5, "num_digits": -1.0, "entropy": 2.0})
    GroupSums(length=0.5, entropy=1.0, vowels=0.0, words=0.0)
    """
    # Python 3.12's sum() compensates, and would give other bits.
    members = (map(contributions.get, x) for x in group_terms(tuple(contributions)).values())
    return GroupSums(*(functools.reduce(add, x, 0.0) for x in members))


def explain_verdict(
    name: str, label: int, groups: GroupSums, segmentation: str | None, unlikely: str | None
) -> str:
    """Return why a name has its label (1 malicious, 0 legitimate).

    It has the segmentation, where there are words, and the groups behind the verdict, in order.
    """
    sign = 1 if label else -1
    pairs = zip(groups, CLAUSES, strict=True)
    strong = [(x * sign, group) for x, group in pairs if x * sign > STRONG]
    strong.sort(reverse=True)
    groups_of = [group for _, group in strong if label or group not in _CHEAP]
    clauses = [_explain_group(group, label, name, segmentation, unlikely) for group in groups_of]
    clauses = clauses or ["too little in it looks generated"]
    # Punycode is not worth showing, nor is one part without words.
    readable = not name.startswith("xn--") and (segmentation != name or groups.words < -STRONG)
    if segmentation and readable:
        clauses.insert(0, "reads as " + segmentation.replace("|-|", "-").replace("|", "·"))
    text = "; ".join(clauses)
    return f"{text[0].upper()}{text[1:]}."


def _explain_group(
    group: str, label: int, name: str, segmentation: str | None, unlikely: str | None
) -> str:
    if label and group == "vowels" and unlikely:
        return f"'{unlikely}' is a substring that real names hardly have"
    if label:
        return CLAUSES[group][0]
    if group == "entropy" and name.startswith("xn--"):
        return "it is an international name, as generated ones hardly are"
    if group == "vowels" and segmentation is not None:  # the model knows what follows on what
        return "its characters follow one another as in real names"
    if group == "words" and segmentation is None:  # it counts words inside of words
        return "there are words in it"
    return CLAUSES[group][1]
