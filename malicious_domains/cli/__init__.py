"""The command line: one module for a group of commands, each with its options and its help."""

from .group import main

__all__ = ["main"]
