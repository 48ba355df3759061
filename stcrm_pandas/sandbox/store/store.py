"""The rows of the sandbox, in SQLite: read as stored JSON, changed row by row.

SQLite joins the rows of a page itself, outside the interpreter's lock. The first page of a list stores the order of all
its rows as a numbered table, so every page is a range of numbers and the last one is as fast as the first. Any change
to a row drops these tables.
"""

from __future__ import annotations

import heapq
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.sandbox.store.clock import format_time, parse_time
from stcrm_pandas.sandbox.store.tables import TABLES, Key, Table, digits, set_path

LAYOUT = 3
"""Version of the file's layout; a file with another one cannot be opened."""


def connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.2)
    db.text_factory = bytes  # JSON is sent as it is stored
    db.execute("PRAGMA temp_store=MEMORY")
    db.create_function("ticks", 1, _sql_ticks, deterministic=True)
    db.create_function("digits", 1, digits, deterministic=True)
    return db


def _sql_ticks(value: Any) -> int | None:
    try:
        return None if value is None else parse_time(value.decode() if isinstance(value, bytes) else str(value))
    except ValueError:
        return None


_ACCOUNTING = {"balance", "creditLimit", "creditLimitBalance"}
"""A change to these fields alone moves `modifiedOn` but is not an edit."""

_MOST_ORDERINGS = 12
_PIECE = 200
"""Rows in a piece of JSON: enough for speed, few enough to fit memory that is already allocated."""


@dataclass(frozen=True)
class Condition:
    """An SQL condition on the rows `t` of a table."""

    sql: str
    values: tuple[Any, ...] = ()


ALL_ROWS = Condition("1")


def of_parent(key: int | str) -> Condition:
    """Return the condition for the rows of a parent."""
    return Condition("t.parent = ?", (key,))


@dataclass(frozen=True)
class JsonRows:
    """Rows as pieces of JSON with several rows each, their count, and the total of the list."""

    pieces: list[bytes]
    count: int
    total: int


@dataclass(frozen=True)
class FeedPosition:
    """A position in the order of changes: a feed continues after it."""

    seq: int
    row: int


