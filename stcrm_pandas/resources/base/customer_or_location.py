"""What customers and locations have in common: notes, tags, custom fields, preferred technicians."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from stcrm_pandas.resources.base.phones_and_emails import PhonesAndEmails
from stcrm_pandas.resources.base.planning import WARN_ABOVE
from stcrm_pandas.resources.base.resource import Ids, MaxAge, When, checked, operation

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan


class CustomerOrLocation(PhonesAndEmails):
    """The methods that customers and locations share. The examples show customers."""

    @operation
    def list_notes(
        self,
        ids: Ids,
        *,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the notes on customers or locations, with one request per id.

        Parameters
        ----------
        ids : int, sequence of int or Series
            One or more ids. Duplicates are dropped.
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
            One row per note, with the columns of `stcrm.schemas.CustomerNotes` or `LocationNotes`. `customer_id` or
            `location_id` identifies the row that the note belongs to. Times are in UTC.

        Raises
        ------
        NotFound
            None of the rows exists.

        Notes
        -----
        Operation: Customers_GetNotes, Locations_GetNotes

        Examples
        --------
        >>> ids = crm.customers.list()["id"].head(3)
        >>> crm.customers.list_notes(ids)["customer_id"].isin(ids).all()
        np.True_
        """

    @operation
    def list_custom_field_types(
        self,
        *,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the types of custom fields of customers or locations.

        Parameters
        ----------
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
            One row per type, with the columns of `stcrm.schemas.CustomerCustomFieldTypes` or
            `LocationCustomFieldTypes`. Times are in UTC.

        Notes
        -----
        Operation: Customers_GetCustomFieldTypes, Locations_GetCustomFieldTypes

        Examples
        --------
        >>> crm.customers.list_custom_field_types()["id"].is_unique
        True
        """

    @operation
    def get_preferred_technician(
        self,
        ids: Ids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the preferred technicians of customers or locations, with one request per id.

        Parameters
        ----------
        ids : int, sequence of int or Series
            One or more ids. Duplicates are dropped.
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
            One row per id: `customer_id` or `location_id`, and `technician_id` (missing if none is set).

        Raises
        ------
        NotFound
            None of the rows exists.

        Notes
        -----
        Operation: Customers_GetPreferredTechnician (not in the published API), Locations_GetPreferredTechnician

        Examples
        --------
        >>> ids = crm.customers.list(active=True)["id"].head(3)
        >>> len(crm.customers.get_preferred_technician(ids))
        3
        """

    @operation
    def set_preferred_technician(self, id: int, preferred_technician_id: int) -> None:
        """Set the preferred technician of a customer or a location.

        Parameters
        ----------
        id : int
            The id of the customer or location.
        preferred_technician_id : int
            The id of the technician.

        Notes
        -----
        Operation: Customers_UpdatePreferredTechnician (not in the published API),
        Locations_UpdatePreferredTechnician

        Examples
        --------
        >>> first = crm.customers.list(active=True)["id"].iloc[0]
        >>> technician = crm.lookups.technicians.list()["id"].iloc[0]
        >>> crm.customers.set_preferred_technician(first, technician)
        >>> crm.customers.get_preferred_technician(first)["technician_id"].tolist() == [technician]
        True
        """

    @operation
    def add_tag(self, id: int, tag_type_id: int) -> pd.DataFrame:
        """Add a tag to a customer or a location.

        Parameters
        ----------
        id : int
            The id of the customer or location.
        tag_type_id : int
            The id of the tag type.

        Returns
        -------
        DataFrame
            All tags of the customer or location after the change, in one row with the columns of
            `stcrm.schemas.CustomerTags` or `LocationTags`.

        Notes
        -----
        Operation: Customers_CreateTag, Locations_CreateTag

        Examples
        --------
        >>> customers = crm.customers.list(active=True)
        >>> first = customers.loc[customers["tag_type_ids"].str.len() == 0, "id"].iloc[0]
        >>> tag = crm.lookups.tag_types.list()["id"].iloc[0]
        >>> tag in crm.customers.add_tag(first, tag)["tag_type_ids"].item()
        True
        """

    @operation
    def remove_tag(self, id: int, tag_type_id: int) -> None:
        """Remove a tag from a customer or a location.

        Parameters
        ----------
        id : int
            The id of the customer or location.
        tag_type_id : int
            The id of the tag type.

        Notes
        -----
        Operation: Customers_DeleteTag, Locations_DeleteTag

        Examples
        --------
        >>> customers = crm.customers.list(active=True)
        >>> tagged = customers[customers["tag_type_ids"].str.len() > 0].iloc[0]
        >>> crm.customers.remove_tag(tagged["id"], tagged["tag_type_ids"][0])
        """

    @operation
    def delete_note(self, id: int, note_id: int) -> None:
        """Delete a note on a customer or a location.

        Parameters
        ----------
        id : int
            The id of the customer or location.
        note_id : int
            The id of the note.

        Notes
        -----
        Operation: Customers_DeleteNote, Locations_DeleteNote

        Examples
        --------
        >>> first = crm.customers.list()["id"].iloc[0]
        >>> made = crm.customers.create_note(first, text="Dog in the yard")
        >>> crm.customers.delete_note(first, made["id"].item())
        """

    @checked
    def plan_custom_fields(
        self,
        before: pd.DataFrame,
        after: pd.DataFrame,
        *,
        reason: str | None = None,
        allow_inactive: bool = False,
        check: bool = False,
        warn_above: float = WARN_ABOVE,
    ) -> Plan:
        """Plan changes to custom fields, edited in the long or wide form of `stcrm.custom_fields`.

        Parameters
        ----------
        before : DataFrame
            The rows as they were read.
        after : DataFrame
            The edited result of `stcrm.custom_fields(before)`, in the long or wide form. Omitted rows and columns do
            not change; a missing value clears the field. To add a field that no row has yet, add a row in the long
            form, or a column in the wide form with the id of its type as the name.
        reason : str, optional
            Why the change is made. It is stored in the journal.
        allow_inactive : bool, default False
            True allows changes to inactive and merged rows.
        check : bool, default False
            True runs the checks that require a read immediately, instead of when the plan is applied.
        warn_above : float, default WARN_ABOVE
            A share of the rows in `before`, from 0 to 1 (25% by default). If the plan changes a larger share, it
            contains a warning, unless there are fewer than 20 rows.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.

        Raises
        ------
        UsageError
            A column is not a custom field, a row is not in `before`, or a field appears twice.

        Examples
        --------
        >>> before = crm.customers.list(active=True)
        >>> len(crm.customers.plan_custom_fields(before, stcrm.custom_fields(before, "wide")).changes)
        0
        """
        from stcrm_pandas.edits import planning

        given = {"reason": reason, "allow_inactive": allow_inactive, "check": check, "warn_above": warn_above}
        return planning.custom_fields(self._port, self.name, before, after, **given)
