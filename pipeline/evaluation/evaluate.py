"""What the models are worth on names, families and lists that they have not seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

import numpy as np
from tqdm import tqdm

from malicious_domains.features.array_types import Floats
from malicious_domains.features.language_tables import Lexicon
from malicious_domains.features.registry import GROUPS, REGISTRY, SETS
from malicious_domains.names.errors import MaliciousDomainsError

from ..corpus import sources
from ..corpus.labelled import Corpus, read
from ..h2o_cluster.cluster import Cluster
from ..training.config import DEFAULTS
from ..training.design import Classic, DesignMatrix, Language
from ..training.glm import fit
from ..training.metrics import ORIGINAL_TABLE, ORIGINAL_THRESHOLD, confusion, threshold_at
from . import metric_tables
from .client_days.gather import TrafficScores
from .leave_out import FOLDS, RATES, family_folds, leave_out, mean, named_folds, scorer_of
from .results import (
    Ablation,
    Beside,
    FamilyMeans,
    FamilyResult,
    LeaveFamilyOut,
    OriginalRow,
    OriginalTable,
    Report,
    SourceResult,
)

_NO_PAIRS = dataclasses.replace(DEFAULTS, paired_features=0)
_EVERY = 3  # rows of which one is taken where features are left out
_FOLDS_OF_GROUPS = 4
_WORST = 10  # of the families, those that are named


class EvaluationError(MaliciousDomainsError):
    """A corpus that nothing can be left out of."""


def held_out_sources(cluster: Cluster, corpus: Corpus, model: str) -> Iterator[SourceResult]:
    """False-positive rates on each legitimate source, by models that know the others only."""
    kinds = corpus.frame["subclass"]
    for source in tqdm(list(dict.fromkeys(kinds[~corpus.malicious])), desc=f"sources, {model}"):
        kept = corpus.kept((kinds != source).to_numpy())
        design = _design(model, kept)
        fitted = fit(cluster, kept, design)
        names = list(corpus.frame["domain"][(kinds == source) & ~corpus.malicious])
        probability = scorer_of(fitted.model, design).probability(names)
        valid, bad = fitted.probability[fitted.valid], kept.malicious[fitted.valid]
        rates = {r: _flagged(probability, threshold_at(valid, bad, r)) for r in RATES}
        yield SourceResult(source, len(names), _flagged(probability, fitted.threshold), rates)


def _flagged(probability: Floats, threshold: float) -> float:
    return float((probability >= threshold).mean())


def groups(cluster: Cluster, corpus: Corpus) -> Iterator[Ablation]:
    """What leave-family-out gives without each group of features, on every third row.

    Beside the groups: without nothing, and without pairs of features.
    """
    some = corpus.kept(np.arange(len(corpus)) % _EVERY == 0)
    for name in ("nothing", *GROUPS, "pairs"):
        left_out = [x for x in SETS["language"] if REGISTRY[x].group == name]
        features = [x for x in SETS["language"] if x not in left_out]
        config = _NO_PAIRS if name == "pairs" else DEFAULTS
        make = partial(Language, features=features, config=config)
        result = leave_out(cluster, some, make, _FOLDS_OF_GROUPS, f"without {name}")
        means = mean(result.families())
        yield Ablation(name, left_out, means.macro_auc, means.recall)


def original_split(cluster: Cluster) -> OriginalTable | None:
    """Both models on the original's data and split, beside the original's own table."""
    path = sources.original_or_none("its table is left out")
    if path is None:
        return None
    corpus = read(path, "original")
    counts, thresholds = {"theirs": ORIGINAL_TABLE}, {"theirs": ORIGINAL_THRESHOLD}
    for design in (_design(name, corpus) for name in SETS):
        fitted = fit(cluster, corpus, design)
        thresholds[design.name] = fitted.threshold
        of = fitted.probability[fitted.valid], corpus.malicious[fitted.valid]
        counts[design.name] = confusion(*of, fitted.threshold)
    rows = [
        OriginalRow(what.replace("_", " "), **{who: getattr(c, what) for who, c in counts.items()})
        for what in (*ORIGINAL_TABLE._fields, "errors")
    ]
    rates = {who: c.errors / sum(c) for who, c in counts.items()}
    return OriginalTable(Beside(**thresholds), rows, Beside(**rates))


def _design(model: str, corpus: Corpus) -> DesignMatrix:
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


def evaluate(
    cluster: Cluster, corpus: Corpus, model: str, traffic: TrafficScores | None = None
) -> Report:
    """All that the report tells of a model, with the classic one beside it.

    Of a corpus that passes `check`. traffic: client-days are simulated too, of its names.
    """
    left_out = {
        name: leave_out(
            cluster,
            corpus,
            partial(_design, name),
            FOLDS,
            f"families, {name}",
            traffic.add if traffic and name == model else None,
        )
        for name in SETS
    }
    families = {name: result.families() for name, result in left_out.items()}
    means = {name: mean(found) for name, found in families.items()}
    original = original_split(cluster)
    sources_of = {name: list(held_out_sources(cluster, corpus, name)) for name in left_out}
    chosen = left_out[model]
    return Report(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=model,
        data=metric_tables.data(corpus, len(families[model])),
        head=metric_tables.head(original, means, sources_of),
        original=original,
        curves={name: metric_tables.curves(x) for name, x in left_out.items()},
        histogram=metric_tables.histogram(chosen),
        calibration=metric_tables.calibration(chosen),
        operating_points=metric_tables.operating_points(chosen, model),
        families=families[model],
        leave_family_out=_left_out(families[model], means[model]),
        sources=sources_of[model],
        lengths=metric_tables.lengths(chosen, model),
        false_alarms=metric_tables.false_alarms(chosen, model),
        groups=list(groups(cluster, corpus)) if model == "language" else [],
        traffic=traffic.study() if traffic else None,
    )


def _left_out(families: Sequence[FamilyResult], means: FamilyMeans) -> LeaveFamilyOut:
    worst = [x.family for x in families[:_WORST]]
    return LeaveFamilyOut(named_folds(), means.macro_auc, means.recall, worst)
