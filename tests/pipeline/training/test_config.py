"""The knobs of a training: in one place, fixed, each with its meaning."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

from malicious_domains.model.scorer import Scorer
from pipeline.training import config
from pipeline.training.config import DEFAULTS, TrainConfig

FIELDS = [field.name for field in dataclasses.fields(TrainConfig)]
SOURCES = [path.read_text() for path in Path(config.__file__).parent.glob("*.py")]


def test_every_knob_is_used_and_says_what_it_does() -> None:
    lines = inspect.getsource(TrainConfig).splitlines()
    for name in FIELDS:
        (line,) = [x for x in lines if re.match(rf"    {name}:", x)]
        assert " # " in line, name
        used = re.compile(rf"\b(config|self|DEFAULTS)\.{name}\b")
        assert any(map(used.search, SOURCES)), name


def test_a_knob_cannot_be_turned_by_accident() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULTS.bins = 8  # type: ignore[misc]


def test_the_packaged_models_were_made_with_the_defaults(scorer: Scorer) -> None:
    metadata = scorer.artifact.metadata
    recorded = metadata["training"]
    assert recorded["alpha"] == DEFAULTS.alpha
    assert recorded["lambda"] == getattr(DEFAULTS, f"ridge_{metadata['name']}")
    assert recorded["seed"] == DEFAULTS.split_seed
    points = [x["false_positive_rate"] for x in metadata["operating_points"]]
    assert points == [*DEFAULTS.false_positive_rates]
    if metadata["name"] == "language":
        edges = [len(x["edges"]) for x in metadata["bins"].values()]
        assert DEFAULTS.bins - 1 <= max(edges) < 2 * DEFAULTS.bins
