"""A local mirror of one tenant, with every version of every row: sync, comparison with the service, and upkeep."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, TypeVar

import filelock
import numpy as np
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import MirrorBusy, MirrorError, NotMirrored, StcrmError, StcrmWarning, UsageError, notify
from stcrm_pandas.files.private import make_private_folder
from stcrm_pandas.http.query import guid, whole_number
from stcrm_pandas.mirror import versions
from stcrm_pandas.mirror.derived import refresh_current
from stcrm_pandas.mirror.privacy import copies, forgetting, people
from stcrm_pandas.mirror.privacy.forgetting import ErasureRegister
from stcrm_pandas.mirror.reading import StoredMirror
from stcrm_pandas.mirror.resources import EVERY, MIRRORED, ON_DEMAND, Mirrored, mirrored_as
from stcrm_pandas.mirror.status_log import ImportedStatuses, read_log
from stcrm_pandas.mirror.store import SEQ, Store
from stcrm_pandas.mirror.sync import Sync, describe_problem
from stcrm_pandas.mirror.verification import Total, Verification, Verified
from stcrm_pandas.output.printable import plural
from stcrm_pandas.reads.progress import Progress
from stcrm_pandas.settings.connection import duration

_T = TypeVar("_T")


class Mirror(StoredMirror):
    """A local copy of one tenant's data, with every version of each row that was read.

    `crm.mirror(folder)` returns it. Several tenants can share a folder; each has its own subfolder.

    Parameters
    ----------
    folder : str or Path
        The folder of the mirror. The first sync creates it; only its owner can read it.
    tenant : int
        The tenant's number.
    crm : Client, optional
        The connection that `sync` and `verify` read from.
    total : callable, optional
        A function that returns how many rows an operation has with the given filters. `verify` uses it.
    time_zone : str, optional
        The tenant's time zone, for times without one. By default, that of the connection that synced last.

    Examples
    --------
    >>> import tempfile
    >>> mirror = crm.mirror(tempfile.mkdtemp())
    >>> mirror.sync(only=["leads"])[["resource", "problem"]].values.tolist()
    [['leads', '']]
    >>> len(mirror.leads()) == len(crm.leads.list())
    True
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        tenant: int,
        crm: Any = None,
        total: Total | None = None,
        time_zone: str | None = None,
    ) -> None:
        super().__init__(folder, tenant=tenant, time_zone=time_zone)
        self._crm, self._total = crm, total

    def sync(
        self,
        *,
        only: Iterable[str] | None = None,
        parents: Iterable[int | str] | None = None,
        full: bool = False,
        allow_deletions: bool = False,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Update the mirror: read everything the first time, and only changes after that.

        Each resource is committed on its own, so an interrupted sync keeps the resources that were finished. Leads,
        bookings, customers, locations and their contacts are read from export feeds, which show a change after about 15
        minutes; everything else is read by modification date. Neither shows all deletions, so complete lists are also
        read: every 30 days for resources with a feed, every 7 days for the others. Rows that a complete list lacks are
        asked for by id before they count as deleted. Where the API has no filter by id, they are deleted if the
        complete list of the next sync lacks them, too; rows that need a request for each parent, if the next read of
        that parent lacks them.

        `customer_notes`, `location_notes`, `lead_notes`, `booking_contacts`, `contact_relationships` and
        `contact_preferences` need a request for each parent. They are read only if `only` names them, for the parents
        that you choose.

        Parameters
        ----------
        only : iterable of str, optional
            Sync only these resources, such as `["leads", "customers"]`. By default, all that do not need a request for
            each parent.
        parents : iterable of int or str, optional
            With one resource that needs a request for each parent, such as `only="customer_notes"`: read the rows of
            these parents (here the ids of customers). By default, those that were read before.
        full : bool, default False
            True reads the complete lists now, to find deletions.
        allow_deletions : bool, default False
            True accepts a complete list that lacks more than 10% of the rows in the mirror, or all of them. If the
            mirror has 20 rows or fewer, only a list that lacks all of several rows needs it.
        progress : bool, optional
            True always prints a line when a resource is finished, False never does. By default, the setting of the
            connection applies.

        Returns
        -------
        DataFrame
            One row per resource: `resource`, `read` (number of rows read), `written` (number of versions written),
            `deleted` (number of deletions among these versions), `problem` (empty if there was none).

        Raises
        ------
        MirrorBusy
            Another process is syncing this tenant.
        MirrorError
            The folder cannot be written to.
        UsageError
            The folder belongs to another environment, `only` names an unknown resource, or `parents` are missing or do
            not fit the resource.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> mirror.sync(only=["campaigns"])["resource"].tolist()
        ['campaigns']
        >>> customers = crm.customers.list()["id"].head(3)
        >>> mirror.sync(only="customer_notes", parents=customers)["problem"].tolist()
        ['']
        >>> mirror.read("customer_notes").columns[:2].tolist()
        ['customer_id', 'id']
        """
        self._need_connection()
        chosen = [mirrored_as(name) for name in ([only] if isinstance(only, str) else only or MIRRORED)]
        ids = None if parents is None else _parents_for(chosen, parents)
        shown = Progress(self._crm.settings.progress if progress is None else progress)
        rows = []
        with disk(self.folder), locked(self.folder):
            forgetting.finish(forgetting.stores_of(self.folder), ErasureRegister(self.folder))
            for mirrored in chosen:
                store = self._store(mirrored)
                sync, problem = Sync(self._crm, store, mirrored), ""
                try:
                    self._check_environment(store)
                    store.sweep(time.time())
                    store.add_checksums(mirrored.row.key)
                    if mirrored.parent is None:
                        sync.run(full=full, allow_deletions=allow_deletions)
                    else:
                        sync.read_parents(ids, allow_deletions=allow_deletions)
                    refresh_current(store, mirrored.row, sync.known)
                    store.compact_newest(mirrored.row.key)
                except UsageError:
                    raise
                except StcrmError as error:
                    problem = describe_problem(error)
                synced = sync.synced
                done = f"{plural(synced.read, 'row')} read, {plural(synced.written, 'new version')}"
                shown.say(f"{mirrored.name}: {problem or done}")
                rows.append([mirrored.name, synced.read, synced.written, synced.deleted, problem])
        table = pd.DataFrame(rows, columns=["resource", "read", "written", "deleted", "problem"])
        failed = table[table["problem"] != ""]
        if len(failed):
            named = "; ".join(f"{name}: {problem}" for name, problem in failed[["resource", "problem"]].to_numpy())
            notify(f"The mirror is not up to date in {len(failed)} of {len(table)} resources: {named}", StcrmWarning)
        return table.astype({"resource": "str", "problem": "str"})

    def import_status_log(self, path: str | Path) -> int:
        """Add the statuses in a status log that an earlier version of this package kept.

        They are stored apart from the rows, and only `status_log` returns them: they narrow down when a status changed
        before the first sync. The file stays as it is. Statuses that are already there are not added again.

        Parameters
        ----------
        path : str or Path
            The status log of this tenant: a `.sqlite` file, by default in the folder `statuses` beside the journals.

        Returns
        -------
        int
            The number of periods in one status that were added.

        Raises
        ------
        UsageError
            The file is not a status log, or it belongs to another tenant or environment.
        MirrorError
            Nothing was synced, or the folder cannot be written to.
        MirrorBusy
            Another process is syncing this tenant.

        Examples
        --------
        >>> import sqlite3, tempfile
        >>> mirror, log = crm.mirror(tempfile.mkdtemp()), tempfile.mkdtemp() + "/log.sqlite"
        >>> _ = mirror.sync(only=["leads"])
        >>> with sqlite3.connect(log) as db:
        ...     _ = db.execute("create table runs (resource, id, first_seen, last_seen, status)")
        ...     _ = db.execute("insert into runs values ('leads', 1, 0, 0, 'Open')")
        >>> mirror.import_status_log(log)
        1
        """
        runs = read_log(Path(path).expanduser(), tenant=self.tenant, environment=self.environment)
        with disk(self.folder), locked(self.folder):
            return ImportedStatuses(self.folder).add(runs)

    def forget(
        self,
        customer_ids: int | Iterable[int] = (),
        *,
        contacts: str | Iterable[str] = (),
        bookings: Iterable[int] = (),
        leads: Iterable[int] = (),
        dry_run: bool = False,
    ) -> pd.DataFrame:
        """Erase people, with all versions of their rows, from every file, if they ask to be forgotten.

        This erases the customers and all records that were merged with them, in either direction; their locations,
        contacts, leads and jobs; the bookings of these; leads without a customer, and bookings without somebody else's
        job, that have one of their phone numbers or e-mail addresses, in a text or in the contacts that were read on
        demand; their contacts in the newer contacts API; and the notes of all of these. A number or address that
        somebody else has, too, connects nothing. A location that belongs to another customer now keeps the versions
        since then. In texts of all other rows, such as the summary of somebody else's job, their numbers and addresses
        are replaced by `[erased]`, unless somebody else has them, too. Names in texts are not searched for.

        What to erase is written down first: if the process is killed, the next `forget` or `sync` erases the rest. No
        later sync brings the people back, even if they still exist in ServiceTitan: the mirror keeps keyed hashes of
        their ids. A record that is merged with them later is erased by the sync that shows it. `stcrm forget` also
        erases them from caches, journals, logs of grids, decisions and plans.

        Parameters
        ----------
        customer_ids : int or iterable of int, default ()
            The ids of the customers.
        contacts : str or iterable of str, default ()
            Phone numbers and e-mail addresses of people who are known only by a lead or a booking.
        bookings : iterable of int, default ()
            The ids of further bookings of these people.
        leads : iterable of int, default ()
            The ids of further leads of these people.
        dry_run : bool, default False
            True erases nothing, and returns what would be erased.

        Returns
        -------
        DataFrame
            One row per resource in which something was erased: `resource`, `rows` and `versions` (the numbers erased),
            `texts` (the number of other rows in whose texts a number or an address was erased).

        Raises
        ------
        MirrorBusy
            Another process is syncing this tenant.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["customers"])
        >>> mirror.forget(int(mirror.customers()["id"].iloc[0])).values.tolist()
        [['customers', 1, 1, 0]]
        """
        wanted = {customer_ids} if isinstance(customer_ids, (int, np.integer)) else set(customer_ids)
        values = [contacts] if isinstance(contacts, str) else list(contacts)
        with disk(self.folder), locked(self.folder):
            stores = forgetting.stores_of(self.folder)
            if not dry_run:
                forgetting.finish(stores, ErasureRegister(self.folder))
            also = {"bookings": [*map(int, bookings)], "leads": [*map(int, leads)]}
            person = people.find(stores, map(int, wanted), contacts=values, **also)
            rows = forgetting.forget(stores, person, ErasureRegister(self.folder), dry_run=dry_run)
        return pd.DataFrame(rows, columns=["resource", "rows", "versions", "texts"]).astype({"resource": "str"})

    def drop_versions(self, *, older_than: str | float | dt.timedelta) -> int:
        """Delete old versions of rows: those that were replaced or deleted before a given time.

        Current rows are kept. The mirror no longer covers moments before that time.

        Parameters
        ----------
        older_than : str, float or timedelta
            How long before the last sync, such as `"365d"` or a number of seconds.

        Returns
        -------
        int
            The number of versions deleted.

        Raises
        ------
        UsageError
            `older_than` is not a duration.
        MirrorBusy
            Another process is syncing this tenant.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["campaigns"])
        >>> mirror.drop_versions(older_than="365d")
        0
        """
        try:
            age = duration(older_than)
        except ValueError as error:
            raise UsageError(f"drop_versions(older_than=…): {error}.") from None
        with disk(self.folder), locked(self.folder):
            dropped = sum(_for_each(lambda mirrored: _drop_versions(self._store(mirrored), mirrored.row, age)))
            statuses = ImportedStatuses(self.folder)
            if statuses.table().num_rows:
                dropped += statuses.drop_before(pd.Timestamp(self._last_commit().seen_at) - age)
            return dropped

    def export(self, folder: str | Path, *, anonymous: bool = False) -> Path:
        """Write a copy of the mirror, which `stcrm.mirrors` reads like any other.

        Parameters
        ----------
        folder : str or Path
            The folder to write to. It must not contain a mirror of this tenant.
        anonymous : bool, default False
            True leaves out names, phone numbers, e-mail addresses, streets, coordinates, notes and free text. Ids are
            kept, so anyone with access to ServiceTitan can look them up. Sources and names that people type (`source`
            of bookings, `capture_source`, names of campaigns, their categories and tags) are replaced by `"other"` if
            fewer than 5 rows have or use them. A name that more rows have is kept, even if it is a person's. The copy
            cannot promise that nobody is recognized: ids, times, amounts, statuses and rare combinations of them
            remain.

        Returns
        -------
        Path
            The folder of the tenant in the copy.

        Raises
        ------
        UsageError
            The folder already contains a mirror of this tenant.

        Examples
        --------
        >>> import tempfile
        >>> mirror, folder = crm.mirror(tempfile.mkdtemp()), tempfile.mkdtemp()
        >>> _ = mirror.sync(only=["customers"])
        >>> _ = mirror.export(folder, anonymous=True)
        >>> int(Mirror(folder, tenant=mirror.tenant).customers()["name"].count())
        0
        """
        target = Path(folder).expanduser() / self.folder.name
        if (target / "history").exists():
            raise UsageError(f"{target} has a mirror. Choose another folder.")
        with disk(target), locked(target):
            if not anonymous:  # whether an id was erased is nothing for others
                ErasureRegister(self.folder).copy_to(target)
            stores = {mirrored.name: self._store(mirrored) for mirrored in EVERY.values()}
            _for_each(lambda mirrored: copies.copy(stores, Store(target, mirrored.name), mirrored, anonymous=anonymous))
            if (imported := ImportedStatuses(self.folder).table()).num_rows:
                ImportedStatuses(target).add(imported)
        return target

    def verify(self, *, only: Iterable[str] | None = None, sample: int = 100) -> pd.DataFrame:
        """Check all files, and compare the number of rows, and a random sample of rows, with those in the service.

        A file that is damaged, was changed by another program, replaced or moved is a problem of its resource. Derived
        files that differ from the history are derived again. Rows that are read on demand are not compared.

        Only rows created before the mirror's `complete_to` are counted, because feeds do not show later ones yet. Rows
        that were modified since then are not compared.

        Parameters
        ----------
        only : iterable of str, optional
            Check only these resources, such as `["leads", "customers"]`. By default, all that were synced.
        sample : int, default 100
            The number of rows of each resource to read and compare.

        Returns
        -------
        DataFrame
            One row per resource: `resource`, `in_mirror` and `in_service` (rows created before the mirror's
            `complete_to`; missing if the service does not count them), `checked` (rows read), `newer` (modified since,
            so not compared), `different`, `deleted` (in the mirror, but not in the service), `missing` (in the service,
            but not in the mirror), `problem` (empty if there was none).

        Raises
        ------
        MirrorError
            Nothing was synced.
        UsageError
            `only` names an unknown resource, or the mirror has no connection.

        Notes
        -----
        If a field changes without a new modification date, as a balance does, it differs until the complete list is
        read again. The same is true of deletions in a resource without a feed. `sync(full=True)` reads all complete
        lists now.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["leads", "campaigns"])
        >>> mirror.verify()[["resource", "different", "problem"]].values.tolist()
        [['leads', 0, ''], ['campaigns', 0, '']]
        """
        self._need_connection()
        names = [only] if isinstance(only, str) else only
        chosen = list(EVERY.values()) if names is None else [mirrored_as(name) for name in names]
        for mirrored in chosen:
            if mirrored.parent is not None and names is not None:
                raise UsageError(
                    f"verify does not compare {mirrored.name}, because each {mirrored.parent} needs a request. "
                    f'mirror.sync(only="{mirrored.name}") reads all of its rows again.'
                )
        synced = [
            (mirrored, self._store(mirrored))
            for mirrored in chosen
            if names is not None or self._store(mirrored).exists()
        ]
        if not synced:
            raise MirrorError(f"There is no mirror in {self.folder}. Sync it: mirror.sync().")
        verification, rows = Verification(self._crm, self._total, sample), []
        for mirrored, store in synced:
            try:
                self._ends(store, mirrored)
                self._check_environment(store)
                verified = verification.verify(store, mirrored)
            except NotMirrored:
                raise
            except MirrorError as error:
                verified = Verified(problem=str(error))
            rows.append([mirrored.name, *astuple(verified)])
        table = pd.DataFrame(rows, columns=["resource", *(field.name for field in fields(Verified))])
        numbers = dict.fromkeys(table.columns[1:-1], "Int64")
        return table.astype({**numbers, "resource": "str", "problem": "str"})

    def compact(self) -> None:
        """Merge the files of each resource into one file.

        A sync merges the newest files by itself, and leaves large ones apart from small ones. The mirror can be read
        meanwhile: the replaced files are kept for a day, or for an hour if there are more than 200.

        Raises
        ------
        MirrorBusy
            Another process is syncing this tenant.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["campaigns"])
        >>> mirror.compact()
        """
        with disk(self.folder), locked(self.folder):
            _for_each(self._compact)

    def _compact(self, mirrored: Mirrored) -> None:
        store = self._store(mirrored)
        store.compact(mirrored.row.key)
        store.sweep(time.time())

    def __repr__(self) -> str:
        return f"Mirror({str(self.folder)!r})"

    def _need_connection(self) -> None:
        if self._crm is None:
            raise UsageError("This mirror has no connection. Open it with crm.mirror(folder).")

    def _check_environment(self, store: Store) -> None:
        last = store.last()
        here = self._crm.settings.name
        if last is not None and last.environment != here:
            raise UsageError(
                f"{self.folder} mirrors {last.environment}, but this connection reads {here}. Choose another folder."
            )


def _for_each(act: Callable[[Mirrored], _T]) -> list[_T]:
    """Return what a function returns for each resource; damage of one is an error after the others are done.

    Raises
    ------
    MirrorError
        Files of a resource are damaged.
    """
    results, failed = [], []
    for mirrored in EVERY.values():
        try:
            results.append(act(mirrored))
        except MirrorError as error:
            failed.append(str(error))
    if failed:
        raise MirrorError(f"This was done for all resources but {len(failed)}. {' '.join(failed)}")
    return results


def _drop_versions(store: Store, row: Row, age: dt.timedelta) -> int:
    """Delete versions that were replaced or deleted before a given age, counted back from the last sync."""
    commits = store.commits()
    if not commits:
        return 0
    cutoff = dt.datetime.fromisoformat(commits[-1].seen_at) - age
    old = [commit for commit in commits if dt.datetime.fromisoformat(commit.seen_at) <= cutoff]
    table = store.read()
    if not old or table is None:
        return 0
    first = old[-1].number
    keys = pd.DataFrame({name: table.column(name).to_pylist() for name in row.key})
    early = table.column(SEQ).to_numpy() <= first
    last_early = np.zeros(len(keys), bool)
    last_early[keys[early].drop_duplicates(keep="last").index.to_numpy()] = True
    kept = ~early | (last_early & ~table.column(versions.DELETED).to_numpy().astype(bool))
    if kept.all():
        return 0
    store.replace(table.filter(pa.array(kept)), [commit for commit in commits if commit.number >= first])
    return int((~kept).sum())


def _parents_for(chosen: list[Mirrored], parents: Iterable[int | str]) -> list[int | str]:
    """Return the ids of parents as the service has them."""
    column = chosen[0].parent
    if len(chosen) != 1 or column is None:
        raise UsageError(
            f"parents= needs only= with one resource that is read for each parent: {', '.join(ON_DEMAND)}."
        )
    clean = whole_number if chosen[0].row.dtypes[column] == "Int64" else guid
    try:
        return [clean(id) for id in ([parents] if isinstance(parents, (int, str)) else parents)]
    except ValueError as error:
        raise UsageError(f"parents: a {column} {error}.") from None


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a tenant's folder.

    Raises
    ------
    MirrorBusy
        Another process or thread holds it.
    """
    make_private_folder(folder)
    lock = filelock.FileLock(folder / ".lock", mode=0o600)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise MirrorBusy(
            f"{folder} is being synced or compacted by another process. Wait until it has ended."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[None]:
    """Raise a clear error if the disk fails.

    Raises
    ------
    MirrorError
        The folder cannot be written to.
    """
    try:
        yield
    except OSError as error:
        raise MirrorError(
            f"The mirror cannot be written to {folder} ({error.strerror}). Data from earlier syncs is not affected; "
            "free some disk space or make the folder writable, and sync again."
        ) from None
