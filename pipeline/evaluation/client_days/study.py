"""Count alarms on clean client-days of networks of many sizes, and infected days that are found.

>>> runs = {"goz": [[f"{number:x}xmqj{number**4:x}.ru" for number in range(20)]]}
>>> pool = Pool(["google", "amazon"], ["gogle", "amazom"], ["q7xk2mzw"], [["news"]] * 4, runs)
>>> scores, few = StudyScores(pool), Habits(clients=2)
>>> for fold in range(7):
...     scores.add_fold(fold, Scorer.load())
>>> sizes = Sizes([Setting("2 clients", 1, few)], 1, few, 1, name_counts=[20], nxdomain=[0.97])
>>> [*format_study(run_study(pool, scores.odds, SEED, sizes))][6]
'| looks random | 97% NXDOMAIN, over the day | 100% |'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, product
from pathlib import Path

import numpy as np

from malicious_domains.clients.client_day import ClientDay, LogContext
from malicious_domains.clients.rates import SCORES, expected_rate, upper_bound
from malicious_domains.clients.verdict import judge_day
from malicious_domains.inputs.streams import open_lines
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import InvalidDomain
from malicious_domains.names.parse import parse

from ..results import Row
from .joiners import JOINERS
from .pool import Pool, Scores
from .simulation import Habits, Infection, ScoredNames, infect_day, simulate_network

SEED = 1
JOINING = {*JOINERS, "banjori"}
MEAN = "mean"  # of the families of a kind
_ADVERTS = Habits(adverts=3.0, advert_pool=200)


@dataclass(frozen=True)
class Setting:
    """Clean networks of one sort."""

    name: str
    networks: int
    habits: Habits
    ordinary: bool = True  # not a stress test: counts for the expected false alarms


SETTINGS = (
    Setting("250 clients", 40, Habits()),
    Setting("30 clients", 200, Habits(clients=30)),
    Setting("5 clients", 800, Habits(clients=5)),
    Setting("2 clients", 1600, Habits(clients=2)),
    Setting("1 client", 3200, Habits(clients=1)),
    Setting("household of 3, one address", 3200, Habits(clients=1, devices=3)),
    Setting("household of 8, one address", 3200, Habits(clients=1, devices=8)),
    Setting("250 clients, many advertising domains", 40, _ADVERTS, ordinary=False),
    Setting("60 clients, crawls, dead links", 60, Habits(60, crawls=0.2, dead_lists=0.2), False),
)


@dataclass(frozen=True)
class Sizes:
    """How much is simulated."""

    settings: Sequence[Setting] = SETTINGS
    hosts: int = 8  # clean networks whose days are infected
    habits: Habits = field(default_factory=Habits)  # of these
    days: int = 12  # infected days of a family, for each of the following
    name_counts: Sequence[int] = (5, 10, 20, 50, 100)  # consecutive names of a generator
    nxdomain: Sequence[float | None] = (0.97, 0.0, None)  # None: a log without response codes


def read_tail(path: Path) -> list[str]:
    """Return the labels of a file of names, one a line; texts without one are left out.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     _ = Path(file.name).write_text("www.tail.co.uk\\nno name\\nseldom-asked.net\\n")
    ...     read_tail(Path(file.name))
    ['tail', 'seldom-asked']
    """
    labels: dict[str, None] = {}
    with open_lines(path) as lines:
        for line in lines:
            with suppress(InvalidDomain):
                labels.setdefault(parse(line.strip()).label)
    return [*labels]


class StudyScores:
    """A pool of names, and the log-odds of those whose fold was scored."""

    def __init__(self, pool: Pool) -> None:
        """Start without scores; all folds are to be added before a study is run."""
        self.pool, self.odds = pool, dict[str, float]()
        self._folds = pool.assign_folds()

    def add_fold(self, fold: int, scorer: Scorer) -> None:
        """Score the names of a fold by the model that knows nothing of it."""
        texts = [text for text, number in self._folds.items() if number == fold]
        self.odds.update(zip(texts, scorer.log_odds(texts).tolist(), strict=True))


def run_study(pool: Pool, scores: Scores, seed: int = SEED, sizes: Sizes | None = None) -> Row:
    """Simulate clean and infected days; the same seed gives the same result.

    Its parts: infected_days of a family for each share; clean, alarms of high confidence by network
    and codes (whether the log has response codes), with the 95% bound of their rate; rates, how
    many in 1,000 clean days are expected to reach a score, by confidence; found, the share of
    infected days with such an alarm by family ("mean" for those of a kind), nxdomain (the share of
    its names that do not exist; None without codes), burst, and number of its names; None for one
    that makes fewer in a run.
    """
    sizes = sizes or Sizes()
    names = ScoredNames.of_pool(pool, scores)
    strengths = {x: _judge_clean(names, x, seed + i) for i, x in enumerate(sizes.settings)}
    infected = (_find_infected(pool, scores, names, seed, sizes, x) for x in sizes.nxdomain)
    clean = [_count_alarms(x, *days) for x, of in strengths.items() for days in of.items()]
    parts = {"rates": [*_list_rates(strengths)], "found": [*chain.from_iterable(infected)]}
    return {"infected_days": sizes.days, "clean": clean, **parts}


# The strength of the surest alarm of each clean day, 0 for none, by whether its log has codes.
_Strengths = Mapping[bool, list[tuple[str, float]]]


def _judge_clean(names: ScoredNames, setting: Setting, seed: int) -> _Strengths:
    strengths: dict[bool, list[tuple[str, float]]] = {True: [], False: []}
    for number in range(setting.networks):
        random = np.random.default_rng([seed, number])
        for network in simulate_network(names, random, setting.habits):
            days = (_find_strength(day, network.log) for day in network.days)
            strengths[network.log.has_rcodes] += days
    return strengths


def _find_strength(day: ClientDay, log: LogContext) -> tuple[str, float]:
    """Return the confidence of a day's surest alarm, "" for none, and its strength."""
    alarms = judge_day(day, log)
    return (alarms[0].confidence, alarms[0].score) if alarms else ("", 0.0)


