"""python -m benchmarks.growth [ROWS ...]: time and memory of the feature step, as rows grow.

Rows are those of `corpus`, again and again with a number at the end. The step is
all that training does before H2O: counting characters and words for every fold,
choosing bins, and writing the bins of every row. Each size runs in a process of
its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.corpus import labelled, mixture
from pipeline.training.design import Language

SIZES = (100_000, 1_000_000, 5_000_000)


def main() -> None:
    """Print a line for each size."""
    arguments = sys.argv[1:]
    if len(arguments) == 2 and arguments[0] == "--one":
        _one(int(arguments[1]))
        return
    print(f"{'rows':>12} {'seconds':>9} {'us a row':>9} {'peak MB':>9}")
    for rows in map(int, arguments or map(str, SIZES)):
        command = [sys.executable, "-m", "benchmarks.growth", "--one", str(rows)]
        subprocess.run(command, check=True)


def _one(rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        frame = _frame(rows, Path(folder) / "mix.csv")
        start = time.perf_counter()
        design = Language(labelled.Corpus("growth", Path(), frame))
        extra = pd.DataFrame({"part": np.zeros(rows + design.padding, np.int8)})
        design.write(Path(folder) / "bins.csv", extra, deployed=False)
        took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"{rows:>12,} {took:>9.1f} {took / rows * 1e6:>9.1f} {peak:>9,.0f}", flush=True)


def _frame(rows: int, path: Path) -> pd.DataFrame:
    mixture.assemble(path, names=1000)
    mix = labelled.read(path).frame.sample(frac=1, random_state=1)
    labels, at = mix["domain"].tolist(), np.arange(rows) % len(mix)
    numbered = [
        labels[i] if k < len(labels) else f"{labels[i][:50]}{k // len(labels)}"
        for k, i in enumerate(at.tolist())
    ]
    kinds = {c: mix[c].astype("category").iloc[at].array for c in ("class", "subclass")}
    return pd.DataFrame({"domain": numbered, **kinds})


if __name__ == "__main__":
    main()
