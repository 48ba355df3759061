"""Methods that return the rows of a mirror by resource, for one tenant or several."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal

import pandas as pd

Moment = Any
"""A time as filters take it: text, date or Timestamp; without a time zone in the tenant's."""


class Rows(ABC):
    """Methods that `Mirror` and `Mirrors` share: each returns the rows of a resource. The examples use a `Mirror`."""

    @abstractmethod
    def read(
        self, resource: str, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid"
    ) -> pd.DataFrame:
        """Return the rows of a resource, now or at an earlier time; see `Mirror.read` and `Mirrors.read`.

        Parameters
        ----------
        resource : str
            The resource, such as `"customer_contacts"`.
        as_of : str, date or Timestamp, optional
            The rows as of this time, a date at midnight; by default, the latest. The default time zone is the tenant's.
        by : {"valid", "seen"}, default "valid"
            `"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirror.
        """

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
            With `Mirrors`, the first column is `tenant` (Int64).

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
            With `Mirrors`, the first column is `tenant` (Int64).

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
            With `Mirrors`, the first column is `tenant` (Int64).

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
            With `Mirrors`, the first column is `tenant` (Int64).

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
            With `Mirrors`, the first column is `tenant` (Int64).

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
