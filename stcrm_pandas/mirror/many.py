"""The mirrors of many tenants in one folder, read together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from stcrm_pandas.errors import MirrorError, UsageError
from stcrm_pandas.mirror import queries
from stcrm_pandas.mirror.client import MirrorClient
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.rows import Moment, Rows

_FOLDER = re.compile(r"tenant=(\d+)")


def mirrors(folder: str | Path, *, time_zone: str | None = None) -> Mirrors:
    """Open the mirrors of all tenants in a folder, without a connection.

    Parameters
    ----------
    folder : str or Path
        The folder that was given to `crm.mirror`, or the folder of one tenant in it, such as `titan/tenant=7`.
    time_zone : str, optional
        The time zone for times without one. By default, each tenant's own.

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
        return Mirrors([Mirror(place.parent, tenant=int(match[1]), time_zone=time_zone)])
    found = sorted(int(match[1]) for path in place.glob("tenant=*") if (match := _FOLDER.fullmatch(path.name)))
    if not found:
        raise MirrorError(f"{folder} has no mirror. Make one with crm.mirror(folder).sync().")
    return Mirrors([Mirror(folder, tenant=tenant, time_zone=time_zone) for tenant in found])


class Mirrors(Rows):
    """The mirrors of several tenants, returned by `stcrm.mirrors(folder)`.

    Parameters
    ----------
    each : list of Mirror
        The mirrors, one per tenant.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = crm.mirror(folder).sync(only=["leads"])
    >>> mirrors(folder).leads()["tenant"].unique().tolist() == [sandbox.tenant]
    True
    """

    def __init__(self, each: list[Mirror]) -> None:
        self.each = each

    @property
    def tenants(self) -> list[int]:
        """The numbers of the tenants."""
        return [mirror.tenant for mirror in self.each]

    def read(
        self, resource: str, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid"
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

        Returns
        -------
        DataFrame
            The rows of the resource, with the columns of its list method and `tenant` (Int64) first. `attrs["stcrm"]`
            contains the earliest `fetched_at` and `complete_to` of all tenants.

        Raises
        ------
        MirrorError
            A tenant's resource was never synced, or a tenant's mirror does not cover `as_of`.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["jobs"])
        >>> mirrors(folder).read("jobs").columns[0]
        'tenant'
        """
        together, abouts = self._together([mirror.read(resource, as_of=as_of, by=by) for mirror in self.each])
        zones = {about["time_zone"] for about in abouts}
        together.attrs["stcrm"] |= {
            **{name: min(about[name] for about in abouts) for name in ("fetched_at", "complete_to")},
            "time_zone": zones.pop() if len(zones) == 1 else None,
        }
        return together

    def status_log(self, resource: str, *, as_of: Moment | None = None) -> pd.DataFrame:
        """Return the statuses of leads or bookings of all tenants over time, for the parameter `status_log`.

        Parameters
        ----------
        resource : str
            `"leads"` or `"bookings"`.
        as_of : str, date or Timestamp, optional
            Only statuses seen by this time. The default time zone is each tenant's. By default, all.

        Returns
        -------
        DataFrame
            `tenant` (Int64), then the columns of `Mirror.status_log`.

        Raises
        ------
        UsageError
            The resource has no status.
        MirrorError
            A tenant's resource was never synced, or `as_of` is before a tenant's first sync.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["leads"])
        >>> mirrors(folder).status_log("leads").columns.tolist()
        ['tenant', 'id', 'status', 'first_seen', 'last_seen']
        """
        return self._together([mirror.status_log(resource, as_of=as_of) for mirror in self.each])[0]

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

    def sql(self, query: str) -> pd.DataFrame:
        """Run a SQL query on the current rows of all tenants with DuckDB, and return its result.

        Parameters
        ----------
        query : str
            A query in DuckDB's SQL. Each resource is a view, such as `leads`, with a column `tenant` and without
            deleted rows; times are in UTC.

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

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = crm.mirror(folder).sync(only=["leads"])
        >>> mirrors(folder).sql("select tenant, count(*) as leads from leads group by 1").shape
        (1, 2)
        """
        files: dict[str, list[Path]] = {}
        for mirror in self.each:
            for name, path in mirror.current_files().items():
                files.setdefault(name, []).append(path)
        return queries.run(query, files, synced=files)

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
        return self._with_tenants([mirror.status() for mirror in self.each])

    def _together(self, frames: list[pd.DataFrame]) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
        """Return the frames of all tenants as one, and what was noted on each."""
        abouts = [frame.attrs["stcrm"] for frame in frames]
        together = self._with_tenants(frames)
        tenant = self.tenants if len(self.each) > 1 else self.tenants[0]
        together.attrs["stcrm"] = {**abouts[0], "tenant": tenant, "rows": len(together)}
        return together, abouts

    def _with_tenants(self, frames: list[pd.DataFrame]) -> pd.DataFrame:
        for mirror, frame in zip(self.each, frames, strict=True):
            frame.attrs = {}
            frame.insert(0, "tenant", pd.Series([mirror.tenant] * len(frame), dtype="Int64"))
        return pd.concat(frames, ignore_index=True)

    def __repr__(self) -> str:
        return f"Mirrors({', '.join(map(repr, self.each))})"
