"""The verdict on a name, explained: contributions in four groups, and one sentence.

Each term belongs to its feature's group, and each of the H2O demo's four features has its own: so
its front-end, which adds the intercept and four numbers, gets the log-odds of every model.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from operator import add
from typing import NamedTuple

from ..features.registry import GROUPS, REGISTRY
from ..names.errors import ScoreFields, quote_text

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


class Score(ScoreFields):
    """The verdict on one name; label and probability are those of its registrable label.

    The fields are those of names.errors.ScoreFields.
    """

    __slots__ = ()
    groups: GroupSums

    def __repr__(self) -> str:
        """Return the verdict in one line of at most 100 characters."""
        verdict = f"label={self.label}, probability={self.probability:.4f}"
        return f"Score({quote_text(self.name)}, {verdict})"

    @property
    def verdict(self) -> str:
        """The verdict for people: "generated", "unclear" or "not generated".

        A name is unclear from log-odds above 0 up to the threshold. A name that is not generated
        may be phishing, a typosquat or a hacked site: a person chose it.

        >>> from malicious_domains import Scorer
        >>> Scorer.load().score("xmqjtoevkbhrw.ru").verdict
        'generated'
        """
        if self.label:
            return "generated"
        return "unclear" if self.log_odds > 0 and not self.allowed else "not generated"

    @property
    def reason(self) -> str:
        """The verdict explained in one sentence."""
        if self.allowed:
            return f"Allowed by the entry {self.allowed} of a list."
        verdict = explain_verdict(self)
        if self.known:
            generators = "; ".join(map(str, self.known))
            return f"Made by a known generator: {generators}. {verdict}"
        if self.assigned:
            return f"{self.assigned} makes its labels up, so {self.name} is judged. {verdict}"
        return verdict


@functools.cache
def group_terms(terms: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the terms of each group; raises KeyError for an unknown feature.

    >>> group_terms(("length", "entropy", "p_vowels"))
    {'length': ['length'], 'entropy': ['entropy'], 'vowels': ['p_vowels'], 'words': []}
    """
    return {name: [x for x in terms if REGISTRY[x].group == name] for name in GROUPS}


def sum_groups(contributions: Mapping[str, float], groups: Mapping[str, list[str]]) -> GroupSums:
    """Return the sums of contributions by term; groups: from group_terms().

    >>> sum_groups({"length": 0.5, "num_digits": -1.0}, group_terms(("length", "num_digits")))
    GroupSums(length=0.5, entropy=-1.0, vowels=0.0, words=0.0)
    """
    # Python 3.12's sum() compensates, and would give other bits.
    members = (map(contributions.__getitem__, x) for x in groups.values())
    return GroupSums(*(functools.reduce(add, x, 0.0) for x in members))


def explain_verdict(score: ScoreFields) -> str:
    """Return why a name has its label (1 malicious, 0 legitimate).

    It has the segmentation, where there are words, and the groups behind the verdict, in order.
    """
    sign = 1 if score.label else -1
    pairs = zip(score.groups, CLAUSES, strict=True)
    strong = sorted(((x * sign, group) for x, group in pairs if x * sign > STRONG), reverse=True)
    groups = [group for _, group in strong if score.label or group not in _CHEAP]
    clauses = [_explain_group(group, score) for group in groups]
    clauses = clauses or ["too little in it looks generated"]
    # Punycode is not worth showing, nor is one part without words.
    is_read = score.segmentation != score.name or score.groups.words < -STRONG
    if score.segmentation and is_read and not score.name.startswith("xn--"):
        clauses.insert(0, "reads as " + score.segmentation.replace("|-|", "-").replace("|", "·"))
    text = "; ".join(clauses)
    return f"{text[0].upper()}{text[1:]}."


def _explain_group(group: str, score: ScoreFields) -> str:
    if score.label and group == "vowels" and score.unlikely:
        return f"'{score.unlikely}' is a substring that real names hardly have"
    if score.label:
        return CLAUSES[group][0]
    if group == "entropy" and score.name.startswith("xn--"):
        return "it is an international name, as generated ones hardly are"
    if group == "vowels" and score.segmentation is not None:  # the model knows what follows on what
        return "its characters follow one another as in real names"
    if group == "words" and score.segmentation is None:  # it counts words inside of words
        return "there are words in it"
    return CLAUSES[group][1]
