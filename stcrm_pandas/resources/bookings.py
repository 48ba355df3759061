"""Methods for bookings: requests for an appointment from web forms, marketplaces and so on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from stcrm_pandas.contract.nested import Address, CustomerType, NewContact, Priority
from stcrm_pandas.resources.base.export import Exportable
from stcrm_pandas.resources.base.resource import Ids, MaxAge, When, checked, operation
from stcrm_pandas.resources.booking_contacts import BookingContacts

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan


class Bookings(BookingContacts, Exportable):
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
            True adds local times, customers' phone numbers and e-mail addresses, and names for ids, as `crm.named`
            does.
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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
        from stcrm_pandas.edits import planning

        given = {"call_reason_id": call_reason_id, "dismissing_memo": dismissing_memo}
        return planning.dismissals(self._port, "bookings", bookings, given, reason=reason)
