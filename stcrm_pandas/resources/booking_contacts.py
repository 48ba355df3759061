"""Methods for phone numbers and e-mail addresses of bookings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.contract.nested import ContactType
from stcrm_pandas.errors import MissingRows, StcrmError
from stcrm_pandas.reads.options import Options
from stcrm_pandas.resources.base.planning import WARN_ABOVE, Plannable
from stcrm_pandas.resources.base.resource import Ids, MaxAge, checked, operation

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan
    from stcrm_pandas.grid.grid import Grid
    from stcrm_pandas.sheets.sheet import Sheet


class BookingContacts(Plannable):
    """The phone numbers and e-mail addresses of bookings."""

    @checked
    def list_contacts(
        self,
        ids: Ids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the phone numbers and e-mail addresses of bookings, with one request per booking.

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
            One row per contact, with the columns of `stcrm.schemas.BookingContacts`. `booking_id` and
            `booking_provider_id` identify the booking that the contact belongs to. Times are in UTC.

        Raises
        ------
        MissingRows
            None of the bookings exists.

        Notes
        -----
        Operation: Bookings_GetContactList; the provider is read from the booking

        Examples
        --------
        >>> ids = crm.bookings.list()["id"].head(3)
        >>> crm.bookings.list_contacts(ids)["booking_id"].isin(ids).all()
        np.True_
        """
        options = Options(max_age, refresh, allow_incomplete)
        missing: list[dict[str, object]] = []
        several = isinstance(ids, Iterable) and not isinstance(ids, str)
        wanted: Any = list(ids) if several else ids  # type: ignore[arg-type]
        try:
            bookings = self._get(wanted, options)
        except MissingRows as error:
            rest = [id for id in wanted if int(id) not in error.ids] if several else []
            if not rest or self._reader.strict:
                raise
            missing = [{"booking_id": id} for id in error.ids]
            bookings = self._get(rest, options)
        pairs: Iterable[tuple[Any, Any]] = zip(bookings["id"], bookings["booking_provider_id"], strict=True)
        parents = [({"id": id}, {"booking_provider_id": provider, "booking_id": id}) for id, provider in pairs]
        return self._reader.list(self._operation("list_contacts"), {}, options, below=parents, missing=missing)

    @operation
    def list_contacts_of_provider(
        self,
        booking_provider: int,
        ids: Ids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the phone numbers and e-mail addresses of one provider's bookings, with one request per booking.

        Parameters
        ----------
        booking_provider : int
            The provider's id.
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
            One row per contact, with the columns of `stcrm.schemas.BookingContacts`. `booking_id` identifies the
            booking that the contact belongs to. Times are in UTC.

        Raises
        ------
        NotFound
            None of the bookings exists.

        Notes
        -----
        Operation: Bookings_GetContactList2

        Examples
        --------
        >>> first = crm.bookings.list().iloc[0]
        >>> contacts = crm.bookings.list_contacts_of_provider(first["booking_provider_id"], first["id"])
        >>> (contacts["booking_id"] == first["id"]).all()
        np.True_
        """

    @operation
    def create_contact(
        self, booking_provider: int, id: int, *, type: ContactType, value: str, memo: str | None = None
    ) -> pd.DataFrame:
        """Add a phone number or e-mail address to a provider's booking.

        Parameters
        ----------
        booking_provider : int
            The id of the booking provider (`booking_provider_id` in the frame of bookings).
        id : int
            The id of the booking.
        type : {"Phone", "MobilePhone", "Email", "Fax"}
            Whether `value` is a phone number, a mobile phone number, an e-mail address or a fax number.
        value : str
            The phone number, e-mail address or fax number.
        memo : str, optional
            A note on this phone number or e-mail address, as free text.

        Returns
        -------
        DataFrame
            The contact: one row with the columns of `stcrm.schemas.BookingContacts`.

        Notes
        -----
        Operation: Bookings_CreateContact

        Examples
        --------
        >>> first = crm.bookings.list().iloc[0]
        >>> made = crm.bookings.create_contact(
        ...     first["booking_provider_id"], first["id"], type="Email", value="ann@example.com"
        ... )
        >>> made["value"].item()
        'ann@example.com'
        """

    @checked
    def update_contact(
        self,
        booking_provider: int,
        id: int,
        contact_id: int,
        *,
        type: ContactType | None = None,
        value: str | None = None,
        memo: str | None = None,
    ) -> pd.DataFrame:
        """Change a phone number or e-mail address of a provider's booking.

        The response contains only what was sent, so the booking's contacts are read afterwards.

        Parameters
        ----------
        booking_provider : int
            The id of the booking provider (`booking_provider_id` in the frame of bookings).
        id : int
            The id of the booking.
        contact_id : int
            The id of the contact.
        type : {"Phone", "MobilePhone", "Email", "Fax"}, optional
            Whether `value` is a phone number, a mobile phone number, an e-mail address or a fax number.
        value : str, optional
            The phone number, e-mail address or fax number.
        memo : str, optional
            A note on this phone number or e-mail address, as free text.

        Returns
        -------
        DataFrame
            The changed contact: one row with the columns of `stcrm.schemas.BookingContacts`.

        Notes
        -----
        Operation: Bookings_UpdateBookingContact, then Bookings_GetContactList2

        Examples
        --------
        >>> id = crm.bookings.list()["id"].iloc[0]
        >>> first = crm.bookings.list_contacts(id).iloc[0]
        >>> changed = crm.bookings.update_contact(first["booking_provider_id"], id, first["id"], memo="work")
        >>> changed["memo"].item()
        'work'
        """
        path = {"booking_provider": booking_provider, "id": id, "contact_id": contact_id}
        body = {"type": type, "value": value, "memo": memo}
        self._writer.write(self._operation("update_contact"), path | body)
        try:
            contacts = self.list_contacts_of_provider(booking_provider, id, refresh=True)
        except StcrmError as error:
            error.add_note("bookings.update_contact was carried out; only reading the contact afterwards failed.")
            raise
        changed = contacts[contacts["id"] == int(contact_id)].reset_index(drop=True)
        changed.attrs = {"stcrm": {**contacts.attrs["stcrm"], "rows": len(changed)}}
        return changed

    @operation
    def delete_contact(self, booking_provider: int, id: int, contact_id: int) -> None:
        """Delete a phone number or e-mail address of a provider's booking.

        Parameters
        ----------
        booking_provider : int
            The id of the booking provider (`booking_provider_id` in the frame of bookings).
        id : int
            The id of the booking.
        contact_id : int
            The id of the contact.

        Notes
        -----
        Operation: Bookings_DeleteContact

        Examples
        --------
        >>> first = crm.bookings.list().iloc[0]
        >>> place = (first["booking_provider_id"], first["id"])
        >>> made = crm.bookings.create_contact(*place, type="Fax", value="512-555-0101")
        >>> crm.bookings.delete_contact(*place, made["id"].item())
        """

    @checked
    def plan_contact_changes(
        self,
        before: pd.DataFrame,
        after: pd.DataFrame | Sheet,
        *,
        reason: str | None = None,
        check: bool = False,
        warn_above: float = WARN_ABOVE,
    ) -> Plan:
        """Compare two DataFrames from `list_contacts` and return the changes as a plan; see `plan_changes`.

        Parameters
        ----------
        before : DataFrame
            The rows as they were read.
        after : DataFrame or Sheet
            The same rows after editing, or a sheet from `read_sheet`. Omitted rows and columns do not change; a missing
            value clears the cell.
        reason : str, optional
            Why the change is made. It is stored in the journal.
        check : bool, default False
            True runs the checks that require a read immediately, instead of when the plan is applied.
        warn_above : float, default WARN_ABOVE
            A share of the rows in `before`, from 0 to 1 (25% by default). If the plan changes a larger share, it
            contains a warning, unless there are fewer than 20 rows.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.

        Examples
        --------
        >>> before = crm.bookings.list_contacts(crm.bookings.list()["id"].head(3))
        >>> len(crm.bookings.plan_contact_changes(before, before).changes)
        0
        """
        return self._plan("booking_contacts", before, after, reason=reason, check=check, warn_above=warn_above)

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
        >>> grid = crm.bookings.edit_contacts(crm.bookings.list_contacts(crm.bookings.list()["id"].head(3)))
        >>> len(grid.changes)
        0
        """
        return self._edit("booking_contacts", frame, options, self.plan_contact_changes)
