"""What each model is made of: its columns for H2O, and what its equation is in an artifact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambda_app.chalicelib.features.registry import CHUNK, CLASSIC, SETS, matrix
from lambda_app.chalicelib.features.tables import Lexicon, Tables
from lambda_app.chalicelib.features.types import Floats, Ints
from lambda_app.chalicelib.model.glm import BinnedAdditive

from ..corpus.labelled import Corpus
from . import binning, language_model
from .config import DEFAULTS, TrainConfig


class DesignMatrix(Protocol):
    """How a model's rows become columns, and its coefficients an artifact."""

    tables: Tables  # those that are deployed
    config: TrainConfig  # that it was made by, and that a model of it is fitted by

    @property
    def name(self) -> str:
        """The name of the model, as in model.json: classic or language."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that H2O learns from."""

    @property
    def kind(self) -> str:
        """H2O's type of all columns: numeric or enum."""

    @property
    def weights(self) -> Floats | None:
        """Weight of each row where a threshold is chosen, (rows,); None: all weigh alike."""

    @property
    def cross_fitted(self) -> bool:
        """Whether training rows differ from what the deployed tables give."""

    @property
    def padding(self) -> int:
        """Rows after the real ones, by which H2O knows every level of a factor."""

    def write(self, path: Path, extra: pd.DataFrame, deployed: bool, every: int = 1) -> None:
        """Write the columns, and extra beside them, as CSV.

        extra has a row for each of the corpus and then one for each of padding. deployed: by
        the tables that are deployed, not by those that did not count a row. every: of the
        corpus only each so-manieth row, from the first on; padding is always written.
        """

    def equation(self, coefficients: dict[str, Any], intercept: float) -> dict[str, Any]:
        """The keys of model.json that make the equation, given what the MOJO says.

        coefficients are in log-odds: of a number one, of a factor one for each level.
        """


class Classic:
    """The original's four features as numbers."""

    name = "classic"
    columns = CLASSIC
    kind = "numeric"
    weights = None
    cross_fitted = False
    padding = 0

    def __init__(self, corpus: Corpus, lexicon: Lexicon, config: TrainConfig = DEFAULTS) -> None:
        """Compute the features of every row of a corpus."""
        self.config = config
        self.tables = Tables(lexicon=lexicon)
        self.values = matrix(corpus.labels, self.columns, self.tables)

    def write(self, path: Path, extra: pd.DataFrame, deployed: bool, every: int = 1) -> None:
        """Write the features and extra as CSV, in the shortest decimals that read back the same."""
        frame = pd.DataFrame(self.values, columns=list(self.columns)).join(extra)
        frame.iloc[::every].to_csv(path, index=False)

    def equation(self, coefficients: dict[str, Any], intercept: float) -> dict[str, Any]:
        """Features and one coefficient each."""
        # H2O leaves out a column that is constant in training.
        return {
            "features": list(self.columns),
            "coefficients": {name: coefficients.get(name, 0.0) for name in self.columns},
            "intercept": intercept,
        }


