"""One line of JSON a request on stdout: a log, and metrics in CloudWatch's embedded format.

The format: "Specification: Embedded metric format", Amazon CloudWatch User Guide.
CloudWatch reads the metrics out of the log; no call is made for them.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from typing import Any

from chalice.app import Request, Response

from malicious_domains.names.parse import MAX_HOST

from .settings import Settings

JUDGING = "/malicious-domain-classifier"
NAMESPACE = "MaliciousDomains"
UNITS = {
    "Names": "Count",  # judged or refused
    "Refused": "Count",  # names that cannot be judged, and requests that cannot be understood
    "FlaggedShare": "Percent",  # of the names judged
    "Latency": "Milliseconds",  # in the handler
    "Failed": "Count",  # 1 where the service is at fault (5xx)
}


class JsonFormatter(logging.Formatter):
    """A log record as a line of JSON, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as one line of JSON with level, message and, of an exception, traceback."""
        line = {"level": record.levelname, "message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure(log: logging.Logger, settings: Settings) -> None:
    """Make a log write lines of JSON on stdout, from the level that is set."""
    target = logging.StreamHandler(sys.stdout)
    target.setFormatter(JsonFormatter())
    log.addHandler(target)
    log.setLevel(settings.log_level)


def record(
    settings: Settings,
    *,
    request: Request,
    response: Response,
    answer: dict[str, Any] | None,
    seconds: float,
    request_id: str | None,
) -> None:
    """Put a request's line on stdout, if the log's level is for it.

    answer: of api.classify, if it answered; seconds: that the request took. Only a request
    to be judged has metrics. Messages may hold names: they stand there for failures of the
    service, and where names may.
    """
    if settings.log_level not in ("DEBUG", "INFO"):
        return
    status, body = response.status_code, response.body
    line = {"level": "INFO", "request_id": request_id, "method": request.method}
    line |= {"path": request.context.get("resourcePath"), "status": status}
    line["milliseconds"] = milliseconds = round(seconds * 1000, 3)
    fields = _log_fields(settings, answer)
    if status >= 400 and isinstance(body, dict):
        shown = status >= 500 or settings.log_names
        line |= {"error": body["Code"]} | ({"message": body["Message"]} if shown else {})
    if line["path"] == JUDGING and line["method"] == "POST":
        line |= metrics(status, milliseconds, fields)
    write(line | fields)


def _log_fields(settings: Settings, answer: dict[str, Any] | None) -> dict[str, Any]:
    """Counts and, where that is chosen, names of an answer; {} without one."""
    if answer is None:
        return {}
    return counts(answer) | (names(answer) if settings.log_names else {})


def counts(answer: dict[str, Any]) -> dict[str, Any]:
    """What a log says of an answer of api.classify: the model and numbers, no names."""
    results = answer.get("results", [answer])
    labels = [x["label"] for x in results if "label" in x]
    return {
        "model": answer["model"],
        "operating_point": answer["operating_point"],
        "names": len(results),
        "malicious": sum(labels),
        "legitimate": len(labels) - sum(labels),
        "refused": len(results) - len(labels),
    }


def names(answer: dict[str, Any]) -> dict[str, Any]:
    """The names themselves, long URLs cut, and their labels, null for those refused."""
    results = answer.get("results", [answer])
    return {"domains": [[x["domain"][:MAX_HOST], x.get("label")] for x in results]}


def metrics(status: int, milliseconds: float, counted: dict[str, Any]) -> dict[str, Any]:
    """The metrics of one request to be judged, to stand in its line.

    counted: what counts() gives of its answer; {} for a request that got none.
    """
    judged = counted.get("malicious", 0) + counted.get("legitimate", 0)
    values = {
        "Names": counted.get("names", 0),
        "Refused": counted.get("refused", 0) + (400 <= status < 500),
        "Latency": milliseconds,
        "Failed": int(status >= 500),
    }
    if judged:
        values["FlaggedShare"] = 100 * counted["malicious"] / judged
    return in_embedded_format(values, UNITS)


def in_embedded_format(values: dict[str, float], units: dict[str, str]) -> dict[str, Any]:
    """Metrics as keys of a line of JSON, which CloudWatch reads out of the log (EMF)."""
    defined = [{"Name": name, "Unit": units[name]} for name in values]
    directive = {"Namespace": NAMESPACE, "Dimensions": [["Function"]], "Metrics": defined}
    function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")
    stamp = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": stamp, "Function": function, **values}


def write(line: dict[str, Any]) -> None:
    """Put a line on stdout, in one piece even where threads share it."""
    print(json.dumps(line, separators=(",", ":")) + "\n", end="", flush=True)
