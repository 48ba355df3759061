"""Opt-ins that were sent already. Each is sent once, so that a later opt-out stays.

If a plan opts somebody in and they opt out afterwards, the row looks as it did before the plan, and the same change
would opt them in again. The journals show that it was sent. Times are compared by the service's clock, because this
machine's may be wrong. While a journal cannot be read, opt-ins wait until somebody acknowledges it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from stcrm_pandas.edits.apply.journal import Entry, Journal, facts_of, tenant_mark, tenant_marks
from stcrm_pandas.edits.columns import target_of
from stcrm_pandas.edits.plan.consent import SERVICE_TIMEOUT
from stcrm_pandas.edits.plan.model import BEFORE_READ_AT, Key, PlanData, Refusal, Step
from stcrm_pandas.errors import StcrmError, UsageError
from stcrm_pandas.files.private import open_new
from stcrm_pandas.settings.addresses import environment_of

SentOptIns = Mapping[tuple[str, Key], frozenset[str]]
"""Resource and key of a row to the columns in which it was opted in."""

SLACK = dt.timedelta(seconds=SERVICE_TIMEOUT)
"""How long the service may work on a request: a row read within this time of an opt-in may not show it yet."""
SLACK_OF_MACHINE = dt.timedelta(days=1)
"""How far this machine's clock may be wrong, for journals that have no time of the service."""


