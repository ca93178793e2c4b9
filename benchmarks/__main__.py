"""python -m benchmarks: measures on this machine and prints one table.

Names are those of the embedded corpus, so that everyone measures the same.
Times inside a process are the best of several rounds (the others hold somebody
else's work), those of whole commands the median.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from lambda_app.chalicelib import features, names
from lambda_app.chalicelib.encoding import ALPHABET, OTHER, encode
from lambda_app.chalicelib.lexicon import BASE_BIT, CODE_MASK, WORD_BIT, Lexicon
from lambda_app.chalicelib.names import InvalidDomain
from lambda_app.chalicelib.scorer import Scorer
from lambda_app.chalicelib.view import View
from pipeline import batch, corpus, sources
from pipeline.cluster import cluster

ROOT = Path(__file__).parent.parent
SHARED = ("counts", "surprisal", "matches", "steps", "reached", "found")  # by several features
HOSTS = 133_926  # as many as the original's data has
WORDS = 106_372  # 26,593 x 4
ROUNDS = 7
REQUESTS = 5_000

Row = tuple[str, str]


def main() -> None:
    """Print the table."""
    print(f"machine: {_machine()}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embedded.csv"
        corpus.write_embedded(path)
        frame = corpus.read(path).frame.sample(frac=1, random_state=1)
        hosts = Path(folder) / "hosts.txt"
        hosts.write_text("\n".join(frame["host"].head(HOSTS)) + "\n")
        whole = [*_commands(hosts, Path(folder) / "model")]
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {0})  # one core
        labels = list(frame["domain"])
        for rows in (_scoring(labels), _hosts(hosts), _single(), _lexicon(), iter(whole)):
            for what, figure in rows:
                print(f"{what:<62} {figure:>20}")


def _scoring(labels: list[str]) -> Iterator[Row]:
    for model in features.SETS:
        yield from _model(Scorer.load(model), labels)
    lexicon = Lexicon.load(sources.WEB2.path)
    counted = labels[:WORDS]
    chunks = [encode(counted[i : i + features.CHUNK]) for i in range(0, WORDS, features.CHUNK)]
    seconds = _best(lambda: [lexicon.count(chunk) for chunk in chunks])
    yield "num_words alone, encoded batch, one core", f"{WORDS / seconds:,.0f} names/s"
    yield "num_words by a Python set and two loops", f"{_set_and_loops(counted):,.0f} names/s"


def _model(scorer: Scorer, labels: list[str]) -> Iterator[Row]:
    model, encoded = scorer.artifact, encode(labels[: features.CHUNK])
    rate = len(labels) / _best(lambda: scorer.probability(labels))
    yield f"{model.name}: probability(), one core", f"{rate:,.0f} names/s"
    yield "  of a name's time, encoding", _each(lambda: encode(labels[: features.CHUNK]))
    view = View(encoded, model.tables)
    for name in SHARED if model.tables.words else ("counts", "found"):
        yield f"  of a name's time, {name}", _each(partial(_again, view, name))
    compute = [features.REGISTRY[name].compute for name in model.features]
    columns = [run(view) for run in compute]
    yield "  of a name's time, features of these", _each(lambda: [run(view) for run in compute])
    yield "  of a name's time, shares of the log-odds", _each(lambda: model.equation.parts(columns))


def _again(view: View, name: str) -> None:
    """Compute once more what a view would keep."""
    view.__dict__.pop(name, None)
    getattr(view, name)


def _hosts(path: Path) -> Iterator[Row]:
    """What a host of a file costs, step by step."""
    scorer, hosts = Scorer.load("classic"), path.read_text().split()[: batch.CHUNK]

    def parse() -> None:
        for host in hosts:
            with contextlib.suppress(InvalidDomain):
                names.parse(host)

    for what, run in (
        ("parsing", parse),
        ("parsing, verdict and CSV", lambda: batch.to_csv(scorer, hosts)),
        ("parsing, verdict and contributions", lambda: scorer.score_many(hosts)),
    ):
        yield f"  of a host's time in a file, {what}", f"{_best(run) / len(hosts) * 1e9:,.0f} ns"


def _each(run: Callable[[], object]) -> str:
    return f"{_best(run) / features.CHUNK * 1e9:,.0f} ns"


def _set_and_loops(labels: list[str]) -> float:
    """Names a second of the obvious way, on the words of the automaton."""
    words = _words(Lexicon.load(sources.WEB2.path))
    start = time.perf_counter()
    for label in labels[::10]:
        n = len(label)
        sum(label[i:j] in words for i in range(n) for j in range(i + 2, n + 1))
    return len(labels[::10]) / (time.perf_counter() - start)


def _words(lexicon: Lexicon) -> set[str]:
    """All words of an automaton, by walking it."""
    cells, words = lexicon.cells.tolist(), set()
    states = [("", cells[0])]
    while states:
        prefix, base = states.pop()
        for code, character in enumerate(ALPHABET):
            cell = cells[base + code]
            if base and cell & CODE_MASK == code:
                if cell >> WORD_BIT & 1:
                    words.add(prefix + character)
                states.append((prefix + character, cell >> BASE_BIT))
    return words


def _single() -> Iterator[Row]:
    sys.path.insert(0, str(ROOT / "lambda_app"))
    from app import app

    event = json.loads((ROOT / "tests" / "data" / "event.json").read_text())
    took = []
    for i in range(REQUESTS):
        event["body"] = json.dumps({"domain": f"plzdonthackmekthxbye{i}.com"})
        start = time.perf_counter()
        answer = app(event, None)
        took.append(time.perf_counter() - start)
        if answer["statusCode"] != 200:
            raise SystemExit(answer["body"])
    quantiles = statistics.quantiles(took, n=100)
    yield "one warm request inside the handler, p50", f"{quantiles[49] * 1e6:,.0f} us"
    yield "one warm request inside the handler, p99", f"{quantiles[98] * 1e6:,.0f} us"


def _lexicon() -> Iterator[Row]:
    lexicon = Lexicon.load(sources.WEB2.path)
    words = _words(lexicon)
    prefixes = {word[:end] for word in words for end in range(1, len(word) + 1)}
    yield "lexicon, words", f"{len(words):,}"
    yield "lexicon, transitions", f"{(lexicon.cells[1:] != OTHER).sum():,}"
    yield "lexicon, transitions of a plain trie", f"{len(prefixes):,}"
    yield "lexicon on disk", f"{sources.WEB2.path.stat().st_size / 1e6:.2f} MB"
    yield "lexicon, load", f"{_best(lambda: Lexicon.load(sources.WEB2.path)) * 1e3:.1f} ms"
    yield "artifact, load and verify", f"{_best(lambda: Scorer.load('classic')) * 1e3:.1f} ms"


def _commands(hosts: Path, out: Path) -> Iterator[Row]:
    embedded = ["--data", str(hosts.with_name("embedded.csv")), "--out", str(out)]
    score = ["score", "--format", "csv", "--input", str(hosts)]
    yield f"score of {HOSTS:,} hosts to CSV, whole process", _command(score, 5)
    took, peak = _million(hosts)
    yield "score of 1,000,000 hosts to CSV, whole process", f"{took:.1f} s"
    yield "  its peak memory", f"{peak:,.0f} MB"
    yield "H2O, start and stop", f"{_best(_h2o, 3):.2f} s"
    yield "score of one name, whole process", _command(["score", "google.com"], 5)
    yield (
        "train classic on 165,579 rows, prove and export, whole process",
        _command(["train", "--features", "classic", *embedded], 3),
    )
    yield (
        "train language, its corpus made first, whole process",
        _command(["train", "--out", str(out)], 1),
    )


def _million(hosts: Path) -> tuple[float, float]:
    """Seconds and megabytes of scoring a million lines, the same hosts again and again."""
    lines = hosts.read_text().splitlines(keepends=True)
    path = hosts.with_name("million.txt")
    path.write_text("".join(lines[i % len(lines)] for i in range(1_000_000)))
    code = (
        "import resource, subprocess, sys, time; start = time.perf_counter(); "
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
        "print(time.perf_counter() - start, "
        "resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000)"
    )
    command = [sys.executable, "-m", "pipeline", "score", "--format", "csv", "--input", str(path)]
    run = [sys.executable, "-c", code, *command]
    done = subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True)
    took, peak = map(float, done.stdout.split())
    return took, peak


def _h2o() -> None:
    with cluster():
        pass


def _command(arguments: list[str], rounds: int) -> str:
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        command = [sys.executable, "-m", "pipeline", *arguments]
        run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        if run.returncode > 1:  # 1: some hosts are bare public suffixes and refused
            raise SystemExit(run.stderr)
        took.append(time.perf_counter() - start)
    return f"{statistics.median(took):.2f} s"


def _best(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return min(took)


def _machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [x.partition(":")[2] for x in info.read_text().splitlines() if "model name" in x]
        model = names[0].strip() if names else model
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, {versions}"


if __name__ == "__main__":
    main()
