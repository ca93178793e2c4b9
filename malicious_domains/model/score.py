"""What a scorer says of a text: a verdict, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..names.errors import quote_text
from .explain import GroupSums, explain_verdict

if TYPE_CHECKING:
    from ..names.dga_index import DgaMatch


class Score(NamedTuple):
    """The verdict on one name; label and probability are of the registrable label alone."""

    domain: str  # as it was given
    name: str  # the label that was judged: what its registrant chose
    label: int  # 1 malicious, 0 legitimate
    probability: float  # P(malicious)
    log_odds: float
    threshold: float  # label is 1 where probability >= threshold, unless the name is allowed
    operating_point: str | float  # what the threshold is for: "max_f1" or a false-positive rate
    intercept: float
    contributions: Mapping[str, float]  # by term; with the intercept they sum to log_odds
    groups: GroupSums  # the same in four sums: length, entropy, vowels, words
    segmentation: str | None  # the cheapest segmentation, "face|book"; None: the model makes none
    unlikely: str | None  # the least likely stretch of characters; None likewise
    bare: bool = False  # it was a label by itself, without a dot
    assigned: str | None = None  # the zone whose provider was judged, as it made the label up
    allowed: str | None = None  # the entry of the allow list that makes the label 0
    # The generators that make the name; None: there is no index of them. Unless it is allowed, or
    # may be one of theirs by chance, label is 1.
    known: tuple[DgaMatch, ...] | None = None

    def __repr__(self) -> str:
        """Return the verdict in one line of at most 100 characters."""
        verdict = f"label={self.label}, probability={self.probability:.4f}"
        return f"Score({quote_text(self.name)}, {verdict})"

    @property
    def reason(self) -> str:
        """The verdict explained in one sentence."""
        if self.allowed:
            return f"Allowed by the entry {self.allowed} of a list."
        said = explain_verdict(self.name, self.label, self.groups, self.segmentation, self.unlikely)
        if self.known:
            told = "; ".join(map(str, self.known))
            return f"Made by a known generator: {told}. {said}"
        if self.assigned:
            return f"{self.assigned} makes its labels up, so {self.name} is judged. {said}"
        return said


class Invalid(NamedTuple):
    """A text that no verdict is given on, and why."""

    domain: str  # as it was given
    error: str  # a sentence for people
    status: str = "invalid"  # or "skipped": a name about which the model has nothing to say
    reason: str = "characters"  # a code, see InvalidDomain and Skipped
