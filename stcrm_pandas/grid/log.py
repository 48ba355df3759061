"""The log of a grid: every edit, on the disk before it is acknowledged.

One SQLite file per log. Events are only added, so that several kernels can use one log: each reads the events of the
others before it judges an edit. It holds customers' data: mode 0600, in a folder of mode 0700.

There is no write-ahead log: SQLite ignores all of it after a damaged page, so acknowledged edits would be lost in
silence. In the file itself their checksums show it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from stcrm_pandas.edits.apply.locks import OpenFile
from stcrm_pandas.errors import SettingsError, StcrmError, UsageError
from stcrm_pandas.files import row_sums
from stcrm_pandas.files.private import create_private, make_private_folder
from stcrm_pandas.files.sqlite_files import Kind, delete_database, owned_in, state_of

Action = Literal["edit", "undo", "redo", "resolve", "discard"]
Verdict = Literal["accepted", "same", "rejected", "conflict"]
"""What became of one edit; `same` is an accepted edit that changed nothing."""

GRID_LOG = Kind(0x53544347, 2, frozenset({"about", "events", "cells", "sqlite_sequence"}))
_SCHEMA = f"""
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, client TEXT NOT NULL, number INTEGER NOT NULL, action TEXT NOT NULL,
    "group" TEXT NOT NULL, at TEXT NOT NULL, read_at TEXT NOT NULL, UNIQUE (client, number)
);
CREATE TABLE cells (
    event INTEGER NOT NULL, place INTEGER NOT NULL, key TEXT NOT NULL, "column" TEXT NOT NULL, base TEXT, old TEXT,
    new TEXT, verdict TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (event, place)
) WITHOUT ROWID;
{GRID_LOG.stamp}
PRAGMA user_version = {GRID_LOG.version};
"""

_KEYS = {"about": ("name",), "events": ("id",), "cells": ("event", "place")}
"""The tables whose rows have checksums, with their keys."""


@dataclass(frozen=True, slots=True)
class CellEdit:
    """One edit of one cell. Values are texts of `columns`, None for null.

    Parameters
    ----------
    key, column : str
        The cell.
    base : str, optional
        Its value in the frame when it was edited.
    old : str, optional
        Its value before this edit.
    new : str, optional
        Its value after this edit, or what was typed if the edit had no effect.
    verdict : Verdict
        What became of the edit.
    reason : str, default ''
        Why it had no effect, or why its value is suspect.
    """

    key: str
    column: str
    base: str | None
    old: str | None
    new: str | None
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the log: the edits of one message, or an undo, a redo or a discard.

    `read_at` is when the rows were read that were edited; if that is unknown, a text of its own for each session.
    """

    id: int
    client: str
    number: int
    action: Action
    group: str
    at: str
    read_at: str
    cells: tuple[CellEdit, ...] = ()


class LogNotWritten(StcrmError):
    """The log cannot be written, so nothing of the message was accepted."""


