"""Statuses from the status logs that earlier versions of this package kept, in a table of their own.

Such a log is a SQLite file of one tenant and environment, with the first and the last time of each run of one status.
Its statuses were seen before the first sync, so they only narrow down when a status changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.errors import MirrorError, UsageError
from stcrm_pandas.files.private import make_private_folder
from stcrm_pandas.files.sqlite_files import Kind, connect_read_only, state_of
from stcrm_pandas.mirror.sealed import DamagedFile, UnreadableFile, decoding, open_parquet, write_parquet

STATUS_LOG = Kind(0x5354434C, 0, frozenset({"runs"}))
_TIME = pa.timestamp("us", "UTC")
_SCHEMA = pa.schema(
    [
        ("resource", pa.string()),
        ("id", pa.int64()),
        ("status", pa.string()),
        ("first_seen", _TIME),
        ("last_seen", _TIME),
    ]
)
_NAME = re.compile(r".*-(\d+)-([0-9a-f]{10})\.sqlite")


def read_log(path: Path, *, tenant: int, environment: str) -> pa.Table:
    """Return the runs in a status log.

    Raises
    ------
    UsageError
        The file is not a status log, is damaged, or belongs to another tenant or environment.
    """
    if state_of(path, STATUS_LOG) not in ("ours", "unstamped"):
        raise UsageError(f"{path} is not a status log of stcrm-pandas. Give the path of its .sqlite file.")
    who = hashlib.sha256(json.dumps([environment, tenant]).encode()).hexdigest()[:10]
    if (match := _NAME.fullmatch(path.name)) and match.groups() != (str(tenant), who):
        raise UsageError(
            f"{path} is the status log of another tenant or environment than {tenant} ({environment}), which this "
            "mirror has. Import it into the mirror of its own tenant."
        )
    try:
        with contextlib.closing(connect_read_only(path)) as db:
            runs = db.execute(f"SELECT {', '.join(_SCHEMA.names)} FROM runs").fetchall()
    except sqlite3.Error as error:
        raise UsageError(f"The status log {path} cannot be read ({error}). Nothing was imported.") from None
    columns = list(zip(*runs, strict=True)) or [()] * len(_SCHEMA)
    return pa.table([pa.array(cells, field.type) for cells, field in zip(columns, _SCHEMA, strict=True)], _SCHEMA)


class ImportedStatuses:
    """The imported statuses of one tenant. The lock of the tenant must be held to change them.

    Parameters
    ----------
    folder : Path
        The folder of the tenant.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "imported" / "status_log.parquet"

    def table(self) -> pa.Table:
        """Return all runs."""
        if not self._path.exists():
            return _SCHEMA.empty_table()
        try:
            with decoding(), open_parquet(self._path) as file:
                return file.read().select(_SCHEMA.names).cast(_SCHEMA)
        except UnreadableFile as error:
            raise MirrorError(
                f"{self._path} cannot be read ({error}). Make it readable for you, and try again."
            ) from None
        except DamagedFile as error:
            raise MirrorError(
                f"{self._path} cannot be used: {error}. It has the statuses of imported status logs. Restore it from a "
                "backup, or delete it and import them again with mirror.import_status_log(path)."
            ) from None

    def add(self, runs: pa.Table) -> int:
        """Add runs, and return how many were not there."""
        before = self.table()
        together = pa.concat_tables([before, runs]).group_by(_SCHEMA.names).aggregate([]).select(_SCHEMA.names)
        self.replace(together)
        return int(together.num_rows - before.num_rows)

    def replace(self, runs: pa.Table) -> None:
        """Store these runs in place of all others."""
        make_private_folder(self._path.parent)
        part = self._path.with_suffix(".part")
        part.unlink(missing_ok=True)
        try:
            write_parquet(runs, part)
            os.replace(part, self._path)
        finally:
            part.unlink(missing_ok=True)

    def forget(self, resource: str, ids: Collection[int]) -> None:
        """Erase the runs of some rows, and what an interrupted write left."""
        self._path.with_suffix(".part").unlink(missing_ok=True)
        if self._path.exists() and ids:
            table = self.table()
            named = pc.is_in(table.column("id"), value_set=pa.array(sorted(ids), pa.int64()))
            self.replace(table.filter(pc.invert(pc.and_(pc.equal(table.column("resource"), resource), named))))

    def drop_before(self, moment: pd.Timestamp) -> int:
        """Delete the runs that were last seen before a moment, and return how many."""
        table = self.table()
        kept = table.filter(pc.greater_equal(table.column("last_seen"), pa.scalar(moment.to_pydatetime(), _TIME)))
        if kept.num_rows < table.num_rows:
            self.replace(kept)
        return int(table.num_rows - kept.num_rows)

    def runs(self, resource: str, until: pd.Timestamp | None = None) -> pd.DataFrame:
        """Return the runs of a resource as a status log, only as seen by a moment if given."""
        table = self.table()
        rows = table.filter(pc.equal(table.column("resource"), resource)).drop_columns("resource").to_pandas()
        runs: pd.DataFrame = rows.astype({"id": "Int64", "status": "str"})
        if until is not None:
            runs = runs[runs["first_seen"] <= until]
            runs = runs.assign(last_seen=runs["last_seen"].where(runs["last_seen"] <= until, until))
        return runs.reset_index(drop=True)


def combined(imported: pd.DataFrame, synced: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of an imported log and those of a mirror as one status log, by when each status was seen.

    A run shows its status at two moments: when it was last seen, and when it was first seen, if that is not later.
    """
    if imported.empty:
        return synced
    runs = pd.concat([imported, synced.astype(imported.dtypes)], ignore_index=True)
    run = np.maximum(np.arange(len(runs)) - len(imported), -1)  # a mirror's runs stay apart: it saw a deletion between
    first, last = runs["first_seen"], runs["last_seen"]
    begun = runs[["id", "status"]].assign(at=first.where(first < last, last), begun=first, run=run)
    ended = runs[["id", "status"]].assign(at=last, begun=last.where(first < last, first), run=run)
    seen = pd.concat([begun, ended]).sort_values(["id", "at", "run"], kind="stable", ignore_index=True)
    before = seen.shift()
    same = (seen["id"] == before["id"]) & (seen["status"].fillna("") == before["status"].fillna(""))
    same &= (seen["run"] < 0) | (before["run"] < 0) | (seen["run"] == before["run"])
    grouped = seen.groupby((~same.fillna(False)).cumsum(), sort=False)
    log = grouped.agg(
        id=("id", "first"), status=("status", "first"), first_seen=("begun", "min"), last_seen=("at", "max")
    )
    return log.astype(dict(synced.dtypes)).reset_index(drop=True)
