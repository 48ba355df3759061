"""Methods for locations: the places where work is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import pandas as pd

from stcrm_pandas.contract.arguments import Address, ApplicationData, CustomFieldValues, NewContact
from stcrm_pandas.resources.customer_or_location import CustomerOrLocation
from stcrm_pandas.resources.resource import WARN_ABOVE, Exportable, Ids, MaxAge, When, checked, operation

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan
    from stcrm_pandas.sheets.sheet import Sheet


class Locations(CustomerOrLocation, Exportable):
    """Locations: the places where work is done. Each belongs to one customer."""

    name = "locations"

    @operation
    def list(
        self,
        *,
        ids: Ids | None = None,
        name: str | None = None,
        customer_id: int | None = None,
        active: bool | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        external_data_application_guid: str | None = None,
        external_data_key: str | None = None,
        external_data_values: str | Sequence[str] | None = None,
        street: str | None = None,
        unit: str | None = None,
        city: str | None = None,
        state: str | None = None,
        zip: str | None = None,
        country: str | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
        names: bool = False,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the locations that match the filters, including inactive and merged ones unless `active` is given.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        customer_id : int, optional
            Only rows of this customer.
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
        external_data_application_guid : str, optional
            The GUID of the application whose data is returned in `external_data`.
        external_data_key : str, optional
            Only rows with this key in an application's data. Requires `external_data_values`.
        external_data_values : str or sequence of str, optional
            Only rows in which `external_data_key` has one of these values, at most 50.
        street : str, optional
            Only rows with this street.
        unit : str, optional
            Only rows with this unit.
        city : str, optional
            Only rows in this city.
        state : str, optional
            Only rows in this state.
        zip : str, optional
            Only rows with this ZIP code.
        country : str, optional
            Only rows in this country.
        latitude : float, optional
            Only rows at this latitude, in degrees.
        longitude : float, optional
            Only rows at this longitude, in degrees.
        names : bool, default False
            True adds names for ids, customers' phone numbers and addresses, and local times, as `crm.named` does.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per location, with the columns of `stcrm.schemas.Locations`. Times are in UTC.

        Notes
        -----
        Operation: Locations_GetList

        Examples
        --------
        >>> bool(crm.locations.list()["active"].all())
        False
        """

    @operation
    def get(
        self,
        ids: Ids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return locations by id, in the order of the ids.

        Parameters
        ----------
        ids : int, sequence of int or Series
            One or more ids. Duplicates are dropped.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per location, including inactive ones, with the columns of `stcrm.schemas.Locations`. Times are in
            UTC.

        Raises
        ------
        MissingRows
            Some ids do not exist. The error lists them in `ids`.

        Notes
        -----
        Operation: Locations_Get, or Locations_GetList for several ids

        Examples
        --------
        >>> first = crm.locations.list()["id"].iloc[0]
        >>> len(crm.locations.get(first))
        1
        """

    @operation
    def list_contacts(
        self,
        *,
        location_ids: Ids | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the phone numbers and e-mail addresses of locations, with their preferences.

        By default, the contacts of all locations are returned.

        Parameters
        ----------
        location_ids : int, sequence of int or Series, optional
            Only contacts of these locations.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per contact, with the columns of `stcrm.schemas.LocationContacts`. Times are in UTC.

        Notes
        -----
        Operation: Locations_GetLocationsContactsList

        Examples
        --------
        >>> crm.locations.list_contacts().columns[[0, -1]].tolist()
        ['id', 'location_id']
        """

    @operation
    def create(
        self,
        *,
        customer_id: int,
        name: str,
        address: Address,
        contacts: Iterable[NewContact] | None = None,
        custom_fields: CustomFieldValues | None = None,
        tag_type_ids: Iterable[int] | None = None,
        external_data: ApplicationData | None = None,
        coordinates_source: Literal["None", "System", "User", "Imported"] | None = None,
        coordinates_verification_status: Literal["Unverified", "InProgress", "Failed", "Verified"] | None = None,
    ) -> pd.DataFrame:
        """Create a location for a customer.

        Parameters
        ----------
        customer_id : int
            The id of the customer that the location belongs to.
        name : str
            The name of the location.
        address : Address
            The complete address. Coordinates are optional.
        contacts : iterable of NewContact, optional
            Phone numbers and e-mail addresses.
        custom_fields : dict, optional
            Custom fields as `{type_id: value}`.
        tag_type_ids : iterable of int, optional
            The ids of the tag types of the new row.
        external_data : ApplicationData, optional
            An application's data for the row.
        coordinates_source : {"None", "System", "User", "Imported"}, optional
            Where the coordinates come from.
        coordinates_verification_status : {"Unverified", "InProgress", "Failed", "Verified"}, optional
            The verification status of the coordinates.

        Returns
        -------
        DataFrame
            The location: one row with the columns of `stcrm.schemas.CreatedLocations`; `contacts` is a tuple of the
            contacts created with the location.

        Notes
        -----
        Operation: Locations_Create

        Examples
        --------
        >>> customer = crm.customers.list(active=True)["id"].iloc[0]
        >>> barn = {"street": "14 Elm St", "city": "Austin", "state": "TX", "zip": "78701", "country": "USA"}
        >>> crm.locations.create(customer_id=customer, name="Barn", address=barn)["name"].item()
        'Barn'
        """

    @operation
    def update(
        self,
        id: int,
        *,
        customer_id: int | None = None,
        name: str | None = None,
        address: Address | None = None,
        active: bool | None = None,
        tax_zone_id: int | None = None,
        custom_fields: CustomFieldValues | None = None,
        tag_type_ids: Iterable[int] | None = None,
        external_data: ApplicationData | None = None,
    ) -> pd.DataFrame:
        """Change a location. Omitted fields do not change; nested values are replaced as a whole.

        Parameters
        ----------
        id : int
            The id of the location.
        customer_id : int, optional
            The id of the customer to move the location to.
        name : str, optional
            The name of the location.
        address : Address, optional
            The complete address with its unit. Coordinates are optional.
        active : bool, optional
            False makes the row inactive, and True makes it active.
        tax_zone_id : int, optional
            The id of the tax zone.
        custom_fields : dict, optional
            All custom fields, as `{type_id: value}`. Omitted fields are removed.
        tag_type_ids : iterable of int, optional
            The ids of all tag types of the row. An empty list removes all tags; `add_tag` adds one.
        external_data : ApplicationData, optional
            An application's data for the row.

        Returns
        -------
        DataFrame
            The changed location: one row with the columns of `stcrm.schemas.Locations`.

        Notes
        -----
        Operation: Locations_Update

        Examples
        --------
        >>> first = crm.locations.list(active=True)["id"].iloc[0]
        >>> crm.locations.update(first, name="Main house")["name"].item()
        'Main house'
        """

    @operation
    def create_note(
        self, id: int, *, text: str, pin_to_top: bool | None = None, add_to_customer: bool | None = None
    ) -> pd.DataFrame:
        """Add a note to a location.

        Parameters
        ----------
        id : int
            The id of the location.
        text : str
            The text of the note.
        pin_to_top : bool, optional
            True pins the note to the top.
        add_to_customer : bool, optional
            True also adds the note to the location's customer.

        Returns
        -------
        DataFrame
            The note: one row with the columns of `stcrm.schemas.LocationNotes`.

        Notes
        -----
        Operation: Locations_CreateNote

        Examples
        --------
        >>> first = crm.locations.list(active=True)["id"].iloc[0]
        >>> crm.locations.create_note(first, text="Key under the mat")["text"].item()
        'Key under the mat'
        """

    @checked
    def plan_changes(
        self,
        before: pd.DataFrame,
        after: pd.DataFrame | Sheet,
        *,
        reason: str | None = None,
        keep_coordinates: bool = False,
        allow_inactive: bool = False,
        allow_move: bool = False,
        application_guid: str | None = None,
        allow_opt_in: bool = False,
        consent_source: str | None = None,
        check: bool = False,
        warn_above: float = WARN_ABOVE,
    ) -> Plan:
        """Compare two DataFrames of locations and return the changes as a plan. Nothing is sent.

        Parameters
        ----------
        before : DataFrame
            The rows as they were read.
        after : DataFrame or Sheet
            The edited rows, or a sheet from `read_sheet`. A missing value clears; what is omitted does not change.
        reason : str, optional
            Why the change is made. It is stored in the journal.
        keep_coordinates : bool, default False
            True keeps the coordinates when an address changes, as when only its spelling is corrected.
        allow_inactive : bool, default False
            True allows changes to inactive and merged rows.
        allow_move : bool, default False
            True allows moving a location to another customer.
        application_guid : str, optional
            The GUID of the application whose `external_data` changes.
        allow_opt_in : bool, default False
            True allows opt-ins. They require `consent_source`, and other records are checked for opt-outs.
        consent_source : str, optional
            Who consented, when and how. It is stored in the journal.
        check : bool, default False
            True runs the checks that require a read immediately, instead of when the plan is applied.
        warn_above : float, default WARN_ABOVE
            The share of the rows, from 0 to 1, above which the plan warns; 25% by default, from 20 rows on.

        Returns
        -------
        Plan
            The plan. `changes`, `requests` and `refused` are DataFrames; `apply()` sends the requests.

        Raises
        ------
        UsageError
            The DataFrames are of another resource, tenant or environment; or a key is missing, appears twice, or is not
            in `before`.

        Examples
        --------
        >>> before = crm.locations.list(active=True).head(3)
        >>> plan = crm.locations.plan_changes(before, before.assign(name="Same"))
        >>> plan.changes["column"].tolist()
        ['name', 'name', 'name']
        """
        return self._plan(
            self.name,
            before,
            after,
            keep_coordinates=keep_coordinates,
            allow_inactive=allow_inactive,
            allow_move=allow_move,
            application_guid=application_guid,
            reason=reason,
            allow_opt_in=allow_opt_in,
            consent_source=consent_source,
            check=check,
            warn_above=warn_above,
        )
