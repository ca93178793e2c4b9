from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from lambda_app.chalicelib import artifact, features
from lambda_app.chalicelib.lexicon import Lexicon
from lambda_app.chalicelib.scorer import Scorer
from pipeline import corpus, sources
from pipeline.cluster import Cluster
from pipeline.export import ExportError, export, read_mojo, score_mojo
from pipeline.training import Trained, train
from tests.lambda_app.test_scorer import GOLDEN

CLASSIC = artifact.PACKAGED / "classic"


@pytest.fixture(scope="module")
def small(small_csv: Path) -> corpus.Corpus:
    return corpus.read(small_csv)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load(sources.LEXICON)


@pytest.fixture(scope="module")
def trained(
    h2o_cluster: Cluster,
    small: corpus.Corpus,
    lexicon: Lexicon,
    tmp_path_factory: pytest.TempPathFactory,
) -> Trained:
    folder = tmp_path_factory.mktemp("train")
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
    trained: Trained, small: corpus.Corpus, lexicon: Lexicon, tmp_path: Path
) -> None:
    out = tmp_path / "classic"
    proof = export(trained, small.labels, lexicon, [], out)
    assert proof.holds
    assert proof.rows == len(small.labels)
    assert f"{proof.rows:,} rows" in str(proof)
    assert Scorer.load(out).score_many(["google.com"])
    assert [x.name for x in tmp_path.iterdir()] == ["classic"]


def test_a_failed_proof_writes_nothing(
    trained: Trained, small: corpus.Corpus, lexicon: Lexicon, tmp_path: Path
) -> None:
    """The cluster's answers are off by 1e-11 in one row."""
    probability = trained.probability.copy()
    probability[7] += 1e-11
    wrong = dataclasses.replace(trained, probability=probability)
    out = tmp_path / "classic"
    export(trained, small.labels, lexicon, [], out)
    before = (out / "model.json").read_bytes()
    with pytest.raises(ExportError, match="the proof fails"):
        export(wrong, small.labels, lexicon, [], out)
    assert (out / "model.json").read_bytes() == before
    assert [x.name for x in tmp_path.iterdir()] == ["classic"]


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
