"""Labelled names to learn from: where they come from, how they are read and mixed."""
