"""The verdict on a name, or why there is none."""

from __future__ import annotations

from ..names.errors import ScoreFields, quote_text
from .explain import GroupSums, explain_verdict


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
