"""Serve a scorer over HTTP: requests, answers, access, log and metrics."""
