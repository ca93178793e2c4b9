"""Leave families and lists out, on a small corpus and with few features."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from malicious_domains.cli import main
from pipeline.corpus import labelled, mixture
from pipeline.corpus.labelled import Corpus
from pipeline.evaluation import evaluate
from pipeline.evaluation.leave_out import average_families, family_folds, leave_out, make_scorer
from pipeline.h2o_cluster.cluster import Cluster
from pipeline.training.design import Language
from pipeline.training.glm import fit_all

pytestmark = pytest.mark.slow

FEW = partial(Language, features=("length", "entropy", "cut_mean", "trigram_mean"))


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    path = tmp_path_factory.mktemp("evaluation") / "mix.csv"
    mixture.assemble(path, ["hsts", "universities", "generators", "shapes"], names=15)
    whole = labelled.read_corpus(path)
    return whole.select(np.arange(len(whole)) % 12 == 0)


def test_a_family_is_scored_by_a_model_that_knows_nothing_of_its_fold(
    h2o_cluster: Cluster, mix: Corpus
) -> None:
    result = leave_out(h2o_cluster, mix, FEW, 2, "test")
    fold = family_folds(mix, 2)
    others = mix.select(fold != 1)
    design = FEW(others)
    scorer = make_scorer(fit_all(h2o_cluster, design), design)
    by_hand = scorer.probability(list(mix.frame["domain"][fold == 1]))
    np.testing.assert_allclose(result.probability[fold == 1], by_hand, rtol=0, atol=1e-9)
    shapes = mix.frame["subclass"].str.startswith("shape-").to_numpy()
    assert np.isnan(result.probability).tolist() == shapes.tolist()
    assert 0.8 < average_families(result.families())["macro_auc"] < 1


def test_each_legitimate_source_is_held_out(h2o_cluster: Cluster, mix: Corpus) -> None:
    results = list(evaluate.hold_out_sources(h2o_cluster, mix, "classic"))
    legitimate = mix.frame["subclass"][~mix.malicious]
    assert [x["source"] for x in results] == ["hsts", "universities"]
    assert sum(x["rows"] for x in results) == len(legitimate)
    for source in results:
        assert 0 <= source["at"][0.001] <= source["at"][0.01] <= 1


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (lambda x: x.drop(columns="group"), "no column group"),
        (lambda x: x[x["subclass"] != "hsts"], "1 legitimate source, 2 are needed"),
        (lambda x: x[(x["class"] == "legit") | (x["subclass"] == "goz")], "too few known families"),
    ],
)
def test_a_corpus_that_nothing_can_be_left_out_of_is_refused_at_once(
    kept: Callable[[pd.DataFrame], pd.DataFrame],
    message: str,
    mix: Corpus,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "mix.csv"
    kept(mix.frame).to_csv(path, index=False)
    assert main(["evaluate", "--data", str(path), "--out", str(tmp_path / "report")]) == 2
    assert message in capsys.readouterr().err
    assert [x.name for x in tmp_path.iterdir()] == ["mix.csv"]  # nothing is written
