"""What each model is made of: its columns for H2O, and what its equation is in an artifact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from malicious_domains.features.array_types import Floats, Ints
from malicious_domains.features.language_tables import Lexicon, Tables
from malicious_domains.features.registry import CHUNK, CLASSIC, SETS, compute_chunks
from malicious_domains.model.glm import BinnedAdditive

from ..corpus.labelled import Corpus
from . import binning, language_model
from .config import DEFAULTS, TrainConfig
from .language_model import matrix_by_fold
from .shards import Lines, Widths


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

    def widths(self) -> Widths:
        """Bytes of each row as text, with a comma after each cell, (rows + padding,)."""

    def part(self, rows: Ints) -> Any:
        """Some rows by their numbers, ascending; those of padding come after the corpus'."""

    def lines(self, deployed: bool) -> Lines:
        """What turns parts into text, in this process or another.

        deployed: by the tables that are deployed, not by those that did not count a row.
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
        """Of a corpus, whose features are computed for their widths."""
        self.config = config
        self.labels = corpus.labels
        self.tables = Tables(lexicon=lexicon)
        texts = chain.from_iterable(DecimalLines(self.tables)(self.labels))
        self._widths = np.fromiter(map(len, texts), np.uint8, len(self.labels))

    def widths(self) -> Widths:
        """Bytes of each row as text, (rows,)."""
        return self._widths

    def part(self, rows: Ints) -> list[str]:
        """The labels of some rows."""
        return [*self.labels.only(rows)]

    def lines(self, deployed: bool) -> Lines:
        """What computes their features."""
        return DecimalLines(self.tables)

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
        legitimate = corpus.different("legit")
        self.weights = weights(corpus, config.malicious_weight)
        words = self._word_list = language_model.word_list(config)
        self.tables = language_model.fit(self.labels.only(legitimate), words, config)
        self._crossed = language_model.CrossFit(self.labels, legitimate, words, config)
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

    def widths(self) -> Widths:
        """Bytes of each row as text: all alike, (rows + padding,)."""
        width = len(self.columns) * binning.CELL
        return np.full(len(self.labels) + self.padding, width, np.uint16)

    def part(self, rows: Ints) -> LabelsPart:
        """Some rows' labels and folds, and the levels that rows of padding have."""
        real = rows[rows < len(self.labels)]
        return LabelsPart(
            labels=[*self.labels.only(real)],
            fold=self._crossed.fold[real],
            levels=rows[len(real) :] - len(self.labels),
        )

    def lines(self, deployed: bool) -> Lines:
        """What computes their bins, and in padding writes every level of a factor."""
        tables = [self.tables] if deployed else self._crossed.tables
        return BinLines(tuple(self.plan.edges), self._bins, tables, tuple(self.plan.sizes.values()))

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


class LabelsPart(NamedTuple):
    """Some rows of a Language."""

    labels: list[str]
    fold: NDArray[np.uint8]  # (labels,) whose tables did not count each
    levels: Ints  # of every term, or its last: what the rows of padding have


class BinLines(NamedTuple):
    """From parts of a Language to text: all that another process needs for it."""

    names: tuple[str, ...]  # of the features
    bins: BinnedAdditive
    tables: Sequence[Tables]  # of each fold, or those of all
    sizes: tuple[int, ...]  # levels of every term

    def __call__(self, part: LabelsPart) -> Iterator[list[bytes]]:
        """The lines of a part, CHUNK at a time."""
        fold = part.fold if len(self.tables) > 1 else np.zeros_like(part.fold)
        for i in range(0, len(part.labels), CHUNK):
            some = slice(i, i + CHUNK)
            values = matrix_by_fold(part.labels[some], fold[some], self.names, self.tables)
            yield binning.text(np.stack(self.bins.bins(list(values.T)), axis=1).astype(np.uint8))
        if len(part.levels):
            levels = np.minimum(part.levels[:, None], np.array(self.sizes) - 1)
            yield binning.text(levels.astype(np.uint8))


class DecimalLines(NamedTuple):
    """From labels to classic features in the shortest decimals that read back the same."""

    tables: Tables

    def __call__(self, labels: Sequence[str]) -> Iterator[list[bytes]]:
        """Their lines, CHUNK at a time."""
        for columns in compute_chunks(labels, CLASSIC, self.tables):
            rows = zip(*(np.asarray(x, np.float64).tolist() for x in columns), strict=True)
            yield ["".join(f"{x!r}," for x in row).encode() for row in rows]


def weights(corpus: Corpus, malicious_weight: float = DEFAULTS.malicious_weight) -> Floats:
    """Weight of each row where bins and the threshold are chosen, (rows,).

    Legitimate rows weigh 1, families the square root of their size, and all of
    them together malicious_weight of the legitimate: names in a log are mostly
    legitimate, and the threshold of maximal F1 should know it. The GLM itself
    takes all rows alike: with weights H2O's IRLSM stops far from the optimum.
    """
    malicious = corpus.malicious
    weight = np.where(malicious, corpus.sizes().astype(np.float64) ** -0.5, 1.0)
    weight[malicious] *= malicious_weight * (~malicious).sum() / weight[malicious].sum()
    return weight
