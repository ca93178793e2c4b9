"""Tables of the report, and rows that are left out together."""

from __future__ import annotations

import math
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.model.scorer import Scorer
from pipeline.corpus.labelled import Corpus
from pipeline.evaluation import leave_out, metric_tables
from pipeline.evaluation.leave_out import RELATED, LeaveOut, family_folds
from pipeline.evaluation.results import RATES, Row

Rows = list[tuple[str, str, float]]  # label, subclass, probability
LEGIT = ("hsts", "universities")


def result(rows: Rows, fold: list[int] | None = None) -> LeaveOut:
    frame = pd.DataFrame(
        {
            "host": [f"{label}.com" for label, _, _ in rows],
            "domain": [label for label, _, _ in rows],
            "class": ["legit" if kind in LEGIT else "dga" for _, kind, _ in rows],
            "subclass": [kind for _, kind, _ in rows],
        }
    )
    # Shapes are never left out, and have no probability.
    probability = np.array([math.nan if kind.startswith("shape-") else p for _, kind, p in rows])
    folds = np.array(fold or [0] * len(rows))
    return LeaveOut(Corpus("made-up", Path("none.csv"), frame), folds, probability)


def made_up(count: int = 300, seed: int = 7) -> Rows:
    """No two probabilities alike; of each row the label's length is drawn too."""
    draw = np.random.default_rng(seed)
    kinds = draw.choice(["hsts", "universities", "banjori", "goz", "murofet", "shape-words"], count)
    p = draw.permutation(count) / count + 0.5 / count
    lengths = draw.integers(1, 64, count)
    return [
        (f"{i:03d}".ljust(n, "x")[:n], kind, x)
        for i, (kind, x, n) in enumerate(
            zip(kinds.tolist(), p.tolist(), lengths.tolist(), strict=True)
        )
    ]


def judged(rows: Rows) -> list[tuple[str, bool, float]]:
    """Label, whether malicious, and probability of all rows but made-up shapes."""
    return [(x, kind not in LEGIT, p) for x, kind, p in rows if not kind.startswith("shape-")]


def test_curves_run_through_the_counts_at_every_threshold() -> None:
    rows = made_up()
    kept = judged(rows)
    found = metric_tables.compute_curves(result(rows))
    roc, precision_recall = found["roc"], found["precision_recall"]
    bad_total = sum(bad for _, bad, _ in kept)
    points = set()
    for _, _, t in kept:
        hits = sum(bad for _, bad, p in kept if p >= t)
        flagged = sum(p >= t for _, _, p in kept)
        rate = (flagged - hits) / (len(kept) - bad_total)
        points.add((rate, hits / bad_total, hits / flagged))
    curves = (roc["false_positive_rate"], roc["recall"], precision_recall["precision"])
    drawn = list(zip(*curves, strict=True))
    assert precision_recall["recall"] == roc["recall"]
    assert set(drawn) <= points
    assert len(drawn) == len(set(drawn)) > len(points) / 2
    assert drawn == sorted(drawn, key=lambda x: x[:2])
    assert drawn[-1][:2] == (1, 1)


def test_the_best_and_the_worst_of_curves() -> None:
    rows: Rows = [("a", "hsts", 0.1), ("b", "hsts", 0.2), ("c", "goz", 0.8), ("d", "goz", 0.9)]
    assert metric_tables.compute_curves(result([*rows, ("e", "shape-words", 0.0)])) == {
        "roc": {"false_positive_rate": [0, 0, 0.5, 1], "recall": [0.5, 1, 1, 1]},
        "precision_recall": {"recall": [0.5, 1, 1, 1], "precision": [1, 1, 2 / 3, 0.5]},
    }


def test_rows_of_one_probability_are_flagged_together() -> None:
    """No threshold parts them; the classic model has many."""
    rows: Rows = [("a", "goz", 0.5), ("b", "goz", 0.5), ("c", "hsts", 0.5), ("d", "hsts", 0.5)]
    assert metric_tables.compute_curves(result(rows)) == metric_tables.compute_curves(
        result(rows[::-1])
    )


