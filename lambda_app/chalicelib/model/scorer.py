"""Judges names with an artifact: one at a time, or many at once in NumPy."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import add
from typing import Any, NamedTuple

import numpy as np

from ..domains.parse import InvalidDomain, Name, parse
from ..features import registry
from ..features.batch import BatchFeatures
from ..features.encoding import encode
from ..features.explanation import Reason, explain
from ..features.single import LabelFeatures
from ..features.types import Floats
from . import artifact


class Score(NamedTuple):
    """The verdict on one name; label and probability are of the registrable label alone."""

    domain: str  # as it was given
    name: str  # the registrable label that was judged
    label: int  # 1 malicious, 0 legitimate
    probability: float  # P(malicious)
    log_odds: float
    threshold: float  # label is 1 where probability >= threshold
    operating_point: str | float  # what the threshold is for: "max_f1" or a false-positive rate
    intercept: float
    contributions: Mapping[str, float]  # by term; with the intercept they sum to log_odds
    segmentation: str | None  # the cheapest cut, "face|book"; None: the model makes none
    unlikely: str | None  # the least likely stretch of characters; None likewise


class Invalid(NamedTuple):
    """A name that cannot be judged, and why."""

    domain: str  # as it was given
    error: str  # a sentence for people


class UnknownOperatingPoint(ValueError):
    """An operating point that an artifact does not have; its message lists those it has."""

    def __init__(self, asked: object, model: artifact.Artifact) -> None:
        known = ", ".join(map(str, model.thresholds))
        super().__init__(
            f"no operating point {str(asked)[:80]!r} in {model.name}; known are {known}"
        )


class Scorer:
    """Judges names with one artifact at one operating point.

    An operating point is a threshold on P(malicious): "max_f1", that of the highest F1, or
    a false-positive rate that the artifact lists, such as 0.001. A name is malicious where
    its probability is at or above the threshold. Immutable, safe to share by threads.
    """

    def __init__(
        self, model: artifact.Artifact, operating_point: str | float = artifact.MAX_F1
    ) -> None:
        """Take a loaded artifact and one of its operating points.

        Raises UnknownOperatingPoint for one that the artifact does not have.
        """
        if operating_point not in model.thresholds:
            raise UnknownOperatingPoint(operating_point, model)
        self.artifact = model
        self.operating_point = operating_point
        self.threshold = model.thresholds[operating_point]  # malicious from this probability on
        self._compute = [registry.REGISTRY[name].compute for name in model.features]

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        operating_point: str | float = artifact.MAX_F1,
    ) -> Scorer:
        """Load and verify the artifact in the folder path, or of that name among the packaged.

        None: the one that the environment variable MODEL names, else the packaged
        default. Raises ArtifactError for an artifact that is missing or damaged, and
        UnknownOperatingPoint for an operating point that it does not have.
        """
        return cls(artifact.load(artifact.locate(path)), operating_point)

    def at(self, operating_point: str | float) -> Scorer:
        """The same artifact at another operating point; raises UnknownOperatingPoint."""
        return Scorer(self.artifact, operating_point)

    def log_odds(self, labels: Sequence[str]) -> Floats:
        """Log-odds of being malicious, ln(P / (1 - P)), float64 (labels,).

        labels: registrable labels, parsed already. Raises ValueError for one over 255
        characters.
        """
        model = self.artifact
        result = np.empty(len(labels))
        for i, columns in enumerate(registry.chunks(labels, model.features, model.tables)):
            contributions = model.predictor.contributions(columns)
            result[i * registry.CHUNK : (i + 1) * registry.CHUNK] = self._sum(contributions)
        return result

    def probability(self, labels: Sequence[str]) -> Floats:
        """P(malicious), float64 (labels,).

        labels: registrable labels, parsed already. Raises ValueError for one over 255
        characters.
        """
        return _logistic(self.log_odds(labels))

    def score(self, text: str) -> Score:
        """Judge one name, host or URL by its registrable label.

        Raises InvalidDomain, which says why, for a text that has none.
        """
        return self._single(text, parse(text).label)

    def score_many(self, texts: Sequence[str]) -> list[Score | Invalid]:
        """Judge many names, hosts or URLs, in order; one that has no label becomes an Invalid.

        The same verdicts as by score(), bit for bit, and faster for many.
        """
        parsed = [try_parse(text) for text in texts]
        good = [(text, x) for text, x in zip(texts, parsed, strict=True) if isinstance(x, Name)]
        scores = self._scores([text for text, _ in good], [name for _, name in good])
        return [next(scores) if isinstance(x, Name) else x for x in parsed]

    def _sum(self, contributions: Iterable[Floats]) -> Floats:
        """Log-odds, (labels,), added up in one order whatever the batch: not by BLAS."""
        total: Any = self.artifact.intercept
        for contribution in contributions:
            total = total + contribution
        result: Floats = total
        return result

    def _scores(self, texts: Sequence[str], names: Sequence[Name]) -> Iterator[Score]:
        for start in range(0, len(texts), registry.CHUNK):
            chunk = slice(start, start + registry.CHUNK)
            yield from self._chunk(texts[chunk], [name.label for name in names[chunk]])

    def _single(self, text: str, label: str) -> Score:
        model = self.artifact
        features = LabelFeatures(label, model.tables)
        values = [compute(features) for compute in self._compute]
        contributions = model.predictor.label_contributions(values)
        log_odds = functools.reduce(add, contributions, model.intercept)  # sum() would compensate
        probability = float(_logistic(np.array(log_odds)))
        return self._score(text, label, probability, log_odds, contributions, features.reason())

    def _chunk(self, texts: Sequence[str], labels: Sequence[str]) -> Iterator[Score]:
        model = self.artifact
        features = BatchFeatures(encode(labels), model.tables)
        columns = [compute(features) for compute in self._compute]
        contributions = model.predictor.contributions(columns)
        log_odds = self._sum(contributions)
        probability = _logistic(log_odds).tolist()
        by_label = np.stack(contributions, axis=1).tolist()
        reasons = explain(features, labels)
        return map(self._score, texts, labels, probability, log_odds.tolist(), by_label, reasons)

    def _score(
        self,
        text: str,
        label: str,
        probability: float,
        log_odds: float,
        contributions: list[float],
        reason: Reason,
    ) -> Score:
        return Score(
            domain=text,
            name=label,
            label=int(probability >= self.threshold),
            probability=probability,
            log_odds=log_odds,
            threshold=self.threshold,
            operating_point=self.operating_point,
            intercept=self.artifact.intercept,
            contributions=dict(zip(self.artifact.predictor.terms, contributions, strict=True)),
            segmentation=reason.segmentation,
            unlikely=reason.unlikely,
        )


def try_parse(text: str) -> Name | Invalid:
    """The name that a text holds, or an Invalid that says why it holds none."""
    try:
        return parse(text)
    except InvalidDomain as error:
        return Invalid(text, str(error))


def _logistic(log_odds: Floats) -> Floats:
    with np.errstate(over="ignore"):  # exp(800) is inf, and the answer 0 is right
        return 1.0 / (1.0 + np.exp(-log_odds))
