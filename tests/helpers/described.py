"""The description of the API, and whether an answer is as described."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from jsonschema import Draft202012Validator

PAGE = Path(__file__).parents[2] / "lambda_app" / "chalicelib" / "page"
DOCUMENT: dict[str, Any] = json.loads((PAGE / "openapi.json").read_text(encoding="utf-8"))
COMPONENTS: dict[str, Any] = DOCUMENT["components"]
OPERATIONS = [(path, method) for path, item in DOCUMENT["paths"].items() for method in item]


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """A response or header, with what its $ref stands for."""
    if "$ref" not in part:
        return part
    kind, name = part["$ref"].split("/")[2:]
    found: dict[str, Any] = COMPONENTS[kind][name]
    return found


def operation(path: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path][method]
    return found


def check(schema: dict[str, Any], value: object) -> None:
    """Raise ValidationError unless a value is what a schema of the document says."""
    Draft202012Validator(schema | {"components": COMPONENTS}).validate(value)


def check_answer(path: str, method: str, answer: requests.Response) -> None:
    """Fail unless an answer has a status, headers, a content type and a body as described."""
    responses = operation(path, method)["responses"]
    response = resolved(responses[str(answer.status_code)])
    for name, header in response.get("headers", {}).items():
        header = resolved(header)
        value = answer.headers.get(name)
        assert value is not None or not header.get("required"), name
        if value is not None:
            number = header["schema"].get("type") == "integer"
            check(header["schema"], int(value) if number else value)
    about_cors = {name for name in answer.headers if name.startswith("Access-Control")}
    assert about_cors <= set(response.get("headers", {}))
    if method == "head":
        assert answer.content == b"" and answer.headers["Content-Type"]
        return
    kind = answer.headers["Content-Type"].partition(";")[0]
    (media,) = [m for name, m in response["content"].items() if name == kind]
    check(media["schema"], answer.json() if kind == "application/json" else answer.text)


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every content of a request or a response, and where it is."""
    for path, method in OPERATIONS:
        described = operation(path, method)
        parts = [resolved(part) for part in described["responses"].values()]
        for part in [described.get("requestBody", {}), *parts]:
            for kind, media in part.get("content", {}).items():
                yield f"{method} {path} {kind}: {part['description']}", media


def examples(path: str, method: str, status: int) -> dict[str, Any]:
    """The examples of an answer by name."""
    response = resolved(operation(path, method)["responses"][str(status)])
    found = response["content"]["application/json"]["examples"]
    return {name: example["value"] for name, example in found.items()}
