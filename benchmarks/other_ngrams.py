"""Character n-grams and logistic regression in scikit-learn, on the embedded corpus."""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from malicious_domains.features.array_types import Bools
from malicious_domains.model.artifact import PACKAGED
from malicious_domains.model.scorer import Scorer
from pipeline.corpus import embedded, labelled
from pipeline.h2o_cluster.cluster import cluster
from pipeline.training.config import DEFAULTS
from pipeline.training.metrics import best_f1, confusion

from .measure import Row, against, command, one_core, pipeline, rate, sized, spread, times

ORDERS = (1, 3)  # of the n-grams: fewer errors than 2 to 4, and fewer columns
COLUMNS = 2**18  # that n-grams are hashed into, a coefficient each
ROWS = sized(165_579, 2_000)  # of the embedded corpus
PACKAGES = ("numpy", "publicsuffixlist")  # that ours needs
THEIR_PACKAGES = ("scikit-learn", "scipy", "numpy", "joblib", "threadpoolctl")


# Whole processes that know one name: start, imports, model, answer.
_THEIRS = (
    "import pickle, sys; m = pickle.load(open(sys.argv[1], 'rb')); m.predict_proba(['google'])"
)
_OURS = (
    "import sys; from malicious_domains.model.scorer import Scorer; "
    "Scorer.load('classic').probability(['google'])"
)


def rows(
    folder: Path, labels: list[str], ours: Sequence[float], single: Sequence[float]
) -> Iterator[Row]:
    """The rows, beside our seconds for all labels and for one."""
    data = _corpus(folder / "embedded.csv")
    with cluster() as running:
        valid = running.draw_split(data.path, len(data), DEFAULTS.train_share, DEFAULTS.split_seed)
    with one_core(), threadpool_limits(1):  # threads of BLAS would wait for each other
        model, fitted = _fit(data, ~valid)
        batch = times(lambda: model.predict_proba(labels), 3)
        one = iter(labels)
        singly = times(lambda: model.predict_proba([next(one)]), 100)
    yield "scikit-learn, character n-grams: predict_proba, one core", rate(len(labels), batch)
    yield against(batch, ours)
    yield "  one label, warm", spread([x * 1e6 for x in singly], "us")
    yield against(singly, single)
    yield f"  fit on {(~valid).sum():,} rows of the embedded corpus", f"{fitted:.1f} s"
    yield from _sizes(folder, model)
    yield from _errors(folder, data, valid, model)


def _corpus(path: Path) -> labelled.Corpus:
    embedded.write(path)
    whole = labelled.read(path).frame
    whole.iloc[:: max(len(whole) // ROWS, 1)].to_csv(path, index=False)
    return labelled.read(path, "embedded")


def _fit(data: labelled.Corpus, train: Bools) -> tuple[Any, float]:
    """A pipeline fitted to some rows, and the seconds that it took."""
    model = make_pipeline(
        HashingVectorizer(analyzer="char", ngram_range=ORDERS, n_features=COLUMNS),
        LogisticRegression(max_iter=1000),
    )
    labels = list(data.frame["domain"][train])
    start = time.perf_counter()
    model.fit(labels, data.malicious[train])
    return model, time.perf_counter() - start


def _sizes(folder: Path, model: Any) -> Iterator[Row]:
    """What it takes to start with it, and to carry it along."""
    pickled = folder / "model.pickle"
    pickled.write_bytes(pickle.dumps(model))
    theirs = command(sys.executable, "-c", _THEIRS, str(pickled), rounds=sized(5))
    ours = command(sys.executable, "-c", _OURS, rounds=sized(5))
    yield "  one label, whole process, from start", f"{theirs.seconds:.2f} s"
    yield against([theirs.seconds], [ours.seconds])
    yield "  its peak memory; ours", f"{theirs.peak:,.0f} MB; {ours.peak:,.0f} MB"
    yield "  the model on disk; classic", f"{_mb(pickled)}; {_mb(PACKAGED / 'classic')}"
    yield "  packages installed; classic's", f"{_installed(THEIR_PACKAGES)}; {_installed(PACKAGES)}"


def _mb(path: Path) -> str:
    files = [x for x in (path, *path.rglob("*")) if x.is_file()]
    return f"{sum(x.stat().st_size for x in files) / 1e6:.1f} MB"


def _installed(packages: Sequence[str]) -> str:
    """Megabytes of some packages' files, without bytecode."""
    files = [Path(str(x.locate())) for name in packages for x in distribution(name).files or ()]
    sizes = [x.stat().st_size for x in files if x.suffix != ".pyc" and x.is_file()]
    return f"{sum(sizes) / 1e6:.0f} MB"


def _errors(folder: Path, data: labelled.Corpus, valid: Bools, model: Any) -> Iterator[Row]:
    """Both trained on the same rows, at their thresholds of maximal F1 on the others."""
    out = folder / "classic"
    pipeline("train", "--features", "classic", "--data", str(data.path), "--out", str(out))
    labels, malicious = list(data.frame["domain"][valid]), data.malicious[valid]
    classic = Scorer.load(out).probability_as_they_are(labels)
    for name, p in (("its", model.predict_proba(labels)[:, 1]), ("classic's", classic)):
        errors = confusion(p, malicious, best_f1(p, malicious, p)).errors
        share = f"{errors:,} of {len(labels):,} ({errors / len(labels):.2%})"
        yield f"  {name} errors on the validation split, known families", share
