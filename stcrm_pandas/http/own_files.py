"""Which SQLite files are ours: by the application id in them, or, in files from before there was one, by their tables.

A file is looked at without writing to it, without a lock, and without the files that SQLite keeps beside one.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["CACHE", "STATUS_LOG", "Kind", "State", "connect_read_only", "owned_in", "side_files", "state_of"]

State = Literal["ours", "unstamped", "empty", "foreign", "unreadable"]
"""`unstamped` is ours, and has no application id yet; `unreadable` is no database, or too damaged to tell."""


@dataclass(frozen=True)
class Kind:
    """A kind of file of ours.

    Parameters
    ----------
    application_id : int
        SQLite's number for the program that a file belongs to.
    version : int
        Its layout (`user_version`).
    tables : frozenset of str
        By which a file without an application id is recognized.
    """

    application_id: int
    version: int
    tables: frozenset[str]

    @property
    def stamp(self) -> str:
        """The statement that marks a file as one of this kind."""
        return f"PRAGMA application_id = {self.application_id};"


CACHE = Kind(0x53544343, 1, frozenset({"generations", "responses"}))
STATUS_LOG = Kind(0x5354434C, 0, frozenset({"runs"}))


def state_of(path: Path, kind: Kind) -> State:
    """Return whether a file is one of ours. A symbolic link is not, wherever it leads."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return "foreign"
    if not path.exists() or (path.stat().st_size == 0 and not _log_of(path).exists()):
        return "empty"
    try:
        found = _look(path, kind, immutable=True)
        if found == "empty" and _log_of(path).exists():  # of a process that was ended before it wrote all to the file
            found = _look(path, kind, immutable=False)
        return found
    except sqlite3.DatabaseError:
        return "unreadable"


def owned_in(folder: Path, kind: Kind) -> list[Path]:
    """Return the files of ours in a folder, but for the damaged ones that were set aside."""
    paths = sorted(path for path in folder.glob("*.sqlite") if ".damaged-" not in path.name)
    return [path for path in paths if state_of(path, kind) in ("ours", "unstamped")]


def connect_read_only(path: Path, *, immutable: bool | None = None) -> sqlite3.Connection:
    """Open a database without a way to change it.

    Parameters
    ----------
    immutable : bool, optional
        Without locks and without files beside it; what is only in its log is not seen then. By default if there is no
        log.
    """
    if immutable is None:
        immutable = not _log_of(path).exists()
    return sqlite3.connect(f"{path.absolute().as_uri()}?{'immutable=1' if immutable else 'mode=ro'}", uri=True)


def side_files(path: Path) -> list[Path]:
    """Return what SQLite keeps beside a file."""
    return [path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal")]


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _look(path: Path, kind: Kind, *, immutable: bool) -> State:
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
