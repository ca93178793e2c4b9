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
from pipeline.evaluation.client_days import pool, study
from pipeline.evaluation.client_days.joiners import HELD_OUT, JOINERS, word_lists
from pipeline.evaluation.client_days.simulation import (
    Habits,
    Infection,
    Network,
    ScoredNames,
    infect_day,
    simulate_network,
)
from pipeline.evaluation.leave_out import FOLDS, fold_of_family
from pipeline.evaluation.results import Row

pytestmark = pytest.mark.slow

KEPT = ("zloader", "banjori", "suppobox-like")
FEW = study.Sizes(
    settings=(
        study.Setting("60 clients", 2, Habits(clients=60, names=25.0)),
        study.Setting("household of 3, one address", 4, Habits(clients=1, devices=3)),
        study.Setting("crawls", 1, Habits(clients=4, crawls=1.0), ordinary=False),
    ),
    hosts=2,
    habits=Habits(clients=60, names=25.0),
    days=4,
    name_counts=(3, 20),
    nxdomain=(0.97, None),
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
    parts = [random.choices(words, k=random.randint(1, 3)) for _ in range(4000)]
    names = list(dict.fromkeys("".join([*x, *random.choice(["", "", "7"])]) for x in parts))
    frame = pd.DataFrame(
        {
            "host": [f"{x}.com" for x in [*names, "elsewhere"]],
            "domain": [*names, "elsewhere"],
            "class": "legit",
            "subclass": ["hsts"] * len(names) + ["original"],
        }
    )
    return Corpus("made-up", Path("none.csv"), frame)


@pytest.fixture(scope="module")
def names(corpus: Corpus) -> pool.Pool:
    made = pool.make_pool(corpus, seed=1, runs=2)
    return dataclasses.replace(made, runs={x: made.runs[x] for x in KEPT})


@pytest.fixture(scope="module")
def scores(names: pool.Pool) -> pool.Scores:
    texts = [*names.assign_folds()]
    odds = Scorer.load().log_odds(texts).tolist()
    return dict(zip(texts, odds, strict=True))


@pytest.fixture(scope="module")
def traffic(names: pool.Pool, scores: pool.Scores) -> Row:
    return study.run_study(names, scores, seed=1, sizes=FEW)


def test_it_is_the_same_twice(traffic: Row, names: pool.Pool, scores: pool.Scores) -> None:
    assert study.run_study(names, scores, seed=1, sizes=FEW) == traffic
    assert study.run_study(names, scores, seed=2, sizes=FEW) != traffic


def test_what_looks_random_is_found_and_false_alarms_are_rare(traffic: Row) -> None:
    for x in traffic["found"]:
        if x["burst"] and x["family"] == "zloader":
            assert x["share"][20] == 1.0
    assert [(x["network"], x["codes"], x["client_days"]) for x in traffic["clean"]] == [
        (name, codes, days)
        for name, days in (("60 clients", 120), ("household of 3, one address", 4), ("crawls", 4))
        for codes in (True, False)
    ]
    for clean in traffic["clean"]:
        assert clean["alarms"] <= 2
        assert clean["alarms"] / clean["client_days"] < clean["bound"] <= 1


def test_means_are_of_the_kind(traffic: Row) -> None:
    joining = [
        x for x in traffic["found"] if x["kind"] == "joins words" and x["codes"] and x["burst"]
    ]
    assert [x["family"] for x in joining] == ["mean", "banjori", "suppobox-like"]
    mean, *families = joining
    for count, share in mean["share"].items():
        assert share == pytest.approx(np.mean([x["share"][count] for x in families]))


def test_a_generator_of_few_names_is_left_out_of_days_with_more(
    names: pool.Pool, scores: pool.Scores
) -> None:
    runs = {"zloader": names.runs["zloader"], "few": [x[:3] for x in names.runs["zloader"]]}
    sizes = dataclasses.replace(FEW, settings=(), hosts=1, days=1, nxdomain=(0.97,))
    result = study.run_study(dataclasses.replace(names, runs=runs), scores, sizes=sizes)
    shares = {x["family"]: x["share"] for x in result["found"] if x["burst"]}
    assert shares["few"][3] is not None
    assert shares["few"][20] is None
    assert shares["mean"][20] == shares["zloader"][20] == 1.0
    assert any("| few | 97% NXDOMAIN, in a burst |" in x for x in study.format_study(result))


def test_rates_are_of_ordinary_days_and_fall(traffic: Row) -> None:
    for codes, confidence in ((True, "high"), (True, "low"), (False, "high"), (False, "low")):
        rows = [x for x in traffic["rates"] if (x["codes"], x["confidence"]) == (codes, confidence)]
        assert {x["client_days"] for x in rows} == {124}
        expected = [x["expected"] for x in rows]
        assert expected == sorted(expected, reverse=True)
        assert min(expected) > 0


def test_every_table_is_told(traffic: Row) -> None:
    lines = list(study.format_study(traffic))
    assert sum(x.startswith("| ---") for x in lines) == 4
    assert any(x.startswith("| 60 clients | 120 | ") and x.count("(≤ ") == 2 for x in lines)
    assert any(x.startswith("| looks random | 97% NXDOMAIN, in a burst |") for x in lines)
    assert any(
        x.endswith(
            "| high, with codes | low, with codes | high, without codes | low, without codes |"
        )
        for x in lines
    )
    assert any(x.startswith("| banjori | no codes, over the day |") for x in lines)


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
    assert gathered.odds == scores


def test_legitimate_names_are_of_the_committed_lists_and_not_generated(corpus: Corpus) -> None:
    generated = pool.label_of(pool.make_pool(corpus, seed=1, runs=1).runs["zloader"][0][0])
    frame = corpus.frame.copy()
    frame.loc[0, "domain"] = generated
    made = pool.make_pool(Corpus("made-up", Path("none.csv"), frame), seed=1, runs=1)
    assert not {generated, "elsewhere"} & set(made.legit)
    assert len(made.legit) == len(frame) - 2


def test_a_tail_follows_the_popular_names(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "tail.txt"
    path.write_text("seldom-asked.org\nwww.tail.co.uk\n\nno name\nseldom-asked.net\n")
    tail = study.read_tail(path)
    assert tail == ["seldom-asked", "tail"]
    made = pool.make_pool(corpus, seed=1, runs=1, tail=tail)
    assert sorted(made.legit[-2:]) == tail and len(made.legit) > 1000


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


def simulate(names: pool.Pool, scores: pool.Scores) -> tuple[Network, Network]:
    """Return a network by a log with response codes, and without."""
    scored = ScoredNames.of_pool(names, scores)
    return simulate_network(scored, np.random.default_rng(3), FEW.habits)


def test_a_network_is_the_same_twice_and_its_days_are_in_order(
    names: pool.Pool, scores: pool.Scores
) -> None:
    (coded, plain), (again, _) = (simulate(names, scores) for _ in "12")
    assert [x.labels for x in coded.days] == [x.labels for x in again.days]
    assert len(coded.days) == len(plain.days) == 60
    for day in coded.days:
        assert (np.diff(day.first_seen) >= 0).all()
        assert len(set(day.labels)) == len(day.labels)
    assert any(day.nxdomain.any() for day in coded.days)
    assert not any(day.nxdomain.any() for day in plain.days)
    assert {k for day in coded.days for k in day.suffix_counts.tolist()} == {1, 2, 3}


def infect(
    names: pool.Pool, scores: pool.Scores, hosts: list[str], burst: bool = True
) -> tuple[ClientDay, ClientDay, ClientDay]:
    """Return a clean day, and it with hosts by a log with response codes and without."""
    pair = simulate(names, scores)
    infection = Infection(hosts, burst, 0.97)
    coded, plain = (
        infect_day(x, 5, infection, scores, np.random.default_rng(1)).days[0] for x in pair
    )
    return pair[0].days[5], coded, plain


@pytest.mark.parametrize(("burst", "low", "high"), [(True, 0, 10), (False, 3600, 86_400)])
def test_an_infection_adds_its_names(
    names: pool.Pool, scores: pool.Scores, burst: bool, low: int, high: int
) -> None:
    run = names.runs["zloader"][0][:20]
    labels = [pool.label_of(x) for x in run]
    asked = f"{simulate(names, scores)[0].days[5].labels[0]}.com"
    clean, day, plain = infect(names, scores, [*run, asked], burst)
    assert len(day.labels) == len(clean.labels) + 20
    at = [day.labels.index(x) for x in labels]
    assert low <= day.first_seen[at].max() - day.first_seen[at].min() <= high
    assert day.nxdomain[at].sum() >= 15
    assert day.log_odds[at].tolist() == [scores[x] for x in labels]
    assert not plain.nxdomain.any()


def test_a_label_under_several_suffixes_is_one(names: pool.Pool, scores: pool.Scores) -> None:
    one, two = (pool.label_of(x) for x in names.runs["zloader"][0][:2])
    clean, day, _ = infect(names, scores, [f"{one}.com", f"{two}.com", f"{one}.net", f"{one}.org"])
    assert len(day.labels) == len(clean.labels) + 2
    assert day.suffix_counts[[day.labels.index(x) for x in (one, two)]].tolist() == [3, 1]
