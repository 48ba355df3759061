"""Journals that cannot be read (damaged, cut, empty, of another version): opt-ins wait until they are acknowledged."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from pathlib import Path

from stcrm_pandas.edits.apply.journal import Entry, Journal, place_mark
from stcrm_pandas.edits.plan.model import PlanData
from stcrm_pandas.errors import StcrmError, UsageError


class Unreadable(Exception):
    """A journal cannot be read as a whole: why its opt-ins are not known, and what to do."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(why)
        self.reason = f"{why} So it is not known which opt-ins were sent already, and an opt-in is sent once"
        self.instead = (
            f"restore {path} from a backup or read it with the version that wrote it; if no opt-in of it can have been "
            f"followed by an opt-out, `stcrm journal acknowledge {path}`"
        )


def read_whole(path: Path) -> tuple[PlanData, list[Entry]]:
    """Return the plan of a journal and what became of all of its rows.

    Raises
    ------
    Unreadable
        Not all of it can be read.
    """
    try:
        journal = Journal.open(path)
    except StcrmError as error:
        raise Unreadable(path, str(error)) from None
    try:
        entries = journal.entries()
        sound = journal.sound and len(entries) == sum(len(step.keys) for step in journal.plan.steps)
    except (StcrmError, sqlite3.Error, ValueError, TypeError, LookupError):
        sound, entries = False, []
    finally:
        journal.close()
    if not sound:
        raise Unreadable(path, f"The journal {str(path)!r} is damaged.")
    return journal.plan, entries


def belongs(path: Path, plan: PlanData) -> bool:
    """Return whether an unreadable journal may be of the tenant of a plan: only what surely is another's is not."""
    place = None
    with contextlib.suppress(sqlite3.Error, OSError):
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            about = dict(db.execute("SELECT name, value FROM about WHERE name IN ('environment', 'tenant')"))
            place = about.get("environment"), about.get("tenant")
        finally:
            db.close()
    if place is not None and None not in place:
        return place == (plan.environment, str(plan.tenant))
    parts = path.stem.split("-")
    return len(parts) != 4 or parts[2] == place_mark(plan)


def acknowledge(path: Path) -> None:
    """Let opt-ins go on although a journal cannot be read, for as long as its file stays as it is.

    Raises
    ------
    UsageError
        There is no such file, or it can be read.
    """
    if not path.is_file():
        raise UsageError(f"There is no journal {str(path)!r}; `stcrm journal list` shows those that there are.")
    with contextlib.suppress(Unreadable):
        read_whole(path)
        raise UsageError(f"{str(path)!r} can be read: there is nothing to acknowledge.")
    mark = _mark(path)
    mark.unlink(missing_ok=True)
    with os.fdopen(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(_digest(path))


def is_acknowledged(path: Path) -> bool:
    """Return whether somebody acknowledged that a journal, as it is now, cannot be read."""
    try:
        return _mark(path).read_text(encoding="utf-8").strip() == _digest(path)
    except (OSError, UnicodeDecodeError):
        return False


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.acknowledged")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