class Store:
    """All tables of one company, safe to use from several threads."""

    def __init__(self, path: Path, delay: int = 0) -> None:
        """Open a file made by `filling.fill`, or raise SettingsError; feeds show changes after `delay` ticks."""
        self._lock = threading.RLock()
        self._orderings: OrderedDict[tuple[Any, ...], tuple[str, int]] = OrderedDict()
        self._ordering_count = 0
        self._depth = 0
        if path.is_dir():
            raise SettingsError(
                f"{path} is a folder: name a file to store the sandbox in, such as {path / 'company.sqlite'}"
            )
        try:
            self._db = connect(path)
        except sqlite3.Error:
            raise SettingsError(f"the sandbox's state {path} cannot be opened: check its permissions") from None
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("COMMIT")
            layout = self.note("layout")
        except sqlite3.OperationalError as error:
            self._db.close()
            why = "is used by another sandbox" if "locked" in str(error) else "cannot be read as one"
            raise SettingsError(f"the sandbox's state {path} {why}") from None
        except sqlite3.DatabaseError:
            self._db.close()
            raise SettingsError(f"{path} is not a sandbox's state") from None
        if layout != LAYOUT:
            self._db.close()
            raise SettingsError(
                f"the sandbox's state {path} has another version: move it away, and a new one is created"
            )
        # Recent changes in their order, with the rows before each.
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS changes "
            "(seq INTEGER PRIMARY KEY, at INTEGER, name TEXT, n INTEGER, was INTEGER, active INTEGER, body TEXT)"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS changes_by_at ON changes (at)")
        self._delay = delay
        self._names = {name.decode() for (name,) in self._all("SELECT name FROM tables")}
        self._seq = max(self._one(f'SELECT max(seq) FROM "{name}"')[0] or 0 for name in (*self._names, "changes"))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def note(self, name: str) -> Any:
        """Return a value kept beside the rows, or None."""
        values = self._all("SELECT value FROM notes WHERE name = ?", (name,))
        return orjson.loads(values[0][0]) if values else None

    def set_note(self, name: str, value: Any) -> None:
        """Keep a value beside the rows."""
        with self.transaction():
            self._db.execute("REPLACE INTO notes VALUES (?, ?)", (name, orjson.dumps(value).decode()))

    # reading

    def page(
        self,
        table: str,
        condition: Condition,
        order: str,
        start: int,
        size: int,
        view: str = "t.body",
        view_values: tuple[Any, ...] = (),
    ) -> JsonRows:
        """Return `size` rows of a list, from index `start` on, each as the SQL expression `view` gives it."""
        with self._lock:
            ordered, total = self._ordered_rows(table, condition, order)
            sql = (
                f"SELECT group_concat(shown) FROM (SELECT {view} AS shown FROM temp.{ordered} w "
                f'CROSS JOIN "{table}" t ON t.n = w.r WHERE w.rowid BETWEEN ? AND ? ORDER BY w.rowid)'
            )
            end = min(start + size, total)
            pieces = [
                self._one(sql, (*view_values, at + 1, min(at + _PIECE, end)))[0] for at in range(start, end, _PIECE)
            ]
            return JsonRows(pieces, max(0, end - start), total)

    def horizon(self, now: int) -> int | None:
        """Return the first change that is too recent for feeds to show, or None.

        Changes to all tables have one order, so a change that becomes visible later comes after all visible ones.
        """
        (seq,) = self._one("SELECT min(seq) FROM changes WHERE at > ?", (now - self._delay,))
        return int(seq) if seq else None

    def changes(
        self, table: str, after: FeedPosition, size: int, horizon: int | None = None
    ) -> tuple[JsonRows, FeedPosition]:
        """Return at most `size` rows after a position, deleted ones included, and the position of the last.

        With a horizon, rows are as they were before that change. `total` is `size + 1` if more rows follow.
        """
        body = "body"
        if self._table(table).deletes_softly:
            body = "substr(body, 1, length(body) - 1) || iif(active, ',\"active\":true}', ',\"active\":false}')"
        start = after.seq, after.row, size + 1
        with self._lock:
            if horizon is None:
                rows = self._all(f'SELECT seq, n FROM "{table}" WHERE (seq, n) > (?, ?) ORDER BY seq, n LIMIT ?', start)
            else:
                now = self._all(
                    f'SELECT seq, n, {body} FROM "{table}" WHERE (seq, n) > (?, ?) AND seq < ? ORDER BY seq, n LIMIT ?',
                    (*start[:2], horizon, size + 1),
                )
                before = self._all(
                    f"SELECT was, n, {body} FROM changes WHERE name = ? AND (was, n) > (?, ?) AND was < ? AND seq >= ? "
                    "ORDER BY was, n LIMIT ?",
                    (table, *start[:2], horizon, horizon, size + 1),
                )
                rows = [*heapq.merge(now, before)][: size + 1]
            shown = rows[:size]
            if not shown:
                return JsonRows([], 0, 0), after
            parts = [shown[at : at + _PIECE] for at in range(0, len(shown), _PIECE)]
            if horizon is None:
                sql = (
                    f'SELECT group_concat(shown) FROM (SELECT {body} AS shown FROM "{table}" '
                    "WHERE (seq, n) >= (?, ?) AND (seq, n) <= (?, ?) ORDER BY seq, n)"
                )
                pieces = [self._one(sql, (*part[0], *part[-1]))[0] for part in parts]
            else:
                pieces = [b",".join(row[2] for row in part) for part in parts]
            return JsonRows(pieces, len(shown), len(rows)), FeedPosition(*shown[-1][:2])

    def body(self, table: str, key: Key) -> bytes | None:
        """Return a row as lists show it, or None where it does not exist or is deleted."""
        stored = self._find(table, key)
        return stored[1] if stored and (stored[3] or not self._table(table).deletes_softly) else None

    def row(self, table: str, key: Key) -> dict[str, Any]:
        """Return a complete row, even a deleted one, or raise UsageError."""
        return self._stored_row(table, key)[1]

    def exists(self, table: str, key: Key) -> bool:
        """Return whether a row exists or existed."""
        return self._find(table, key) is not None

    def visible(self, table: str, key: Key) -> dict[str, Any] | None:
        """Return a complete row, or None where it does not exist or is deleted."""
        stored = self._find(table, key)
        spec = self._table(table)
        if not stored or not (stored[3] or not spec.deletes_softly):
            return None
        return spec.row(*stored[1:])

    def rows(self, table: str, condition: Condition, order: str = "t.id", most: int = -1) -> list[dict[str, Any]]:
        """Return the complete rows that meet a condition, without deleted ones."""
        spec = self._table(table)
        alive = " AND t.active = 1" if spec.deletes_softly else ""
        sql = (
            f'SELECT t.body, t.hidden, t.active FROM "{table}" t '
            f"WHERE ({condition.sql}){alive} ORDER BY {order} LIMIT ?"
        )
        return [spec.row(*stored) for stored in self._all(sql, (*condition.values, most))]

    def missing(self, table: str, ids: Iterable[Any]) -> list[Any]:
        """Return the ids that no row has."""
        spec = self._table(table)
        alive = " AND t.active = 1" if spec.deletes_softly else ""
        sql = (
            "SELECT j.value FROM json_each(?) j "
            f'WHERE NOT EXISTS (SELECT 1 FROM "{table}" t WHERE t.id = j.value{alive})'
        )
        return [value for (value,) in self._all(sql, (orjson.dumps(list(ids)).decode(),))]

    def next_id(self, table: str, parent: int | None = None) -> int:
        """Return the id of the next row of a table, or of a parent in it."""
        condition = "" if parent is None else " WHERE parent = ?"
        (last,) = self._one(f'SELECT max(id) FROM "{table}"{condition}', () if parent is None else (parent,))
        return int(last or 0) + 1

    # changing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all changes of a block or, if it raises, none; blocks may be nested."""
        with self._lock:
            if not self._depth:
                self._drop_orderings()
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            completed = False
            try:
                yield
                completed = True
            finally:
                self._depth -= 1
                if not self._depth:
                    self._drop_orderings()
                    self._db.execute("COMMIT" if completed else "ROLLBACK")

    def put(self, table: str, row: Mapping[str, Any], now: int) -> None:
        """Add a row or replace the one with its key; missing times of creation and change are `now`."""
        spec = self._table(table)
        with self.transaction():
            row = dict.fromkeys(spec.dated, format_time(now)) | dict(row)
            row_id = row[spec.id]
            stored = self._find(table, (row[spec.parent or ""], row_id) if spec.keyed_by_parent else row_id)
            self._write(spec, row, stored[0] if stored else None, now)

    def change(self, table: str, key: Key, fields: Mapping[str, Any], now: int) -> None:
        """Set fields of a row, also parts such as `address.city`; `modifiedOn` becomes `now` unless it is given."""
        with self.transaction():
            number, row = self._stored_row(table, key)
            edited = fields.keys() - _ACCOUNTING
            moved = {"modifiedOn": format_time(now)} if "modifiedOn" in self._table(table).dated else {}
            for path, value in (moved | dict(fields)).items():
                set_path(row, path, value)
            self._write(self._table(table), row, number, now, edited=bool(edited))

    def remove(self, table: str, key: Key, now: int) -> None:
        """Delete a row; feeds still show it where the service's do."""
        spec = self._table(table)
        with self.transaction():
            number, row = self._stored_row(table, key)
            if spec.deletes_softly:
                self._write(spec, row | {"active": False, "modifiedOn": format_time(now)}, number, now)
            else:
                self._record_change(table, number, now)
                self._db.execute(f'DELETE FROM "{table}" WHERE n = ?', (number,))

    def _write(self, spec: Table, row: Mapping[str, Any], number: int | None, now: int, *, edited: bool = True) -> None:
        values = dict(zip(spec.columns, spec.record(row), strict=True))
        values["seq"] = self._record_change(spec.name, number, now)
        if number is None:
            names = ", ".join(values)
            self._db.execute(
                f'INSERT INTO "{spec.name}" ({names}) VALUES ({", ".join("?" * len(values))})', (*values.values(),)
            )
            return
        if not edited:
            del values["edited"]
        assignments = ", ".join(f"{name} = ?" for name in values)
        self._db.execute(f'UPDATE "{spec.name}" SET {assignments} WHERE n = ?', (*values.values(), number))

    def _record_change(self, table: str, number: int | None, now: int) -> int:
        """Return the number of a new change, and keep the row before it as long as a feed may show it."""
        self._seq = max(now, self._seq + 1)
        if self._delay:
            self._db.execute("DELETE FROM changes WHERE at <= ?", (now - self._delay,))
            self._db.execute(
                "INSERT INTO changes (seq, at, name, n) VALUES (?, ?, ?, ?)", (self._seq, now, table, number)
            )
        if self._delay and number is not None:
            before = f'SELECT seq, active, body FROM "{table}" WHERE n = ?'
            self._db.execute(f"UPDATE changes SET (was, active, body) = ({before}) WHERE seq = ?", (number, self._seq))
        return self._seq

    # internals

    def _table(self, name: str) -> Table:
        if name not in self._names:
            raise UsageError(f"the sandbox has no table {name!r}; it has {', '.join(sorted(self._names))}")
        return TABLES.get(name, Table(name))

    def _find(self, table: str, key: Key) -> tuple[int, bytes, bytes | None, int] | None:
        parent, row_id = self._table(table).split_key(key)
        rows = self._all(
            f'SELECT n, body, hidden, active FROM "{table}" WHERE id = ? AND (?2 IS NULL OR parent = ?2)',
            (row_id, parent),
        )
        return rows[0] if rows else None

    def _stored_row(self, table: str, key: Key) -> tuple[int, dict[str, Any]]:
        stored = self._find(table, key)
        if not stored:
            raise UsageError(f"the sandbox has no row {key} in {table}")
        number, body, hidden, active = stored
        return number, self._table(table).row(body, hidden, active)

    def _ordered_rows(self, table: str, condition: Condition, order: str) -> tuple[str, int]:
        key = (table, condition, order)
        if key in self._orderings:
            self._orderings.move_to_end(key)
            return self._orderings[key]
        self._table(table)
        while len(self._orderings) >= _MOST_ORDERINGS:
            self._db.execute(f"DROP TABLE temp.{self._orderings.popitem(last=False)[1][0]}")
        self._ordering_count += 1
        name = f"ordering{self._ordering_count}"
        self._db.execute(
            f'CREATE TEMP TABLE {name} AS SELECT t.n AS r FROM "{table}" t WHERE {condition.sql} ORDER BY {order}',
            condition.values,
        )
        (total,) = self._one(f"SELECT coalesce(max(rowid), 0) FROM temp.{name}")
        self._orderings[key] = name, total
        return name, total

    def _drop_orderings(self) -> None:
        while self._orderings:
            self._db.execute(f"DROP TABLE temp.{self._orderings.popitem()[1][0]}")

    def _all(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _one(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        with self._lock:
            return self._db.execute(sql, values).fetchone()
