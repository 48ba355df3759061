"""The journal of an apply: what was sent, from which values to which, and what became of it.

One SQLite file for each apply, written before a call goes out and again when its answer is there, so that it tells the
truth after `kill -9` and after a power cut. It holds customers' data: mode 0600, in a folder of mode 0700.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self

from stcrm_pandas.edits.apply.locks import PART, OpenFile, make_private, unusable
from stcrm_pandas.edits.plan.model import VERSION, Key, PlanData, from_json
from stcrm_pandas.errors import StcrmError, UsageError

State = Literal["untried", "sending", "sent", "doubt", "succeeded", "failed", "conflict", "already"]
"""What is known of one row.

`sending` was written before the call, `sent` when it was answered, `doubt` when its answer was lost: all three are to
be settled by reading. The others are final, but that `untried` may still be tried.
"""
OPEN: frozenset[State] = frozenset({"untried", "sending", "sent", "doubt"})
"""The states of rows with which an apply is not done."""

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
    """One row of a plan, and what became of it.

    Parameters
    ----------
    step, place : int
        Which call of the plan, and which of its rows.
    key : Key
        Of the row.
    state : State, default 'untried'
        What is known of it.
    why : str, default ''
        In words; the service's own where it refused.
    status, trace_id, fields : int, optional
        What the service answered, where it refused.
    worth_retrying : bool, default False
        Whether the same change may well succeed later.
    refused : bool, default False
        The service refused it, or it could not be sent: it surely had no effect.
    sent_at, ended_at : str, optional
        By the machine's clock, in UTC, as ISO 8601 text.
    tried_at : str, optional
        When it was sent before, where that seemed to have had no effect and it was to be sent again.
    differing : list[tuple[str, Any, Any]]
        What was filled in otherwise than planned: path in the body, planned, sent.
    now : dict
        In a conflict, what the cells were: column, value.
    left_out : str, default ''
        Why a part of the change was not sent, where the rest, an opt-out, was.
    service_time : str, optional
        When it was sent, or found as planned, by the service's clock; ISO 8601 text.
    restored : list of str
        Columns in which an opt-out that our request overwrote is switched off again.
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
    def at(self) -> tuple[int, int]:
        """Where it stands in the plan."""
        return self.step, self.place


_HEAD = 100
"""Bytes of the head of a file of SQLite; its `user_version` is in them."""

_KEPT = [one.name for one in fields(Entry) if one.name not in ("step", "place", "key", "state")]


