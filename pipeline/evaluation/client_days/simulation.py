"""Made-up networks of clients and their days: clean ones, and the same with a generator at work.

Nothing here is measured on people: sizes and shares are chosen by eye, and all are below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from malicious_domains.clients.client_day import ClientDay
from malicious_domains.clients.common_labels import find_nxdomain_pairs, find_rare_pairs
from malicious_domains.clients.fourgrams import Background
from malicious_domains.features.array_types import Bools, Floats, Ints

from .pool import Pool, Scores, label_of

_DAY = 86_400.0
_HOURS = (8 * 3600.0, 18 * 3600.0)  # between which people are at work


@dataclass(frozen=True)
class Habits:
    """How clients of a clean network behave; means and shares by client and day."""

    clients: int = 250
    names: float = 100.0  # different names asked for: median of a log-normal
    spread: float = 0.9  # its sigma
    popularity: float = 1.0  # exponent of Zipf's law
    flat: float = 20.0  # added to the rank: how alike the most popular are
    typos: float = 1.0
    gone: float = 1.5  # names asked for that no longer exist
    bursts: float = 0.04  # share of days with a page or feed of dead links
    burst: float = 12.0  # its dead links: median of a log-normal, sigma 0.8
    hobbies: float = 0.4  # things that many names of a day are about, each with a word of its own
    hobby: float = 8.0  # how many: median of a log-normal, sigma 0.6
    suffixes: Sequence[float] = (0.02, 0.005)  # shares of labels under two and three suffixes
    search: float = 0.2  # share of networks whose search suffix does not exist outside


class _Asked:
    """Rows of who asked for what, gathered part by part."""

    def __init__(self) -> None:
        self.parts: list[tuple[Ints, Ints, Floats, Bools]] = []

    def add(self, client: Ints, text: Ints, time: Floats, dead: bool) -> None:
        self.parts.append((client, text, time, np.full(len(client), dead)))

    def arrays(self) -> tuple[Ints, Ints, Floats, Bools]:
        client, text, time, dead = (np.concatenate(x) for x in zip(*self.parts, strict=True))
        return client, text, time, dead


@dataclass(frozen=True)
class Names:
    """A pool as arrays: legitimate names by rank, then the typos of each."""

    texts: list[str]
    z: Floats
    hobbies: list[Ints]  # groups of legitimate names that have six letters in common

    @classmethod
    def of(cls, pool: Pool, scores: Scores) -> Names:
        """Score and group the pool's legitimate names."""
        texts = [*pool.legit, *pool.typos]
        return cls(texts, scores.of(texts), _hobbies(pool.legit))

    @property
    def legit(self) -> int:
        """How many are legitimate."""
        return len(self.texts) // 2

    @cached_property
    def ranks(self) -> Floats:
        """Of the legitimate names, from 1."""
        return np.arange(1, self.legit + 1, dtype=np.float64)


def _hobbies(legit: list[str]) -> list[Ints]:
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(legit):
        for part in {name[:6], name[-6:]}:
            if len(part) == 6 and part.isalpha():
                groups.setdefault(part, []).append(i)
    return [np.array(x) for _, x in sorted(groups.items()) if 20 <= len(x) <= 400]


@dataclass(frozen=True)
class Network:
    """A clean network's day: the unfamiliar labels of each client, and how common pieces are."""

    coded: list[ClientDay]  # as a log with response codes has them
    uncoded: list[ClientDay]
    grams: Background


def network(names: Names, random: np.random.Generator, habits: Habits) -> Network:
    """A network's day, drawn."""
    client, text, time, dead = _asked(names, random, habits)
    key = client * len(names.texts) + text
    order = np.lexsort((time, key))
    first = order[np.unique(key[order], return_index=True)[1]]
    client, text, time, dead = client[first], text[first], time[first], dead[first]
    suffixes = 3 - np.searchsorted(
        np.cumsum(habits.suffixes[::-1]), random.random(len(dead)), side="right"
    )
    grams = Background.count([names.texts[i] for i in np.unique(text).tolist()])
    days = {}
    for coded in (True, False):
        told = np.full(len(dead), coded)
        gone = find_nxdomain_pairs(dead, text, told)
        clients = np.bincount(text, minlength=len(names.texts))
        none = np.zeros(len(names.texts), np.bool_)
        new = find_rare_pairs(text, gone, none, clients, habits.clients, coded)
        rows = client[new], text[new], time[new], gone[new], suffixes[new]
        days[coded] = _days(names, habits.clients, *rows)
    return Network(days[True], days[False], grams)


