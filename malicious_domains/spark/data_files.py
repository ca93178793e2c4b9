"""Files and folders that Spark reads and writes; the first line says what kind they are of."""

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

_HEAD_LINES = 200


@dataclass(frozen=True)
class InputFiles:
    """The files at some paths, all of one kind: parquet, csv, json or lines."""

    spark: SparkSession
    paths: tuple[str, ...]
    names: tuple[str, ...]
    stated_kind: str | None = None  # None: that of the first line

    @property
    def reader(self) -> DataFrameReader:
        """A reader that takes all files below a folder."""
        return self.spark.read.option("recursiveFileLookup", True)

    @property
    def lines(self) -> DataFrame:
        """The lines of text files, as the column value."""
        return self.reader.text(list(self.paths))

    @property
    def below_header(self) -> DataFrame:
        """The lines below the first one of each file, as the column value.

        To Spark it is a CSV of one column, named as the whole first line; it refuses other headers.
        """
        schema = T.StructType([T.StructField(self.head.lines[0], T.StringType())])
        reader = self.reader.options(sep="\x01", header=True, quote="", enforceSchema=False)
        return reader.schema(schema).csv(list(self.paths)).toDF("value")

    @cached_property
    def head(self) -> Head:
        """The first lines of the first file that has any."""
        heads = map(self._read_head, self.names)
        empty = make_head(display_path(self.names[0]), "")
        return next((x for x in heads if x.lines), empty)

    @property
    def kind(self) -> str:
        """The kind of the files: "parquet", "csv", "json" or "lines"."""
        first = self.head.lines[0].lstrip() if self.head.lines else ""
        detected = "csv" if any(x in first for x in ",;\t|") else "lines"
        detected = "json" if first.startswith(("{", "[")) else detected
        return self.stated_kind or ("parquet" if first.startswith("PAR1") else detected)

    def _read_head(self, name: str) -> Head:
        escaped = "".join(f"\\{x}" if x in "{}[]*?\\" else x for x in name)
        rows = self.spark.read.text(escaped).limit(_HEAD_LINES).collect()
        return make_head(display_path(name), "\n".join(x["value"] for x in rows))


def open_files(spark: SparkSession, paths: Sequence[str], kind: str | None = None) -> InputFiles:
    """Find the files at paths; `kind` is that of all, detected if None.

    Raises MaliciousDomainsError where there are none, and AnalysisException for a missing path.
    """
    names = InputFiles(spark, tuple(paths), (), kind).lines.inputFiles()
    if not names:
        raise MaliciousDomainsError(f"{', '.join(paths)}: there are no files in it")
    return InputFiles(spark, tuple(paths), tuple(sorted(map(unquote, names))), kind)


def make_head(path: str, text: str) -> Head:
    """Return the first lines of a file as `scan` recognizes it by them.

    >>> make_head("dns.csv", "client,query\\n::1,a.ru").lines[0]
    'client,query'
    """
    content = text.encode("utf-8", "replace")
    return Head(LogFile(Path(path), Path(), content, len(content), time.time()))


def display_path(name: str) -> str:
    """Return a file's name as people write it.

    >>> display_path("file:///data/dns.csv"), display_path("s3a://bucket/dns.csv")
    ('/data/dns.csv', 's3a://bucket/dns.csv')
    """
    return re.sub("^file:/+", "/", name)  # Spark writes one slash or three


def quote_name(name: str) -> str:
    """Return a column's name in backticks, whatever characters it has.

    >>> quote_name("the.name")
    '`the.name`'
    """
    return f"`{name.replace('`', '``')}`"


def check_output(spark: SparkSession, folder: str) -> None:
    """Raise MaliciousDomainsError if there is something at the place already."""
    try:
        spark.read.text(folder)
    except AnalysisException:
        return
    problem = f"{folder} is there already; remove it, or choose another with --out"
    raise MaliciousDomainsError(problem)


def write_parquet(table: DataFrame, folder: str) -> DataFrame:
    """Write a new folder of Parquet, and return the table that stands in it."""
    table.write.parquet(folder)
    return table.sparkSession.read.schema(table.schema).parquet(folder)
