"""The verdict on days made by hand, and what holds for any day."""

from __future__ import annotations

import dataclasses
import math
import time
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.clients.client_day import (
    Alarm,
    AlarmThresholds,
    ClientDay,
    KindThresholds,
    LogContext,
)
from malicious_domains.clients.fourgrams import Background
from malicious_domains.clients.rates import expect_false_alarms
from malicious_domains.clients.verdict import (
    judge_day,
    score_day,
    weigh_labels,
)
from tests.helpers.clock import slowness

ORDINARY = [f"{a}{b}" for a in ("bicycle", "garden", "museum", "hotel") for b in range(600)]
GRAMS = Background.count(ORDINARY)
CODED, UNCODED = (
    LogContext(has_rcodes=True, background=GRAMS),
    LogContext(has_rcodes=False, background=GRAMS),
)
CUT = AlarmThresholds(
    with_rcodes=KindThresholds(8.0, 2.0, 20.0, 5.0, 3.0, 28.0),
    without_rcodes=KindThresholds(1.8, 4.0, 20.0, math.inf, math.inf, 32.0),
)


def day(rows: list[tuple[str, float, bool, float]]) -> ClientDay:
    """Return a row: label, log-odds, whether it is NXDOMAIN, and time."""
    labels, z, dead, first = zip(*rows, strict=True) if rows else ((), (), (), ())
    times = np.array(first, dtype=np.float64)
    return ClientDay(
        labels=list(labels),
        log_odds=np.array(z, dtype=np.float64),
        suffix_counts=np.ones(len(rows), np.int64),
        nxdomain=np.array(dead, dtype=np.bool_),
        first_seen=times,
        last_seen=times,
    )


MORNING = day(
    [
        ("shop", -6.0, False, 0.0),  # -0.25
        ("xkqjz", 2.0, True, 1.0),  # 1.5
        ("qzvwk", 9.0, True, 2.0),  # 2.5, as the log-odds is clipped
        ("blog", 1.0, False, 3.0),  # -0.25
        ("jxqkw", 5.0, True, 4.0),  # 2.5
        ("news", -4.0, True, 5.0),  # -0.5, and a dead link
        ("mail", -9.0, False, 6.0),  # -0.25
    ]
)
BY_CHANCE = AlarmThresholds().summed_by_chance(7)


def by_kind(found: list[Alarm]) -> dict[str, Alarm]:
    return {x.kind: x for x in found}


def test_a_day_with_codes_by_hand() -> None:
    assert weigh_labels(MORNING, CODED).suspicious.tolist() == [
        -0.25,
        1.5,
        2.5,
        -0.25,
        2.5,
        -0.5,
        -0.25,
    ]
    lax = dataclasses.replace(
        CUT, with_rcodes=dataclasses.replace(CUT.with_rcodes, random_looking=6.21 - BY_CHANCE)
    )
    alarm = by_kind(judge_day(MORNING, CODED, lax))["random-looking"]
    rate = expect_false_alarms(1.0, "high", True)
    assert alarm == Alarm("random-looking", 1.0, "high", (2, 4, 1), (2.5, 2.5, 1.5), rate)


def test_a_day_without_codes_by_hand() -> None:
    """-0.15, 1, 1, 0, 1, -0.15, -0.15."""
    (alarm,) = judge_day(MORNING, UNCODED, CUT)
    assert alarm.score == pytest.approx((3 - BY_CHANCE) / 1.8)
    assert (alarm.names, alarm.weights) == ((1, 2, 4), (1.0, 1.0, 1.0))


def test_the_expected_false_alarms_are_those_of_the_packaged_thresholds() -> None:
    """A network's own thresholds are multiples of them."""
    six = ask(LETTERS, 1.0)
    rates = []
    for factor in (0.5, 0.9, 1.0, 1.1):
        alarm = judge_day(six, UNCODED, AlarmThresholds().multiply(factor))[0]
        rates.append((round(alarm.score * factor, 6), alarm.expected))
    assert len({*rates}) == 1
    assert rates[0][1] == expect_false_alarms(rates[0][0], "high", False)
    low = judge_day(ask(LETTERS[:3], 1.0), UNCODED, AlarmThresholds().multiply(0.5))
    assert [x.expected for x in low] == [None]


