"""What customers and locations have in common: phone numbers and e-mail addresses, notes, tags, custom fields.

The API calls phone numbers and e-mail addresses contacts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from stcrm_pandas.contract.arguments import ContactType, Preferences
from stcrm_pandas.errors import UsageError
from stcrm_pandas.reads.reading import Options
from stcrm_pandas.resources.resource import WARN_ABOVE, Feed, Ids, MaxAge, Plannable, When, checked, operation

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan
    from stcrm_pandas.grid.grid import Grid
    from stcrm_pandas.sheets.sheet import Sheet


FEW = 5_000
"""Contacts of up to this many rows are read by id, 50 in a request; for more rows, all contacts are read."""

PHONES = ("Phone", "MobilePhone")


def _long(frame: pd.DataFrame, contacts: pd.DataFrame, parent: str) -> pd.DataFrame:
    named = contacts.drop(columns=parent).add_prefix("contact_")
    _no_clash(frame, named.columns)
    return frame.merge(named.assign(id=contacts[parent]), on="id", how="left")


def _wide(frame: pd.DataFrame, contacts: pd.DataFrame, parent: str) -> pd.DataFrame:
    _no_clash(frame, pd.Index(["phones", "emails", "phone", "email"]))
    wide = frame.copy()
    for name, types in (("phone", PHONES), ("email", ("Email",))):
        values = contacts[contacts["type"].isin(types)].dropna(subset="value").groupby(parent)["value"]
        lists = {id: tuple(contact_values) for id, contact_values in values}
        cells = [lists.get(id, ()) for id in frame["id"]]
        wide[f"{name}s"] = pd.Series(cells, index=frame.index, dtype=object)
        wide[name] = pd.Series([cell[0] if cell else None for cell in cells], index=frame.index, dtype="str")
    return wide[[*frame.columns, "phones", "emails", "phone", "email"]]


def _no_clash(frame: pd.DataFrame, names: pd.Index) -> None:
    if clash := [name for name in names if name in frame.columns]:
        raise UsageError(f"with_contacts: the frame already has {', '.join(clash)}.")


class CustomerOrLocation(Plannable):
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
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
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
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
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
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
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
            The share of the rows, from 0 to 1, above which the plan warns; 25% by default, from 20 rows on.

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
        from stcrm_pandas.edits import plans

        options = {"reason": reason, "allow_inactive": allow_inactive, "check": check, "warn_above": warn_above}
        return plans.custom_fields(self._port, self.name, before, after, **options)

    @operation
    def get_contacts(
        self,
        ids: Ids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the phone numbers and e-mail addresses of customers or locations, with one request per id.

        For many rows, `list_contacts` needs fewer requests.

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
            One row per contact, with the columns of `stcrm.schemas.ContactsOfCustomer` or `ContactsOfLocation`.
            `customer_id` or `location_id` identifies the row that the contact belongs to. Times are in UTC.

        Raises
        ------
        NotFound
            None of the rows exists.
        Conflict
            All of the rows are inactive.

        Notes
        -----
        Operation: Customers_GetContactList, Locations_GetContactList

        Examples
        --------
        >>> ids = crm.customers.list(active=True)["id"].head(3)
        >>> crm.customers.get_contacts(ids)["customer_id"].isin(ids).all()
        np.True_
        """

    def with_contacts(self, frame: pd.DataFrame, form: Literal["long", "wide"] = "long") -> pd.DataFrame:
        """Add phone numbers and e-mail addresses to a DataFrame of customers or locations.

        Parameters
        ----------
        frame : DataFrame
            Rows from `list`, `get` or `export`, with their `id`.
        form : {"long", "wide"}, default "long"
            `"long"` returns one row per contact, and `"wide"` returns one row per customer or location.

        Returns
        -------
        DataFrame
            The long form has the columns of the DataFrame, followed by `contact_id`, `contact_type`, `contact_value`,
            `contact_memo`, the preferences and so on; these are missing for a row without contacts. The wide form has
            the columns of the DataFrame, followed by `phones` and `emails` (tuples in the order of the contacts' ids,
            empty if there are none), and `phone` and `email` (the first of each). Mobile phone numbers count as phone
            numbers; fax numbers do not.

        Raises
        ------
        UsageError
            The DataFrame has no `id`, or already has one of these columns.

        Examples
        --------
        >>> customers = crm.customers.list(active=True).head(3)
        >>> crm.customers.with_contacts(customers, "wide")[["id", "phones", "emails", "phone", "email"]].shape
        (3, 5)
        """
        if form not in ("long", "wide"):
            raise UsageError(f"with_contacts: form is 'long' or 'wide', not {form!r}.")
        if "id" not in frame.columns:
            raise UsageError("with_contacts: the frame has no column 'id'.")
        parent = f"{self.name.removesuffix('s')}_id"
        ids = frame["id"].dropna().drop_duplicates()
        contacts = self._contacts_of([int(id) for id in ids] if len(ids) <= FEW else None)
        contacts = contacts[contacts[parent].isin(ids)].sort_values([parent, "id"], kind="stable")
        joined = _long(frame, contacts, parent) if form == "long" else _wide(frame, contacts, parent)
        joined.attrs = dict(frame.attrs)
        return joined

    def _contacts_of(self, ids: list[int] | None) -> pd.DataFrame:
        """Read the contacts of some ids, or of all."""
        operation = self._operation("list_contacts")
        if ids == [] and operation.row is not None:
            return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in operation.row.dtypes.items()})
        return self._reader.list(operation, {f"{self.name.removesuffix('s')}_ids": ids}, Options())

    @operation
    def create_contact(self, id: int, *, type: ContactType, value: str, memo: str | None = None) -> pd.DataFrame:
        """Add a phone number or e-mail address to a customer or a location.

        Parameters
        ----------
        id : int
            The id of the customer or location.
        type : {"Phone", "MobilePhone", "Email", "Fax"}
            Whether `value` is a phone number, a mobile phone number, an e-mail address or a fax number.
        value : str
            The phone number, e-mail address or fax number.
        memo : str, optional
            A note on this phone number or e-mail address, as free text.

        Returns
        -------
        DataFrame
            The contact: one row with the columns of `stcrm.schemas.ContactsOfCustomer` or `ContactsOfLocation`.

        Raises
        ------
        Conflict
            The customer or location is inactive.

        Notes
        -----
        Operation: Customers_CreateContact, Locations_CreateContact

        Examples
        --------
        >>> first = crm.customers.list(active=True)["id"].iloc[0]
        >>> crm.customers.create_contact(first, type="Email", value="ann@example.com")["value"].item()
        'ann@example.com'
        """

    @operation
    def update_contact(
        self,
        id: int,
        contact_id: int,
        *,
        type: ContactType | None = None,
        value: str | None = None,
        memo: str | None = None,
        preferences: Preferences | None = None,
    ) -> pd.DataFrame:
        """Change a phone number or e-mail address of a customer or a location, or its preferences.

        Parameters
        ----------
        id : int
            The id of the customer or location.
        contact_id : int
            The id of the contact.
        type : {"Phone", "MobilePhone", "Email", "Fax"}, optional
            Whether `value` is a phone number, a mobile phone number, an e-mail address or a fax number.
        value : str, optional
            The phone number, e-mail address or fax number.
        memo : str, optional
            A note on this phone number or e-mail address, as free text.
        preferences : Preferences, optional
            All five preferences. Do not turn one on without the person's consent.

        Returns
        -------
        DataFrame
            The changed contact: one row with the columns of `stcrm.schemas.ContactsOfCustomer` or `ContactsOfLocation`.

        Notes
        -----
        Operation: Customers_UpdateContact, Locations_UpdateContact

        Examples
        --------
        >>> first = crm.customers.list(active=True)["id"].iloc[0]
        >>> made = crm.customers.create_contact(first, type="Email", value="lee@example.com")
        >>> crm.customers.update_contact(first, made["id"].item(), memo="work")["memo"].item()
        'work'
        """

    @operation
    def delete_contact(self, id: int, contact_id: int) -> None:
        """Delete a phone number or e-mail address of a customer or a location.

        Parameters
        ----------
        id : int
            The id of the customer or location.
        contact_id : int
            The id of the contact.

        Notes
        -----
        Operation: Customers_DeleteContact, Locations_DeleteContact

        Examples
        --------
        >>> first = crm.customers.list(active=True)["id"].iloc[0]
        >>> made = crm.customers.create_contact(first, type="Fax", value="512-555-0101")
        >>> crm.customers.delete_contact(first, made["id"].item())
        """

    @checked
    def plan_contact_changes(
        self,
        before: pd.DataFrame,
        after: pd.DataFrame | Sheet,
        *,
        reason: str | None = None,
        allow_opt_in: bool = False,
        consent_source: str | None = None,
        check: bool = False,
        warn_above: float = WARN_ABOVE,
    ) -> Plan:
        """Compare two DataFrames from `list_contacts` and return the changes as a plan; see `plan_changes`.

        To turn a preference on, or to change the value of a contact that is opted in, `allow_opt_in` and
        `consent_source` are required. The change is refused if another record with the same phone number or e-mail
        address has opted out.

        Parameters
        ----------
        before : DataFrame
            The rows as they were read.
        after : DataFrame or Sheet
            The edited rows, or a sheet from `read_sheet`. A missing value clears; what is omitted does not change.
        reason : str, optional
            Why the change is made. It is stored in the journal.
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
            The plan. Nothing is sent before `plan.apply()`.

        Examples
        --------
        >>> before = crm.customers.list_contacts()
        >>> after = before.assign(preferences_marketing_updates_enabled=False)
        >>> plan = crm.customers.plan_contact_changes(before, after)
        >>> plan.changes["opt_out"].all()
        np.True_
        """
        return self._plan(
            f"{self.name.removesuffix('s')}_contacts",
            before,
            after,
            reason=reason,
            allow_opt_in=allow_opt_in,
            consent_source=consent_source,
            check=check,
            warn_above=warn_above,
        )

    def edit_contacts(self, frame: pd.DataFrame, **options: Any) -> Grid:
        """Open a grid in JupyterLab to edit rows from `list_contacts`; see `edit`. Nothing is sent.

        It takes the options of `plan_contact_changes`, such as `reason`.

        Parameters
        ----------
        frame : DataFrame
            The rows as they were read. The DataFrame itself does not change; `grid.after` is the edited copy.

        Returns
        -------
        Grid
            The grid. The last line of a cell shows it; `plan()` returns its changes as a plan.

        Examples
        --------
        >>> grid = crm.customers.edit_contacts(crm.customers.list_contacts())
        >>> len(grid.changes)
        0
        """
        return self._edit(f"{self.name.removesuffix('s')}_contacts", frame, options, self.plan_contact_changes)

    @operation
    def export_contacts(
        self,
        *,
        since: When | None = None,
        continue_from: str | None = None,
        include_recent_changes: bool | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> Feed:
        """Return the export feed of phone numbers and e-mail addresses, including deleted ones.

        Parameters
        ----------
        since : str, date or Timestamp, optional
            Only rows changed at or after this time. The default time zone is the tenant's.
        continue_from : str, optional
            The token of an earlier feed (`Feed.continue_from`), to return only rows changed since then.
        include_recent_changes : bool, optional
            True includes changes from about the last 15 minutes. Duplicates are dropped.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        Feed
            A feed. Its `frame` contains the latest version of each contact, with the columns of
            `stcrm.schemas.ExportedCustomerContacts` or `ExportedLocationContacts`. Times are in UTC.

        Notes
        -----
        Operation: ExportContacts_CustomersContacts, ExportContacts_LocationsContacts

        Examples
        --------
        >>> feed = crm.customers.export_contacts()
        >>> crm.customers.export_contacts(continue_from=feed.continue_from)
        Feed(0 rows, continue_from=...)
        """
