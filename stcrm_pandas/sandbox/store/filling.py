"""Create the file of rows from a company, with default rows of tables that it does not have."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import NAMESPACE_OID, uuid5

import orjson
import pyarrow as pa
from adbc_driver_sqlite import dbapi

from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox.store.columns import JsonColumns, record_batch, record_batch_of_rows
from stcrm_pandas.sandbox.store.store import LAYOUT
from stcrm_pandas.sandbox.store.tables import TABLES, Table


class Company(Protocol):
    """A company to fill a store with; see `stcrm_pandas.sandbox.company`."""

    @property
    def name(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def truth(self) -> dict[str, Any]: ...
    def tables(self) -> Iterable[tuple[str, Iterable[dict[str, Any]]]]: ...


OnRows = Callable[[int, int], None]
"""Receives the rows added since the last time, and the rows expected in total (0 if unknown)."""
_BATCH = 5_000
"""Rows written between two reports of progress."""


def fill(path: Path, company: Company, notes: Mapping[str, Any], on_rows: OnRows | None = None) -> None:
    """Create a file for `Store`, completely or not at all; `notes` are kept beside the rows."""
    expected = int(getattr(company, "expected_rows", 0))

    def report(rows: int) -> None:
        if on_rows is not None:
            on_rows(rows, expected)

    unfinished = path.with_name(path.name + ".making")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # never readable by others
    try:
        with dbapi.connect(str(unfinished), autocommit=True) as db, db.cursor() as cursor:
            for pragma in _PRAGMAS:
                cursor.execute(f"PRAGMA {pragma}")
            db.adbc_connection.set_autocommit(False)
            _fill(cursor, company, notes, report)
            db.adbc_connection.commit()
    except BaseException:
        unfinished.unlink()
        raise
    os.replace(unfinished, path)


_PRAGMAS = (
    "page_size=16384",  # rows of half a kilobyte, read by the thousand
    "journal_mode=OFF",
    "synchronous=OFF",
    "cache_size=-32768",  # KiB, for an index whose entries come out of order
    "temp_store=FILE",  # an index is sorted three times as fast in parts that fit a CPU's cache
)


def _fill(db: dbapi.Cursor, company: Company, notes: Mapping[str, Any], report: Callable[[int], None]) -> None:
    db.execute("CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT)")
    db.execute("CREATE TABLE tables (name TEXT PRIMARY KEY)")
    filled = set()
    with closing(_batches(company)) as batches:
        for name, parts in groupby(batches, key=itemgetter(0)):
            _fill_table(db, TABLES.get(name, Table(name)), (batch for _, batch in parts), report)
            filled.add(name)
    for name in [name for name in TABLES if name not in filled]:
        rows = default_rows(db, name)
        _fill_table(db, TABLES[name], [record_batch_of_rows(TABLES[name], rows)] if rows else (), report)
    for name, value in {**notes, "layout": LAYOUT}.items():
        db.execute("INSERT INTO notes VALUES (?, ?)", (name, orjson.dumps(value).decode()))


def _batches(company: Company) -> Generator[tuple[str, pa.RecordBatch | None], None, None]:
    """Yield the name of each table with batches of its stored rows; None for an empty table."""
    if not hasattr(company, "json_tables"):
        yield from _record_batches(_parts(company.tables()))
        return
    # One thread creates cells, a second one concatenates them to bodies, and this one writes.
    with (
        closing(prefetch(_parts(company.json_tables()))) as parts,
        closing(prefetch(_record_batches(parts))) as batches,
    ):
        yield from batches


def _parts(tables: Iterable[tuple[str, Iterable[Any]]]) -> Iterator[tuple[str, JsonColumns | list[Any]]]:
    for name, rows in tables:
        yield name, []
        left = iter(rows)
        for first in left:
            yield name, first if isinstance(first, JsonColumns) else [first, *islice(left, _BATCH - 1)]


def _record_batches(
    parts: Iterable[tuple[str, JsonColumns | list[Any]]],
) -> Iterator[tuple[str, pa.RecordBatch | None]]:
    for name, part in parts:
        table = TABLES.get(name, Table(name))
        if isinstance(part, JsonColumns):
            yield name, record_batch(table, part)
        else:
            yield name, record_batch_of_rows(table, part) if part else None


def _fill_table(
    db: dbapi.Cursor, table: Table, batches: Iterable[pa.RecordBatch | None], report: Callable[[int], None]
) -> None:
    name = table.name
    if not name.isidentifier():
        raise UsageError(f"not a valid table name: {name!r}")
    db.execute("INSERT INTO tables VALUES (?)", (name,))
    shared = "".join(f", {search.column}" for search in table.searches if not search.own_index)
    searches = "".join(f"{search.column} TEXT, " for search in table.searches)
    db.execute(
        f'CREATE TABLE "{name}" (n INTEGER PRIMARY KEY, id, parent, active INTEGER, created INTEGER, modified INTEGER, '
        f"edited INTEGER, seq INTEGER, {searches}hidden TEXT, body TEXT)"
    )
    # The first holds all that the common filters look at, so that a read in order of id never touches a body. Rows come
    # nearly in its order: it grows at its end while they are written, which costs less than sorting it afterwards.
    db.execute(f'CREATE INDEX "{name}_by_id" ON "{name}" (id, active, created, modified, parent{shared})')
    if table.keyed_by_parent:
        db.execute(f'CREATE INDEX "{name}_by_parent" ON "{name}" (parent)')
    for batch in batches:
        if batch is not None:
            db.adbc_ingest(name, batch, mode="append")
            report(len(batch))
    db.execute(f'CREATE INDEX "{name}_by_change" ON "{name}" (seq)')
    if table.parent and not table.keyed_by_parent:
        db.execute(f'CREATE INDEX "{name}_by_parent" ON "{name}" (parent)')
    for search in table.searches:
        if search.own_index:
            db.execute(f'CREATE INDEX "{name}_by_{search.column}" ON "{name}" ({search.column})')


Item = TypeVar("Item")
_MOST = 2
"""Waiting items: enough that neither thread is idle, few enough for memory."""


def prefetch(items: Iterable[Item], most: int = _MOST) -> Generator[Item, None, None]:
    """Yield the same items in order, and raise what the thread raises.

    The thread ends with the iterator, even if that is closed early. It helps where creating items releases the
    interpreter's lock, as Arrow and numpy do.

    >>> list(prefetch(range(3)))
    [0, 1, 2]
    """
    waiting: queue.Queue[tuple[bool, Item | BaseException | None]] = queue.Queue(most)
    ended = threading.Event()

    def hand_over(entry: tuple[bool, Item | BaseException | None]) -> None:
        while not ended.is_set():
            try:
                return waiting.put(entry, timeout=0.05)
            except queue.Full:
                continue

    def make() -> None:
        try:
            for item in items:
                hand_over((True, item))
                if ended.is_set():
                    return
            hand_over((False, None))
        except BaseException as error:  # raised where the items are used
            hand_over((False, error))

    thread = threading.Thread(target=make, name="stcrm-sandbox-rows", daemon=True)
    thread.start()
    try:
        while (entry := waiting.get())[0]:
            yield entry[1]  # type: ignore[misc]
        if isinstance(entry[1], BaseException):
            raise entry[1]
    finally:
        ended.set()
        thread.join()


_SINCE = "2019-01-01T00:00:00Z"
_PREFERENCES = {
    "Marketing": "Offers and news",
    "JobReminders": "Reminders of coming appointments",
    "Invoices": "Invoices and statements",
}


def preference_types() -> Iterator[dict[str, Any]]:
    """Yield the types of preferences of a contact method."""
    for name, description in _PREFERENCES.items():
        own = str(uuid5(NAMESPACE_OID, f"contact preference {name}"))
        yield {"id": own, "name": name, "description": description, "dataType": "Bool"}


def custom_field_type(type_id: int, name: str) -> dict[str, Any]:
    """Return the type of a custom field with text."""
    times = {"createdOn": _SINCE, "modifiedOn": _SINCE}
    return {"id": type_id, "name": name, "dataType": "Text", "dataTypeOptions": []} | times


def custom_field_types(db: dbapi.Cursor, table: str) -> list[dict[str, Any]]:
    """Return the types of the custom fields in the rows of a filled table."""
    db.execute(
        "SELECT DISTINCT json_extract(f.value, '$.typeId') AS type, json_extract(f.value, '$.name') "
        f"FROM \"{table}\" t, json_each(t.body, '$.customFields') f "
        "WHERE instr(t.body, '\"typeId\"') ORDER BY type"
    )
    return [custom_field_type(type_id, name) for type_id, name in db.fetchall()]


def default_rows(db: dbapi.Cursor, table: str) -> list[dict[str, Any]]:
    """Return the default rows of a table, usually none."""
    if table == "contact_preference_types":
        return list(preference_types())
    of = {"customer_custom_field_types": "customers", "location_custom_field_types": "locations"}
    return custom_field_types(db, of[table]) if table in of else []
