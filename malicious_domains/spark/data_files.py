"""Files and folders that Spark reads and writes.

Ends of names, or else the first line, say what kind files are of.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql import types as T  # noqa: N812

from ..names.errors import MaliciousDomainsError
from ..scan.reading.layout import Head
from ..scan.reading.prepare_input import LogFile

_ENDINGS = {
    "parquet": "parquet", "pq": "parquet", "csv": "csv", "tsv": "csv",
    "json": "json", "jsonl": "json", "ndjson": "json", "txt": "lines",
}  # fmt: skip
_COMPRESSED = ("gz", "bz2", "zst", "zstd", "snappy", "deflate", "lz4")
_HEAD_LINES = 200
_COMPLETE = "_SUCCESS"  # the file that Spark writes last


@dataclass(frozen=True)
class InputFiles:
    """The files at some paths, all of one kind."""

    spark: SparkSession
    paths: tuple[str, ...]
    names: tuple[str, ...]
    kind: str  # parquet, csv, json or lines

    @property
    def reader(self) -> DataFrameReader:
        """A reader that takes all files below a folder."""
        return _reader(self.spark)

    @cached_property
    def lines(self) -> DataFrame:
        """The lines of text files, as the column value."""
        return self.reader.text(list(self.paths))

    @cached_property
    def head(self) -> Head:
        """The first lines of the first file that has any."""
        heads = (_read_head(self.spark, x) for x in self.names)
        empty = Head(LogFile(Path(display_path(self.names[0])), Path(), b"", 0, time.time()))
        return next((x for x in heads if x.lines), empty)

    def read_parquet(self) -> DataFrame:
        """Return the tables of Parquet files as one."""
        return self.reader.parquet(*self.paths)

    def read_below_header(self) -> DataFrame:
        """Return the lines of CSV files without headers and blank lines, as the column value.

        To Spark it is a table of one column without quotes, whose name is the whole first line; so
        Spark raises an error for a file with another header.
        """
        column = T.StructField(self.head.lines[0], T.StringType())
        return (
            self.reader.options(sep="\x01", header=True, quote="", enforceSchema=False)
            .schema(T.StructType([column]))
            .csv(list(self.paths))
            .toDF("value")
        )


def open_files(spark: SparkSession, paths: Sequence[str], kind: str | None = None) -> InputFiles:
    """Find the files at paths; `kind` is theirs, detected if None.

    Raises MaliciousDomainsError where there are none, or files of several kinds.
    """
    for path in paths:
        try:
            names = _reader(spark).text(path).inputFiles()
        except AnalysisException as error:
            raise MaliciousDomainsError(
                f"{path}: there is no such file or folder for Spark"
            ) from error
        if not names:
            raise MaliciousDomainsError(f"{path}: there are no files in it")
    names = sorted(map(unquote, _reader(spark).text(list(paths)).inputFiles()))
    return InputFiles(spark, tuple(paths), tuple(names), kind or _detect_kind(spark, names))


def display_path(name: str) -> str:
    """Return a file's name as people write it.

    >>> display_path("file:///data/dns.csv"), display_path("s3a://bucket/dns.csv")
    ('/data/dns.csv', 's3a://bucket/dns.csv')
    """
    return re.sub("^file:/+", "/", name)  # Spark writes one slash or three


def check_output(spark: SparkSession, folder: str) -> None:
    """Raise MaliciousDomainsError if there is something at the place already."""
    jvm = spark.sparkContext._jvm
    assert jvm
    path = jvm.org.apache.hadoop.fs.Path(folder)
    system = path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    if not system.exists(path):
        return
    complete = system.exists(jvm.org.apache.hadoop.fs.Path(path, _COMPLETE))
    why = "" if complete else f", without {_COMPLETE}: the incomplete output of a run that stopped"
    raise MaliciousDomainsError(
        f"{folder} is there already{why}; remove it, or choose another with --out"
    )


def write_parquet(table: DataFrame, folder: str) -> DataFrame:
    """Write a new folder of Parquet, and return the table that stands in it."""
    table.write.parquet(folder)
    return table.sparkSession.read.schema(table.schema).parquet(folder)


def _reader(spark: SparkSession) -> DataFrameReader:
    return spark.read.option("recursiveFileLookup", True)


def _detect_kind(spark: SparkSession, names: Sequence[str]) -> str:
    kinds = {_kind_of_name(x): x for x in names}
    if unnamed := kinds.pop("", None):
        kinds.setdefault(_kind_of_content(spark, unnamed), unnamed)
    if len(kinds) > 1:
        (one, first), (other, second), *_ = sorted(kinds.items())
        raise MaliciousDomainsError(
            f"{first} is {one}, {second} is {other}: give files of one kind at a time"
        )
    return next(iter(kinds))


def _kind_of_name(name: str) -> str:
    parts = Path(name).name.lower().split(".")
    last = parts[-2] if len(parts) > 2 and parts[-1] in _COMPRESSED else parts[-1]
    return _ENDINGS.get(last, "")


def _kind_of_content(spark: SparkSession, name: str) -> str:
    lines = _read_head(spark, name).lines
    first = lines[0].lstrip() if lines else ""
    if first.startswith("PAR1"):
        return "parquet"
    if first.startswith(("{", "[")):
        return "json"
    return "csv" if any(x in first for x in ",;\t|") else "lines"


def _read_head(spark: SparkSession, name: str) -> Head:
    escaped = "".join(f"\\{x}" if x in "{}[]*?\\" else x for x in name)
    lines = [x["value"] for x in spark.read.text(escaped).limit(_HEAD_LINES).collect()]
    content = "\n".join(lines).encode("utf-8", "replace")
    return Head(LogFile(Path(display_path(name)), Path(), content, len(content), time.time()))
