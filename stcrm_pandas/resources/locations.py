"""Methods for locations: where work is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import pandas as pd

from stcrm_pandas.contract.nested import Address, ApplicationData, CustomFieldValues, NewContact
from stcrm_pandas.resources.base.customer_or_location import CustomerOrLocation
from stcrm_pandas.resources.base.export import Exportable
from stcrm_pandas.resources.base.planning import WARN_ABOVE
from stcrm_pandas.resources.base.resource import Ids, MaxAge, When, checked, operation

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan


class Locations(CustomerOrLocation, Exportable):
    """Locations: where work is done. Each belongs to one customer."""

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
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the locations that match the filters, inactive and merged ones too unless `active` is given.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only these ids. Ids that do not exist are left out; `get` raises an error for them.
        name : str, optional
            Only rows with this name, as the service compares names.
        customer_id : int, optional
            Only rows of this customer.
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
        external_data_application_guid : str, optional
            Fill `external_data` with the data of this application.
        external_data_key : str, optional
            Only rows with this key in an application's data. It needs `external_data_values`.
        external_data_values : str or sequence of str, optional
            Only rows whose key has one of these values, at most 50.
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
        max_age : str, float or timedelta, optional
            How old a cached read may be, such as `"15m"`, seconds, or 0. By default `max_age` of the connection.
        refresh : bool, default False
            True reads from the service again and stores the result.
        allow_incomplete : bool, default False
            True returns an incomplete read, with a warning instead of an error.

        Returns
        -------
        DataFrame
            A DataFrame with the columns of `stcrm.schemas.Locations`; times are in UTC.

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
            One id or many. Duplicates are dropped.
        max_age : str, float or timedelta, optional
            How old a cached read may be, such as `"15m"`, seconds, or 0. By default `max_age` of the connection.
        refresh : bool, default False
            True reads from the service again and stores the result.
        allow_incomplete : bool, default False
            True returns an incomplete read, with a warning instead of an error.

        Returns
        -------
        DataFrame
            A DataFrame with the columns of `stcrm.schemas.Locations`, a row for each id, inactive ones too.

        Raises
        ------
        MissingRows
            Some ids do not exist. The error lists them in `ids`.

        Notes
        -----
        Operation: Locations_Get, or Locations_GetList for many

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
        """Return the phones and e-mails of locations with their preferences, of all locations by default.

        Parameters
        ----------
        location_ids : int, sequence of int or Series, optional
            Only contacts of these locations.
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
            A DataFrame with the columns of `stcrm.schemas.LocationContacts`; times are in UTC.

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
            The customer to which it belongs.
        name : str
            The name.
        address : Address
            The complete address. Coordinates are optional.
        contacts : iterable of NewContact, optional
            Phones and e-mail addresses.
        custom_fields : dict, optional
            Custom fields as `{type_id: value}`.
        tag_type_ids : iterable of int, optional
            All its tags. An empty list removes them all.
        external_data : ApplicationData, optional
            The data of an application on the row.
        coordinates_source : {"None", "System", "User", "Imported"}, optional
            Where the coordinates come from.
        coordinates_verification_status : {"Unverified", "InProgress", "Failed", "Verified"}, optional
            The status of their verification.

        Returns
        -------
        DataFrame
            The location: one row with the columns of `stcrm.schemas.CreatedLocations`; `contacts` is a tuple of what
            was created with it.

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
        """Change a location. Only what is given changes; nested values are replaced as a whole.

        Parameters
        ----------
        id : int
            The id of the row.
        customer_id : int, optional
            The customer to which the location moves.
        name : str, optional
            The name.
        address : Address, optional
            The complete address with its unit. Coordinates are optional.
        active : bool, optional
            False makes the row inactive, True makes it active.
        tax_zone_id : int, optional
            The id of the tax zone.
        custom_fields : dict, optional
            All custom fields, as `{type_id: value}`. Fields that are not given are removed.
        tag_type_ids : iterable of int, optional
            All its tags. An empty list removes them all; `add_tag` adds one.
        external_data : ApplicationData, optional
            The data of an application on the row.

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
            The id of the row.
        text : str
            The text of the note.
        pin_to_top : bool, optional
            True pins the note to the top.
        add_to_customer : bool, optional
            True adds the note to the location's customer, too.

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
        after: pd.DataFrame,
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
        """Plan the changes from one DataFrame of locations to another. Nothing is sent.

        Parameters
        ----------
        before : DataFrame
            The rows as they were read.
        after : DataFrame
            The same rows, edited. Omitted rows and columns do not change; a missing value clears the cell.
        reason : str, optional
            Why the change is made. The journal keeps it.
        keep_coordinates : bool, default False
            True if the changed addresses are the same places in a better spelling.
        allow_inactive : bool, default False
            True allows changes to inactive and merged rows.
        allow_move : bool, default False
            True allows moving a location to another customer.
        application_guid : str, optional
            The application whose `external_data` changes.
        allow_opt_in : bool, default False
            True allows opt-ins. They need `consent_source`, and other records are read first.
        consent_source : str, optional
            Who agreed, when and how. The journal keeps it.
        check : bool, default False
            True runs the checks that need a read now instead of when the plan is applied.
        warn_above : float, default WARN_ABOVE
            The share of all rows, from 0 to 1, above which a plan for 20 rows or more warns.

        Returns
        -------
        Plan
            The plan. `changes`, `requests` and `refused` are DataFrames; `apply()` sends the requests.

        Raises
        ------
        UsageError
            The DataFrames hold other rows, or come from another tenant or environment; a key is missing, duplicate, or
            not in `before`.

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
