"""Simulate networks of clients and their days: clean ones, and the same with a generator at work.

Nothing here is measured on people: all sizes and shares are chosen by eye.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from malicious_domains.clients.client_day import ClientDay
from malicious_domains.clients.common_labels import find_nxdomain_pairs, find_rare_pairs
from malicious_domains.clients.fourgrams import Background
from malicious_domains.names.array_types import Bools, Floats, Ints

from .pool import Pool, Scores, label_of

_DAY = 86_400.0
_HOURS = (8 * 3600.0, 18 * 3600.0)  # between which people are at work
_Queries = tuple[Ints, Ints, Floats, Bools]  # client, number of the text, time, NXDOMAIN


@dataclass(frozen=True)
class Habits:
    """How clients of a clean network behave; means and shares by client and day."""

    clients: int = 250
    devices: int = 1  # behind each client
    names: float = 100.0  # different names asked for: median of a log-normal
    names_sigma: float = 0.9
    zipf_exponent: float = 1.0
    rank_offset: float = 20.0  # added to the rank: how alike the most popular names are
    typos: float = 1.0
    expired: float = 1.5  # names asked for that no longer exist
    dead_pages: float = 0.04  # share of days with a page or feed of dead links
    dead_links: float = 12.0  # on it: median of a log-normal, sigma 0.8
    topics: float = 0.4  # things that many names of a day are about, each with a word of its own
    topic_names: float = 8.0  # of a topic: median of a log-normal, sigma 0.6
    suffixes: Sequence[float] = (0.02, 0.005)  # shares of labels under two and three suffixes
    search_suffix: float = 0.2  # share of networks whose search suffix does not exist outside
    advert_days: float = 0.1  # share of days with rotating advertising domains
    adverts: float = 0.5  # of them beyond the first: mean
    advert_pool: int = 60  # of a network on a day
    brands: int = 4  # services that a network uses, each with several names
    crawls: float = 0.0  # share of days with 1,000 to 4,000 rare labels
    dead_lists: float = 0.0  # share of days with a list of 200 dead links

    def of_household(self, devices: int) -> Habits:
        """Return those of one client that stands for several devices: a router."""
        return replace(
            self,
            clients=1,
            names=self.names * devices,
            typos=self.typos * devices,
            expired=self.expired * devices,
            dead_pages=min(self.dead_pages * devices, 1.0),
            topics=self.topics * devices,
            devices=devices,
        )


@dataclass(frozen=True)
class ScoredNames:
    """A pool as arrays: legitimate names by rank, the typo of each, then those of services."""

    texts: list[str]
    log_odds: Floats
    legit: int  # how many are legitimate names by rank
    topics: list[Ints]  # groups of legitimate names that have six letters in common
    adverts: Ints
    brands: list[Ints]

    @classmethod
    def of_pool(cls, pool: Pool, scores: Scores) -> ScoredNames:
        """Score and group the pool's legitimate names."""
        texts = dict.fromkeys([*pool.legit, *pool.typos])
        legit = len(pool.legit)
        for text in (*pool.adverts, *(x for brand in pool.brands for x in brand)):
            texts.setdefault(text)
        number = {text: i for i, text in enumerate(texts)}
        adverts, *brands = (
            np.array([number[x] for x in group]) for group in (pool.adverts, *pool.brands)
        )
        topics = _group_topics(pool.legit)
        return cls([*texts], scores.look_up([*texts]), legit, topics, adverts, brands)

    @cached_property
    def ranks(self) -> Floats:
        """Return the ranks of the legitimate names, from 1."""
        return np.arange(1, self.legit + 1, dtype=np.float64)


def _group_topics(legit: list[str]) -> list[Ints]:
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(legit):
        for part in {name[:6], name[-6:]}:
            if len(part) == 6 and part.isalpha():
                groups.setdefault(part, []).append(i)
    return [np.array(x) for _, x in sorted(groups.items()) if 20 <= len(x) <= 400]


@dataclass(frozen=True)
class Network:
    """A clean network's day: the rare labels of each client, and how common n-grams are."""

    days: dict[bool, list[ClientDay]]  # of a log with response codes (True), and without
    grams: Background


def simulate_network(names: ScoredNames, random: np.random.Generator, habits: Habits) -> Network:
    """Simulate a clean network's day."""
    client, text, time, nxdomain = _draw_queries(names, random, habits)
    key = client * len(names.texts) + text
    order = np.lexsort((time, key))
    first = order[np.unique(key[order], return_index=True)[1]]
    client, text, time, nxdomain = client[first], text[first], time[first], nxdomain[first]
    suffixes = 3 - np.searchsorted(
        np.cumsum(habits.suffixes[::-1]), random.random(len(first)), side="right"
    )
    clients_of_text = np.bincount(text, minlength=len(names.texts))
    allowed = np.zeros(len(names.texts), np.bool_)
    days = {}
    for has_rcodes in (True, False):
        told = find_nxdomain_pairs(nxdomain, text, np.full(len(first), has_rcodes))
        rare = find_rare_pairs(text, told, allowed, clients_of_text, habits.clients, has_rcodes)
        columns = client[rare], text[rare], time[rare], told[rare], suffixes[rare]
        days[has_rcodes] = _split_by_client(names, habits.clients, *columns)
    return Network(days, Background.count([names.texts[i] for i in np.unique(text).tolist()]))


