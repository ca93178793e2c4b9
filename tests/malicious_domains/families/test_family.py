"""Which family a label looks like."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.families import family_artifact
from malicious_domains.families.family_features import FAMILY_FEATURES, compute_features
from malicious_domains.families.likely_families import (
    FamilyModel,
    LikelyFamily,
    design_effect,
    load_packaged,
    softmax,
)
from malicious_domains.model.artifact import ArtifactError
from pipeline.training.export import write_metadata

ROOT = Path(__file__).parents[3]
LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=63)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "hint"
    shutil.copytree(family_artifact.PACKAGED, folder)
    return folder


def names(family: str, count: int) -> list[str]:
    variant = FAMILIES[family].variants[0]
    hosts = islice(variant.generate(date(2026, 11, 24), variant.seeds[0]), count)
    return [host.partition(".")[0] for host in hosts]


@settings(max_examples=40)
@given(LABELS)
def test_probabilities_of_families_and_of_none_sum_to_one(label: str) -> None:
    hinter = load_packaged()
    probability = hinter.probabilities(label)
    assert len(probability) == len(hinter.model.classes)
    assert sum(probability) == pytest.approx(1)
    hint = hinter.classify(label)
    told = [x.probability for x in hint.families]
    assert told == sorted(told, reverse=True) and len(told) == 3
    assert 0 <= hint.unknown <= 1 and sum(told) + hint.unknown <= 1 + 1e-9


@settings(max_examples=40)
@given(LABELS)
def test_each_label_has_one_length_one_first_and_one_last_character(label: str) -> None:
    values = dict(zip(FAMILY_FEATURES, compute_features(label), strict=True))
    for kind in ("length_", "first_", "last_"):
        assert sum(x for name, x in values.items() if name.startswith(kind)) == 1
    assert values[f"length_{len(label)}"] == values[f"first_{label[0]}"] == 1
    assert sum(values[f"share_{x}"] for x in set(label)) == pytest.approx(1)


@pytest.mark.parametrize("label", ["", "x" * 64, "Upper", "a.b", "bücher"])
def test_what_is_no_label_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="no label"):
        load_packaged().classify(label)
    with pytest.raises(ValueError, match="no label"):
        load_packaged().classify_client([])


@pytest.mark.parametrize("family", ["goz", "newgoz", "padcrypt", "ramdo", "simda", "mydoom"])
def test_twenty_names_of_a_client_name_the_family(family: str) -> None:
    hint = load_packaged().classify_client(names(family, 20))
    assert family in hint.answer.split(" or ")
    assert hint.families[0].probability > 0.9


def test_a_hint_of_one_is_that_of_all_of_one() -> None:
    for label in names("conficker", 50):
        assert load_packaged().classify(label) == load_packaged().classify_client([label])


def test_many_labels_in_arrays_are_what_each_is_alone_to_the_last_bit() -> None:
    labels = ["a", "a" * 63, "-9z-", *(x for family in FAMILIES for x in names(family, 5))]
    clients = [labels[i : i + 7] for i in range(0, len(labels), 7)]
    hinter = load_packaged()
    assert hinter.classify_clients(clients) == [*map(hinter.classify_client, clients)]
    scores = hinter._score_labels(labels).tolist()
    assert scores == [*map(hinter._score_label, labels)]


def test_the_same_as_by_a_product_of_matrices() -> None:
    model = load_packaged().model
    labels = [label for family in FAMILIES for label in names(family, 5)]
    matrix = np.array([compute_features(x) for x in labels]) @ np.array(model.coefficients)
    scores = matrix + np.array(model.intercepts)
    ours = [load_packaged().probabilities(x) for x in labels]
    np.testing.assert_allclose(ours, [softmax(x) for x in scores.tolist()], rtol=0, atol=1e-13)


def test_names_together_say_what_each_says_alone() -> None:
    hinter, labels = load_packaged(), names("goz", 7)
    alone = np.log([hinter.probabilities(x) for x in labels]) / hinter.model.temperature
    each = np.log([softmax(x) for x in alone.tolist()])
    expected = softmax((np.sum(each, axis=0) / design_effect(7)).tolist())
    hint = hinter.classify_client(labels)
    for told in (*hint.families, LikelyFamily("unknown", hint.unknown)):
        members = hinter.model.groups[told.family]
        of_group = sum(expected[hinter.model.classes.index(x)] for x in members)
        assert told.probability == pytest.approx(of_group, rel=1e-9)


def test_names_of_a_generator_nobody_knows_are_unknown_in_the_end() -> None:
    random = Random(1)
    labels = [
        "".join(random.choices("aeklmnorst2479", k=random.choice((14, 21)))) for _ in "x" * 20
    ]
    hint = load_packaged().classify_client(labels)
    assert hint.answer == "unknown" and hint.unknown > 0.9


def test_names_that_do_not_fit_together_are_unknown() -> None:
    mixed = [names(family, 4)[-1] for family in FAMILIES]
    assert load_packaged().classify_client(mixed).answer == "unknown"


def test_in_a_cell_the_answer_stands_first() -> None:
    for label in ("xmqjtoevkbhrw", "plzdonthackmekthxbye"):
        hint = load_packaged().classify(label)
        first, *others = str(hint).split("; ")
        if hint.answer == "unknown":
            assert (first, len(others)) == ("no known family fits", 1)
            assert others[0].startswith(f"nearest: {hint.families[0].family} 0.")
        else:
            assert first.startswith(hint.answer + " 0.")
        assert not any(x.endswith(" 0.00") for x in others)


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in family_artifact.PACKAGED.iterdir()) < 300_000


@pytest.mark.parametrize("name", ["model.json", "model.sha256", "coefficients.npy"])
def test_one_flipped_bit_is_refused(copy: Path, name: str) -> None:
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 3] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(ArtifactError, match="SHA-256"):
        FamilyModel.load(copy)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: x.update(schema_version=2), "schema_version 2, known is 1"),
        (lambda x: x["traits"].pop(), "features"),
        (lambda x: x["classes"].pop(), "coefficients.npy: does not have"),
        (lambda x: x["groups"].popitem(), "groups"),
        (lambda x: x.update(temperature=0), "temperature 0"),
        (lambda x: x.update(unknown_from=float("nan")), "unknown_from nan"),
        (lambda x: x["typical"].update(goz=float("inf")), "typical"),
        (lambda x: x.pop("files"), "cannot be understood"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    copy: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    metadata = json.loads((copy / "model.json").read_text())
    change(metadata)
    write_metadata(copy, metadata)
    with pytest.raises(ArtifactError, match=said):
        FamilyModel.load(copy)


def test_nothing_of_it_is_loaded_until_one_asks() -> None:
    code = (
        "import json, sys\nsys.path.insert(0, 'lambda_app')\nimport app\n"
        "from chalicelib.web.api import classify\n"
        "def loaded(): return sorted(m for m in sys.modules if 'malicious_domains.families' in m)\n"
        'classify(app.get_scorer(), b\'{"domain": "xmqjtoevkbhrw.ru"}\')\n'
        'classify(app.get_scorer(), b\'{"domain": "google.com", "hint": true}\')\n'
        "print(loaded())\n"
        'answer = classify(app.get_scorer(), b\'{"domain": "xmqjtoevkbhrw.ru", "hint": true}\')\n'
        "print(len(answer['family_hint']['families']), len(loaded()), 'numpy' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-2:] == ["[]", "3 4 False"]
