"""Score names by models that have seen neither their family nor them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from h2o.estimators import H2OGeneralizedLinearEstimator
from tqdm import tqdm

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.model.artifact import MAX_F1, Artifact, build_predictor
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.array_types import Floats, Ints

from ..corpus.labelled import Corpus, assign_folds
from ..h2o_cluster.cluster import Cluster
from ..h2o_cluster.mojo import read_mojo
from ..training.design import DesignMatrix
from ..training.glm import fit_all
from ..training.metrics import area_under_roc, threshold_at
from .results import RANKING_RATE, RATES, Row

FOLDS = 7  # of families and of legitimate names
# Families left out together with another one: of the same algorithm, or descended from it.
RELATED = {"murofet": "goz", "fobber": "tinba", "ramnit": "dircrypt"}


@dataclass(frozen=True)
class LeaveOut:
    """Probabilities of rows by models that have seen neither their family nor their name.

    Rows of synthetic families and edited ones have none: NaN.

    >>> import pandas as pd
    >>> rows = {"host": ["google.com", "xmqj.ru"], "domain": ["google", "xmqj"]}
    >>> rows |= {"class": ["legit", "dga"], "subclass": ["hsts", "goz"]}
    >>> corpus = Corpus("own", Path("own.csv"), pd.DataFrame(rows))
    >>> result = LeaveOut(corpus, fold=np.array([0, 0]), probability=np.array([0.1, 0.9]))
    >>> average_families(result.families())
    {'macro_auc': 1.0, 'recall': {0.01: 1.0, 0.001: 1.0, 0.0001: 1.0}}
    """

    corpus: Corpus
    fold: Ints  # (rows,)
    probability: Floats  # (rows,)

    def families(self) -> list[Row]:
        """Return AUC and recall of each family, the worst recall first.

        Each is compared with its fold's legitimate names. Synthetic families are left aside.
        """
        results, malicious = list[Row](), self.corpus.malicious
        for name in sorted({*self.corpus.frame["subclass"][malicious]} & {*FAMILIES}):
            rows = (self.corpus.frame["subclass"] == name).to_numpy() & malicious
            rows &= ~self.corpus.edited
            legit = ~malicious & (self.fold == self.fold[rows][0])
            p = np.concatenate([self.probability[legit], self.probability[rows]])
            bad = np.arange(len(p)) >= legit.sum()
            recall = {r: float((p[bad] >= threshold_at(p, bad, r)).mean()) for r in RATES}
            row = {"family": name, "rows": int(rows.sum()), "auc": area_under_roc(p, bad)}
            results.append(row | {"recall": recall})
        return sorted(results, key=lambda x: (x["recall"][RANKING_RATE], x["auc"]))


def leave_out(
    cluster: Cluster,
    corpus: Corpus,
    make_design: Callable[[Corpus], DesignMatrix],
    folds: int,
    description: str,
    on_fold: Callable[[int, Scorer], None] | None = None,
) -> LeaveOut:
    """Score each fold by a model of the other folds, whose tables are made of them as well.

    on_fold: called with each fold's number and the model that knows nothing of that fold.
    """
    fold = family_folds(corpus, folds)
    probability = np.full(len(fold), np.nan)
    for k in tqdm(range(folds), desc=description, unit="model"):
        design = make_design(corpus.select(fold != k))
        scorer = make_scorer(fit_all(cluster, design), design)
        rows = (fold == k) & ~corpus.edited  # edited names are attacks, which are counted apart
        probability[rows] = scorer.probability(list(corpus.frame["domain"][rows]))
        if on_fold:
            on_fold(k, scorer)
        cluster.clear()
    return LeaveOut(corpus, fold, probability)


def family_folds(corpus: Corpus, folds: int = FOLDS) -> Ints:
    """Return a fold for each row (rows,): families in turn, legitimate names by their hash.

    Malicious rows of synthetic families are of fold `folds`: they are never left out.
    """
    number = fold_of_family(folds)
    families = corpus.frame["subclass"].map(lambda name: number.get(name, folds))
    by_name = assign_folds(corpus.groups, folds)
    return np.where(corpus.malicious, families.to_numpy(np.int64), by_name)


def fold_of_family(folds: int) -> dict[str, int]:
    """Return the fold of each family by name; related families share one."""
    heads = [name for name in sorted(FAMILIES) if name not in RELATED]
    number = {name: i % folds for i, name in enumerate(heads)}
    return {name: number[RELATED.get(name, name)] for name in sorted(FAMILIES)}


def list_folds() -> list[list[str]]:
    """Return the families of each fold, by name; related families share one.

    >>> [("murofet" in names) == ("goz" in names) for names in list_folds()]
    [True, True, True, True, True, True, True]
    """
    number = fold_of_family(FOLDS)
    return [[name for name, k in number.items() if k == fold] for fold in range(FOLDS)]


def average_families(families: Sequence[Row]) -> Row:
    """Average AUC and recall over families, each family counted once."""
    recall = {r: float(np.mean([x["recall"][r] for x in families])) for r in RATES}
    return {"macro_auc": float(np.mean([x["auc"] for x in families])), "recall": recall}


def make_scorer(model: H2OGeneralizedLinearEstimator, design: DesignMatrix) -> Scorer:
    """Make the scorer that would serve a model that was just fitted."""
    with temporary_folder("evaluate-") as folder:
        mojo = read_mojo(Path(model.download_mojo(str(folder))))
    metadata = {"name": design.name, **design.equation(mojo.coefficients, mojo.intercept)}
    thresholds: dict[str | float, float] = {MAX_F1: mojo.threshold}
    predictor, intercept = build_predictor(metadata), metadata["intercept"]
    return Scorer(Artifact(metadata, predictor, intercept, thresholds, design.tables))
