"""Logs of one JSON object a line, of which some values are read as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import sql
from .column_names import choose_columns, list_constants, map_columns
from .layout import Head, Keys, Layout


@dataclass(frozen=True)
class JsonLines:
    """One JSON object a line.

    columns: each column's name, and the paths of keys whose first value it is. inner: the path
    within a column's text, which is JSON or key=value pairs itself.
    """

    form: str
    columns: tuple[tuple[str, tuple[Keys, ...]], ...]
    inner: tuple[tuple[str, Keys], ...] = ()

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table with the columns, NULL where a line is no JSON."""
        pointers = list(dict.fromkeys(x for _, some in self.columns for x in some))
        inner = dict(self.inner)
        columns = []
        for name, some in self.columns:
            value = f"coalesce({', '.join(f'm[{pointers.index(x) + 1}]' for x in some)})"
            value = sql.extract_inner(value, inner[name]) if name in inner else value
            columns.append(f"{value} AS {name}")
        listed = ", ".join(sql.quote_text(sql.point_to(x)) for x in pointers)
        return (
            f"(SELECT {', '.join(columns)} FROM (SELECT CASE WHEN json_valid(line) THEN "
            f"json_extract_string(line, [{listed}]) END AS m FROM {sql.read_lines(paths)}))"
        )

    def find_broken(self, query: str, utf8: bool) -> str:
        """Return the WHENs of lines without any of the values, and of bytes not in UTF-8."""
        nothing = " AND ".join(f"{column} IS NULL" for column, _ in self.columns)
        return f"WHEN {nothing} THEN 'broken'" + sql.mark_undecoded(query, utf8)

    def describe_broken(self, line: str) -> str:
        """Return what is wrong with a broken line."""
        cut = "" if line.rstrip().endswith("}") else ", and it does not end as one"
        return f"not a JSON object with what a {self.form} log has{cut}"


def open_json(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Read any JSON, by the mapping or usual names. Raises ReadingError if a field is missing."""
    if not head.is_json:
        return None
    names = {**head.leaves, **_split_names(head, mapping)}
    fields = choose_columns(names, mapping, head.file.path, "json", claimed)
    if not fields:
        return None
    used = {f"{x}_": (names[y],) for x, y in fields.items() if y in names}
    inner = {f"{x}_": rest for x, y in fields.items() if (rest := _find_rest(y, names.get(y)))}
    table = JsonLines("json", tuple(used.items()), tuple(inner.items()))
    return map_columns("json", table, fields, head, list_constants(mapping))


def _split_names(head: Head, mapping: Mapping[str, str]) -> dict[str, Keys]:
    """Return the paths of mapped names that go on within the text of a leaf."""
    split = {}
    for name in mapping.values():
        keys = tuple(name.split("."))
        before = (".".join(keys[:i]) for i in range(len(keys) - 1, 0, -1))
        leaf = next((x for x in before if x in head.leaves), None)
        if name in head.keys:
            split[name] = head.keys[name][0]
        elif leaf:
            split[name] = head.leaves[leaf]
    return split


def _find_rest(name: str, path: Keys | None) -> Keys:
    """Return the keys of a name that are not part of a path."""
    if path is None or ".".join(path) == name:
        return ()
    return tuple(name[len(".".join(path)) + 1 :].split("."))
