"""One CSV for H2O, whoever computes its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from malicious_domains.features.language_tables import Lexicon
from pipeline.corpus import labelled, sources
from pipeline.training import design_csv
from pipeline.training.config import TrainConfig
from pipeline.training.design import Classic, DesignMatrix, Language

FEW_WORDS = TrainConfig(vocabulary_size=500)
FEATURES = ("length", "entropy", "p_digits", "trigram_mean", "cut_mean")


@pytest.fixture(scope="module", params=["classic", "language"])
def design(request: pytest.FixtureRequest, embedded: labelled.Corpus) -> DesignMatrix:
    few = embedded.select(np.arange(len(embedded)) % 20 == 0)
    if request.param == "classic":
        return Classic(few, Lexicon.load(sources.WEB2.path))
    return Language(few, FEATURES, FEW_WORDS)


@pytest.mark.slow
def test_one_process_writes_what_several_write(
    design: DesignMatrix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.arange(8000 + design.padding)
    part = (rows % 3).astype("S3")
    for name, value in (("_WORTH", 1), ("BLOCK", 999)):
        monkeypatch.setattr(design_csv, name, value)
    written = []
    for jobs in (1, 3):
        monkeypatch.setattr(design_csv, "default_jobs", lambda jobs=jobs: jobs)
        path = tmp_path / str(jobs)
        design_csv.write_csv(path, design, rows, {"part": part}, deployed=False)
        written.append(path.read_bytes())
    assert written[0] == written[1]
    lines = written[0].decode().splitlines()
    assert lines[0].split(",") == [*design.columns, "part"]
    assert [line.rpartition(",")[2] for line in lines[1:]] == [str(x % 3) for x in rows]
