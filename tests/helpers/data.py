"""Labels and answers that several tests look at."""

from __future__ import annotations

import functools
import json
import lzma
from pathlib import Path

from pipeline.corpus import sources

FOLDER = Path(__file__).parents[1] / "data"
# Recorded from H2O's Java scorer, see tests/pipeline/training/test_export.py.
GOLDEN = json.loads((FOLDER / "golden.json").read_text())


@functools.cache
def legitimate() -> list[str]:
    """The distinct labels of HSTS names, sorted."""
    hosts = lzma.decompress(sources.HSTS.path.read_bytes()).decode("ascii").split()
    return sorted({host.partition(".")[0] for host in hosts})
