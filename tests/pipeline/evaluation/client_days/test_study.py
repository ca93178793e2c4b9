"""Run the study on few and small networks, without a cluster: the packaged model scores."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest

from malicious_domains.clients.client_day import ClientDay
from malicious_domains.dga.generators import FAMILIES
from malicious_domains.model.scorer import Scorer
from pipeline.corpus.labelled import Corpus
from pipeline.evaluation.client_days import pool, show, study
from pipeline.evaluation.client_days.joiners import HELD_OUT, JOINERS, word_lists
from pipeline.evaluation.client_days.simulation import (
    Habits,
    Infection,
    ScoredNames,
    infect_day,
    simulate_network,
)
from pipeline.evaluation.leave_out import FOLDS, fold_of_family
from pipeline.evaluation.results import StudyResult

pytestmark = pytest.mark.slow

KEPT = ("zloader", "banjori", "suppobox-like")
FEW = study.Sizes(
    networks=2,
    days=4,
    name_counts=(3, 20),
    nxdomain=(0.97, 0.0),
    habits=Habits(clients=60, names=25.0),
)


@pytest.fixture(scope="module", autouse=True)
def few_families() -> Iterator[None]:
    """Draw names of two families only: some others take seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "FAMILIES", {x: FAMILIES[x] for x in KEPT if x in FAMILIES})
        yield


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Return some thousand pairs of words, and a name of another source."""
    words = [x for of in word_lists(9) for x in of]
    random = Random(4)
    names = list(dict.fromkeys(random.choice(words) + random.choice(words) for _ in range(4000)))
    frame = pd.DataFrame(
        {
            "host": [f"{x}.com" for x in [*names, "elsewhere"]],
            "domain": [*names, "elsewhere"],
            "class": "legit",
            "subclass": ["hsts"] * len(names) + ["original"],
        }
    )
    return Corpus.from_frame("made-up", Path("none.csv"), frame)


@pytest.fixture(scope="module")
def names(corpus: Corpus) -> pool.Pool:
    made = pool.make_pool(corpus, seed=1, runs=2)
    return dataclasses.replace(made, runs={x: made.runs[x] for x in KEPT}, tuning={})


@pytest.fixture(scope="module")
def scores(names: pool.Pool) -> pool.Scores:
    texts = [*names.assign_folds()]
    odds = Scorer.load().log_odds(texts).tolist()
    return pool.Scores(dict(zip(texts, odds, strict=True)))


@pytest.fixture(scope="module")
def traffic(names: pool.Pool, scores: pool.Scores) -> StudyResult:
    return study.run_study(names, scores, seed=1, sizes=FEW)


def test_it_is_the_same_twice(traffic: StudyResult, names: pool.Pool, scores: pool.Scores) -> None:
    assert study.run_study(names, scores, seed=1, sizes=FEW) == traffic
    assert study.run_study(names, scores, seed=2, sizes=FEW) != traffic


def test_what_looks_random_is_found_and_false_alarms_are_rare(traffic: StudyResult) -> None:
    for scene in traffic.scenes:
        if scene.burst:
            (many,) = [x for x in scene.families if (x.family, x.names) == ("zloader", 20)]
            assert many.share["random-looking"] == 1.0
    for alarms in traffic.false_alarms.values():
        assert alarms["random-looking"] < 0.05


def test_means_are_of_the_kind(traffic: StudyResult) -> None:
    for scene in traffic.scenes:
        joining = [x for x in scene.families if x.kind == "joins words" and x.names == 20]
        assert [x.family for x in joining] == ["banjori", "suppobox-like"]
        (mean,) = [x for x in scene.means if x.kind == "joins words" and x.names == 20]
        for name, share in mean.share.items():
            assert share == pytest.approx(np.mean([x.share[name] for x in joining]))


def test_every_table_is_told(traffic: StudyResult) -> None:
    lines = list(show.format_study(traffic))
    assert sum(x.startswith("| ---") for x in lines) == 1 + 4 + 4
    assert all(x.count("|") == lines[0].count("|") for x in lines[:2])
    assert any(x.startswith("| 97% NXDOMAIN, in a burst |") for x in lines)
    assert any(x.startswith("| no codes, over the day |") for x in lines)
    assert any(x.startswith("| banjori |") for x in lines)


def test_a_threshold_that_one_in_a_thousand_passes() -> None:
    values = [float(x) for x in range(3000)]
    cut = study.find_threshold(values, 0.001)
    assert sum(x >= cut for x in values) == 3
    assert sum(x >= study.find_threshold([1.0] * 3000, 0.001) for x in [1.0]) == 0


def test_names_are_scored_by_the_model_that_has_not_seen_them(names: pool.Pool) -> None:
    folds = names.assign_folds()
    assert {folds[pool.label_of(x)] for run in names.runs["zloader"] for x in run} == {
        fold_of_family(FOLDS)["zloader"]
    }
    for name, typo in zip(names.legit, names.typos, strict=True):
        assert folds[typo] == folds[name] == zlib.crc32(name.encode()) % FOLDS
    assert len({*names.legit, *names.typos}) == 2 * len(names.legit)


def test_scores_are_gathered_fold_by_fold(names: pool.Pool, scores: pool.Scores) -> None:
    gathered, scorer = study.StudyScores(names), Scorer.load()
    for fold in range(FOLDS):
        gathered.add_fold(fold, scorer)
    assert gathered.odds == scores.odds


def test_legitimate_names_are_of_the_committed_lists_and_not_generated(corpus: Corpus) -> None:
    generated = pool.label_of(pool.make_pool(corpus, seed=1, runs=1).runs["zloader"][0][0])
    frame = corpus.frame.copy()
    frame.loc[0, "domain"] = generated
    made = pool.make_pool(Corpus.from_frame("made-up", Path("none.csv"), frame), seed=1, runs=1)
    assert not {generated, "elsewhere"} & set(made.legit)
    assert len(made.legit) == len(frame) - 2


def test_joiners_hold_a_list_of_words_out() -> None:
    lists = word_lists(1)
    assert len(set().union(*lists)) == sum(map(len, lists))
    for name, generate in JOINERS.items():
        first, again = (
            [next(run) for _ in range(9)]
            for run in (
                generate(Random(1), lists[HELD_OUT], ["wikipedia", "gardening"]) for _ in "12"
            )
        )
        assert first == again, name
        assert all(3 < len(x) <= 24 for x in first), name


def test_a_network_is_the_same_twice_and_its_days_are_in_order(
    names: pool.Pool, scores: pool.Scores
) -> None:
    known = ScoredNames.of_pool(names, scores)
    one, two = (simulate_network(known, np.random.default_rng(3), FEW.habits) for _ in "12")
    assert [x.labels for x in one.days[True]] == [x.labels for x in two.days[True]]
    assert len(one.days[True]) == len(one.days[False]) == 60
    for day in one.days[True]:
        assert (np.diff(day.first_seen) >= 0).all()
        assert len(set(day.labels)) == len(day.labels)
    assert any(day.nxdomain.any() for day in one.days[True])
    assert not any(day.nxdomain.any() for day in one.days[False])
    assert {k for day in one.days[True] for k in day.suffix_counts.tolist()} == {1, 2, 3}


def simulate_days(names: pool.Pool, scores: pool.Scores) -> list[ClientDay]:
    """Return the days of a network's clients, by a log with response codes."""
    scored = ScoredNames.of_pool(names, scores)
    return simulate_network(scored, np.random.default_rng(3), FEW.habits).days[True]


