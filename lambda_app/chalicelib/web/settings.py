"""Read a stage's settings from environment variables, which .chalice/config.json sets.

As a program, print the settings of the environment as JSON, or exit with a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

MAX_DOMAINS = 1000
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# Patterns are not compiled at start, as few stages need them.
_ORIGIN = r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|null"
_SHA256 = r"[0-9a-f]{64}"
_S3 = "s3://"
_SWITCH = {"": False} | dict.fromkeys(("0", "false", "no", "off"), False)
_SWITCH |= dict.fromkeys(("1", "true", "yes", "on"), True)
_S3_OBJECT = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^/].*"


class SettingsError(ValueError):
    """A setting is not valid; the message names the variable."""


class Settings(NamedTuple):
    """The settings of one stage, each with the environment variable that sets it."""

    operating_point: str | float = "max_f1"  # OPERATING_POINT: or a false-positive rate
    origins: tuple[str, ...] = ("*",)  # CORS_ORIGINS: of pages that may read answers; or none
    keys: tuple[str, ...] = ()  # API_KEY_SHA256: hashes of the keys that may call; none: anyone
    batch_limit: int = MAX_DOMAINS  # BATCH_LIMIT: names in one request
    log_level: str = "INFO"  # LOG_LEVEL: above INFO no request is logged or counted
    log_names: bool = False  # LOG_NAMES: whether the log contains names
    allow: tuple[str, ...] = ()  # ALLOW: files of allowed names, or s3://bucket/key
    dga_index: tuple[str, ...] = ()  # KNOWN: one index of generated names, or none
    provider_zones: tuple[str, ...] = ()  # ZONES_ASSIGNED: beside the packaged ones
    customer_zones: tuple[str, ...] = ()  # ZONES_CHOSEN: beside the packaged ones


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables; unset ones have defaults.

    Raises SettingsError.

    >>> read_settings({"OPERATING_POINT": "0.001", "CORS_ORIGINS": ""})[:2]
    (0.001, ())
    """
    default = Settings()
    point: str | float = environment.get("OPERATING_POINT") or default.operating_point
    with suppress(ValueError):
        point = float(point)
    level = environment.get("LOG_LEVEL", default.log_level).upper()
    if level not in LEVELS:
        raise SettingsError(f"LOG_LEVEL {level[:40]!r}: expected one of {', '.join(LEVELS)}")
    return Settings(
        operating_point=point,
        origins=_parse_origins(environment.get("CORS_ORIGINS", "*")),
        keys=_parse_keys(environment.get("API_KEY_SHA256", "")),
        batch_limit=_parse_limit(environment.get("BATCH_LIMIT") or str(default.batch_limit)),
        log_level=level,
        log_names=_parse_switch("LOG_NAMES", environment),
        allow=_check_files("ALLOW", environment),
        dga_index=_check_files("KNOWN", environment, most=1),
        provider_zones=_parse_zones("ZONES_ASSIGNED", environment),
        customer_zones=_parse_zones("ZONES_CHOSEN", environment),
    )


@contextmanager
def fetch_file(path: str) -> Iterator[Path]:
    """Give the file at a path, or a copy of the object at s3://bucket/key, for the with block.

    Raises SettingsError if the object cannot be fetched.
    """
    if not path.startswith(_S3):
        yield Path(path)
        return
    import tempfile

    import boto3  # part of AWS's runtime, not of the package
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    retries = {"mode": "standard", "max_attempts": 3}
    config = Config(connect_timeout=2, read_timeout=10, retries=retries)
    bucket, _, key = path.removeprefix(_S3).partition("/")
    with tempfile.TemporaryDirectory(prefix="s3-") as folder:
        copy = Path(folder) / Path(key).name
        try:
            body = boto3.client("s3", config=config).get_object(Bucket=bucket, Key=key)["Body"]
            with copy.open("wb") as file:
                for part in body.iter_chunks(1 << 20):
                    file.write(part)
        except (BotoCoreError, ClientError, OSError) as error:
            raise SettingsError(f"{path} cannot be fetched: {error}") from error
        yield copy


def _parse_switch(name: str, environment: Mapping[str, str]) -> bool:
    text = environment.get(name, "").lower()
    if text not in _SWITCH:
        raise SettingsError(f"{name} {text[:40]!r}: expected true or false")
    return _SWITCH[text]


def _parse_origins(text: str) -> tuple[str, ...]:
    origins = tuple(text.replace(",", " ").split())
    for origin in origins:
        if origin != "*" and not re.fullmatch(_ORIGIN, origin):
            raise SettingsError(
                f"CORS_ORIGINS {origin[:80]!r}: expected * or origins such as https://example.com"
            )
    return ("*",) if "*" in origins else origins


def _check_files(name: str, environment: Mapping[str, str], most: int = 99) -> tuple[str, ...]:
    paths = tuple(environment.get(name, "").split())
    if len(paths) > most:
        raise SettingsError(f"{name}: {len(paths)} files, where {most} is expected")
    for path in paths:
        if path.startswith(_S3):
            if not re.fullmatch(_S3_OBJECT, path):
                raise SettingsError(f"{name} {path[:200]!r}: expected s3://bucket/key")
        elif not Path(path).is_file():
            raise SettingsError(f"{name} {path[:200]!r}: there is no such file")
    return paths


def _parse_zones(name: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    zones = tuple(environment.get(name, "").replace(",", " ").split())
    if not zones:
        return ()
    from malicious_domains.names.public_suffix import add_zones  # takes time to import

    try:
        add_zones(provider=zones) if name == "ZONES_ASSIGNED" else add_zones(customer=zones)
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from error
    return zones


def _parse_keys(text: str) -> tuple[str, ...]:
    keys = tuple(text.lower().replace(",", " ").split())
    if not all(re.fullmatch(_SHA256, key) for key in keys):
        raise SettingsError("API_KEY_SHA256: expected SHA-256 sums of keys, 64 hex digits each")
    return keys


def _parse_limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_DOMAINS):
        raise SettingsError(f"BATCH_LIMIT {text[:40]!r}: expected a number from 1 to {MAX_DOMAINS}")
    return int(text)


if __name__ == "__main__":
    import json
    import os

    try:
        print(json.dumps(read_settings(os.environ)._asdict()))
    except SettingsError as error:
        raise SystemExit(str(error)) from error
