"""Imitate families that join words, each with word lists of its own.

They follow what is published of those families, not their code: suppobox joins two words of a
list of 384, matsnu verbs and nouns up to 24 characters, nymaim a word of each of two long lists,
charbot changes two characters of a known name (J. Peck et al., "CharBot: A Simple and Effective
Method for Evading DGA Classifiers", IEEE Access 7, 2019). "manuelita" joins the head of one word
and the tail of another: no description of that family was at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from random import Random
from string import ascii_lowercase

Words = Sequence[str]
LISTS = 4  # of words; the last one is held out
HELD_OUT = LISTS - 1
_RANKS = slice(500, 40_500)  # of English words by frequency; the first ones are function words
_LENGTHS = range(4, 10)


def word_lists(seed: int) -> list[list[str]]:
    """Return disjoint lists of English words of 4 to 9 letters, in an order that the seed draws."""
    text = (files("wordsegment") / "unigrams.txt").read_text(encoding="utf-8")
    counts = {word: float(n) for word, n in (x.split("\t") for x in text.splitlines())}
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
