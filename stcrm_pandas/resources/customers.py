"""Methods for customers: the people and companies that pay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd

from stcrm_pandas.contract.arguments import (
    Address,
    ApplicationData,
    CustomerType,
    CustomFieldValues,
    NewContact,
    NewLocation,
)
from stcrm_pandas.resources.customer_or_location import CustomerOrLocation
from stcrm_pandas.resources.resource import WARN_ABOVE, Exportable, Ids, MaxAge, When, checked, operation

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan
    from stcrm_pandas.sheets.sheet import Sheet


class Customers(CustomerOrLocation, Exportable):
    """Customers: the people and companies that pay.

    Their phone numbers and e-mail addresses are separate rows; see `list_contacts`.
    """

    name = "customers"

    @operation
    def list(
        self,
        *,
        ids: Ids | None = None,
        exclude_accounting_changes_from_modified_date_range: bool | None = None,
        name: str | None = None,
        phone: str | None = None,
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
        """Return the customers that match the filters, including inactive and merged ones unless `active` is given.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        exclude_accounting_changes_from_modified_date_range : bool, optional
            True leaves out rows in which only the balance changed.
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        phone : str, optional
            Only customers with this phone number.
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
            One row per customer, with the columns of `stcrm.schemas.Customers`. Times are in UTC.

        Notes
        -----
        Operation: Customers_GetList

        Examples
        --------
        >>> bool(crm.customers.list()["active"].all())
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
        """Return customers by id, in the order of the ids.

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
            One row per customer, including inactive ones, with the columns of `stcrm.schemas.Customers`. Times are in
            UTC.

        Raises
        ------
        MissingRows
            Some ids do not exist. The error lists them in `ids`.

        Notes
        -----
        Operation: Customers_Get, or Customers_GetList for several ids

        Examples
        --------
        >>> first = crm.customers.list()["id"].iloc[0]
        >>> len(crm.customers.get(first))
        1
        """

    @operation
    def list_contacts(
        self,
        *,
        customer_ids: Ids | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the phone numbers and e-mail addresses of customers, with their preferences.

        By default, the contacts of all customers are returned.

        Parameters
        ----------
        customer_ids : int, sequence of int or Series, optional
            Only contacts of these customers.
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
            One row per contact, with the columns of `stcrm.schemas.CustomerContacts`. Times are in UTC.

        Notes
        -----
        Operation: Customers_GetModifiedContactsList

        Examples
        --------
        >>> crm.customers.list_contacts().columns[[0, -1]].tolist()
        ['modified_on', 'customer_id']
        """

    @operation
    def create(
        self,
        *,
        name: str,
        address: Address,
        locations: Iterable[NewLocation],
        type: CustomerType | None = None,
        do_not_mail: bool | None = None,
        do_not_service: bool | None = None,
        national_account: bool | None = None,
        contacts: Iterable[NewContact] | None = None,
        custom_fields: CustomFieldValues | None = None,
        tag_type_ids: Iterable[int] | None = None,
        external_data: ApplicationData | None = None,
        tax_exempt: bool | None = None,
        payment_term_id: int | None = None,
        credit_limit: float | Decimal | None = None,
        credit_limit_balance: float | Decimal | None = None,
    ) -> pd.DataFrame:
        """Create a customer, with locations and contacts.

        Parameters
        ----------
        name : str
            The name of the customer.
        address : Address
            The complete address.
        locations : iterable of NewLocation
            The locations where work is done. Often there is only one, at the customer's own address.
        type : {"Residential", "Commercial"}, optional
            Whether the customer is residential or commercial.
        do_not_mail : bool, optional
            True if the customer opted out of mail.
        do_not_service : bool, optional
            True if the company must not do work for the customer.
        national_account : bool, optional
            True if the customer is a national account.
        contacts : iterable of NewContact, optional
            Phone numbers and e-mail addresses.
        custom_fields : dict, optional
            Custom fields as `{type_id: value}`.
        tag_type_ids : iterable of int, optional
            The ids of the tag types of the new row.
        external_data : ApplicationData, optional
            An application's data for the row.
        tax_exempt : bool, optional
            True if the customer is exempt from sales tax.
        payment_term_id : int, optional
            The id of the payment term.
        credit_limit : float or Decimal, optional
            The credit limit, in the tenant's currency.
        credit_limit_balance : float or Decimal, optional
            The balance that counts against the credit limit, in the tenant's currency.

        Returns
        -------
        DataFrame
            The customer: one row with the columns of `stcrm.schemas.CreatedCustomers`; `locations` and `contacts` are
            tuples of the records created with the customer.

        Notes
        -----
        Operation: Customers_Create

        Examples
        --------
        >>> home = {"street": "12 Elm St", "city": "Austin", "state": "TX", "zip": "78701", "country": "USA"}
        >>> made = crm.customers.create(name="Ann Lee", address=home, locations=[{"name": "Home", "address": home}])
        >>> [location.name for location in made["locations"].item()]
        ['Home']
        """

    @operation
    def update(
        self,
        id: int,
        *,
        name: str | None = None,
        type: CustomerType | None = None,
        address: Address | None = None,
        custom_fields: CustomFieldValues | None = None,
        external_data: ApplicationData | None = None,
        do_not_mail: bool | None = None,
        do_not_service: bool | None = None,
        national_account: bool | None = None,
        active: bool | None = None,
        tag_type_ids: Iterable[int] | None = None,
        tax_exempt: bool | None = None,
        payment_term_id: int | None = None,
        credit_limit: float | Decimal | None = None,
        credit_limit_balance: float | Decimal | None = None,
    ) -> pd.DataFrame:
        """Change a customer. Omitted fields do not change; nested values are replaced as a whole.

        Parameters
        ----------
        id : int
            The id of the customer.
        name : str, optional
            The name of the customer.
        type : {"Residential", "Commercial"}, optional
            Whether the customer is residential or commercial.
        address : Address, optional
            The complete address, with unit and coordinates.
        custom_fields : dict, optional
            All custom fields, as `{type_id: value}`. Omitted fields are removed.
        external_data : ApplicationData, optional
            An application's data for the row.
        do_not_mail : bool, optional
            True if the customer opted out of mail.
        do_not_service : bool, optional
            True if the company must not do work for the customer.
        national_account : bool, optional
            True if the customer is a national account.
        active : bool, optional
            False makes the row inactive, and True makes it active.
        tag_type_ids : iterable of int, optional
            The ids of all tag types of the row. An empty list removes all tags; `add_tag` adds one.
        tax_exempt : bool, optional
            True if the customer is exempt from sales tax.
        payment_term_id : int, optional
            The id of the payment term.
        credit_limit : float or Decimal, optional
            The credit limit, in the tenant's currency.
        credit_limit_balance : float or Decimal, optional
            The balance that counts against the credit limit, in the tenant's currency.

        Returns
        -------
        DataFrame
            The changed customer: one row with the columns of `stcrm.schemas.Customers`.

        Notes
        -----
        Operation: Customers_Update

        Examples
        --------
        >>> first = crm.customers.list(active=True)["id"].iloc[0]
        >>> bool(crm.customers.update(first, do_not_mail=True)["do_not_mail"].item())
        True
        """

    @operation
    def create_note(
        self, id: int, *, text: str, pin_to_top: bool | None = None, add_to_locations: bool | None = None
    ) -> pd.DataFrame:
        """Add a note to a customer.

        Parameters
        ----------
        id : int
            The id of the customer.
        text : str
            The text of the note.
        pin_to_top : bool, optional
            True pins the note to the top.
        add_to_locations : bool, optional
            True also adds the note to the customer's locations.

        Returns
        -------
        DataFrame
            The note: one row with the columns of `stcrm.schemas.CustomerNotes`.

        Notes
        -----
        Operation: Customers_CreateNote

        Examples
        --------
        >>> first = crm.customers.list(active=True)["id"].iloc[0]
        >>> crm.customers.create_note(first, text="Gate code 12")["text"].item()
        'Gate code 12'
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
        allow_deactivate: bool = False,
        application_guid: str | None = None,
        allow_opt_in: bool = False,
        consent_source: str | None = None,
        check: bool = False,
        warn_above: float = WARN_ABOVE,
    ) -> Plan:
        """Compare two DataFrames of customers and return the changes as a plan. Nothing is sent.

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
        allow_deactivate : bool, default False
            True allows deactivating customers that have a balance or an active location.
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
        >>> before = crm.customers.list(active=True).head(3)
        >>> plan = crm.customers.plan_changes(before, before.assign(name="Same"))
        >>> plan.changes["column"].tolist()
        ['name', 'name', 'name']
        """
        return self._plan(
            self.name,
            before,
            after,
            keep_coordinates=keep_coordinates,
            allow_inactive=allow_inactive,
            allow_deactivate=allow_deactivate,
            application_guid=application_guid,
            reason=reason,
            allow_opt_in=allow_opt_in,
            consent_source=consent_source,
            check=check,
            warn_above=warn_above,
        )
