"""The malware families that a name looks like, or the names that one client asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from . import family_artifact
from .family_features import compute_features, compute_matrix

if TYPE_CHECKING:
    from ..names.array_types import Floats

UNKNOWN = "unknown"
MAX_FAMILIES = 3  # that an answer lists
MIN_LABELS_FOR_FIT = 20  # labels of a client from which their fit to the family is checked
# The intraclass correlation of one client's names in Kish's design effect, chosen on validation
# names of families that were left out (docs/families.md).
CORRELATION = 0.2
_AT_ONCE = 512  # labels whose scores stay in the processor's cache
TINY = 1e-300  # stands for a probability of 0, which has no logarithm


class LikelyFamily(NamedTuple):
    """A family, or several that names do not tell apart ("goz or murofet")."""

    family: str
    probability: float


class LikelyFamilies(NamedTuple):
    """The families that names look like: a hint, not a verdict."""

    answer: str  # the likeliest family, or "unknown"
    families: tuple[LikelyFamily, ...]  # the MAX_FAMILIES likeliest ones, in order
    unknown: float  # the probability of no known family; with those of all families it sums to 1

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON answers have them."""
        return self._asdict() | {"families": [x._asdict() for x in self.families]}

    def __str__(self) -> str:
        """Return one cell: "goz 0.91; qakbot 0.05; unknown 0.02", without those below 0.005.

        >>> str(LikelyFamilies("unknown", (LikelyFamily("tinba", 0.75),), 0.25))
        'no known family fits; nearest: tinba 0.75'
        """
        shown = [f"{x.family} {x.probability:.2f}" for x in self.families if x.probability >= 0.005]
        if self.answer == UNKNOWN:
            return "; nearest: ".join(["no known family fits", *shown[:1]])
        return "; ".join([*shown, *[f"{UNKNOWN} {self.unknown:.2f}"] * (self.unknown >= 0.005)])


class FamilyModel:
    """A multinomial GLM over FAMILY_FEATURES; immutable, safe to share by threads.

    >>> FamilyModel.load().classify("xmqjtoevkbhrw").answer
    'cryptolocker'
    """

    def __init__(self, model: family_artifact.FamilyArtifact) -> None:
        """Take a loaded artifact."""
        self.model = model
        self._groups = {
            name: [model.classes.index(x) for x in members]
            for name, members in model.groups.items()
        }

    @classmethod
    def load(cls, path: Path = family_artifact.PACKAGED) -> FamilyModel:
        """Load and verify the model in a folder; raises ArtifactError."""
        return cls(family_artifact.load_artifact(path))

    def probabilities(self, label: str) -> list[float]:
        """Return P of each class, as the MOJO does; raises ValueError for what is no label."""
        return softmax(self._score_label(label))

    def classify(self, label: str) -> LikelyFamilies:
        """Return the likeliest families of one label; raises ValueError for what is no label."""
        return self.classify_client([label])

    def classify_client(self, labels: Sequence[str]) -> LikelyFamilies:
        """Return the likeliest family of labels that one client asked for, taken to be of one.

        The log-probabilities are summed and divided by design_effect(), as the names of one
        generator are alike. From MIN_LABELS_FOR_FIT labels on, the answer is "unknown" if the
        labels fit the family worse than its own names do. Raises ValueError for a text that is
        no label, and for an empty sequence.
        """
        return self.classify_clients([labels])[0]

    def classify_clients(self, clients: Sequence[Sequence[str]]) -> list[LikelyFamilies]:
        """Return classify_client() of the labels of each of several clients."""
        if not all(clients):
            raise ValueError("no labels: at least one is needed")
        if [*map(len, clients)] == [1]:
            scores = self._score_label(clients[0][0])
            return [self._rank_groups(softmax([x / self.model.temperature for x in scores]))]
        labels = [*dict.fromkeys(chain.from_iterable(clients))]
        places = {label: i for i, label in enumerate(labels)}
        log_p = self._log_probabilities(labels)
        return [self._rank_client(log_p[[places[x] for x in own]]) for own in clients]

    def _rank_client(self, log_p: Floats) -> LikelyFamilies:
        """Return the likeliest families of one client from the ln P of its labels."""
        import numpy as np

        total = log_p.sum(axis=0) / design_effect(len(log_p))
        likely = self._rank_groups(softmax(total.tolist()))
        top = likely.families[0].family
        p = np.exp(log_p[:, self._groups[top]]).sum(axis=1)
        fit = np.log(np.maximum(p, TINY)).mean()  # the mean ln P of the likeliest
        if len(log_p) < MIN_LABELS_FOR_FIT or fit >= self.model.typical[top]:
            return likely
        return likely._replace(answer=UNKNOWN)

    def _rank_groups(self, probability: Sequence[float]) -> LikelyFamilies:
        by_group = {name: sum(probability[i] for i in at) for name, at in self._groups.items()}
        unknown = by_group.pop(UNKNOWN, 0.0)
        likely = sorted(by_group.items(), key=lambda x: -x[1])[:MAX_FAMILIES]
        answer = UNKNOWN if unknown >= self.model.unknown_from else likely[0][0]
        return LikelyFamilies(answer, tuple(LikelyFamily(*x) for x in likely), unknown)

    def _log_probabilities(self, labels: Sequence[str]) -> Floats:
        """Return the tempered ln P (labels, classes)."""
        import numpy as np  # one label does not need it

        scores = self._score_labels(labels) / self.model.temperature
        scores -= scores.max(axis=1, keepdims=True)
        log_p: Floats = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return log_p

    def _score_label(self, label: str) -> list[float]:
        """Return the linear predictor of each class; most features are 0 and add nothing."""
        scores = self.model.intercepts
        for value, row in zip(compute_features(label), self.model.coefficients, strict=True):
            if value:
                scores = [score + value * x for score, x in zip(scores, row, strict=True)]
        return scores

    def _score_labels(self, labels: Sequence[str]) -> Floats:
        """Return the same numbers, (labels, classes): terms are added in the same order."""
        import numpy as np

        coefficients, parts = np.array(self.model.coefficients), []
        for start in range(0, len(labels), _AT_ONCE):
            values = compute_matrix(labels[start : start + _AT_ONCE])
            scores = np.tile(np.array(self.model.intercepts), (len(values), 1))
            for value, row in zip(values.T, coefficients, strict=True):
                some = np.flatnonzero(value)  # most are 0, and add nothing
                scores[some] += value[some, np.newaxis] * row
            parts.append(scores)
        return np.concatenate(parts)


def design_effect(count: int) -> float:
    """Return how many times over `count` names of one client say the same.

    It is 1 + (n - 1) CORRELATION (L. Kish, Survey Sampling, 1965).

    >>> design_effect(1), round(design_effect(20), 1)
    (1.0, 4.8)
    """
    return 1 + (count - 1) * CORRELATION


def softmax(scores: Sequence[float]) -> list[float]:
    """Return P of each class from the linear predictors.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    top = max(scores)
    parts = [exp(score - top) for score in scores]
    total = sum(parts)
    return [part / total for part in parts]


@cache
def load_packaged() -> FamilyModel:
    """Return the packaged model, loaded when it is first asked for; raises ArtifactError.

    >>> load_packaged().classify("xmqjtoevkbhrw").as_json()["answer"]
    'cryptolocker'
    >>> round(sum(load_packaged().probabilities("xmqjtoevkbhrw")), 9)
    1.0
    """
    return FamilyModel.load()
