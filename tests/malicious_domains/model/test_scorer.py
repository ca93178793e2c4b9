from __future__ import annotations

import hashlib
import math
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.model.score import Score
from malicious_domains.model.scorer import FEW, Scorer
from malicious_domains.names.errors import Invalid, UnknownOperatingPoint
from malicious_domains.names.parse import InvalidDomain
from pipeline.corpus.labelled import Corpus
from tests.helpers.data import GOLDEN

# SHA-256 of the log-odds, float64, of all names of the embedded corpus; recorded when the
# code was slower and plainer. Faster code must not change a bit; a new training does.
ANSWERS = {
    "classic": "493fca475a80acc3e6782d6458728a0a6d097ec89d562a8978bde62e1092c6e7",
    "language": "543ae8f6f82cc438408ed1d31926a62fcdfb19ce7f7a3050d964f68060606dd1",
}


def test_every_bit_of_every_answer_is_as_recorded(scorer: Scorer, embedded: Corpus) -> None:
    log_odds = scorer.log_odds(embedded.frame["domain"].tolist())
    assert hashlib.sha256(log_odds.tobytes()).hexdigest() == ANSWERS[scorer.artifact.name]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda x: f"{x['model']}-{x['domain']}")
def test_golden_answers(golden: dict[str, object]) -> None:
    scorer = Scorer.load(str(golden["model"]))
    score = scorer.score(str(golden["domain"]))
    assert score.label == golden["label"]
    assert math.isclose(score.probability, float(str(golden["probability"])), abs_tol=1e-12)


def test_the_examples_of_every_page_about_this() -> None:
    scorer = Scorer.load()
    assert scorer.score("plzdonthackmekthxbye").label == 1
    assert [scorer.score(x).label for x in ("google.com", "wikipedia.org", "facebook.com")] == [
        0
    ] * 3


@settings(max_examples=40)
@given(text=st.text() | st.from_regex(r"[a-z0-9-]{1,63}(\.[a-z]{2,5}){0,2}", fullmatch=True))
def test_any_text_gets_a_score_or_a_reason(scorer: Scorer, text: str) -> None:
    result, *others = scorer.score_many([text] * (FEW + 1))
    assert others == [result] * FEW
    assert scorer.score_many([text]) == [result]
    assert result.domain == text
    if isinstance(result, Invalid):
        assert result.error
        with pytest.raises(InvalidDomain):
            scorer.score(text)
        return
    assert result == scorer.score(text)
    assert 0 <= result.probability <= 1
    assert result.label == (result.probability >= result.threshold == scorer.threshold)
    total = result.intercept + sum(result.contributions.values())
    assert math.isclose(total, result.log_odds, abs_tol=1e-9)
    assert math.isclose(1 / (1 + math.exp(-result.log_odds)), result.probability, rel_tol=1e-9)
    assert scorer.probability([result.name])[0] == result.probability
    for count in (1, FEW + 1):
        assert scorer.list_probabilities([result.name] * count) == [result.probability] * count


def test_many_keep_their_order_and_bad_names_their_place(scorer: Scorer) -> None:
    texts = ["google.com", "", "co.uk", "xmqjtoevkbhrw.ru", "google.com"]
    results = scorer.score_many(texts)
    assert [x.domain for x in results] == texts
    assert [type(x) for x in results] == [Score, Invalid, Invalid, Score, Score]  # type: ignore[comparison-overlap]


@pytest.mark.parametrize("rate", [0.01, 0.001, 0.0001])
def test_an_operating_point_moves_the_threshold_and_says_so(scorer: Scorer, rate: float) -> None:
    strict = scorer.at(rate)
    score = strict.score("plzdonthackmekthxbye")
    assert score.operating_point == rate
    assert score.threshold == strict.threshold == scorer.artifact.thresholds[rate]
    assert score.label == (score.probability >= strict.threshold)
    assert scorer.score("google.com").operating_point == "max_f1"


def test_operating_points_grow_stricter(scorer: Scorer) -> None:
    thresholds = [scorer.at(rate).threshold for rate in (0.01, 0.001, 0.0001)]
    assert thresholds == sorted(set(thresholds))


@pytest.mark.parametrize("point", [0.5, "strict", float("nan"), None])
def test_an_unknown_operating_point_is_an_error(scorer: Scorer, point: float) -> None:
    with pytest.raises(UnknownOperatingPoint, match=r"known are max_f1, 0.01, 0.001, 0.0001"):
        scorer.at(point)