class UnreadableJournal(Exception):
    """A journal that cannot be read completely; `reason` and `instead` say what follows and what to do."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(why)
        self.path = path
        self.reason = f"{why} So it is unknown which opt-ins were sent already, and an opt-in is sent only once"
        self.instead = (
            f"restore {path} from a backup, or read it with the version that wrote it; if nobody in it can have opted "
            f"out after an opt-in, run `stcrm journal acknowledge {path}`"
        )


class EarlierOptIns:
    """Opt-ins of a plan's rows that any plan sent since `before` was read. Safe to use from several threads.

    This includes opt-ins that were already in place, and those whose request was running when an apply was killed: they
    may have been carried out and undone. If it is unknown when `before` was read, all of them count.

    Parameters
    ----------
    folder : Path
        The folder of the journals.
    plan : PlanData
        The plan whose rows are looked up.
    """

    def __init__(self, folder: Path, plan: PlanData) -> None:
        self.sent: SentOptIns = {}
        """Resource and key of a row to the columns in which it was opted in."""
        self.unreadable: tuple[UnreadableJournal, ...] = ()
        """Journals that cannot be read."""
        self._folder, self._plan = folder, plan
        self._wanted = {
            (_kind(step), key): opt_in_columns(step) for step in plan.steps for key in step.keys if opt_in_columns(step)
        }
        self._read_at = moment_of(plan.options.get(BEFORE_READ_AT))
        self._versions: dict[Path, object] = {}
        self._lock = threading.Lock()
        if self._wanted:
            self.look_again()

    def look_again(self, *, apart_from: Path | None = None) -> None:
        """Read the journals that changed since the last look.

        Parameters
        ----------
        apart_from : Path, optional
            The journal of the apply that asks.
        """
        with self._lock:
            sent, unreadable = dict(self.sent), {error.path: error for error in self.unreadable}
            for path in sorted(self._folder.glob("*.sqlite")):
                version = _version(path)
                if path == apart_from or self._versions.get(path) in (version, _NEVER):
                    continue
                unreadable.pop(path, None)
                self._versions[path] = version
                try:
                    other, entries = read_complete(path)
                except UnreadableJournal as error:
                    if may_be_of_tenant(path, self._plan) and not is_acknowledged(path):
                        unreadable[path] = error
                    continue
                if not self._has_wanted(other):
                    self._versions[path] = _NEVER
                    continue
                for place, columns in _opted_in(other, entries, self._read_at):
                    if both := columns & self._wanted.get(place, frozenset()):
                        sent[place] = sent.get(place, frozenset()) | both
            self.sent, self.unreadable = sent, tuple(unreadable.values())

    def _has_wanted(self, other: PlanData) -> bool:
        if tenant_mark(other) != tenant_mark(self._plan):
            return False
        return any(
            (_kind(step), key) in self._wanted for step in other.steps if opt_in_columns(step) for key in step.keys
        )


_NEVER = object()
"""Stands for a journal whose plan opts in none of the rows: it does not matter how it changes."""


def _version(path: Path) -> object:
    """Return what changes whenever a journal is written."""
    versions = []
    for file in (path, path.with_name(f"{path.name}-wal")):
        with contextlib.suppress(FileNotFoundError):
            there = file.stat()
            versions.append((there.st_ino, there.st_size, there.st_mtime_ns))
    return versions


def opt_in_columns(step: Step) -> frozenset[str]:
    """Return the columns in which a request opts somebody in."""
    return frozenset(cell.column for cell in step.cells if cell.consent)


def opt_ins_lock(plan: PlanData) -> str:
    """Return the name of the lock that every apply of a plan with opt-ins of the same tenant holds."""
    return f"opt-ins-{tenant_mark(plan)}"


def has_opt_ins(plan: PlanData) -> bool:
    """Return whether a plan opts anybody in."""
    return any(map(opt_in_columns, plan.steps))


def refuse_all_opt_ins(plan: PlanData, unreadable: Iterable[UnreadableJournal]) -> Iterator[Refusal]:
    """Yield a refusal for each opt-in of a plan while a journal cannot be read."""
    for error in unreadable:
        for step in plan.steps:
            for cell in step.cells:
                if cell.consent:
                    yield Refusal(step.key, cell.column, error.reason, error.instead)
        return


def _opted_in(
    plan: PlanData, entries: Iterable[Entry], read_at: dt.datetime | None
) -> Iterator[tuple[tuple[str, Key], frozenset[str]]]:
    for entry in entries:
        step = plan.steps[entry.step]
        columns = opt_in_columns(step)
        if columns and (latest := _latest_effect(entry)) is not None and (read_at is None or latest >= read_at):
            yield (_kind(step), entry.key), columns


def _latest_effect(entry: Entry) -> dt.datetime | None:
    """Return the latest time at which a row may have been opted in; None if it was not.

    A time that cannot be read may be any time.
    """
    at = entry.ended_at if entry.state == "already" else None if entry.refused else entry.sent_at
    if at is None:
        return None
    if entry.service_time is not None:
        moment, slack = moment_of(entry.service_time), SLACK
    else:
        moment, slack = moment_of(at), SLACK_OF_MACHINE
    return _ANY_TIME if moment is None else moment + slack


_ANY_TIME = dt.datetime.max.replace(tzinfo=dt.UTC)


def moment_of(text: object) -> dt.datetime | None:
    """Return a time of a journal; None if it has none, or none that can be read."""
    if not isinstance(text, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _kind(step: Step) -> str:
    return target_of(step.operation).resource


def read_complete(path: Path) -> tuple[PlanData, list[Entry]]:
    """Return the plan of a journal and the outcomes of all its rows.

    Raises
    ------
    Unreadable
        Part of it cannot be read.
    """
    try:
        journal = Journal.open(path)
    except StcrmError as error:
        raise UnreadableJournal(path, str(error)) from None
    try:
        entries = journal.entries()
        sound = journal.is_intact and len(entries) == sum(len(step.keys) for step in journal.plan.steps)
    except (StcrmError, sqlite3.Error, ValueError, TypeError, LookupError):
        sound, entries = False, []
    finally:
        journal.close()
    if not sound:
        raise UnreadableJournal(path, f"The journal {str(path)!r} is damaged.")
    return journal.plan, entries


OptIn = tuple[str, Key, str]
"""An opt-in: resource, key and column of its row."""


def opt_ins_in(path: Path) -> frozenset[OptIn] | None:
    """Return the opt-ins that a journal shows as sent; None if it cannot be read and nobody acknowledged that."""
    try:
        plan, entries = read_complete(path)
    except UnreadableJournal:
        return frozenset() if is_acknowledged(path) else None
    return frozenset((*row, column) for row, columns in _opted_in(plan, entries, None) for column in columns)


def may_be_of_tenant(path: Path, plan: PlanData) -> bool:
    """Return whether an unreadable journal may belong to a plan's tenant; False only if it is certainly another's."""
    about = facts_of(path)
    if {"environment", "tenant"} <= about.keys():
        place = environment_of(about["environment"]), about["tenant"]
        return place == (environment_of(plan.environment), str(plan.tenant))
    parts = path.stem.split("-")
    return len(parts) != 4 or parts[2] in tenant_marks(plan)


def acknowledge(path: Path) -> None:
    """Allow opt-ins although a journal cannot be read, as long as its file does not change.

    Raises
    ------
    UsageError
        There is no such file, or the journal can be read.
    """
    if not path.is_file():
        raise UsageError(f"There is no journal {str(path)!r}; `stcrm journal list` shows all journals.")
    with contextlib.suppress(UnreadableJournal):
        read_complete(path)
        raise UsageError(f"The journal {str(path)!r} can be read, so there is nothing to acknowledge.")
    mark = _mark(path)
    mark.unlink(missing_ok=True)
    with open_new(mark) as file:
        file.write(_digest(path).encode())


def is_acknowledged(path: Path) -> bool:
    """Return whether somebody acknowledged that a journal with its current content cannot be read."""
    try:
        return _mark(path).read_text(encoding="utf-8").strip() == _digest(path)
    except (OSError, UnicodeDecodeError):
        return False


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.acknowledged")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
