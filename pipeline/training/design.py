"""Turn labels into the columns that H2O learns from, and coefficients into a model's equation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import fsum
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from malicious_domains.features.language_tables import Lexicon, Tables
from malicious_domains.features.registry import CHUNK, CLASSIC, SETS, compute_chunks
from malicious_domains.model.glm import BinnedAdditive
from malicious_domains.names.array_types import Floats, Ints
from malicious_domains.names.encoding import remove_hyphens

from ..corpus.labelled import Corpus
from . import binning, language_model
from .config import DEFAULTS, TrainConfig
from .language_model import compute_by_fold


class LineWriter(Protocol):
    """Turns parts of a design into text, in whichever process."""

    def __call__(self, part: Any, /) -> Iterator[list[bytes]]:
        """Yield the lines of a part, some at a time: cells with commas between."""


class DesignMatrix(Protocol):
    """The columns of a model, and how its coefficients become an artifact's equation."""

    name: str  # of the model, as in model.json: classic or language
    columns: tuple[str, ...]  # that H2O learns from
    kind: str  # H2O's type of all columns: numeric or enum
    weights: Floats | None  # (rows,) where a threshold is chosen; None if all are equal
    cross_fitted: bool  # whether training rows differ from what the deployed tables give
    padding: int  # rows after the real ones, which show H2O every level of a factor
    tables: Tables  # the deployed ones
    config: TrainConfig

    def part(self, rows: Ints) -> Any:
        """Return some rows by their ascending numbers; those of padding follow the corpus."""

    def line_writer(self, deployed: bool) -> LineWriter:
        """Return what turns parts into text, in this process or another.

        deployed: by the deployed tables, not by those that did not count a row.
        """

    def equation(self, coefficients: dict[str, Any], intercept: float) -> dict[str, Any]:
        """Return the keys of model.json that make the equation.

        coefficients are in log-odds: one for a number, one per level for a factor.
        """


class Classic:
    """The H2O demo's four features as numbers."""

    name = "classic"
    columns: tuple[str, ...] = CLASSIC
    kind = "numeric"
    weights: Floats | None = None
    cross_fitted = False
    padding = 0

    def __init__(self, corpus: Corpus, lexicon: Lexicon, config: TrainConfig = DEFAULTS) -> None:
        """Take a corpus and the lexicon of its words."""
        self.config = config
        self.labels = corpus.labels
        self.tables = Tables(lexicon=lexicon)

    def part(self, rows: Ints) -> list[str]:
        """Return the labels of some rows."""
        return [*self.labels.select(rows)]

    def line_writer(self, deployed: bool) -> LineWriter:
        """Return what computes the features of labels."""
        return DecimalLines(self.tables)

    def equation(self, coefficients: dict[str, Any], intercept: float) -> dict[str, Any]:
        """Return the features and one coefficient for each."""
        # H2O leaves out a column that is constant in training.
        return {
            "features": list(self.columns),
            "coefficients": {name: coefficients.get(name, 0.0) for name in self.columns},
            "intercept": intercept,
        }


