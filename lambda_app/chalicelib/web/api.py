"""Read requests of POST /malicious-domain-classifier and make the answers; describe the model."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from chalice.app import BadRequestError, ChaliceViewError, Response, UnprocessableEntityError

import malicious_domains
from malicious_domains.features.registry import REGISTRY
from malicious_domains.model.artifact import Artifact, ArtifactError
from malicious_domains.model.score import Score
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import Invalid, UnknownOperatingPoint
from malicious_domains.names.parse import InvalidDomain

from .access import PayloadTooLargeError
from .settings import MAX_DOMAINS
from .telemetry import write_line

Answer = dict[str, Any]

_KEYS = ("domain", "domains", "operating_point", "hint", "fields")
_FIELDS = ("all", "brief", "values")
_SHOWN = 40  # unknown keys, and characters of one, that an answer names
MAX_BODY = 1_000_000  # bytes
MAX_ANSWER = 6_000_000  # bytes; an answer of a Lambda has up to 6 MiB


class AnswerOptions(NamedTuple):
    """The parts of an answer that a request asks for beside a verdict."""

    family: bool = False  # the likely malware families of flagged names
    # brief: no contributions, which are most of an answer; values: those of features, too
    fields: str = "all"


class NotJudgedError(UnprocessableEntityError):
    """The name is skipped or invalid."""

    def __init__(self, domain: str, error: InvalidDomain) -> None:
        shown = json.dumps(domain if len(domain) <= 80 else domain[:77] + "...")
        super().__init__(f"domain {shown}: {error}")
        self.body = {
            "Code": "UnprocessableEntityError",
            "Message": str(self),
            "Status": error.status,
            "Reason": error.reason,
        }


class ServiceUnavailableError(ChaliceViewError):
    """The model cannot be used; another attempt later may succeed."""

    STATUS_CODE = 503


def classify(
    scorer: Scorer, body: bytes, limit: int = MAX_DOMAINS, content_type: str = ""
) -> Answer:
    """Answer a request's body, with up to `limit` names.

    content_type: that of a form may have JSON in it. Raises a ChaliceViewError with the reason.

    >>> answer = classify(Scorer.load(), b'{"domain": "google.com"}')
    >>> answer["label"], make_response(answer).status_code
    (0, 200)
    """
    request = _read_request(body, content_type)
    if "operating_point" in request:
        scorer = _choose_point(scorer, request["operating_point"])
    family = _wants_family(request.get("hint", False), content_type)
    if (fields := request.get("fields", "all")) not in _FIELDS:
        expected = ", ".join(f'"{x}"' for x in _FIELDS)
        raise BadRequestError(f"fields is {str(fields)[:40]!r}, expected one of {expected}")
    options = AnswerOptions(family, fields)
    if "domains" in request:
        answer = _classify_many(scorer, request["domains"], limit, options)
    else:
        answer = _classify_one(scorer, request["domain"], options)
    ignored = [name[:_SHOWN] for name in request if name not in _KEYS][:_SHOWN]
    return answer | ({"ignored": ignored} if ignored else {})


def make_response(answer: Answer) -> Response:
    """Write an answer as JSON; raise PayloadTooLargeError for more than MAX_ANSWER bytes."""
    text = json.dumps(answer, separators=(",", ":"))
    # Lambda sends it as a string in JSON, in which quotes and backslashes take two bytes.
    size = len(text) + text.count('"') + text.count("\\")
    if size > MAX_ANSWER:
        message = f"an answer of {size} bytes, at most {MAX_ANSWER}: ask for fewer names at once"
        raise PayloadTooLargeError(message)
    return Response(text, {"Content-Type": "application/json"})


def describe_model(model: Artifact) -> dict[str, Any]:
    """Return the artifact's metadata, what each feature means, and the version of this program.

    >>> describe_model(Scorer.load().artifact)["meanings"]["length"]
    'characters'
    """
    meanings = {name: REGISTRY[name].meaning for name in model.features}
    return model.metadata | {"meanings": meanings, "version": malicious_domains.__version__}


def _make_answer(scorer: Scorer, score: Score, options: AnswerOptions) -> Answer:
    """Make the answer about one name: the H2O demo's eight keys, all numbers, and further ones.

    length, entropy, proVowels and numWords are contributions by group, which with the intercept sum
    to the log-odds. Raises ServiceUnavailableError if likely families cannot be computed.
    """
    groups = score.groups
    more: dict[str, Any] = {"family_hint": _find_families(score)} if options.family else {}
    if options.fields != "brief":
        more["contributions"] = score.contributions
    if options.fields == "values":
        more["values"] = scorer.list_values(score.name)
    return {
        "label": score.label,
        "class0Prob": 1.0 - score.probability,
        "class1Prob": score.probability,
        "intercept": score.intercept,
        "length": groups.length,
        "entropy": groups.entropy,
        "proVowels": groups.vowels,
        "numWords": groups.words,
        "domain": score.domain,
        "name": score.name,
        "status": "judged",
        "threshold": score.threshold,
        "operating_point": score.operating_point,
        "model": scorer.artifact.name,
        "segmentation": score.segmentation,
        "unlikely": score.unlikely,
        "reason": score.reason,
        "bare": score.bare,
        "assigned": score.assigned,
        "allowed": score.allowed,
        "known": None if score.known is None else [x._asdict() for x in score.known],
    } | more


def _read_request(body: bytes, content_type: str) -> dict[str, Any]:
    if len(body) > MAX_BODY:
        raise PayloadTooLargeError(f"a body of {len(body)} bytes: at most {MAX_BODY}")
    request = None
    if _is_form(content_type):
        from . import bodies  # few requests need it

        request = bodies.read_form(body, content_type)
    if request is None:
        request = _read_json(body)
    if ("domain" in request) == ("domains" in request):
        raise BadRequestError('expected one of the keys "domain" and "domains"')
    return request


def _is_form(content_type: str) -> bool:
    return content_type.lower().startswith(("application/x-www-form-urlencoded", "multipart/"))


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        wanted = 'expected {"domain": "example.com"}'
        raise BadRequestError(f"the body is not JSON ({error}); {wanted}") from error
    if not isinstance(request, dict):
        raise BadRequestError(f"the body is {_kind(request)}, expected an object")
    return request


def _choose_point(scorer: Scorer, operating_point: object) -> Scorer:
    if isinstance(operating_point, bool) or not isinstance(operating_point, str | int | float):
        message = f"operating_point is {_kind(operating_point)}, expected a number or a string"
        raise BadRequestError(message)
    try:
        return scorer.at(operating_point)
    except UnknownOperatingPoint as error:
        raise BadRequestError(str(error)) from error


def _wants_family(value: object, content_type: str) -> bool:
    """Return whether a request asks for families; a form writes true and false as text."""
    if _is_form(content_type) and isinstance(value, str):
        value = {"true": True, "false": False}.get(value, value)
    if not isinstance(value, bool):
        raise BadRequestError(f"hint is {_kind(value)}, expected true or false")
    return value


def _find_families(score: Score) -> dict[str, Any] | None:
    """Return the likely families of a flagged name, None for one that is not flagged."""
    if not score.label:
        return None
    from malicious_domains.families.likely_families import load_packaged  # few requests need it

    try:
        return load_packaged().classify(score.name).as_json()
    except ArtifactError as error:
        write_line({"level": "ERROR", "message": f"no usable family model: {error}"})
        raise ServiceUnavailableError("no usable family model: the log says why") from error


def _classify_one(scorer: Scorer, domain: object, options: AnswerOptions) -> Answer:
    if not isinstance(domain, str):
        raise BadRequestError(f"domain is {_kind(domain)}, expected a string")
    try:
        return _make_answer(scorer, scorer.score(domain), options)
    except InvalidDomain as error:
        raise NotJudgedError(domain, error) from error


def _classify_many(scorer: Scorer, domains: object, limit: int, options: AnswerOptions) -> Answer:
    if not isinstance(domains, list) or not domains:
        kind = _kind(domains) if domains != [] else "an empty array"
        raise BadRequestError(f"domains is {kind}, expected an array of 1 to {limit:,} strings")
    if len(domains) > limit:
        raise PayloadTooLargeError(f"{len(domains)} domains: at most {limit} at once")
    for i, domain in enumerate(domains):
        if not isinstance(domain, str):
            raise BadRequestError(f"domains[{i}] is {_kind(domain)}, expected a string")
    return {
        "model": scorer.artifact.name,
        "threshold": scorer.threshold,
        "operating_point": scorer.operating_point,
        "results": [
            result._asdict()
            if isinstance(result, Invalid)
            else _make_answer(scorer, result, options)
            for result in scorer.score_many(domains)
        ],
    }


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return "null" if value is None else kinds.get(type(value), "a number")
