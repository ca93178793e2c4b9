"""Shards are what H2O's chunks of one file would be, whoever writes them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from malicious_domains.features.language_tables import Lexicon
from pipeline.corpus import labelled, sources
from pipeline.training import shards
from pipeline.training.config import TrainConfig
from pipeline.training.design import Classic, DesignMatrix, Language
from pipeline.training.shards import Texts

SIZE = 1 << 16
FEW_WORDS = TrainConfig(vocabulary_size=500)
FEATURES = ("length", "entropy", "p_digits", "trigram_mean", "cut_mean")


@pytest.fixture(scope="module", params=["classic", "language"])
def design(request: pytest.FixtureRequest, embedded: labelled.Corpus) -> DesignMatrix:
    few = embedded.select(np.arange(len(embedded)) % 20 == 0)
    if request.param == "classic":
        return Classic(few, Lexicon.load(sources.WEB2.path))
    return Language(few, FEATURES, FEW_WORDS)


def beside(design: DesignMatrix) -> dict[str, Texts]:
    count = len(design.widths()) - design.padding
    return {"part": np.append(np.arange(count) % 3, [2] * design.padding).astype("S3")}


def lines_of_each_chunk(data: bytes, size: int) -> list[bytes]:
    """As H2O reads a file in chunks: from the first line feed in one, but of the first, to the
    first in the next, and on to the end of that line."""
    starts = [0, *(data.index(b"\n", at) + 1 for at in range(size, len(data), size))]
    return [data[a:b] for a, b in pairwise([*starts, len(data)])]


@pytest.mark.parametrize("deployed", [False, True])
def test_shards_are_the_chunks_that_h2o_would_make_of_one_file(
    design: DesignMatrix, deployed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "_SIZE", SIZE)
    written = shards.write_shards(tmp_path, design, beside(design), deployed)
    header = written[0].read_bytes().partition(b"\n")[0] + b"\n"
    parts = [path.read_bytes().removeprefix(header) for path in written]
    whole = header + b"".join(parts)
    assert len(parts) > 2
    assert [header + parts[0], *parts[1:]] == lines_of_each_chunk(whole, SIZE)


@pytest.mark.slow
def test_one_process_writes_what_several_write(
    design: DesignMatrix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    monkeypatch.setattr(shards, "_WORTH", 1)
    monkeypatch.setattr(shards, "_SIZE", SIZE)
    for jobs in (1, 3):
        monkeypatch.setattr(shards, "default_jobs", lambda jobs=jobs: jobs)
        folder = tmp_path / str(jobs)
        folder.mkdir()
        paths = shards.write_shards(folder, design, beside(design), deployed=False)
        found.append([(path.name, path.read_bytes()) for path in paths])
    assert found[0] == found[1]
