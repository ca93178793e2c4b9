"""Odd labels that several clients ask for, as scan.sharing finds them."""

from __future__ import annotations

import numpy as np
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from ..clients.client_day import AlarmThresholds
from ..scan.findings import Shared, SharedName
from ..scan.shared_labels import SHOWN


def shared(
    labels: DataFrame, pairs: DataFrame, clients: int, cut: AlarmThresholds
) -> Shared | None:
    """The alarm that the log's labels raise together, with the clients that asked for each.

    labels: as beside.scored gives them. Spark counts and orders as traffic.shared does; a hundred
    names are held here.
    """
    odd = labels.where("odd")
    count = odd.count()
    if count < cut.min_shared:
        return None
    top = odd.orderBy(F.col("clients").desc(), F.col("z").desc(), "label").limit(SHOWN).collect()
    sharers = _sharers(pairs, [x["label"] for x in top])
    names = [
        SharedName(
            f"{x['label']}.{x['suffix']}",
            x["z"],
            x["clients"],
            sharers[x["label"]],
            *(np.nan if x[y] is None else x[y] for y in ("first", "last")),
        )
        for x in top
    ]
    return Shared(count, count / cut.min_shared, "low", names)


def _sharers(pairs: DataFrame, labels: list[str]) -> dict[str, list[str]]:
    """Of each label the first hundred clients that asked for it."""
    asked = pairs.where(F.col("label").isin(labels)).select("label", "client").distinct()
    place = F.row_number().over(Window.partitionBy("label").orderBy("client"))
    found: dict[str, list[str]] = {}
    for row in asked.withColumn("place", place).where(F.col("place") <= SHOWN).collect():
        found.setdefault(row["label"], []).append(row["client"])
    return {label: sorted(of) for label, of in found.items()}