def test_data_of_any_kind_become_an_item_each(language: Scorer) -> None:
    """A01: a frame's column has None and NaN."""
    data = ["google.com", None, float("nan"), b"google.com", 7]
    first, *others = language.score_many(x for x in data)
    assert isinstance(first, Score)
    said = [x.error for x in others if isinstance(x, Invalid)]
    assert said == [f"{kind}, not a text" for kind in ("None", "NaN", "bytes", "int")]
    assert len(language.score_many(pd.Series(["google.com", None]))) == 2


def test_missing_values_and_scalars_of_other_libraries(language: Scorer) -> None:
    """NB01."""
    masked = np.ma.array(["google.com", "x.ru"], mask=[False, True])  # type: ignore[no-untyped-call]
    texts = pd.Series(["google.com", None])
    for column in (
        *(texts.convert_dtypes(), texts.astype("string[pyarrow]"), ["google.com", pd.NA]),
        *(["google.com", pd.NaT], masked, pa.array(["google.com", None])),
        *(["google.com", np.datetime64("NaT")], ["google.com", np.array([1, 2])]),
    ):
        first, missing = language.score_many(column)
        assert isinstance(first, Score)
        assert isinstance(missing, Invalid)
        assert missing.reason == "type"
    with pytest.raises(TypeError, match="takes a str"):
        language.score(pd.NA)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not a text"):
        language.probability(["google", pd.NA])  # type: ignore[list-item]


def test_a_table_is_no_column(language: Scorer) -> None:
    columns = {"name": ["google.com"]}
    for table in (columns, pd.DataFrame(columns), pa.table(columns)):
        for call in (language.score_many, language.probability):
            with pytest.raises(TypeError, match="choose one by its name"):
                call(table)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "texts", [["no name", "google.com", None], ["google.com", "x.lan"], [None], ["google.com"]]
)
def test_scores_and_reasons_make_one_table(language: Scorer, texts: list[str | None]) -> None:
    results = language.score_many(pd.Series(texts, dtype=object))
    frame = pd.DataFrame(results)
    assert tuple(frame.columns) == Score._fields == Invalid._fields
    assert list(frame["status"]) == [x.status for x in results]
    assert list(frame["label"].notna()) == [isinstance(x, Score) for x in results]
    assert pickle.loads(pickle.dumps(results)) == results


def test_one_text_is_not_many(language: Scorer) -> None:
    """A03, A05."""
    for text in ("google.com", b"google.com"):
        with pytest.raises(TypeError, match=r"score_many\(\) takes many texts"):
            language.score_many(text)
        with pytest.raises(TypeError, match="expected many labels"):
            language.probability(text)  # type: ignore[arg-type]
    for other in (b"google.com", None):
        with pytest.raises(TypeError, match=r"score\(\) takes a str"):
            language.score(other)  # type: ignore[arg-type]


def test_an_operating_point_may_be_a_text(language: Scorer) -> None:
    """A06."""
    assert language.at("0.0001").threshold == language.at(1e-4).threshold


@pytest.mark.parametrize(
    "label",
    ["GOOGLE", "http://google.com/", "google.com", "", "a" * 64, "é", "a_b", "a\n", " a", "a\0"],
)
def test_what_is_no_label_gets_no_probability(language: Scorer, label: str) -> None:
    with pytest.raises(ValueError, match="is no label: expected 1 to 63 lower-case") as raised:
        language.probability(["google", label, "GOOGLE"])
    assert str(raised.value).startswith(repr(label[:80]))
    with pytest.raises(TypeError, match="a label is NaN"):
        language.log_odds(["google", float("nan")])  # type: ignore[list-item]


def test_labels_may_come_as_any_iterable(language: Scorer) -> None:
    expected = language.probability(["google", "xmqjtoevkbhrw"]).tolist()
    for labels in (("google", "xmqjtoevkbhrw"), pd.Series(["google", "xmqjtoevkbhrw"], [5, 3])):
        assert language.probability(labels).tolist() == expected
    assert language.probability(x for x in ["google", "xmqjtoevkbhrw"]).tolist() == expected


def test_only_the_language_model_gives_reasons(classic: Scorer, language: Scorer) -> None:
    score = language.score("www.facebook.com")
    assert score.segmentation == "face|book"
    assert str(score.unlikely) in "facebook"
    assert (classic.score("facebook").segmentation, classic.score("facebook").unlikely) == (
        None,
        None,
    )


def test_a_scorer_can_be_sent_to_another_process(scorer: Scorer) -> None:
    again = pickle.loads(pickle.dumps(scorer))
    assert again.score("www.facebook.com") == scorer.score("www.facebook.com")


def test_nothing_to_score(scorer: Scorer) -> None:
    assert scorer.score_many([]) == []
    assert scorer.probability([]).shape == (0,)
