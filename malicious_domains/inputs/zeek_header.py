"""A Zeek log as tab-separated values: its header, which are lines that begin with #, and events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .streams import InputError

ZEEK_START = "#separator"  # how such a log begins


class ZeekHeader(NamedTuple):
    """The settings that the lines of # have given so far; the defaults are Zeek's own."""

    separator: str = "\t"
    fields: tuple[str, ...] = ()
    unset: str = "-"

    def read_line(self, line: str) -> ZeekHeader:
        r"""Return the header with what one more of its lines says.

        >>> header = ZeekHeader().read_line("#separator \\x09").read_line("#fields\tts\tquery\n")
        >>> header.separator, header.fields
        ('\t', ('ts', 'query'))
        """
        line = line.rstrip("\r\n")
        if line.startswith(ZEEK_START):
            escaped = [*line.split(maxsplit=1), "\\t"][1]
            return self._replace(
                separator=escaped.encode("ascii", "replace").decode("unicode_escape")
            )
        name, *values = line.split(self.separator)
        if name == "#fields":
            return self._replace(fields=tuple(values))
        if name == "#unset_field":
            return self._replace(unset=values[0] if values else self.unset)
        return self


def read_zeek_records(lines: Iterator[str]) -> Iterator[list[str]]:
    r"""Yield the fields of a Zeek log, and those of each event; nothing in it is quoted.

    >>> [*read_zeek_records(iter(["#fields\tquery\n", "example.com\n"]))]
    [['query'], ['example.com']]
    """
    header = ZeekHeader()
    for line in lines:
        known = header.fields
        header = header.read_line(line) if line.startswith("#") else header
        if known and header.fields != known:
            raise InputError("a second #fields line with other fields: split the file before it")
        if not header.fields and not line.startswith("#"):
            raise InputError("a Zeek log without a line #fields before its events")
        if header.fields != known:
            yield [*header.fields]
        elif not line.startswith("#"):
            yield line.rstrip("\r\n").split(header.separator)