def _count_alarms(setting: Setting, codes: bool, days: list[tuple[str, float]]) -> Row:
    alarms = sum(confidence == "high" for confidence, _ in days)
    row: Row = {"network": setting.name, "codes": codes, "client_days": len(days)}
    return row | {"alarms": alarms, "bound": upper_bound(alarms, len(days))}


def _list_rates(strengths: Mapping[Setting, _Strengths]) -> Iterator[Row]:
    """Yield how often a clean day of ordinary networks reaches a score."""
    for codes, confidence in product((True, False), ("high", "low")):
        days = [x for setting, of in strengths.items() if setting.ordinary for x in of[codes]]
        for score in SCORES:
            alarms = sum(x == confidence and strength >= score for x, strength in days)
            row: Row = {"codes": codes, "confidence": confidence, "score": score, "alarms": alarms}
            rate = expected_rate(alarms, len(days))
            yield row | {"client_days": len(days), "expected": rate}


def _find_infected(
    pool: Pool, scores: Scores, names: ScoredNames, seed: int, sizes: Sizes, nxdomain: float | None
) -> list[Row]:
    """Return the shares of infected days that raise an alarm of high confidence, by family."""
    hosts = [
        simulate_network(names, np.random.default_rng([seed, 0, x]), sizes.habits)
        for x in range(sizes.hosts)
    ]
    results = []
    for burst, (family, runs) in product((True, False), pool.runs.items()):
        shares: dict[int, float | None] = {}
        for count in sizes.name_counts:
            alarms, long = 0, [x for x in runs if len(x) >= count]
            if not long:
                shares[count] = None
                continue
            for number in range(sizes.days):
                random = np.random.default_rng([seed, number, count])  # the same in each scenario
                part = Infection(_take_part(long, number, count), burst, nxdomain or 0.0)
                network = hosts[int(random.integers(len(hosts)))][nxdomain is None]
                of = int(random.integers(len(network.days)))
                infected = infect_day(network, of, part, scores, random)
                alarms += _find_strength(infected.days[0], infected.log)[0] == "high"
            shares[count] = alarms / sizes.days
        kind = "joins words" if family in JOINING else "looks random"
        row: Row = {"family": family, "kind": kind, "codes": nxdomain is not None}
        results.append(row | {"nxdomain": nxdomain, "burst": burst, "share": shares})
    return [*_average_kinds(results), *results]


def _take_part(runs: Sequence[Sequence[str]], number: int, count: int) -> list[str]:
    """Return consecutive hosts of the runs in turn, each time further on in them."""
    run = runs[number % len(runs)]
    start = number // len(runs) * count % max(len(run) - count + 1, 1)
    return list(run[start : start + count])


def _average_kinds(results: Sequence[Row]) -> list[Row]:
    means = []
    for kind, burst in dict.fromkeys((x["kind"], x["burst"]) for x in results):
        rows = [x for x in results if (x["kind"], x["burst"]) == (kind, burst)]
        own = {k: [x["share"][k] for x in rows] for k in rows[0]["share"]}
        share = {k: float(np.mean([y for y in x if y is not None])) for k, x in own.items()}
        means.append(rows[0] | {"family": MEAN, "share": share})
    return means


def format_study(study: Row) -> Iterator[str]:
    """Yield the tables of docs/evaluation.md, then that of the families."""
    head = ["clean client-days", "number", "alarms in 1,000, with codes", "without"]
    by_network: dict[tuple[str, int], list[str]] = {}
    for x in study["clean"]:
        alarms = f"{1000 * x['alarms'] / x['client_days']:.2f} (≤ {1000 * x['bound']:.2f})"
        by_network.setdefault((x["network"], x["client_days"]), []).append(alarms)
    yield from _format_table(head, ([x, f"{n:,}", *y] for (x, n), y in by_network.items()))
    counts = [f"{k} names" for k in study["found"][0]["share"]]
    head = ["infected client-days that are found", "log", *counts]
    means, rest = ([x for x in study["found"] if (x["family"] == MEAN) is y] for y in (True, False))
    yield from _format_table(head, (_format_infected(x["kind"], x) for x in means))
    by_score: dict[float, list[str]] = {}
    for rate in study["rates"]:
        by_score.setdefault(rate["score"], []).append(f"{rate['expected']:.3g}")
    codes = {True: "with codes", False: "without codes"}
    columns = (f"{x['confidence']}, {codes[x['codes']]}" for x in study["rates"])
    head = ["such alarms in 1,000 clean client-days: score from", *dict.fromkeys(columns)]
    yield from _format_table(head, ([x, *y] for x, y in by_score.items()))
    rows = (_format_infected(x["family"], x) for x in rest if x["nxdomain"] != 0.0)
    yield from _format_table(["family", "log", *counts], rows)


def _format_infected(name: str, x: Row) -> list[str]:
    """Return the cells of some infected days: name, log, the share that is found by count."""
    how = "in a burst" if x["burst"] else "over the day"
    log = f"{x['nxdomain']:.0%} NXDOMAIN" if x["codes"] else "no codes"
    shares = ("–" if share is None else f"{share:.0%}" for share in x["share"].values())
    return [name, f"{log}, {how}", *shares]


def _format_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"\n| {' | '.join(head)} |"
    yield f"| ---{' | ---:' * (len(head) - 1)} |"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
