"""The model that scores names, as commands and engines are asked for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..model.artifact import MAX_F1
from ..model.scorer import Scorer
from ..names.public_suffix import add_zones


class ModelOptions(NamedTuple):
    """A model, its operating point, and the lists that go before it."""

    model: str | None = None  # as Scorer.load takes it
    allow: tuple[str, ...] = ()  # paths of allow lists
    provider_zones: tuple[str, ...] = ()  # beside the packaged ones
    customer_zones: tuple[str, ...] = ()  # beside the packaged ones, too
    operating_point: str | float = MAX_F1
    dga_index: str | None = None  # the path of an index of generated names
    allowed_names: tuple[str, ...] = ()  # entries of an allow list


@cache
def load_scorer(options: ModelOptions) -> Scorer:
    """Load the model, once in each process; raise what Scorer.load and add_zones raise."""
    return Scorer.load(
        options.model,
        allow=[*map(Path, options.allow), *options.allowed_names] or None,
        dga_index=options.dga_index,
        operating_point=options.operating_point,
        zones=add_zones(options.provider_zones, options.customer_zones),
    )
