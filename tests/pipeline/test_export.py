from __future__ import annotations

import dataclasses
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from lambda_app.chalicelib import artifact, features
from lambda_app.chalicelib.lexicon import Lexicon
from lambda_app.chalicelib.scorer import Scorer
from pipeline import corpus, sources
from pipeline.cluster import Cluster
from pipeline.export import FILES, ExportError, export, read_mojo, score_mojo
from pipeline.folders import replacing
from pipeline.training import Trained, train
from tests.lambda_app.test_scorer import GOLDEN

CLASSIC = artifact.PACKAGED / "classic"


@pytest.fixture(scope="module")
def small(small_csv: Path) -> corpus.Corpus:
    return corpus.read(small_csv)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load(sources.WEB2.path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("train")


@pytest.fixture(scope="module")
def trained(h2o_cluster: Cluster, small: corpus.Corpus, lexicon: Lexicon, folder: Path) -> Trained:
    return train(h2o_cluster, small, features.SETS["classic"], lexicon, folder)


def test_the_artifact_says_what_the_mojo_says(scorer: Scorer) -> None:
    equation = read_mojo(CLASSIC / "mojo.zip")
    assert equation.coefficients == scorer.artifact.metadata["coefficients"]
    assert (equation.intercept, equation.threshold) == (scorer.artifact.intercept, scorer.threshold)


def test_golden_answers_are_those_of_the_java_scorer(scorer: Scorer) -> None:
    labels = [scorer.score(x["domain"]).name for x in GOLDEN]
    model = scorer.artifact
    values = features.matrix(labels, model.features, model.lexicon)
    probability, called = score_mojo(
        CLASSIC / "mojo.zip", pd.DataFrame(values, columns=list(model.features))
    )
    assert called.tolist() == [bool(x["label"]) for x in GOLDEN]
    assert probability.tolist() == pytest.approx([x["probability"] for x in GOLDEN], abs=1e-12)


def test_an_export_is_proven_on_every_row(
    trained: Trained, small: corpus.Corpus, lexicon: Lexicon, folder: Path
) -> None:
    proof = export(trained, small.labels, lexicon, "small", [], folder)
    assert proof.holds
    assert proof.rows == len(small.labels)
    assert f"{proof.rows:,} rows" in str(proof)
    assert Scorer.load(folder).artifact.name == "small"
    assert sorted(x.name for x in folder.iterdir()) == sorted(FILES)


def test_a_failed_proof_writes_nothing(
    trained: Trained, small: corpus.Corpus, lexicon: Lexicon, folder: Path, tmp_path: Path
) -> None:
    """The cluster's answers are off by 1e-11 in one row."""
    probability = trained.probability.copy()
    probability[7] += 1e-11
    wrong = dataclasses.replace(trained, probability=probability)
    with (
        pytest.raises(ExportError, match="nothing is written, the proof fails: 2,070 rows"),
        replacing(tmp_path / "out", FILES) as new,
    ):
        shutil.copytree(folder, new, dirs_exist_ok=True)
        export(wrong, small.labels, lexicon, "small", [], new)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [None, "", "[info]\nalgo = gbm\n", "rubbish"])
def test_what_is_no_glm_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "mojo.zip"
    if content is None:
        path.write_bytes(b"no zip")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model.ini", content)
    with pytest.raises(ExportError, match=r"mojo\.zip: not a GLM's MOJO"):
        read_mojo(path)
