"""Simulate networks of clients and their days: clean ones, and the same with a generator at work.

Nothing here is measured on people: all sizes and shares are chosen by eye.

>>> pool = Pool(["google", "amazon"], ["gogle", "amazom"], ["q7xk2mzw"], [["news"]] * 4, {})
>>> scores = {"google": -9, "gogle": -2, "amazon": -9, "amazom": -1, "q7xk2mzw": 4, "news": -7}
>>> names, random = ScoredNames.of_pool(pool, scores), np.random.default_rng(1)
>>> network, without_rcodes = simulate_network(names, random, Habits(clients=2))
>>> network.days[0].labels, network.days[0].nxdomain.tolist()
(['google', 'amazon', 'amazom'], [False, False, True])
>>> infection = Infection(["xmqj.ru", "qgkd.ru"], burst=True, nxdomain=1.0)
>>> infect_day(network, 0, infection, {"xmqj": 5, "qgkd": 6}, random).days[0].labels
['xmqj', 'qgkd', 'google', 'amazon', 'amazom']
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from malicious_domains.clients.client_day import ClientDay, LogContext
from malicious_domains.clients.common_labels import find_nxdomain_pairs, find_rare_pairs
from malicious_domains.clients.fourgrams import Background
from malicious_domains.names.array_types import Bools, Floats, Ints

from .pool import Pool, Scores, label_of

_DAY = 86_400.0
_HOURS = (8 * 3600.0, 18 * 3600.0)  # between which people are at work
_RANK_OFFSET = 20.0  # added to the rank in Zipf's law: how alike the most popular names are
_SUFFIXES = (0.005, 0.02)  # shares of labels under three and two suffixes
_SEARCH_SUFFIX = 0.2  # share of networks whose search suffix does not exist outside
_SERVICES = 4  # services that a network uses, each with several names
_Queries = tuple[Ints, Ints, Floats, Bools]  # client, number of the text, time, NXDOMAIN


@dataclass(frozen=True)
class Habits:
    """How clients of a clean network behave; means and shares by client and day."""

    clients: int = 250
    devices: int = 1  # behind each client: a router's household
    names: float = 100.0  # different names that a device asks for: median, log-normal, sigma 0.9
    typos: float = 1.0  # of a device
    expired: float = 1.5  # names of a device that no longer exist
    dead_pages: float = 0.04  # share of a device's days with a page or feed of dead links
    dead_links: float = 12.0  # on it: median of a log-normal, sigma 0.8
    topics: float = 0.4  # what many names of a device's day are about, each with a word of its own
    topic_names: float = 8.0  # of a topic: median of a log-normal, sigma 0.6
    advert_days: float = 0.1  # share of a device's days with rotating advertising domains
    adverts: float = 0.5  # of them beyond the first: mean
    advert_pool: int = 60  # of a network on a day
    crawls: float = 0.0  # share of days with 1,000 to 4,000 rare labels
    dead_lists: float = 0.0  # share of days with a list of 200 dead links


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
        groups = (pool.legit, pool.typos, pool.adverts, *pool.brands)
        texts = [*dict.fromkeys(text for group in groups for text in group)]
        number = {text: i for i, text in enumerate(texts)}
        adverts, *brands = (np.array([number[x] for x in group]) for group in groups[2:])
        odds = np.array([scores[x] for x in texts], np.float64)
        return cls(texts, odds, len(pool.legit), _group_topics(pool.legit), adverts, brands)

    @cached_property
    def weights(self) -> Floats:
        """The cumulated weights of the legitimate names, by Zipf's law."""
        weights: Floats = np.cumsum(1 / (np.arange(1, self.legit + 1) + _RANK_OFFSET))
        return weights


def _group_topics(legit: list[str]) -> list[Ints]:
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(legit):
        for part in {name[:6], name[-6:]}:
            if len(part) == 6 and part.isalpha():
                groups.setdefault(part, []).append(i)
    return [np.array(x) for _, x in sorted(groups.items()) if 20 <= len(x) <= 400]


@dataclass(frozen=True)
class Network:
    """A clean network's day: the rare labels of each client, and the facts about its log."""

    days: list[ClientDay]
    log: LogContext


def simulate_network(
    names: ScoredNames, random: np.random.Generator, habits: Habits
) -> tuple[Network, Network]:
    """Simulate a clean network's day; return it by a log with response codes, and without."""
    client, text, time, nxdomain = _draw_queries(names, random, habits)
    key = client * len(names.texts) + text
    order = np.lexsort((time, key))
    first = order[np.unique(key[order], return_index=True)[1]]
    client, text, time, nxdomain = client[first], text[first], time[first], nxdomain[first]
    suffixes = 3 - np.searchsorted(np.cumsum(_SUFFIXES), random.random(len(first)), side="right")
    clients = np.bincount(text, minlength=len(names.texts))
    allowed = np.zeros(len(names.texts), np.bool_)
    background = Background.count([names.texts[i] for i in np.unique(text).tolist()])

    def make_network(has_rcodes: bool) -> Network:
        missing = find_nxdomain_pairs(nxdomain, text, np.full(len(first), has_rcodes))
        is_rare = find_rare_pairs(text, missing, allowed, clients, habits.clients, has_rcodes)
        rare = np.flatnonzero(is_rare)
        order, days = rare[np.lexsort((text[rare], time[rare], client[rare]))], []
        for at in np.split(order, np.searchsorted(client[order], np.arange(1, habits.clients))):
            labels, odds = [names.texts[i] for i in text[at].tolist()], names.log_odds[text[at]]
            days.append(ClientDay(labels, odds, suffixes[at], missing[at], time[at], time[at]))
        return Network(days, LogContext(has_rcodes, background, habits.clients))

    return make_network(True), make_network(False)