class Language:
    """Features of language and words, cut into bins, with pairs of the strongest."""

    name = "language"
    kind = "enum"
    cross_fitted = True

    def __init__(
        self,
        corpus: Corpus,
        features: Sequence[str] = SETS["language"],
        config: TrainConfig = DEFAULTS,
    ) -> None:
        """Count the tables of a corpus, and choose bins and pairs of the named features."""
        self.config = config
        self.labels, malicious = corpus.labels, corpus.malicious
        self.weights = weights(corpus, config.malicious_weight)
        words = self._word_list = language_model.word_list(config)
        legitimate = sorted({x for x, bad in zip(self.labels, malicious, strict=True) if not bad})
        self.tables = language_model.fit(legitimate, words, config)
        self._crossed = language_model.CrossFit(self.labels, malicious, words, config)
        rows = np.arange(0, len(self.labels), 1 + len(self.labels) // config.bin_sample)
        values, weight = self._crossed.matrix(rows, features), self.weights[rows]
        self.plan = binning.plan(features, values, malicious[rows], weight, config)
        self._bins = BinnedAdditive(
            edges=self.plan.edges,
            coarse=self.plan.coarse,
            pairs=self.plan.pairs,
            coefficients={term: [0.0] * size for term, size in self.plan.sizes.items()},
        )
        self._shares = self._bin_shares(values, weight / weight.sum())
        self.columns = tuple(self.plan.sizes)
        self.padding = max(self.plan.sizes.values())

    def write(self, path: Path, extra: pd.DataFrame, deployed: bool, every: int = 1) -> None:
        """Write the bins and extra as CSV, chunk by chunk, with every level at the end."""
        rows = np.arange(0, len(self.labels), every)
        extra = extra.iloc[np.append(rows, np.arange(len(self.labels), len(extra)))]
        binning.write(path, self.columns, self._chunks(rows, deployed), extra)

    def equation(self, coefficients: dict[str, Any], intercept: float) -> dict[str, Any]:
        """Features, their bins, the pairs, and a coefficient for each bin.

        What a term gives on average goes to the intercept, so that a contribution
        tells how a label differs from others: having no hyphen says little.
        """
        plan = self.plan
        raw = {
            term: np.array(
                [coefficients.get(term, {}).get(binning.level(i), 0.0) for i in range(size)]
            )
            for term, size in plan.sizes.items()
        }
        mean = {term: float(self._shares[term] @ values) for term, values in raw.items()}
        return {
            "features": list(plan.edges),
            "bins": {name: self._bins_of(name) for name in plan.edges},
            "pairs": [list(pair) for pair in plan.pairs],
            "coefficients": {term: (raw[term] - mean[term]).tolist() for term in raw},
            "intercept": intercept + sum(mean.values()),
        }

    def _bins_of(self, name: str) -> dict[str, Any]:
        coarse = self.plan.coarse.get(name)
        return {"edges": self.plan.edges[name]} | ({"coarse": coarse} if coarse else {})

    def words(self) -> dict[str, Any]:
        """The word list, as an artifact records it."""
        return {
            "name": language_model.WORD_LIST,
            "sha256": self._word_list.sha256,
            "rows": len(self._word_list.words),
        }

    def _bin_shares(self, values: Floats, weights: Floats) -> dict[str, Floats]:
        """How the weight of some rows is spread over the bins of every term."""
        bins = self._bins.bins(list(values.T))
        sizes = self.plan.sizes.items()
        spread: dict[str, Floats] = {
            term: np.bincount(x, weights, size).astype(np.float64)
            for (term, size), x in zip(sizes, bins, strict=True)
        }
        return spread

    def _chunks(self, rows: Ints, deployed: bool) -> Iterator[NDArray[np.uint8]]:
        names = tuple(self.plan.edges)
        for i in range(0, len(rows), CHUNK):
            chunk = rows[i : i + CHUNK]
            if deployed:
                values = matrix([self.labels[j] for j in chunk], names, self.tables)
            else:
                values = self._crossed.matrix(chunk, names)
            yield np.stack(self._bins.bins(list(values.T)), axis=1).astype(np.uint8)
        levels = np.arange(self.padding)[:, None]
        yield np.minimum(levels, np.array(list(self.plan.sizes.values())) - 1).astype(np.uint8)


def weights(corpus: Corpus, malicious_weight: float = DEFAULTS.malicious_weight) -> Floats:
    """Weight of each row where bins and the threshold are chosen, (rows,).

    Legitimate rows weigh 1, families the square root of their size, and all of
    them together malicious_weight of the legitimate: names in a log are mostly
    legitimate, and the threshold of maximal F1 should know it. The GLM itself
    takes all rows alike: with weights H2O's IRLSM stops far from the optimum.
    """
    malicious = corpus.malicious
    size = corpus.frame.groupby("subclass")["subclass"].transform("size").to_numpy(np.float64)
    weight = np.where(malicious, size**-0.5, 1.0)
    weight[malicious] *= malicious_weight * (~malicious).sum() / weight[malicious].sum()
    return weight
