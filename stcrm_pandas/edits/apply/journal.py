"""The journal of an apply: what was sent, the values before and after, and the outcome of each row, written in batches.

One SQLite file per apply. It is written before each request and again after its response, so it is right even after
`kill -9` or a power failure. It holds customers' data: mode 0600, in a folder of mode 0700.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self

from stcrm_pandas.edits.apply.fresh_rows import FreshRow
from stcrm_pandas.edits.apply.locks import DIGEST_LENGTH, OpenFile, journal_not_writable
from stcrm_pandas.edits.plan.model import VERSION, Key, PlanData, from_json
from stcrm_pandas.edits.values import row_to_json
from stcrm_pandas.errors import ServiceError, StcrmError, UsageError
from stcrm_pandas.files.private import create_private, make_private_folder, unfinished_path
from stcrm_pandas.files.sqlite_files import side_files
from stcrm_pandas.reads.progress import Bar
from stcrm_pandas.settings.addresses import environment_of

State = Literal["untried", "sending", "sent", "doubt", "succeeded", "failed", "conflict", "already"]
"""The state of one row.

`sending` is written before the request, `sent` after its response, `doubt` if the response was lost: a new read decides
the final state of all three. `untried` may still be sent. All other states are final.
"""
UNFINISHED: frozenset[State] = frozenset({"untried", "sending", "sent", "doubt"})
"""States of rows that are not final."""

_SCHEMA = f"""
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE rows (
    step INTEGER NOT NULL, place INTEGER NOT NULL, state TEXT NOT NULL, details TEXT NOT NULL,
    PRIMARY KEY (step, place)
);
CREATE TABLE texts (step INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (step, place, name)
);
PRAGMA user_version = {VERSION};
"""


@dataclass
class Entry:
    """One row of a plan and its outcome.

    Parameters
    ----------
    step, place : int
        Position of the step in the plan, and of the row in the step.
    key : Key
        The row's key.
    state : State, default 'untried'
        The state of the row.
    why : str, default ''
        The reason, in the service's words if it refused the change.
    status, trace_id, fields : int, optional
        The service's response if it refused the change.
    worth_retrying : bool, default False
        Whether the same change may succeed later.
    refused : bool, default False
        The service refused the change, or it could not be sent: it had no effect.
    sent_at, ended_at : str, optional
        By this machine's clock, in UTC, as ISO 8601 text.
    tried_at : str, optional
        When it was sent before, if that had no visible effect and it had to be sent again.
    differing : list[tuple[str, Any, Any]]
        Values copied from the row that differ from the plan: path in the body, planned, sent.
    now : dict
        The cells in conflict: column to current value.
    left_out : str, default ''
        Why part of the change was not sent although the rest, an opt-out, was.
    service_time : str, optional
        When it was sent, or read as planned, by the service's clock; ISO 8601 text.
    restored : list of str
        Columns whose opt-out our request overwrote and that are being switched off again.
    """

    step: int
    place: int
    key: Key
    state: State = "untried"
    why: str = ""
    status: int | None = None
    trace_id: str | None = None
    fields: dict[str, list[str]] = field(default_factory=dict)
    worth_retrying: bool = False
    refused: bool = False
    sent_at: str | None = None
    ended_at: str | None = None
    differing: list[tuple[str, Any, Any]] = field(default_factory=list)
    now: dict[str, Any] = field(default_factory=dict)
    left_out: str = ""
    tried_at: str | None = None
    service_time: str | None = None
    restored: list[str] = field(default_factory=list)

    @property
    def position(self) -> tuple[int, int]:
        """The position in the plan: step, and row in the step."""
        return self.step, self.place


_HEAD = 100
"""Bytes in the header of an SQLite file, which holds its `user_version`."""

_KEPT = [field.name for field in fields(Entry) if field.name not in ("step", "place", "key", "state")]


class Journal:
    """The open journal of one apply; safe to use from several threads.

    `plan` is the plan that was applied. `Journal.create` makes a new journal, `Journal.open` opens an existing one.
    """

    def __init__(self, path: Path, db: sqlite3.Connection, plan: PlanData) -> None:
        self.path = path
        self.plan = plan
        self._db = db
        self._lock = threading.RLock()
        self._files = [OpenFile.open_at(path)]

    @classmethod
    def create(cls, path: Path, plan: PlanData, about: Mapping[str, str]) -> Self:
        """Create a journal; `about` is stored beside the plan (`applied_at` …).

        Raises
        ------
        SettingsError
            The file cannot be written; nothing was sent.
        """
        try:
            make_private_folder(path.parent)
            part = unfinished_path(path.parent)
            create_private(part)
            db = _connect(part)
            db.executescript("BEGIN;" + _SCHEMA + "COMMIT;")
            with db:
                notes = {**about, "plan": json.dumps(plan.as_json()), "digest": plan.digest}
                db.executemany("INSERT INTO about VALUES (?, ?)", notes.items())
                rows = ((n, place) for n, step in enumerate(plan.steps) for place in range(len(step.keys)))
                db.executemany("INSERT INTO rows VALUES (?, ?, 'untried', '{}')", rows)
            db.close()
            part.replace(path)
        except (OSError, sqlite3.Error) as error:
            raise journal_not_writable(path.parent, error) from None
        return cls.open(path)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open the journal in a file.

        Raises
        ------
        UsageError
            There is no such file, or it has another version.
        """
        place = Path(path).expanduser()
        if not place.is_file():
            raise UsageError(f"There is no journal {str(path)!r}; `stcrm journal list` shows all journals.")
        try:
            version = _version_of(place)  # without SQLite, which would write to a file that is not ours
            if version != VERSION:
                raise UsageError(
                    f"The journal {str(path)!r} has version {version}, but this program reads version {VERSION}."
                )
            db = _connect(place)
            try:
                about = dict(db.execute("SELECT name, value FROM about"))
                plan = from_json(json.loads(about["plan"]))
                if plan.digest != about["digest"]:
                    raise UsageError(
                        f"The plan in the journal {str(path)!r} was altered, so the journal cannot be used."
                    )
                return cls(place, db, plan)
            except BaseException:
                db.close()
                raise
        except (sqlite3.Error, OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(
                f"{str(path)!r} cannot be read as a journal: it is damaged, or another kind of file."
            ) from None

    # Writing

    def also_check(self, files: Iterable[OpenFile]) -> None:
        """Check other files, too: those of the locks."""
        self._files += [file for file in files if file not in self._files]

    def check_files(self) -> None:
        """Raise if the journal or its lock is no longer the open file.

        Raises
        ------
        UsageError
            One of them was moved, removed or replaced.
        """
        for file in self._files:
            file.check()

    def write(
        self,
        entries: Iterable[Entry],
        *,
        body: Any = None,
        restore: Any = None,
        before: Iterable[Mapping[str, Any] | None] = (),
        after: Iterable[Mapping[str, Any] | None] = (),
    ) -> None:
        """Write the state of some rows in one transaction, which is on the disk when this returns.

        Parameters
        ----------
        body : object, optional
            The request body of all of them; stored with the first.
        restore : object, optional
            The request body that switches an opt-out off again; stored with the first.
        before, after : Iterable[Mapping[str, Any] | None], default ()
            The rows as read, in the order of the entries; None for a row that was not read.

        Raises
        ------
        UsageError
            As `check_files`.
        StcrmError
            The file cannot be written, for example because the disk is full.
        """
        self.check_files()
        entries = list(entries)
        sent = (("body", body), ("restore", restore))
        texts = [(*entries[0].position, name, json.dumps(what)) for name, what in sent if what is not None]
        for name, rows in (("before", before), ("after", after)):
            known = ((entry, row) for entry, row in zip(entries, rows, strict=False) if row is not None)
            texts += [(*entry.position, name, json.dumps(row)) for entry, row in known]
        states = [
            (entry.state, json.dumps({n: getattr(entry, n) for n in _KEPT}), *entry.position) for entry in entries
        ]
        with self._lock, _as_our_error(self.path), self._db:
            self._db.executemany("UPDATE rows SET state = ?, details = ? WHERE step = ? AND place = ?", states)
            self._db.executemany("INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?)", texts)

    # Reading

    @property
    def about(self) -> dict[str, str]:
        """The facts stored beside the plan: `applied_at`, `environment`, `tenant` …"""
        rows = self._run("SELECT name, value FROM about WHERE name NOT IN ('plan')")
        return dict(rows)

    def entries(self) -> list[Entry]:
        """Return all rows of the plan in the order of its steps."""
        entries = []
        for step, place, state, details in self._run("SELECT step, place, state, details FROM rows ORDER BY 1, 2"):
            kept = json.loads(details)
            kept["differing"] = [tuple(difference) for difference in kept.get("differing", ())]
            entries.append(Entry(step, place, self.plan.steps[step].keys[place], state, **kept))
        return entries

    def counts(self) -> dict[str, int]:
        """Return the number of rows in each state."""
        return dict(self._run("SELECT state, count(*) FROM rows GROUP BY state"))

    def text(self, entry: Entry, name: Literal["before", "after", "body", "restore"]) -> Any:
        """Return a row as it was before or after, or a request body; None if it was not stored."""
        place = 0 if name == "body" and len(self.plan.steps[entry.step].keys) == 1 else entry.place
        query = "SELECT value FROM texts WHERE step = ? AND place = ? AND name = ?"
        rows = self._run(query, entry.step, place, name)
        return json.loads(rows[0][0]) if rows else None

    @property
    def is_intact(self) -> bool:
        """Return whether SQLite finds no damage in the file."""
        return self._run("PRAGMA quick_check(1)") == [("ok",)]

    @property
    def finished(self) -> bool:
        """Return whether all rows are in a final state."""
        return not UNFINISHED.intersection(self.counts())

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._db.close()

    def _run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock, _as_our_error(self.path):
            return self._db.execute(sql, values).fetchall()


@contextmanager
def _as_our_error(path: Path) -> Iterator[None]:
    """Turn an error of SQLite into one of ours with what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StcrmError(
                f"The journal {path} is damaged ({error}), so the outcome of its rows is unknown. Keep the file, read "
                "the rows again, and make a new plan for the changes that are left."
            ) from None
        raise StcrmError(
            f"The journal {path} cannot be read or written ({error}), so nothing more was sent. Free some disk space, "
            "then apply the plan again or call crm.resume(…): it continues where it stopped."
        ) from None


def _version_of(path: Path) -> int:
    """Return the version in the header of an SQLite file."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if len(head) < _HEAD or not head.startswith(b"SQLite format 3\0"):
        raise ValueError("not an SQLite file")
    return int.from_bytes(head[60:64], "big")


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, timeout=30.0)
    # Writing ahead helps only if the data reaches the disk: FULL waits for that.
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db


