"""Making the file of rows from a company."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import chain, groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

import orjson

from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox.store.columns import Lines, Records
from stcrm_pandas.sandbox.store.connection import LAYOUT, connect
from stcrm_pandas.sandbox.store.default_rows import standing
from stcrm_pandas.sandbox.store.prefetch import ahead
from stcrm_pandas.sandbox.store.tables import TABLES, Table


class Company(Protocol):
    """What fills a store: see `stcrm_pandas.sandbox.company`."""

    @property
    def name(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def truth(self) -> dict[str, Any]: ...
    def tables(self) -> Iterable[tuple[str, Iterable[dict[str, Any]]]]: ...


Made = Callable[[int, int], None]
"""Is told how many more rows are there, and how many there will be in all, as far as that is known (else 0)."""
_BATCH = 5_000
"""Rows written between two words on how far it is."""


def fill(path: Path, company: Company, notes: Mapping[str, Any], made: Made | None = None) -> None:
    """Make a file that `Store` opens; it is there once it is whole. `notes` are small things kept beside the rows."""
    expected = int(getattr(company, "expected_rows", 0))

    def told(rows: int) -> None:
        if made is not None:
            made(rows, expected)

    unfinished = path.with_name(path.name + ".making")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # never readable by others
    db = connect(unfinished)
    try:
        db.execute("PRAGMA page_size=16384")  # rows of half a kilobyte, read by the thousand
        db.execute("PRAGMA journal_mode=OFF")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("PRAGMA temp_store=FILE")  # an index is sorted three times as fast in parts that fit a CPU's cache
        db.execute("CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT)")
        db.execute("CREATE TABLE tables (name TEXT PRIMARY KEY)")
        db.execute("BEGIN")
        filled = set()
        with closing(ahead(_batches(company)) if hasattr(company, "written") else _batches(company)) as batches:
            for name, parts in groupby(batches, key=itemgetter(0)):
                _fill(db, TABLES.get(name, Table(name)), (batch for _, batch in parts), told)
                filled.add(name)
        for name in [name for name in TABLES if name not in filled]:
            _fill(db, TABLES[name], (), told)
        for name in TABLES.keys() - filled:
            _insert(db, TABLES[name], _in_batches(TABLES[name], standing(db, name)), told)
        for name, value in {**notes, "layout": LAYOUT}.items():
            db.execute("INSERT INTO notes VALUES (?, ?)", (name, orjson.dumps(value).decode()))
        db.execute("COMMIT")
    except BaseException:
        db.close()
        unfinished.unlink()
        raise
    db.close()
    os.replace(unfinished, path)


def _batches(company: Company) -> Generator[tuple[str, Records | list[tuple[Any, ...]]], None, None]:
    """The rows of all tables as they are kept, and the name of their table; of an empty table an empty batch."""
    for name, rows in getattr(company, "written", company.tables)():
        yield name, []
        for batch in _in_batches(TABLES.get(name, Table(name)), rows):
            yield name, batch


def _in_batches(table: Table, rows: Iterable[Any]) -> Iterator[Records | list[tuple[Any, ...]]]:
    left = iter(rows)
    for first in left:
        if isinstance(first, Lines):
            yield Records.of(table, first)
        else:
            yield [*map(table.record, chain((first,), islice(left, _BATCH - 1)))]


def _fill(db: sqlite3.Connection, table: Table, batches: Iterable[Any], told: Callable[[int], None]) -> None:
    name = table.name
    if not name.isidentifier():
        raise UsageError(f"no name of a table: {name!r}")
    db.execute("INSERT INTO tables VALUES (?)", (name,))
    shared = "".join(f", {search.column}" for search in table.searches if not search.alone)
    searches = "".join(f"{search.column} TEXT, " for search in table.searches)
    db.execute(
        f'CREATE TABLE "{name}" (n INTEGER PRIMARY KEY, id, parent, active INTEGER, created INTEGER, modified INTEGER, '
        f"edited INTEGER, seq INTEGER, {searches}hidden TEXT, body TEXT)"
    )
    _insert(db, table, batches, told)
    # The first holds all that the common filters look at, so that a read in order of id never touches a body.
    db.execute(f'CREATE INDEX "{name}_by_id" ON "{name}" (id, active, created, modified, parent{shared})')
    db.execute(f'CREATE INDEX "{name}_by_change" ON "{name}" (seq)')
    if table.parent:
        db.execute(f'CREATE INDEX "{name}_by_parent" ON "{name}" (parent)')
    for search in table.searches:
        if search.alone:
            db.execute(f'CREATE INDEX "{name}_by_{search.column}" ON "{name}" ({search.column})')


def _insert(db: sqlite3.Connection, table: Table, batches: Iterable[Any], told: Callable[[int], None]) -> None:
    names, places = ", ".join(table.columns), ", ".join("?" * len(table.columns))
    for batch in batches:
        tuples = batch.tuples() if isinstance(batch, Records) else batch
        db.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', tuples)
        told(len(batch))
