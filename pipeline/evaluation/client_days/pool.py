"""Draw the names that simulated days are made of, each with the model that may score it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from random import Random

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.generators.family import Family
from malicious_domains.dga.sampling import FIRST, LAST
from malicious_domains.names.parse import MAX_LABEL

from ...corpus.labelled import Corpus, assign_folds
from ..leave_out import FOLDS, fold_of_family
from .joiners import HELD_OUT, JOINERS, word_lists

LONGEST = 100  # names of a generator in a row
RUNS = 12  # dates and seeds of a family
SOURCES = ("hsts", "universities")
# Log-odds of texts, each by a model that has seen neither it nor its family.
Scores = Mapping[str, float]
POPULAR = 4000  # names of the committed lists that are asked for most, where a tail follows them
_ADVERTS = 3000
_BRANDS = 120
_BRAND_PARTS = (
    "api", "apis", "cdn", "static", "media", "images", "usercontent", "tagmanager", "analytics",
    "ads", "services", "cloud", "mail", "video", "store", "update", "syndication", "edge",
)  # fmt: skip
_KEYS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Pool:
    """Labels by kind; one of one kind may occur in another, too."""

    legit: list[str]  # in the order of their popularity, which is made up
    typos: list[str]  # one for each of them
    adverts: list[str]  # odd names that resolve: rotating advertising domains
    brands: list[list[str]]  # names of one service each
    runs: Mapping[str, list[list[str]]]  # consecutive hosts, by family and joiner

    def assign_folds(self) -> dict[str, int]:
        """Return for each text the fold whose model has not seen it: its family's, or its own."""
        legit = _fold_by_text(self.legit)
        others = _fold_by_text([*self.adverts, *(x for brand in self.brands for x in brand)])
        typos = {typo: legit[name] for name, typo in zip(self.legit, self.typos, strict=True)}
        folds, numbers = others | typos | legit, fold_of_family(FOLDS)
        for family, runs in self.runs.items():
            texts = [label_of(host) for run in runs for host in run]
            fixed = numbers.get(family)
            folds |= _fold_by_text(texts) if fixed is None else dict.fromkeys(texts, fixed)
        return folds


def label_of(host: str) -> str:
    """Return the label of a generator's host: the text before the first dot.

    >>> label_of("abc.co.uk")
    'abc'
    """
    return host.partition(".")[0]


def _fold_by_text(texts: Sequence[str]) -> dict[str, int]:
    return dict(zip(texts, assign_folds(texts, FOLDS).tolist(), strict=True))


def make_pool(corpus: Corpus, seed: int, runs: int = RUNS, tail: Sequence[str] = ()) -> Pool:
    """Draw a pool by seed: a corpus's legitimate names, and `runs` runs of each family.

    A legitimate name that a generator makes too is left out. tail: labels that follow the first
    POPULAR ones, in place of the others.

    >>> import pandas as pd
    >>> from pathlib import Path
    >>> rows = {"domain": ["wikipedia", "gardening"], "subclass": "hsts"}
    >>> pool = make_pool(Corpus("own", Path("own.csv"), pd.DataFrame(rows)), seed=1, runs=0)
    >>> pool.legit, pool.typos, pool.brands[0][:3]
    (['wikipedia', 'gardening'], ['wikipudia', 'gapdening'], ['isdn', 'isdnapis', 'isdnmail'])
    >>> [pool.assign_folds()[x] for x in (*pool.legit, *pool.typos)]
    [4, 0, 4, 0]
    """
    names = corpus.frame["domain"][corpus.frame["subclass"].isin(SOURCES)]
    random = Random(f"traffic-{seed}")
    families = {name: _draw_runs(family, random, runs) for name, family in FAMILIES.items()}
    generated = {label_of(x) for of in families.values() for run in of for x in run}
    legit = [x for x in names if x not in generated]
    random.shuffle(legit)
    if tail:
        legit = legit[:POPULAR]
        rest = sorted({*tail} - generated - {*legit})
        random.shuffle(rest)
        legit += rest
    words = word_lists(seed)
    for name, join in JOINERS.items():
        known = legit[HELD_OUT :: len(words)]
        randoms = (Random(f"{name}-{HELD_OUT}-{number}-{seed}") for number in range(runs))
        families[name] = [_take_run(join(x, words[HELD_OUT], known)) for x in randoms]
    typos = _draw_typos(legit, random)
    extra = Random(f"services-{seed}")
    adverts = [*dict.fromkeys(_draw_advert(extra) for _ in range(_ADVERTS))]
    brands = [_draw_brand(extra, words[0]) for _ in range(_BRANDS)]
    return Pool(legit, typos, adverts, brands, families)


def _draw_advert(random: Random) -> str:
    """Return a rotating advertising domain, such as 6ctuslwqz or ymtiqbl1u4."""
    alphabet = _KEYS if random.random() < 0.5 else _KEYS + "0123456789"
    return "".join(random.choices(alphabet, k=random.randint(7, 13)))


def _draw_brand(random: Random, words: Sequence[str]) -> list[str]:
    """Return names that a service has: its word, alone and with the usual others."""
    brand = random.choice(words)
    parts = random.sample(_BRAND_PARTS, random.randint(2, 9))
    return [brand, *(brand + x if random.random() < 0.8 else x + brand for x in parts)]


def _draw_runs(family: Family, random: Random, count: int) -> list[list[str]]:
    """Draw consecutive names; a variant, seed and date anew for each run."""
    runs = []
    for _ in range(count):
        variant = random.choice(family.sampled_variants or family.variants)
        day = FIRST + timedelta(days=random.randint(0, (LAST - FIRST).days))
        drawn = variant.draw(random) if variant.draw and random.random() < 0.5 else ""
        runs.append(_take_run(variant.generate(day, drawn or random.choice(variant.seeds))))
    return runs


def _take_run(hosts: Iterable[str]) -> list[str]:
    """Return the first different hosts of a generator."""
    different = dict.fromkeys(x for x in islice(hosts, 20 * LONGEST) if label_of(x))
    return list(islice(different, LONGEST))


def _draw_typos(names: list[str], random: Random) -> list[str]:
    """Draw a typo of each name, none of them a name or a typo of another."""
    taken, typos = set(names), []
    for name in names:
        typo = draw_typo(name, random)
        while typo in taken or not typo:
            typo = draw_typo(typo or name, random)
        taken.add(typo)
        typos.append(typo)
    return typos


def draw_typo(name: str, random: Random) -> str:
    """Return a name with a letter left out, doubled or changed, or with two letters swapped.

    >>> [draw_typo("wikipedia", Random(seed)) for seed in range(3)]
    ['wikipeida', 'wiipedia', 'ikipedia']
    """
    at = random.randrange(max(len(name) - 1, 1))
    match random.randrange(4):
        case 0 if len(name) > 3:
            return name[:at] + name[at + 1 :]
        case 1 if len(name) < MAX_LABEL:
            return name[: at + 1] + name[at:]
        case 2:
            return name[:at] + random.choice(_KEYS) + name[at + 1 :]
    return name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
