"""The SQLite file of a cache: private, shared by processes, begun anew when it is damaged or gone.

One connection, one statement at a time, each its own transaction: a statement that is interrupted leaves nothing open.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stcrm_pandas.errors import SettingsError, StcrmError, StcrmWarning, notify
from stcrm_pandas.http.own_files import CACHE, side_files, state_of

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS generations (
    id TEXT PRIMARY KEY, signature TEXT NOT NULL, resource TEXT NOT NULL, started REAL NOT NULL, parts TEXT
);
CREATE INDEX IF NOT EXISTS generations_by_signature ON generations (signature, started);
CREATE TABLE IF NOT EXISTS responses (key TEXT PRIMARY KEY, value BLOB);
PRAGMA user_version = {CACHE.version};
{CACHE.stamp}
"""


class CacheFile:
    """One cache's file, open. Safe to use from several threads.

    Parameters
    ----------
    path : Path
        Where it lies; it is made, with its folder, where it is not there.
    clock : callable
        Seconds since 1970, for the name of a file that is set aside.
    patience : float
        Seconds to wait for another process that holds the file.

    Raises
    ------
    SettingsError
        It cannot be made there, another process holds it, or a file that is not ours is there.
    """

    def __init__(self, path: Path, clock: Callable[[], float], patience: float) -> None:
        self.path = path
        self._clock = clock
        self._patience = patience
        self._lock = threading.RLock()
        self._told = self._closed = False
        self._db = self._open()

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows; after damage, on a file that was begun anew.

        Raises
        ------
        SettingsError
            It cannot be read or written now, as when the disk is full.
        """
        with self._lock:
            if self._closed:
                raise StcrmError("This connection is closed: connect() makes another.")
            if self._moved():
                self._db.close()
                self._db = self._open()
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise _unusable(self.path, error) from None
                self._db.close()
                self._set_aside()
                self._db = self._open()
                return self._db.execute(sql, values).fetchall()

    def keep(self, sql: str, *values: Any) -> None:
        """Run a statement that stores something; what cannot be stored is told once, and is no error of a read."""
        try:
            self.run(sql, *values)
        except SettingsError as error:
            if not self._told:
                self._told = True
                notify(f"{error} Reads go on without storing.", StcrmWarning)

    def pack(self) -> None:
        """Give back to the disk what is no longer used."""
        self.run("VACUUM")
        self.run("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self._files() if path.exists())

    @property
    def used(self) -> int:
        """Bytes that hold something."""
        ((pages,), (free,), (bytes_a_page,)) = (
            self.run(f"PRAGMA {name}")[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * bytes_a_page)

    def close(self) -> None:
        """Close it; twice does no harm."""
        with self._lock:
            self._closed = True
            self._db.close()

    def _open(self) -> sqlite3.Connection:
        folder = self.path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for attempt in (1, 2):
                if state_of(self.path, CACHE) == "foreign":
                    raise SettingsError(
                        f"{self.path} is not a cache of stcrm-pandas, or a link, so it is left as it is. Move it away, "
                        "or set STCRM_CACHE_DIR to another folder."
                    )
                # Before SQLite does, which would make it readable for others; its side files take the mode from here.
                # A file that is there is not opened: closing it would let go SQLite's locks on it in this process.
                if not self.path.exists():
                    with contextlib.suppress(FileExistsError):
                        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
                self.path.chmod(0o600)
                try:
                    return self._connect()
                except sqlite3.DatabaseError as error:
                    if attempt == 2 or not _is_damage(error):
                        raise _unusable(self.path, error) from None
                    self._set_aside()
        except OSError as error:
            raise SettingsError(
                f"The cache cannot be written to {folder} ({error.strerror}). "
                "Set STCRM_CACHE_DIR to a folder of your own."
            ) from None
        raise AssertionError("returned or raised")

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=self._patience)
        try:
            db.execute("PRAGMA synchronous = NORMAL")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version not in (0, CACHE.version):
                raise _OtherVersion
            # Before the change of the journal, so that the stamp is in the file itself and not only in its log. Two
            # processes may begin one file at once: the busy timeout covers this, but not the change of the journal.
            db.executescript("BEGIN EXCLUSIVE;" + _SCHEMA + "COMMIT;")
            _keep_a_log(db, self._patience)
            self._inode = self.path.stat().st_ino
        except BaseException:
            db.close()
            raise
        return db

    def _moved(self) -> bool:
        """Whether the path no longer leads to the open file: it was deleted, or another process has set it aside."""
        try:
            return self.path.stat().st_ino != self._inode
        except OSError:
            return True

    def _set_aside(self) -> None:
        aside = self.path.with_name(f"{self.path.stem}.damaged-{int(self._clock())}{self.path.suffix}")
        self.path.rename(aside)
        for path in self._files():
            path.unlink(missing_ok=True)
        notify(
            f"The cache {self.path.name} was damaged, or written by another version. It was set aside as {aside.name} "
            "and a new one was begun: nothing is lost but time.",
            StcrmWarning,
        )

    def _files(self) -> list[Path]:
        return [self.path, *side_files(self.path)]


def _keep_a_log(db: sqlite3.Connection, patience: float) -> None:
    """Set the journal to WAL, in which reads do not wait for writes."""
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
    """Whether the file is broken; not so a full disk, or a file that another process holds."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, _OtherVersion) or code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return True
    if code == sqlite3.SQLITE_ERROR:
        return "no such table" in str(error) or "no such column" in str(error)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _unusable(path: Path, error: sqlite3.DatabaseError) -> SettingsError:
    return SettingsError(
        f"The cache {path} cannot be used now ({error}). Free some space, end the program that holds it, or set "
        "STCRM_CACHE_DIR to another folder."
    )