def test_an_infection_adds_its_names(names: pool.Pool, scores: pool.Scores) -> None:
    clean = simulate_network(
        ScoredNames.of_pool(names, scores), np.random.default_rng(3), FEW.habits
    ).days[True][5]
    run = names.runs["zloader"][0][:20]
    labels = [pool.label_of(x) for x in run]
    for burst, low, high in ((True, 0, 10), (False, 3600, 86_400)):
        infection = Infection([*run, f"{clean.labels[0]}.com"], scores, burst, 0.97)
        day = infect_day(clean, infection, np.random.default_rng(1), has_rcodes=True)
        assert len(day.labels) == len(clean.labels) + 20
        at = [day.labels.index(x) for x in labels]
        assert low <= day.first_seen[at].max() - day.first_seen[at].min() <= high
        assert day.nxdomain[at].sum() >= 15
        assert day.log_odds[at].tolist() == scores.look_up(labels).tolist()
    assert (
        not infect_day(clean, infection, np.random.default_rng(1), has_rcodes=False)
        .nxdomain[at]
        .any()
    )


def test_a_label_under_several_suffixes_is_one(names: pool.Pool, scores: pool.Scores) -> None:
    clean = simulate_network(
        ScoredNames.of_pool(names, scores), np.random.default_rng(3), FEW.habits
    ).days[True][5]
    one, two = (pool.label_of(x) for x in names.runs["zloader"][0][:2])
    hosts = [f"{one}.com", f"{two}.com", f"{one}.net", f"{one}.org"]
    day = infect_day(clean, Infection(hosts, scores, True, 1.0), np.random.default_rng(1), True)
    assert len(day.labels) == len(clean.labels) + 2
    assert day.suffix_counts[[day.labels.index(x) for x in (one, two)]].tolist() == [3, 1]
