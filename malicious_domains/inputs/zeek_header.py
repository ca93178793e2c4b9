"""The header of a Zeek log as tab-separated values: its lines that begin with #."""

from __future__ import annotations

from typing import NamedTuple

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
