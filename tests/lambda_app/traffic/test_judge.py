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

from lambda_app.chalicelib.traffic.day import Thresholds, Weights
from lambda_app.chalicelib.traffic.judge import (
    Alarm,
    Cut,
    Day,
    Log,
    judge,
    points,
    scores,
    strength,
)
from lambda_app.chalicelib.traffic.pieces import Background

ORDINARY = [f"{a}{b}" for a in ("bicycle", "garden", "museum", "hotel") for b in range(600)]
GRAMS = Background.of(ORDINARY)
CODED, UNCODED = Log(coded=True, grams=GRAMS), Log(coded=False, grams=GRAMS)
EVEN = Weights(shift=-1.0, low=-3.0, high=3.0, dead=1.0, alive=-1.0)
CUT = Cut(
    coded=Thresholds(8.0, 2.0, 20.0, 5.0, 3.0),
    uncoded=Thresholds(6.0, 2.0, 20.0, math.inf, math.inf),
    coded_weights=EVEN,
    uncoded_weights=Weights(-1.0, -2.0, 3.0, 0.0, 0.0),
)


def day(rows: list[tuple[str, float, bool, float]]) -> Day:
    """Of label, log-odds, whether it is dead, and time."""
    labels, z, dead, first = zip(*rows, strict=True) if rows else ((), (), (), ())
    times = np.array(first, dtype=np.float64)
    return Day(
        labels=list(labels),
        z=np.array(z, dtype=np.float64),
        suffixes=np.ones(len(rows), np.int64),
        dead=np.array(dead, dtype=np.bool_),
        first=times,
        last=times,
    )


MORNING = day(
    [
        ("shop", -6.0, False, 0.0),  # -3 - 1 = -4
        ("xkqjz", 2.0, True, 1.0),  #  1 + 1 =  2
        ("qzvwk", 9.0, True, 2.0),  #  3 + 1 =  4, the log-odds clipped
        ("blog", 0.0, False, 3.0),  # -1 - 1 = -2
        ("jxqkw", 5.0, True, 4.0),  #  3 + 1 =  4
        ("news", -1.0, True, 5.0),  # -2 + 1 = -1
        ("mail", -9.0, False, 6.0),  # -4
    ]
)


def by_kind(found: list[Alarm]) -> dict[str, Alarm]:
    return {x.kind: x for x in found}


def test_a_day_with_codes_by_hand() -> None:
    assert points(MORNING, CODED, CUT).tolist() == [-4, 2, 4, -2, 4, -1, -4]
    alarm = by_kind(judge(MORNING, CODED, CUT))["random-looking"]
    assert alarm == Alarm("random-looking", 8.0, "low", (2, 4, 1), (4.0, 4.0, 2.0))
    assert strength(alarm, CODED, CUT) == 1.0


def test_a_day_without_codes_by_hand() -> None:
    """Clipped at -2 and 3: -2, 1, 3, -1, 3, -2, -2."""
    (alarm,) = judge(MORNING, UNCODED, CUT)
    assert alarm == Alarm("random-looking", 6.0, "low", (2, 4, 1), (3.0, 3.0, 1.0))


def test_below_the_threshold_is_no_alarm_and_far_above_is_sure() -> None:
    strict = dataclasses.replace(CUT, uncoded=dataclasses.replace(CUT.uncoded, random_looking=6.1))
    assert judge(MORNING, UNCODED, strict) == []
    lax = dataclasses.replace(CUT, uncoded=dataclasses.replace(CUT.uncoded, random_looking=4.0))
    (alarm,) = judge(MORNING, UNCODED, lax)
    assert (alarm.confidence, strength(alarm, UNCODED, lax)) == ("high", 1.5)


def test_dead_names_are_counted_and_the_long_ones_beside() -> None:
    """Six dead of 13 letters: a half each by log-odds of -3, 0.5 + 2 / 8 each by length."""
    names = ["somethingelse", "whateverworks", "gardenerquiet", "teapotandcups", "riverofpearls"]
    rows = [(x, -3.0, True, float(i)) for i, x in enumerate([*names, "windowswillow"])]
    found = by_kind(judge(day(rows), CODED, CUT))
    assert found["many-dead"].score == 3.0
    long = next(x for x in scores(day(rows), CODED, CUT) if x.kind == "long-dead")
    assert long.score == pytest.approx(6 * 0.75)
    assert {x.confidence for x in found.values()} == {"low"}
    assert judge(day([(x, z, False, t) for x, z, _, t in rows]), CODED, CUT) == []


JOINED = [
    f"{a}{b}" for a in ("peregrine", "jeremiah", "annabelle") for b in ("wolfram", "tundra", "oboe")
]


