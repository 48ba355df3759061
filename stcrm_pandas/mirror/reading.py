"""What a mirror of one tenant has: rows, earlier versions, changes, and SQL. Nothing here needs a connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from stcrm_pandas.edits.apply.result import WrittenCell
from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.edits.values import current_value
from stcrm_pandas.errors import MirrorError, NotMirrored, UsageError
from stcrm_pandas.http.query import utc_text
from stcrm_pandas.mirror import queries, versions
from stcrm_pandas.mirror.client import MirrorClient, Moment
from stcrm_pandas.mirror.commits import Commit, parents_of
from stcrm_pandas.mirror.derived import (
    check_moment,
    check_start,
    current_file,
    current_table,
    dated,
    frame_as_of,
    history_of,
    live,
    without_first_reads,
)
from stcrm_pandas.mirror.resources import EVERY, ON_DEMAND, Mirrored, mirrored_as
from stcrm_pandas.mirror.status_log import ImportedStatuses, combined
from stcrm_pandas.mirror.store import SEQ, Store
from stcrm_pandas.output.printable import closest

_MARGIN = pd.Timedelta(hours=1)
"""The time of a write is by this machine's clock, and those of a mirror by the service's: they may differ by this."""
_STILL_HOLDS = ("resource", "key", "column", "old", "new", "now", "state", "changed_at")


class StoredMirror:
    """The stored data of one tenant. `Mirror` adds the methods that change it or compare it with the service.

    Parameters
    ----------
    folder : str or Path
        The folder of the mirror.
    tenant : int
        The tenant's number.
    time_zone : str, optional
        The tenant's time zone, for times without one. By default, that of the connection that synced last.
    """

    def __init__(self, folder: str | Path, *, tenant: int, time_zone: str | None = None) -> None:
        self.folder = Path(folder).expanduser() / f"tenant={tenant}"
        self.tenant = tenant
        self._time_zone = time_zone

    def read(
        self, resource: str, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid"
    ) -> pd.DataFrame:
        """Return the rows of a resource, now or at an earlier time.

        Parameters
        ----------
        resource : str
            The resource, such as `"customer_contacts"`; `mirror.status()` lists them.
        as_of : str, date or Timestamp, optional
            Return the rows as of this time. A date means midnight. The default time zone is the tenant's. By default,
            the latest versions are returned.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirror.

        Returns
        -------
        DataFrame
            The rows of the resource, with the columns of its list method. All changes up to
            `attrs["stcrm"]["complete_to"]` (UTC) are in the mirror.

        Raises
        ------
        MirrorError
            The resource was never synced, or `as_of` is before the first sync or after the time up to which the mirror
            is complete.

        Notes
        -----
        A version is valid from its modification date or, if that date did not change, from the sync that first read it.
        Two edits between two syncs appear as one version. Resources with a feed are usually complete up to 15 minutes
        before their last sync, the others up to their last sync.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["campaigns"])
        >>> mirror.read("campaigns").equals(crm.lookups.campaigns.list())
        True
        """
        mirrored = mirrored_as(resource)
        store = self._store(mirrored)
        ends = self._ends(store, mirrored)
        if as_of is None:
            table = current_table(store, mirrored.row)
            assert table is not None
            rows = versions.to_frame(mirrored.row, live(table), own=[versions.UNDOCUMENTED])
            return self._frame(mirrored, rows, ends[1])
        at = self._moment(as_of)
        check_moment(mirrored, ends, at, by)
        rows = frame_as_of(store, mirrored.row, at, by)
        if mirrored.parent is not None:
            known = self.parents(resource).query("known_from <= @at")[mirrored.parent]
            rows = rows[rows[mirrored.parent].isin(known)].reset_index(drop=True)
        frame = self._frame(mirrored, rows, ends[1])
        frame.attrs["stcrm"].update(fetched_at=at.isoformat(), as_of=at.isoformat())
        return frame

    def leads(self, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid") -> pd.DataFrame:
        """Return leads from the mirror, with the columns of `crm.leads.list()`.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            The rows as of this time, a date at midnight; by default, the latest. The default time zone is the tenant's.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirror.

        Returns
        -------
        DataFrame
            One row per lead, with the columns of `crm.leads.list()`.

        Raises
        ------
        MirrorError
            The leads were never synced, or the mirror does not cover `as_of`.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["leads"])
        >>> mirror.leads().equals(crm.leads.list())
        True
        """
        return self.read("leads", as_of=as_of, by=by)

    def bookings(self, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid") -> pd.DataFrame:
        """Return bookings from the mirror, with the columns of `crm.bookings.list()`.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            The rows as of this time, a date at midnight; by default, the latest. The default time zone is the tenant's.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirror.

        Returns
        -------
        DataFrame
            One row per booking, with the columns of `crm.bookings.list()`.

        Raises
        ------
        MirrorError
            The bookings were never synced, or the mirror does not cover `as_of`.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["bookings"])
        >>> mirror.bookings().equals(crm.bookings.list())
        True
        """
        return self.read("bookings", as_of=as_of, by=by)

    def customers(self, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid") -> pd.DataFrame:
        """Return customers from the mirror, with the columns of `crm.customers.list()`.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            The rows as of this time, a date at midnight; by default, the latest. The default time zone is the tenant's.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirror.

        Returns
        -------
        DataFrame
            One row per customer, with the columns of `crm.customers.list()`.

        Raises
        ------
        MirrorError
            The customers were never synced, or the mirror does not cover `as_of`.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["customers"])
        >>> mirror.customers().equals(crm.customers.list())
        True
        """
        return self.read("customers", as_of=as_of, by=by)

    def locations(self, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid") -> pd.DataFrame:
        """Return locations from the mirror, with the columns of `crm.locations.list()`.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            The rows as of this time, a date at midnight; by default, the latest. The default time zone is the tenant's.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirror.

        Returns
        -------
        DataFrame
            One row per location, with the columns of `crm.locations.list()`.

        Raises
        ------
        MirrorError
            The locations were never synced, or the mirror does not cover `as_of`.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["locations"])
        >>> mirror.locations().equals(crm.locations.list())
        True
        """
        return self.read("locations", as_of=as_of, by=by)

    def jobs(self, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid") -> pd.DataFrame:
        """Return jobs from the mirror, with the columns of `crm.lookups.jobs.list()`.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            The rows as of this time, a date at midnight; by default, the latest. The default time zone is the tenant's.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirror.

        Returns
        -------
        DataFrame
            One row per job, with the columns of `crm.lookups.jobs.list()`.

        Raises
        ------
        MirrorError
            The jobs were never synced, or the mirror does not cover `as_of`.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["jobs"])
        >>> mirror.jobs().equals(crm.lookups.jobs.list())
        True
        """
        return self.read("jobs", as_of=as_of, by=by)

    def parents(self, resource: str) -> pd.DataFrame:
        """Return the parents whose rows are in the mirror, for a resource that needs a request for each parent.

        Parameters
        ----------
        resource : str
            The resource, such as `"customer_notes"`.

        Returns
        -------
        DataFrame
            One row per parent: its id (here `customer_id`), and when its rows were first and last read: `known_from`
            and `complete_to` (both in UTC).

        Raises
        ------
        UsageError
            The resource is not read for chosen parents.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only="customer_notes", parents=crm.customers.list()["id"].head(3))
        >>> len(mirror.parents("customer_notes"))
        3
        """
        mirrored = mirrored_as(resource)
        if mirrored.parent is None:
            raise UsageError(f"{resource} are not read for chosen parents. Those are: {', '.join(ON_DEMAND)}.")
        parents = parents_of(self._store(mirrored).last())
        times = pd.DataFrame(parents.values(), columns=["known_from", "complete_to"], dtype="datetime64[us, UTC]")
        times.insert(0, mirrored.parent, pd.Series(list(parents), dtype=mirrored.row.dtypes[mirrored.parent]))
        return times

    def history(self, resource: str, id: int | str | Sequence[int | str]) -> pd.DataFrame:
        """Return all versions of one or more rows, oldest first.

        Parameters
        ----------
        resource : str
            The resource, such as `"leads"`.
        id : int, str or Sequence[int | str]
            The id of the row.

        Returns
        -------
        DataFrame
            One row per version: the columns of the resource, then `valid_from` and `seen_at` (the sync that read it),
            both in UTC, and `deleted`. The rows are ordered by key and version.

        Raises
        ------
        MirrorError
            The resource was never synced.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["campaigns"])
        >>> first = int(mirror.read("campaigns")["id"].iloc[0])
        >>> mirror.history("campaigns", first)["deleted"].tolist()
        [False]
        """
        mirrored = mirrored_as(resource)
        store = self._store(mirrored)
        self._ends(store, mirrored)
        wanted = [id] if isinstance(id, (int, str, np.integer)) else list(id)
        return dated(mirrored.row, history_of(store, mirrored.row, wanted))

    def changes(self, resource: str, *, since: Moment | None = None, column: str | None = None) -> pd.DataFrame:
        """Return the values that changed between versions.

        Parameters
        ----------
        resource : str
            The resource, such as `"customers"`.
        since : str, date or Timestamp, optional
            Only changes at or after this time. The default time zone is the tenant's. By default, all.
        column : str, optional
            Only changes in this column. By default, all.

        Returns
        -------
        DataFrame
            One row per changed value, ordered by `valid_from` and key: the columns of the key; `column`, its name,
            also of a field that the API does not document; `before` and `after`, the two values (missing if
            there was none); `valid_from`, when the version with the new value became valid, and `seen_at`, the sync
            that read it (both in UTC). For a row that was created, deleted or restored, `column` is `(created)`,
            `(deleted)` or `(restored)`, and both values are missing. `modified_on` is left out, because it changes with
            every edit.

        Raises
        ------
        UsageError
            The resource has no such column.
        MirrorError
            The resource was never synced, or `since` is before the first sync.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["campaigns"])
        >>> mirror.changes("campaigns", column="name").empty
        True
        """
        mirrored = mirrored_as(resource)
        store = self._store(mirrored)
        first, _ = self._ends(store, mirrored)
        start = None if since is None else self._moment(since)
        if start is not None:
            check_start(mirrored, first, start)
        history = history_of(store, mirrored.row)
        known = [*mirrored.row.dtypes, *sorted(versions.undocumented_names(history))]
        if column is not None and column not in known:
            near = closest(column, known)
            hint = f" Did you mean {near!r}?" if near else ""
            raise UsageError(f"{resource} has no column {column!r}.{hint}")
        changes = versions.changes(mirrored.row, history, first=first.number)
        if mirrored.parent is not None:
            changes = without_first_reads(changes, mirrored.parent, self.parents(resource))
        if column is not None:
            changes = changes[changes["column"] == column]
        if start is not None:
            changes = changes[changes["valid_from"] >= start]
        return changes.reset_index(drop=True)

    def client(self, *, as_of: Moment | None = None) -> MirrorClient:
        """Return a client that reads from this mirror, for code that expects a connection.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            Return all rows as of this time. The default time zone is the tenant's. By default, the latest versions are
            returned.

        Returns
        -------
        MirrorClient
            A client with `leads.list()`, `lookups.jobs.list()` and the list methods of the other resources.

        Raises
        ------
        MirrorError
            Nothing was synced.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["leads"])
        >>> mirror.client().leads.list().equals(mirror.leads())
        True
        """
        return MirrorClient(self, as_of)

    def settings(self) -> dict[str, Any]:
        """Return the settings that readers of the mirror need, from the connection that synced last.

        Returns
        -------
        dict
            The settings `time_zone`, `service_url`, `dismissing_reasons` and `double_opt_in`.

        Raises
        ------
        MirrorError
            Nothing was synced.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["campaigns"])
        >>> mirror.settings()["time_zone"] == crm.settings.time_zone
        True
        """
        settings = self._last_commit().settings
        reasons = {int(id): name for id, name in settings.get("dismissing_reasons", {}).items()}
        settings = {"double_opt_in": False, **settings}  # earlier versions did not keep it
        return {**settings, "time_zone": self._time_zone or settings.get("time_zone"), "dismissing_reasons": reasons}

    @property
    def environment(self) -> str:
        """The environment that the mirror was synced from, such as "production"."""
        return self._last_commit().environment

    def status_log(self, resource: str, *, as_of: Moment | None = None) -> pd.DataFrame:
        """Return the statuses of leads or bookings over time, for the parameter `status_log` of an analysis.

        Statuses from `Mirror.import_status_log` are included.

        Parameters
        ----------
        resource : str
            `"leads"` or `"bookings"`.
        as_of : str, date or Timestamp, optional
            Only statuses seen by this time. The default time zone is the tenant's. By default, all.

        Returns
        -------
        DataFrame
            One row per id and uninterrupted period in one status: `id`, `status`, `first_seen` (the sync that first
            read it) and `last_seen` (both in UTC). A status is last seen at the `complete_to` of the last sync that
            still had it, or when its version was modified, if that is later. So `last_seen` can be before `first_seen`.

        Raises
        ------
        UsageError
            The resource has no status.
        MirrorError
            The resource was never synced, or `as_of` is before the first sync.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["leads"])
        >>> mirror.status_log("leads").columns.tolist()
        ['id', 'status', 'first_seen', 'last_seen']
        """
        if resource not in ("leads", "bookings"):
            raise UsageError(f"status_log takes 'leads' or 'bookings', not {resource!r}.")
        mirrored = mirrored_as(resource)
        store = self._store(mirrored)
        _, last = self._ends(store, mirrored)
        at = None if as_of is None else self._moment(as_of)
        imported = ImportedStatuses(self.folder).runs(resource, at)
        known = store.times()
        known = known if at is None else known[known["seen_at"] <= at]
        if len(known):
            history = store.read([*versions.OF_STATUSES, SEQ])
            assert history is not None
            history = history.filter(pc.less_equal(history.column(SEQ), int(known.index[-1])))
            frame = combined(imported, versions.status_runs(mirrored.row, history, known))
        elif imported.empty:
            raise MirrorError(f"{resource} were first synced after {at:%Y-%m-%d %H:%M:%S} UTC.")
        else:
            frame = imported
        about = {"resource": f"status_log_{resource}", "environment": last.environment, "tenant": self.tenant}
        frame.attrs["stcrm"] = {**about, "rows": len(frame)}
        return frame

    def still_holds(self, cells: Iterable[WrittenCell]) -> pd.DataFrame:
        """Return whether cells still have the values that a bulk edit wrote.

        `Result.still_holds` calls this method; use that one.

        Parameters
        ----------
        cells : Iterable[WrittenCell]
            The cells that the bulk edit wrote.

        Returns
        -------
        DataFrame
            One row per cell, with the columns of `Result.still_holds`.

        Raises
        ------
        MirrorError
            A resource was never synced.

        Examples
        --------
        >>> import tempfile
        >>> crm.mirror(tempfile.mkdtemp()).still_holds([]).columns[-2:].tolist()
        ['state', 'changed_at']
        """
        by_resource: dict[str, list[WrittenCell]] = {}
        for cell in cells:
            by_resource.setdefault(cell.resource, []).append(cell)
        rows: list[list[Any]] = []
        complete_to = self.status().set_index("resource")["complete_to"]
        for resource, written in by_resource.items():
            names = list(TARGETS[resource].row.key)
            history = self.history(resource, [cell.key[-1] for cell in written])
            by_key = dict(iter(history.groupby(names, sort=False)))
            for cell in written:
                part = by_key.get(cell.key, history.iloc[:0])
                now, state, changed_at = state_of(cell, part, complete_to[resource])
                key = cell.key[0] if len(cell.key) == 1 else cell.key
                rows.append([resource, key, cell.column, cell.old, cell.new, now, state, changed_at])
        states = pd.DataFrame(rows, columns=list(_STILL_HOLDS))
        states["changed_at"] = pd.to_datetime(states["changed_at"], utc=True).astype("datetime64[us, UTC]")
        return states.astype({"resource": "str", "column": "str", "state": "str"})

    def sql(self, query: str) -> pd.DataFrame:
        """Run a SQL query on the current rows with DuckDB, and return its result.

        Parameters
        ----------
        query : str
            A query in DuckDB's SQL. Each resource is a view, such as `leads`, without deleted rows; times are in UTC.

        Returns
        -------
        DataFrame
            The rows that the query returns.

        Raises
        ------
        MissingExtra
            DuckDB is not installed.
        UsageError
            DuckDB does not accept the query.
        MirrorError
            The files of a resource that the query names are damaged.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["leads"])
        >>> int(mirror.sql("select count(*) as leads from leads")["leads"].iloc[0]) == len(mirror.leads())
        True
        """
        synced = self.resources
        named = queries.named_in(query, synced)
        files = self.current_files(named) if named else self.current_files(damaged="left out")
        return queries.run(query, {name: [path] for name, path in files.items()}, synced=synced)

    @property
    def resources(self) -> list[str]:
        """The resources that were synced."""
        return [mirrored.name for mirrored in EVERY.values() if self._store(mirrored).exists()]

    def current_files(
        self, only: Iterable[str] | None = None, *, damaged: Literal["raise", "left out"] = "raise"
    ) -> dict[str, Path]:
        """Return the Parquet file with the latest version of each row, for every resource that was synced.

        Parameters
        ----------
        only : iterable of str, optional
            Only these resources. By default, all that were synced.
        damaged : {"raise", "left out"}, default "raise"
            Whether damage of a resource is an error, or the resource is left out.

        Returns
        -------
        dict
            The path of the file by resource. The files also contain deleted rows, which have `_deleted` set to true.

        Raises
        ------
        MirrorError
            The files of a resource are damaged.
        """
        paths: dict[str, Path] = {}
        for name in self.resources if only is None else only:
            try:
                paths[name] = self.current_file(name)
            except MirrorError:
                if damaged == "raise":
                    raise
        return paths

    def current_file(self, resource: str) -> Path:
        """Return the Parquet file with the latest version of each row of a resource, as `current_files` does.

        Parameters
        ----------
        resource : str
            The resource, such as `"leads"`.

        Returns
        -------
        Path
            The path of the file, which also contains deleted rows.

        Raises
        ------
        MirrorError
            The resource was never synced, or its files are damaged.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["leads"])
        >>> mirror.current_file("leads").suffix
        '.parquet'
        """
        mirrored = mirrored_as(resource)
        store = self._store(mirrored)
        path = current_file(store, mirrored.row)
        if path is None:
            self._ends(store, mirrored)  # raises
        assert path is not None
        return path

    def status(self) -> pd.DataFrame:
        """Return how complete the mirror is.

        Returns
        -------
        DataFrame
            One row per resource that was synced: `resource`; the numbers of `rows`, `deleted` rows and `versions`;
            `known_from` (the first sync), `complete_to` (the time up to which all changes are in the mirror),
            `last_sync` and `last_full` (the last read of the complete list), all in UTC; the size in `bytes`; and
            `problem` (empty if there was none). If files of a resource are damaged, its other cells are missing.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["campaigns", "leads"])
        >>> mirror.status()["resource"].tolist()
        ['leads', 'campaigns']
        """
        rows: list[list[object]] = []
        for name in self.resources:
            try:
                rows.append([name, *self._status_of(EVERY[name]), ""])
            except MirrorError as error:
                rows.append([name, *[None] * 8, str(error)])
        names = ["resource", "rows", "deleted", "versions", *_MOMENTS, "bytes", "problem"]
        table = pd.DataFrame(rows, columns=names)
        moments = {name: pd.to_datetime(table[name], utc=True).astype("datetime64[us, UTC]") for name in _MOMENTS}
        numbers = dict.fromkeys(["rows", "deleted", "versions", "bytes"], "Int64")
        return table.astype({**numbers, "resource": "str", "problem": "str"}).assign(**moments)

    def _status_of(self, mirrored: Mirrored) -> list[object]:
        store = self._store(mirrored)
        first, last = self._ends(store, mirrored)
        table = current_table(store, mirrored.row)
        assert table is not None
        full = store.last_full()
        return [
            live(table).num_rows,
            table.num_rows - live(table).num_rows,
            store.versions(),
            first.seen_at,
            last.complete_to,
            last.seen_at,
            None if full is None else full.seen_at,
            sum(file.path.stat().st_size for file in store.files()),
        ]

    def _last_commit(self) -> Commit:
        commits, damage = [], None
        for mirrored in EVERY.values():
            try:
                commits.append(self._store(mirrored).last())
            except MirrorError as error:  # another resource has the settings, too
                damage = damage or error
        synced = [commit for commit in commits if commit is not None]
        if not synced:
            raise damage or NotMirrored(f"Nothing is in the mirror {self.folder}. Sync it: mirror.sync().")
        return max(synced, key=lambda commit: commit.seen_at)

    def _store(self, mirrored: Mirrored) -> Store:
        return Store(self.folder, mirrored.name)

    def _ends(self, store: Store, mirrored: Mirrored) -> tuple[Commit, Commit]:
        if (ends := store.ends()) is None:
            raise NotMirrored(f"{mirrored.name} is not in the mirror {self.folder}. Sync it: mirror.sync().")
        return ends

    def _moment(self, value: Moment) -> pd.Timestamp:
        try:
            return pd.Timestamp(utc_text(value, self.settings()["time_zone"]))
        except ValueError as error:
            raise UsageError(f"{error}.") from None

    def _frame(self, mirrored: Mirrored, rows: pd.DataFrame, last: Commit) -> pd.DataFrame:
        frame = versions.with_undocumented(rows)
        frame.attrs["stcrm"] = {
            "resource": mirrored.operation.resource,
            "operation": mirrored.operation.id,
            "environment": last.environment,
            "tenant": self.tenant,
            "filters": {},
            "fetched_at": last.seen_at,
            "complete_to": last.complete_to,
            "rows": len(frame),
            "complete": True,
            "time_zone": self._time_zone or last.settings.get("time_zone"),
            "mirror": str(self.folder),
        }
        return frame


def state_of(cell: WrittenCell, history: pd.DataFrame, complete_to: pd.Timestamp) -> tuple[Any, str, Any]:
    """Return a cell's current value, its state, and when it was changed.

    Parameters
    ----------
    history : DataFrame
        The versions of the row, oldest first, with `valid_from`, `seen_at` and `deleted`.
    complete_to : Timestamp
        All changes up to this time are in the mirror.
    """
    target = TARGETS[cell.resource]
    rows: list[dict[str, Any]] = history.to_dict("records")  # type: ignore[assignment]
    values = [current_value(target, row, cell.column) for row in rows]
    sent_at = pd.Timestamp(cell.sent_at)
    ours = [
        place
        for place, (value, seen) in enumerate(zip(values, history["seen_at"], strict=True))
        if value == cell.new and seen >= sent_at - _MARGIN and not history["deleted"].iloc[place]
    ]
    now = values[-1] if values else None
    # Without a version since the write, nothing shows a later change: the mirror may not have seen the write itself.
    if not ours and (complete_to < sent_at + _MARGIN or not (history["seen_at"] >= sent_at).any()):
        return now, "not yet known", pd.NaT
    after = ours[-1] + 1 if ours else len(values) - 1
    if ours and after == len(values):
        return now, "holds", pd.NaT
    changed_at = history["valid_from"].iloc[after]
    if history["deleted"].iloc[-1]:
        return now, "deleted", changed_at
    return now, "changed back" if now == cell.old else "changed", changed_at


_MOMENTS = ["known_from", "complete_to", "last_sync", "last_full"]
