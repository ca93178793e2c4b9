"""The tables of a scan on Spark, which SQL knows by their names."""

from __future__ import annotations

import secrets

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

# A baseline is of one machine.
_NOTHING_KNOWN = "(SELECT CAST(NULL AS STRING) AS label, CAST(NULL AS INT) AS day WHERE false)"


class Tables:
    """Tables that Spark keeps, in memory and on disks, and that SQL knows by their names.

    What a view is of, Spark keeps until the view is dropped.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._prefix = f"malicious_domains_{secrets.token_hex(4)}"
        self._views = {"known": _NOTHING_KNOWN}

    def query(self, text: str, **values: object) -> DataFrame:
        """What a text of grouping's selects."""
        return self._spark.sql(text.format(**self._views, **values))

    def sql(self, name: str, text: str, **values: object) -> DataFrame:
        """The same, kept as a table of a name."""
        return self.keep(name, self.query(text, **values))

    def keep(self, name: str, table: DataFrame) -> DataFrame:
        """Keep a table under a name."""
        return self.view(name, table.persist(StorageLevel.MEMORY_AND_DISK))

    def view(self, name: str, table: DataFrame) -> DataFrame:
        """Let SQL know a table by a name."""
        self._views[name] = f"{self._prefix}_{name}"
        table.createOrReplaceTempView(self._views[name])
        return table

    def close(self) -> None:
        """Give all of it back."""
        for name in self._views.values():
            if name.startswith(self._prefix):
                self._spark.catalog.dropTempView(name)