def test_names_of_the_same_pieces() -> None:
    others = ["hotel17x", "garden5y", "museum3", "quartz", "lemonade"]
    rows = [(x, -4.0, True, float(i)) for i, x in enumerate([*JOINED, *others])]
    alarm = by_kind(judge(day(rows), CODED, CUT))["same-pieces"]
    assert len(alarm.names) >= 6  # those of the strongest piece are left aside
    assert set(alarm.names) <= set(range(len(JOINED)))
    assert alarm.score == pytest.approx(sum(alarm.points))
    assert list(alarm.points) == sorted(alarm.points, reverse=True)


def test_pieces_that_are_common_in_the_log_say_nothing() -> None:
    rows = [(f"bicycle{i}", -4.0, True, float(i)) for i in range(9)]
    found = by_kind(judge(day(rows), CODED, CUT))
    assert not {"same-pieces", "same-end"} & set(found)


def test_names_that_end_alike_and_begin_alike() -> None:
    for shape in ("{}stnessbiophysical", "biophysicalbody{}ss"):
        fresh = [shape.format(x) for x in ("abcd", "efgh", "ijkl", "mnop", "qrst", "uvwx")]
        rows = [(x, -4.0, True, float(i)) for i, x in enumerate([*fresh, "lemon", "tulip"])]
        alarm = by_kind(judge(day(rows), CODED, CUT))["same-end"]
        assert set(alarm.names) == set(range(6))


def test_with_codes_only_dead_names_share_pieces() -> None:
    alive = day([(x, -4.0, False, float(i)) for i, x in enumerate(JOINED)])
    assert judge(alive, CODED, CUT) == []
    assert "same-pieces" in by_kind(judge(alive, UNCODED, CUT))


def test_an_empty_day() -> None:
    for log in (CODED, UNCODED):
        assert judge(day([]), log) == []
        assert {x.score for x in scores(day([]), log)} == {0.0}


def test_names_without_times_are_judged_in_the_order_of_their_labels() -> None:
    nowhere = dataclasses.replace(MORNING, first=np.full(7, math.nan), last=np.full(7, math.nan))
    # blog -2, jxqkw 4, mail -4, news -1, qzvwk 4, shop -4, xkqjz 2
    stretch = scores(nowhere, CODED, CUT)[0]
    assert (stretch.score, stretch.names) == (4.0, (4,))


LABEL = st.text("abcdefgh-0", min_size=1, max_size=14)
ROWS = st.lists(
    st.tuples(LABEL, st.floats(-20, 20), st.booleans(), st.sampled_from([0.0, 1.0, 2.0, math.nan])),
    max_size=25,
    unique_by=lambda row: row[0],
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_rows_does_not_matter(
    rows: list[tuple[str, float, bool, float]], random: Random, coded: bool
) -> None:
    log = CODED if coded else UNCODED
    mixed = random.sample(rows, len(rows))
    for one, other in zip(scores(day(rows), log), scores(day(mixed), log), strict=True):
        assert one.kind == other.kind
        assert one.score == pytest.approx(other.score)
        assert {rows[i][0] for i in one.names} == {mixed[i][0] for i in other.names}


@settings(max_examples=60, deadline=None)
@given(ROWS, st.floats(3, 20), st.sampled_from([0.0, 1.0, 2.0, math.nan]))
def test_an_odd_dead_name_more_never_lowers_a_sum(
    rows: list[tuple[str, float, bool, float]], z: float, first: float
) -> None:
    before = {x.kind: x.score for x in scores(day(rows), CODED)}
    after = {x.kind: x.score for x in scores(day([*rows, ("i" * 12, z, True, first)]), CODED)}
    for kind in ("random-looking", "long-dead", "many-dead"):
        assert after[kind] >= before[kind] - 1e-9


@settings(max_examples=60, deadline=None)
@given(ROWS, st.booleans())
def test_what_an_alarm_names_makes_its_score(
    rows: list[tuple[str, float, bool, float]], coded: bool
) -> None:
    for found in scores(day(rows), CODED if coded else UNCODED):
        assert found.score >= 0
        assert min(found.points, default=1) > 0
        assert list(found.points) == sorted(found.points, reverse=True)
        assert len(set(found.names)) == len(found.names) == len(found.points)
        assert sum(found.points) >= found.score - 1e-9


@pytest.mark.timing
def test_a_day_of_5000_labels_takes_20_ms() -> None:
    draw = np.random.default_rng(1)
    letters = draw.choice(list("abcdefghijklmnopqrstuvwxyz"), (5000, 14))
    labels = sorted({"".join(x) for x in letters})
    n = len(labels)
    times = np.sort(draw.integers(0, 86_400, n)).astype(np.float64)
    busy = Day(
        labels, draw.normal(-3, 3, n), np.ones(n, np.int64), draw.random(n) < 0.5, times, times
    )
    taken = []
    for _ in range(7):
        start = time.process_time()
        judge(busy, CODED)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.02
