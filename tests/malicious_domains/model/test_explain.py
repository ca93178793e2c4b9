"""The verdict in words: the same from day to day, true to the sums, and cheap."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from malicious_domains.model import score
from malicious_domains.model.score import CLAUSES, STRONG, GroupSums, Score, explain_verdict
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.allow import AllowList
from malicious_domains.names.encoding import remove_hyphens
from malicious_domains.names.errors import ScoreFields
from malicious_domains.scoring.output_formats import format_chunk
from pipeline.corpus.labelled import Corpus
from tests.helpers.data import make_sentences, read_sentences


def test_sentences_are_as_they_were_read() -> None:
    """Else read them, and write them down: python -m tests.helpers.data."""
    assert make_sentences() == read_sentences()


@pytest.mark.slow
def test_a_sentence_says_what_the_sums_do(scorer: Scorer, embedded: Corpus) -> None:
    found = scorer.score_many(embedded.frame["domain"].iloc[::200])
    judged = [x for x in found if isinstance(x, Score)]
    assert len(judged) > 500
    for x in judged:
        assert re.fullmatch(r"['A-Z].*[^.;]\.", x.reason), x
        said = x.reason.rstrip(".").lower().split("; ")
        reads = said[0].startswith("reads as ")
        if reads:
            assert x.segmentation is not None
            assert said[0][9:].replace("·", "") in (x.name, remove_hyphens(x.name))
        sign = 1 if x.label else -1
        excused = x.groups if x.label else x.groups[1:]  # no length excuses a name
        strong = [group for group in excused if group * sign > STRONG]
        assert len(said) - reads == max(len(strong), 1), x
        assert ("too little in it looks generated" in said) == (not strong)
        assert bool(x.unlikely and f"'{x.unlikely}'" in x.reason) == bool(
            x.label and x.segmentation and x.groups.vowels > STRONG
        )


def test_the_strongest_comes_first() -> None:
    for order in (("length", "words"), ("words", "length")):
        sums = GroupSums(0, 0, 0, 0)._replace(**{order[0]: 3.0, order[1]: 2.0})
        said = explain_verdict(ScoreFields("name", "name", 1, groups=sums)).rstrip(".").lower()
        assert said.split("; ") == [CLAUSES[name][0] for name in order]


def test_allowed_names_and_assigned_zones_are_told() -> None:
    scorer = Scorer.load(allow=AllowList.from_entries(["example.com"]))
    assert scorer.score("www.example.com").reason == "Allowed by the entry example.com of a list."
    zone = Scorer.load().score("d111111abcdef8.cloudfront.net").reason
    assert zone.startswith("cloudfront.net makes its labels up, so cloudfront is judged. Reads as")


def test_who_does_not_ask_for_sentences_gets_none_made(
    language: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def counted(x: Score) -> str:
        made.append(x.name)
        return ""

    monkeypatch.setattr(score, "explain_verdict", counted)
    for form in ("csv", "jsonl"):
        assert "google" in format_chunk(form, language, ["google.com", "co.uk"]).text
    language.score_many(["google.com"])
    assert made == []
    format_chunk("table", language, ["google.com", "co.uk"])
    assert made == ["google"]


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds of one core, the best of eight."""
    best = float("inf")
    for _ in range(8):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.slow
def test_a_sentence_costs_little_of_what_a_verdict_does(scorer: Scorer, embedded: Corpus) -> None:
    """Seen: a quarter of what a verdict in a batch takes (classic), or a seventh (language)."""
    names = embedded.frame["domain"].iloc[:2000].tolist()
    scores = [x for x in scorer.score_many(names) if isinstance(x, Score)]
    took = seconds(lambda: [x.reason for x in scores])
    assert took < 0.6 * seconds(lambda: scorer.score_many(names))
