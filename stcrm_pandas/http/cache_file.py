"""The SQLite file of a cache: private, shared by processes, and created again if it is damaged or deleted.

One connection runs one statement at a time, each in its own transaction, so an interrupted statement leaves nothing
open.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stcrm_pandas.errors import SettingsError, StcrmError, StcrmWarning, notify
from stcrm_pandas.files.private import create_private, make_private_folder
from stcrm_pandas.files.sqlite_files import CACHE, side_files, state_of

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS generations (
    id TEXT PRIMARY KEY, signature TEXT NOT NULL, resource TEXT NOT NULL, started REAL NOT NULL, parts TEXT
);
CREATE INDEX IF NOT EXISTS generations_by_signature ON generations (signature, started);
CREATE TABLE IF NOT EXISTS responses (key TEXT PRIMARY KEY, value BLOB);
CREATE TABLE IF NOT EXISTS decoded (id TEXT, number INTEGER, value BLOB, PRIMARY KEY (id, number));
CREATE TRIGGER IF NOT EXISTS decoded_with_generation AFTER DELETE ON generations
BEGIN DELETE FROM decoded WHERE id = OLD.id; END;
PRAGMA user_version = {CACHE.version};
{CACHE.stamp}
"""


class CacheFile:
    """The open file of one cache. Safe to use from several threads.

    Parameters
    ----------
    path : Path
        The file; it is created with its folder if it does not exist.
    clock : callable
        Returns seconds since 1970, for the name of a damaged file.

    Raises
    ------
    SettingsError
        The file cannot be created, another process holds it, or it is not a cache of this package.
    """

    def __init__(self, path: Path, clock: Callable[[], float], patience: float) -> None:
        self.path = path
        self._clock = clock
        self._patience = patience
        self._lock = threading.RLock()
        self._warned = self._closed = False
        self._db = self._open()

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows; if the file is damaged, run it on a new file.

        Raises
        ------
        SettingsError
            The file cannot be read or written, for example because the disk is full.
        """
        with self._lock:
            if self._closed:
                raise StcrmError("This connection is closed. Open a new one with connect().")
            if self._was_replaced():
                self._db.close()
                self._db = self._open()
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise _unusable(self.path, error) from None
                self._db.close()
                self._move_away()
                self._db = self._open()
                return self._db.execute(sql, values).fetchall()

    def run_or_warn(self, sql: str, *values: Any) -> None:
        """Run a statement that stores something; if that fails, warn once instead of failing the read."""
        try:
            self.run(sql, *values)
        except SettingsError as error:
            if not self._warned:
                self._warned = True
                notify(f"{error} Reads continue without storing responses.", StcrmWarning)

    def vacuum(self) -> None:
        """Return unused space to the disk."""
        self.run("VACUUM")
        self.run("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self._files() if path.exists())

    @property
    def used(self) -> int:
        """Bytes in use."""
        ((pages,), (free,), (bytes_a_page,)) = (
            self.run(f"PRAGMA {name}")[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * bytes_a_page)

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._closed = True
            self._db.close()

    def _open(self) -> sqlite3.Connection:
        folder = self.path.parent
        try:
            make_private_folder(folder)
            for attempt in (1, 2):
                if state_of(self.path, CACHE) == "foreign":
                    raise SettingsError(
                        f"{self.path} is a link or not a cache of stcrm-pandas, so it was not changed. Move it away, "
                        "or set STCRM_CACHE_DIR to another folder."
                    )
                # SQLite would create it readable by others; its side files take the mode of this file. An existing
                # file is not opened: closing it would release SQLite's locks on it in this process.
                if not self.path.exists():
                    with contextlib.suppress(FileExistsError):
                        create_private(self.path)
                self.path.chmod(0o600)
                try:
                    return self._connect()
                except sqlite3.DatabaseError as error:
                    if attempt == 2 or not _is_damage(error):
                        raise _unusable(self.path, error) from None
                    self._move_away()
        except OSError as error:
            raise SettingsError(
                f"The cache cannot be written to {folder} ({error.strerror}). Set STCRM_CACHE_DIR to a folder that you "
                "can write to."
            ) from None
        raise AssertionError("unreachable")

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=self._patience)
        try:
            db.execute("PRAGMA synchronous = NORMAL")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version not in (0, CACHE.version):
                raise _OtherVersion
            # Before the switch to WAL, so that the application id is in the file itself. Two processes may create the
            # file at once: the busy timeout covers this statement, but not the switch to WAL.
            db.executescript("BEGIN EXCLUSIVE;" + _SCHEMA + "COMMIT;")
            _use_wal(db, self._patience)
            self._inode = self.path.stat().st_ino
        except BaseException:
            db.close()
            raise
        return db

    def _was_replaced(self) -> bool:
        """Return whether the path no longer leads to the open file: it was deleted or moved away."""
        try:
            return self.path.stat().st_ino != self._inode
        except OSError:
            return True

    def _move_away(self) -> None:
        aside = self.path.with_name(f"{self.path.stem}.damaged-{int(self._clock())}{self.path.suffix}")
        self.path.rename(aside)
        for path in self._files():
            path.unlink(missing_ok=True)
        notify(
            f"The cache {self.path.name} was damaged or written by another version. It was moved to {aside.name}, and "
            "a new cache was started. No data is lost; the next reads take longer.",
            StcrmWarning,
        )

    def _files(self) -> list[Path]:
        return [self.path, *side_files(self.path)]


def _use_wal(db: sqlite3.Connection, patience: float) -> None:
    """Switch to WAL, so that reads do not wait for writes."""
    latest = time.monotonic() + patience
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > latest:
                raise
            time.sleep(0.02)


class _OtherVersion(sqlite3.DatabaseError):
    """The file has another layout."""


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Return whether an error means damage, as opposed to a full disk or a locked file."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, _OtherVersion) or code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return True
    if code == sqlite3.SQLITE_ERROR:
        return "no such table" in str(error) or "no such column" in str(error)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _unusable(path: Path, error: sqlite3.DatabaseError) -> SettingsError:
    return SettingsError(
        f"The cache {path} cannot be used ({error}). Free some disk space, end the program that holds it, or set "
        "STCRM_CACHE_DIR to another folder."
    )
