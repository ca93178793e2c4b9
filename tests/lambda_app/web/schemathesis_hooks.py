"""Hooks that tell schemathesis more than the description: JSON inside of text, and a key."""

from __future__ import annotations

import json
import os
from typing import Any

import schemathesis
from schemathesis import HookContext, SerializationContext

TEXTS = ("application/x-www-form-urlencoded", "text/plain")


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Put contentSchema, which schemathesis does not read, in the place of the string."""
    for methods in raw_schema["paths"].values():
        for operation in methods.values():
            if "security" in operation and "ASK_FOR_KEY" in os.environ:
                operation["security"] = [{"ApiKey": []}]  # without a key is no longer an option
            for media in operation.get("requestBody", {"content": {}})["content"].values():
                _inside(media, raw_schema["components"]["schemas"])


def _inside(media: dict[str, Any], schemas: dict[str, Any]) -> None:
    schema = schemas[media["schema"]["$ref"].rpartition("/")[2]]
    if "contentSchema" in schema:
        media["schema"] = schema["contentSchema"]
        for example in media["examples"].values():
            example["value"] = json.loads(example["value"])


@schemathesis.serializer(*TEXTS)
def as_json(context: SerializationContext, value: Any) -> bytes:
    """Send such bodies as JSON."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()
