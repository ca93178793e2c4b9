"""The three likeliest families of a name, or of the names that one client asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import exp, log
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from . import family_artifact
from .family_features import compute_features

if TYPE_CHECKING:
    from ..features.array_types import Floats

UNKNOWN = "unknown"
MOST = 3  # families that are told
MANY = 20  # labels of a client, from which on it is asked whether they fit
# How alike names of one client are: by Kish's design effect, as the intraclass correlation. Chosen
# by families left out, on validation names (docs/families.md).
ALIKE = 0.2
TINY = 1e-300  # for a probability of 0, which has no logarithm


class Likely(NamedTuple):
    """A family, or several that names do not tell apart: "goz or murofet"."""

    family: str
    probability: float


class FamilyHint(NamedTuple):
    """What names look like: a hint, not a verdict."""

    answer: str  # the likeliest family, or "unknown": then families are what it would be else
    families: tuple[Likely, ...]  # the MOST likeliest, the likeliest first
    unknown: float  # the probability of no known family; with those of all families it sums to 1

    def as_json(self) -> dict[str, Any]:
        """The hint as answers have it."""
        return self._asdict() | {"families": [x._asdict() for x in self.families]}

    def __str__(self) -> str:
        """In one cell: "goz 0.91; qakbot 0.05; ramnit 0.01; unknown 0.02", the answer first."""
        told = [*self.families, Likely(UNKNOWN, self.unknown)]
        told.sort(key=lambda x: x.family != self.answer)
        return "; ".join(f"{x.family} {x.probability:.2f}" for x in told)


class Hinter:
    """Names families by a multinomial GLM over the features of a label. Immutable, safe to share."""

    def __init__(self, model: family_artifact.HintModel) -> None:
        """Take a loaded model."""
        self.model = model
        self._groups = [
            (name, [model.classes.index(x) for x in members])
            for name, members in model.groups.items()
        ]

    @classmethod
    def load(cls, path: Path = family_artifact.PACKAGED) -> Hinter:
        """Load and verify the model in a folder; raises ArtifactError."""
        return cls(family_artifact.load(path))

    def probabilities(self, label: str) -> list[float]:
        """P of each class, as the MOJO has it; raises ValueError for what is no label."""
        return softmax(self._scores(label))

    def hint(self, label: str) -> FamilyHint:
        """The likeliest families of one label; raises ValueError for what is no label."""
        return self.hint_of_all([label])

    def hint_of_all(self, labels: Sequence[str]) -> FamilyHint:
        """The likeliest families of labels of one client, taken to be one family's.

        The logarithms of probabilities are summed and, as a generator's names on one day are
        alike, divided by repeated() of their number. From MANY labels on, a family that each of
        them by itself suggests less than its own names do is not the answer.
        Raises ValueError for what is no label, and for none at all.
        """
        if not labels:
            raise ValueError("no labels: a hint is of one at least")
        each = [log_softmax(scores) for scores in self._tempered(labels)]
        alike = repeated(len(each))
        hint = self._told(softmax([sum(scores) / alike for scores in zip(*each, strict=True)]))
        if len(each) < MANY or self._fit(hint.families[0].family, each) >= self._least(hint):
            return hint
        return hint._replace(answer=UNKNOWN)

    def _fit(self, group: str, each: Sequence[Sequence[float]]) -> float:
        """The mean of labels of ln P of a group, from their ln P of the classes."""
        at = dict(self._groups)[group]
        return sum(log(sum(exp(scores[i]) for i in at) or TINY) for scores in each) / len(each)

    def _least(self, hint: FamilyHint) -> float:
        return self.model.typical[hint.families[0].family]

    def _told(self, probability: Sequence[float]) -> FamilyHint:
        """The hint that probabilities of the classes amount to."""
        by_group = {name: sum(probability[i] for i in at) for name, at in self._groups}
        unknown = by_group.pop(UNKNOWN, 0.0)
        likely = sorted(by_group.items(), key=lambda x: -x[1])[:MOST]
        answer = UNKNOWN if unknown >= self.model.unknown_from else likely[0][0]
        return FamilyHint(answer, tuple(Likely(*x) for x in likely), unknown)

    def _tempered(self, labels: Sequence[str]) -> list[list[float]]:
        if len(labels) == 1:
            return [[score / self.model.temperature for score in self._scores(labels[0])]]
        scores: list[list[float]] = (self._scores_of_many(labels) / self.model.temperature).tolist()
        return scores

    def _scores(self, label: str) -> list[float]:
        """The linear predictor of each class; most features of a label are 0, and add nothing."""
        scores = self.model.intercepts
        for value, row in zip(compute_features(label), self.model.coefficients, strict=True):
            if value:
                scores = [score + value * x for score, x in zip(scores, row, strict=True)]
        return scores

    def _scores_of_many(self, labels: Sequence[str]) -> Floats:
        """The same numbers, (labels, classes): terms are added in the same order."""
        import numpy as np  # for those alone who ask for many

        values = np.array([compute_features(label) for label in labels], dtype=np.float64)
        scores = np.tile(np.array(self.model.intercepts), (len(labels), 1))
        for i in np.flatnonzero(values.any(axis=0)).tolist():
            scores += values[:, i, np.newaxis] * np.array(self.model.coefficients[i])
        return scores


def repeated(count: int) -> float:
    """How many times over so many names of one client say the same: 1 of one name, 4.8 of 20.

    The design effect of samples in clusters, 1 + (n - 1) ALIKE (L. Kish, Survey Sampling, 1965).
    """
    return 1 + (count - 1) * ALIKE


def softmax(scores: Sequence[float]) -> list[float]:
    """P of each class from their linear predictors."""
    top = max(scores)
    parts = [exp(score - top) for score in scores]
    total = sum(parts)
    return [part / total for part in parts]


def log_softmax(scores: Sequence[float]) -> list[float]:
    """ln P of each class from their linear predictors."""
    top = max(scores)
    total = log(sum(exp(score - top) for score in scores))
    return [score - top - total for score in scores]


@cache
def packaged() -> Hinter:
    """The packaged hinter, loaded when it is first asked for; raises ArtifactError."""
    return Hinter.load()
