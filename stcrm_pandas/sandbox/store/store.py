"""The rows of the sandbox, in SQLite: read as ready JSON, changed row by row.

A page is a join of strings that SQLite makes by itself, outside the interpreter's lock. The order of a read is put down
once, as a numbered list of rows; every page of it is then a range of numbers, the last as quick as the first. Any
change to a row throws these lists away, so a page is always cut from what is there now.
"""

from __future__ import annotations

import heapq
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.sandbox.store.clock import text_of
from stcrm_pandas.sandbox.store.connection import LAYOUT, connect
from stcrm_pandas.sandbox.store.tables import TABLES, Key, Table, set_path

_ACCOUNTING = {"balance", "creditLimit", "creditLimitBalance"}
"""A change of these alone moves `modifiedOn` without being an edit."""

_WALKS = 12
"""How many orders are kept at once."""

_PIECE = 200
"""Rows in a piece of JSON: enough to cost nothing, few enough that the allocator has room for it at hand."""


@dataclass(frozen=True)
class Where:
    """A condition on the rows `t` of a table, with its values."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Slice:
    """Some rows: pieces of JSON with several rows each, and how many the whole read has."""

    pieces: list[bytes]
    rows: int
    total: int


@dataclass(frozen=True)
class Place:
    """A place in the order of change: what lies after it has not been handed out."""

    seq: int
    number: int


class Store:
    """All tables of one company. Safe to use from several threads."""

    def __init__(self, path: Path, delay: int = 0) -> None:
        """Open a file that `filling.fill` has made; changes of the last `delay` ticks are kept apart, for `horizon`.

        Raises
        ------
        SettingsError
            It is no such file, is of another version, or is in use.
        """
        self._lock = threading.RLock()
        self._walks: OrderedDict[tuple[Any, ...], tuple[str, int]] = OrderedDict()
        self._walk_count = 0
        self._depth = 0
        if path.is_dir():
            raise SettingsError(
                f"{path} is a folder: name a file that keeps the sandbox, like {path / 'company.sqlite'}"
            )
        try:
            self._db = connect(path)
        except sqlite3.Error:
            raise SettingsError(f"the sandbox's state {path} cannot be opened: may you read and write it?") from None
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
            raise SettingsError(f"{path} is no state of a sandbox") from None
        if layout != LAYOUT:
            self._db.close()
            raise SettingsError(
                f"the sandbox's state {path} is of another version: move it away to have a new one made"
            )
        # What was written lately, in order, and what stood there before.
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
        """One of the small things kept beside the rows; None where it was never kept."""
        found = self._all("SELECT value FROM notes WHERE name = ?", (name,))
        return orjson.loads(found[0][0]) if found else None

    def keep_note(self, name: str, value: Any) -> None:
        """Keep one of the small things beside the rows."""
        with self.transaction():
            self._db.execute("REPLACE INTO notes VALUES (?, ?)", (name, orjson.dumps(value).decode()))

    # reading

    def slice(
        self,
        table: str,
        where: Where,
        order: str,
        start: int,
        size: int,
        view: str = "t.body",
        view_values: tuple[Any, ...] = (),
    ) -> Slice:
        """`size` rows of a read from number `start` (from 0) on; `view` is what is shown of a row."""
        with self._lock:
            walk, total = self._walk(table, where, order)
            sql = (
                f"SELECT group_concat(shown) FROM (SELECT {view} AS shown FROM temp.{walk} w "
                f'CROSS JOIN "{table}" t ON t.n = w.r WHERE w.rowid BETWEEN ? AND ? ORDER BY w.rowid)'
            )
            end = min(start + size, total)
            pieces = [
                self._one(sql, (*view_values, at + 1, min(at + _PIECE, end)))[0] for at in range(start, end, _PIECE)
            ]
            return Slice(pieces, max(0, end - start), total)

    def horizon(self, now: int) -> int | None:
        """Where the order of change ends for who sees each change after the delay only; None is at its end.

        All changes of all tables are in one order, so what becomes visible later lies behind all that was visible.
        """
        return (
            int(seq)
            if (seq := self._one("SELECT min(seq) FROM changes WHERE at > ?", (now - self._delay,))[0])
            else None
        )

    def changes(self, table: str, after: Place, size: int, horizon: int | None = None) -> tuple[Slice, Place]:
        """At most `size` rows in the order of change after a place, deleted ones too, and the place of the last.

        Rows are as they were at a horizon, if there is one. `total` of the slice is `size + 1` where there is more,
        else the number of its rows.
        """
        body = "body"
        if self._table(table).deletes_softly:
            body = "substr(body, 1, length(body) - 1) || iif(active, ',\"active\":true}', ',\"active\":false}')"
        start = after.seq, after.number, size + 1
        with self._lock:
            if horizon is None:
                found = self._all(
                    f'SELECT seq, n FROM "{table}" WHERE (seq, n) > (?, ?) ORDER BY seq, n LIMIT ?', start
                )
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
                found = [*heapq.merge(now, before)][: size + 1]
            shown = found[:size]
            if not shown:
                return Slice([], 0, 0), after
            parts = [shown[at : at + _PIECE] for at in range(0, len(shown), _PIECE)]
            if horizon is None:
                sql = (
                    f'SELECT group_concat(shown) FROM (SELECT {body} AS shown FROM "{table}" '
                    "WHERE (seq, n) >= (?, ?) AND (seq, n) <= (?, ?) ORDER BY seq, n)"
                )
                pieces = [self._one(sql, (*part[0], *part[-1]))[0] for part in parts]
            else:
                pieces = [b",".join(row[2] for row in part) for part in parts]
            return Slice(pieces, len(shown), len(found)), Place(*shown[-1][:2])

    def body(self, table: str, key: Key) -> bytes | None:
        """A row as lists show it; None where there is none, or it is deleted."""
        found = self._find(table, key)
        return found[1] if found and (found[3] or not self._table(table).deletes_softly) else None

    def row(self, table: str, key: Key) -> dict[str, Any]:
        """A whole row, hidden fields and deleted rows too.

        Raises
        ------
        UsageError
            There is no such row.
        """
        return self._whole(table, key)[1]

    def known(self, table: str, key: Key) -> bool:
        """Whether there is such a row, deleted or not."""
        return self._find(table, key) is not None

    def visible(self, table: str, key: Key) -> dict[str, Any] | None:
        """A whole row; None where there is none, or it is deleted."""
        found = self._find(table, key)
        spec = self._table(table)
        if not found or not (found[3] or not spec.deletes_softly):
            return None
        return spec.row(*found[1:])

    def rows(self, table: str, where: Where, order: str = "t.id", most: int = -1) -> list[dict[str, Any]]:
        """Whole rows `t` that a condition holds for, without deleted ones."""
        spec = self._table(table)
        alive = " AND t.active = 1" if spec.deletes_softly else ""
        sql = f'SELECT t.body, t.hidden, t.active FROM "{table}" t WHERE ({where.sql}){alive} ORDER BY {order} LIMIT ?'
        return [spec.row(*found) for found in self._all(sql, (*where.values, most))]

    def missing(self, table: str, ids: Iterable[Any]) -> list[Any]:
        """Which of the ids no row has."""
        spec = self._table(table)
        alive = " AND t.active = 1" if spec.deletes_softly else ""
        sql = (
            "SELECT j.value FROM json_each(?) j "
            f'WHERE NOT EXISTS (SELECT 1 FROM "{table}" t WHERE t.id = j.value{alive})'
        )
        return [value for (value,) in self._all(sql, (orjson.dumps(list(ids)).decode(),))]

    def next_id(self, table: str, parent: int | None = None) -> int:
        """An id that no row of the table has had, or none below the parent."""
        where = "" if parent is None else " WHERE parent = ?"
        (last,) = self._one(f'SELECT max(id) FROM "{table}"{where}', () if parent is None else (parent,))
        return int(last or 0) + 1

    # changing

    def transaction(self) -> Transaction:
        """Changes that come true together or, if one fails, not at all; they may be nested."""
        return Transaction(self)

    def begin(self) -> None:
        self._lock.acquire()
        try:
            if not self._depth:
                self._forget_walks()
                self._db.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._lock.release()
            raise
        self._depth += 1

    def end(self, *, keep: bool) -> None:
        self._depth -= 1
        try:
            if not self._depth:
                self._forget_walks()
                self._db.execute("COMMIT" if keep else "ROLLBACK")
        finally:
            self._lock.release()

    def put(self, table: str, row: Mapping[str, Any], now: int) -> None:
        """Add a row, or replace the one with its key; where it lacks a time that such rows have, it is `now`."""
        spec = self._table(table)
        with self.transaction():
            row = dict.fromkeys(spec.dated, text_of(now)) | dict(row)
            own = row[spec.id]
            found = self._find(table, (row[spec.parent or ""], own) if spec.keyed_by_parent else own)
            self._write(spec, row, found[0] if found else None, now)

    def change(self, table: str, key: Key, fields: Mapping[str, Any], now: int) -> None:
        """Set fields of a row (`address.city` is part of one); `modifiedOn` moves to `now` unless it is among them.

        Raises
        ------
        UsageError
            There is no such row.
        """
        with self.transaction():
            number, row = self._whole(table, key)
            edited = fields.keys() - _ACCOUNTING
            moved = {"modifiedOn": text_of(now)} if "modifiedOn" in self._table(table).dated else {}
            for path, value in (moved | dict(fields)).items():
                set_path(row, path, value)
            self._write(self._table(table), row, number, now, edited=bool(edited))

    def remove(self, table: str, key: Key, now: int) -> None:
        """Delete a row. Feeds go on to show it where the service has them do so.

        Raises
        ------
        UsageError
            There is no such row.
        """
        spec = self._table(table)
        with self.transaction():
            number, row = self._whole(table, key)
            if spec.deletes_softly:
                self._write(spec, row | {"active": False, "modifiedOn": text_of(now)}, number, now)
            else:
                self._next(table, number, now)
                self._db.execute(f'DELETE FROM "{table}" WHERE n = ?', (number,))

    def _write(self, spec: Table, row: Mapping[str, Any], number: int | None, now: int, *, edited: bool = True) -> None:
        values = dict(zip(spec.columns, spec.record(row), strict=True))
        values["seq"] = self._next(spec.name, number, now)
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

    def _next(self, table: str, number: int | None, now: int) -> int:
        """The place of a change that comes now; what it puts an end to is kept as long as somebody may see it."""
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

    # the inside

    def _table(self, name: str) -> Table:
        if name not in self._names:
            raise UsageError(f"the sandbox has no table {name!r}; it has {', '.join(sorted(self._names))}")
        return TABLES.get(name, Table(name))

    def _find(self, table: str, key: Key) -> tuple[int, bytes, bytes | None, int] | None:
        parent, own = self._table(table).split(key)
        found = self._all(
            f'SELECT n, body, hidden, active FROM "{table}" WHERE id = ? AND (?2 IS NULL OR parent = ?2)', (own, parent)
        )
        return found[0] if found else None

    def _whole(self, table: str, key: Key) -> tuple[int, dict[str, Any]]:
        found = self._find(table, key)
        if not found:
            raise UsageError(f"the sandbox has no row {key} in {table}")
        number, body, hidden, active = found
        return number, self._table(table).row(body, hidden, active)

    def _walk(self, table: str, where: Where, order: str) -> tuple[str, int]:
        key = (table, where, order)
        if key in self._walks:
            self._walks.move_to_end(key)
            return self._walks[key]
        self._table(table)
        while len(self._walks) >= _WALKS:
            self._db.execute(f"DROP TABLE temp.{self._walks.popitem(last=False)[1][0]}")
        self._walk_count += 1
        name = f"walk{self._walk_count}"
        self._db.execute(
            f'CREATE TEMP TABLE {name} AS SELECT t.n AS r FROM "{table}" t WHERE {where.sql} ORDER BY {order}',
            where.values,
        )
        (total,) = self._one(f"SELECT coalesce(max(rowid), 0) FROM temp.{name}")
        self._walks[key] = name, total
        return name, total

    def _forget_walks(self) -> None:
        while self._walks:
            self._db.execute(f"DROP TABLE temp.{self._walks.popitem()[1][0]}")

    def _all(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _one(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        with self._lock:
            return self._db.execute(sql, values).fetchone()


class Transaction:
    """One transaction; no order of rows that was put down before it is used again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> None:
        self._store.begin()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._store.end(keep=kind is None)
