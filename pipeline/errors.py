"""The one family of errors that the command line turns into a line of text."""

from __future__ import annotations


class PipelineError(Exception):
    """Something that the user can mend; the message says what, where and how."""
