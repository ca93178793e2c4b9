"""DNS logs of many formats, as one view of events in DuckDB."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from ...inputs.signals import hold_signals
from . import broken, pihole_database, prepare_input
from .event_view import events
from .layout import Layout
from .log_files import FIELDS, STANDARD_INPUT, ReadingError, Source
from .log_formats import FORMATS, layout_of
from .prepare_input import Text

__all__ = ["FIELDS", "FORMATS", "STANDARD_INPUT", "Reading", "ReadingError", "Source", "read"]


@dataclass(frozen=True)
class Reading:
    """Logs that a connection can ask as its view events.

    forms: each file's format, "empty" for one without lines. skipped: files that were left out,
    and why. damaged: files of which a part could not be read, and why. has_codes: whether a format
    among them tells response codes. bytes: what they take on the disk. The copies that the view
    may need are kept until close(), or the end of the process.
    """

    forms: dict[Path, str]
    skipped: dict[Path, str]
    damaged: dict[Path, str]
    has_codes: bool
    bytes: int
    _pairs: tuple[tuple[Text, Layout], ...]
    _folder: Path

    def broken(self, at_most: int = 10) -> list[broken.Broken]:
        """The first lines that cannot be read: (file, line number, what is wrong).

        Reads the logs once more, so ask only if there are any.
        """
        return broken.find(self._pairs, at_most)

    def close(self) -> None:
        """Remove the copies; the view cannot be asked any more."""
        prepare_input.remove(self._folder)


def read(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    advance: Callable[[int], object] = lambda _: None,
) -> Reading:
    """Make the view events in a connection: one row a line of the logs.

    Its columns: client, query (as logged), time (seconds since the epoch, UTC), rcode (in upper
    case; BLOCKED where a block list answered), all NULL where a line does not tell; and why, NULL
    for a query to be judged, else "multicast", "type", "other_event" or "broken"; of these two the
    other columns may hold anything. A file that is no log is left out if there are others. advance
    is told of how many bytes more were looked at. Raises ReadingError, which names the file, what
    is wrong and what to do.
    """
    source = Source.of(source.paths, source.form, source.mapping)
    with hold_signals():
        folder = Path(tempfile.mkdtemp(prefix="scan-"))
        atexit.register(prepare_input.remove, folder)
    try:
        reading = _read(source, folder, advance)
        connection.execute(f"CREATE OR REPLACE TEMP VIEW events AS {events(reading._pairs)}")
    except BaseException:
        prepare_input.remove(folder)
        raise
    return reading


def _read(source: Source, folder: Path, advance: Callable[[int], object]) -> Reading:
    forms, skipped, damaged = dict[Path, str](), dict[Path, str](), dict[Path, str]()
    pairs, size = [], 0
    for path in source.paths:
        try:
            text = prepare_input.text_of(path, folder, advance)
            layout = layout_of(text, source.form, source.mapping)
            if layout and layout.form == "pihole-ftl":
                text = _from_database(text, folder)
        except ReadingError as error:
            if len(source.paths) == 1:
                raise
            skipped[path] = str(error)
            continue
        forms[path] = layout.form if layout else "empty"
        size += text.size
        if text.damage:
            damaged[path] = text.damage
        if layout:
            pairs.append((text, layout))
    if not forms:
        raise ReadingError("none of the files is a DNS log:\n" + "\n".join(skipped.values()))
    coded = any(layout.coded for _, layout in pairs)
    return Reading(forms, skipped, damaged, coded, size, tuple(pairs), folder)


def _from_database(text: Text, folder: Path) -> Text:
    copy = folder / f"{text.path.name}.{len(list(folder.iterdir()))}.csv"
    pihole_database.copied(text.path, text.text, copy)
    return replace(text, text=copy)
