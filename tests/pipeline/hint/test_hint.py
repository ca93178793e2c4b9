"""The hint's proof against H2O, and how its corpus and its groups are made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lambda_app.chalicelib.hint import artifact
from lambda_app.chalicelib.hint.family import Hinter
from lambda_app.chalicelib.model.artifact import MOJO
from pipeline.corpus.sources import sha256_of
from pipeline.dga import FAMILIES
from pipeline.hint import draws, judge, model
from pipeline.hint.run import Equation
from pipeline.jvm.cluster import Cluster
from pipeline.jvm.mojo import MojoError

SOME = ("goz", "ramdo", "vawtrak", "simda")


def drawn(part: draws.Part, count: int) -> list[draws.Drawn]:
    return draws.draw(part, count, tuple(FAMILIES), ())


@pytest.mark.slow
def test_the_packaged_model_answers_as_its_mojo() -> None:
    mojo = artifact.PACKAGED / MOJO
    recorded = artifact.load().metadata["files"]
    assert recorded[MOJO] == sha256_of(mojo)
    assert np.array(model.read_mojo(mojo)[1]).size * 8 < 300_000
    labels = [x for group in drawn(draws.TEST, 100) for x in group.labels]
    assert len(labels) > 3000
    model.prove(artifact.PACKAGED, labels)  # or raises


def test_another_models_mojo_is_refused(artifact_copy: Path) -> None:
    with pytest.raises(MojoError, match="not a multinomial GLM"):
        model.read_mojo(artifact_copy / MOJO)


def test_a_small_one_from_draws_to_proof(h2o_cluster: Cluster, tmp_path: Path) -> None:
    learn = draws.draw(draws.LEARN, 200, SOME, ()) + draws.shapes(draws.LEARN, 60)
    model.fit(h2o_cluster, learn, tmp_path / MOJO)
    classes, coefficients = model.read_mojo(tmp_path / MOJO)
    test = draws.draw(draws.TEST, 100, SOME, {x for group in learn for x in group.labels})
    names = judge.singles(classes, coefficients, test)
    groups = judge.told_as_one(classes, judge.clients(test, names, 1.0))
    p = judge.by_group(classes, groups, names.scores)
    assert judge.accuracy(groups, names.family, p).means[0] > 0.9
    typical = judge.typical(groups, test, judge.fit(test, p))
    model.export(tmp_path, groups, 1.0, 0.5, typical, {})
    model.prove(tmp_path, [x for group in test for x in group.labels])
    assert Hinter.load(tmp_path).hint_of_all(test[0].labels).answer == "goz"
    model.fit(h2o_cluster, learn, tmp_path / "again.zip")
    again = model.read_mojo(tmp_path / "again.zip")[1]
    np.testing.assert_allclose(again, coefficients, rtol=0, atol=1.5 / artifact.STEPS)


def test_clients_are_evaluated_as_they_are_told() -> None:
    loaded, some = artifact.load(), draws.draw(draws.TEST, 40, (*SOME, "banjori"), ())
    coefficients = np.array([loaded.intercepts, *loaded.coefficients])
    groups = {name: list(members) for name, members in loaded.groups.items()}
    chosen = (groups, loaded.temperature, loaded.unknown_from, loaded.typical)
    equation = Equation(loaded.classes, coefficients, *chosen)
    probability, unknown = equation.clients(some)[1], equation.unknown_clients(some)
    for group, p, odd in zip(some, probability, unknown, strict=True):
        hint = Hinter(loaded).hint_of_all(group.labels)
        assert hint.unknown == pytest.approx(p[[*groups].index("unknown")], abs=1e-12)
        assert hint.families[0].probability == pytest.approx(
            max(np.delete(p, [*groups].index("unknown")))
        )
        assert (hint.answer == "unknown") == odd


def test_no_label_is_in_two_parts() -> None:
    known: set[str] = set()
    for part in draws.PARTS:
        groups = draws.draw(part, 60, SOME, known)
        labels = [x for group in groups for x in group.labels]
        assert len(labels) == len(set(labels)) == 60 * len(SOME)
        assert not known & set(labels)
        known |= set(labels)


def test_families_that_cannot_be_told_apart_are_told_as_one() -> None:
    classes = ["a", "b v1", "b v2", "c", "shape-x"]
    scores = np.log([[0.4, 0.2, 0.2, 0.1, 0.1], [0.1, 0.1, 0.1, 0.6, 0.1]])
    days = judge.Judged(["a", "b", "a", "b", "c"], scores[[0, 0, 0, 0, 1]])
    groups = judge.told_as_one(classes, days)
    assert groups == {"a or b": ["a", "b v1", "b v2"], "c": ["c"], "unknown": ["shape-x"]}
