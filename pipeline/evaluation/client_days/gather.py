"""The study's names scored by the models of an evaluation, as each comes along."""

from __future__ import annotations

from malicious_domains.model.scorer import Scorer

from ...corpus.labelled import Corpus
from ..results import Traffic
from . import pool, study
from .pool import Pool, Scores

SEED = 1


class TrafficScores:
    """A pool of names, and the log-odds of those whose model has come along."""

    def __init__(self, names: Pool, seed: int = SEED) -> None:
        self.pool, self.seed = names, seed
        self.odds: dict[str, float] = {}
        self._folds = names.folds()

    @classmethod
    def of(cls, corpus: Corpus, seed: int = SEED) -> TrafficScores:
        """Names for a study of the corpus that the models are made of."""
        return cls(pool.make(corpus, seed), seed)

    def add(self, fold: int, scorer: Scorer) -> None:
        """Score the names of a fold by the model that knows nothing of it."""
        texts = [text for text, number in self._folds.items() if number == fold]
        self.odds.update(zip(texts, scorer.log_odds(texts).tolist(), strict=True))

    def study(self) -> Traffic:
        """The study, when all have been scored."""
        return study.run(self.pool, Scores(self.odds), self.seed)
