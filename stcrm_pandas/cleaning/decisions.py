"""What people decided about pairs of customers, in a small private file.

A decision has ids, a verdict and a keyed hash of the compared values, never the values themselves.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, get_args

from stcrm_pandas.errors import UsageError
from stcrm_pandas.files import row_sums
from stcrm_pandas.files.private import create_private
from stcrm_pandas.files.sqlite_files import Kind, state_of

Verdict = Literal["same", "different", "later"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

VERSION = 1
"""The version of the compared values; a decision on those of another version is asked again."""

DECISIONS = Kind(0x53544344, 1, frozenset({"about", "decisions"}))
_SCHEMA = f"""
CREATE TABLE about (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY, id_1 INTEGER NOT NULL, id_2 INTEGER NOT NULL, verdict TEXT NOT NULL,
    fingerprint BLOB NOT NULL, version INTEGER NOT NULL, who TEXT NOT NULL, decided_on TEXT NOT NULL
);
CREATE INDEX pairs ON decisions (id_1, id_2);
{DECISIONS.stamp}
PRAGMA user_version = {DECISIONS.version};
"""
_KEYS = {"about": ("name",), "decisions": ("number",)}
"""The tables whose rows have checksums, with their keys."""


class Decision(NamedTuple):
    """A decision about two customers (`id_1` < `id_2`); the time is in UTC, as ISO 8601 text."""

    id_1: int
    id_2: int
    verdict: Verdict
    fingerprint: bytes
    version: int
    who: str
    decided_on: str


class Decisions:
    """The decisions about pairs of customers of one company.

    The file has mode 0600. Decisions are added and never changed; the latest one of a pair counts.

    Parameters
    ----------
    path : str or Path, optional
        The SQLite file, which is created if it does not exist. By default, decisions are kept in memory only.

    Raises
    ------
    UsageError
        The file is not one of this class, or the folder does not exist.

    Examples
    --------
    >>> kept = Decisions()
    >>> kept.add(7, 3, "different", "the compared values", who="ann")
    >>> kept.latest()[3, 7].verdict
    'different'
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = None if path is None else Path(path)
        if self.path is None:
            self._memory: sqlite3.Connection | None = sqlite3.connect(":memory:", check_same_thread=False)
            self._create(self._memory)
            row_sums.add_table(self._memory, _KEYS)
        else:
            self._memory = None
            self._make_file(self.path)
            self._check()
        with self._open() as db:
            self._key = bytes(db.execute("SELECT value FROM about WHERE name = 'key'").fetchone()[0])

    def add(self, one: int, other: int, verdict: Verdict, values: str, *, who: str = "") -> None:
        """Add a decision.

        Parameters
        ----------
        one, other : int
            The ids of the customers, in any order.
        verdict : {"same", "different", "later"}
            The decision.
        values : str
            The compared values, of which only a keyed hash is kept.
        who : str, default ''
            Who decided.

        Raises
        ------
        UsageError
            The verdict is unknown, or both ids are equal.
        """
        if verdict not in VERDICTS:
            raise UsageError(f"the verdict {verdict!r} is not one of {', '.join(VERDICTS)}")
        if one == other:
            raise UsageError(f"a decision is about two customers, not {one} twice")
        first, second = sorted((int(one), int(other)))
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        row = (first, second, verdict, self.fingerprint(values), VERSION, who, now)
        with self._open() as db, db:
            number = db.execute(
                "INSERT INTO decisions (id_1, id_2, verdict, fingerprint, version, who, decided_on)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            ).lastrowid
            row_sums.add_row(db, "decisions", [number], (number, *row))

    def latest(self) -> dict[tuple[int, int], Decision]:
        """Return the latest decision of each pair, in the order in which they were made.

        Returns
        -------
        dict[tuple[int, int], Decision]
            The decisions by ids, the smaller id first.
        """
        with self._open() as db:
            rows = db.execute(
                "SELECT id_1, id_2, verdict, fingerprint, version, who, decided_on FROM decisions"
                " WHERE number IN (SELECT max(number) FROM decisions GROUP BY id_1, id_2) ORDER BY number"
            ).fetchall()
        return {(row[0], row[1]): Decision(*row) for row in rows}

    def _check(self) -> None:
        """Raise if a row of the file was damaged, and add checksums to the file of an earlier version."""
        try:
            with self._open() as db, db:
                row_sums.check(db, _KEYS)
                row_sums.add_table(db, _KEYS)
        except row_sums.DamagedRows as error:
            raise UsageError(
                f"the decisions in {self.path} are damaged: {error}. None of them was used; restore the file from a "
                "backup, or choose another path and decide again"
            ) from None

    def fingerprint(self, values: str) -> bytes:
        """Return the keyed hash of compared values.

        Parameters
        ----------
        values : str
            The compared values of both customers.

        Returns
        -------
        bytes
            The hash (BLAKE2b), whose key is in the file.
        """
        return hashlib.blake2b(values.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()

    @property
    def company(self) -> str | None:
        """The environment and the tenant whose customers the decisions are about; None if that was never noted."""
        with self._open() as db:
            noted = db.execute("SELECT value FROM about WHERE name = 'company'").fetchone()
        return None if noted is None else str(noted[0])

    def bind(self, company: str) -> None:
        """Note whose customers the decisions are about, or check it.

        Parameters
        ----------
        company : str
            The environment and the tenant.

        Raises
        ------
        UsageError
            The decisions are about the customers of another company.
        """
        with self._open() as db, db:
            db.execute("INSERT OR IGNORE INTO about VALUES ('company', ?)", (company,))
            row_sums.add(db, "about", _KEYS["about"])
        if self.company != company:
            raise UsageError(
                f"the decisions in {self.path} are about the customers of {self.company}, not of {company}; use "
                "another file"
            )

    def forget(self, customers: Iterable[int], *, dry_run: bool = False) -> int:
        """Erase all decisions about some customers.

        Parameters
        ----------
        customers : iterable of int
            The ids of the customers.
        dry_run : bool, default False
            True erases nothing, and returns what would be erased.

        Returns
        -------
        int
            The number of decisions erased.

        Examples
        --------
        >>> kept = Decisions()
        >>> kept.add(7, 3, "different", "the compared values")
        >>> kept.forget([7]), kept.latest()
        (1, {})
        """
        ids = [(int(id),) for id in customers]
        with self._open() as db:
            db.execute("PRAGMA secure_delete = ON")
            count = "SELECT count(*) FROM decisions WHERE ?1 IN (id_1, id_2)"
            deleted = sum(db.execute(count, id).fetchone()[0] for id in ids)
            if not dry_run:
                with db:
                    db.executemany("DELETE FROM decisions WHERE ?1 IN (id_1, id_2)", ids)
                db.execute("VACUUM")
        return int(deleted)

    def __repr__(self) -> str:
        where = "in memory" if self.path is None else f"in {self.path}"
        return f"<Decisions on {len(self.latest()):,} pairs, {where}>"

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if self._memory is not None:
            yield self._memory
            return
        try:
            with contextlib.closing(sqlite3.connect(str(self.path), timeout=30)) as db:
                db.execute("PRAGMA synchronous = FULL")
                yield db
        except (sqlite3.DatabaseError, UnicodeError) as error:
            reason = row_sums.code_of(error)
            raise UsageError(f"the decisions in {self.path} cannot be read or written ({reason})") from None

    def _make_file(self, path: Path) -> None:
        state = state_of(path, DECISIONS)
        if state == "ours":
            path.chmod(0o600)
            return
        if state != "empty":
            raise UsageError(f"{path} is not a file of decisions; choose another path")
        try:
            with contextlib.suppress(FileExistsError):
                create_private(path)
            path.chmod(0o600)
        except OSError as error:
            raise UsageError(f"{path} cannot be created: {error.strerror}") from error
        with self._open() as db:
            self._create(db)

    @staticmethod
    def _create(db: sqlite3.Connection) -> None:
        with contextlib.suppress(sqlite3.OperationalError):  # another process created the tables at the same time
            db.executescript(
                f"BEGIN EXCLUSIVE; {_SCHEMA} INSERT INTO about VALUES ('key', x'{secrets.token_hex(32)}'); COMMIT;"
            )


class Decidable(Protocol):
    """Pairs of customers that a person can decide on: `Duplicates`."""

    decisions: Decisions

    def fingerprint(self, id_1: int, id_2: int) -> str:
        """Return the fingerprint of the compared values of two customers."""

    def decision(self, id_1: int, id_2: int) -> Verdict | None:
        """Return the decision about two customers that still holds."""

    def decide(self, id_1: int, id_2: int, verdict: Verdict, *, who: str = "") -> None:
        """Record a decision about two customers."""