def test_below_the_threshold_is_no_alarm() -> None:
    strict = dataclasses.replace(
        CUT, without_rcodes=dataclasses.replace(CUT.without_rcodes, random_looking=3.0)
    )
    assert judge_day(MORNING, UNCODED, strict) == []


def test_one_label_under_many_suffixes_is_enough() -> None:
    one = dataclasses.replace(day([("xkqjz", 1.0, True, 0.0)]), suffix_counts=np.array([7]))
    assert [x.kind for x in judge_day(one, CODED)] == ["random-looking"]
    assert judge_day(dataclasses.replace(one, suffix_counts=np.array([1])), CODED) == []


def test_dead_names_are_counted_and_the_long_ones_beside() -> None:
    """Six dead of 13 or 14 letters: a quarter each, and a half."""
    names = ["somethingelse", "whateverworks", "gardenerquiet", "teapotandcups", "riverofpearls"]
    rows = [(x, -3.0, True, float(i)) for i, x in enumerate([*names, "windowswillows"])]
    found = by_kind(judge_day(day(rows), CODED, CUT))
    assert found["many-dead"].score == 6 / 3
    long = next(x for x in score_day(day(rows), CODED, CUT) if x.kind == "long-dead")
    assert long.score == pytest.approx(5 * 0.25 + 0.5)
    assert {x.confidence for x in found.values()} == {"low"}
    assert judge_day(day([(x, z, False, t) for x, z, _, t in rows]), CODED, CUT) == []


JOINED = [
    f"{a}{b}" for a in ("peregrine", "jeremiah", "annabelle") for b in ("wolfram", "tundra", "oboe")
]


def test_names_of_the_same_pieces() -> None:
    others = ["hotel17x", "garden5y", "museum3", "quartz", "lemonade"]
    rows = [(x, -4.0, True, float(i)) for i, x in enumerate([*JOINED, *others])]
    alarm = by_kind(judge_day(day(rows), CODED, CUT))["same-pieces"]
    assert set(alarm.names) == set(range(len(JOINED)))
    assert alarm.confidence == "high"
    excess = sum(alarm.weights) - len(rows) * (0.05 + len(rows) / 3000)
    assert alarm.score == pytest.approx(excess / 2)
    assert list(alarm.weights) == sorted(alarm.weights, reverse=True)


def test_pieces_that_are_common_in_the_log_say_nothing() -> None:
    rows = [(f"bicycle{i}", -4.0, True, float(i)) for i in range(9)]
    found = by_kind(judge_day(day(rows), CODED, CUT))
    assert not {"same-pieces", "same-end"} & set(found)


def test_names_that_end_alike_and_begin_alike() -> None:
    for shape in ("{}stnessbiophysical", "biophysicalbody{}ss"):
        fresh = [shape.format(x) for x in ("abcd", "efgh", "ijkl", "mnop", "qrst", "uvwx")]
        rows = [(x, -4.0, True, float(i)) for i, x in enumerate([*fresh, "lemon", "tulip"])]
        alarm = by_kind(judge_day(day(rows), CODED, CUT))["same-end"]
        assert set(alarm.names) == set(range(6))


def test_names_that_resolve_share_pieces_where_there_are_no_codes() -> None:
    alive = day([(x, -4.0, False, float(i)) for i, x in enumerate(JOINED)])
    assert by_kind(judge_day(alive, UNCODED, CUT))["same-pieces"].confidence == "high"
    assert judge_day(alive, CODED, CUT) == []


