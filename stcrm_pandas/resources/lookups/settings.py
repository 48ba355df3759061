"""Business units, tag types, employees and technicians, from the API's settings module."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.resources.base.resource import Ids, MaxAge, Resource, When, operation


class BusinessUnits(Resource):
    """Business units, inactive ones too."""

    name = "lookups.business_units"

    @operation
    def list(
        self,
        *,
        ids: Ids | None = None,
        name: str | None = None,
        active: bool | None = None,
        external_data_application_guid: str | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return all business units, inactive ones too.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only these ids. Ids that do not exist are left out; `get` raises an error for them.
        name : str, optional
            Only rows with this name, as the service compares names.
        active : bool, optional
            True for active rows only, False for inactive rows only. By default both.
        external_data_application_guid : str, optional
            Fill `external_data` with the data of this application.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. Without a time zone: the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. Without a time zone: the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. Without a time zone: the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. Without a time zone: the tenant's.
        max_age : str, float or timedelta, optional
            How old a cached read may be, such as `"15m"`, seconds, or 0. By default `max_age` of the connection.
        refresh : bool, default False
            True reads from the service again and stores the result.
        allow_incomplete : bool, default False
            True returns an incomplete read, with a warning instead of an error.

        Returns
        -------
        DataFrame
            A DataFrame with the columns of `stcrm.schemas.BusinessUnits`; times are in UTC.

        Notes
        -----
        Operation: BusinessUnits_GetList

        Examples
        --------
        >>> crm.lookups.business_units.list()["id"].is_unique
        True
        """


class TagTypes(Resource):
    """Tag types, inactive ones too."""

    name = "lookups.tag_types"

    @operation
    def list(
        self,
        *,
        active: bool | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return all tag types, inactive ones too.

        Parameters
        ----------
        active : bool, optional
            True for active rows only, False for inactive rows only. By default both.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. Without a time zone: the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. Without a time zone: the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. Without a time zone: the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. Without a time zone: the tenant's.
        max_age : str, float or timedelta, optional
            How old a cached read may be, such as `"15m"`, seconds, or 0. By default `max_age` of the connection.
        refresh : bool, default False
            True reads from the service again and stores the result.
        allow_incomplete : bool, default False
            True returns an incomplete read, with a warning instead of an error.

        Returns
        -------
        DataFrame
            A DataFrame with the columns of `stcrm.schemas.TagTypes`; times are in UTC.

        Notes
        -----
        Operation: TagTypes_GetList

        Examples
        --------
        >>> crm.lookups.tag_types.list()["id"].is_unique
        True
        """


class Employees(Resource):
    """Office employees, inactive ones too; `created_by_id` of other rows refers to `user_id`."""

    name = "lookups.employees"

    @operation
    def list(
        self,
        *,
        ids: Ids | None = None,
        user_ids: Ids | None = None,
        name: str | None = None,
        email: str | None = None,
        active: bool | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return all office employees, inactive ones too; `created_by_id` of other rows refers to `user_id`.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only these ids. Ids that do not exist are left out; `get` raises an error for them.
        user_ids : int, sequence of int or Series, optional
            Only these user ids; `created_by_id` of other rows refers to them.
        name : str, optional
            Only rows with this name, as the service compares names.
        email : str, optional
            Only rows with this e-mail address.
        active : bool, optional
            True for active rows only, False for inactive rows only. By default both.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. Without a time zone: the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. Without a time zone: the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. Without a time zone: the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. Without a time zone: the tenant's.
        max_age : str, float or timedelta, optional
            How old a cached read may be, such as `"15m"`, seconds, or 0. By default `max_age` of the connection.
        refresh : bool, default False
            True reads from the service again and stores the result.
        allow_incomplete : bool, default False
            True returns an incomplete read, with a warning instead of an error.

        Returns
        -------
        DataFrame
            A DataFrame with the columns of `stcrm.schemas.Employees`; times are in UTC.

        Notes
        -----
        Operation: Employees_GetList

        Examples
        --------
        >>> crm.lookups.employees.list()["id"].is_unique
        True
        """


class Technicians(Resource):
    """Technicians, inactive ones too; `created_by_id` of other rows refers to `user_id`."""

    name = "lookups.technicians"

    @operation
    def list(
        self,
        *,
        ids: Ids | None = None,
        user_ids: Ids | None = None,
        name: str | None = None,
        active: bool | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return all technicians, inactive ones too; `created_by_id` of other rows refers to `user_id`.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only these ids. Ids that do not exist are left out; `get` raises an error for them.
        user_ids : int, sequence of int or Series, optional
            Only these user ids; `created_by_id` of other rows refers to them.
        name : str, optional
            Only rows with this name, as the service compares names.
        active : bool, optional
            True for active rows only, False for inactive rows only. By default both.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. Without a time zone: the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. Without a time zone: the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. Without a time zone: the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. Without a time zone: the tenant's.
        max_age : str, float or timedelta, optional
            How old a cached read may be, such as `"15m"`, seconds, or 0. By default `max_age` of the connection.
        refresh : bool, default False
            True reads from the service again and stores the result.
        allow_incomplete : bool, default False
            True returns an incomplete read, with a warning instead of an error.

        Returns
        -------
        DataFrame
            A DataFrame with the columns of `stcrm.schemas.Technicians`; times are in UTC.

        Notes
        -----
        Operation: Technicians_GetList

        Examples
        --------
        >>> crm.lookups.technicians.list()["id"].is_unique
        True
        """
