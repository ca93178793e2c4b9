"""Scores names with an artifact, in NumPy."""

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
    """The verdict on one name."""

    domain: str  # as it was given
    name: str  # the registrable label that was judged
    label: int  # 1 malicious, 0 legitimate
    probability: float  # P(malicious)
    log_odds: float
    threshold: float  # label is 1 where probability >= threshold
    operating_point: str | float  # what the threshold is for: "max_f1" or a false-positive rate
    intercept: float
    contributions: Mapping[str, float]  # term: its share of the log-odds
    segmentation: str | None  # the best cut into words, where the model makes one
    unlikely: str | None  # the least likely stretch of characters, likewise


class Invalid(NamedTuple):
    """A text that no verdict is given on, and why."""

    domain: str
    error: str  # for a person
    status: str = "invalid"  # or "skipped": a name about which the model has nothing to say
    reason: str = "characters"  # a code


class UnknownOperatingPoint(ValueError):
    """An operating point that an artifact does not have."""

    def __init__(self, asked: object, model: artifact.Artifact) -> None:
        known = ", ".join(map(str, model.thresholds))
        super().__init__(
            f"no operating point {str(asked)[:80]!r} in {model.name}; known are {known}"
        )


class Scorer:
    """An artifact at work; immutable, safe to share by threads."""

    def __init__(
        self, model: artifact.Artifact, operating_point: str | float = artifact.MAX_F1
    ) -> None:
        """Take an artifact and one of its operating points.

        MAX_F1 or a false-positive rate. Raises UnknownOperatingPoint.
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
        """Load the artifact at path, or of that name among the packaged ones.

        None: the one that the environment variable MODEL names, else the
        packaged default. Raises ArtifactError or UnknownOperatingPoint.
        """
        return cls(artifact.load(artifact.locate(path)), operating_point)

    def at(self, operating_point: str | float) -> Scorer:
        """The same artifact at another operating point; raises UnknownOperatingPoint."""
        return Scorer(self.artifact, operating_point)

    def log_odds(self, labels: Sequence[str]) -> Floats:
        """Log-odds of being malicious, float64 (labels,)."""
        model = self.artifact
        result = np.empty(len(labels))
        for i, columns in enumerate(registry.chunks(labels, model.features, model.tables)):
            parts = model.predictor.contributions(columns)
            result[i * registry.CHUNK : (i + 1) * registry.CHUNK] = self._sum(parts)
        return result

    def probability(self, labels: Sequence[str]) -> Floats:
        """P(malicious), float64 (labels,), of registrable labels parsed already.

        Raises ValueError for a label over 255 characters.
        """
        return _logistic(self.log_odds(labels))

    def score(self, text: str) -> Score:
        """Judge one name, host or URL; raises InvalidDomain."""
        return self._single(text, parse(text).label)

    def score_many(self, texts: Sequence[str]) -> list[Score | Invalid]:
        """Judge many, in order; a bad name becomes an Invalid."""
        parsed = [try_parse(text) for text in texts]
        good = [(text, x) for text, x in zip(texts, parsed, strict=True) if isinstance(x, Name)]
        scores = self._scores([text for text, _ in good], [name for _, name in good])
        return [next(scores) if isinstance(x, Name) else x for x in parsed]

    def _sum(self, parts: Iterable[Floats]) -> Floats:
        """Log-odds, added up in one order whatever the batch: not by BLAS."""
        total: Any = self.artifact.intercept
        for part in parts:
            total = total + part
        result: Floats = total
        return result

    def _scores(self, texts: Sequence[str], names: Sequence[Name]) -> Iterator[Score]:
        for start in range(0, len(texts), registry.CHUNK):
            chunk = slice(start, start + registry.CHUNK)
            yield from self._chunk(texts[chunk], [name.label for name in names[chunk]])

    def _single(self, text: str, label: str) -> Score:
        model = self.artifact
        facts = LabelFeatures(label, model.tables)
        shares = model.predictor.label_contributions([compute(facts) for compute in self._compute])
        log_odds = functools.reduce(add, shares, model.intercept)  # sum() would compensate
        probability = float(_logistic(np.array(log_odds)))
        return self._score(text, label, probability, log_odds, shares, facts.reason())

    def _chunk(self, texts: Sequence[str], labels: Sequence[str]) -> Iterator[Score]:
        model = self.artifact
        view = BatchFeatures(encode(labels), model.tables)
        parts = model.predictor.contributions([compute(view) for compute in self._compute])
        log_odds = self._sum(parts)
        probability = _logistic(log_odds)
        shares = np.stack(parts, axis=1).tolist()
        reasons = explain(view, labels)
        columns = (texts, labels, probability.tolist(), log_odds.tolist(), shares, reasons)
        return map(self._score, *columns)

    def _score(
        self, text: str, label: str, p: float, z: float, shares: list[float], reason: Reason
    ) -> Score:
        return Score(
            text,
            label,
            int(p >= self.threshold),
            p,
            z,
            self.threshold,
            self.operating_point,
            self.artifact.intercept,
            dict(zip(self.artifact.predictor.terms, shares, strict=True)),
            *reason,
        )


def try_parse(text: str) -> Name | Invalid:
    """parse(text), or why not."""
    try:
        return parse(text)
    except InvalidDomain as error:
        return Invalid(text, str(error))


def _logistic(log_odds: Floats) -> Floats:
    with np.errstate(over="ignore"):  # exp(800) is inf, and the answer 0 is right
        return 1.0 / (1.0 + np.exp(-log_odds))