def test_calibration_by_tenths() -> None:
    rows = [x for x in made_up() if not 0.3 <= x[2] < 0.4] + [("a", "hsts", 0.0), ("b", "goz", 1.0)]
    expected = []
    for k in range(10):
        here = [(bad, p) for _, bad, p in judged(rows) if k / 10 <= p < (k + 1) / 10 + (k == 9)]
        if here:
            predicted = sum(p for _, p in here) / len(here)
            expected.append((predicted, sum(bad for bad, _ in here) / len(here), len(here)))
    found = metric_tables.compute_calibration(result(rows))
    assert len(found) == 9
    for row, (predicted, observed, count) in zip(found, expected, strict=True):
        assert row["predicted"] == pytest.approx(predicted)
        assert row["observed"] == pytest.approx(observed)
        assert row["rows"] == count


def test_lengths(classic: Scorer) -> None:
    rows = made_up()
    found = metric_tables.compute_length_errors(result(rows), "classic")
    assert (found[0]["from"], found[-1]["to"]) == (1, 63)
    assert all(a["to"] + 1 == b["from"] for a, b in pairwise(found))
    for part in found:
        here = [(b, p) for x, b, p in judged(rows) if part["from"] <= len(x) <= part["to"]]
        legit = [p >= classic.threshold for bad, p in here if not bad]
        missed = [p < classic.threshold for bad, p in here if bad]
        assert part["legitimate"] == len(legit)
        assert part["malicious"] == len(missed)
        for share, flags in ((part["false_positive_rate"], legit), (part["missed"], missed)):
            expected = sum(flags) / len(flags) if flags else math.nan
            assert share == pytest.approx(expected, nan_ok=True)


def test_operating_points(classic: Scorer) -> None:
    rows = made_up()
    kept = judged(rows)
    bad_total = sum(bad for _, bad, _ in kept)
    found = metric_tables.count_at_thresholds(result(rows), "classic")
    assert [x["operating_point"] for x in found] == list(classic.artifact.thresholds)
    for row in found:
        t = row["threshold"]
        assert t == classic.artifact.thresholds[row["operating_point"]]
        counts = [
            sum(bad == b and (p >= t) == f for _, bad, p in kept)
            for b, f in ((False, False), (False, True), (True, False), (True, True))
        ]
        names = ("true_negative", "false_positive", "false_negative", "true_positive")
        assert [row[name] for name in names] == counts
        assert row["false_positive_rate"] == pytest.approx(counts[1] / (len(kept) - bad_total))
        assert row["recall"] == pytest.approx(counts[3] / bad_total)


def test_false_alarms_are_the_legitimate_names_of_highest_score(language: Scorer) -> None:
    rows = made_up(400)
    found = metric_tables.list_false_alarms(result(rows), "language")
    legit = sorted((x for x in rows if x[1] in LEGIT), key=lambda x: -x[2])
    assert len(legit) > len(found) == metric_tables.MAX_FALSE_ALARMS
    assert [(x["name"], x["source"], x["probability"]) for x in found] == legit[:100]
    for row in found:
        score = language.score(row["name"])
        assert (row["segmentation"], row["unlikely"]) == (score.segmentation, score.unlikely)
    other_script = "xn--80ak6aa92e"  # Cyrillic: scoring refuses it, a corpus may hold it
    (refused,) = metric_tables.list_false_alarms(result([(other_script, "hsts", 0.5)]), "language")
    assert (refused["name"], refused["segmentation"]) == (other_script, other_script)
    (plain,) = metric_tables.list_false_alarms(result([("facebook", "hsts", 0.5)]), "classic")
    assert (plain["segmentation"], plain["unlikely"]) == ("facebook", "")


def test_what_the_models_were_judged_on() -> None:
    rows = made_up()
    found = metric_tables.summarize_data(result(rows).corpus, 3)
    legit = sum(kind in LEGIT for _, kind, _ in rows)
    assert (found["rows"], found["legitimate"], found["malicious"]) == (300, legit, 300 - legit)


