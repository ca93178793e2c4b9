"""The thresholds of one network, which `malicious-domains calibrate` chose on its clean days."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..names.errors import MaliciousDomainsError
from .client_day import AlarmThresholds

VERSION = 1
LOWEST, HIGHEST = 0.5, 100.0  # times the packaged thresholds


class SiteError(MaliciousDomainsError):
    """A file of a network's thresholds that cannot be used."""


@dataclass(frozen=True)
class Site:
    """A known network: its days that are believed clean, and its thresholds."""

    client_days: int
    alarms: int  # of high confidence on these days, under the packaged thresholds
    rate: float  # of false alarms that the thresholds promise: a share of client-days
    scale: float  # the thresholds of high confidence, as multiples of the packaged ones
    allow: tuple[str, ...] = ()  # names and zones that never count

    @classmethod
    def load(cls, path: Path) -> Site:
        """Read a file; raises SiteError, which names it, and OSError."""
        try:
            return cls.parse(path.read_text(encoding="utf-8"))
        except (SiteError, UnicodeDecodeError) as error:
            raise SiteError(f"{path}: {error}; write it with `calibrate --out`") from error

    @classmethod
    def parse(cls, text: str) -> Site:
        """Read the JSON of to_json(); raises SiteError.

        >>> Site.parse(Site(1000, 2, 0.01, 1.25).to_json()).scale
        1.25
        """
        try:
            fields = json.loads(text)
            if not isinstance(fields, dict) or fields.get("site_version") != VERSION:
                raise ValueError(f"expected a JSON object with site_version {VERSION}")
            scale, allow = fields["scale"], fields.get("allow", [])
            if not LOWEST <= float(scale) <= HIGHEST:
                raise ValueError(f"scale {scale!r} is not between {LOWEST:g} and {HIGHEST:g}")
            if not isinstance(allow, list) or not all(isinstance(x, str) for x in allow):
                raise ValueError("allow is not a list of names")
            days, alarms = int(fields["client_days"]), int(fields["alarms"])
            return cls(days, alarms, float(fields["rate"]), float(scale), tuple(allow))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            missing = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise SiteError(f"not the thresholds of a network: {missing}") from error

    def to_json(self, **more: Any) -> str:
        """Return the file's text; more: what else it tells."""
        return json.dumps({"site_version": VERSION} | asdict(self) | more, indent=2) + "\n"

    def __str__(self) -> str:
        """Return a sentence for people."""
        names = f"; {len(self.allow):,} names are allowed" if self.allow else ""
        return (
            f"thresholds times {self.scale:g}, for {1000 * self.rate:.3g} alarms in 1,000, "
            f"by {self.client_days:,} client-days{names}"
        )


def adapt_thresholds(site: Site | None) -> AlarmThresholds:
    """Return the thresholds of a network, the packaged ones for None."""
    return AlarmThresholds().multiply(site.scale) if site else AlarmThresholds()
