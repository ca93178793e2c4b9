"""Bounds of rates that are estimated from counted client-days.

The bounds are those of C. J. Clopper and E. S. Pearson ("The use of confidence or fiducial limits
illustrated in the case of the binomial", Biometrika 26, 1934) for a rate, and of the beta-binomial
distribution with H. Jeffreys' prior for the number of events among days to come.
"""

from __future__ import annotations

from bisect import bisect_right
from math import exp, lgamma, log, log1p

SCORES = (1.0, 1.25, 1.5, 2.0, 3.0, 5.0)  # multiples of the threshold
# Alarms with such a score or a higher one in 1,000 clean client-days of ordinary networks, by
# confidence and whether the log has response codes: what `malicious-domains evaluate --traffic
# --tail FILE` prints (docs/evaluation.md).
_EXPECTED = {
    ("high", True): (0.381, 0.198, 0.0457, 0.0457, 0.0152, 0.0152),
    ("high", False): (0.107, 0.0152, 0.0152, 0.0152, 0.0152, 0.0152),
    ("low", True): (7.3, 3.22, 1.87, 0.625, 0.229, 0.0457),
    ("low", False): (4.62, 2.55, 1.27, 0.412, 0.0457, 0.0152),
}


def upper_bound(events: int, days: int, confidence: float = 0.95) -> float:
    """Return the one-sided upper bound of a rate of which `events` were seen in `days`.

    No event in n days leaves about 3/n (the rule of three):

    >>> round(upper_bound(0, 1000), 5)
    0.00299
    >>> round(upper_bound(2, 385), 4)
    0.0163
    """
    if events >= days:
        return 1.0
    low, high = 0.0, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        is_below = _at_most(events, days, middle) > 1 - confidence
        low, high = (middle, high) if is_below else (low, middle)
    return high


def most_events(
    events: int, days: int, further: int, confidence: float = 0.95, dispersion: float = 1.0
) -> int:
    """Return the number that events among `further` days exceed with at most 1 - confidence.

    dispersion: the variance of the counts of single days as a multiple of the binomial one, at
    least 1; the days that were seen count for so much less.

    >>> most_events(0, 1000, 1000)
    2
    >>> most_events(5, 1000, 2000)
    22
    """
    seen, total = events / dispersion + 0.5, days / dispersion + 1.0
    other, cumulated = total - seen, 0.0
    start = _log_beta(seen, other)
    for count in range(further + 1):
        ways = lgamma(further + 1) - lgamma(count + 1) - lgamma(further - count + 1)
        cumulated += exp(ways + _log_beta(count + seen, further - count + other) - start)
        if cumulated >= confidence:
            return count
    return further


def expect_false_alarms(score: float, confidence: str, has_rcodes: bool) -> float | None:
    """Return how many alarms of as high a score 1,000 clean client-days raise, by the study.

    None below the packaged thresholds, which the study did not look at.

    >>> expect_false_alarms(9.0, "high", True) < expect_false_alarms(1.0, "high", True)
    True
    """
    row = bisect_right(SCORES, score) - 1
    return None if row < 0 else _EXPECTED[confidence, has_rcodes][row]


def expected_rate(events: int, days: int) -> float:
    """Return the expected number of events in 1,000 days, by Jeffreys' prior.

    >>> expected_rate(2, 4999)
    0.5
    """
    return 1000 * (events + 0.5) / (days + 1.0)


def _at_most(events: int, days: int, rate: float) -> float:
    """Return the probability of at most `events` among `days`, by the binomial distribution."""
    logs = (
        lgamma(days + 1) - lgamma(k + 1) - lgamma(days - k + 1) + k * log(rate)
        + (days - k) * log1p(-rate)
        for k in range(events + 1)
    )  # fmt: skip
    return sum(map(exp, logs))


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
