"""The classic model inside H2O: its own string functions, and the MOJO imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import h2o
import numpy as np
from numpy.typing import NDArray

from malicious_domains.features.registry import CLASSIC
from malicious_domains.model.artifact import MOJO, PACKAGED
from malicious_domains.model.scorer import Scorer
from pipeline.h2o_cluster.cluster import Cluster, cluster, download
from pipeline.training.export import TOLERANCE

from .labels import words
from .measure import Row, against, rate, spread, times


def rows(
    folder: Path, labels: list[str], ours: Sequence[float], single: Sequence[float]
) -> Iterator[Row]:
    """The rows, beside our seconds for all labels and for one.

    Raises RuntimeError if H2O answers otherwise than we do.
    """
    scorer = Scorer.load("classic")
    assert scorer.artifact.tables.lexicon
    known, asked = folder / "words.txt", folder / "labels.csv"
    known.write_text("\n".join(sorted(words(scorer.artifact.tables.lexicon))))
    asked.write_text("\n".join(("domain", *labels)))
    with cluster() as running:
        scored = _Scored(running, known)
        names = h2o.upload_file(str(asked), running.key("labels"), header=1, col_types=["string"])
        took = times(lambda: scored.features(names), 3)
        features = scored.features(names)
        predicted = times(lambda: scored.probability(features), 3)
        _check(scored.probability(features), scorer.probability(labels))
        one = iter(labels)
        singly = times(lambda: scored.one(next(one)), 5)
    yield "classic: features by H2O's string functions, all cores", rate(len(labels), took)
    yield "  predict by the imported MOJO, answers downloaded", rate(len(labels), predicted)
    both = [x + y for x, y in zip(took, predicted, strict=True)]
    yield "  both", rate(len(labels), both)
    yield against(both, ours)
    yield "  one label", spread([x * 1e3 for x in singly], "ms")
    yield against(singly, single)


class _Scored:
    """The imported model and the words that its features take."""

    def __init__(self, running: Cluster, known: Path) -> None:
        self._running, self._known = running, str(known)
        self._model = h2o.upload_mojo(str(PACKAGED / "classic" / MOJO))

    def features(self, names: h2o.H2OFrame) -> h2o.H2OFrame:
        """The four columns, computed at once and not when they are asked for."""
        label = names["domain"]
        vowels = label.countmatches(list("aeiou")) / label.nchar()
        found = label.num_valid_substrings(self._known)
        table = label.nchar().cbind(label.entropy()).cbind(vowels).cbind(found)
        table.columns = list(CLASSIC)
        return h2o.assign(table, self._running.key("features"))

    def probability(self, features: h2o.H2OFrame) -> NDArray[np.float64]:
        """P(malicious), (rows,)."""
        return download(self._model.predict(features)["malicious"])[:, 0]

    def one(self, label: str) -> float:
        """The whole way of one label, there and back."""
        names = h2o.H2OFrame([[label]], column_names=["domain"], column_types=["string"])
        return float(self.probability(self.features(names))[0])


def _check(theirs: NDArray[np.float64], ours: NDArray[np.float64]) -> None:
    difference = np.abs(theirs - ours).max()
    if not difference <= TOLERANCE:
        raise RuntimeError(f"H2O's answers differ from ours by up to {difference}")
