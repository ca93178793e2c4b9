from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from malicious_domains.model.scorer import Scorer
from malicious_domains.names.array_types import Floats
from pipeline.corpus.edits import EDITS
from pipeline.evaluation.attacks import (
    WORDS,
    audit_features,
    edit_names,
    find_best_edits,
    list_single_edits,
)


def test_list_single_edits_are_all_and_each_once() -> None:
    result = list_single_edits("ab")
    assert result == sorted(set(result))
    assert {"b", "a", "ba", "abz", "0ab", "a-b", "xb", "a9"} <= set(result)
    assert {f"shop{j}ab" for j in ("", "-")} | {f"ab{j}shop" for j in ("", "-")} <= set(result)
    assert not any(x.startswith("-") or x.endswith("-") or x in ("", "ab") for x in result)
    assert len(WORDS) == len(set(WORDS)) == 40


def test_no_edit_is_longer_than_a_label_may_be() -> None:
    assert {len(x) for x in list_single_edits("x" * 63)} == {62, 63}


def test_the_best_edit_has_the_lowest_score_of_all() -> None:
    def vowels(labels: Sequence[str]) -> Floats:
        return np.array([-sum(c in "aeiou" for c in label) / len(label) for label in labels])

    result = find_best_edits(vowels, ["xk", "zqa"])
    assert result == [
        min(list_single_edits(x), key=lambda y: vowels([y])[0]) for x in ("xk", "zqa")
    ]


def test_names_are_edited_with_others_of_their_family() -> None:
    joined = edit_names(["aa", "bb", "cc"], ["x", "y", "x"], EDITS["joined"], "seed")
    assert joined[1].replace("-", "") == "bbbb"
    assert {joined[0][-2:], joined[2][-2:]} <= {"aa", "cc"}
    assert joined == edit_names(["aa", "bb", "cc"], ["x", "y", "x"], EDITS["joined"], "seed")


def test_the_audit_sets_one_feature_to_its_best_bin(language: Scorer) -> None:
    labels = ["xqzjkvwpt", "q7x9z2k4w8", "facebook"]
    threshold = float(language.probability(labels)[:2].min())
    result = audit_features(language, labels, threshold)
    assert list(result) == list(language.artifact.features)
    assert set(result.values()) <= {0.0, 0.5, 1.0}
    lowest = {name: audit_features(language, labels, 1e-9)[name] for name in result}
    assert all(lowest[name] <= result[name] for name in result)
