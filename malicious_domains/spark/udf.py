"""The scorer as a function of columns, for SQL and DataFrames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, SparkSession
from pyspark.sql.pandas.functions import pandas_udf
from pyspark.sql.pandas.types import from_arrow_schema, from_arrow_type

from ..inputs.rows import NULL_ROW
from ..scoring.workers import Job, load_scorer
from .errors import SparkError
from .scoring import VERDICT, scored

_TYPES = {pa.int32(): pd.Int32Dtype()}  # which has nulls


def registered(spark: SparkSession, name: str, job: Job) -> Callable[[Column | str], Column]:
    """The function, which SQL knows by its name; a text in, a struct of VERDICT out."""
    job.scorer()  # what is wrong with it is told here, not by an executor

    def score(texts: pd.Series) -> pd.DataFrame:
        if not len(texts):
            return pd.DataFrame(columns=VERDICT.names)
        _check(name, texts)
        rows = [x if isinstance(x, str) else NULL_ROW for x in texts]
        found = scored(load_scorer(job), rows).select(VERDICT.names)
        table: pd.DataFrame = found.to_pandas(types_mapper=_TYPES.get)
        return table

    score.__annotations__ = {"texts": pd.Series, "return": pd.DataFrame}
    wrap: Any = pandas_udf  # whose overloads know of no struct
    made: Callable[[Column | str], Column] = wrap(score, from_arrow_schema(VERDICT))
    spark.udf.register(name, made)
    return made


def _check(name: str, texts: pd.Series | pd.DataFrame) -> None:
    """Raise SparkError for a column that is not of texts: its type is known here, not before."""
    found = "struct" if isinstance(texts, pd.DataFrame) else pd.api.types.infer_dtype(texts)
    if found in ("string", "empty"):
        return
    if found in ("integer", "floating"):  # with nulls among them whole numbers are floats by now
        found = "numbers"
    elif found != "struct":
        found = from_arrow_type(pa.Array.from_pandas(texts).type).simpleString()
    raise SparkError(
        f"{name}: a column of {found}, not of texts; give it the column that has the names, or "
        "CAST(… AS STRING)"
    )
