"""Imitate families that join words, each with word lists of its own.

They follow what is published of those families, not their code; of charbot: J. Peck et al.,
"CharBot: A Simple and Effective Method for Evading DGA Classifiers", IEEE Access 7, 2019. No
description of manuelita was at hand.

>>> words = word_lists(seed=1)[HELD_OUT]
>>> [next(generate(Random(1), words, ["wikipedia"])) for generate in JOINERS.values()]
['goldmanpower', 'albatrossalexeicardiac', 'tehran-monika', 'wdkipedia', 'mailinimax']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from string import ascii_lowercase

from ...training.language_model import read_word_counts

Words = Sequence[str]
LISTS = 4  # of words; the last one is held out
HELD_OUT = LISTS - 1
_RANKS = slice(500, 40_500)  # of English words by frequency; the first ones are function words
_LENGTHS = range(4, 10)


def word_lists(seed: int) -> list[list[str]]:
    """Return disjoint lists of English words of 4 to 9 letters, in an order that the seed draws."""
    counts, _ = read_word_counts(_RANKS.stop + 500)  # more, as words of equal counts are sorted
    ranked = sorted(counts, key=lambda word: (-counts[word], word))[_RANKS]
    words = [x for x in ranked if len(x) in _LENGTHS and x.isascii() and x.isalpha()]
    Random(f"words-{seed}").shuffle(words)
    return [words[k::LISTS] for k in range(LISTS)]


def suppobox(random: Random, words: Words, _: Words) -> Iterator[str]:
    """Yield two words of a list of 384."""
    own = random.sample(words, 384)
    while True:
        yield random.choice(own) + random.choice(own)


def matsnu(random: Random, words: Words, _: Words) -> Iterator[str]:
    """Yield words of a list of 444 and one of 878 in turn, up to 24 characters."""
    first, second = random.sample(words, 444), random.sample(words, 878)
    while True:
        name = random.choice(first)
        for own in (second, first, second):
            longer = name + random.choice(own)
            if len(longer) > 24:
                break
            name = longer
        yield name


def nymaim(random: Random, words: Words, _: Words) -> Iterator[str]:
    """Yield a word of a list of 2,450 and one of a list of 4,387, sometimes with a hyphen."""
    first, second = random.sample(words, 2450), random.sample(words, min(4387, len(words)))
    while True:
        yield random.choice(first) + random.choice(("", "-")) + random.choice(second)


def charbot(random: Random, _: Words, names: Words) -> Iterator[str]:
    """Yield a known name with two of its characters changed."""
    long = [x for x in names if len(x) >= 6]
    while True:
        name = [*random.choice(long)]
        for at in random.sample(range(len(name)), 2):
            name[at] = random.choice(ascii_lowercase)
        yield "".join(name)


def manuelita(random: Random, words: Words, _: Words) -> Iterator[str]:
    """Yield the head of a word of a list of 1,000 and the tail of another."""
    own = random.sample(words, 1000)
    while True:
        head, tail = random.choice(own), random.choice(own)
        yield head[: random.randint(3, 6)] + tail[-random.randint(3, 6) :]


JOINERS: dict[str, Callable[[Random, Words, Words], Iterator[str]]] = {
    f"{generate.__name__}-like": generate
    for generate in (suppobox, matsnu, nymaim, charbot, manuelita)
}
