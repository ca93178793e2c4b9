from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpus import Corpus
from pipeline.dga import cryptolocker, goz, newgoz

# First names for fixed dates and seeds, computed by the published reference implementations.
VECTORS = json.loads((Path(__file__).parents[1] / "data" / "dga-vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['family']}-{v['date']}")
def test_generators_reproduce_the_reference(vector: dict[str, Any]) -> None:
    day, seed = date.fromisoformat(vector["date"]), vector["seed"]
    generate: Callable[[int], str] = {
        "cryptolocker": lambda i: cryptolocker.domain(day, i),
        "goz": lambda i: goz.domain(day, i),
        "newgoz": lambda i: newgoz.domain(day, i, int(seed, 16)),
    }[vector["family"]]
    assert [generate(i) for i in range(len(vector["domains"]))] == vector["domains"]


def test_every_generated_row_of_the_original_is_in_the_embedded_corpus(
    original: Corpus, embedded: Corpus
) -> None:
    """All but the one record that the original's CSV broke by a line feed."""
    rows = original.frame[original.malicious]
    ours = set(embedded.frame["host"][embedded.malicious])
    missing = [host for host in rows["host"] if host not in ours]
    assert len(rows) == 52_665
    assert missing == ["ru\ndercxjvpfswhmtwtcfycaijdufa.ru"]
