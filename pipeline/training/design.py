"""Turn labels into the columns that H2O learns from, and coefficients into a model's equation."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import Any

import numpy as np
import pandas as pd

from malicious_domains.features.language_tables import Lexicon, Tables
from malicious_domains.features.registry import CLASSIC, SETS, compute_matrix
from malicious_domains.model.glm import BinnedAdditive
from malicious_domains.names.array_types import Bytes, Floats, NDArray
from malicious_domains.names.encoding import remove_hyphens

from ..corpus.labelled import Corpus
from .binning import choose_bins, level_name, name_bins
from .config import DEFAULTS, TrainConfig
from .language_model import WORD_LIST, compute_by_fold, cross_fit, fit_tables, load_word_list

BLOCK = 1 << 16  # rows whose features are in memory at a time


class DesignMatrix:
    """The columns of a model, and how its coefficients become an artifact's equation."""

    name: str  # of the model, as in model.json: classic or language
    corpus: Corpus
    table: pd.DataFrame  # (rows, columns): numbers or, from tables without the row, bins
    tables: Tables  # the deployed ones
    config: TrainConfig
    ridge: float  # lambda, the weight of the penalty
    words: dict[str, Any]  # name, SHA-256 and size of the word list, as an artifact records them
    weights: Floats | None = None  # (rows,) where a threshold is chosen; None if all are equal

    def deploy(self) -> pd.DataFrame:
        """Return the columns of all rows by the deployed tables, (rows, columns)."""
        return self.table

    def equation(self, coefficients: dict[str, Any], intercept: float) -> dict[str, Any]:
        """Return the keys of model.json that make the equation.

        coefficients are in log-odds: one for a number, one per level for a factor; H2O leaves out
        what is constant.
        """
        own = {name: coefficients.get(name, 0.0) for name in map(str, self.table)}
        return {"features": [*own], "coefficients": own, "intercept": intercept}


class Classic(DesignMatrix):
    """The H2O demo's four features as numbers."""

    name, ridge = "classic", DEFAULTS.ridge_classic

    def __init__(self, corpus: Corpus, lexicon: Lexicon, words: dict[str, Any]) -> None:
        """Take a corpus, the lexicon of its words, and the record of these."""
        self.corpus, self.config, self.words = corpus, DEFAULTS, words
        self.tables = Tables(lexicon=lexicon)
        features = compute_matrix(corpus.labels, CLASSIC, self.tables)
        self.table = pd.DataFrame(features, columns=[*CLASSIC])


class Language(DesignMatrix):
    """Features of language and words, cut into bins.

    >>> from pathlib import Path
    >>> rows = {"domain": ["google", "xmqjtoev"], "class": ["legit", "dga"], "subclass": ["a", "b"]}
    >>> corpus = Corpus("own", Path("own.csv"), pd.DataFrame(rows))
    >>> design = Language(corpus, ["length"], TrainConfig(vocabulary_size=50, cross_fit_folds=2))
    >>> design.edges, design.deploy()["length"].tolist()
    ({'length': [6.0]}, ['00', '01'])
    >>> design.equation({"length": {"00": 0.0, "01": 11.0}}, intercept=0.0)["coefficients"]
    {'length': [-1.0, 10.0]}
    """

    name = "language"

    def __init__(
        self,
        corpus: Corpus,
        features: Sequence[str] = SETS["language"],
        config: TrainConfig = DEFAULTS,
    ) -> None:
        """Count the tables of a corpus, and choose bins of the named features."""
        self.corpus, self.config, self.ridge = corpus, config, config.ridge_language
        self.labels = [*map(remove_hyphens, corpus.labels)]
        legitimate = corpus.first_rows("legit")
        self.weights = _weigh_rows(corpus, config.malicious_weight)
        weight = _weigh_rows(corpus, config.bin_weight)
        words = load_word_list(config)
        self.words = {"name": WORD_LIST, "sha256": words.sha256, "rows": len(words.words)}
        known = [self.labels[i] for i in legitimate.tolist()]
        self.tables = fit_tables(known, words, config)
        fold, tables = cross_fit(self.labels, legitimate, words, config)
        rows = np.arange(0, len(self.labels), 1 + len(self.labels) // config.bin_sample)
        sample = [self.labels[i] for i in rows.tolist()]
        values, weight = compute_by_fold(sample, fold[rows], features, tables), weight[rows]
        columns = zip(features, values.T, strict=True)
        self.edges = {name: choose_bins(x, weight, config.bins) for name, x in columns}
        self.sizes = {name: len(x) + 1 for name, x in self.edges.items()}  # bins of each feature
        self._bins = BinnedAdditive(self.edges, {x: [0.0] * n for x, n in self.sizes.items()})
        bins, weight = self._bins.bins(list(values.T)), weight / weight.sum()
        counts = (np.bincount(x, weight, n) for x, n in zip(bins, self.sizes.values(), strict=True))
        # How the weight is spread over the bins of each term.
        self._shares: dict[str, NDArray[Any]] = dict(zip(self.sizes, counts, strict=True))
        self.table = self._cut(fold, tables)

    def _cut(self, fold: Bytes, tables: Sequence[Tables]) -> pd.DataFrame:
        """Return the bins of all labels, each by the tables of its fold, as factors."""
        blocks = []
        for start in range(0, len(self.labels), BLOCK):
            rows = slice(start, start + BLOCK)
            values = compute_by_fold(self.labels[rows], fold[rows], [*self.sizes], tables)
            blocks.append(np.array(self._bins.bins(list(values.T)), np.uint8))
        return name_bins(self.sizes, np.concatenate(blocks, axis=1))

    def deploy(self) -> pd.DataFrame:
        """Return the bins of all rows by the deployed tables."""
        return self._cut(np.zeros(len(self.labels), np.uint8), [self.tables])

    def equation(self, coefficients: dict[str, Any], intercept: float) -> dict[str, Any]:
        """Return features, their bins, and a coefficient for each bin.

        The mean contribution of a term goes to the intercept, so that a contribution shows how a
        label differs from others. Sums are exact, so that they are the same on every processor.
        """
        raw = {}
        for term, size in self.sizes.items():
            own = coefficients.get(term, {})
            raw[term] = np.array([own.get(level_name(i), 0.0) for i in range(size)])
        mean = {term: fsum(self._shares[term] * values) for term, values in raw.items()}
        return {
            "features": [*self.sizes],
            "bins": {name: {"edges": x} for name, x in self.edges.items()},
            "coefficients": {term: (raw[term] - mean[term]).tolist() for term in raw},
            "intercept": intercept + fsum(mean.values()),
            "hyphens": self.tables.hyphens,
        }


def _weigh_rows(corpus: Corpus, malicious_weight: float) -> Floats:
    """Return the weight of each row where bins and the threshold are chosen, (rows,).

    Legitimate rows weigh 1; families weigh the square root of their size, and all of them together
    malicious_weight of the legitimate rows, as most names in a log are legitimate. The GLM itself
    weighs all rows equally: with weights, H2O's IRLSM stops far from the optimum.
    """
    malicious = corpus.malicious
    weight = np.where(malicious, corpus.family_sizes().astype(np.float64) ** -0.5, 1.0)
    weight[malicious] *= malicious_weight * (~malicious).sum() / weight[malicious].sum()
    return weight
