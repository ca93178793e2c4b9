"""Keep rows of text in a database on the disk, as a corpus need not fit into memory."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, overload

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from malicious_domains.inputs.signals import hold_signals
from malicious_domains.names.array_types import Ints

from .schema import CorpusError

MEMORY = 400  # MB that DuckDB takes for a query
_SORTED = 50_000  # rows that it sorts with one MB more
_BLOCK = 1 << 16  # rows that are written, and read, together


class RowStore:
    """A table of texts in a database of DuckDB, whose file is removed with this object."""

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write all rows, (columns,) each; raises CorpusError if the disk is full."""
        with hold_signals():
            folder = tempfile.mkdtemp(prefix="corpus-")
            weakref.finalize(self, _remove_folder, folder)
        settings = {"memory_limit": f"{MEMORY}MB", "temp_directory": folder, "threads": "2"}
        self._connection = duckdb.connect(f"{folder}/rows.duckdb", config=dict(settings))
        with suppress(duckdb.Error):  # in a notebook without widgets there is none
            self._connection.execute("SET enable_progress_bar = false")
        self.columns, self._count = tuple(columns), 0
        texts = "".join(f', "{name}" VARCHAR' for name in columns)
        self._query(f"CREATE TABLE rows (number BIGINT{texts})")
        source = iter(rows)
        while block := list(islice(source, _BLOCK)):
            frame = pd.DataFrame(block, columns=list(columns), dtype=object)
            frame.insert(0, "number", np.arange(self._count, self._count + len(frame)))
            self._connection.register("block", frame)
            self._query("INSERT INTO rows FROM block")
            self._count += len(frame)
        self._query(f"SET memory_limit = '{max(MEMORY, self._count // _SORTED)}MB'")

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._count

    def column(self, name: str) -> Column:
        """Return a column, of which a block at a time is read."""
        return Column(self, name, range(self._count))

    def read_texts(self, name: str, rows: Ints) -> list[str]:
        """Return the texts of a column in some rows, by their ascending numbers."""
        self._connection.register("wanted", pd.DataFrame({"number": rows}))
        joined = "FROM wanted JOIN rows USING (number) ORDER BY number"
        texts: list[str] = self.values(f'SELECT "{name}" {joined}').tolist()
        return texts

    def frame(self) -> pd.DataFrame:
        """Return all columns of all rows, in memory."""
        return pd.DataFrame({name: list(self.column(name)) for name in self.columns}, dtype=str)

    def number_texts(self, name: str) -> tuple[Ints, int]:
        """Return the place of each row's text among the sorted distinct ones, and their count.

        Places are (rows,); texts are ordered by code points. They are sorted only once, which takes
        the least memory.
        """
        numbers = np.empty(self._count, np.int64)
        self._query(f'CREATE TABLE sorted AS SELECT number, "{name}" AS x FROM rows ORDER BY x')
        table = self._query("SELECT number, x IS DISTINCT FROM lag(x) OVER () AS new FROM sorted")
        self._query("DROP TABLE sorted")
        steps = np.cumsum(table["new"])
        numbers[table["number"]] = steps - 1
        return numbers, int(steps[-1])

    def values(self, sql: str) -> NDArray[Any]:
        """Return the single column of an SQL query on the table `rows`, whose rows have a `number`.

        Raises CorpusError if the query fails.
        """
        [column] = self._query(sql).values()
        return np.asarray(column)

    def _query(self, sql: str) -> dict[str, Any]:
        try:
            return dict(self._connection.execute(sql).fetchnumpy())
        except duckdb.Error as error:  # the disk is full, say
            raise CorpusError(f"DuckDB: {error}") from error


class Column(Sequence[str]):
    """All or some texts of a store's column, of which a block at a time is read."""

    def __init__(
        self, store: RowStore, name: str, rows: range | Ints, change: Callable[[str], str] = str
    ) -> None:
        """Select rows by their ascending numbers; `change` is applied to each text."""
        self._store, self._name, self._rows, self._change = store, name, rows, change

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return a text, or those of an ascending slice."""
        rows = self._rows[at] if isinstance(at, slice) else [self._rows[at]]
        texts = [*map(self._change, self._store.read_texts(self._name, np.asarray(rows)))]
        return texts if isinstance(at, slice) else texts[0]

    def __iter__(self) -> Iterator[str]:
        """Yield all texts."""
        for start in range(0, len(self), _BLOCK):
            yield from self[start : start + _BLOCK]

    def select(self, places: Ints) -> Column:
        """Return the texts at some ascending places."""
        # A range holds all rows, and ten million numbers take a while to write down.
        rows = places if isinstance(self._rows, range) else self._rows[places]
        return Column(self._store, self._name, rows, self._change)

    def map_texts(self, change: Callable[[str], str]) -> Column:
        """Return the column with a function applied to each text."""
        return Column(self._store, self._name, self._rows, change)


def _remove_folder(folder: str) -> None:
    with hold_signals():
        shutil.rmtree(folder, ignore_errors=True)
