"""What the models are worth on names, families and lists that they have not seen."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from h2o.estimators import H2OGeneralizedLinearEstimator
from numpy.typing import NDArray
from tqdm import tqdm

from lambda_app.chalicelib.features.lexicon import Lexicon
from lambda_app.chalicelib.features.registry import SETS
from lambda_app.chalicelib.model.artifact import MAX_F1, Artifact, equation_of
from lambda_app.chalicelib.model.scorer import Scorer

from ..corpus import sources
from ..corpus.folds import fold_of
from ..corpus.labelled import Corpus, read
from ..dga import FAMILIES
from ..errors import PipelineError
from ..jvm.cluster import Cluster
from ..jvm.mojo import read_mojo
from ..metrics import ORIGINAL_TABLE, ORIGINAL_THRESHOLD, area_under_roc, confusion, threshold_at
from ..training.design import Classic, Language, Recipe
from ..training.glm import fit, fit_all
from . import tables

FOLDS = 7  # of families and of legitimate names
RATES = (0.01, 0.001, 0.0001)  # false-positive rates at which recall is told
# Left out together: of one algorithm, or one descended from the other.
RELATED = {"murofet": "goz", "fobber": "tinba", "ramnit": "dircrypt"}
GROUPS = {  # of features, left out one at a time
    "nothing": (),
    "counts of characters": SETS["language"][:3] + SETS["language"][4:13],
    "character model": SETS["language"][13:19],
    "words": ("num_words", *SETS["language"][19:]),
    "pairs": (),
}
_EVERY = 3  # rows of which one is taken where features are left out
_FOLDS_OF_GROUPS = 4

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class EvaluationError(PipelineError):
    """A corpus that nothing can be left out of."""


@dataclass(frozen=True)
class LeaveOut:
    """Every row scored by a model that has seen neither its family nor its name."""

    corpus: Corpus
    fold: Ints  # (rows,)
    probability: Floats  # (rows,)

    def families(self) -> list[dict[str, Any]]:
        """AUC and recall of each family, against the legitimate names of its fold, worst first."""
        found = [self._family(name) for name in sorted(set(self.corpus.frame["subclass"]))]
        kept = [family for family in found if family]
        return sorted(kept, key=lambda family: (family["recall"]["0.001"], family["auc"]))

    def _family(self, name: str) -> dict[str, Any]:
        rows = (self.corpus.frame["subclass"] == name).to_numpy() & self.corpus.malicious
        if name not in FAMILIES or not rows.any():
            return {}  # shapes are made up: training only
        legit = ~self.corpus.malicious & (self.fold == self.fold[rows][0])
        p = np.concatenate([self.probability[legit], self.probability[rows]])
        bad = np.arange(len(p)) >= legit.sum()
        recall = {str(r): float((p[bad] >= threshold_at(p, bad, r)).mean()) for r in RATES}
        return {
            "family": name,
            "rows": int(rows.sum()),
            "auc": area_under_roc(p, bad),
            "recall": recall,
        }


def leave_out(
    cluster: Cluster, corpus: Corpus, make: Callable[[Corpus], Recipe], folds: int, what: str
) -> LeaveOut:
    """Leave-family-out scores: of each fold by a model made of the others, tables and all."""
    fold = family_folds(corpus, folds)
    labels, probability = np.array(corpus.labels, object), np.full(len(fold), np.nan)
    for k in tqdm(range(folds), desc=what, unit="model"):
        others = dataclasses.replace(corpus, frame=corpus.frame[fold != k])
        recipe = make(others)
        scorer = scorer_of(fit_all(cluster, others, recipe), recipe)
        probability[fold == k] = scorer.probability(list(labels[fold == k]))
        cluster.clear()
    return LeaveOut(corpus, fold, probability)


def family_folds(corpus: Corpus, folds: int = FOLDS) -> Ints:
    """A fold for each row: families in turn, relatives together, names by their hash.

    Malicious rows of no family (shapes) are of fold `folds`: they are never left out.
    """
    number = _fold_of_family(folds)
    families = corpus.frame["subclass"].map(lambda name: number.get(name, folds))
    by_name = fold_of(corpus.groups, folds)
    return np.where(corpus.malicious, families.to_numpy(np.int64), by_name)


def _fold_of_family(folds: int) -> dict[str, int]:
    heads = [name for name in sorted(FAMILIES) if name not in RELATED]
    number = {name: i % folds for i, name in enumerate(heads)}
    return {name: number[RELATED.get(name, name)] for name in sorted(FAMILIES)}


def mean(families: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Macro averages over families."""
    recall = {str(r): float(np.mean([f["recall"][str(r)] for f in families])) for r in RATES}
    return {"macro_auc": float(np.mean([f["auc"] for f in families])), "recall": recall}


def held_out_sources(cluster: Cluster, corpus: Corpus, model: str) -> Iterator[dict[str, Any]]:
    """False-positive rates on each legitimate source, by models that know the others only."""
    kinds = corpus.frame["subclass"]
    for source in tqdm(list(dict.fromkeys(kinds[~corpus.malicious])), desc=f"sources, {model}"):
        kept = dataclasses.replace(corpus, frame=corpus.frame[kinds != source])
        recipe = _recipe(model, kept)
        fitted = fit(cluster, kept, recipe)
        names = list(corpus.frame["domain"][(kinds == source) & ~corpus.malicious])
        probability = scorer_of(fitted.model, recipe).probability(names)
        valid, bad = fitted.probability[fitted.valid], kept.malicious[fitted.valid]
        rates = {str(r): _flagged(probability, threshold_at(valid, bad, r)) for r in RATES}
        yield {
            "source": source,
            "rows": len(names),
            "false_positive_rate": _flagged(probability, fitted.threshold),
            "at": rates,
        }


