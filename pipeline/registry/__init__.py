"""Versions of artifacts in S3, and what each must pass."""
