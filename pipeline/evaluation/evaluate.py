"""Evaluate models on names, families and lists that they have not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from malicious_domains.features.registry import GROUPS, REGISTRY, SETS
from malicious_domains.inputs.atomic import replace_folder
from malicious_domains.inputs.console import print_status
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import MaliciousDomainsError

from ..corpus import sources
from ..corpus.columns import ReadOptions
from ..corpus.defaults import open_corpus
from ..corpus.labelled import Corpus, read_corpus
from ..h2o_cluster.cluster import Cluster, open_cluster
from ..h2o_cluster.nodes import MEMORY
from ..training.design import Language
from ..training.glm import fit_split
from ..training.metrics import ORIGINAL_TABLE, ORIGINAL_THRESHOLD, confusion, threshold_at
from ..training.training_run import make_design
from . import REPORT_FILES, evaluation_report, metric_tables
from .attacks import Attacks, leave_one_edit_out
from .client_days import study
from .client_days.pool import make_pool
from .leave_out import FOLDS, average_families, family_folds, leave_out, list_folds, make_scorer
from .results import RATES, Report, Row

# Groups of features, and edits, are left out one at a time on every third row.
_ABLATION_STEP, _ABLATION_FOLDS = 3, 4
_WORST = 10  # families that are named


def run_evaluation(
    model: str,
    data: Path | None,
    out: Path,
    *,
    h2o_url: str | None = None,
    h2o_memory: str = MEMORY,
    mapping: Sequence[str] = (),
    lenient: bool = False,
    traffic: bool = False,
    tail: Path | None = None,
) -> None:
    """Evaluate a model, write the report, and print its first table.

    mapping and lenient: how data is read, see ReadOptions.parse. traffic: simulate client-days too,
    and print their tables. tail: a file of names that few ask for, for clean days.
    """
    options = ReadOptions.parse(mapping, lenient)
    with (
        replace_folder(out, REPORT_FILES) as folder,
        open_corpus("language", data, options) as corpus,
    ):
        print_status(f"data     {corpus.describe()}")
        _check_corpus(corpus)
        labels = study.read_tail(tail) if tail else ()
        scores = study.StudyScores(make_pool(corpus, study.SEED, tail=labels)) if traffic else None
        with open_cluster(h2o_url, h2o_memory) as running:
            report = _evaluate(running, corpus, model, scores)
        evaluation_report.write_report(report, folder)
    print("\n".join(evaluation_report.head_lines(report)))
    if report["traffic"]:
        print("", *study.format_study(report["traffic"]), sep="\n")
    print_status(f"written  {out / 'index.html'}")


def _check_corpus(corpus: Corpus) -> None:
    """Raise MaliciousDomainsError unless families and sources can be left out of a corpus."""
    fold, bad, problem = family_folds(corpus), corpus.malicious, ""
    if not corpus.grouped:
        problem = "no column group; make the CSV with `corpus`"
    elif (count := corpus.frame["subclass"][~bad].nunique()) < 2:
        problem = f"{count} legitimate source, 2 are needed"
    elif len(np.unique(fold[bad & (fold < FOLDS)])) < 2 or len(np.unique(fold[~bad])) < FOLDS:
        problem = "too few known families or legitimate names"
    if problem:
        raise MaliciousDomainsError(f"{corpus.path}: {problem}")


def _evaluate(
    cluster: Cluster, corpus: Corpus, model: str, scores: study.StudyScores | None
) -> Report:
    """Compute all parts of a model's report, with the other model beside it.

    The corpus must pass _check_corpus(). scores: simulate client-days too, with its names.
    """
    attacks = Attacks(corpus)

    def on_fold(fold: int, scorer: Scorer) -> None:
        attacks.add_fold(fold, scorer)
        if scores:
            scores.add_fold(fold, scorer)

    left_out = {}
    for name in SETS:
        design, watch = partial(make_design, name), on_fold if name == model else None
        left_out[name] = leave_out(cluster, corpus, design, FOLDS, f"families, {name}", watch)
    families = {name: result.families() for name, result in left_out.items()}
    means = {name: average_families(results) for name, results in families.items()}
    original = _compare_on_original_split(cluster)
    held_out = {name: list(hold_out_sources(cluster, corpus, name)) for name in SETS}
    result, is_language = left_out[model], model == "language"
    worst = [x["family"] for x in families[model][:_WORST]]
    some = corpus.select(np.arange(len(corpus)) % _ABLATION_STEP == 0)
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": model,
        "data": metric_tables.summarize_data(corpus, len(families[model])),
        "head": metric_tables.build_head(original, means, held_out),
        "original": original,
        "curves": {name: metric_tables.compute_curves(x) for name, x in left_out.items()},
        "calibration": metric_tables.compute_calibration(result),
        "operating_points": metric_tables.count_at_thresholds(result, model),
        "families": families[model],
        "leave_family_out": {"folds": list_folds(), **means[model], "worst": worst},
        "sources": held_out[model],
        "lengths": metric_tables.compute_length_errors(result, model),
        "false_alarms": metric_tables.list_false_alarms(result, model),
        "groups": list(ablate_groups(cluster, some)) if is_language else [],
        "attacks": attacks.list_results(),
        "unseen_edits": list(leave_one_edit_out(cluster, some, Language)) if is_language else [],
        "audit": attacks.list_audits() if is_language else [],
        "traffic": study.run_study(scores.pool, scores.odds) if scores else None,
    }


def hold_out_sources(cluster: Cluster, corpus: Corpus, model: str) -> Iterator[Row]:
    """Yield false-positive rates on each legitimate source, by models that know the others only."""
    kinds = corpus.frame["subclass"]
    for source in tqdm(list(dict.fromkeys(kinds[~corpus.malicious])), desc=f"sources, {model}"):
        design = make_design(model, corpus.select((kinds != source).to_numpy()))
        fitted = fit_split(cluster, design)
        names = list(corpus.frame["domain"][(kinds == source) & ~corpus.malicious])
        probability = make_scorer(fitted.model, design).probability(names)
        valid, bad = fitted.probability[fitted.valid], design.corpus.malicious[fitted.valid]
        at = {r: float((probability >= threshold_at(valid, bad, r)).mean()) for r in RATES}
        flagged = float((probability >= fitted.threshold).mean())
        yield {"source": source, "rows": len(names), "false_positive_rate": flagged, "at": at}


def ablate_groups(cluster: Cluster, corpus: Corpus) -> Iterator[Row]:
    """Leave families out, without nothing and without each group of features."""
    for name in ("nothing", *GROUPS):
        left_out = [x for x in SETS["language"] if REGISTRY[x].group == name]
        make = partial(Language, features=[x for x in SETS["language"] if x not in left_out])
        result = leave_out(cluster, corpus, make, _ABLATION_FOLDS, f"without {name}")
        yield {"without": name, "features": left_out, **average_families(result.families())}


def _compare_on_original_split(cluster: Cluster) -> Row:
    """Compare both models with the H2O demo on its data and split; {} if it cannot be had."""
    path = sources.fetch_demo_data("its table is left out")
    if path is None:
        return {}
    corpus = read_corpus(path, "original")
    counts, thresholds = {"theirs": ORIGINAL_TABLE}, {"theirs": ORIGINAL_THRESHOLD}
    for design in (make_design(name, corpus) for name in SETS):
        fitted = fit_split(cluster, design)
        thresholds[design.name] = fitted.threshold
        valid = fitted.probability[fitted.valid], corpus.malicious[fitted.valid]
        counts[design.name] = confusion(*valid, fitted.threshold)
    rows = [
        {"what": x.replace("_", " ")} | {who: getattr(c, x) for who, c in counts.items()}
        for x in (*ORIGINAL_TABLE._fields, "errors")
    ]
    rates = {x: c.errors / sum(c) for x, c in counts.items()}
    return {"threshold": thresholds, "rows": rows, "error_rate": rates}
