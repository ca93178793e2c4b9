from __future__ import annotations

import dataclasses
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from malicious_domains.features import registry
from malicious_domains.inputs.atomic import replace_folder
from malicious_domains.model import artifact
from malicious_domains.model.artifact import FILES
from malicious_domains.model.glm import BinnedAdditive
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.corpus import labelled
from pipeline.h2o_cluster.cluster import Cluster
from pipeline.h2o_cluster.mojo import read_mojo, score_mojo
from pipeline.training.design import DesignMatrix, Language
from pipeline.training.export import export_model
from pipeline.training.glm import Trained, train_glm
from pipeline.training.training_run import make_design
from tests.helpers.data import GOLDEN

MODELS = ("classic", "language")


@pytest.fixture(scope="module")
def small(small_csv: Path) -> labelled.Corpus:
    return labelled.read_corpus(small_csv)


@pytest.fixture(scope="module", params=MODELS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("train") / str(request.param)


@pytest.fixture(scope="module")
def trained(h2o_cluster: Cluster, design: DesignMatrix, folder: Path) -> Trained:
    folder.mkdir()
    return train_glm(h2o_cluster, design, folder)


@pytest.fixture(scope="module")
def design(small: labelled.Corpus, folder: Path) -> DesignMatrix:
    """With as few features as show every kind: all of them take H2O minutes."""
    if folder.name == "classic":
        return make_design("classic", small)
    return Language(small, (*registry.CLASSIC, "trigram_mean", "cut_mean"))


def test_the_artifact_says_what_the_mojo_says(scorer: Scorer) -> None:
    model = scorer.artifact
    found = read_mojo(artifact.PACKAGED / model.name / "mojo.zip")
    moved = 0.0
    for name, said in model.metadata["coefficients"].items():
        theirs = found.coefficients[name]
        if isinstance(said, list):  # what a term gives on average stands in the intercept
            mean = [theirs[f"{i:02d}"] - x for i, x in enumerate(said)]
            assert mean == pytest.approx([mean[0]] * len(said), abs=1e-12)
            moved += mean[0]
        else:
            assert said == theirs
    assert found.intercept + moved == pytest.approx(model.intercept, abs=1e-9)
    assert found.threshold == scorer.threshold


def test_golden_answers_are_those_of_the_java_scorer(scorer: Scorer) -> None:
    model = scorer.artifact
    golden = [x for x in GOLDEN if x["model"] == model.name]
    columns = _mojo_columns(model, [scorer.score(x["domain"]).name for x in golden])
    called, probability = score_mojo(artifact.PACKAGED / model.name / "mojo.zip", columns)
    assert [x == "malicious" for x in called] == [bool(x["label"]) for x in golden]
    assert probability[:, 1].tolist() == pytest.approx(
        [x["probability"] for x in golden], abs=1e-12
    )


def _mojo_columns(model: artifact.Artifact, labels: list[str]) -> pd.DataFrame:
    """Return the columns of the MOJO: numbers, or the names of bins."""
    values = registry.compute_matrix(labels, model.features, model.tables)
    if not isinstance(model.predictor, BinnedAdditive):
        return pd.DataFrame(values, columns=list(model.features))
    bins = model.predictor.bins(list(values.T))
    names = model.predictor.terms
    return pd.DataFrame({n: [f"{i:02d}" for i in x] for n, x in zip(names, bins, strict=True)})


def test_an_export_is_proven_on_every_row(
    trained: Trained, small: labelled.Corpus, design: DesignMatrix, folder: Path
) -> None:
    proof = export_model(trained, design, folder)
    assert proof.startswith(f"{len(small.labels):,} rows")
    assert Scorer.load(folder).artifact.name == folder.name
    assert {x.name for x in folder.iterdir()} <= set(FILES)


def test_a_retrain_gives_the_same_numbers(
    h2o_cluster: Cluster,
    trained: Trained,
    design: DesignMatrix,
    folder: Path,
    tmp_path: Path,
) -> None:
    again = train_glm(h2o_cluster, design, tmp_path)
    one, other = (read_mojo(x / "mojo.zip") for x in (folder, tmp_path))
    np.testing.assert_array_equal(again.valid, trained.valid)
    for name in map(str, design.table):
        assert other.coefficients[name] == pytest.approx(one.coefficients[name], abs=1e-6)
    assert other.threshold == pytest.approx(one.threshold, abs=1e-6)


def test_a_failed_proof_writes_nothing(
    trained: Trained, design: DesignMatrix, folder: Path, tmp_path: Path
) -> None:
    """The cluster's answers are off by 1e-11 in one row."""
    deployed = trained.deployed.copy()
    deployed[7] += 1e-11
    wrong = dataclasses.replace(trained, deployed=deployed)
    with (
        pytest.raises(
            MaliciousDomainsError, match="nothing is written, the verification fails: 2,070 rows"
        ),
        replace_folder(tmp_path / "out", FILES) as new,
    ):
        shutil.copytree(folder, new, dirs_exist_ok=True)
        export_model(wrong, design, new)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [None, "", "[info]\nalgo = gbm\n", "rubbish"])
def test_what_is_no_glm_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "mojo.zip"
    if content is None:
        path.write_bytes(b"no zip")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model.ini", content)
    with pytest.raises(MaliciousDomainsError, match=r"mojo\.zip: not a GLM's MOJO"):
        read_mojo(path)
