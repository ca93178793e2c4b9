"""The cards of the packaged models have the numbers of their artifacts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from malicious_domains.families import family_artifact
from malicious_domains.families.family_features import FAMILY_FEATURES
from malicious_domains.model.artifact import load_artifact, locate_artifact

DOCS = Path(__file__).parents[1] / "docs"


def read_card(name: str) -> str:
    text = (DOCS / "model-cards.md").read_text(encoding="utf-8")
    card = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert card
    return card[1]


@pytest.mark.parametrize("name", ["classic", "language"])
def test_a_card_has_the_numbers_of_its_artifact(name: str) -> None:
    metadata, card = load_artifact(locate_artifact(name)).metadata, read_card(name)
    metrics, training = metadata["metrics"], metadata["training"]
    data, words = training["data"]
    legitimate = metrics["true_negative"] + metrics["false_positive"]
    generated = metrics["false_negative"] + metrics["true_positive"]
    points = (f"{x['threshold']:.4f}" for x in metadata["operating_points"])
    for wanted in (
        metadata["created"][:10],
        f"H2O {training['h2o_version']}, {training['solver']}, ridge {training['lambda']}",
        f"{data['name']}, {data['rows']:,} rows, SHA-256 `{data['sha256'][:12]}...`",
        f"words: {words['name']}",
        "{training_rows:,} to train, {validation_rows:,} to validate".format(**metrics),
        f"threshold {metadata['threshold']['value']:.4f}, F1 {metrics['f1']:.4f}, "
        f"AUC {metrics['auc']:.4f}; {metrics['false_positive']:,} false positives of "
        f"{legitimate:,}, {metrics['false_negative']:,} of {generated:,} missed",
        f"| {', '.join(points)} |",
    ):
        assert wanted in card
    if name == "language":
        assert f"{len(metadata['features'])} features" in card


def test_the_attacks_of_a_card_are_those_of_the_evaluation() -> None:
    rows = re.findall(r"^\| (?!edit)[a-z].*% \|$", read_card("language"), re.MULTILINE)
    evaluation = (DOCS / "evaluation.md").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 5
    assert set(rows) <= set(evaluation)


def test_the_card_of_the_family_model() -> None:
    model, card = family_artifact.load_artifact(), read_card("families")
    training = model.metadata["training"]
    for wanted in (
        model.metadata["created"][:10],
        f"H2O {training['h2o_version']}, {training['solver']}, ridge {training['lambda']}",
        f"{training['names']:,} names of {len(model.classes)} classes",
        f"{len(model.groups)} groups; temperature {model.temperature}; unknown from P = "
        f"{model.unknown_from}",
        f"{len(FAMILY_FEATURES)} features",
    ):
        assert wanted in card
