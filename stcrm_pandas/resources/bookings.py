"""Methods for bookings: requests for an appointment from web forms, marketplaces and so on; their providers' tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.contract.arguments import Address, ContactType, CustomerType, NewContact, Priority
from stcrm_pandas.errors import MissingRows, StcrmError
from stcrm_pandas.reads.reading import Options
from stcrm_pandas.resources.resource import WARN_ABOVE, Exportable, Ids, MaxAge, Plannable, When, checked, operation

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan
    from stcrm_pandas.grid.grid import Grid
    from stcrm_pandas.sheets.sheet import Sheet


class Bookings(Plannable, Exportable):
    """Bookings: requests for an appointment from web forms, marketplaces and other outside sources."""

    name = "bookings"

    @operation
    def list(
        self,
        *,
        ids: Ids | None = None,
        external_id: str | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        names: bool = False,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the bookings that match the filters. Deleted bookings are not included.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        external_id : str, optional
            Only the booking with this id in the system that sent it.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
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
            One row per booking, with the columns of `stcrm.schemas.Bookings`. Times are in UTC.

        Notes
        -----
        Operation: Bookings_GetList

        Examples
        --------
        >>> crm.bookings.list()["status"].isin(["New", "Accepted", "Converted", "Dismissed"]).all()
        np.True_
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
        """Return bookings by id, in the order of the ids.

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
            One row per booking, including inactive ones, with the columns of `stcrm.schemas.Bookings`. Times are in
            UTC.

        Raises
        ------
        MissingRows
            Some ids do not exist. The error lists them in `ids`.

        Notes
        -----
        Operation: Bookings_Get, or Bookings_GetList for several ids

        Examples
        --------
        >>> first = crm.bookings.list()["id"].iloc[0]
        >>> len(crm.bookings.get(first))
        1
        """

    @operation
    def list_of_provider(
        self,
        booking_providers: Ids,
        *,
        ids: Ids | None = None,
        external_id: str | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the bookings of one or more providers, with filters. Deleted bookings are not included.

        Parameters
        ----------
        booking_providers : int, sequence of int or Series
            The ids of one or more providers: `booking_provider_id` in the frame of bookings.
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        external_id : str, optional
            Only the booking with this id in the system that sent it.
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
            One row per booking, with the columns of `stcrm.schemas.Bookings`. Times are in UTC.

        Notes
        -----
        Operation: Bookings_GetList2

        Examples
        --------
        >>> provider = crm.bookings.list()["booking_provider_id"].iloc[0]
        >>> crm.bookings.list_of_provider(provider)["booking_provider_id"].unique().tolist() == [provider]
        True
        """

    @operation
    def get_of_provider(
        self,
        booking_provider: int,
        ids: Ids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return bookings of one provider by id, in the order of the ids.

        Parameters
        ----------
        booking_provider : int
            The provider's id.
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
            One row per booking, with the columns of `stcrm.schemas.Bookings`. Times are in UTC.

        Raises
        ------
        MissingRows
            Some ids do not exist, or belong to another provider. The error lists them in `ids`.

        Notes
        -----
        Operation: Bookings_GetForProvider, or Bookings_GetList2 for several ids

        Examples
        --------
        >>> first = crm.bookings.list().iloc[0]
        >>> len(crm.bookings.get_of_provider(first["booking_provider_id"], first["id"]))
        1
        """

    @operation
    def create(
        self,
        booking_provider: int,
        *,
        source: str,
        name: str,
        summary: str,
        is_first_time_client: bool,
        external_id: str,
        address: Address | None = None,
        contacts: Iterable[NewContact] | None = None,
        customer_type: CustomerType | None = None,
        start: When | None = None,
        campaign_id: int | None = None,
        business_unit_id: int | None = None,
        job_type_id: int | None = None,
        priority: Priority | None = None,
        uploaded_images: Iterable[str] | None = None,
        is_send_confirmation_email: bool | None = None,
    ) -> pd.DataFrame:
        """Create a booking for a provider.

        Parameters
        ----------
        booking_provider : int
            The id of the booking provider (`booking_provider_id` in the frame of bookings).
        source : str
            Where the booking comes from, as free text.
        name : str
            The name of the person or company.
        summary : str
            A summary of what the person needs, as free text.
        is_first_time_client : bool
            Whether the customer is new, according to the sender of the booking.
        external_id : str
            The id of the booking in the system that sends it.
        address : Address, optional
            The address, without coordinates.
        contacts : iterable of NewContact, optional
            Phone numbers and e-mail addresses.
        customer_type : {"Residential", "Commercial"}, optional
            Whether the customer is residential or commercial.
        start : str, date or Timestamp, optional
            The requested start of the appointment. The default time zone is the tenant's.
        campaign_id : int, optional
            The id of the campaign that the booking came from.
        business_unit_id : int, optional
            The id of the business unit that handles the booking.
        job_type_id : int, optional
            The id of the job type.
        priority : {"Low", "Normal", "High", "Urgent"}, optional
            The priority of the booking.
        uploaded_images : iterable of str, optional
            URLs of images.
        is_send_confirmation_email : bool, optional
            True makes ServiceTitan e-mail a confirmation.

        Returns
        -------
        DataFrame
            The booking: one row with the columns of `stcrm.schemas.Bookings`.

        Notes
        -----
        Operation: Bookings_Create

        Examples
        --------
        >>> provider = crm.bookings.list()["booking_provider_id"].iloc[0]
        >>> made = crm.bookings.create(
        ...     provider, source="Portal", name="Ann Lee", summary="No heat", is_first_time_client=True,
        ...     external_id="7", contacts=[{"type": "Phone", "value": "512-555-0101"}],
        ... )
        >>> made["status"].item()
        'New'
        """

    @operation
    def update(
        self,
        booking_provider: int,
        id: int,
        *,
        source: str | None = None,
        name: str | None = None,
        address: Address | None = None,
        customer_type: CustomerType | None = None,
        start: When | None = None,
        summary: str | None = None,
        campaign_id: int | None = None,
        business_unit_id: int | None = None,
        job_type_id: int | None = None,
        priority: Priority | None = None,
        is_first_time_client: bool | None = None,
        uploaded_images: Iterable[str] | None = None,
        external_id: str | None = None,
    ) -> pd.DataFrame:
        """Change a provider's booking. Omitted fields do not change; an address is replaced as a whole.

        Parameters
        ----------
        booking_provider : int
            The id of the booking provider (`booking_provider_id` in the frame of bookings).
        id : int
            The id of the booking.
        source : str, optional
            Where the booking comes from, as free text.
        name : str, optional
            The name of the person or company.
        address : Address, optional
            The complete address with its unit (`""` if there is none), without coordinates.
        customer_type : {"Residential", "Commercial"}, optional
            Whether the customer is residential or commercial.
        start : str, date or Timestamp, optional
            The requested start of the appointment. The default time zone is the tenant's.
        summary : str, optional
            A summary of what the person needs, as free text.
        campaign_id : int, optional
            The id of the campaign that the booking came from.
        business_unit_id : int, optional
            The id of the business unit that handles the booking.
        job_type_id : int, optional
            The id of the job type.
        priority : {"Low", "Normal", "High", "Urgent"}, optional
            The priority of the booking.
        is_first_time_client : bool, optional
            Whether the customer is new, according to the sender of the booking.
        uploaded_images : iterable of str, optional
            URLs of images.
        external_id : str, optional
            The id of the booking in the system that sends it.

        Returns
        -------
        DataFrame
            The changed booking: one row with the columns of `stcrm.schemas.Bookings`.

        Notes
        -----
        Operation: Bookings_Update

        Examples
        --------
        >>> first = crm.bookings.list().iloc[0]
        >>> crm.bookings.update(first["booking_provider_id"], first["id"], summary="No heat")["summary"].item()
        'No heat'
        """

    @operation
    def dismiss(
        self, booking_provider: int, id: int, *, call_reason_id: int | None = None, dismissing_memo: str | None = None
    ) -> None:
        """Dismiss a provider's booking, which closes it without a job.

        Parameters
        ----------
        booking_provider : int
            The id of the booking provider (`booking_provider_id` in the frame of bookings).
        id : int
            The id of the booking.
        call_reason_id : int, optional
            The id of the call reason for the dismissal.
        dismissing_memo : str, optional
            Why the booking is dismissed, as free text.

        Notes
        -----
        Operation: Bookings_DismissBooking

        Examples
        --------
        >>> bookings = crm.bookings.list()
        >>> first = bookings[bookings["status"] == "New"].iloc[0]
        >>> crm.bookings.dismiss(first["booking_provider_id"], first["id"], dismissing_memo="Wrong number")
        >>> crm.bookings.get(first["id"])["status"].item()
        'Dismissed'
        """

    @checked
    def plan_dismiss(
        self,
        bookings: pd.DataFrame,
        *,
        call_reason_id: int | None = None,
        dismissing_memo: str | None = None,
        reason: str | None = None,
    ) -> Plan:
        """Plan the dismissal of bookings. A dismissal cannot be undone.

        Parameters
        ----------
        bookings : DataFrame
            Open bookings, as they were read. A booking that was modified since then is not dismissed.
        call_reason_id : int, optional
            The id of the call reason for the dismissal.
        dismissing_memo : str, optional
            Why the bookings are dismissed, as free text.
        reason : str, optional
            Why the change is made. It is stored in the journal.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.

        Raises
        ------
        UsageError
            A required column is missing, a booking appears twice, or the rows come from another tenant.

        Examples
        --------
        >>> bookings = crm.bookings.list()
        >>> plan = crm.bookings.plan_dismiss(bookings[bookings["status"] == "New"].head(2), dismissing_memo="Spam")
        >>> plan.requests["method"].unique().tolist()
        ['POST']
        """
        from stcrm_pandas.edits import plans

        values = {"call_reason_id": call_reason_id, "dismissing_memo": dismissing_memo}
        return plans.dismissals(self._port, "bookings", bookings, values, reason=reason)

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
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
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
            if not rest or self._reader.settings.strict:
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
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
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
            The edited rows, or a sheet from `read_sheet`. A missing value clears; what is omitted does not change.
        reason : str, optional
            Why the change is made. It is stored in the journal.
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


class BookingProviderTags(Plannable):
    """Booking provider tags: the names of the services that send bookings."""

    name = "booking_provider_tags"

    @operation
    def list(
        self,
        *,
        name: str | None = None,
        ids: Ids | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the booking provider tags that match the filters.

        Parameters
        ----------
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
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
            One row per tag, with the columns of `stcrm.schemas.BookingProviderTags`. Times are in UTC.

        Notes
        -----
        Operation: BookingProviderTags_GetList

        Examples
        --------
        >>> crm.booking_provider_tags.list()["id"].is_unique
        True
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
        """Return booking provider tags by id, in the order of the ids.

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
            One row per tag, with the columns of `stcrm.schemas.BookingProviderTags`. Times are in UTC.

        Raises
        ------
        MissingRows
            Some ids do not exist. The error lists them in `ids`.

        Notes
        -----
        Operation: BookingProviderTags_Get, or BookingProviderTags_GetList for several ids

        Examples
        --------
        >>> first = crm.booking_provider_tags.list()["id"].iloc[0]
        >>> len(crm.booking_provider_tags.get(first))
        1
        """

    @operation
    def create(self, *, tag_name: str, description: str) -> pd.DataFrame:
        """Create a booking provider tag.

        Parameters
        ----------
        tag_name : str
            The name of the tag.
        description : str
            A description of the tag, as free text.

        Returns
        -------
        DataFrame
            The tag: one row with the columns of `stcrm.schemas.CreatedBookingProviderTags`.

        Notes
        -----
        Operation: BookingProviderTags_Create

        Examples
        --------
        >>> crm.booking_provider_tags.create(tag_name="Portal", description="Our own form")["tag_name"].item()
        'Portal'
        """

    @operation
    def update(self, id: int, *, tag_name: str | None = None, description: str | None = None) -> pd.DataFrame:
        """Change a booking provider tag.

        Parameters
        ----------
        id : int
            The id of the booking provider tag.
        tag_name : str, optional
            The name of the tag.
        description : str, optional
            A description of the tag, as free text.

        Returns
        -------
        DataFrame
            The changed tag: one row with the columns of `stcrm.schemas.UpdatedBookingProviderTags`.

        Notes
        -----
        Operation: BookingProviderTags_Update

        Examples
        --------
        >>> first = crm.booking_provider_tags.list()["id"].iloc[0]
        >>> crm.booking_provider_tags.update(first, description="Old form")["description"].item()
        'Old form'
        """
