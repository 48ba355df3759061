"""Locks of plans, and files that must stay the ones that an apply has open.

A lock is an SQLite file that is held with an exclusive transaction, so that it is let go when the process is killed.
It stays in the folder for good: who removed one would let a second apply in beside the first.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from stcrm_pandas.errors import SettingsError, UsageError

PART = 16
"""How much of a plan's digest its lock and its journals have in their names."""


@dataclass(frozen=True)
class OpenFile:
    """A file that somebody has open, and which one it is: another may be put in its place, or none."""

    path: Path
    which: tuple[int, int] | None

    @classmethod
    def at(cls, path: Path) -> OpenFile:
        """The file that is there now."""
        return cls(path, _which(path))

    def confirm(self) -> None:
        """Refuse to go on where the path no longer leads to the file.

        Raises
        ------
        UsageError
            The file was moved, removed or replaced.
        """
        if self.which is None or _which(self.path) != self.which:
            raise UsageError(
                f"{self.path} was removed or replaced while its plan was being applied, so that a second apply could "
                "run beside this one: nothing more is sent. Put the file back if you moved it. Otherwise read the "
                "rows, and plan what is left to do."
            )


def _which(path: Path) -> tuple[int, int] | None:
    try:
        there = os.stat(path)
    except OSError:
        return None
    return there.st_dev, there.st_ino


def make_private(folder: Path) -> None:
    """A folder for nobody else, made where it is not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def unusable(folder: Path, error: Exception) -> SettingsError:
    """The error of a folder in which no journal can be kept."""
    return SettingsError(
        f"No journal can be written to {folder} ({error}), so nothing was sent. Set STCRM_STATE_DIR to a folder of "
        "your own."
    )


def lock_of(folder: Path, digest: str) -> Path:
    """Where the lock of a plan lies."""
    return folder / f"{digest[:PART]}.lock"


@contextmanager
def lock(folder: Path, digest: str) -> Iterator[OpenFile]:
    """Hold a plan for one apply, and give the lock's file; it is let go also when the process is killed.

    Raises
    ------
    UsageError
        Another apply of the plan is under way.
    SettingsError
        The folder cannot be written to.
    """
    try:
        make_private(folder)
        held, file = _held(lock_of(folder, digest))
    except OSError as error:
        raise unusable(folder, error) from None
    if held is None:
        raise UsageError(
            "This plan is being applied by another process or thread: one apply at a time. Wait until it has "
            "ended; what it leaves, apply goes on with."
        )
    with closing(held):
        yield file


def is_held(folder: Path, digest: str) -> bool:
    """Whether a plan is being applied with the journals of a folder."""
    path = lock_of(folder, digest)
    if not path.exists():
        return False
    held, _ = _held(path)
    if held is not None:
        held.close()
    return held is None


@contextmanager
def hold_all(folder: Path, digests: Iterable[str]) -> Iterator[None]:
    """Hold all locks of a folder, and those of some plans, so that no apply is under way or begins with them.

    Parameters
    ----------
    digests : iterable of str
        Their beginnings, as they stand in the names of journals.

    Raises
    ------
    UsageError
        An apply is under way.
    """
    places = {*folder.glob("*.lock"), *(lock_of(folder, digest) for digest in digests)}
    with ExitStack() as all_held:
        for path in sorted(places):
            held, _ = _held(path)
            if held is None:
                raise UsageError(
                    f"A plan is being applied with the journals in {folder} ({path.name} is held), so none is removed. "
                    "Wait until it has ended."
                )
            all_held.enter_context(closing(held))
        yield


def _held(path: Path) -> tuple[sqlite3.Connection | None, OpenFile]:
    """A lock that is held, and its file; None where somebody else holds it."""
    with suppress(FileExistsError):
        # Only a new file is opened besides: closing it lets go of all locks that this process has on it (POSIX).
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    file = OpenFile.at(path)
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