def _draw_queries(names: ScoredNames, random: np.random.Generator, habits: Habits) -> _Queries:
    every, devices = np.arange(habits.clients), habits.devices
    parts: list[_Queries] = []

    def ask(client: Ints, text: Ints, time: Floats, nxdomain: bool = False) -> None:
        parts.append((client, text, time, np.full(len(client), nxdomain)))

    def draw_popular(count: int) -> Ints:
        ranks: Ints = np.searchsorted(names.weights, random.random(count) * names.weights[-1])
        return ranks

    def draw_times(count: int) -> Floats:
        return random.uniform(*_HOURS, count)

    def draw_rare(count: int) -> Ints:
        return random.integers(names.legit // 10, names.legit, count)

    def draw_size(median: float, sigma: float) -> int:
        return int(random.lognormal(np.log(median), sigma)) + 1

    def draw_clients(share: float) -> Ints:
        return np.flatnonzero(random.random(habits.clients) < min(share, 1.0))

    count = random.lognormal(np.log(habits.names * devices), 0.9, habits.clients).astype(int) + 1
    ask(np.repeat(every, count), draw_popular(count.sum()), draw_times(count.sum()))
    count = random.poisson(habits.typos * devices, habits.clients)
    typos = draw_popular(count.sum()) + names.legit
    ask(np.repeat(every, count), typos, draw_times(count.sum()), True)
    count = random.poisson(habits.expired * devices, habits.clients)
    ask(np.repeat(every, count), draw_rare(count.sum()), draw_times(count.sum()), True)
    for at in draw_clients(habits.dead_pages * devices):
        size = draw_size(habits.dead_links, 0.8)
        time = random.uniform(*_HOURS) + random.uniform(0, 60, size)
        ask(np.full(size, at), draw_rare(size), time, True)
    topics = random.poisson(habits.topics * devices, habits.clients) * bool(names.topics)
    for at in np.repeat(every, topics):
        group = names.topics[random.integers(len(names.topics))]
        size = min(draw_size(habits.topic_names, 0.6), len(group))
        time = random.uniform(*_HOURS) + random.uniform(0, 1800, size)
        ask(np.full(size, at), random.choice(group, size, replace=False), time)
    pool = random.choice(names.adverts, habits.advert_pool)
    some = random.binomial(devices, habits.advert_days, habits.clients)
    count = some + random.poisson(habits.adverts * some)
    ask(np.repeat(every, count), random.choice(pool, count.sum()), draw_times(count.sum()))
    for brand in random.choice(len(names.brands), _SERVICES, replace=False).tolist():
        asked = random.random((habits.clients, len(names.brands[brand]))) < 0.5
        client, part = np.nonzero(asked)
        ask(client, names.brands[brand][part], draw_times(len(part)))
    for share, lowest, highest, missing in (
        (habits.crawls, 1000, 4000, False),
        (habits.dead_lists, 150, 300, True),
    ):
        for at in draw_clients(share):
            size = int(random.integers(lowest, highest))
            text = random.choice(np.arange(names.legit // 10, names.legit), size, replace=False)
            ask(np.full(size, at), text, draw_times(size), missing)
    if random.random() < _SEARCH_SUFFIX:
        suffix = random.integers(names.legit // 2, names.legit, 1)
        ask(every, np.repeat(suffix, len(every)), draw_times(len(every)), True)
    client, text, time, nxdomain = (np.concatenate(x) for x in zip(*parts, strict=True))
    return client, text, time, nxdomain


@dataclass(frozen=True)
class Infection:
    """The queries that a generator adds to a day."""

    hosts: list[str]  # in its own order
    burst: bool  # within some seconds; else over the whole day
    nxdomain: float  # share of the hosts that do not exist


def infect_day(
    network: Network, number: int, infection: Infection, scores: Scores, random: np.random.Generator
) -> Network:
    """Return a network of one clean day with a generator's hosts in it.

    Labels that the client asks for anyway are not added.
    """
    clean, log = network.days[number], network.log
    count = len(infection.hosts)
    start, span = (random.uniform(0, _DAY), count * 0.5) if infection.burst else (0.0, _DAY)
    time = start + np.sort(random.uniform(0, span, count))
    missing = (random.random(count) < infection.nxdomain) & log.has_rcodes
    added: dict[str, list[int]] = {}  # hosts by label, in its order
    for i, host in enumerate(infection.hosts):
        if (label := label_of(host)) not in clean.labels:
            added.setdefault(label, []).append(i)
    times = time[[at[0] for at in added.values()]]
    own = (clean.log_odds, clean.suffix_counts, clean.nxdomain, clean.first_seen, clean.last_seen)
    bot = (
        np.array([scores[x] for x in added], np.float64),
        np.array([len(at) for at in added.values()], np.int64),
        np.array([missing[at].all() for at in added.values()], np.bool_),
        times,
        times,
    )
    order = np.argsort(np.append(clean.first_seen, times), kind="stable")
    day = ClientDay([*clean.labels, *added], *map(np.append, own, bot)).select(order)
    return Network([day], replace(log, background=log.background.add(sorted(added))))
