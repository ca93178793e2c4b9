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
    """Read the settings from environment variables, or their defaults; raises SettingsError.

    >>> read_settings({"OPERATING_POINT": "0.001", "CORS_ORIGINS": ""})[:2]
    (0.001, ())
    """
    point: str | float = environment.get("OPERATING_POINT") or Settings().operating_point
    with suppress(ValueError):
        point = float(point)
    level, names = environment.get("LOG_LEVEL", "INFO").upper(), environment.get("LOG_NAMES", "")
    limit = environment.get("BATCH_LIMIT") or str(MAX_DOMAINS)
    origins = _split(environment.get("CORS_ORIGINS", "*"))
    keys = _split(environment.get("API_KEY_SHA256", "").lower())
    _check("LOG_LEVEL", level, level in LEVELS, f"one of {', '.join(LEVELS)}")
    _check("LOG_NAMES", names, names.lower() in _SWITCH, "true or false")
    is_limit = limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MAX_DOMAINS
    _check("BATCH_LIMIT", limit, is_limit, f"a number from 1 to {MAX_DOMAINS}")
    for x in origins:
        is_origin = x == "*" or bool(re.fullmatch(_ORIGIN, x))
        _check("CORS_ORIGINS", x, is_origin, "* or origins such as https://example.com")
    for x in keys:  # which are not shown
        _check("API_KEY_SHA256", "...", bool(re.fullmatch(_SHA256, x)), "SHA-256 sums of keys")
    provider, customer = (_split(environment.get(f"ZONES_{x}", "")) for x in ("ASSIGNED", "CHOSEN"))
    if provider or customer:
        _check_zones(provider, customer)
    return Settings(
        operating_point=point,
        origins=("*",) if "*" in origins else origins,
        keys=keys,
        batch_limit=int(limit),
        log_level=level,
        log_names=_SWITCH[names.lower()],
        allow=_check_files("ALLOW", environment),
        dga_index=_check_files("KNOWN", environment, most=1),
        provider_zones=provider,
        customer_zones=customer,
    )


@contextmanager
def fetch_file(path: str) -> Iterator[Path]:
    """Give the file at a path, or a copy of s3://bucket/key; raises SettingsError without one.

    >>> with fetch_file("allow.npy") as path:
    ...     path.name
    'allow.npy'
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


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _check(name: str, value: str, holds: bool, expected: str) -> None:
    if not holds:
        raise SettingsError(f"{name} {value[:80]!r}: expected {expected}")


def _check_files(name: str, environment: Mapping[str, str], most: int = 99) -> tuple[str, ...]:
    paths = tuple(environment.get(name, "").split())
    if len(paths) > most:
        raise SettingsError(f"{name}: {len(paths)} files, where {most} is expected")
    for path in paths:
        if path.startswith(_S3):
            _check(name, path, bool(re.fullmatch(_S3_OBJECT, path)), "s3://bucket/key")
        else:
            _check(name, path, Path(path).is_file(), "a file")
    return paths


def _check_zones(provider: tuple[str, ...], customer: tuple[str, ...]) -> None:
    from malicious_domains.names.public_suffix import add_zones  # takes time to import

    try:
        add_zones(provider, customer)
    except ValueError as error:
        raise SettingsError(f"ZONES_ASSIGNED or ZONES_CHOSEN: {error}") from error


if __name__ == "__main__":
    import json
    import os

    try:
        print(json.dumps(read_settings(os.environ)._asdict()))
    except SettingsError as error:
        raise SystemExit(str(error)) from error
