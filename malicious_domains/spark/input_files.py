"""Files and folders that Spark reads: which kind they are, and what stands in them.

The kind is told by how names end, else by the first line; the columns as scan's readers tell them.
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

from ..scan.reading.layout import Head
from ..scan.reading.prepare_input import Text
from .errors import SparkError

_ENDINGS = {
    "parquet": "parquet", "pq": "parquet", "csv": "csv", "tsv": "csv",
    "json": "json", "jsonl": "json", "ndjson": "json", "txt": "lines",
}  # fmt: skip
_PACKED = ("gz", "bz2", "zst", "zstd", "snappy", "deflate", "lz4")
_LINES = 200  # that are looked at


@dataclass(frozen=True)
class Files:
    """What stands at some paths: their names, and the kind of all."""

    spark: SparkSession
    paths: tuple[str, ...]
    names: tuple[str, ...]
    kind: str  # parquet, csv, json or lines

    @cached_property
    def lines(self) -> DataFrame:
        """The lines of files of text, as the column value."""
        return reader(self.spark).text(list(self.paths))

    @cached_property
    def head(self) -> Head:
        """The first lines of the first that has any."""
        heads = (_head(self.spark, x) for x in self.names)
        empty = Head(Text(Path(shown(self.names[0])), Path(), b"", 0, time.time()))
        return next((x for x in heads if x.lines), empty)


def reader(spark: SparkSession) -> DataFrameReader:
    """What reads all files below a folder."""
    return spark.read.option("recursiveFileLookup", True)


def opened(spark: SparkSession, paths: Sequence[str], kind: str | None = None) -> Files:
    """What stands at paths; kind: that of all, else told. Raises SparkError."""
    for path in paths:
        try:
            found = reader(spark).text(path).inputFiles()
        except AnalysisException as error:
            raise SparkError(f"{path}: there is no such file or folder for Spark") from error
        if not found:
            raise SparkError(f"{path}: there are no files in it")
    names = sorted(map(unquote, reader(spark).text(list(paths)).inputFiles()))
    return Files(spark, tuple(paths), tuple(names), kind or _kind(spark, names))


def _kind(spark: SparkSession, names: Sequence[str]) -> str:
    kinds = {_ending(x): x for x in names}
    if unnamed := kinds.pop("", None):
        kinds.setdefault(_looks(spark, unnamed), unnamed)
    if len(kinds) > 1:
        (one, first), (other, second), *_ = sorted(kinds.items())
        raise SparkError(f"{first} is {one}, {second} is {other}: give files of one kind at a time")
    return next(iter(kinds))


def _ending(name: str) -> str:
    parts = Path(name).name.lower().split(".")
    last = parts[-2] if len(parts) > 2 and parts[-1] in _PACKED else parts[-1]
    return _ENDINGS.get(last, "")


def _looks(spark: SparkSession, name: str) -> str:
    lines = _head(spark, name).lines
    first = lines[0].lstrip() if lines else ""
    if first.startswith("PAR1"):
        return "parquet"
    if first.startswith(("{", "[")):
        return "json"
    return "csv" if any(x in first for x in ",;\t|") else "lines"


def _head(spark: SparkSession, name: str) -> Head:
    escaped = "".join(f"\\{x}" if x in "{}[]*?\\" else x for x in name)
    lines = [x["value"] for x in spark.read.text(escaped).limit(_LINES).collect()]
    content = "\n".join(lines).encode("utf-8", "replace")
    return Head(Text(Path(shown(name)), Path(), content, len(content), time.time()))


def shown(name: str) -> str:
    """A file's name as people write it."""
    return re.sub("^file:/+", "/", name)  # Spark writes one slash or three


def parquet(files: Files) -> DataFrame:
    """The tables of Parquet files, as one."""
    return reader(files.spark).parquet(*files.paths)


def below_header(files: Files) -> DataFrame:
    """The lines of CSV files but the first of each, and blank ones; Spark refuses another header.

    To Spark it is a table of one column without quotes, whose name is the whole first line.
    """
    column = T.StructField(files.head.lines[0], T.StringType())
    return (
        reader(files.spark)
        .options(sep="\x01", header=True, quote="", enforceSchema=False)
        .schema(T.StructType([column]))
        .csv(list(files.paths))
        .toDF("value")
    )
