"""Names of known generators as evidence of a client's day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from malicious_domains.clients.generated_names import make_alarm, match_generators
from malicious_domains.names.dga_index import DgaMatch

DAY = date(2026, 11, 24)


def known(family: str, day: date | None = DAY, probability: float = 0.0) -> DgaMatch:
    on = str(day) if day else None
    return DgaMatch(family, "", "", on, on, on, 0, probability >= 1e-9, probability)


def told(*names: DgaMatch, asked: int = 100, day: date | None = DAY) -> list[tuple[str, str]]:
    return [(x.family, x.confidence) for x in match_generators([(x,) for x in names], day, asked)]


def test_a_name_that_cannot_be_chance_is_enough() -> None:
    assert told(known("goz")) == [("goz", "high")]


@pytest.mark.parametrize(
    ("names", "probability", "asked", "confidence"),
    [
        (1, 1e-3, 100, ""),  # one in ten clean clients has such a name
        (1, 4e-8, 100, "low"),
        (1, 4e-8, 100_000, ""),  # who asks for so many
        (2, 4e-8, 100, "high"),
        (7, 1e-3, 100, "high"),
        (3, 1e-3, 100, "low"),
    ],
)
def test_names_that_may_be_chance_count_together(
    names: int, probability: float, asked: int, confidence: str
) -> None:
    found = told(*[known("pitou", DAY, probability)] * names, asked=asked)
    assert found == ([("pitou", confidence)] if confidence else [])


def test_of_two_families_both_are_told_and_the_surest_first() -> None:
    both = (known("simda", None, 1e-9), known("goz"))
    found = match_generators([both, (known("goz"),)], DAY, 10)
    assert [(x.family, x.names, x.confidence) for x in found] == [
        ("goz", (0, 1), "high"),
        ("simda", (0,), "low"),
    ]
    raised = make_alarm(found)
    assert raised and (raised.kind, raised.score, raised.names) == ("known", 2.0, (0, 1))


def test_names_of_another_day_are_doubtful_and_by_chance_nothing() -> None:
    for days in (-1, 0, 1):  # clocks, and local time
        assert told(known("goz", DAY + timedelta(days=days))) == [("goz", "high")]
    assert told(known("goz", DAY + timedelta(days=2))) == [("goz", "low")]
    assert told(*[known("goz", DAY + timedelta(days=2), 1e-8)] * 9) == []
    assert told(known("goz", DAY + timedelta(days=2)), day=None) == [("goz", "high")]
    (found,) = match_generators([(known("goz", DAY - timedelta(days=9)),)], DAY, 1)
    assert str(found) == "goz of 2026-11-15, for another day"
    assert make_alarm([]) is None
