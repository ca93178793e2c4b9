"""Scores names with an artifact, in NumPy."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import artifact, features
from .names import InvalidDomain, Name, parse

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """The verdict on one name."""

    domain: str  # as it was given
    name: str  # the registrable label that was judged
    label: int  # 1 malicious, 0 legitimate
    probability: float  # P(malicious)
    log_odds: float
    threshold: float  # label is 1 where probability >= threshold
    intercept: float
    contributions: Mapping[str, float]  # feature: coefficient x value, in log-odds


@dataclass(frozen=True, slots=True)
class Invalid:
    """A name that cannot be scored, and why."""

    domain: str
    error: str


class Scorer:
    """An artifact at work; immutable, safe to share by threads."""

    def __init__(self, model: artifact.Artifact) -> None:
        self.artifact = model

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> Scorer:
        """Load the artifact at path, or of that name among the packaged ones.

        None: the one that the environment variable MODEL names, else the
        packaged default. Raises ArtifactError.
        """
        return cls(artifact.load(artifact.locate(path)))

    @property
    def threshold(self) -> float:
        """The probability from which a name is called malicious."""
        return self.artifact.threshold

    def log_odds(self, labels: Sequence[str]) -> Floats:
        """Log-odds of being malicious, float64 (labels,)."""
        model = self.artifact
        result = np.empty(len(labels))
        for i, columns in enumerate(features.chunks(labels, model.features, model.lexicon)):
            parts = map(np.multiply, model.coefficients, columns)
            result[i * features.CHUNK : (i + 1) * features.CHUNK] = self._sum(parts)
        return result

    def probability(self, labels: Sequence[str]) -> Floats:
        """P(malicious), float64 (labels,), of registrable labels parsed already.

        Raises ValueError for a label over 255 characters.
        """
        return _logistic(self.log_odds(labels))

    def score(self, text: str) -> Score:
        """Judge one name, host or URL; raises InvalidDomain."""
        return self._scores([text], [parse(text)])[0]

    def score_many(self, texts: Sequence[str]) -> list[Score | Invalid]:
        """Judge many, in order; a bad name becomes an Invalid."""
        parsed = [try_parse(text) for text in texts]
        good = [(text, x) for text, x in zip(texts, parsed, strict=True) if isinstance(x, Name)]
        scores = iter(self._scores([text for text, _ in good], [name for _, name in good]))
        return [next(scores) if isinstance(x, Name) else x for x in parsed]

    def _sum(self, parts: Iterable[Floats]) -> Floats:
        """Log-odds, added up in one order whatever the batch: not by BLAS."""
        total: Any = self.artifact.intercept
        for part in parts:
            total = total + part
        result: Floats = total
        return result

    def _scores(self, texts: Sequence[str], names: Sequence[Name]) -> list[Score]:
        model = self.artifact
        values = features.matrix([x.label for x in names], model.features, model.lexicon)
        parts = values * model.coefficients
        log_odds = self._sum(parts.T)
        probability = _logistic(log_odds)
        return [
            Score(
                text,
                name.label,
                int(p >= model.threshold),
                p,
                z,
                model.threshold,
                model.intercept,
                dict(zip(model.features, part, strict=True)),
            )
            for text, name, p, z, part in zip(
                texts, names, probability.tolist(), log_odds.tolist(), parts.tolist(), strict=True
            )
        ]


def try_parse(text: str) -> Name | Invalid:
    """parse(text), or why not."""
    try:
        return parse(text)
    except InvalidDomain as error:
        return Invalid(text, str(error))


def _logistic(log_odds: Floats) -> Floats:
    with np.errstate(over="ignore"):  # exp(800) is inf, and the answer 0 is right
        return 1.0 / (1.0 + np.exp(-log_odds))
