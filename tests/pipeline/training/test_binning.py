from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from malicious_domains.features.registry import compute_matrix
from pipeline.corpus.labelled import Corpus
from pipeline.h2o_cluster.cluster import write_csv
from pipeline.training import binning
from pipeline.training.config import TrainConfig
from pipeline.training.design import Language
from pipeline.training.language_model import compute_by_fold, cross_fit, load_word_list
from tests.helpers.data import legitimate

ROWS = st.lists(
    st.tuples(st.integers(-5, 30) | st.floats(-9, 9), st.booleans(), st.integers(1, 9)),
    min_size=1,
    max_size=120,
)

FEW_WORDS = TrainConfig(vocabulary_size=500)


def chosen(rows: list[tuple[float, bool, int]]) -> list[float]:
    values, _, weights = (np.array(x) for x in zip(*rows, strict=True))
    return binning.choose_bins(values.astype(float), weights.astype(float), 16)


def bins_of(values: list[float], edges: list[float]) -> list[int]:
    return [sum(edge < value for edge in edges) for value in values]


@given(ROWS)
def test_a_heavy_value_has_a_bin_of_its_own(rows: list[tuple[float, bool, int]]) -> None:
    """A sixteenth of the weight is heavy; where there are few values, each is alone."""
    total = sum(weight for _, _, weight in rows)
    values = sorted({float(value) for value, _, _ in rows})
    weight_of = {v: sum(w for value, _, w in rows if value == v) for v in values}
    edges = chosen(rows)
    bins = dict(zip(values, bins_of(values, edges), strict=True))
    for value, weight in weight_of.items():
        if 16 * weight >= total or len(values) <= 16:
            assert [v for v in values if bins[v] == bins[value]] == [value]
    assert len(edges) + 1 <= 2 * 16
    assert set(bins.values()) == set(range(len(edges) + 1))


def test_bins_of_distinct_values_hold_about_as_many() -> None:
    values = np.random.default_rng(6).normal(size=200).tolist()
    edges = chosen([(x, False, 1) for x in values])
    counts = np.bincount(bins_of(list(values), edges), minlength=16)
    assert counts.tolist() == [
        math.ceil(200 * (k + 1) / 16) - math.ceil(200 * k / 16) for k in range(16)
    ]


FEATURES = ("length", "entropy", "p_digits", "trigram_mean", "cut_mean")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Few names."""
    some = legitimate()[::400]
    draw = random.Random(5)
    generated = ["".join(draw.choices("abcdefghijklmnopq12", k=draw.randint(5, 20))) for _ in some]
    kinds = ["legit"] * len(some) + ["dga"] * len(generated)
    names = [*some, *generated]
    frame = pd.DataFrame({"host": names, "domain": names, "class": kinds, "subclass": kinds})
    frame = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    return Corpus("made-up", Path("none.csv"), frame)


@pytest.fixture(scope="module")
def design(corpus: Corpus) -> Language:
    """With few words."""
    return Language(corpus, FEATURES, FEW_WORDS)


@pytest.mark.parametrize("deployed", [False, True])
def test_a_design_has_the_bins_of_its_features(
    corpus: Corpus, design: Language, tmp_path: Path, deployed: bool
) -> None:
    """Values of the out-of-fold tables, in which each level occurs, and of the deployed ones."""
    words, legitimate = load_word_list(FEW_WORDS), corpus.first_rows("legit")
    fold, tables = cross_fit(design.labels, legitimate, words, FEW_WORDS)
    values = (
        compute_matrix(design.labels, FEATURES, design.tables)
        if deployed
        else compute_by_fold(design.labels, fold, FEATURES, tables)
    )
    write_csv(tmp_path / "frame.csv", design.deploy() if deployed else design.table)
    read = pd.read_csv(tmp_path / "frame.csv", dtype=str)
    assert tuple(read) == FEATURES
    for j, name in enumerate(FEATURES):
        bins = bins_of(values[:, j].tolist(), design.edges[name])
        assert read[name].tolist() == [f"{i:02d}" for i in bins]
        assert deployed or len({*bins}) == design.sizes[name]


def test_a_term_that_h2o_left_out_counts_nothing(design: Language) -> None:
    """As it leaves out what is constant in training."""
    given = {x: {f"{i:02d}": 1.0 for i in range(n)} for x, n in design.sizes.items()}
    left_out = given.pop("p_digits")
    given["length"] = {level: float(i) for i, level in enumerate(given["length"])}
    said = design.equation(given, -2.0)
    assert said["coefficients"]["p_digits"] == [0.0] * len(left_out)
    assert np.diff(said["coefficients"]["length"]) == pytest.approx(1.0)
    # What every row has of a term goes to the intercept: 1 of each term that is flat.
    flat = len(design.sizes) - 2
    assert said["intercept"] == pytest.approx(-2.0 + flat - said["coefficients"]["length"][0])
