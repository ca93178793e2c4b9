"""Scoring inside a process: a million labels, a name's steps, a host, a request."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path

from malicious_domains.features import registry
from malicious_domains.features.batch import BatchFeatures
from malicious_domains.features.encoding import OTHER, encode
from malicious_domains.features.language_tables import Lexicon
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.parse import InvalidDomain, parse
from pipeline.corpus import sources

from . import inside
from .labels import TOTAL, distinct, hosts, words
from .measure import Row, against, alone, each, one_core, percentiles, rate, sized, spread, times

LABELS = sized(100_000, 1_000)  # of which words are counted
LOOPED = 10  # of so many labels one is looked up in a Python set
HOSTS = sized(10_000, 100)
REQUESTS = sized(5_000, 200)


def rows() -> Iterator[Row]:
    """The subject's rows."""
    for model in registry.SETS:
        yield from _million(model)
        with one_core():
            yield from _steps(Scorer.load(model))
            yield from _host(Scorer.load(model))
        yield from _request(model)
    with one_core():
        yield from _num_words()
        yield from _loading()


def _million(model: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder) / "labels.txt"
        path.write_text("\n".join(distinct(TOTAL)))
        took, before, peak = alone(inside.probability, model, path, 5)
    yield f"{model}: probability(), {TOTAL:,} distinct labels, one core", rate(TOTAL, took)
    yield "  peak memory of the process", f"{peak:,.0f} MB"
    yield "  of it before the first label, the labels included", f"{before:,.0f} MB"


def _steps(scorer: Scorer) -> Iterator[Row]:
    """What a name costs in a batch, step by step; what a step builds on is there already."""
    model, labels = scorer.artifact, distinct(registry.CHUNK)
    features = BatchFeatures(encode(labels), model.tables)
    compute = [registry.REGISTRY[name].compute for name in model.features]
    columns = [run(features) for run in compute]
    yield "  of a name's time, encoding", _each(lambda: encode(labels))
    for name in [
        x for x in vars(features) if isinstance(getattr(BatchFeatures, x, None), cached_property)
    ]:
        yield f"  of a name's time, {name}", _each(partial(_again, features, name))
    yield "  of a name's time, features of these", _each(lambda: [run(features) for run in compute])
    yield (
        "  of a name's time, shares of the log-odds",
        _each(lambda: model.predictor.contributions(columns)),
    )


def _again(features: BatchFeatures, name: str) -> None:
    """Compute once more what they would keep."""
    features.__dict__.pop(name, None)
    getattr(features, name)


def _each(run: Callable[[], object]) -> str:
    return each(min(registry.CHUNK, TOTAL), times(run))


def _host(scorer: Scorer) -> Iterator[Row]:
    texts = list(hosts(HOSTS))

    def parsed() -> None:
        for text in texts:
            with contextlib.suppress(InvalidDomain):
                parse(text)

    yield "  of a host's time, parsing", each(HOSTS, times(parsed))
    yield "  parsing, verdict and reasons", each(HOSTS, times(lambda: scorer.score_many(texts)))


def _request(model: str) -> Iterator[Row]:
    took = alone(inside.requests, model, list(hosts(REQUESTS)))
    half, most = percentiles(took)
    yield "  one warm request inside the handler, p50", f"{half * 1e6:,.0f} us"
    yield "  one warm request inside the handler, p99", f"{most * 1e6:,.0f} us"


def _num_words() -> Iterator[Row]:
    lexicon, labels = Lexicon.load(sources.WEB2.path), distinct(LABELS)
    chunks = [encode(labels[i : i + registry.CHUNK]) for i in range(0, LABELS, registry.CHUNK)]
    ours = times(lambda: [lexicon.count(chunk) for chunk in chunks])
    yield "num_words alone, encoded batch, one core", rate(LABELS, ours)
    known, some = words(lexicon), labels[::LOOPED]
    theirs = times(lambda: _set_and_loops(known, some), 3)
    yield "num_words by a Python set and two loops", rate(len(some), theirs)
    yield against([x * LABELS / len(some) for x in theirs], ours)


def _set_and_loops(known: set[str], labels: list[str]) -> None:
    for label in labels:
        n = len(label)
        sum(label[i:j] in known for i in range(n) for j in range(i + 2, n + 1))


def _loading() -> Iterator[Row]:
    path = sources.WEB2.path
    lexicon = Lexicon.load(path)
    known = words(lexicon)
    prefixes = {word[:end] for word in known for end in range(1, len(word) + 1)}
    yield "lexicon, words", f"{len(known):,}"
    yield "lexicon, transitions", f"{(lexicon.arrays.cells[1:] != OTHER).sum():,}"
    yield "lexicon, transitions of a plain trie", f"{len(prefixes):,}"
    yield "lexicon on disk", f"{path.stat().st_size / 1e6:.2f} MB"
    yield "lexicon, load", _milliseconds(lambda: Lexicon.load(path))
    for model in registry.SETS:
        yield f"{model}: load and verify", _milliseconds(partial(Scorer.load, model))


def _milliseconds(run: Callable[[], object]) -> str:
    return spread([seconds * 1e3 for seconds in times(run)], "ms", 1)
