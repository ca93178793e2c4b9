"""What explains a verdict: the words of a label, and its least likely characters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from ..names.array_types import Ints
from .batch import BatchFeatures
from .quantities import UNLIKELY_LENGTH, Reason, segmentation_text


def explain(features: BatchFeatures, labels: Sequence[str]) -> Iterator[Reason]:
    """Yield the reason for each label; labels are those of the features, in order."""
    if features.tables.words is None or features.tables.characters is None:
        return (Reason(None, None) for _ in labels)
    return map(Reason, segment_labels(features, labels), _find_unlikely(features, labels))


def segment_labels(features: BatchFeatures, labels: Sequence[str]) -> Iterator[str]:
    """Yield the cheapest segmentation of each label: "face|book".

    labels are those of the features. Raises ValueError without a vocabulary.
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


def _find_unlikely(features: BatchFeatures, labels: Sequence[str]) -> Iterator[str]:
    """Yield the UNLIKELY_LENGTH characters of highest total cost, the first of equal ones."""
    cost = features.surprisal[0].astype(np.int64)
    total = np.convolve(cost, np.ones(UNLIKELY_LENGTH, np.int64))[: len(cost)]
    for label, start in zip(labels, features.batch.starts.tolist(), strict=True):
        ends: Ints = total[start + UNLIKELY_LENGTH - 1 : start + len(label)]
        at = int(ends.argmax()) if ends.size else 0
        yield label[at : at + UNLIKELY_LENGTH]
