"""The study: how many infected days each score finds at one false alarm in 1,000 clean days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Literal

import numpy as np

from malicious_domains.clients.client_day import AlarmThresholds, ClientDay, LogContext
from malicious_domains.clients.verdict import SURE, score_day

from ..results import Found, Scene, Traffic
from .joiners import JOINERS
from .pool import Pool, Scores
from .simulation import Habits, Infection, Names, Network, grams_with, infected, network

RATE = 0.001  # of clean client-days that raise a false alarm
SUM, ANY = "random-looking", "any alarm"
BASELINES = ("largest", "dead", "sum")  # log-odds, number of dead names, sum of log-odds
SHOWN = (SUM, ANY, *BASELINES)
JOINING = {*JOINERS, "banjori"}
_NOTHING = -1e9  # the largest of no log-odds
_CODES = {True: "with codes", False: "without codes"}

ByName = Mapping[str, float]


@dataclass(frozen=True)
class Sizes:
    """How much is simulated."""

    networks: int = 80  # clean ones for the cuts, and as many again for the false alarms
    days: int = 24  # infected days of a family, at each of the following
    names: Sequence[int] = (3, 5, 10, 20, 50, 100)  # of a generator in a row
    nxdomain: Sequence[float] = (0.97, 0.7, 0.4, 0.0)
    habits: Habits = field(default_factory=Habits)


@dataclass(frozen=True)
class Study:
    """What all parts of the study look at."""

    pool: Pool
    scores: Scores
    clean: Sequence[Network]  # also the hosts of infections
    seed: int
    sizes: Sizes
    cut: AlarmThresholds

    @property
    def for_cuts(self) -> Sequence[Network]:
        """The first half of the clean networks."""
        return self.clean[: len(self.clean) // 2]

    @property
    def others(self) -> Sequence[Network]:
        """The second half, on which nothing is chosen."""
        return self.clean[len(self.clean) // 2 :]


def run(
    pool: Pool,
    scores_of: Scores,
    seed: int,
    sizes: Sizes | None = None,
    cut: AlarmThresholds | None = None,
) -> Traffic:
    """Simulate clean and infected days and compare scores; the same for the same seed."""
    sizes, cut = sizes or Sizes(), cut or AlarmThresholds()
    names = Names.of(pool, scores_of)
    drawn = (np.random.default_rng([seed, i]) for i in range(2 * sizes.networks))
    clean = [network(names, random, sizes.habits) for random in drawn]
    study = Study(pool, scores_of, clean, seed, sizes, cut)
    cuts = {c: _cuts(_clean(study.for_cuts, c, cut)) for c in _CODES}
    alarms = {c: _reached(_clean(study.others, c, cut), cuts[c]) for c in _CODES}
    return Traffic(
        clean_days=sizes.networks * sizes.habits.clients,
        infected_days=sizes.days,
        cuts={_CODES[c]: cuts[c] for c in _CODES},
        false_alarms={_CODES[c]: alarms[c] for c in _CODES},
        packaged={_CODES[c]: _packaged(cut, c) for c in _CODES},
        scenes=[_scene(study, *scene, cuts[scene[0]]) for scene in _scenes(sizes)],
    )


def _scenes(sizes: Sizes) -> Iterator[tuple[bool, float | None, bool]]:
    for burst in (True, False):
        yield from product((True,), sizes.nxdomain, (burst,))
        yield False, None, burst


def _scene(study: Study, codes: bool, nxdomain: float | None, burst: bool, cuts: ByName) -> Scene:
    families = [
        Found(family, _kind(family), k, _found(study, family, k, codes, nxdomain or 0, burst, cuts))
        for family in study.pool.runs
        for k in study.sizes.names
    ]
    return Scene(codes, nxdomain, burst, _means(families), families)


def _kind(family: str) -> Literal["random-looking", "joins words"]:
    return "joins words" if family in JOINING else "random-looking"


def _means(families: Sequence[Found]) -> list[Found]:
    found = []
    for kind, k in dict.fromkeys((x.kind, x.names) for x in families):
        some = [x.share for x in families if (x.kind, x.names) == (kind, k)]
        share = {name: float(np.mean([x[name] for x in some])) for name in some[0]}
        found.append(Found("mean", kind, k, share))
    return found


def _found(
    study: Study, family: str, k: int, codes: bool, nxdomain: float, burst: bool, cuts: ByName
) -> dict[str, float]:
    rows = []
    for number in range(study.sizes.days):
        random = np.random.default_rng([study.seed, number, k])  # of all scenes and families alike
        part = _part(study.pool.runs[family], number, k)
        host = study.others[int(random.integers(len(study.others)))]
        days = host.coded if codes else host.uncoded
        clean = days[int(random.integers(len(days)))]
        infection = Infection(part, study.scores, burst, nxdomain)
        day = infected(clean, infection, random, codes)
        rows.append(measured(day, LogContext(codes, grams_with(host.grams, day, clean)), study.cut))
    return _reached(rows, cuts)


def _part(runs: Sequence[Sequence[str]], number: int, k: int) -> list[str]:
    """k hosts in a row, of the runs in turn, each time further on in them."""
    run = runs[number % len(runs)]
    start = number // len(runs) * k % max(len(run) - k + 1, 1)
    return list(run[start : start + k])


def measured(day: ClientDay, log: LogContext, cut: AlarmThresholds) -> dict[str, float]:
    """All scores of a day by name: the kinds of alarms, and what they are compared with.

    "any alarm" is the highest score of the kinds of high confidence, as a multiple of its
    threshold.
    """
    found = {x.kind: x.score for x in score_day(day, log, cut)}
    thresholds = _packaged(cut, log.has_rcodes)
    found[ANY] = max(found[kind] / thresholds[kind] for kind in SURE)
    found["largest"] = float(day.log_odds.max(initial=_NOTHING))
    found["dead"] = float(day.nxdomain.sum())
    found["sum"] = float(day.log_odds.sum())
    return found


def _packaged(cut: AlarmThresholds, coded: bool) -> dict[str, float]:
    return {k.replace("_", "-"): v for k, v in asdict(cut.thresholds(coded)).items()}


def _clean(
    networks: Sequence[Network], codes: bool, cut: AlarmThresholds
) -> list[dict[str, float]]:
    return [
        measured(day, LogContext(codes, net.grams), cut)
        for net in networks
        for day in (net.coded if codes else net.uncoded)
    ]


def _cuts(clean: Sequence[ByName]) -> dict[str, float]:
    """For each score the lowest that one clean day in 1,000 passes; for any alarm, its own."""
    found = {name: passed_by([x[name] for x in clean], RATE) for name in clean[0]}
    return {**found, ANY: 1.0}


def passed_by(values: Sequence[float], rate: float) -> float:
    """The lowest threshold that at most a share of values reaches."""
    ordered = np.sort(values)[::-1]
    return float(np.nextafter(ordered[min(int(rate * len(ordered)), len(ordered) - 1)], np.inf))


def _reached(rows: Sequence[ByName], cuts: ByName) -> dict[str, float]:
    return {name: float(np.mean([x[name] >= cuts[name] for x in rows])) for name in cuts}
