"""Scoring and scanning on Spark: what pipeline.spark offers. Needs pip install .[spark]."""

from pipeline.spark import scan, score_udf

__all__ = ["scan", "score_udf"]
