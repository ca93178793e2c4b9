"""From days that are believed clean to a network's thresholds, and what they promise."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..clients import rates
from ..clients.site import LOWEST, Site
from ..names.errors import MaliciousDomainsError
from .findings import Findings
from .scan_run import Request, scan_days
from .terminal import visible

RATE = 0.001  # of false alarms, where the days can show it
_QUANTILE = 1.6449  # of the normal distribution, 95%
_SHOWN = 15  # services
_NAMES = 3  # of a service


class CalibrationError(MaliciousDomainsError):
    """Days that cannot show what is asked for."""


class Service(NamedTuple):
    """A label that raises scores, under any suffix."""

    label: str
    names: tuple[str, ...]  # some of them
    client_days: int
    clients: int
    days: int
    highest: float  # score of these client-days, as a multiple of the packaged threshold


@dataclass(frozen=True)
class CleanDays:
    """Measures of days that are believed clean; scores are multiples of the packaged thresholds."""

    client_days: dict[int | None, int]  # by date
    scores: dict[tuple[str, int | None], float]  # of client-days from LOWEST on
    services: list[Service]
    clients: int  # most of a day
    has_rcodes: bool

    @property
    def total(self) -> int:
        """The number of client-days."""
        return sum(self.client_days.values())

    def count(self, scale: float) -> int:
        """Return how many client-days reach thresholds of a scale."""
        return sum(x >= scale for x in self.scores.values())

    def measure_dispersion(self) -> float:
        """Return the variance of the dates' counts of alarms over the binomial one, at least 1.

        It is the upper bound (95%) of what Pearson's chi-squared over its degrees of freedom
        estimates, by the approximation of E. B. Wilson and M. M. Hilferty, "The distribution of
        chi-square", 1931.
        """
        events: dict[int | None, int] = defaultdict(int)
        for (_, day), score in self.scores.items():
            events[day] += score >= 1.0
        rate = sum(events.values()) / self.total
        if len(self.client_days) < 2 or not 0.0 < rate < 1.0:
            return 1.0
        squares = (
            (events[day] - n * rate) ** 2 / (n * rate * (1 - rate))
            for day, n in self.client_days.items()
        )
        freedom = len(self.client_days) - 1
        spread = 2 / (9 * freedom)
        quantile = freedom * max(1 - spread - _QUANTILE * math.sqrt(spread), 0.4) ** 3
        return max(sum(squares) / quantile, 1.0)


@dataclass(frozen=True)
class Calibration:
    """A network's thresholds, and the numbers behind them."""

    days: CleanDays
    site: Site
    bound: float  # of the rate of alarms under the packaged thresholds, 95%
    dispersion: float
    further: int  # client-days that the predictions are for
    predicted: int  # alarms on them under the packaged thresholds: at most, 95%
    predicted_site: int  # under the network's

    def to_json(self) -> str:
        """Return the site's file, with the numbers."""
        return self.site.to_json(
            alarm_rate_bound=round(self.bound, 6),
            dispersion=round(self.dispersion, 3),
            prediction={
                "client_days": self.further,
                "alarms_at_most": self.predicted_site,
                "alarms_at_most_under_packaged_thresholds": self.predicted,
            },
            raised_by=[x._asdict() for x in self.days.services],
        )


def calibrate(
    request: Request, rate: float | None = None, further: int | None = None
) -> Calibration:
    """Judge each day of logs by itself, as a scan every night does, and choose thresholds.

    rate: the share of client-days that may raise a false alarm; None for RATE, or the smallest
    that the days can show, and then no threshold is lowered. further: client-days to predict the
    alarms of; None for as many as the logs have. Raises CalibrationError for a rate that the days
    cannot show, and what scan_days raises.
    """
    low = replace(request, thresholds=request.thresholds.multiply(LOWEST))  # for lower scores
    days = _collect_days(scan_days(low))
    if not days.total:
        raise CalibrationError("no client-day was read; give logs of days that are believed clean")
    least = 3 / days.total  # by the rule of three
    wanted = max(RATE, least) if rate is None else rate
    if wanted < least:
        raise CalibrationError(
            f"{days.total:,} client-days can show no rate below {1000 * least:.3g} in 1,000 "
            f"(3/n); give {math.ceil(3 / wanted):,} client-days, or "
            f"--rate {math.ceil(least * 1e5) / 1e5:g}"
        )
    scale, allowed = _choose_scale(days, wanted, 1.0 if rate is None else LOWEST)
    alarms, dispersion = days.count(1.0), days.measure_dispersion()
    more = days.total if further is None else further
    return Calibration(
        days,
        Site(days.total, alarms, wanted, scale, request.model.allowed_names),
        rates.upper_bound(alarms, days.total),
        dispersion,
        more,
        rates.most_events(alarms, days.total, more, dispersion=dispersion),
        rates.most_events(allowed, days.total, more, dispersion=dispersion),
    )