def facts_of(path: Path) -> dict[str, str]:
    """Return the facts beside the plan of a journal, without writing to the file; empty if they cannot be read."""
    with (
        suppress(sqlite3.Error, OSError),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)) as db,
    ):
        return dict(db.execute("SELECT name, value FROM about WHERE name <> 'plan'"))
    return {}


def find_journals(folder: Path, plan: PlanData) -> list[Path]:
    """Return the journals of a plan, oldest first."""
    return sorted(folder.glob(f"*-{plan.digest[:DIGEST_LENGTH]}.sqlite"))


def path_for(folder: Path, plan: PlanData, moment: dt.datetime) -> Path:
    """Return the path of a new journal: names sort by time and are never used twice."""
    earlier = len(find_journals(folder, plan))
    return folder / f"{moment:%Y%m%dT%H%M%S%f}-{earlier:03}-{tenant_mark(plan)}-{plan.digest[:DIGEST_LENGTH]}.sqlite"


def tenant_mark(plan: PlanData) -> str:
    """Return the part of a journal's name that identifies the tenant even if the file cannot be read."""
    return tenant_marks(plan)[0]


def tenant_marks(plan: PlanData) -> list[str]:
    """Return the mark of a plan's tenant, and the one that earlier versions made of an address as it was written."""
    places = [environment_of(plan.environment), plan.environment]
    return [hashlib.sha256(json.dumps([place, plan.tenant]).encode()).hexdigest()[:8] for place in places]


