"""Measure how many infected days each score detects at one false alarm in 1,000 clean days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Literal

import numpy as np

from malicious_domains.clients.client_day import AlarmThresholds, ClientDay, LogContext
from malicious_domains.clients.verdict import SURE, score_day
from malicious_domains.model.scorer import Scorer

from ...corpus.labelled import Corpus
from ..results import Detection, Scenario, StudyResult
from .joiners import JOINERS
from .pool import Pool, Scores, make_pool
from .simulation import (
    Habits,
    Infection,
    Network,
    ScoredNames,
    add_grams,
    infect_day,
    simulate_network,
)

SEED = 1
RATE = 0.001  # share of clean client-days that raise a false alarm
SUM, ANY = "random-looking", "any alarm"
BASELINES = ("largest", "dead", "sum")  # log-odds, number of NXDOMAIN names, sum of log-odds
SHOWN = (SUM, ANY, *BASELINES)
JOINING = {*JOINERS, "banjori"}
_NOTHING = -1e9  # the largest log-odds of no labels
_LOGS = {True: "with codes", False: "without codes"}  # by has_rcodes

ByScore = Mapping[str, float]


@dataclass(frozen=True)
class Sizes:
    """How much is simulated."""

    networks: int = 80  # clean ones for the thresholds, and as many again for the false alarms
    days: int = 24  # infected days of a family, for each of the following
    name_counts: Sequence[int] = (3, 5, 10, 20, 50, 100)  # consecutive names of a generator
    nxdomain: Sequence[float] = (0.97, 0.7, 0.4, 0.0)
    habits: Habits = field(default_factory=Habits)


class StudyScores:
    """A pool of names, and the log-odds of those whose fold was scored."""

    def __init__(self, pool: Pool, seed: int = SEED) -> None:
        """Start without scores."""
        self.pool, self.seed = pool, seed
        self.odds: dict[str, float] = {}
        self._folds = pool.assign_folds()

    @classmethod
    def of_corpus(cls, corpus: Corpus, seed: int = SEED) -> StudyScores:
        """Draw the names for a study of the corpus that the models are made of."""
        return cls(make_pool(corpus, seed), seed)

    def add_fold(self, fold: int, scorer: Scorer) -> None:
        """Score the names of a fold by the model that knows nothing of it."""
        texts = [text for text, number in self._folds.items() if number == fold]
        self.odds.update(zip(texts, scorer.log_odds(texts).tolist(), strict=True))

    def run_study(self) -> StudyResult:
        """Run the study, when all folds were scored."""
        return run_study(self.pool, Scores(self.odds), self.seed)


@dataclass(frozen=True)
class _Study:
    """What all parts of the study look at."""

    pool: Pool
    scores: Scores
    hosts: Sequence[Network]  # clean networks on which no threshold is chosen
    seed: int
    sizes: Sizes
    packaged: AlarmThresholds


def run_study(
    pool: Pool,
    scores: Scores,
    seed: int,
    sizes: Sizes | None = None,
    packaged: AlarmThresholds | None = None,
) -> StudyResult:
    """Simulate clean and infected days and compare scores; the same seed gives the same result."""
    sizes, packaged = sizes or Sizes(), packaged or AlarmThresholds()
    names = ScoredNames.of_pool(pool, scores)
    randoms = (np.random.default_rng([seed, i]) for i in range(2 * sizes.networks))
    clean = [simulate_network(names, random, sizes.habits) for random in randoms]
    study = _Study(pool, scores, clean[sizes.networks :], seed, sizes, packaged)
    thresholds = {
        has_rcodes: _choose_thresholds(_score_clean(clean[: sizes.networks], has_rcodes, packaged))
        for has_rcodes in _LOGS
    }
    return StudyResult(
        clean_days=sizes.networks * sizes.habits.clients,
        infected_days=sizes.days,
        cuts={log: thresholds[x] for x, log in _LOGS.items()},
        false_alarms={
            log: _share_reaching(_score_clean(study.hosts, x, packaged), thresholds[x])
            for x, log in _LOGS.items()
        },
        packaged={log: _packaged_by_kind(packaged, x) for x, log in _LOGS.items()},
        scenes=[_run_scenario(study, *x, thresholds[x[0]]) for x in _list_scenarios(sizes)],
    )


def _list_scenarios(sizes: Sizes) -> Iterator[tuple[bool, float | None, bool]]:
    for burst in (True, False):
        yield from product((True,), sizes.nxdomain, (burst,))
        yield False, None, burst


def _run_scenario(
    study: _Study, has_rcodes: bool, nxdomain: float | None, burst: bool, thresholds: ByScore
) -> Scenario:
    families = []
    for family in study.pool.runs:
        kind: Literal["random-looking", "joins words"]
        kind = "joins words" if family in JOINING else "random-looking"
        for k in study.sizes.name_counts:
            days = _score_infected(study, family, k, has_rcodes, nxdomain or 0, burst)
            families.append(Detection(family, kind, k, _share_reaching(days, thresholds)))
    return Scenario(has_rcodes, nxdomain, burst, _average_kinds(families), families)


def _average_kinds(families: Sequence[Detection]) -> list[Detection]:
    means = []
    for kind, k in dict.fromkeys((x.kind, x.names) for x in families):
        shares = [x.share for x in families if (x.kind, x.names) == (kind, k)]
        share = {name: float(np.mean([x[name] for x in shares])) for name in shares[0]}
        means.append(Detection("mean", kind, k, share))
    return means


def _score_infected(
    study: _Study, family: str, k: int, has_rcodes: bool, nxdomain: float, burst: bool
) -> list[ByScore]:
    rows: list[ByScore] = []
    for number in range(study.sizes.days):
        random = np.random.default_rng([study.seed, number, k])  # the same in each scenario
        part = _take_part(study.pool.runs[family], number, k)
        network = study.hosts[int(random.integers(len(study.hosts)))]
        days = network.days[has_rcodes]
        clean = days[int(random.integers(len(days)))]
        day = infect_day(clean, Infection(part, study.scores, burst, nxdomain), random, has_rcodes)
        log = LogContext(has_rcodes, add_grams(network.grams, day, clean))
        rows.append(compute_scores(day, log, study.packaged))
    return rows


def _take_part(runs: Sequence[Sequence[str]], number: int, k: int) -> list[str]:
    """Return k consecutive hosts of the runs in turn, each time further on in them."""
    run = runs[number % len(runs)]
    start = number // len(runs) * k % max(len(run) - k + 1, 1)
    return list(run[start : start + k])


def compute_scores(day: ClientDay, log: LogContext, packaged: AlarmThresholds) -> dict[str, float]:
    """Return all scores of a day by name: the kinds of alarms, and the baselines.

    "any alarm" is the highest score of the kinds of high confidence, as a multiple of its
    threshold.
    """
    by_name = {x.kind: x.score for x in score_day(day, log, packaged)}
    thresholds = _packaged_by_kind(packaged, log.has_rcodes)
    by_name[ANY] = max(by_name[kind] / thresholds[kind] for kind in SURE)
    by_name["largest"] = float(day.log_odds.max(initial=_NOTHING))
    by_name["dead"] = float(day.nxdomain.sum())
    by_name["sum"] = float(day.log_odds.sum())
    return by_name


def _packaged_by_kind(packaged: AlarmThresholds, has_rcodes: bool) -> dict[str, float]:
    thresholds = asdict(packaged.thresholds(has_rcodes))
    return {kind.replace("_", "-"): value for kind, value in thresholds.items()}


def _score_clean(
    networks: Sequence[Network], has_rcodes: bool, packaged: AlarmThresholds
) -> list[ByScore]:
    return [
        compute_scores(day, LogContext(has_rcodes, network.grams), packaged)
        for network in networks
        for day in network.days[has_rcodes]
    ]


def _choose_thresholds(clean: Sequence[ByScore]) -> dict[str, float]:
    """Return for each score the lowest threshold that one clean day in 1,000 passes."""
    by_name = {name: find_threshold([x[name] for x in clean], RATE) for name in clean[0]}
    return {**by_name, ANY: 1.0}  # a multiple of the packaged thresholds


def find_threshold(values: Sequence[float], rate: float) -> float:
    """Return the lowest threshold that at most a share of values reaches.

    >>> 2.0 < find_threshold([1.0, 2.0, 3.0, 4.0], 0.5) < 2.1
    True
    """
    ordered = np.sort(values)[::-1]
    return float(np.nextafter(ordered[min(int(rate * len(ordered)), len(ordered) - 1)], np.inf))


def _share_reaching(rows: Sequence[ByScore], thresholds: ByScore) -> dict[str, float]:
    return {
        name: float(np.mean([x[name] >= thresholds[name] for x in rows])) for name in thresholds
    }
