"""The verdict on a name, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..names.errors import ScoreFields, quote_text
from .explain import GroupSums, explain_verdict

if TYPE_CHECKING:
    from ..names.dga_index import DgaMatch


class Score(ScoreFields):
    """The verdict on one name; label and probability are those of its registrable label."""

    __slots__ = ()
    name: str  # the registrable label, which is scored
    label: int  # 1 malicious, 0 legitimate
    probability: float  # P(malicious)
    log_odds: float
    threshold: float  # label is 1 if probability >= threshold, unless the name is allowed
    operating_point: str | float  # of the threshold: "max_f1" or a false-positive rate
    intercept: float
    contributions: Mapping[str, float]  # by term; with the intercept they sum to log_odds
    groups: GroupSums  # the same in four sums: length, entropy, vowels, words
    segmentation: str | None  # "face|book"; None if the model has no words
    unlikely: str | None  # the least likely substring; None for the same reason
    bare: bool  # whether it is a label without a dot
    assigned: str | None  # the provider zone, whose provider's own label is scored
    allowed: str | None  # the entry of the allow list that makes the label 0
    # The generators of the name, None without an index. They make the label 1, unless the name is
    # allowed or the match may be by chance: see DgaIndex.is_certain.
    known: tuple[DgaMatch, ...] | None

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
        evidence = self.groups, self.segmentation, self.unlikely
        verdict = explain_verdict(self.name, self.label, *evidence)
        if self.known:
            generators = "; ".join(map(str, self.known))
            return f"Made by a known generator: {generators}. {verdict}"
        if self.assigned:
            return f"{self.assigned} makes its labels up, so {self.name} is judged. {verdict}"
        return verdict
