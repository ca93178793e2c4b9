"""Where logs come from and findings go, read from environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..web.settings import SettingsError

LOGS, KIND = "AWSLogs/", "/vpcdnsquerylogs/"  # where Route 53 puts them


class LogSettings(NamedTuple):
    """The settings of the functions that read logs, each with its variable."""

    bucket: str  # LOG_BUCKET
    table: str  # LOG_TABLE: DynamoDB's
    topic: str  # LOG_TOPIC: the ARN of SNS's
    not_clients: frozenset[str] = frozenset()  # LOG_NOT_CLIENTS: addresses that are not judged

    def is_log(self, key: str) -> bool:
        """Whether a key is that of a log of queries: VPC flow logs may stand beside them."""
        return key.startswith(LOGS) and KIND in key

    def finding(self, date: str, client: str) -> str:
        """The key of the finding about a client's day."""
        from urllib.parse import quote

        return f"findings/{date}/{quote(client, safe=':')}.jsonl"

    def dead_letter(self, key: str) -> str:
        """The key to which an object goes that cannot be read."""
        return f"dead-letter/{key}"


def read(environment: Mapping[str, str]) -> LogSettings:
    """The settings of an environment; raises SettingsError, which names what is missing."""
    names = ("LOG_BUCKET", "LOG_TABLE", "LOG_TOPIC")
    if missing := [name for name in names if not environment.get(name)]:
        raise SettingsError(f"{', '.join(missing)}: not set; docs/operations.md has the set-up")
    return LogSettings(
        bucket=environment["LOG_BUCKET"],
        table=environment["LOG_TABLE"],
        topic=environment["LOG_TOPIC"],
        not_clients=frozenset(environment.get("LOG_NOT_CLIENTS", "").replace(",", " ").split()),
    )
