"""The mirrors of many tenants in one folder, read together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import pandas as pd

from stcrm_pandas.errors import MirrorError, NotMirrored, StcrmWarning, UsageError, notify
from stcrm_pandas.mirror import queries
from stcrm_pandas.mirror.client import MirrorClient, Moment
from stcrm_pandas.mirror.mirror import Mirror

_FOLDER = re.compile(r"tenant=(\d+)")


Missing = Literal["raise", "warn"]
"""What to do about tenants whose rows cannot be read."""
_T = TypeVar("_T")


def mirrors(folder: str | Path, *, time_zone: str | None = None, missing: Missing = "raise") -> Mirrors:
    """Open the mirrors of all tenants in a folder, without a connection.

    Parameters
    ----------
    folder : str or Path
        The folder that was given to `crm.mirror`, or the folder of one tenant in it, such as `titan/tenant=7`.
    time_zone : str, optional
        The time zone for times without one. By default, each tenant's own.
    missing : {"raise", "warn"}, default "raise"
        What reads do about tenants whose rows were never synced, do not cover `as_of` or are damaged: raise an error
        that names them, or warn and leave them out. Analyses of these mirrors follow it, too.

    Returns
    -------
    Mirrors
        The mirrors, ordered by tenant.

    Raises
    ------
    MirrorError
        The folder does not contain a mirror.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = crm.mirror(folder).sync(only=["leads"])
    >>> mirrors(folder).tenants == [sandbox.tenant]
    True
    """
    place = Path(folder).expanduser()
    if match := _FOLDER.fullmatch(place.name):
        return Mirrors([Mirror(place.parent, tenant=int(match[1]), time_zone=time_zone)], missing)
    tenants = sorted(int(match[1]) for path in place.glob("tenant=*") if (match := _FOLDER.fullmatch(path.name)))
    if not tenants:
        raise MirrorError(f"{folder} has no mirror. Make one with crm.mirror(folder).sync().")
    return Mirrors([Mirror(folder, tenant=tenant, time_zone=time_zone) for tenant in tenants], missing)


class Mirrors:
    """The mirrors of several tenants, returned by `stcrm.mirrors(folder)`.

    Parameters
    ----------
    each : list of Mirror
        The mirrors, one per tenant.
    missing : {"raise", "warn"}, default "raise"
        What reads do about tenants whose rows cannot be read; see `mirrors`.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = crm.mirror(folder).sync(only=["leads"])
    >>> mirrors(folder).leads()["tenant"].unique().tolist() == [sandbox.tenant]
    True
    """

    def __init__(self, each: list[Mirror], missing: Missing = "raise") -> None:
        self.each, self.missing = each, missing

    @property
    def tenants(self) -> list[int]:
        """The numbers of the tenants."""
        return [mirror.tenant for mirror in self.each]

    def read(
        self,
        resource: str,
        *,
        as_of: Moment | None = None,
        by: Literal["valid", "seen"] = "valid",
        missing: Missing | None = None,
    ) -> pd.DataFrame:
        """Return the rows of a resource for all tenants, now or at an earlier time.

        Parameters
        ----------
        resource : str
            The resource, such as `"customers"`.
        as_of : str, date or Timestamp, optional
            Return the rows as of this time. A date means midnight. The default time zone is each tenant's. By default,
            the latest versions are returned.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirrors.
        missing : {"raise", "warn"}, optional
            What to do about tenants whose rows were never synced, do not cover `as_of` or are damaged: raise an error
            that names them, or warn and leave them out. By default, as given to `mirrors`.

        Returns
        -------
        DataFrame
            The rows of the resource, with the columns of its list method and `tenant` (Int64) first. `attrs["stcrm"]`
            contains the earliest `fetched_at` and `complete_to` of these tenants, and `missing_tenants`, those that
            were left out.

        Raises
        ------
        MirrorError
            A tenant's resource was never synced, does not cover `as_of` or is damaged.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["jobs"])
        >>> mirrors(folder).read("jobs").columns[0]
        'tenant'
        """
        frames = self._of_each(resource, lambda mirror: mirror.read(resource, as_of=as_of, by=by), missing)
        together, abouts = self._together(frames)
        zones = {about["time_zone"] for about in abouts}
        together.attrs["stcrm"] |= {
            **{name: min(about[name] for about in abouts) for name in ("fetched_at", "complete_to")},
            "time_zone": zones.pop() if len(zones) == 1 else None,
        }
        return together

    def leads(
        self, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid", missing: Missing | None = None
    ) -> pd.DataFrame:
        """Return leads of all tenants, with the columns of `crm.leads.list()`.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            Return the rows as of this time. A date means midnight. The default time zone is each tenant's. By default,
            the latest versions are returned.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirrors.
        missing : {"raise", "warn"}, optional
            What to do about tenants whose rows were never synced, do not cover `as_of` or are damaged: raise an error
            that names them, or warn and leave them out. By default, as given to `mirrors`.

        Returns
        -------
        DataFrame
            `tenant` (Int64), then the columns of `crm.leads.list()`.

        Raises
        ------
        MirrorError
            The leads of a tenant were never synced, do not cover `as_of` or are damaged.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["leads"])
        >>> mirrors(folder).leads().columns[0]
        'tenant'
        """
        return self.read("leads", as_of=as_of, by=by, missing=missing)

    def bookings(
        self, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid", missing: Missing | None = None
    ) -> pd.DataFrame:
        """Return bookings of all tenants, with the columns of `crm.bookings.list()`.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            Return the rows as of this time. A date means midnight. The default time zone is each tenant's. By default,
            the latest versions are returned.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirrors.
        missing : {"raise", "warn"}, optional
            What to do about tenants whose rows were never synced, do not cover `as_of` or are damaged: raise an error
            that names them, or warn and leave them out. By default, as given to `mirrors`.

        Returns
        -------
        DataFrame
            `tenant` (Int64), then the columns of `crm.bookings.list()`.

        Raises
        ------
        MirrorError
            The bookings of a tenant were never synced, do not cover `as_of` or are damaged.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["bookings"])
        >>> mirrors(folder).bookings().columns[0]
        'tenant'
        """
        return self.read("bookings", as_of=as_of, by=by, missing=missing)

    def customers(
        self, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid", missing: Missing | None = None
    ) -> pd.DataFrame:
        """Return customers of all tenants, with the columns of `crm.customers.list()`.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            Return the rows as of this time. A date means midnight. The default time zone is each tenant's. By default,
            the latest versions are returned.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirrors.
        missing : {"raise", "warn"}, optional
            What to do about tenants whose rows were never synced, do not cover `as_of` or are damaged: raise an error
            that names them, or warn and leave them out. By default, as given to `mirrors`.

        Returns
        -------
        DataFrame
            `tenant` (Int64), then the columns of `crm.customers.list()`.

        Raises
        ------
        MirrorError
            The customers of a tenant were never synced, do not cover `as_of` or are damaged.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["customers"])
        >>> mirrors(folder).customers().columns[0]
        'tenant'
        """
        return self.read("customers", as_of=as_of, by=by, missing=missing)

    def locations(
        self, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid", missing: Missing | None = None
    ) -> pd.DataFrame:
        """Return locations of all tenants, with the columns of `crm.locations.list()`.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            Return the rows as of this time. A date means midnight. The default time zone is each tenant's. By default,
            the latest versions are returned.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirrors.
        missing : {"raise", "warn"}, optional
            What to do about tenants whose rows were never synced, do not cover `as_of` or are damaged: raise an error
            that names them, or warn and leave them out. By default, as given to `mirrors`.

        Returns
        -------
        DataFrame
            `tenant` (Int64), then the columns of `crm.locations.list()`.

        Raises
        ------
        MirrorError
            The locations of a tenant were never synced, do not cover `as_of` or are damaged.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["locations"])
        >>> mirrors(folder).locations().columns[0]
        'tenant'
        """
        return self.read("locations", as_of=as_of, by=by, missing=missing)

    def jobs(
        self, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid", missing: Missing | None = None
    ) -> pd.DataFrame:
        """Return jobs of all tenants, with the columns of `crm.lookups.jobs.list()`.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            Return the rows as of this time. A date means midnight. The default time zone is each tenant's. By default,
            the latest versions are returned.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirrors.
        missing : {"raise", "warn"}, optional
            What to do about tenants whose rows were never synced, do not cover `as_of` or are damaged: raise an error
            that names them, or warn and leave them out. By default, as given to `mirrors`.

        Returns
        -------
        DataFrame
            `tenant` (Int64), then the columns of `crm.lookups.jobs.list()`.

        Raises
        ------
        MirrorError
            The jobs of a tenant were never synced, do not cover `as_of` or are damaged.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["jobs"])
        >>> mirrors(folder).jobs().columns[0]
        'tenant'
        """
        return self.read("jobs", as_of=as_of, by=by, missing=missing)

    def status_log(self, resource: str, *, as_of: Moment | None = None, missing: Missing | None = None) -> pd.DataFrame:
        """Return the statuses of leads or bookings of all tenants over time, for the parameter `status_log`.

        Parameters
        ----------
        resource : str
            `"leads"` or `"bookings"`.
        as_of : str, date or Timestamp, optional
            Only statuses seen by this time. The default time zone is each tenant's. By default, all.
        missing : {"raise", "warn"}, optional
            What to do about tenants whose rows were never synced, do not cover `as_of` or are damaged: raise an error
            that names them, or warn and leave them out. By default, as given to `mirrors`.

        Returns
        -------
        DataFrame
            `tenant` (Int64), then the columns of `Mirror.status_log`.

        Raises
        ------
        UsageError
            The resource has no status.
        MirrorError
            A tenant's resource was never synced or is damaged, or `as_of` is before its first sync.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["leads"])
        >>> mirrors(folder).status_log("leads").columns.tolist()
        ['tenant', 'id', 'status', 'first_seen', 'last_seen']
        """
        frames = self._of_each(resource, lambda mirror: mirror.status_log(resource, as_of=as_of), missing)
        return self._together(frames)[0]

    def client(self, *, as_of: Moment | None = None) -> MirrorClient:
        """Return a client that reads from the only mirror, for code that expects a connection.

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
        UsageError
            There are several tenants.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["leads"])
        >>> len(mirrors(folder).client().leads.list()) == len(crm.leads.list())
        True
        """
        if len(self.each) > 1:
            raise UsageError(
                f"The folder has mirrors of {len(self.each)} tenants. Name the folder of one, such as "
                f"{self.each[0].folder}."
            )
        return self.each[0].client(as_of=as_of)

    def sql(self, query: str, *, missing: Missing | None = None) -> pd.DataFrame:
        """Run a SQL query on the current rows of all tenants with DuckDB, and return its result.

        Parameters
        ----------
        query : str
            A query in DuckDB's SQL. Each resource is a view, such as `leads`, with a column `tenant` and without
            deleted rows; times are in UTC.
        missing : {"raise", "warn"}, optional
            What to do about tenants whose rows were never synced or are damaged: raise an error
            that names them, or warn and leave them out. By default, as given to `mirrors`.

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
            A resource that the query names was never synced for a tenant, or is damaged there.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["leads"])
        >>> mirrors(folder).sql("select tenant, count(*) as leads from leads group by 1").shape
        (1, 2)
        """
        synced = list(dict.fromkeys(name for mirror in self.each for name in mirror.resources))
        files: dict[str, list[Path]] = {}
        if named := queries.named_in(query, synced):
            for name in named:
                by_tenant = self._of_each(name, lambda mirror, name=name: mirror.current_file(name), missing)  # type: ignore[misc]
                files[name] = list(by_tenant.values())
        else:
            for mirror in self.each:
                for name, path in mirror.current_files(damaged="left out").items():
                    files.setdefault(name, []).append(path)
        return queries.run(query, files, synced=synced)

    def status(self) -> pd.DataFrame:
        """Return how complete each mirror is.

        Returns
        -------
        DataFrame
            One row per tenant and resource: `tenant` (Int64), then the columns of `Mirror.status`.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["leads"])
        >>> mirrors(folder).status()["resource"].tolist()
        ['leads']
        """
        return _with_tenants({mirror.tenant: mirror.status() for mirror in self.each})

    def _of_each(self, name: str, read: Callable[[Mirror], _T], missing: Missing | None) -> dict[int, _T]:
        """Return what a function reads of each mirror by tenant; the tenants that it cannot read raise or warn."""
        chosen = missing or self.missing
        if chosen not in get_args(Missing):
            raise UsageError(f'missing= takes "raise" or "warn", not {chosen!r}.')
        results: dict[int, _T] = {}
        failed: dict[int, MirrorError] = {}
        for mirror in self.each:
            try:
                results[mirror.tenant] = read(mirror)
            except MirrorError as error:
                failed[mirror.tenant] = error
        if not failed:
            return results
        reasons = " ".join(f"Tenant {tenant}: {error}" for tenant, error in failed.items())
        if not results or chosen == "raise":
            if len(self.each) == 1:
                raise failed[self.each[0].tenant]
            kind = NotMirrored if all(isinstance(error, NotMirrored) for error in failed.values()) else MirrorError
            hint = ' To leave them out, pass missing="warn".' if results else ""
            raise kind(f"{name} of {len(failed)} of {len(self.each)} tenants cannot be read. {reasons}{hint}")
        notify(f"{name}: {len(failed)} of {len(self.each)} tenants are left out. {reasons}", StcrmWarning)
        return results

    def _together(self, frames: Mapping[int, pd.DataFrame]) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
        """Return the frames of tenants as one, and what was noted on each."""
        abouts = [frame.attrs["stcrm"] for frame in frames.values()]
        together = _with_tenants(frames)
        tenants = list(frames)
        together.attrs["stcrm"] = {
            **abouts[0],
            "tenant": tenants if len(self.each) > 1 else tenants[0],
            "rows": len(together),
            "missing_tenants": [tenant for tenant in self.tenants if tenant not in frames],
        }
        return together, abouts

    def __repr__(self) -> str:
        return f"Mirrors({', '.join(map(repr, self.each))})"


def _with_tenants(frames: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    for tenant, frame in frames.items():
        frame.attrs = {}
        frame.insert(0, "tenant", pd.Series([tenant] * len(frame), dtype="Int64"))
    return pd.concat(frames.values(), ignore_index=True)
