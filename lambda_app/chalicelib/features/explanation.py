"""What a person is shown of a verdict: the words found, and the oddest characters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from .batch import BatchFeatures
from .types import Ints

STRETCH = 4  # characters


class Reason(NamedTuple):
    """Why a label looks as it does to a model; None where the model does not look."""

    segmentation: str | None  # words and the characters between them: "face|book"
    unlikely: str | None  # the stretch of characters that surprises most


def explain(view: BatchFeatures, labels: Sequence[str]) -> Iterator[Reason]:
    """The reasons of every label of a batch, in order."""
    if view.tables.words is None or view.tables.characters is None:
        return (Reason(None, None) for _ in labels)
    cuts = segmentations(view, labels)
    return map(Reason, cuts, _unlikely(view, labels))


def segmentations(view: BatchFeatures, labels: Sequence[str]) -> Iterator[str]:
    """Each label cut at the cheapest places; characters in no word stay together."""
    before: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for start, end, cost in zip(*(x.tolist() for x in view.arcs), strict=True):
        before[end].append((start, cost))
    reached: list[int] = view.viterbi_scores.tolist()

    def begun(first: int, at: int) -> int:
        end = first + at
        return next(s for s, cost in before[end] if reached[s] + cost == reached[end]) - first

    for label, first in zip(labels, view.batch.starts.tolist(), strict=True):
        yield segmentation_text(label, partial(begun, first))


def segmentation_text(label: str, begun: Callable[[int], int]) -> str:
    """A label cut where begun(end) says that the last step before an end began."""
    parts: list[str] = []
    at, inside = len(label), False
    while at:
        start = begun(at)
        single = at - start == 1
        if single and inside:
            parts[-1] = label[start] + parts[-1]
        else:
            parts.append(label[start:at])
        at, inside = start, single
    return "|".join(reversed(parts))


def _unlikely(view: BatchFeatures, labels: Sequence[str]) -> Iterator[str]:
    """The STRETCH characters of highest cost together; the first of equals."""
    cost = view.surprisal[0].astype(np.int64)
    total = np.convolve(cost, np.ones(STRETCH, np.int64))[: len(cost)]
    for label, start in zip(labels, view.batch.starts.tolist(), strict=True):
        ends: Ints = total[start + STRETCH - 1 : start + len(label)]
        at = int(ends.argmax()) if ends.size else 0
        yield label[at : at + STRETCH]