WORDS = ("amber", "cedar", "ivory", "walnut", "copper", "velvet", "harbor", "meadow")
PAIRS = [a + b for a in WORDS for b in WORDS if a != b][:40]  # of 10 to 12 letters


@pytest.mark.parametrize("log", [CODED, UNCODED])
def test_many_names_of_nearly_one_length(log: LogContext) -> None:
    """Words that no list and no log knows; what else the client asks for lies before and behind."""

    def judge(labels: list[str], clients: int = 1000) -> Alarm | None:
        own = dataclasses.replace(log, clients=clients)
        rows = [(x, -6.0, log.has_rcodes, float(i)) for i, x in enumerate(labels)]
        return by_kind(judge_day(day(rows), own)).get("same-length")

    alarm = judge(["tv", *PAIRS, "a" * 30])
    assert alarm and alarm.confidence == "high"
    assert alarm.names == tuple(range(1, 41))
    assert judge([f"{x[:5]}-{x[5:]}" if i % 2 else x for i, x in enumerate(PAIRS)])
    assert not judge(PAIRS[:25])
    assert not judge([x + "garden" * (i % 4) for i, x in enumerate(PAIRS)])
    assert not judge([f"{x}{i}" if i % 4 == 0 else x for i, x in enumerate(PAIRS)])
    for clients, confidence in ((1, "low"), (29, "low"), (30, "high")):
        few = judge(PAIRS, clients)
        assert few and few.confidence == ("high" if log.has_rcodes else confidence)


SHORT = [
    f"{a}{b}{i % 10}k{a}"[: 5 + i % 2]
    for i, (a, b) in enumerate(zip("bcdfghjkmnpq", "xyzwvutsrqpo", strict=True))
]


@pytest.mark.parametrize("log", [CODED, UNCODED])
def test_names_of_five_or_six_characters_in_a_row(log: LogContext) -> None:
    """A generator of names too short to look random; ordinary ones are of any length."""

    def judge(labels: list[str], odds: float = -2.0) -> Alarm | None:
        rows = [(x, odds, log.has_rcodes, float(i)) for i, x in enumerate(labels)]
        return by_kind(judge_day(day(rows), log)).get("same-length")

    alarm = judge(["tv", *SHORT, "a" * 30])
    assert alarm and alarm.confidence == "high"
    assert alarm.names == tuple(range(1, 13))
    assert not judge(SHORT[:8])
    assert not judge(SHORT, odds=-6.0)  # plain words
    assert not judge(SHORT, odds=np.nan)
    assert not judge([x + "77" * (i % 3) for i, x in enumerate(SHORT)])
    assert not judge([y for x in SHORT for y in (x, f"ordinary-{x}")])


def test_in_a_small_log_a_label_shares_more_by_chance() -> None:
    rows = day([(x, -4.0, False, float(i)) for i, x in enumerate(JOINED)])
    few, many = (
        score_day(rows, dataclasses.replace(UNCODED, clients=n), CUT)[1].score for n in (29, 30)
    )
    assert many - few == pytest.approx(len(JOINED) * 0.2)


LETTERS = ["xkqjzvwqpd", "qzvwkxhjbt", "jxqkwzpvtg", "wqkzjxvhfp", "zxqjvkwbhn", "kqxzwjvpdt"]
WITH_DIGITS = [x[:-1] + str(i) for i, x in enumerate(LETTERS)]


def ask(labels: list[str], gap: float, dead: bool = False) -> ClientDay:
    """Return a day of names that read as generated, at equal intervals in seconds."""
    return day([(x, 6.0, dead, gap * i) for i, x in enumerate(labels)])


@pytest.mark.parametrize("log", [CODED, UNCODED])
@pytest.mark.parametrize("gap", [1.0, 3600.0])
def test_names_with_digits_and_names_without_are_not_of_one_generator(
    log: LogContext, gap: float
) -> None:
    """Names that resolve, as advertising domains do, are compared in a burst and over the day."""
    for labels in (LETTERS, WITH_DIGITS):
        alarm = judge_day(ask(labels, gap), log)[0]
        assert (alarm.kind, len(alarm.names)) == ("random-looking", 6)
    mixed = [*LETTERS[:3], *WITH_DIGITS[3:]]
    assert judge_day(ask(mixed, gap), log) == []


