"""Rows of text in DuckDB's hands: in memory while they are few, beyond MEMORY on the disk."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, overload

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from malicious_domains.features.array_types import Ints
from malicious_domains.inputs.signals import hold_signals
from malicious_domains.names.errors import MaliciousDomainsError

MEMORY = 400  # MB that DuckDB takes for a store's rows, and what it makes of them
_SORTED = 50_000  # rows that it sorts with a MB more
_BLOCK = 1 << 16  # rows that are put in or taken out together
_NUMBER = "number"  # of a row, from 0 on


class StoreError(MaliciousDomainsError):
    """Rows that could not be kept or asked for."""


class Store:
    """A table of texts whose rows are numbered; it goes when nobody holds it any more."""

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Take all rows in, (columns,) each; raises StoreError, and what taking them raises."""
        with hold_signals():
            folder = tempfile.mkdtemp(prefix="corpus-")
            settings = {"memory_limit": f"{MEMORY}MB", "temp_directory": folder, "threads": "2"}
            self._connection = duckdb.connect(config=dict(settings))
            weakref.finalize(self, _end, self._connection, folder)
        self.columns, self._rows = tuple(columns), 0
        texts = "".join(f', "{name}" VARCHAR' for name in columns)
        self._run(f"CREATE TABLE rows ({_NUMBER} BIGINT{texts})")
        source = iter(rows)
        while block := list(islice(source, _BLOCK)):
            self._insert(pd.DataFrame(block, columns=list(columns), dtype=object))
        if self._rows > MEMORY * _SORTED:
            self._run(f"SET memory_limit = '{self._rows // _SORTED}MB'")

    def _insert(self, frame: pd.DataFrame) -> None:
        frame.insert(0, _NUMBER, np.arange(self._rows, self._rows + len(frame)))
        self._connection.register("block", frame)
        self._run("INSERT INTO rows SELECT * FROM block")
        self._connection.unregister("block")
        self._rows += len(frame)

    def __len__(self) -> int:
        """The number of rows."""
        return self._rows

    def column(self, name: str) -> Column:
        """A column, of which a part at a time is read."""
        return Column(self, name, range(self._rows))

    def frame(self) -> pd.DataFrame:
        """All columns of all rows, in memory."""
        return pd.DataFrame({name: list(self.column(name)) for name in self.columns}, dtype=str)

    def each(self, expression: str, joined: str = "") -> NDArray[Any]:
        """What an SQL expression gives for each row, (rows,); joined: a table that it needs."""
        return self.values(f"SELECT {expression} FROM rows {joined} ORDER BY rows.{_NUMBER}")

    def first(self, name: str, condition: str) -> Ints:
        """The first row of each different text of a column, of rows that meet a condition."""
        return self.values(
            f'SELECT min({_NUMBER}) AS x FROM rows WHERE {condition} GROUP BY "{name}" ORDER BY x'
        )

    def places(self, name: str) -> tuple[Ints, int]:
        """The place of each row's text among the different ones of a column, sorted; how many.

        By code points, and (rows,).
        """
        places = np.empty(self._rows, np.int64)
        self._run(f'CREATE TABLE sorted AS SELECT {_NUMBER}, "{name}" AS x FROM rows ORDER BY x')
        found = self._run(f"SELECT {_NUMBER}, x IS DISTINCT FROM lag(x) OVER () AS new FROM sorted")
        self._run("DROP TABLE sorted")
        steps = np.cumsum(found["new"])
        places[found[_NUMBER]] = steps - 1
        return places, int(steps[-1])

    def values(self, sql: str) -> NDArray[Any]:
        """The one column that an SQL query on the table rows gives; raises StoreError."""
        [found] = self._run(sql).values()
        return np.asarray(found)

    def _run(self, sql: str) -> dict[str, Any]:
        try:
            return dict(self._connection.execute(sql).fetchnumpy())
        except duckdb.Error as error:  # the disk is full, say
            raise StoreError(f"DuckDB: {error}") from error


class Column(Sequence[str]):
    """Texts of a store's column, all or some, read a block at a time."""

    def __init__(self, store: Store, name: str, rows: range | Ints) -> None:
        """rows: the numbers of those that it is of, ascending."""
        self._store, self._name, self._rows = store, name, rows
        self._read: tuple[int, list[str]] = (-1, [])  # the last block's number and texts

    def __len__(self) -> int:
        """The number of texts."""
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """A text, or those of a slice that ascends."""
        if isinstance(at, slice):
            return self._some(np.asarray(self._rows[at]))
        return self._some(np.asarray([self._rows[at]]))[0]

    def __iter__(self) -> Iterator[str]:
        """All texts."""
        for start in range(0, len(self), _BLOCK):
            yield from self[start : start + _BLOCK]

    def only(self, places: Ints) -> Column:
        """Those at some places, ascending."""
        # A range is of all rows, and ten million numbers take a while to write down.
        rows = places if isinstance(self._rows, range) else self._rows[places]
        return Column(self._store, self._name, rows)

    def _some(self, rows: Ints) -> list[str]:
        blocks, found = rows // _BLOCK, list[str]()
        for block in np.unique(blocks).tolist():
            texts, places = self._block(block), rows[blocks == block] - block * _BLOCK
            found += [texts[i] for i in places.tolist()]
        return found

    def _block(self, number: int) -> list[str]:
        if self._read[0] != number:
            first = number * _BLOCK
            within = f"{_NUMBER} >= {first} AND {_NUMBER} < {first + _BLOCK}"
            found = self._store.values(
                f'SELECT "{self._name}" FROM rows WHERE {within} ORDER BY {_NUMBER}'
            )
            self._read = number, found.tolist()
        return self._read[1]


def _end(connection: duckdb.DuckDBPyConnection, folder: str) -> None:
    connection.close()
    with hold_signals():
        shutil.rmtree(folder, ignore_errors=True)
