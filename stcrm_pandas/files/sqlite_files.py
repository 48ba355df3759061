"""The SQLite files of this package: they have its application id, older ones its tables.

Files are checked without writing to them, without a lock, and without the files that SQLite keeps beside them.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ours", "unstamped", "empty", "foreign", "unreadable"]
"""`unstamped` is ours without an application id; `unreadable` is no database, or damaged."""


@dataclass(frozen=True)
class Kind:
    """A kind of file of this package.

    Parameters
    ----------
    application_id : int
        SQLite's number for the program that owns the file.
    version : int
        The layout (`user_version`).
    tables : frozenset of str
        The tables that identify a file without an application id.
    """

    application_id: int
    version: int
    tables: frozenset[str]

    @property
    def stamp(self) -> str:
        """The statement that stores the application id in a file."""
        return f"PRAGMA application_id = {self.application_id};"


_BESIDE = ("-wal", "-shm", "-journal")

CACHE = Kind(0x53544343, 1, frozenset({"generations", "responses"}))


def state_of(path: Path, kind: Kind) -> State:
    """Return whether a file is of this package. Symbolic links are not."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return "foreign"
    if not path.exists() or (path.stat().st_size == 0 and not _wal_of(path).exists()):
        return "empty"
    try:
        state = _identify(path, kind, immutable=True)
        if (
            state == "empty" and _wal_of(path).exists()
        ):  # of a process that ended before it wrote everything to the file
            state = _identify(path, kind, immutable=False)
        return state
    except (sqlite3.DatabaseError, UnicodeError):  # SQLite quotes damaged text in its errors
        return "unreadable"


def owned_in(folder: Path, kind: Kind) -> list[Path]:
    """Return the files of a kind in a folder, without damaged files that were moved away."""
    paths = sorted(path for path in folder.glob("*.sqlite") if ".damaged-" not in path.name)
    return [path for path in paths if state_of(path, kind) in ("ours", "unstamped")]


def connect_read_only(path: Path, *, immutable: bool | None = None) -> sqlite3.Connection:
    """Open a database read-only.

    Parameters
    ----------
    immutable : bool, optional
        Open it without locks and without its WAL file, whose content is then missing. The default is True if there is
        no WAL file.
    """
    if immutable is None:
        immutable = not _wal_of(path).exists()
    return sqlite3.connect(f"{path.absolute().as_uri()}?{'immutable=1' if immutable else 'mode=ro'}", uri=True)


def side_files(path: Path) -> list[Path]:
    """Return the files that SQLite keeps beside a database."""
    return [path.with_name(path.name + end) for end in _BESIDE]


def delete_database(path: Path) -> None:
    """Delete a database with the files beside it, its own last: a killed deletion leaves what can be found again."""
    for file in (*side_files(path), path):
        file.unlink(missing_ok=True)


def orphans_in(folder: Path) -> list[Path]:
    """Return the files in a folder, and below it, that SQLite kept beside databases that are no longer there."""
    paths = {
        path: path.with_name(path.name.removesuffix(end)) for end in _BESIDE for path in folder.rglob(f"*.sqlite{end}")
    }
    return sorted(path for path, database in paths.items() if not database.exists())


def _wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _identify(path: Path, kind: Kind, *, immutable: bool) -> State:
    with closing(connect_read_only(path, immutable=immutable)) as db:
        ((application_id,), (version,)) = (
            db.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
        )
        if application_id:
            return "ours" if application_id == kind.application_id else "foreign"
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables and version == 0:
        return "empty"
    return "unstamped" if version == kind.version and tables == kind.tables else "foreign"
