"""The family model's verification against H2O, and how its corpus and its groups are made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.families import family_artifact
from malicious_domains.families.likely_families import FamilyModel
from malicious_domains.model.artifact import MOJO
from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.corpus.sources import sha256_of
from pipeline.evaluation.family_accuracy import (
    classify_drawn,
    count_answers,
    measure_accuracy,
    measure_reliability,
)
from pipeline.h2o_cluster.cluster import Cluster
from pipeline.training import family_model, family_training, sample_names

SOME = ("goz", "ramdo", "vawtrak", "simda")


def drawn(part: sample_names.Part, count: int) -> list[sample_names.Drawn]:
    return sample_names.sample_families(part, count, tuple(FAMILIES), ())


@pytest.mark.slow
def test_the_packaged_model_answers_as_its_mojo() -> None:
    mojo = family_artifact.PACKAGED / MOJO
    recorded = family_artifact.load_artifact().metadata["files"]
    assert recorded[MOJO] == sha256_of(mojo)
    assert np.array(family_model.read_equation(mojo)[1]).size * 8 < 300_000
    labels = [x for group in drawn(sample_names.TEST, 100) for x in group.labels]
    assert len(labels) > 3000
    family_model.verify_families(family_artifact.PACKAGED, labels)  # or raises


def test_another_models_mojo_is_refused(artifact_copy: Path) -> None:
    with pytest.raises(MaliciousDomainsError, match="not a multinomial GLM"):
        family_model.read_equation(artifact_copy / MOJO)


def test_a_small_model_from_samples_to_verification(h2o_cluster: Cluster, tmp_path: Path) -> None:
    learn = sample_names.sample_families(
        sample_names.LEARN, 200, SOME, ()
    ) + sample_names.sample_synthetic(sample_names.LEARN, 60)
    test = sample_names.sample_families(
        sample_names.TEST, 100, SOME, {x for group in learn for x in group.labels}
    )
    corpus = family_training.FamilyCorpus(learn, test, test)
    model = family_training.train_families(h2o_cluster, corpus, tmp_path)
    accuracy = measure_accuracy(classify_drawn(model, test, clients=False))
    assert accuracy["right"].mean() > 0.9
    assert (accuracy["among_three"] >= accuracy["right"]).all()
    family_model.verify_families(tmp_path, [x for group in test for x in group.labels])
    assert model.classify_client(test[0].labels).answer == "goz"
    family_model.fit_families(h2o_cluster, learn, tmp_path / "again.zip")
    one, two = (family_model.read_equation(tmp_path / x)[1] for x in (MOJO, "again.zip"))
    np.testing.assert_allclose(one, two, rtol=0, atol=1.5 / family_artifact.STEPS)


def test_answers_are_counted_by_family_and_probability() -> None:
    some = sample_names.sample_families(sample_names.TEST, 40, (*SOME, "banjori"), ())
    names, clients = (classify_drawn(FamilyModel.load(), some, x) for x in (False, True))
    assert len(names) == sum(len(x.labels) for x in some) > len(clients) == len(some)
    assert {*names["family"]} == {*SOME, "banjori"}
    assert (names["right"] <= names["among_three"]).all()
    assert (clients["answer_right"] <= clients["right"]).all()
    assert measure_accuracy(clients)["right"].mean() > measure_accuracy(names)["right"].mean()
    assert measure_reliability(names)["rows"].sum() == len(names)
    shares = count_answers(clients).groupby("family").sum()
    assert [*shares.index] == sorted({*names["family"]})
    assert shares.max() <= 1


def test_no_label_is_in_two_parts() -> None:
    known: set[str] = set()
    for part in sample_names.PARTS:
        groups = sample_names.sample_families(part, 60, SOME, known)
        labels = [x for group in groups for x in group.labels]
        assert len(labels) == len(set(labels)) == 60 * len(SOME)
        assert not known & set(labels)
        known |= set(labels)


def test_families_that_cannot_be_separated_are_reported_as_one() -> None:
    classes = ["a", "b v1", "b v2", "c", "shape-x"]
    scores = np.log([[0.4, 0.2, 0.2, 0.1, 0.1], [0.1, 0.1, 0.1, 0.6, 0.1]])
    days = family_training.Scored(["a", "b", "a", "b", "c"], scores[[0, 0, 0, 0, 1]])
    groups = family_training.merge_inseparable(classes, days)
    assert groups == {"a or b": ["a", "b v1", "b v2"], "c": ["c"], "unknown": ["shape-x"]}