def files_of(journal: Path) -> list[Path]:
    """Return the files beside a journal and, last, its own: a killed deletion leaves what can be found again."""
    return [journal.with_name(f"{journal.name}.acknowledged"), *side_files(journal), journal]


def digest_of(journal: Path) -> str:
    """Return the first characters of a plan's digest from the name of its journal; empty if it has none.

    Examples
    --------
    >>> digest_of(Path("20260601T120000000000-000-ecee59df39476011.sqlite"))
    'ecee59df39476011'
    """
    digest = journal.stem.rpartition("-")[2]
    return digest if len(digest) == DIGEST_LENGTH else ""


class FinishedRows:
    """Outcomes of rows that are not yet in the journal. Safe to use from several threads.

    Parameters
    ----------
    journal : Journal
        The journal of the apply.
    bar : Bar
        Its progress bar.
    now : callable
        Returns the time as text for the journal.
    stop_after : int or None
        Number of failures after which only opt-outs are sent.
    failures : int, default 0
        Failures so far.
    """

    def __init__(
        self, journal: Journal, bar: Bar, *, now: Callable[[], str], stop_after: int | None, failures: int = 0
    ) -> None:
        self.held_back = False
        """Only opt-outs are started."""
        self._journal, self._bar, self._now = journal, bar, now
        self._stop_after, self.failures = stop_after, failures
        self._ended: list[tuple[Entry, FreshRow | None]] = []
        self._sent = 0
        self._lock = threading.Lock()
        counts = journal.counts()
        self._total = sum(counts.values())
        if done := sum(count for state, count in counts.items() if state not in UNFINISHED):
            bar.ended(done, self._total, 0)

    @property
    def stopped(self) -> bool:
        """Return whether only opt-outs are started."""
        return self.held_back or (self._stop_after is not None and self.failures >= self._stop_after)

    def sending(self) -> None:
        """Count a request that changes something and is about to be sent."""
        with self._lock:
            self._sent += 1

    def end(self, entries: Sequence[Entry], state: State, *, row: FreshRow | None = None) -> None:
        """Record the final state of some rows.

        Parameters
        ----------
        row : FreshRow, optional
            The row as last read.
        """
        for entry in entries:
            entry.state, entry.ended_at = state, self._now()
        with self._lock:
            self._ended += [(entry, row) for entry in entries]
            self.failures += len(entries) if state == "failed" else 0

    def fail(self, entries: Sequence[Entry], error: Exception) -> None:
        """Record rows that the service refused or that could not be sent."""
        for entry in entries:
            entry.why, entry.refused = str(error), True
            if isinstance(error, ServiceError):
                entry.status, entry.trace_id, entry.fields = error.status, error.trace_id, error.fields
                entry.worth_retrying = error.status not in (400, 404, 409)
        self.end(entries, "failed")

    def write_down(self) -> None:
        """Write all finished rows to the journal at once: each write waits for the disk."""
        with self._lock:
            ended, self._ended = self._ended, []
            sent, self._sent = self._sent, 0
        if ended:
            steps = self._journal.plan.steps
            after = [None if row is None else row_to_json(steps[entry.step].operation, row) for entry, row in ended]
            self._journal.write([entry for entry, _ in ended], after=after)
        if ended or sent:
            self._bar.ended(len(ended), self._total, sent)
