"""What Spark cannot do, as the command line tells it."""

from __future__ import annotations

from ..names.errors import MaliciousDomainsError


class SparkError(MaliciousDomainsError):
    """Something about Spark, or about data in it, that the user can mend."""
