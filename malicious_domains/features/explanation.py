"""What a person is shown of a verdict: the words found, and the least likely characters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from .array_types import Ints
from .batch import BatchFeatures
from .quantities import STRETCH, Reason, segmentation_text


def explain(features: BatchFeatures, labels: Sequence[str]) -> Iterator[Reason]:
    """The reasons of every label, in order; labels are those that features were made of."""
    if features.tables.words is None or features.tables.characters is None:
        return (Reason(None, None) for _ in labels)
    return map(Reason, segmentations(features, labels), _unlikely(features, labels))


def segmentations(features: BatchFeatures, labels: Sequence[str]) -> Iterator[str]:
    """Each label with a bar between the parts of its cheapest segmentation: "face|book".

    labels are those that features were made of. Characters in no word stay together.
    Raises ValueError without a vocabulary.
    """
    arcs_to: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for start, end, value in zip(*(x.tolist() for x in features.arcs), strict=True):
        arcs_to[end].append((start, value))
    scores: list[int] = features.viterbi_scores.tolist()

    def backpointer(first: int, at: int) -> int:
        end = first + at
        return next(s for s, value in arcs_to[end] if scores[s] + value == scores[end]) - first

    for label, first in zip(labels, features.batch.starts.tolist(), strict=True):
        yield segmentation_text(label, partial(backpointer, first))


def _unlikely(features: BatchFeatures, labels: Sequence[str]) -> Iterator[str]:
    """The STRETCH characters of highest cost together; the first of equals."""
    cost = features.surprisal[0].astype(np.int64)
    total = np.convolve(cost, np.ones(STRETCH, np.int64))[: len(cost)]
    for label, start in zip(labels, features.batch.starts.tolist(), strict=True):
        ends: Ints = total[start + STRETCH - 1 : start + len(label)]
        at = int(ends.argmax()) if ends.size else 0
        yield label[at : at + STRETCH]
