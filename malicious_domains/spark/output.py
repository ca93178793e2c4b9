"""Folders of Parquet that Spark writes: whole, with _SUCCESS in them, or not at all."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from .errors import SparkError

_WHOLE = "_SUCCESS"


def check(spark: SparkSession, folder: str) -> None:
    """Raise SparkError if there is something at the place already."""
    jvm = spark.sparkContext._jvm
    assert jvm
    path = jvm.org.apache.hadoop.fs.Path(folder)
    system = path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    if not system.exists(path):
        return
    whole = system.exists(jvm.org.apache.hadoop.fs.Path(path, _WHOLE))
    what = "" if whole else f", without {_WHOLE}: nothing whole, what a run that was stopped left"
    raise SparkError(f"{folder} is there already{what}; remove it, or choose another with --out")


def write(table: DataFrame, folder: str) -> DataFrame:
    """Write a new folder, and hand out what stands in it."""
    table.write.parquet(folder)
    return table.sparkSession.read.schema(table.schema).parquet(folder)
