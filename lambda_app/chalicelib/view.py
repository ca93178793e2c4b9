"""A batch of labels as features see it, with what several of them need computed once."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from .characters import Characters
from .encoding import SIZE, Batch
from .lexicon import Lexicon
from .words import Cut, Matches, Steps, Words, cheapest

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
T = TypeVar("T")


class Tables(NamedTuple):
    """What an artifact knows of words and characters; None: it has no such table."""

    lexicon: Lexicon | None = None
    characters: Characters | None = None
    words: Words | None = None


class View:
    """An encoded batch and the tables to look at it with."""

    def __init__(self, batch: Batch, tables: Tables) -> None:
        self.batch = batch
        self.tables = tables
        self.lengths = batch.lengths
        self.size = int((batch.lengths + 1).sum())
        self.codes = batch.codes[: self.size]  # each label with the mark that ends it

    def sum(self, values: NDArray[np.generic]) -> Ints:
        """Sums of one value a character over each label, int64 (labels,)."""
        return np.add.reduceat(values, self.batch.starts, dtype=np.int64)

    def longest(self, flags: Bools) -> Ints:
        """The longest run of flagged characters in each label, int64 (labels,)."""
        place = np.arange(self.size)
        last = np.maximum.accumulate(np.where(flags, -1, place))
        return np.maximum.reduceat(place - last, self.batch.starts)

    @cached_property
    def counts(self) -> Ints:
        """How often each character code stands in each label, int64 (labels, SIZE)."""
        n = len(self.lengths)
        owner = np.repeat(np.arange(0, n * SIZE, SIZE), self.lengths + 1)
        counts = np.bincount(owner + self.codes, minlength=n * SIZE).reshape(n, SIZE)
        counts[:, -1] -= 1  # the mark that ends each label
        return counts

    @cached_property
    def surprisal(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Cost of each character after two and after three before it, uint8 (size,) each."""
        return _there(self.tables.characters).costs(self.batch)

    @cached_property
    def matches(self) -> Matches:
        """The words of the word table in the batch."""
        return _there(self.tables.words).find(self.batch)

    @cached_property
    def steps(self) -> Steps:
        """Words and single characters that a cut may be made of."""
        return _there(self.tables.words).steps(self.batch, self.matches)

    @cached_property
    def reached(self) -> Ints:
        """The value of the cheapest path to each character and each end, (size,)."""
        return cheapest(self.batch, self.steps)

    @cached_property
    def cut(self) -> Cut:
        """What the cheapest cut of each label is made of."""
        return Cut.of(self.reached[self.batch.starts + self.lengths])

    @cached_property
    def found(self) -> Ints:
        """Substrings that are words: of the word table, or of the lexicon, int64 (labels,)."""
        if self.tables.words is None:
            return _there(self.tables.lexicon).count(self.batch)
        return self.sum(np.bincount(self.matches.start, minlength=self.size))


def _there(table: T | None) -> T:
    if table is None:
        raise ValueError("a feature needs a table that the artifact does not have")
    return table
