"""A log of the statuses of leads and bookings: a small file per tenant that grows with each read.

The API does not return when a lead was converted or a booking dismissed. Frequent reads narrow it down: after the last
read in which it was open, and not after the first in which it was converted. Only ids, statuses and times are stored:
the first and the last time of each run of one status.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stcrm_pandas.errors import SettingsError, StcrmWarning, UsageError, notify
from stcrm_pandas.http.own_files import STATUS_LOG, owned_in, state_of
from stcrm_pandas.settings.connection import Settings

__all__ = ["RESOURCES", "Seen", "StatusLog", "logs_in", "status_log_path"]

RESOURCES = ("leads", "bookings")
"""Resources whose statuses are logged."""

Seen = tuple[Iterable[tuple[int, str | None]], dt.datetime]
"""Ids and statuses of one page, and the time of its response."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_PATIENCE = 30.0  # seconds in which another process may hold the file
_SCHEMA = f"""
{STATUS_LOG.stamp}
CREATE TABLE IF NOT EXISTS runs (
    resource TEXT NOT NULL, id INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, status TEXT,
    PRIMARY KEY (resource, id, first_seen)
) WITHOUT ROWID;
CREATE TEMP TABLE seen (id INTEGER PRIMARY KEY, status TEXT);
"""
_LONGER = """
UPDATE runs SET last_seen = :at FROM seen
WHERE runs.resource = :resource AND runs.id = seen.id AND runs.status IS seen.status AND runs.last_seen < :at
AND runs.first_seen = (SELECT max(first_seen) FROM runs AS any WHERE any.resource = :resource AND any.id = seen.id)
"""
# An older response from the cache adds nothing if a later status is logged already.
_NEW = """
INSERT INTO runs SELECT :resource, seen.id, :at, :at, seen.status FROM seen WHERE NOT EXISTS (
    SELECT 1 FROM runs WHERE runs.resource = :resource AND runs.id = seen.id AND runs.last_seen >= :at
)
"""


class StatusLog:
    """The status log of one tenant in one environment.

    Parameters
    ----------
    path : Path
        The file, created when the first status is logged; only its owner can read it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, resource: str, pages: Sequence[Seen]) -> None:
        """Log statuses; if they cannot be stored, warn instead of failing the read.

        Parameters
        ----------
        resource : str
            One of `RESOURCES`.
        pages : sequence of Seen
            The pages of a complete read.
        """
        try:
            with self._open() as db:
                for rows, moment in sorted(pages, key=lambda page: page[1]):
                    at = {"resource": resource, "at": (moment - _EPOCH) // _MICROSECOND}
                    db.execute("DELETE FROM seen")
                    db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", rows)
                    db.execute(_LONGER, at)
                    db.execute(_NEW, at)
        except SettingsError as error:
            notify(f"{error} The read continues without the status log.", StcrmWarning)

    def frame(self, resource: str) -> pd.DataFrame:
        """Return the log of a resource.

        Returns
        -------
        DataFrame
            A row per run of one status: `id` (Int64), `status` (str), `first_seen`, `last_seen` (UTC), ordered by `id`
            and `first_seen`. A change to a status happened after the `last_seen` of the run before, and not after its
            own `first_seen`.

        Raises
        ------
        UsageError
            Statuses of this resource are not logged.
        SettingsError
            The file cannot be read.
        """
        if resource not in RESOURCES:
            raise UsageError(f"The status log covers only {' and '.join(RESOURCES)}, not {resource!r}.")
        found: list[tuple[Any, ...]] = []
        if self.path.exists():
            with self._open() as db:
                query = "SELECT id, status, first_seen, last_seen FROM runs WHERE resource = ? ORDER BY id, first_seen"
                found = db.execute(query, (resource,)).fetchall()
        ids, statuses, first, last = zip(*found, strict=True) if found else ((), (), (), ())
        return pd.DataFrame(
            {
                "id": pd.array(ids, dtype="Int64"),
                "status": pd.Series(statuses, dtype="str"),
                "first_seen": _moments(first),
                "last_seen": _moments(last),
            }
        )

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if state_of(self.path, STATUS_LOG) == "foreign":
                raise SettingsError(
                    f"{self.path} is a link or not a status log of stcrm-pandas, so it was not changed. Move it away, "
                    "or set STCRM_STATE_DIR to another folder."
                )
            if not self.path.exists():  # SQLite would create it readable by others
                with contextlib.suppress(FileExistsError):
                    os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            self.path.chmod(0o600)
            with contextlib.closing(sqlite3.connect(self.path, timeout=_PATIENCE)) as db:
                db.executescript(_SCHEMA)
                with db:  # one transaction: a read is logged completely or not at all
                    db.execute("BEGIN IMMEDIATE")
                    yield db
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(
                f"The status log {self.path} cannot be read or written ({error}). Free some disk space. If the file is "
                "damaged, move it away; its entries will be lost."
            ) from None


def status_log_path(settings: Settings) -> Path:
    """Return the path of a tenant's status log: one file per environment, for all applications."""
    who = json.dumps([settings.name, settings.tenant])
    place = re.sub(r"[^A-Za-z0-9]+", "-", settings.name.partition("://")[2] or settings.name).strip("-")[:40]
    name = f"{place}-{settings.tenant}-{hashlib.sha256(who.encode()).hexdigest()[:10]}.sqlite"
    return settings.status_folder / name


def logs_in(folder: Path) -> list[Path]:
    """Return the status logs in a folder, without other files and links."""
    return owned_in(folder, STATUS_LOG)


def _moments(values: Sequence[int]) -> pd.Series:
    return pd.Series(pd.to_datetime(pd.Series(values, dtype="int64"), unit="us", utc=True), dtype="datetime64[us, UTC]")