def test_names_that_do_not_exist_count_together_however_they_read() -> None:
    mixed = [*LETTERS[:2], *WITH_DIGITS[2:4]]
    assert judge_day(ask(mixed, 3600.0, dead=True), CODED)[0].kind == "random-looking"


@pytest.mark.parametrize("log", [CODED, UNCODED])
def test_names_of_many_lengths_count_less_if_they_come_one_by_one(log: LogContext) -> None:
    labels = [x[4:] + "zq" * i for i, x in enumerate(LETTERS[:5])]
    burst, slow, unknown, alike = (
        score_day(x, log)[0].score
        for x in (ask(labels, 1), ask(labels, 3600), ask(labels, math.nan), ask(LETTERS[:5], 3600))
    )
    assert slow == unknown == pytest.approx(burst - 2 * AlarmThresholds().unlike, abs=0.02)
    assert alike == pytest.approx(burst, abs=0.02)


@pytest.mark.parametrize("log", [CODED, UNCODED])
def test_names_of_one_length_count_together_over_a_whole_day(log: LogContext) -> None:
    """Or of two neighbouring ones, or long ones; the client asks for many others between."""
    others = [(f"museum{i}", -6.0, False, 300.0 * i) for i in range(100)]

    def score(labels: list[str]) -> Alarm | None:
        rows = [(x, 6.0, False, 6000.0 * i) for i, x in enumerate(labels)]
        return by_kind(judge_day(day([*others, *rows]), log)).get("random-looking")

    alike = score(LETTERS)
    assert alike and len(alike.names) == 6
    assert score([x[: 9 + i % 2] for i, x in enumerate(LETTERS)])
    assert not score([x[: 10 - i] for i, x in enumerate(LETTERS)])
    assert not score([*LETTERS[:3], *WITH_DIGITS[3:]])
    long = [x + "qzvkx" + "zq" * i for i, x in enumerate(LETTERS)]
    assert score(long)
    assert not score(long[:3])
    assert not score([*long[:3], *WITH_DIGITS[3:]])


@pytest.mark.parametrize("log", [CODED, UNCODED])
def test_three_names_that_resolve_are_no_alarm(log: LogContext) -> None:
    assert judge_day(ask(LETTERS[:3], 1.0), log) == []


def test_a_busy_day_has_more_by_chance() -> None:
    rows = [(x, 6.0, False, 1e5 + i) for i, x in enumerate(LETTERS[:4])]
    quiet = day(rows)
    busy = day([*((f"museum{i}", -6.0, False, float(i)) for i in range(2000)), *rows])
    assert judge_day(quiet, UNCODED)[0].kind == "random-looking"
    assert score_day(busy, UNCODED)[0].score < 3.1


@pytest.mark.parametrize("clients", [1, 2])
def test_one_client_or_two_have_nobody_to_compare_with(clients: int) -> None:
    """google and googleapis are rare where one client asks; odd names are odd there, too."""
    shared = day([(x, -4.0, False, float(i)) for i, x in enumerate(JOINED)])
    few = dataclasses.replace(UNCODED, clients=clients)
    assert {x.confidence for x in judge_day(shared, few, CUT)} == {"low"}
    assert by_kind(judge_day(MORNING, few, CUT))["random-looking"].confidence == "high"


def test_a_list_of_dead_links_is_no_infection() -> None:
    """One in twelve reads oddly; as many odd ones by themselves are an alarm."""
    odds = [4.0 if i % 12 == 0 else -6.0 for i in range(200)]
    rows = [(f"museum{i}", z, True, float(i)) for i, z in enumerate(odds)]
    assert "random-looking" not in by_kind(judge_day(day(rows), CODED))
    assert judge_day(day([x for x in rows if x[1] > 0]), CODED)[0].kind == "random-looking"


