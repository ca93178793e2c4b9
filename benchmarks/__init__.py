"""Measure every speed and size that the documents quote."""
