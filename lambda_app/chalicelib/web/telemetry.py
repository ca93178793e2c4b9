"""Log each request as a line of JSON on stdout, with metrics in CloudWatch's embedded format.

CloudWatch reads them from the log ("Specification: Embedded metric format", its User Guide).
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

CLASSIFIER = "/malicious-domain-classifier"
NAMESPACE = "MaliciousDomains"


class JsonFormatter(logging.Formatter):
    """Format a log record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record with its level, message and, for an exception, traceback."""
        line = {"level": record.levelname, "message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure_log(log: logging.Logger, settings: Settings) -> None:
    """Make a logger write lines of JSON on stdout, from the level in the settings.

    >>> log = logging.getLogger("example")
    >>> configure_log(log, Settings())
    >>> log.warning("no model")
    {"level": "WARNING", "message": "no model"}
    """
    target = logging.StreamHandler(sys.stdout)
    target.setFormatter(JsonFormatter())
    log.addHandler(target)
    log.setLevel(settings.log_level)


def log_request(
    settings: Settings,
    *,
    request: Request,
    response: Response,
    answer: dict[str, Any] | None,
    seconds: float,
    request_id: str | None,
) -> None:
    """Log a request, if the level is INFO or DEBUG.

    answer: from api.classify, if it answered. seconds: the duration. Requests to it alone have
    metrics: Refused counts skipped and invalid names, and bad requests; FlaggedShare is that of
    judged names. An error's message, in which names may be, is logged for 5xx, or with names.
    """
    if settings.log_level not in ("DEBUG", "INFO"):
        return
    status, body, path = response.status_code, response.body, request.context.get("resourcePath")
    line: dict[str, Any] = {"level": "INFO", "request_id": request_id, "method": request.method}
    line |= {"path": path, "status": status, "milliseconds": round(seconds * 1000, 3)}
    results = answer.get("results", [answer]) if answer else []
    labels = [x["label"] for x in results if "label" in x]
    if answer:
        line |= {"model": answer["model"], "operating_point": answer["operating_point"]}
        line |= {"names": len(results), "refused": len(results) - len(labels)}
        line |= {"malicious": sum(labels), "legitimate": len(labels) - sum(labels)}
        if settings.log_names:  # long URLs are cut; null for those that were not judged
            line["domains"] = [[x["domain"][:MAX_HOST], x.get("label")] for x in results]
    if status >= 400 and isinstance(body, dict):
        shown = status >= 500 or settings.log_names
        line |= {"error": body["Code"]} | ({"message": body["Message"]} if shown else {})
    if path == CLASSIFIER and request.method == "POST":
        values = {"Names": len(results), "Latency": line["milliseconds"]}
        values["Refused"] = len(results) - len(labels) + (400 <= status < 500)
        values["Failed"] = int(status >= 500)
        if labels:
            values["FlaggedShare"] = 100 * sum(labels) / len(labels)
        line |= embed_metrics(values, Latency="Milliseconds", FlaggedShare="Percent")
    write_line(line)


def log_unknown(settings: Settings, method: str, path: str) -> None:
    """Log a request to a path that does not exist; it may hold a name, as any text may.

    >>> log_unknown(Settings(), "GET", "/example.com")
    {"level":"INFO","method":"GET","path":null,"status":404}
    """
    if settings.log_level in ("DEBUG", "INFO"):
        shown = path[:MAX_HOST] if settings.log_names else None
        write_line({"level": "INFO", "method": method[:20], "path": shown, "status": 404})


def embed_metrics(values: dict[str, float], **units: str) -> dict[str, Any]:
    """Return metrics in CloudWatch's embedded metric format (EMF); units: if not counts.

    >>> embed_metrics({"Latency": 3.5}, Latency="Milliseconds")["Latency"]
    3.5
    """
    defined = [{"Name": name, "Unit": units.get(name, "Count")} for name in values]
    directive = {"Namespace": NAMESPACE, "Dimensions": [["Function"]], "Metrics": defined}
    function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")
    stamp = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": stamp, "Function": function, **values}


def write_line(line: dict[str, Any]) -> None:
    """Write a line on stdout, in one piece even if threads share it."""
    print(json.dumps(line, separators=(",", ":")) + "\n", end="", flush=True)
