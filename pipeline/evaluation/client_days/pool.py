"""The names that simulated days are made of, each with the model that may score it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from random import Random

import numpy as np

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.generators.family import Family
from malicious_domains.dga.sampling import FIRST, LAST
from malicious_domains.features.array_types import Floats
from malicious_domains.names.parse import MAX_LABEL

from ...corpus.folds import fold_of
from ...corpus.labelled import Corpus
from ..leave_out import FOLDS, fold_of_family
from .joiners import HELD_OUT, JOINERS, word_lists

LONGEST = 100  # names of a generator in a row
RUNS = 12  # dates and seeds of a family
SOURCES = ("hsts", "universities")
_KEYS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Pool:
    """Names by what they are; texts of one kind may come in another, too."""

    legit: list[str]  # in the order of their popularity, which is made up
    typos: list[str]  # of each of them
    runs: Mapping[str, list[list[str]]]  # hosts in a row, by family and joiner
    tuning: Mapping[str, list[list[str]]]  # as runs, of joiners with word lists to choose by

    def folds(self) -> dict[str, int]:
        """Of each text the fold whose model has not seen it: its family's, or its own."""
        legit = _by_text(self.legit)
        typos = {typo: legit[name] for name, typo in zip(self.legit, self.typos, strict=True)}
        found = typos | legit
        numbers = fold_of_family(FOLDS)
        for runs in (self.tuning, self.runs):
            for family, of_family in runs.items():
                texts = [label_of(host) for run in of_family for host in run]
                fixed = numbers.get(family)
                found |= _by_text(texts) if fixed is None else dict.fromkeys(texts, fixed)
        return found


def label_of(host: str) -> str:
    """The label of a generator's host, which is what the first dot ends."""
    return host.partition(".")[0]


def _by_text(texts: Sequence[str]) -> dict[str, int]:
    return dict(zip(texts, fold_of(texts, FOLDS).tolist(), strict=True))


def make(corpus: Corpus, seed: int, runs: int = RUNS) -> Pool:
    """A pool by seed: legitimate names of the committed lists, and so many runs of a family.

    A legitimate name that a generator makes too is left out.
    """
    random = Random(f"traffic-{seed}")
    families = {name: _runs(family, random, runs) for name, family in FAMILIES.items()}
    legit = _legit(
        corpus, {label_of(x) for of in families.values() for run in of for x in run}, random
    )
    words = word_lists(seed)
    tuning = {
        name: [run for k in range(HELD_OUT) for run in _joined(name, k, words, legit, seed, runs)]
        for name in JOINERS
    }
    held_out = {name: list(_joined(name, HELD_OUT, words, legit, seed, runs)) for name in JOINERS}
    typos = _typos(legit, random)
    return Pool(legit, typos, families | held_out, tuning)


def _legit(corpus: Corpus, generated: set[str], random: Random) -> list[str]:
    frame = corpus.frame[corpus.frame["subclass"].isin(SOURCES)]
    found = [x for x in frame["domain"] if x not in generated]
    random.shuffle(found)
    return found


def _runs(family: Family, random: Random, count: int) -> list[list[str]]:
    """Names in a row, of a variant, seed and date drawn anew for each run."""
    variants = family.sampled_variants
    found = []
    for _ in range(count):
        variant = random.choice(variants or family.variants)
        day = FIRST + timedelta(days=random.randint(0, (LAST - FIRST).days))
        drawn = variant.draw(random) if variant.draw and random.random() < 0.5 else ""
        found.append(_run(variant.generate(day, drawn or random.choice(variant.seeds))))
    return found


def _run(hosts: Iterable[str]) -> list[str]:
    """The first different hosts of a generator."""
    different = dict.fromkeys(x for x in islice(hosts, 20 * LONGEST) if label_of(x))
    return list(islice(different, LONGEST))


def _joined(
    name: str, which: int, words: list[list[str]], legit: list[str], seed: int, runs: int
) -> Iterator[list[str]]:
    for number in range(runs):
        random = Random(f"{name}-{which}-{number}-{seed}")
        known = legit[which :: len(words)]
        yield _run(JOINERS[name](random, words[which], known))


def _typos(names: list[str], random: Random) -> list[str]:
    """A typo of each name, none of them a name or a typo of another."""
    taken, found = set(names), []
    for name in names:
        typo = mistyped(name, random)
        while typo in taken or not typo:
            typo = mistyped(typo or name, random)
        taken.add(typo)
        found.append(typo)
    return found


def mistyped(name: str, random: Random) -> str:
    """A name with a letter left out, doubled, changed, or two swapped."""
    at = random.randrange(max(len(name) - 1, 1))
    match random.randrange(4):
        case 0 if len(name) > 3:
            return name[:at] + name[at + 1 :]
        case 1 if len(name) < MAX_LABEL:
            return name[: at + 1] + name[at:]
        case 2:
            return name[:at] + random.choice(_KEYS) + name[at + 1 :]
    return name[:at] + name[at : at + 2][::-1] + name[at + 2 :]


@dataclass(frozen=True)
class Scores:
    """Log-odds of texts, each by a model that has seen neither it nor its family."""

    odds: Mapping[str, float]

    def of(self, texts: Sequence[str]) -> Floats:
        """Log-odds (texts,); KeyError for a text that was not scored."""
        return np.array([self.odds[x] for x in texts], dtype=np.float64)
