"""Phones and e-mails of customers and of locations, which the API calls their contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from stcrm_pandas.contract.nested import ContactType, Preferences
from stcrm_pandas.errors import UsageError
from stcrm_pandas.reads.options import Options
from stcrm_pandas.resources.base.planning import WARN_ABOVE, Plannable
from stcrm_pandas.resources.base.resource import Feed, Ids, MaxAge, When, checked, operation

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan

FEW = 5_000
"""Contacts of up to this many rows are read by id, 50 in a request; for more rows, all contacts are read."""

PHONES = ("Phone", "MobilePhone")


class PhonesAndEmails(Plannable):
    """The phones and e-mails of customers, and likewise of locations. The examples show customers."""

    @operation
    def get_contacts(
        self,
        ids: Ids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Phones and e-mails of named customers or locations: one call for each, side by side.

        `list_contacts` gets those of many with fewer calls.

        Parameters
        ----------
        ids : int, sequence of int or Series
            One id or many. A repeated id comes once.
        max_age : str, float or timedelta, optional
            How old a cached read may be, such as `"15m"`, seconds, or 0. By default as the connection has it.
        refresh : bool, default False
            True reads from the service again and stores the result.
        allow_incomplete : bool, default False
            True returns a read whose pages do not add up, with a warning instead of an error.

        Returns
        -------
        DataFrame
            A frame with the columns of `stcrm.schemas.ContactsOfCustomer` or `ContactsOfLocation`; `customer_id` or
            `location_id` says whose each is.

        Raises
        ------
        NotFound
            The only one, or each of several, does not exist.
        Conflict
            The only one, or each of several, is inactive.

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
        """A frame of customers or locations with their phones and e-mails, which the rows themselves do not carry.

        Parameters
        ----------
        frame : DataFrame
            What `list`, `get` or an export gave, or part of it; `id` is needed.
        form : {"long", "wide"}, default 'long'
            `"long"` has a row for each contact of each row, `"wide"` one row for each.

        Returns
        -------
        DataFrame
            Long: the frame's columns and `contact_id`, `contact_type`, `contact_value`, `contact_memo`, the preferences
            and so on; a row without contacts stays, with these missing. Wide: the frame's columns, `phones` and
            `emails` (tuples in the order of the contacts' ids, `()` where there are none) and `phone` and `email`, the
            first of each. Mobile phones are phones, fax numbers are not.

        Raises
        ------
        UsageError
            The frame lacks `id`, or already has such columns.

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
        """Give a customer or a location another phone or e-mail.

        Parameters
        ----------
        id : int
            The id of the row.
        type : ContactType
            The type.
        value : str
            The phone number, e-mail address or other value.
        memo : str, optional
            A remark on the contact.

        Returns
        -------
        DataFrame
            The contact: one row with the columns of `stcrm.schemas.ContactsOfCustomer` or `ContactsOfLocation`.

        Raises
        ------
        Conflict
            It is inactive.

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
        """Change a phone or an e-mail of a customer or a location, or what may be sent there.

        Parameters
        ----------
        id : int
            The customer or the location.
        contact_id : int
            The id of the contact.
        type : ContactType, optional
            Phone, mobile phone, e-mail or fax.
        value : str, optional
            The phone number, e-mail address or other value.
        memo : str, optional
            A remark on the contact.
        preferences : Preferences, optional
            All five flags. An opt-out stays until the person says otherwise.

        Returns
        -------
        DataFrame
            The contact as it is now: one row with the columns of `stcrm.schemas.ContactsOfCustomer` or
            `ContactsOfLocation`.

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
        """Delete a phone or an e-mail of a customer or a location.

        Parameters
        ----------
        id : int
            The id of the row.
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
        after: pd.DataFrame,
        *,
        reason: str | None = None,
        allow_opt_in: bool = False,
        consent_source: str | None = None,
        check: bool = False,
        warn_above: float = WARN_ABOVE,
    ) -> Plan:
        """The plan that turns one frame of `list_contacts` into another; see `plan_changes`.

        Whoever asked not to be written to stays so: a flag that goes on, or a new number on a contact that is not opted
        out, needs `allow_opt_in` and a `consent_source`, and is refused where another record of the number says no.

        Parameters
        ----------
        before : DataFrame
            The rows as they were read.
        after : DataFrame
            The same rows, edited. What is missing in it stays as it is; a missing value clears the cell.
        reason : str, optional
            Why the change is made. The journal keeps it.
        allow_opt_in : bool, default False
            True lets the plan opt people in. It needs `consent_source`, and reads other records first.
        consent_source : str, optional
            Who agreed, when and how. The journal keeps it.
        check : bool, default False
            True makes the checks that need a read now, instead of when the plan is applied.
        warn_above : float, default WARN_ABOVE
            The share of all rows, from 0 to 1, above which the plan warns.

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
        """Read the export feed of phones and e-mails, deleted ones too, to keep a copy up to date.

        Parameters
        ----------
        since : str, date or Timestamp, optional
            Only what changed at or after this time. Without it and without a token: everything.
        continue_from : str, optional
            The token of an earlier feed (`Feed.continue_from`): only what changed since then.
        include_recent_changes : bool, optional
            True shows changes sooner than after about 15 minutes. Repeated rows are dropped.
        max_age : str, float or timedelta, optional
            How old a cached read may be, such as `"15m"`, seconds, or 0. By default as the connection has it.
        refresh : bool, default False
            True reads from the service again and stores the result.
        allow_incomplete : bool, default False
            True returns a read whose pages do not add up, with a warning instead of an error.

        Returns
        -------
        Feed
            A `Feed`; its frame has the columns of `stcrm.schemas.ExportedCustomerContacts` or
            `ExportedLocationContacts`, each row in its latest version.

        Notes
        -----
        Operation: ExportContacts_CustomersContacts, ExportContacts_LocationsContacts

        Examples
        --------
        >>> feed = crm.customers.export_contacts()
        >>> crm.customers.export_contacts(continue_from=feed.continue_from)
        Feed(0 rows, continue_from=...)
        """


def _long(frame: pd.DataFrame, contacts: pd.DataFrame, parent: str) -> pd.DataFrame:
    named = contacts.drop(columns=parent).add_prefix("contact_")
    _no_clash(frame, named.columns)
    return frame.merge(named.assign(id=contacts[parent]), on="id", how="left")


def _wide(frame: pd.DataFrame, contacts: pd.DataFrame, parent: str) -> pd.DataFrame:
    _no_clash(frame, pd.Index(["phones", "emails", "phone", "email"]))
    wide = frame.copy()
    for name, types in (("phone", PHONES), ("email", ("Email",))):
        values = contacts[contacts["type"].isin(types)].dropna(subset="value").groupby(parent)["value"]
        lists = {id: tuple(found) for id, found in values}
        cells = [lists.get(id, ()) for id in frame["id"]]
        wide[f"{name}s"] = pd.Series(cells, index=frame.index, dtype=object)
        wide[name] = pd.Series([cell[0] if cell else None for cell in cells], index=frame.index, dtype="str")
    return wide[[*frame.columns, "phones", "emails", "phone", "email"]]


def _no_clash(frame: pd.DataFrame, names: pd.Index) -> None:
    if clash := [name for name in names if name in frame.columns]:
        raise UsageError(f"with_contacts: the frame has {', '.join(clash)} already.")
