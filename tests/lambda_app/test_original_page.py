"""A front-end written for the original works: its five numbers add up to the log-odds."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from playwright.sync_api import Browser, Request, expect

from malicious_domains.model.score import Score
from malicious_domains.model.scorer import Scorer
from tests.helpers.api import PARTS, PATH, post
from tests.helpers.browser import files_served, opened
from tests.helpers.data import FOLDER, GOLDEN
from tests.helpers.golden import golden

BATCH = 800  # names of a request
URLS = {"classic": "classic_url", "language": "app_url"}  # fixtures of the models' servers
HANDFUL = ["plzdonthackmekthxbye", "google.com", "xmqjtoevkbhrw.ru", "bbc.co.uk", "bücher.de"]
# Recorded, but skipped today: names in scripts that the model does not know.
OTHER_SCRIPTS = {"xn--12cfi6eb4azb7c5cbfw", "xn--c5wy5c025b", "xn--t8jo9k1b"}
each_model = pytest.mark.parametrize("model", URLS)


def logit(malicious: float, legitimate: float) -> float:
    """Return the log-odds of two probabilities that sum to 1."""
    return math.log(malicious) - math.log(legitimate)


@each_model
def test_its_table_adds_up_in_a_browser(
    browser: Browser, model: str, request: pytest.FixtureRequest
) -> None:
    url, scorer = request.getfixturevalue(URLS[model]), request.getfixturevalue(model)
    sent: list[Request] = []
    with (
        files_served(FOLDER / "original-page") as origin,
        opened(browser, f"{origin}?api={url}") as (page, complaints),
    ):
        page.on("request", lambda x: sent.append(x))
        for name in HANDFUL:
            page.get_by_label("Domain").fill(name)
            page.get_by_role("button", name="Judge").click()
            score = scorer.score(name)
            word = "Malicious" if score.label else "Legitimate"
            expect(page.locator("#verdict")).to_have_text(f"{word} {name}")
            p = float(page.locator("#class1Prob").inner_text())
            shown = {x: float(page.locator(f"#{x}").inner_text()) for x in [*PARTS, "logOdds"]}
            assert shown["logOdds"] == pytest.approx(logit(p, 1 - p), abs=1e-9)
            assert shown["logOdds"] == pytest.approx(sum(shown[x] for x in PARTS), abs=1e-12)
        assert complaints == []
    assert {x.method for x in sent} == {"POST"}  # a simple request: no preflight
    assert sent[0].headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert sent[0].post_data == '{"domain":"plzdonthackmekthxbye"}'
    assert sent[0].url == url + PATH


def batches(names: list[str]) -> Iterable[list[str]]:
    return (names[i : i + BATCH] for i in range(0, len(names), BATCH))


@pytest.mark.slow
@each_model
def test_the_five_numbers_add_up_for_every_golden_name(
    model: str, request: pytest.FixtureRequest
) -> None:
    url: str = request.getfixturevalue(URLS[model])
    scorer: Scorer = request.getfixturevalue(model)
    names = [x["domain"] for x in GOLDEN if x["model"] == model]
    names += [f"{label}.com" for label in golden()["label"] if label not in OTHER_SCRIPTS]
    answers = [
        answer
        for batch in batches(names)
        for answer in post(url, {"domains": batch}).json()["results"]
    ]
    assert [answer["status"] for answer in answers] == ["judged"] * len(names)
    for answer, score in zip(answers, scorer.score_many(names), strict=True):
        total = sum(answer[key] for key in PARTS)
        assert isinstance(score, Score)
        assert total == pytest.approx(score.log_odds, abs=1e-9), answer["domain"]
        p = answer["class1Prob"]
        # Where p is next to 1, its last binary digits are worth more than the tolerance.
        rounding = 2**-52 / (p * (1 - p))
        assert total == pytest.approx(logit(p, 1 - p), abs=1e-9 + rounding), answer["domain"]
