"""Scores of names by models that have seen neither their family nor them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from h2o.estimators import H2OGeneralizedLinearEstimator
from tqdm import tqdm

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.features.array_types import Floats, Ints
from malicious_domains.model.artifact import MAX_F1, Artifact, build_predictor
from malicious_domains.model.scorer import Scorer

from ..corpus.folds import fold_of
from ..corpus.labelled import Corpus
from ..h2o_cluster.cluster import Cluster
from ..h2o_cluster.mojo import read_mojo
from ..training.design import DesignMatrix
from ..training.glm import fit_all
from ..training.metrics import area_under_roc, threshold_at
from .results import FamilyMeans, FamilyResult

FOLDS = 7  # of families and of legitimate names
RATES = (0.01, 0.001, 0.0001)  # false-positive rates at which recall is told
# Left out together: of one algorithm, or one descended from the other.
RELATED = {"murofet": "goz", "fobber": "tinba", "ramnit": "dircrypt"}


@dataclass(frozen=True)
class LeaveOut:
    """Every row scored by a model that has seen neither its family nor its name."""

    corpus: Corpus
    fold: Ints  # (rows,)
    probability: Floats  # (rows,)

    def families(self) -> list[FamilyResult]:
        """AUC and recall of each family, against the legitimate names of its fold, worst first."""
        found = [self._family(name) for name in sorted(set(self.corpus.frame["subclass"]))]
        kept = [family for family in found if family]
        return sorted(kept, key=FamilyResult.rank)

    def _family(self, name: str) -> FamilyResult | None:
        rows = (self.corpus.frame["subclass"] == name).to_numpy() & self.corpus.malicious
        if name not in FAMILIES or not rows.any():
            return None  # shapes are made up: training only
        legit = ~self.corpus.malicious & (self.fold == self.fold[rows][0])
        p = np.concatenate([self.probability[legit], self.probability[rows]])
        bad = np.arange(len(p)) >= legit.sum()
        recall = {r: float((p[bad] >= threshold_at(p, bad, r)).mean()) for r in RATES}
        return FamilyResult(name, int(rows.sum()), area_under_roc(p, bad), recall)


def leave_out(
    cluster: Cluster,
    corpus: Corpus,
    make: Callable[[Corpus], DesignMatrix],
    folds: int,
    what: str,
    beside: Callable[[int, Scorer], None] | None = None,
) -> LeaveOut:
    """Leave-family-out scores: of each fold by a model made of the others, tables and all.

    beside: is shown each fold's number and model, which know nothing of that fold.
    """
    fold = family_folds(corpus, folds)
    probability = np.full(len(fold), np.nan)
    for k in tqdm(range(folds), desc=what, unit="model"):
        others = corpus.kept(fold != k)
        design = make(others)
        scorer = scorer_of(fit_all(cluster, others, design), design)
        probability[fold == k] = scorer.probability(list(corpus.frame["domain"][fold == k]))
        if beside:
            beside(k, scorer)
        cluster.clear()
    return LeaveOut(corpus, fold, probability)


def family_folds(corpus: Corpus, folds: int = FOLDS) -> Ints:
    """A fold for each row: families in turn, relatives together, names by their hash.

    Malicious rows of no family (shapes) are of fold `folds`: they are never left out.
    """
    number = fold_of_family(folds)
    families = corpus.frame["subclass"].map(lambda name: number.get(name, folds))
    by_name = fold_of(corpus.groups, folds)
    return np.where(corpus.malicious, families.to_numpy(np.int64), by_name)


def fold_of_family(folds: int) -> dict[str, int]:
    """The fold of each family, by name; relatives are of one."""
    heads = [name for name in sorted(FAMILIES) if name not in RELATED]
    number = {name: i % folds for i, name in enumerate(heads)}
    return {name: number[RELATED.get(name, name)] for name in sorted(FAMILIES)}


def mean(families: Sequence[FamilyResult]) -> FamilyMeans:
    """Macro averages over families."""
    recall = {r: float(np.mean([x.recall[r] for x in families])) for r in RATES}
    return FamilyMeans(float(np.mean([x.auc for x in families])), recall)


def scorer_of(model: H2OGeneralizedLinearEstimator, design: DesignMatrix) -> Scorer:
    """A model just fitted, as it would be served."""
    with tempfile.TemporaryDirectory(prefix="evaluate-") as folder:
        found = read_mojo(Path(model.download_mojo(folder)))
    said = {"name": design.name, **design.equation(found.coefficients, found.intercept)}
    thresholds: dict[str | float, float] = {MAX_F1: found.threshold}
    return Scorer(
        Artifact(said, build_predictor(said), said["intercept"], thresholds, design.tables)
    )


def named_folds() -> list[list[str]]:
    """The families of each fold, by name."""
    number = fold_of_family(FOLDS)
    return [[name for name, k in number.items() if k == fold] for fold in range(FOLDS)]
