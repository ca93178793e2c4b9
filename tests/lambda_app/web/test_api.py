"""Any bytes at all as a request's body."""

from __future__ import annotations

import json

from chalice.app import ChaliceViewError
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_app.chalicelib.web.api import classify
from malicious_domains.model.scorer import Scorer
from tests.helpers.api import JSON, REQUESTS


@settings(max_examples=40)
@given(
    body=st.binary()
    | JSON.map(json.dumps).map(str.encode)
    | REQUESTS.map(json.dumps).map(str.encode)
)
def test_an_answer_or_a_client_error(scorer: Scorer, body: bytes) -> None:
    try:
        answer = classify(scorer, body)
    except ChaliceViewError as error:
        assert 400 <= error.STATUS_CODE < 500
        assert str(error)
    else:
        assert json.loads(json.dumps(answer, allow_nan=False)) == answer
