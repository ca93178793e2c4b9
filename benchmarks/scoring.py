"""Measure scoring inside a process: a million labels, the steps of a label, a host, a request."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path

from malicious_domains.features import registry
from malicious_domains.features.batch import BatchFeatures
from malicious_domains.features.language_tables import Lexicon
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.encoding import OTHER, encode_labels
from pipeline.corpus import sources

from . import in_process
from .measure import (
    Row,
    find_percentiles,
    format_each,
    format_rate,
    format_spread,
    one_core,
    run_alone,
    sized,
    time_rounds,
)
from .sample_labels import TOTAL, distinct_labels, iterate_hosts

LABELS = sized(100_000, 1_000)  # for num_words alone
HOSTS = sized(10_000, 100)
REQUESTS = sized(5_000, 200)


def rows() -> Iterator[Row]:
    """Yield the subject's rows."""
    for model in registry.SETS:
        yield from _score_million(model)
        with one_core():
            yield from _time_steps(Scorer.load(model))
            yield from _time_hosts(Scorer.load(model))
        yield from _time_requests(model)
    with one_core():
        yield from _time_lexicon()


def _score_million(model: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder) / "labels.txt"
        path.write_text("\n".join(distinct_labels(TOTAL)))
        took, before, peak = run_alone(in_process.time_probability, model, path, 5)
    what = f"{model}: probability(), {TOTAL:,} distinct labels, one core"
    yield what, format_rate(TOTAL, took)
    yield "  peak memory of the process", f"{peak:,.0f} MB"
    yield "  of it before the first label, the labels included", f"{before:,.0f} MB"


def _time_steps(scorer: Scorer) -> Iterator[Row]:
    """Yield what each step of a batch costs; the steps that it builds on are done already."""
    model, labels = scorer.artifact, distinct_labels(registry.CHUNK)
    features = BatchFeatures(encode_labels(labels), model.tables)
    compute = [registry.REGISTRY[name].compute for name in model.features]
    columns = [run(features) for run in compute]
    steps: dict[str, Callable[[], object]] = {"encoding": lambda: encode_labels(labels)}
    for name in vars(features):
        if isinstance(getattr(BatchFeatures, name, None), cached_property):
            steps[name] = partial(_recompute, features, name)
    steps["features of these"] = lambda: [run(features) for run in compute]
    steps["shares of the log-odds"] = lambda: model.predictor.contributions(columns)
    for name, run in steps.items():
        took = time_rounds(run)
        yield f"  of a name's time, {name}", format_each(min(registry.CHUNK, TOTAL), took)


def _recompute(features: BatchFeatures, name: str) -> None:
    """Compute a cached property once more."""
    features.__dict__.pop(name, None)
    getattr(features, name)


def _time_hosts(scorer: Scorer) -> Iterator[Row]:
    hosts = list(iterate_hosts(HOSTS))
    parsing = time_rounds(lambda: [scorer.try_parse(host) for host in hosts])
    yield "  of a host's time, parsing", format_each(HOSTS, parsing)
    scoring = time_rounds(lambda: scorer.score_many(hosts))
    yield "  parsing, verdict and reasons", format_each(HOSTS, scoring)


def _time_requests(model: str) -> Iterator[Row]:
    took = run_alone(in_process.time_requests, model, list(iterate_hosts(REQUESTS)))
    for name, seconds in zip(("p50", "p99"), find_percentiles(took), strict=True):
        yield f"  one warm request inside the handler, {name}", f"{seconds * 1e6:,.0f} us"


def _time_lexicon() -> Iterator[Row]:
    path = sources.WEB2.path
    lexicon, labels = Lexicon.load(path), distinct_labels(LABELS)
    chunks = [
        encode_labels(labels[i : i + registry.CHUNK]) for i in range(0, LABELS, registry.CHUNK)
    ]
    took = time_rounds(lambda: [lexicon.count(chunk) for chunk in chunks])
    yield "num_words alone, encoded batch, one core", format_rate(LABELS, took)
    yield "lexicon, transitions", f"{(lexicon.arrays.cells[1:] != OTHER).sum():,}"
    yield "lexicon on disk", f"{path.stat().st_size / 1e6:.2f} MB"
    yield "lexicon, load", _time_milliseconds(lambda: Lexicon.load(path))
    for model in registry.SETS:
        yield f"{model}: load and verify", _time_milliseconds(partial(Scorer.load, model))


def _time_milliseconds(run: Callable[[], object]) -> str:
    return format_spread([seconds * 1e3 for seconds in time_rounds(run)], "ms", 1)
