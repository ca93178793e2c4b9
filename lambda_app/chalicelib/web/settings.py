"""What a stage of .chalice/config.json chooses, read from environment variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

MAX_DOMAINS = 1000
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# Compiled for those alone who set them.
_ORIGIN = r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|null"
_SHA256 = r"[0-9a-f]{64}"
IN_S3 = "s3://"
_OBJECT = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^/].*"


class SettingsError(ValueError):
    """A setting that cannot be; its message names the variable."""


class Settings(NamedTuple):
    """The settings of one stage, each with the environment variable that sets it."""

    operating_point: str | float = "max_f1"  # OPERATING_POINT: or a false-positive rate
    origins: tuple[str, ...] = ("*",)  # CORS_ORIGINS: pages that may read answers; none: ()
    keys: tuple[str, ...] = ()  # API_KEY_SHA256: of the keys that may call; none: anyone may
    batch_limit: int = MAX_DOMAINS  # BATCH_LIMIT: names in one request
    log_level: str = "INFO"  # LOG_LEVEL: above INFO no request is logged, nor counted
    log_names: bool = False  # LOG_NAMES: whether names stand in the log
    allow: tuple[
        str, ...
    ] = ()  # ALLOW: files of names that are legitimate in any case; or s3://bucket/key
    known: tuple[str, ...] = ()  # KNOWN: an index of names that known generators make, or none
    assigned: tuple[str, ...] = ()  # ZONES_ASSIGNED: whose owner is judged; beside the packaged
    chosen: tuple[str, ...] = ()  # ZONES_CHOSEN: before which the label is judged


def read(environment: Mapping[str, str]) -> Settings:
    """The settings that an environment's variables choose, defaults for those that are unset.

    Raises SettingsError, which names the variable that cannot be.
    """
    default = Settings()
    point = environment.get("OPERATING_POINT") or default.operating_point
    level = environment.get("LOG_LEVEL", default.log_level).upper()
    if level not in LEVELS:
        raise SettingsError(f"LOG_LEVEL {level[:40]!r}: known are {', '.join(LEVELS)}")
    return Settings(
        operating_point=_number(str(point)),
        origins=_origins(environment.get("CORS_ORIGINS", "*")),
        keys=_keys(environment.get("API_KEY_SHA256", "")),
        batch_limit=_limit(environment.get("BATCH_LIMIT") or str(default.batch_limit)),
        log_level=level,
        log_names=environment.get("LOG_NAMES", "").lower() in {"1", "true", "yes"},
        allow=_files("ALLOW", environment),
        known=_known(environment),
        assigned=_zones("ZONES_ASSIGNED", environment),
        chosen=_zones("ZONES_CHOSEN", environment),
    )


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(text.replace(",", " ").split())
    for origin in origins:
        if origin != "*" and not re.fullmatch(_ORIGIN, origin):
            raise SettingsError(
                f"CORS_ORIGINS {origin[:80]!r}: expected * or origins such as https://example.com"
            )
    return ("*",) if "*" in origins else origins


def _files(name: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    paths = tuple(environment.get(name, "").split())
    for path in paths:
        if path.startswith(IN_S3):
            if not re.fullmatch(_OBJECT, path):
                raise SettingsError(f"{name} {path[:200]!r}: expected s3://bucket/key")
        elif not Path(path).is_file():
            raise SettingsError(f"{name} {path[:200]!r}: there is no such file")
    return paths


def _known(environment: Mapping[str, str]) -> tuple[str, ...]:
    paths = _files("KNOWN", environment)
    if len(paths) > 1:
        raise SettingsError(f"KNOWN: {len(paths)} files, where one is expected")
    return paths


def _zones(name: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    from malicious_domains.names.public_suffix import add_zones  # for those alone who set it

    zones = tuple(environment.get(name, "").replace(",", " ").split())
    try:
        if zones:
            add_zones(provider=zones) if name == "ZONES_ASSIGNED" else add_zones(customer=zones)
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from error
    return zones


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(text.lower().replace(",", " ").split())
    if not all(re.fullmatch(_SHA256, key) for key in keys):
        raise SettingsError("API_KEY_SHA256: expected SHA-256 sums of keys, 64 hex digits each")
    return keys


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_DOMAINS):
        raise SettingsError(f"BATCH_LIMIT {text[:40]!r}: expected a number from 1 to {MAX_DOMAINS}")
    return int(text)
