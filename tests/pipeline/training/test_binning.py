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
from pipeline.training import binning, design_csv
from pipeline.training.config import TrainConfig
from pipeline.training.design import Language
from pipeline.training.language_model import CrossFit, load_word_list
from tests.helpers.data import legitimate

ROWS = st.lists(
    st.tuples(st.integers(-5, 30) | st.floats(-9, 9), st.booleans(), st.integers(1, 9)),
    min_size=1,
    max_size=120,
)

FEW_WORDS = TrainConfig(vocabulary_size=500)


def chosen(rows: list[tuple[float, bool, int]]) -> list[float]:
    values, _, weights = (np.array(x) for x in zip(*rows, strict=True))
    (edges,) = binning.choose_bins(
        ["x"], values.astype(float)[:, None], weights.astype(float)
    ).values()
    return edges


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


@given(rows=st.lists(st.tuples(*[st.integers(0, 99)] * 3), min_size=1, max_size=30))
def test_text_reads_back(rows: list[tuple[int, ...]]) -> None:
    lines = binning.format_bins(np.array(rows, np.uint8))
    assert lines == [b",".join(b"%02d" % x for x in row) for row in rows]


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
    return Corpus.from_frame("made-up", Path("none.csv"), frame)


@pytest.fixture(scope="module")
def design(corpus: Corpus) -> Language:
    """With few words."""
    return Language(corpus, FEATURES, FEW_WORDS)


@pytest.fixture(scope="module")
def crossed(corpus: Corpus, design: Language) -> CrossFit:
    """Tables of the same names and words as the design."""
    return CrossFit(design.labels, corpus.first_rows("legit"), load_word_list(FEW_WORDS), FEW_WORDS)


@pytest.mark.parametrize(("every", "deployed"), [(1, False), (3, True)])
def test_a_design_writes_the_bins_of_its_features_and_every_level(
    design: Language, crossed: CrossFit, tmp_path: Path, every: int, deployed: bool
) -> None:
    count, pad = len(design.labels), design.padding
    rows = list(range(0, count, every))
    written = np.array([*rows, *range(count, count + pad)])
    path = tmp_path / "frame.csv"
    beside = {"part": np.full(len(written), b"0")}
    design_csv.write_csv(path, design, written, {} if deployed else beside, deployed)
    read = pd.read_csv(path, dtype=str).filter(design.columns)
    assert list(read) == list(design.columns)
    assert len(read) == len(written)
    values = (
        compute_matrix([design.labels[i] for i in rows], FEATURES, design.tables)
        if deployed
        else crossed.matrix(np.array(rows), FEATURES)
    )
    real = read.iloc[: len(rows)]
    bins = {}
    for j, name in enumerate(FEATURES):
        bins[name] = bins_of(values[:, j].tolist(), design.edges[name])
        assert real[name].astype(int).tolist() == bins[name]
    for name in design.columns:
        levels = {f"{i:02d}" for i in range(design.sizes[name])}
        assert set(read[name].iloc[len(rows) :]) == levels


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