def _asked(
    names: Names, random: np.random.Generator, habits: Habits
) -> tuple[Ints, Ints, Floats, Bools]:
    asked, every = _Asked(), np.arange(habits.clients)
    weights = np.cumsum((names.ranks + habits.flat) ** -habits.popularity)

    def drawn(count: int) -> Ints:
        ranks: Ints = np.searchsorted(weights, random.random(count) * weights[-1])
        return ranks

    def at_work(count: int) -> Floats:
        return random.uniform(*_HOURS, count)

    many = random.lognormal(np.log(habits.names), habits.spread, habits.clients).astype(int) + 1
    asked.add(np.repeat(every, many), drawn(many.sum()), at_work(many.sum()), False)
    wrong = random.poisson(habits.typos, habits.clients)
    asked.add(np.repeat(every, wrong), drawn(wrong.sum()) + names.legit, at_work(wrong.sum()), True)
    gone = random.poisson(habits.gone, habits.clients)
    asked.add(np.repeat(every, gone), _tail(names, random, gone.sum()), at_work(gone.sum()), True)
    for who in np.flatnonzero(random.random(habits.clients) < habits.bursts).tolist():
        size = int(random.lognormal(np.log(habits.burst), 0.8)) + 1
        when = random.uniform(*_HOURS) + random.uniform(0, 60, size)
        asked.add(np.full(size, who), _tail(names, random, size), when, True)
    for who in np.repeat(every, random.poisson(habits.hobbies, habits.clients)).tolist():
        _hobby(who, names, random, habits, asked)
    if random.random() < habits.search:
        suffix = random.integers(names.legit // 2, names.legit, 1)
        asked.add(every, np.repeat(suffix, len(every)), at_work(len(every)), True)
    return asked.arrays()


def _hobby(
    who: int, names: Names, random: np.random.Generator, habits: Habits, asked: _Asked
) -> None:
    if not names.hobbies:
        return
    group = names.hobbies[random.integers(len(names.hobbies))]
    size = min(int(random.lognormal(np.log(habits.hobby), 0.6)) + 1, len(group))
    own = random.choice(group, size, replace=False)
    when = random.uniform(*_HOURS) + random.uniform(0, 1800, size)
    asked.add(np.full(size, who), own, when, False)


def _tail(names: Names, random: np.random.Generator, size: int) -> Ints:
    """Names that are not popular, all alike."""
    return random.integers(names.legit // 10, names.legit, size)


def _days(
    names: Names, clients: int, client: Ints, text: Ints, time: Floats, dead: Bools, suffixes: Ints
) -> list[ClientDay]:
    order = np.lexsort((text, time, client))
    found = []
    for rows in np.split(order, np.searchsorted(client[order], np.arange(1, clients))):
        labels = [names.texts[i] for i in text[rows].tolist()]
        z = names.z[text[rows]]
        found.append(ClientDay(labels, z, suffixes[rows], dead[rows], time[rows], time[rows]))
    return found


@dataclass(frozen=True)
class Infection:
    """What a generator adds to a day."""

    hosts: list[str]  # in its own order
    scores: Scores
    burst: bool  # within some seconds; else over the whole day
    nxdomain: float  # share of the hosts that do not exist


def infected(
    day: ClientDay, infection: Infection, random: np.random.Generator, coded: bool
) -> ClientDay:
    """A clean day with a generator's hosts in it, less the labels that the client asked for too."""
    count = len(infection.hosts)
    if infection.burst:
        time = random.uniform(0, _DAY) + np.sort(random.uniform(0, count * 0.5, count))
    else:
        time = np.sort(random.uniform(0, _DAY, count))
    gone = (random.random(count) < infection.nxdomain) & coded
    places: dict[str, list[int]] = {}  # of each label, in its order
    for i, host in enumerate(infection.hosts):
        places.setdefault(label_of(host), []).append(i)
    added = {text: at for text, at in places.items() if text not in set(day.labels)}
    first = [at[0] for at in added.values()]
    dead = np.array([gone[at].all() for at in added.values()], dtype=np.bool_)
    times = np.concatenate([day.first_seen, time[first]])
    order = np.argsort(times, kind="stable")
    labels = [*day.labels, *added]
    return ClientDay(
        labels=[labels[i] for i in order.tolist()],
        log_odds=np.concatenate([day.log_odds, infection.scores.of(list(added))])[order],
        suffix_counts=np.concatenate([day.suffix_counts, [len(at) for at in added.values()]])[
            order
        ],
        nxdomain=np.concatenate([day.nxdomain, dead])[order],
        first_seen=times[order],
        last_seen=times[order],
    )


def grams_with(grams: Background, day: ClientDay, clean: ClientDay) -> Background:
    """A network's pieces with those of the labels that an infected day has beyond its clean one."""
    return grams.add(sorted(set(day.labels) - set(clean.labels)))