def test_the_head_has_both_models_beside_what_was_aimed_at() -> None:
    def recall(first: float) -> dict[float, float]:
        return {0.01: first, 0.001: first / 2, 0.0001: first / 4}

    means = {
        "classic": {"macro_auc": 0.8, "recall": recall(0.4)},
        "language": {"macro_auc": 0.99, "recall": recall(0.9)},
    }
    sources = {
        "classic": [{"source": "hsts", "false_positive_rate": 0.25}],
        "language": [{"source": "hsts", "false_positive_rate": 0.01}],
    }

    def row(what: str, *more: object) -> Row:
        names = ("target", "classic", "language", "format", "better")
        return {"what": what, **dict(zip(names, more, strict=True))}

    recalls = "families left out, mean recall at"
    expected = [
        row("families left out, macro AUC", 0.97, 0.8, 0.99, "number", "higher"),
        row(f"{recalls} 1.00% false positives", 0.8, 0.4, 0.9, "percent", "higher"),
        row(f"{recalls} 0.10% false positives", 0.6, 0.2, 0.45, "percent", "higher"),
        row(f"{recalls} 0.01% false positives", None, 0.1, 0.225, "percent", "higher"),
        row("hsts held out, false positives at max F1", 0.03, 0.25, 0.01, "percent", "lower"),
    ]
    assert metric_tables.build_head({}, means, sources) == expected
    error_rate = {"theirs": 0.02, "classic": 0.021, "language": 0.004}
    original = {"error_rate": error_rate}
    first = row("original split, errors", 0.0045, 0.021, 0.004, "percent", "lower")
    assert metric_tables.build_head(original, means, sources) == [first, *expected]


def naive_family(rows: Rows, fold: list[int], name: str) -> Row:
    own = {k for k, (_, kind, _) in zip(fold, rows, strict=True) if kind == name}
    bad = [p for _, kind, p in rows if kind == name]
    legit = [p for k, (_, kind, p) in zip(fold, rows, strict=True) if kind in LEGIT and k in own]
    legit.sort(reverse=True)
    pairs = [(x > y) + (x == y) / 2 for x in bad for y in legit]
    recall = {}
    for rate in RATES:  # above all legitimate names but the share that may be flagged
        highest = legit[math.floor(rate * len(legit))]
        recall[rate] = sum(p > highest for p in bad) / len(bad)
    auc = sum(pairs) / len(pairs)
    return {"family": name, "rows": len(bad), "auc": auc, "recall": recall}


def test_each_family_is_told_against_the_legitimate_names_of_its_fold() -> None:
    rows = [(label, kind, round(p, 2)) for label, kind, p in made_up(900)]  # some of them equal
    corpus = result(rows).corpus
    fold = family_folds(corpus, 3).tolist()
    found = result(rows, fold).families()
    assert {x["family"] for x in found} == {"banjori", "goz", "murofet"}
    for family in found:
        expected = naive_family(rows, fold, family["family"])
        assert family["recall"] == pytest.approx(expected["recall"])
        assert family["auc"] == pytest.approx(expected["auc"])
        assert family["rows"] == expected["rows"]
    order = [(x["recall"][0.001], x["auc"]) for x in found]
    assert order == sorted(order)
    means = leave_out.average_families(found)
    assert means["macro_auc"] == pytest.approx(sum(x["auc"] for x in found) / 3)
    for rate in RATES:
        assert means["recall"][rate] == pytest.approx(sum(x["recall"][rate] for x in found) / 3)


@pytest.mark.parametrize("folds", [4, leave_out.FOLDS])
def test_families_are_left_out_whole_and_with_their_relatives(folds: int) -> None:
    rows: Rows = [(f"{name}{i}", name, 0.5) for i in range(3) for name in FAMILIES]
    rows += [(f"shape{i}", f"shape-{i}", 0.5) for i in range(5)]
    rows += [(f"name{i}", kind, 0.5) for i in range(200) for kind in LEGIT]  # each name twice
    of_row = family_folds(result(rows).corpus, folds).tolist()
    of_family: dict[str, set[int]] = {}
    for (label, kind, _), fold in zip(rows, of_row, strict=True):
        of_family.setdefault(kind, set()).add(fold)
        if kind in LEGIT:
            assert fold == zlib.crc32(label.encode()) % folds
        elif kind.startswith("shape-"):
            assert fold == folds  # for themselves: no family is in it
        else:
            assert fold < folds
    assert all(len(of_family[name]) == 1 for name in FAMILIES)
    assert all(of_family[one] == of_family[other] for one, other in RELATED.items())
    counts = [sum(k in of_family[name] for name in FAMILIES) for k in range(folds)]
    assert sum(counts) == len(FAMILIES)
    assert max(counts) - min(counts) <= 1 + len(RELATED)


def test_the_folds_that_the_report_names_are_those_of_the_rows() -> None:
    rows: Rows = [(name, name, 0.5) for name in FAMILIES]
    of_row = family_folds(result(rows).corpus).tolist()
    named = leave_out.list_folds()
    assert {name: k for k, names in enumerate(named) for name in names} == dict(
        zip(FAMILIES, of_row, strict=True)
    )