def test_an_empty_day() -> None:
    for log in (CODED, UNCODED):
        assert judge_day(day([]), log) == []
        assert {x.score for x in score_day(day([]), log)} == {0.0}


def test_names_without_times_are_judged_in_the_order_of_their_labels() -> None:
    nowhere = dataclasses.replace(
        MORNING, first_seen=np.full(7, math.nan), last_seen=np.full(7, math.nan)
    )
    # All of five letters: jxqkw 2.5, mail -0.006, news -0.07, qzvwk 2.5, shop -0.006, xkqjz 1.
    # 0.04 for news.
    stretch = score_day(nowhere, CODED, CUT)[0].to_alarm(CODED, 1.0)
    assert (stretch.score, stretch.names) == (pytest.approx(5.878 - BY_CHANCE), (2, 4, 1))  # type: ignore[comparison-overlap]


LABEL = st.text("abcdefgh-0", min_size=1, max_size=14)
ROWS = st.lists(
    st.tuples(LABEL, st.floats(-20, 20), st.booleans(), st.sampled_from([0.0, 1.0, 2.0, math.nan])),
    max_size=25,
    unique_by=lambda row: row[0],
)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_rows_does_not_matter(
    rows: list[tuple[str, float, bool, float]], random: Random, coded: bool
) -> None:
    log = CODED if coded else UNCODED
    mixed = random.sample(rows, len(rows))
    scores = zip(score_day(day(rows), log), score_day(day(mixed), log), strict=True)
    for one, other in ((x.to_alarm(log, 1.0), y.to_alarm(log, 1.0)) for x, y in scores):
        assert one.kind == other.kind
        assert one.score == pytest.approx(other.score)
        assert {rows[i][0] for i in one.names} == {mixed[i][0] for i in other.names}


@settings(max_examples=30, deadline=None)
@given(ROWS, st.floats(3, 20), st.sampled_from([0.0, 1.0, 2.0, math.nan]))
def test_an_odd_dead_name_more_never_lowers_a_sum(
    rows: list[tuple[str, float, bool, float]], z: float, first: float
) -> None:
    before = {x.kind: x.score for x in score_day(day(rows), CODED)}
    after = {x.kind: x.score for x in score_day(day([*rows, ("i" * 12, z, True, first)]), CODED)}
    for kind in ("random-looking", "many-dead"):
        assert after[kind] >= before[kind] - 0.01  # what a label more adds by chance


@settings(max_examples=30, deadline=None)
@given(ROWS, st.booleans())
def test_what_an_alarm_names_makes_its_score(
    rows: list[tuple[str, float, bool, float]], coded: bool
) -> None:
    log = CODED if coded else UNCODED
    for score in score_day(day(rows), log):
        alarm = score.to_alarm(log, 1.0)
        assert alarm.score >= 0
        assert min(alarm.weights, default=1) > 0
        assert list(alarm.weights) == sorted(alarm.weights, reverse=True)
        assert len(set(alarm.names)) == len(alarm.names) == len(alarm.weights)
        assert sum(alarm.weights) >= alarm.score - 1e-9


def test_a_day_of_5000_labels_takes_an_eighth_of_a_second() -> None:
    draw = np.random.default_rng(1)
    letters = draw.choice(list("abcdefghijklmnopqrstuvwxyz"), (5000, 14))
    labels = sorted({"".join(x) for x in letters})
    n = len(labels)
    times = np.sort(draw.integers(0, 86_400, n)).astype(np.float64)
    busy = ClientDay(
        labels, draw.normal(-3, 3, n), np.ones(n, np.int64), draw.random(n) < 0.5, times, times
    )
    taken = []
    for _ in range(7):
        start = time.process_time()
        judge_day(busy, CODED)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.125 * slowness()
