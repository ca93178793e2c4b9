"""Score and scan on Spark, for those who have a session: two functions.

Executors need this package, NumPy, pandas and PyArrow, as the driver does; a model, lists and an
index that are given by their paths must be there on each machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

__all__ = ["scan", "score_udf"]


def score_udf(
    spark: SparkSession,
    name: str = "malicious_domain",
    *,
    model: str | None = None,
    operating_point: str | float = "max_f1",
    allow: Sequence[str] = (),
    known: str | None = None,
    assigned: Sequence[str] = (),
    chosen: Sequence[str] = (),
) -> Callable[[Column | str], Column]:
    """Return a function of a column of names, hosts or URLs, which SQL knows by its name.

    It returns a struct of status, name, label, probability, reason and known, as `score` writes
    them, and has its options. A column of other types raises an error when evaluated: cast it.
    Raises ArtifactError, AllowListError, DgaIndexError, or ValueError (operating point, zone).
    """
    from ..scoring.model_options import ModelOptions
    from .scoring import register_udf

    lists = (tuple(allow), tuple(assigned), tuple(chosen))
    return register_udf(spark, name, ModelOptions(model, *lists, operating_point, known))


def scan(
    df: DataFrame,
    *,
    client: str,
    query: str,
    time: str | None = None,
    rcode: str | None = None,
    qtype: str | None = None,
    model: str | None = None,
    popular: Sequence[str] = (),
    assigned: Sequence[str] = (),
    chosen: Sequence[str] = (),
    not_clients: str | None = None,
    same_client: str | None = None,
    site: str | None = None,
    alarms_per_day: int | None = None,
) -> DataFrame:
    """Return the alarms of a DNS log, a row for a client's day, as `scan --format jsonl` has them.

    client, query, time, rcode and qtype name columns of df; the other options are those of `scan`.
    time is of timestamps, numbers (seconds since the epoch) or texts (ISO 8601); without one all
    is one day. The work is done by this call; Spark keeps the alarms alone, until they are
    unpersisted. Raises MaliciousDomainsError for a missing column, and what Scorer.load raises.
    """
    from ..clients.site import Site, adapt_thresholds
    from ..scan.client_names import ClientNames
    from ..scoring.model_options import ModelOptions
    from .log_events import select_events
    from .scanning import ScanRequest, scan_events

    given = {"client": client, "query": query, "time": time, "rcode": rcode, "type": qtype}
    own = Site.load(Path(site)) if site else None
    options = ModelOptions(model, tuple(popular), tuple(assigned), tuple(chosen))
    request = ScanRequest(
        model=options._replace(allowed_names=own.allow if own else ()),
        thresholds=adapt_thresholds(own),
        names=ClientNames.load(same_client, not_clients),
        alarms_per_day=alarms_per_day,
    )
    events = select_events(df, {what: column for what, column in given.items() if column})
    with scan_events(events, request) as (alarms, _):
        alarms = alarms.persist()
        alarms.count()
    return alarms
