"""The rows of a mirror by name of their resource, for one tenant or several."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal

import pandas as pd

Moment = Any
"""A time as filters take it: text, date or Timestamp; without a time zone in the tenant's."""


class Rows(ABC):
    """What one mirror and several have in common. The examples show one."""

    @abstractmethod
    def read(
        self, resource: str, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid"
    ) -> pd.DataFrame:
        """Return the rows of a resource, now or at an earlier moment."""

    def leads(self, *, as_of: Moment | None = None, by: Literal["valid", "seen"] = "valid") -> pd.DataFrame:
        """Return leads as `crm.leads.list()` does, without a request.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            The moment, as in `read`. By default, the latest versions.
        by : {"valid", "seen"}, default "valid"
            Return the rows as they were in ServiceTitan then, or as they were in this mirror then.

        Returns
        -------
        DataFrame
            A DataFrame like that of `crm.leads.list()`.

        Raises
        ------
        MirrorError
            They were never synced, or the mirror does not cover the moment.

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
        """Return bookings as `crm.bookings.list()` does, without a request.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            The moment, as in `read`. By default, the latest versions.
        by : {"valid", "seen"}, default "valid"
            Return the rows as they were in ServiceTitan then, or as they were in this mirror then.

        Returns
        -------
        DataFrame
            A DataFrame like that of `crm.bookings.list()`.

        Raises
        ------
        MirrorError
            They were never synced, or the mirror does not cover the moment.

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
        """Return customers as `crm.customers.list()` does, without a request.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            The moment, as in `read`. By default, the latest versions.
        by : {"valid", "seen"}, default "valid"
            Return the rows as they were in ServiceTitan then, or as they were in this mirror then.

        Returns
        -------
        DataFrame
            A DataFrame like that of `crm.customers.list()`.

        Raises
        ------
        MirrorError
            They were never synced, or the mirror does not cover the moment.

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
        """Return locations as `crm.locations.list()` does, without a request.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            The moment, as in `read`. By default, the latest versions.
        by : {"valid", "seen"}, default "valid"
            Return the rows as they were in ServiceTitan then, or as they were in this mirror then.

        Returns
        -------
        DataFrame
            A DataFrame like that of `crm.locations.list()`.

        Raises
        ------
        MirrorError
            They were never synced, or the mirror does not cover the moment.

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
        """Return jobs as `crm.lookups.jobs.list()` does, without a request.

        Parameters
        ----------
        as_of : str, date or Timestamp, optional
            The moment, as in `read`. By default, the latest versions.
        by : {"valid", "seen"}, default "valid"
            Return the rows as they were in ServiceTitan then, or as they were in this mirror then.

        Returns
        -------
        DataFrame
            A DataFrame like that of `crm.lookups.jobs.list()`.

        Raises
        ------
        MirrorError
            They were never synced, or the mirror does not cover the moment.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["jobs"])
        >>> mirror.jobs().equals(crm.lookups.jobs.list())
        True
        """
        return self.read("jobs", as_of=as_of, by=by)