class GridLog:
    """The open log of a grid. Its methods are called under the lock of the session."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self.path = path
        self._db = db
        self._file = OpenFile.open_at(path)
        weakref.finalize(self, db.close)

    @classmethod
    def open(cls, path: Path, about: Mapping[str, str]) -> Self:
        """Open a log, or create it; `about` is stored in a new one.

        Raises
        ------
        SettingsError
            The folder cannot be written to.
        UsageError
            The file is not the log of a grid, it is damaged, or another version of this package wrote it.
        """
        try:
            make_private_folder(path.parent)
            state = state_of(path, GRID_LOG)
            if state in ("foreign", "unreadable"):
                raise UsageError(
                    f"{path} is damaged, or it is not the log of a grid. Move it to another folder, and open the grid "
                    "again."
                )
            with suppress(FileExistsError):
                create_private(path)
            db = sqlite3.connect(path, check_same_thread=False, timeout=30.0, isolation_level=None)
            try:
                # An edit is acknowledged after its commit: FULL waits until the data is on the disk.
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA secure_delete = ON")
                db.execute("BEGIN IMMEDIATE")  # of two kernels, one creates the tables
                (version,) = db.execute("PRAGMA user_version").fetchone()
                if version not in (0, GRID_LOG.version):
                    raise UsageError(
                        f"{path} was written by another version of this package. Open the grid with that version, or "
                        "move the file to another folder and open the grid again without its edits."
                    )
                if not version:
                    for statement in _SCHEMA.strip().removesuffix(";").split(";"):
                        db.execute(statement)
                    db.executemany("INSERT INTO about VALUES (?, ?)", about.items())
                row_sums.check(db, _KEYS)
                row_sums.add_table(db, _KEYS)
                db.execute(GRID_LOG.stamp)  # its tables no longer identify a file of an earlier version
                db.execute("COMMIT")
                with suppress(sqlite3.OperationalError):  # a kernel with an earlier version has it open
                    db.execute("PRAGMA journal_mode = DELETE")
            except BaseException:
                db.close()
                raise
        except (row_sums.DamagedRows, sqlite3.DatabaseError, UnicodeError, OSError) as error:
            if isinstance(error, (OSError, sqlite3.OperationalError)):  # of the system, not of the content
                raise SettingsError(
                    f"The log of the grid cannot be written to {path} ({_reason(error)}). Set STCRM_STATE_DIR to a "
                    "folder that you can write to, or move a damaged file to another folder."
                ) from None
            raise UsageError(
                f"{path} is damaged: {_reason(error)}. Nothing of it was used. Restore it from a backup, or move it to "
                "another folder and open the grid again without its edits."
            ) from None
        return cls(path, db)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock of the file; commit to the disk at the end.

        Raises
        ------
        LogNotWritten
            The log was removed, or it cannot be written. Nothing of the block was stored.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                # With the lock held, `purge` cannot remove the file between this check and the commit.
                self._file.check()
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
        except UsageError:
            raise LogNotWritten("the log of the grid was removed or replaced: run the cell again") from None
        except sqlite3.Error as error:
            raise LogNotWritten(
                f"the log of the grid cannot be written ({_reason(error)}): free some disk space, then send the edits "
                "again"
            ) from None

    def add(
        self, client: str, number: int, action: Action, group: str, read_at: str, cells: Sequence[CellEdit] = ()
    ) -> Event:
        """Add an event; inside of `writing`."""
        at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if action == "discard":
            self._db.execute("DELETE FROM cells")
        sql = 'INSERT INTO events (client, number, action, "group", at, read_at) VALUES (?, ?, ?, ?, ?, ?)'
        id = self._db.execute(sql, (client, number, action, group, at, read_at)).lastrowid
        assert id is not None
        rows = [
            (id, place, cell.key, cell.column, cell.base, cell.old, cell.new, cell.verdict, cell.reason)
            for place, cell in enumerate(cells)
        ]
        self._db.executemany("INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        row_sums.add_row(self._db, "events", [id], (id, client, number, action, group, at, read_at))
        for row in rows:
            row_sums.add_row(self._db, "cells", row[:2], row)
        return Event(id, client, number, action, group, at, read_at, tuple(cells))

    def after(self, id: int) -> list[Event]:
        """Return the events after one, oldest first."""
        sql = 'SELECT id, client, number, action, "group", at, read_at FROM events WHERE id > ? ORDER BY id'
        events = self._read(sql, id)
        cells: dict[int, list[CellEdit]] = {}
        if events:
            names = 'key, "column", base, old, new, verdict, reason'
            sql = f"SELECT event, {names} FROM cells WHERE event > ? ORDER BY event, place"
            for event, *cell in self._read(sql, id):
                cells.setdefault(event, []).append(CellEdit(*cell))
        return [
            Event(id, client, number, action, group, at, read_at, tuple(cells.get(id, ())))
            for id, client, number, action, group, at, read_at in events
        ]

    def find(self, client: str, number: int) -> Event | None:
        """Return the event of a message, None if it is new."""
        rows = self._read("SELECT id FROM events WHERE client = ? AND number = ?", client, number)
        return next(iter(self.after(rows[0][0] - 1)), None) if rows else None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise LogNotWritten(f"the log of the grid {self.path} cannot be read ({_reason(error)})") from None


def _reason(error: Exception) -> str:
    """Return why a log cannot be used, without the text of a row, which SQLite may quote."""
    is_quoting = isinstance(error, (sqlite3.Error, UnicodeError))
    return row_sums.code_of(error) if is_quoting else str(error)


def folder_of(journals: Path) -> Path:
    """Return the folder of the logs, beside that of the journals."""
    return journals.parent / "grids"


def path_of(folder: Path, parts: Sequence[object]) -> Path:
    """Return the path of the log that some parts name: environment, tenant, resource and columns, or a name."""
    digest = hashlib.sha256(json.dumps(list(map(str, parts))).encode()).hexdigest()[:24]
    return folder / f"{digest}.sqlite"


@dataclass(frozen=True)
class LogSummary:
    """What a list of logs shows: the file, what it belongs to, how many edits it has, and the time of the last."""

    path: Path
    title: str
    edits: int
    latest: str


def _connected(path: Path) -> closing[sqlite3.Connection]:
    """Open a log that grids may have open; what a killed one began to write is rolled back."""
    return closing(sqlite3.connect(path, timeout=5.0, isolation_level=None))


def logs_in(folder: Path) -> list[LogSummary]:
    """Return the logs of grids in a folder."""
    logs = []
    for path in owned_in(folder, GRID_LOG):
        with _connected(path) as db:
            about = dict(db.execute("SELECT name, value FROM about"))
            ((edits,),) = db.execute("SELECT count(*) FROM cells WHERE verdict = 'accepted'")
            ((latest,),) = db.execute("SELECT max(at) FROM events")
        of = f"{about.get('resource')} of tenant {about.get('tenant')} of {about.get('environment')}"
        logs.append(LogSummary(path, about.get("name") or of, edits, latest or about["made_at"]))
    return logs


def logs_with_resource(folder: Path, tenant: int) -> list[tuple[Path, str]]:
    """Return the logs of grids of a tenant in a folder, and the resource of each."""
    logs = []
    for path in owned_in(folder, GRID_LOG):
        with _connected(path) as db:
            about = dict(db.execute("SELECT name, value FROM about"))
        if about.get("tenant") == str(tenant):
            logs.append((path, about.get("resource", "")))
    return logs


def purge(path: Path) -> None:
    """Delete a log. A grid that has it open accepts no more edits.

    Raises
    ------
    UsageError
        A grid is writing to it.
    """
    try:
        with _connected(path) as db:
            db.execute("BEGIN IMMEDIATE")
            delete_database(path)
    except sqlite3.Error as error:
        raise UsageError(
            f"{path} is in use ({_reason(error)}), so it was not deleted. Close its grid, then purge again."
        ) from None


def erase(path: Path, is_erased: Callable[[str, str], bool], *, dry_run: bool = False) -> int:
    """Erase edits from a log for good, and return how many.

    Parameters
    ----------
    is_erased : callable
        Whether an edit is to be erased, from the key of its row and its values, both as text.

    Raises
    ------
    UsageError
        A grid is writing to it.
    """
    try:
        with _connected(path) as db:
            db.execute("PRAGMA secure_delete = ON")
            cells = db.execute("SELECT event, place, key, base, old, new, reason FROM cells").fetchall()
            gone = [cell[:2] for cell in cells if is_erased(cell[2], " ".join(text for text in cell[3:] if text))]
            if gone and not dry_run:
                db.execute("BEGIN IMMEDIATE")
                db.executemany("DELETE FROM cells WHERE event = ? AND place = ?", gone)
                db.execute("COMMIT")
            if not dry_run:  # also after a run that ended between the two
                db.execute("VACUUM")
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise UsageError(f"{path} is in use ({_reason(error)}). Close its grid, then try again.") from None
    return len(gone)
