from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.model.glm import (
    BinnedAdditive,
    Linear,
    to_probabilities,
    to_probability,
)

NUMBERS = st.floats(-1e3, 1e3, allow_nan=False, width=32)


@st.composite
def equations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the arguments of BinnedAdditive: up to four features."""
    names = "abcd"[: draw(st.integers(1, 4))]
    edges = {x: sorted(draw(st.sets(NUMBERS, max_size=5))) for x in names}
    count = itertools.count()
    values = {x: [float(next(count)) for _ in range(len(edges[x]) + 1)] for x in names}
    return {"edges": edges, "coefficients": values}


def bin_of(value: float, edges: list[float]) -> int:
    """Check that a value on an edge is in the bin below it."""
    for i, edge in enumerate(edges):
        if value <= edge:
            return i
    return len(edges)


@settings(max_examples=40)
@given(equations(), st.data())
def test_parts_are_the_coefficients_of_the_bins(said: dict[str, Any], data: st.DataObject) -> None:
    edges, values = said.values()
    rows = data.draw(st.integers(0, 6))
    columns = {
        x: [
            data.draw((st.sampled_from(edges[x]) if edges[x] else NUMBERS) | NUMBERS)
            for _ in range(rows)
        ]
        for x in edges
    }
    equation = BinnedAdditive(**said)
    parts = equation.contributions([np.array(x, np.float64) for x in columns.values()])
    bins = {x: [bin_of(v, edges[x]) for v in columns[x]] for x in edges}
    expected = [[values[x][i] for i in bins[x]] for x in edges]
    assert [x.tolist() for x in parts] == expected
    assert list(equation.terms) == list(values)
    assert list(equation.features) == list(edges)


def test_whole_numbers_are_binned_like_others() -> None:
    equation = BinnedAdditive({"a": [1.0, 2.5]}, {"a": [1.0, 2.0, 3.0]})
    assert equation.contributions([np.array([0, 1, 2, 3])])[0].tolist() == [1, 1, 2, 3]


def good() -> dict[str, Any]:
    return {
        "edges": {"a": [1.0, 2.0], "b": [0.5]},
        "coefficients": {"a": [0.0] * 3, "b": [0.0] * 2},
    }


def changed(key: str, **values: Any) -> dict[str, Any]:
    return good() | {key: good()[key] | values}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (changed("edges", a=[2.0, 1.0]), "edges of a do not ascend"),
        (changed("edges", a=[1.0, 1.0]), "edges of a do not ascend"),
        (changed("edges", b=[float("nan")]), "edges of b do not ascend"),
        (changed("edges", b=[float("inf")]), "edges of b do not ascend"),
        (changed("edges", a=[1.0]), "a has 3 coefficients, not 2"),
        (changed("edges", b=[[0.5]]), "edges of b are no list of numbers"),
        (changed("coefficients", a=[0.0] * 2), "a has 2 coefficients, not 3"),
        (changed("coefficients", b=[0.0] * 3), "b has 3 coefficients, not 2"),
        (changed("coefficients", a=[[0.0] * 3]), "a has 1 coefficients, not 3"),
        (changed("coefficients", c=[0.0]), "coefficients are not those of the features"),
    ],
)
def test_refuses_what_does_not_fit_together(said: dict[str, Any], problem: str) -> None:
    BinnedAdditive(**good())
    with pytest.raises(ValueError, match=problem):
        BinnedAdditive(**said)


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from("abcd"), NUMBERS, min_size=1), st.data())
def test_linear_multiplies(coefficients: dict[str, float], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(*[NUMBERS] * len(coefficients)), max_size=5))
    columns = [np.array([row[j] for row in rows], np.float64) for j in range(len(coefficients))]
    equation = Linear(coefficients)
    parts = equation.contributions(columns)
    assert equation.features == equation.terms == tuple(coefficients)
    assert [x.tolist() for x in parts] == [
        [float(coefficients[name]) * row[j] for row in rows] for j, name in enumerate(coefficients)
    ]


LOG_ODDS = st.floats(-1e3, 1e3) | st.floats(-1, 1) | st.floats(allow_nan=False)


@settings(max_examples=40)
@given(st.lists(LOG_ODDS, min_size=1))
def test_a_probability_has_the_same_bits_alone_and_among_many(log_odds: list[float]) -> None:
    together = to_probabilities(np.array(log_odds)).tolist()
    assert [to_probability(x) for x in log_odds] == together
    assert all(0 <= p <= 1 for p in together)


@settings(max_examples=40)
@given(st.floats(-700, 700))
def test_a_probability_is_the_logistic_function(log_odds: float) -> None:
    assert math.isclose(to_probability(log_odds), 1 / (1 + math.exp(-log_odds)), rel_tol=1e-15)


@pytest.mark.parametrize(("log_odds", "expected"), [(0.0, 0.5), (-1e102, 0.0), (1e102, 1.0)])
def test_probabilities_at_the_limits(log_odds: float, expected: float) -> None:
    assert math.isclose(to_probability(log_odds), expected, abs_tol=1e-300)