def _collect_days(scans: Iterable[tuple[int | None, Findings]]) -> CleanDays:
    """Return what scans of single days, under thresholds times LOWEST, say together."""
    client_days: dict[int | None, int] = {}
    scores: dict[tuple[str, int | None], float] = {}
    raised: dict[str, list[tuple[str, str, int | None, float]]] = defaultdict(list)
    clients, has_rcodes = 0, False
    for day, findings in scans:
        client_days[day] = findings.days
        clients, has_rcodes = max(clients, findings.clients), has_rcodes or findings.has_rcodes
        for x in findings.alarmed:
            if x.confidence == "high":
                score = scores[x.client, day] = LOWEST * x.score
                sure = (x.list_names(y) for y in x.alarms if y.confidence == "high")
                for name in {y.name for names in sure for y in names}:
                    raised[name.partition(".")[0]].append((name, x.client, day, score))
    return CleanDays(client_days, scores, _list_services(raised), clients, has_rcodes)


def _list_services(raised: dict[str, list[tuple[str, str, int | None, float]]]) -> list[Service]:
    """Return the labels that raise most client-days first; then those of the highest score."""
    services = []
    for label, rows in raised.items():
        names, clients, days, scores = zip(*rows, strict=True)
        some = tuple(sorted(set(names))[:_NAMES])
        seen = len({*zip(clients, days, strict=True)}), len({*clients}), len({*days})
        services.append(Service(label, some, *seen, round(max(scores), 3)))
    return sorted(services, key=lambda x: (-x.client_days, -x.highest, x.label))[:_SHOWN]


def _choose_scale(days: CleanDays, rate: float, lowest: float) -> tuple[float, int]:
    """Return the lowest scale that promises a rate, and for how many events it is chosen.

    The (k + 1)th highest score of n days is a tolerance limit: the rate above it is below the
    upper bound of k events in n days with the same confidence (S. S. Wilks, "Determination of
    sample sizes for setting tolerance limits", 1941).
    """
    allowed = 0
    while rates.upper_bound(allowed + 1, days.total) <= rate:
        allowed += 1
    highest = sorted(days.scores.values(), reverse=True)
    score = highest[allowed] if allowed < len(highest) else 0.0
    scale = max(math.ceil((score + 1e-9) * 1000 + 1) / 1000, lowest)
    return scale, allowed + 1 if scale > lowest else days.count(lowest)


def format_calibration(x: Calibration) -> Iterator[str]:
    """Yield lines for a person."""
    days, site = x.days, x.site
    codes = "with" if days.has_rcodes else "without"
    yield (
        f"{days.total:,} client-days of {len(days.client_days):,} days, at most {days.clients:,} "
        f"clients a day, {codes} response codes"
    )
    yield (
        f"alarms of high confidence under the packaged thresholds: {site.alarms:,}, at most "
        f"{1000 * x.bound:.3g} in 1,000 client-days (95% bound)"
    )
    varies = f"; the dates vary {x.dispersion:.1f} times as much as by chance"
    yield (
        f"on the next {x.further:,} client-days: at most {x.predicted:,} (95% bound)"
        f"{varies if x.dispersion > 1 else ''}"
    )
    yield (
        f"{site}: {days.count(site.scale):,} alarms on these days, at most {x.predicted_site:,} on "
        f"the next {x.further:,}"
    )
    if days.services:
        yield "what raises scores (put what you know into a file for --allow, and calibrate again):"
        yield f"  {'client-days':>11}  {'clients':>7}  {'days':>4}  {'score':>5}  names"
    for y in days.services:
        counts = f"{y.client_days:>11,}  {y.clients:>7,}  {y.days:>4,}  {y.highest:>5.2f}"
        yield f"  {counts}  {visible(' '.join(y.names))}"