def scorer_of(model: H2OGeneralizedLinearEstimator, recipe: Recipe) -> Scorer:
    """A model just fitted, as it would be served."""
    with tempfile.TemporaryDirectory(prefix="evaluate-") as folder:
        found = read_mojo(Path(model.download_mojo(folder)))
    said = {"name": recipe.name, **recipe.equation(found.coefficients, found.intercept)}
    thresholds: dict[str | float, float] = {MAX_F1: found.threshold}
    return Scorer(Artifact(said, equation_of(said), said["intercept"], thresholds, recipe.tables))


def _flagged(probability: Floats, threshold: float) -> float:
    return float((probability >= threshold).mean())


def groups(cluster: Cluster, corpus: Corpus) -> Iterator[dict[str, Any]]:
    """What leave-family-out gives without each group of features, on every third row."""
    some = dataclasses.replace(corpus, frame=corpus.frame.iloc[::_EVERY])
    for name, left_out in GROUPS.items():
        features = [x for x in SETS["language"] if x not in left_out]
        make = partial(Language, features=features, paired=name != "pairs")
        result = leave_out(cluster, some, make, _FOLDS_OF_GROUPS, f"without {name}")
        yield {"without": name, "features": list(left_out), **mean(result.families())}


def original_split(cluster: Cluster) -> dict[str, Any] | None:
    """Both models on the original's data and split, beside the original's own table."""
    path = sources.original_or_none("its table is left out")
    if path is None:
        return None
    corpus = read(path, "original")
    counts, thresholds = {"theirs": ORIGINAL_TABLE}, {"theirs": ORIGINAL_THRESHOLD}
    for recipe in (_recipe(name, corpus) for name in SETS):
        fitted = fit(cluster, corpus, recipe)
        thresholds[recipe.name] = fitted.threshold
        of = fitted.probability[fitted.valid], corpus.malicious[fitted.valid]
        counts[recipe.name] = confusion(*of, fitted.threshold)
    rows = [
        {"what": what.replace("_", " "), **{who: getattr(c, what) for who, c in counts.items()}}
        for what in (*ORIGINAL_TABLE._fields, "errors")
    ]
    rates = {who: c.errors / sum(c) for who, c in counts.items()}
    return {"threshold": thresholds, "rows": rows, "error_rate": rates}


def _recipe(model: str, corpus: Corpus) -> Recipe:
    if model == "classic":
        return Classic(corpus, Lexicon.load(sources.fetch(sources.WEB2)))
    return Language(corpus)


def check(corpus: Corpus) -> None:
    """Raise EvaluationError unless families and sources can be left out of a corpus."""
    if not corpus.grouped:
        raise EvaluationError(f"{corpus.path}: no column group; make the CSV by `corpus`")
    sources_in = corpus.frame["subclass"][~corpus.malicious].nunique()
    if sources_in < 2:
        raise EvaluationError(f"{corpus.path}: {sources_in} legitimate source, 2 are needed")
    fold, bad = family_folds(corpus), corpus.malicious
    if len(np.unique(fold[bad & (fold < FOLDS)])) < 2 or len(np.unique(fold[~bad])) < FOLDS:
        raise EvaluationError(f"{corpus.path}: too few known families or legitimate names")


def evaluate(cluster: Cluster, corpus: Corpus, model: str) -> dict[str, Any]:
    """All that the report tells of a model, with the classic one beside it.

    Of a corpus that passes `check`.
    """
    left_out = {
        name: leave_out(cluster, corpus, partial(_recipe, name), FOLDS, f"families, {name}")
        for name in SETS
    }
    families = {name: result.families() for name, result in left_out.items()}
    means = {name: mean(found) for name, found in families.items()}
    original = original_split(cluster)
    sources_of = {name: list(held_out_sources(cluster, corpus, name)) for name in left_out}
    chosen = left_out[model]
    report = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": model,
        "data": tables.data(corpus, len(families[model])),
        "head": tables.head(original, means, sources_of),
        "original": original,
        "curves": {name: tables.curves(x) for name, x in left_out.items()},
        "histogram": tables.histogram(chosen),
        "calibration": tables.calibration(chosen),
        "operating_points": tables.operating_points(chosen, model),
        "families": families[model],
        "leave_family_out": {
            "folds": _named_folds(),
            **means[model],
            "worst": [x["family"] for x in families[model][:10]],
        },
        "sources": sources_of[model],
        "lengths": tables.lengths(chosen, model),
        "false_alarms": tables.false_alarms(chosen, model),
    }
    if model == "language":
        report["groups"] = list(groups(cluster, corpus))
    return {key: value for key, value in report.items() if value}


def _named_folds() -> list[list[str]]:
    number = _fold_of_family(FOLDS)
    return [[name for name, k in number.items() if k == fold] for fold in range(FOLDS)]