class Language:
    """Features of language and words, cut into bins."""

    name = "language"
    kind = "enum"
    cross_fitted = True

    def __init__(
        self,
        corpus: Corpus,
        features: Sequence[str] = SETS["language"],
        config: TrainConfig = DEFAULTS,
    ) -> None:
        """Count the tables of a corpus, and choose bins of the named features."""
        self.config = config
        self.labels = corpus.labels.map_texts(remove_hyphens)
        legitimate = corpus.first_rows("legit")
        self.weights: Floats | None = weigh_rows(corpus, config.malicious_weight)
        weight = weigh_rows(corpus, config.bin_weight)
        words = self._word_list = language_model.load_word_list(config)
        self.tables = language_model.fit_tables(self.labels.select(legitimate), words, config)
        self._crossed = language_model.CrossFit(self.labels, legitimate, words, config)
        rows = np.arange(0, len(self.labels), 1 + len(self.labels) // config.bin_sample)
        values, weight = self._crossed.matrix(rows, features), weight[rows]
        self.edges = binning.choose_bins(features, values, weight, config)
        self.sizes = {name: len(x) + 1 for name, x in self.edges.items()}  # bins of each feature
        self._bins = BinnedAdditive(self.edges, {x: [0.0] * n for x, n in self.sizes.items()})
        bins, weight = self._bins.bins(list(values.T)), weight / weight.sum()
        self._shares: dict[str, Floats] = {  # how the weight is spread over the bins of each term
            term: np.bincount(x, weight, size).astype(np.float64)
            for (term, size), x in zip(self.sizes.items(), bins, strict=True)
        }
        self.columns = tuple(self.sizes)
        self.padding = max(self.sizes.values())

    def part(self, rows: Ints) -> LabelsPart:
        """Return the labels and folds of some rows, and the levels that padding rows have."""
        real = rows[rows < len(self.labels)]
        return LabelsPart(
            labels=[*self.labels.select(real)],
            fold=self._crossed.fold[real],
            levels=rows[len(real) :] - len(self.labels),
        )

    def line_writer(self, deployed: bool) -> LineWriter:
        """Return what computes the bins of labels, and writes every level into the padding."""
        tables = [self.tables] if deployed else self._crossed.tables
        return BinLines(self.columns, self._bins, tables, tuple(self.sizes.values()))

    def equation(self, coefficients: dict[str, Any], intercept: float) -> dict[str, Any]:
        """Return features, their bins, and a coefficient for each bin.

        The mean contribution of a term goes to the intercept, so that a contribution shows how a
        label differs from others. Sums are exact, so that they are the same on every processor.
        """
        raw = {
            term: np.array(
                [coefficients.get(term, {}).get(binning.level_name(i), 0.0) for i in range(size)]
            )
            for term, size in self.sizes.items()
        }
        mean = {term: fsum(self._shares[term] * values) for term, values in raw.items()}
        return {
            "features": list(self.columns),
            "bins": {name: {"edges": x} for name, x in self.edges.items()},
            "coefficients": {term: (raw[term] - mean[term]).tolist() for term in raw},
            "intercept": intercept + fsum(mean.values()),
            "hyphens": self.tables.hyphens,
        }

    def describe_words(self) -> dict[str, Any]:
        """Return name, SHA-256 and size of the word list, as an artifact records them."""
        words = self._word_list
        name = language_model.WORD_LIST
        return {"name": name, "sha256": words.sha256, "rows": len(words.words)}


class LabelsPart(NamedTuple):
    """Some rows of a Language."""

    labels: list[str]
    fold: NDArray[np.uint8]  # (labels,) the fold whose tables did not count each
    levels: Ints  # of the padding rows: the level of every term, or its last one


class BinLines(NamedTuple):
    """Turn parts of a Language into text; holds all that another process needs for it."""

    names: tuple[str, ...]  # of the features
    bins: BinnedAdditive
    tables: Sequence[Tables]  # of each fold, or one for all
    sizes: tuple[int, ...]  # levels of every term

    def __call__(self, part: LabelsPart) -> Iterator[list[bytes]]:
        """Yield the lines of a part, CHUNK at a time."""
        fold = part.fold if len(self.tables) > 1 else np.zeros_like(part.fold)
        for i in range(0, len(part.labels), CHUNK):
            rows = slice(i, i + CHUNK)
            values = compute_by_fold(part.labels[rows], fold[rows], self.names, self.tables)
            bins = np.stack(self.bins.bins(list(values.T)), axis=1)
            yield binning.format_bins(bins.astype(np.uint8))
        if len(part.levels):
            levels = np.minimum(part.levels[:, None], np.array(self.sizes) - 1)
            yield binning.format_bins(levels.astype(np.uint8))


class DecimalLines(NamedTuple):
    """Turn labels into classic features, in the shortest decimals that read back the same."""

    tables: Tables

    def __call__(self, labels: Sequence[str]) -> Iterator[list[bytes]]:
        """Yield the lines of labels, CHUNK at a time."""
        for columns in compute_chunks(labels, CLASSIC, self.tables):
            rows = zip(*(np.asarray(x, np.float64).tolist() for x in columns), strict=True)
            yield [",".join(map(repr, row)).encode() for row in rows]


def weigh_rows(corpus: Corpus, malicious_weight: float = DEFAULTS.malicious_weight) -> Floats:
    """Return the weight of each row where bins and the threshold are chosen, (rows,).

    Legitimate rows weigh 1; families weigh the square root of their size, and all of them together
    malicious_weight of the legitimate rows, as most names in a log are legitimate. The GLM itself
    weighs all rows equally: with weights, H2O's IRLSM stops far from the optimum.
    """
    malicious = corpus.malicious
    weight = np.where(malicious, corpus.family_sizes().astype(np.float64) ** -0.5, 1.0)
    weight[malicious] *= malicious_weight * (~malicious).sum() / weight[malicious].sum()
    return weight
