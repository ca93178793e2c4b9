"""What Spark cannot do, as the command line tells it."""

from __future__ import annotations

from ..errors import PipelineError


class SparkError(PipelineError):
    """Something about Spark, or about data in it, that the user can mend."""