class Journal:
    """The journal of one apply, open; safe to use from several threads.

    `plan` is the plan that it is of. `Journal.begin` makes one, `Journal.open` opens one that is there.
    """

    def __init__(self, path: Path, db: sqlite3.Connection, plan: PlanData) -> None:
        self.path = path
        self.plan = plan
        self._db = db
        self._lock = threading.RLock()
        self._files = [OpenFile.at(path)]

    @classmethod
    def begin(cls, path: Path, plan: PlanData, about: Mapping[str, str]) -> Self:
        """A new journal; `about` is told beside the plan (`applied_at` …).

        Raises
        ------
        SettingsError
            It cannot be written there; nothing was sent.
        """
        try:
            make_private(path.parent)
            part = path.with_name(f".{path.name}.part")
            part.unlink(missing_ok=True)
            os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
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
            raise unusable(path.parent, error) from None
        return cls.open(path)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The journal in a file.

        Raises
        ------
        UsageError
            There is none, or it is of another version.
        """
        place = Path(path).expanduser()
        if not place.is_file():
            raise UsageError(f"There is no journal {str(path)!r}; `stcrm journal list` shows those that there are.")
        try:
            version = _version_of(place)  # without SQLite, which would write into a file that is none of ours
            if version != VERSION:
                raise UsageError(f"{str(path)!r} is a journal of version {version}, and this is version {VERSION}.")
            db = _connect(place)
            try:
                about = dict(db.execute("SELECT name, value FROM about"))
                plan = from_json(json.loads(about["plan"]))
                if plan.digest != about["digest"]:
                    raise UsageError(f"The plan in the journal {str(path)!r} was altered.")
                return cls(place, db, plan)
            except BaseException:
                db.close()
                raise
        except (sqlite3.Error, OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"{str(path)!r} cannot be read as a journal.") from None

    # What apply writes

    def watch(self, file: OpenFile) -> None:
        """Stop an apply also when another file than the journal's own is removed: that of its lock."""
        self._files.append(file)

    def confirm(self) -> None:
        """Refuse to go on where the journal or its lock is no longer the file that is open.

        Raises
        ------
        UsageError
            One of them was moved, removed or replaced.
        """
        for file in self._files:
            file.confirm()

    def keep(
        self,
        entries: Iterable[Entry],
        *,
        body: Any = None,
        restore: Any = None,
        before: Iterable[Mapping[str, Any] | None] = (),
        after: Iterable[Mapping[str, Any] | None] = (),
    ) -> None:
        """Write down what is known of some rows, in one go; it is on the disk when this returns.

        Parameters
        ----------
        body : object, optional
            What is sent for all of them together; kept with the first.
        restore : object, optional
            What is sent to switch an opt-out off again; likewise.
        before, after : Iterable[Mapping[str, Any] | None], default ()
            The rows as they were read, in the order of the entries; None where one was not.

        Raises
        ------
        UsageError
            As `confirm`.
        StcrmError
            It cannot be written now, as when the disk is full.
        """
        self.confirm()
        entries = list(entries)
        sent = (("body", body), ("restore", restore))
        texts = [(*entries[0].at, name, json.dumps(what)) for name, what in sent if what is not None]
        for name, rows in (("before", before), ("after", after)):
            known = ((one, row) for one, row in zip(entries, rows, strict=False) if row is not None)
            texts += [(*one.at, name, json.dumps(row)) for one, row in known]
        states = [(one.state, json.dumps({n: getattr(one, n) for n in _KEPT}), *one.at) for one in entries]
        with self._lock, _explained(self.path), self._db:
            self._db.executemany("UPDATE rows SET state = ?, details = ? WHERE step = ? AND place = ?", states)
            self._db.executemany("INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?)", texts)

    # What is read of it

    @property
    def about(self) -> dict[str, str]:
        """What stands beside the plan: `applied_at`, `environment`, `tenant` …"""
        rows = self._run("SELECT name, value FROM about WHERE name NOT IN ('plan')")
        return dict(rows)

    def entries(self) -> list[Entry]:
        """All rows of the plan, in the order of its calls."""
        found = []
        for step, place, state, details in self._run("SELECT step, place, state, details FROM rows ORDER BY 1, 2"):
            kept = json.loads(details)
            kept["differing"] = [tuple(one) for one in kept.get("differing", ())]
            found.append(Entry(step, place, self.plan.steps[step].keys[place], state, **kept))
        return found

    def counts(self) -> dict[str, int]:
        """How many rows are in each state."""
        return dict(self._run("SELECT state, count(*) FROM rows GROUP BY state"))

    def text(self, entry: Entry, name: Literal["before", "after", "body", "restore"]) -> Any:
        """A row as it was before or after, or the body that was sent; None where it was not kept."""
        place = 0 if name == "body" and len(self.plan.steps[entry.step].keys) == 1 else entry.place
        query = "SELECT value FROM texts WHERE step = ? AND place = ? AND name = ?"
        rows = self._run(query, entry.step, place, name)
        return json.loads(rows[0][0]) if rows else None

    @property
    def sound(self) -> bool:
        """Return whether SQLite finds no damage in the file."""
        return self._run("PRAGMA quick_check(1)") == [("ok",)]

    @property
    def finished(self) -> bool:
        """Whether nothing is left to be tried or settled."""
        return not OPEN.intersection(self.counts())

    def close(self) -> None:
        """Close the file; twice does no harm."""
        with self._lock:
            self._db.close()

    def _run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock, _explained(self.path):
            return self._db.execute(sql, values).fetchall()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Raise an error of SQLite as one of ours, which says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StcrmError(
                f"The journal {path} is damaged ({error}): what became of its rows can no longer be read from it. Keep "
                "the file, read the rows again, and make a new plan of what is still to be changed."
            ) from None
        raise StcrmError(
            f"The journal {path} cannot be written or read now ({error}), so nothing more was sent. Free some space, "
            "then apply the plan again, or crm.resume(…): it goes on where it stopped."
        ) from None


def _version_of(path: Path) -> int:
    """The version in the head of a file of SQLite."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if len(head) < _HEAD or not head.startswith(b"SQLite format 3\0"):
        raise ValueError("no file of SQLite")
    return int.from_bytes(head[60:64], "big")


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, timeout=30.0)
    # Written ahead is of use only if it is on the disk: FULL waits for that.
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db


def find(folder: Path, plan: PlanData) -> list[Path]:
    """The journals of a plan, oldest first."""
    return sorted(folder.glob(f"*-{plan.digest[:PART]}.sqlite"))


def path_for(folder: Path, plan: PlanData, moment: dt.datetime) -> Path:
    """Where a new journal of a plan lies: in the order of time by its name, and never in another's place."""
    earlier = len(find(folder, plan))
    return folder / f"{moment:%Y%m%dT%H%M%S%f}-{earlier:03}-{place_mark(plan)}-{plan.digest[:PART]}.sqlite"


def place_mark(plan: PlanData) -> str:
    """What tells in the name of a journal of which tenant it is, where the file cannot be read."""
    return hashlib.sha256(json.dumps([plan.environment, plan.tenant]).encode()).hexdigest()[:8]


def files_of(journal: Path) -> list[Path]:
    """A journal's file, and what SQLite keeps beside it."""
    return [journal, *(journal.with_name(journal.name + end) for end in ("-wal", "-shm", ".acknowledged"))]


def digest_of(journal: Path) -> str:
    """The beginning of a plan's digest, out of the name of its journal; empty where the name has none.

    Examples
    --------
    >>> digest_of(Path("20260601T120000000000-000-ecee59df39476011.sqlite"))
    'ecee59df39476011'
    """
    digest = journal.stem.rpartition("-")[2]
    return digest if len(digest) == PART else ""
