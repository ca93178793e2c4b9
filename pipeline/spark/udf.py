"""The scorer as a function of columns, for SQL and DataFrames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, SparkSession
from pyspark.sql.pandas.functions import pandas_udf
from pyspark.sql.pandas.types import from_arrow_schema

from ..scoring.rows import NULL
from ..scoring.workers import Job, scorer_of
from .scoring import VERDICT, scored

_TYPES = {pa.int32(): pd.Int32Dtype()}  # which has nulls


def registered(spark: SparkSession, name: str, job: Job) -> Callable[[Column | str], Column]:
    """The function, which SQL knows by its name; a text in, a struct of VERDICT out."""
    job.scorer()  # what is wrong with it is told here, not by an executor

    def score(texts: pd.Series) -> pd.DataFrame:
        rows = [x if isinstance(x, str) else NULL for x in texts]
        if not rows:
            return pd.DataFrame(columns=VERDICT.names)
        found = scored(scorer_of(job), rows).select(VERDICT.names)
        table: pd.DataFrame = found.to_pandas(types_mapper=_TYPES.get)
        return table

    score.__annotations__ = {"texts": pd.Series, "return": pd.DataFrame}
    wrap: Any = pandas_udf  # whose overloads know of no struct
    made: Callable[[Column | str], Column] = wrap(score, from_arrow_schema(VERDICT))
    spark.udf.register(name, made)
    return made