def _draw_queries(names: ScoredNames, random: np.random.Generator, habits: Habits) -> _Queries:
    every = np.arange(habits.clients)
    weights = np.cumsum((names.ranks + habits.rank_offset) ** -habits.zipf_exponent)
    parts: list[_Queries] = []

    def ask(client: Ints, text: Ints, time: Floats, nxdomain: bool) -> None:
        parts.append((client, text, time, np.full(len(client), nxdomain)))

    def draw_popular(count: int) -> Ints:
        ranks: Ints = np.searchsorted(weights, random.random(count) * weights[-1])
        return ranks

    def draw_times(count: int) -> Floats:
        return random.uniform(*_HOURS, count)

    def draw_rare(count: int) -> Ints:
        return random.integers(names.legit // 10, names.legit, count)

    names_asked = random.lognormal(np.log(habits.names), habits.names_sigma, habits.clients)
    count = names_asked.astype(int) + 1
    ask(np.repeat(every, count), draw_popular(count.sum()), draw_times(count.sum()), False)
    count = random.poisson(habits.typos, habits.clients)
    typos = draw_popular(count.sum()) + names.legit
    ask(np.repeat(every, count), typos, draw_times(count.sum()), True)
    count = random.poisson(habits.expired, habits.clients)
    ask(np.repeat(every, count), draw_rare(count.sum()), draw_times(count.sum()), True)
    for client in np.flatnonzero(random.random(habits.clients) < habits.dead_pages).tolist():
        size = int(random.lognormal(np.log(habits.dead_links), 0.8)) + 1
        time = random.uniform(*_HOURS) + random.uniform(0, 60, size)
        ask(np.full(size, client), draw_rare(size), time, True)
    for client in np.repeat(every, random.poisson(habits.topics, habits.clients)).tolist():
        if names.topics:
            group = names.topics[random.integers(len(names.topics))]
            size = min(int(random.lognormal(np.log(habits.topic_names), 0.6)) + 1, len(group))
            text = random.choice(group, size, replace=False)
            time = random.uniform(*_HOURS) + random.uniform(0, 1800, size)
            ask(np.full(size, client), text, time, False)
    pool = random.choice(names.adverts, habits.advert_pool)
    some = random.binomial(habits.devices, habits.advert_days, habits.clients)
    count = some + random.poisson(habits.adverts * some)
    ask(np.repeat(every, count), random.choice(pool, count.sum()), draw_times(count.sum()), False)
    for brand in random.choice(len(names.brands), habits.brands, replace=False).tolist():
        asked = random.random((habits.clients, len(names.brands[brand]))) < 0.5
        client, part = np.nonzero(asked)
        ask(client, names.brands[brand][part], draw_times(len(part)), False)
    for share, lowest, highest, missing in (
        (habits.crawls, 1000, 4000, False),
        (habits.dead_lists, 150, 300, True),
    ):
        for client in np.flatnonzero(random.random(habits.clients) < share).tolist():
            size = int(random.integers(lowest, highest))
            text = random.choice(np.arange(names.legit // 10, names.legit), size, replace=False)
            ask(np.full(size, client), text, draw_times(size), missing)
    if random.random() < habits.search_suffix:
        suffix = random.integers(names.legit // 2, names.legit, 1)
        ask(every, np.repeat(suffix, len(every)), draw_times(len(every)), True)
    client, text, time, nxdomain = (np.concatenate(x) for x in zip(*parts, strict=True))
    return client, text, time, nxdomain


def _split_by_client(
    names: ScoredNames,
    clients: int,
    client: Ints,
    text: Ints,
    time: Floats,
    nxdomain: Bools,
    suffixes: Ints,
) -> list[ClientDay]:
    order = np.lexsort((text, time, client))
    days = []
    for rows in np.split(order, np.searchsorted(client[order], np.arange(1, clients))):
        labels, odds = [names.texts[i] for i in text[rows].tolist()], names.log_odds[text[rows]]
        columns = suffixes[rows], nxdomain[rows], time[rows], time[rows]
        days.append(ClientDay(labels, odds, *columns))
    return days


@dataclass(frozen=True)
class Infection:
    """What a generator adds to a day."""

    hosts: list[str]  # in its own order
    scores: Scores
    burst: bool  # within some seconds; else over the whole day
    nxdomain: float  # share of the hosts that do not exist


def infect_day(
    day: ClientDay, infection: Infection, random: np.random.Generator, has_rcodes: bool
) -> ClientDay:
    """Return a clean day with a generator's hosts in it.

    Labels that the client asks for anyway are not added.
    """
    count = len(infection.hosts)
    if infection.burst:
        time = random.uniform(0, _DAY) + np.sort(random.uniform(0, count * 0.5, count))
    else:
        time = np.sort(random.uniform(0, _DAY, count))
    missing = (random.random(count) < infection.nxdomain) & has_rcodes
    hosts_of: dict[str, list[int]] = {}  # by label, in its order
    for i, host in enumerate(infection.hosts):
        hosts_of.setdefault(label_of(host), []).append(i)
    known = set(day.labels)
    added = {text: at for text, at in hosts_of.items() if text not in known}
    nxdomain = np.array([missing[at].all() for at in added.values()], dtype=np.bool_)
    times = np.concatenate([day.first_seen, time[[at[0] for at in added.values()]]])
    suffix_counts = np.concatenate([day.suffix_counts, [len(at) for at in added.values()]])
    order = np.argsort(times, kind="stable")
    labels = [*day.labels, *added]
    return ClientDay(
        labels=[labels[i] for i in order.tolist()],
        log_odds=np.concatenate([day.log_odds, infection.scores.look_up(list(added))])[order],
        suffix_counts=suffix_counts[order],
        nxdomain=np.concatenate([day.nxdomain, nxdomain])[order],
        first_seen=times[order],
        last_seen=times[order],
    )


def add_grams(grams: Background, day: ClientDay, clean: ClientDay) -> Background:
    """Add the n-grams of the labels that an infected day has beyond its clean one."""
    return grams.add(sorted(set(day.labels) - set(clean.labels)))
