"""Scoring and scanning on Spark."""
