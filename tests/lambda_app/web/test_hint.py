"""`hint` in a request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chalice.app import BadRequestError

from lambda_app.chalicelib.web.api import ServiceUnavailableError, classify
from malicious_domains.families import likely_families
from malicious_domains.model.artifact import ArtifactError
from malicious_domains.model.scorer import Scorer
from tests.helpers.api import check

FLAGGED = "xmqjtoevkbhrw.ru"
VERDICT = {"$ref": "#/components/schemas/Verdict"}
FORM = "application/x-www-form-urlencoded"


def ask(scorer: Scorer, request: dict[str, Any]) -> dict[str, Any]:
    return classify(scorer, json.dumps(request).encode())


def test_a_flagged_name_has_three_families(language: Scorer) -> None:
    answer = ask(language, {"domain": FLAGGED, "hint": True})
    check(VERDICT, answer)
    hint = answer.pop("family_hint")
    assert hint == json.loads(
        json.dumps(likely_families.load_packaged().classify("xmqjtoevkbhrw").as_json())
    )
    assert (
        answer
        == ask(language, {"domain": FLAGGED})
        == ask(language, {"domain": FLAGGED, "hint": False})
    )


def test_of_several_those_that_are_flagged(language: Scorer) -> None:
    asked = ["google.com", FLAGGED, "co.uk"]
    legitimate, flagged, refused = ask(language, {"domains": asked, "hint": True})["results"]
    check(VERDICT, legitimate)
    assert legitimate["family_hint"] is None
    assert flagged["family_hint"]["families"]
    assert "family_hint" not in refused


def test_a_form_spells_it(language: Scorer) -> None:
    answer = classify(language, f"domain={FLAGGED}&hint=true".encode(), content_type=FORM)
    assert answer == ask(language, {"domain": FLAGGED, "hint": True})
    assert "family_hint" not in classify(
        language, f"domain={FLAGGED}&hint=false".encode(), content_type=FORM
    )


@pytest.mark.parametrize(("hint", "kind"), [("yes", "a string"), (1, "a number"), (None, "null")])
def test_neither_true_nor_false(language: Scorer, hint: object, kind: str) -> None:
    with pytest.raises(BadRequestError, match=f"hint is {kind}, expected true or false"):
        ask(language, {"domain": FLAGGED, "hint": hint})


def test_a_broken_hint_is_told_and_verdicts_go_on(
    language: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> likely_families.FamilyModel:
        raise ArtifactError(Path("coefficients.npy"), "its SHA-256 is another")

    monkeypatch.setattr(likely_families, "load_packaged", broken)
    with pytest.raises(ServiceUnavailableError, match="no usable family model: the log"):
        ask(language, {"domain": FLAGGED, "hint": True})
    assert ask(language, {"domain": FLAGGED})["label"] == 1
