"""Business units, tag types, employees and technicians, from the API's settings module."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.resources.base.resource import Ids, MaxAge, Resource, When, operation


class BusinessUnits(Resource):
    """Business units, including inactive ones."""

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
        """Return all business units, including inactive ones.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        active : bool, optional
            True returns only active rows, and False returns only inactive rows. By default, both are returned.
        external_data_application_guid : str, optional
            The GUID of the application whose data is returned in `external_data`.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per business unit, with the columns of `stcrm.schemas.BusinessUnits`. Times are in UTC.

        Notes
        -----
        Operation: BusinessUnits_GetList

        Examples
        --------
        >>> crm.lookups.business_units.list()["id"].is_unique
        True
        """


class TagTypes(Resource):
    """Tag types, including inactive ones."""

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
        """Return all tag types, including inactive ones.

        Parameters
        ----------
        active : bool, optional
            True returns only active rows, and False returns only inactive rows. By default, both are returned.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per tag type, with the columns of `stcrm.schemas.TagTypes`. Times are in UTC.

        Notes
        -----
        Operation: TagTypes_GetList

        Examples
        --------
        >>> crm.lookups.tag_types.list()["id"].is_unique
        True
        """


class Employees(Resource):
    """Office employees, including inactive ones. `created_by_id` of other rows refers to `user_id`."""

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
        """Return all office employees, including inactive ones; `created_by_id` of other rows refers to `user_id`.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        user_ids : int, sequence of int or Series, optional
            Only rows with these user ids, which are the ids in `created_by_id` of other rows.
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        email : str, optional
            Only rows with this e-mail address.
        active : bool, optional
            True returns only active rows, and False returns only inactive rows. By default, both are returned.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per employee, with the columns of `stcrm.schemas.Employees`. Times are in UTC.

        Notes
        -----
        Operation: Employees_GetList

        Examples
        --------
        >>> crm.lookups.employees.list()["id"].is_unique
        True
        """


class Technicians(Resource):
    """Technicians, including inactive ones. `created_by_id` of other rows refers to `user_id`."""

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
        """Return all technicians, including inactive ones; `created_by_id` of other rows refers to `user_id`.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        user_ids : int, sequence of int or Series, optional
            Only rows with these user ids, which are the ids in `created_by_id` of other rows.
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        active : bool, optional
            True returns only active rows, and False returns only inactive rows. By default, both are returned.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per technician, with the columns of `stcrm.schemas.Technicians`. Times are in UTC.

        Notes
        -----
        Operation: Technicians_GetList

        Examples
        --------
        >>> crm.lookups.technicians.list()["id"].is_unique
        True
        """
