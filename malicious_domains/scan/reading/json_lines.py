"""Logs of one JSON object a line: which keys are read, at any depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import sql
from .layout import selected, undecoded
from .log_files import ReadingError

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Json:
    """Where things stand, and what SQL makes of them.

    paths: a letterless short name for every path of keys that is read. The other texts are SQL
    over those names.
    """

    form: str
    paths: tuple[tuple[str, Keys], ...]
    client: str
    query: str
    time: str
    rcode: str
    why: str
    coded: bool = True
    answers: str = ""
    wrapper: str = ""
    types: tuple[tuple[str, str], ...] = ()  # of paths that are no plain texts

    def select(self, paths: Sequence[Path], utf8: bool) -> str:
        """SQL for client, query, time, rcode, why."""
        tree = _tree([(path, dict(self.types).get(key, "VARCHAR")) for key, path in self.paths])
        if self.wrapper:
            tree = {self.wrapper: tree}
        columns = ", ".join(f"{sql.text(k)}: {sql.text(_type(v))}" for k, v in tree.items())
        taken = ", ".join(f"{self._at(path)} AS {key}" for key, path in self.paths)
        nothing = " AND ".join(f"{key} IS NULL" for key, _ in self.paths)
        origin = (
            f"(SELECT {taken} FROM read_json({sql.files(paths)}, format='newline_delimited', "
            f"columns={{{columns}}}, ignore_errors=true, compression='none'))"
        )
        why = self.why.removeprefix("CASE ")
        return selected(
            client=self.client,
            query=self.query,
            time=self.time,
            rcode=self.rcode,
            why=f"CASE WHEN {nothing} THEN 'broken' {why}",
            origin=origin,
        )

    def _at(self, path: Keys) -> str:
        first, *rest = (self.wrapper, *path) if self.wrapper else path
        at = sql.name(first)
        for key in rest:
            at = f"struct_extract({at}, {sql.text(key)})"
        return at

    def wrong(self, line: str) -> str:
        """What is wrong with a broken line."""
        cut = "" if line.rstrip().endswith("}") else ", and it does not end as one"
        return undecoded(line) or f"not a JSON object with what a {self.form} log has{cut}"


def _tree(paths: Sequence[tuple[Keys, str]]) -> dict[str, object]:
    root: dict[str, object] = {}
    for path, kind in paths:
        at = root
        for key in path[:-1]:
            inner = at.setdefault(key, {})
            if not isinstance(inner, dict):
                raise ReadingError(f"{'.'.join(path)}: a part of it is mapped by itself")
            at = inner
        at[path[-1]] = kind
    return root


def _type(value: object) -> str:
    if not isinstance(value, dict):
        return str(value)
    return "STRUCT(" + ", ".join(f"{sql.name(k)} {_type(v)}" for k, v in value.items()) + ")"
