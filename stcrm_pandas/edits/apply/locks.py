"""One lock per plan, and a check that open files are still the ones at their paths.

A lock is an SQLite file held by an exclusive transaction, so the system releases it when the process is killed. Lock
files are never removed: a second apply could create a new one and run beside the first.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.files.private import create_private, make_private_folder

DIGEST_LENGTH = 16
"""Characters of a plan's digest in the names of its lock and its journals."""


@dataclass(frozen=True)
class OpenFile:
    """An open file and its identity (device and inode): the path may lead to another file later, or to none."""

    path: Path
    identity: tuple[int, int] | None

    @classmethod
    def open_at(cls, path: Path) -> OpenFile:
        """Return the file that is at a path now."""
        return cls(path, _identity(path))

    def check(self) -> None:
        """Raise if the path no longer leads to the open file.

        Raises
        ------
        UsageError
            The file was moved, removed or replaced.
        """
        if self.identity is None or _identity(self.path) != self.identity:
            raise UsageError(
                f"{self.path} was removed or replaced while its plan was being applied. A second apply could now run "
                "at the same time, so nothing more was sent. If you moved the file, put it back. Otherwise read the "
                "rows again and plan the changes that are left."
            )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        there = os.stat(path)
    except OSError:
        return None
    return there.st_dev, there.st_ino


def journal_not_writable(folder: Path, error: Exception) -> SettingsError:
    """Return the error for a folder in which no journal can be written."""
    return SettingsError(
        f"The journal cannot be written to {folder} ({error}), so nothing was sent. Set STCRM_STATE_DIR to a folder "
        "that you can write to."
    )


def lock_path(folder: Path, digest: str) -> Path:
    """Return the path of a plan's lock."""
    return folder / f"{digest[:DIGEST_LENGTH]}.lock"


BUSY = (
    "This plan is being applied by another process or thread: one apply at a time. Wait until it has ended, then apply "
    "the plan again to finish what is left."
)


@contextmanager
def lock(folder: Path, digest: str, busy: str = BUSY) -> Iterator[OpenFile]:
    """Hold the lock of a plan, or another one with a name of its own, and yield its file.

    Parameters
    ----------
    busy : str, default BUSY
        The error if it is held.

    Raises
    ------
    UsageError
        Another apply holds the lock.
    SettingsError
        The folder cannot be written to.
    """
    try:
        make_private_folder(folder)
        held, file = _acquire(lock_path(folder, digest))
    except OSError as error:
        raise journal_not_writable(folder, error) from None
    if held is None:
        raise UsageError(busy)
    with closing(held):
        yield file


def is_held(folder: Path, digest: str) -> bool:
    """Return whether a plan is being applied with the journals in a folder."""
    path = lock_path(folder, digest)
    if not path.exists():
        return False
    held, _ = _acquire(path)
    if held is not None:
        held.close()
    return held is None


@contextmanager
def hold_all(folder: Path, digests: Iterable[str]) -> Iterator[None]:
    """Hold all locks in a folder and those of some plans, so that no apply of them is running or can start.

    Parameters
    ----------
    digests : iterable of str
        Their first characters, as the names of journals have them.

    Raises
    ------
    UsageError
        An apply is running.
    """
    places = {*folder.glob("*.lock"), *(lock_path(folder, digest) for digest in digests)}
    with ExitStack() as all_held:
        for path in sorted(places):
            held, _ = _acquire(path)
            if held is None:
                raise UsageError(
                    f"A plan is being applied with the journals in {folder} ({path.name} is locked), so no journal was "
                    "removed. Wait until it has ended, then purge again."
                )
            all_held.enter_context(closing(held))
        yield


def _acquire(path: Path) -> tuple[sqlite3.Connection | None, OpenFile]:
    """Take a lock and return it with its file; None instead of the lock if another apply holds it."""
    with suppress(FileExistsError):
        # Open only a new file: closing any descriptor of a file releases all POSIX locks of the process on it.
        create_private(path)
    file = OpenFile.open_at(path)
    try:
        held = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise OSError(str(error)) from None
    try:
        held.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        held.close()
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise OSError(f"{path.name}: {error}") from None
        return None, file
    return held, file
