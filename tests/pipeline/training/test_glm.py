"""The original's numbers, from a real H2O."""

from __future__ import annotations

import gzip
from pathlib import Path

import h2o
import numpy as np
import pytest
from h2o.estimators import H2OGeneralizedLinearEstimator

from malicious_domains.features import registry
from malicious_domains.features.language_tables import Lexicon, Tables
from malicious_domains.features.registry import SETS
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.corpus import labelled
from pipeline.corpus.labelled import Corpus
from pipeline.h2o_cluster.cluster import Cluster, download_frame
from pipeline.training.config import DEFAULTS
from pipeline.training.design import Classic
from pipeline.training.export import export_model
from pipeline.training.glm import (
    Trained,
    draw_rows,
    draw_split,
    score_out_of_fold,
    train_glm,
    upload_design,
)
from pipeline.training.metrics import Confusion, confusion
from pipeline.training.training_run import make_design

CLASSIC = SETS["classic"]

pytestmark = pytest.mark.slow


def validation(trained: Trained, corpus: Corpus, threshold: float) -> Confusion:
    valid = trained.valid
    return confusion(trained.probability[valid], corpus.malicious[valid], threshold)


def test_features_equal_those_of_h2o_on_every_row(
    h2o_cluster: Cluster, original: Corpus, words_txt: Path, original_words: Lexicon
) -> None:
    frame = h2o.import_file(str(original.path), header=1, col_types=["string"] * 4)
    domain = frame["domain"]
    vowels = domain.countmatches(["a", "e", "i", "o", "u"])
    theirs = download_frame(
        domain.nchar()
        .cbind(domain.entropy())
        .cbind(vowels / domain.nchar())
        .cbind(domain.num_valid_substrings(str(words_txt)))
    )
    ours = registry.compute_matrix(original.labels, CLASSIC, Tables(lexicon=original_words))
    assert ours.shape == theirs.shape == (133_926, 4)
    np.testing.assert_array_equal(ours[:, [0, 3]], theirs[:, [0, 3]])
    np.testing.assert_allclose(ours[:, 1], theirs[:, 1], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(ours[:, 2], theirs[:, 2])


def test_the_original_data_and_words_give_the_original_model(
    h2o_cluster: Cluster, original: Corpus, original_words: Lexicon, tmp_path: Path
) -> None:
    design = Classic(original, original_words, {})
    trained = train_glm(h2o_cluster, design, tmp_path)
    assert (int((~trained.valid).sum()), int(trained.valid.sum())) == (107_333, 26_593)
    assert export_model(trained, design, tmp_path).startswith("133,926 rows")
    scorer = Scorer.load(tmp_path)
    assert round(scorer.threshold, 3) == 0.498
    counts = validation(trained, original, scorer.threshold)
    assert counts == (15_868, 313, 351, 10_061)
    assert counts.errors == 664


def test_the_committed_artifact_is_what_training_gives(
    h2o_cluster: Cluster, original: Corpus, classic: Scorer, tmp_path: Path
) -> None:
    design = make_design("classic", original)
    trained = train_glm(h2o_cluster, design, tmp_path)
    export_model(trained, design, tmp_path)
    again, committed = Scorer.load(tmp_path), classic
    for name, value in committed.artifact.metadata["coefficients"].items():
        found = again.artifact.metadata["coefficients"][name]
        assert found == pytest.approx(value, abs=1e-9)
    assert again.artifact.intercept == pytest.approx(committed.artifact.intercept, abs=1e-9)
    for point, value in committed.artifact.thresholds.items():
        assert again.artifact.thresholds[point] == pytest.approx(value, abs=1e-7)
    assert validation(trained, original, again.threshold).errors == 560


def test_the_split_is_always_the_same(h2o_cluster: Cluster, small_csv: Path) -> None:
    rows = len(labelled.read_corpus(small_csv))
    first, second = (draw_rows(h2o_cluster, small_csv, rows, DEFAULTS) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert 0.15 < first.mean() < 0.25


def test_the_original_given_as_ones_own_is_split_likewise(
    h2o_cluster: Cluster, original: Corpus
) -> None:
    own = labelled.read_corpus(original.path)
    valid = draw_split(h2o_cluster, own)
    np.testing.assert_array_equal(valid, draw_split(h2o_cluster, original))
    assert (~valid).sum() == 107_333


@pytest.mark.parametrize("change", ["other header", "compressed"])
def test_ones_own_file_is_split_by_the_numbers_of_its_rows(
    h2o_cluster: Cluster, small_csv: Path, tmp_path: Path, change: str
) -> None:
    text, path = small_csv.read_text(), tmp_path / "mine"
    if change == "other header":
        text = text.replace("host,domain,class", "fqdn,sld,label", 1)
    path.write_bytes(gzip.compress(text.encode()) if change == "compressed" else text.encode())
    corpus = labelled.read_corpus(path)
    valid = draw_split(h2o_cluster, corpus)
    assert len(valid) == len(corpus) >= 2070
    assert 0.15 < valid.mean() < 0.25


def test_a_file_that_h2o_reads_otherwise_is_refused(h2o_cluster: Cluster, small_csv: Path) -> None:
    with pytest.raises(MaliciousDomainsError, match=r"H2O reads \d+ rows, the file has 5"):
        draw_rows(h2o_cluster, small_csv, 5, DEFAULTS)


def test_every_fold_is_scored_by_a_model_of_all_others(
    h2o_cluster: Cluster, small_csv: Path
) -> None:
    """Each of three folds, against a model fitted by hand on the other two."""
    rows = labelled.read_corpus(small_csv)
    design = make_design("classic", rows)
    fold = np.arange(len(rows), dtype=np.uint8) % 3
    probability = score_out_of_fold(h2o_cluster, design, fold, "folds")
    frame = upload_design(h2o_cluster, design, fold)
    for k in range(3):
        model = H2OGeneralizedLinearEstimator(family="binomial", alpha=0, lambda_=1e-5)
        others = frame[frame["part"] != k, :]
        model.train(x=list(design.table), y="class", training_frame=others)
        by_hand = h2o_cluster.predict(model, frame)[: len(fold)]
        np.testing.assert_allclose(probability[fold == k], by_hand[fold == k], atol=1e-9)
