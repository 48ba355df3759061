"""Helpers for bookings: requests for an appointment from outside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from stcrm_pandas.contract.nested import Address, CustomerType, NewContact, Priority
from stcrm_pandas.resources.booking_contacts import BookingContacts
from stcrm_pandas.resources.resource import Feed, Ids, MaxAge, When, helper

if TYPE_CHECKING:
    from stcrm_pandas.edits.plan.model import Plan


class Bookings(BookingContacts):
    """Bookings: requests for an appointment that came in from outside, by a form, a portal, a marketplace."""

    name = "bookings"

    @helper
    def list(
        self,
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
        """All bookings that fit, deleted ones left out.

        Parameters:
            ids: only these; ids that do not exist are left out in silence (`get` names them).
            created_on_or_after, created_before: half-open bounds of the creation.
            modified_on_or_after, modified_before: half-open bounds of the latest change.
            external_id: the id that the sender gave it.

        Returns:
            A frame with the columns of `stcrm.schemas.Bookings`; times are in UTC.

        Operation: Bookings_GetList

        >>> crm.bookings.list()["status"].isin(["New", "Accepted", "Converted", "Dismissed"]).all()
        np.True_
        """
        return self._list("list", locals())

    @helper
    def get(
        self,
        ids: Ids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Bookings by id, in the order in which they are asked for.

        Parameters:
            ids: one id or many; what stands twice comes once.

        Returns:
            A frame with the columns of `stcrm.schemas.Bookings`, a row for each id, inactive ones too.

        Raises:
            MissingRows: some do not exist; `ids` of the error has them.

        Operation: Bookings_Get, or Bookings_GetList for many

        >>> first = crm.bookings.list()["id"].iloc[0]
        >>> len(crm.bookings.get(first))
        1
        """
        return self._get(ids, locals())

    @helper
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
        """All bookings of one provider or of several that fit, deleted ones left out.

        Parameters:
            booking_providers: one provider's id or many: `booking_provider_id` of bookings.
            ids: only these; ids that do not exist are left out in silence (`get_of_provider` names them).
            created_on_or_after, created_before: half-open bounds of the creation.
            modified_on_or_after, modified_before: half-open bounds of the latest change.
            external_id: the id that the sender gave it.

        Returns:
            A frame with the columns of `stcrm.schemas.Bookings`; times are in UTC.

        Operation: Bookings_GetList2

        >>> provider = crm.bookings.list()["booking_provider_id"].iloc[0]
        >>> crm.bookings.list_of_provider(provider)["booking_provider_id"].unique().tolist() == [provider]
        True
        """
        return self._list("list_of_provider", locals())

    @helper
    def get_of_provider(
        self,
        booking_provider: int,
        ids: Ids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Bookings of one provider by id, in the order in which they are asked for.

        Parameters:
            booking_provider: the provider's id.
            ids: one id or many; what stands twice comes once.

        Returns:
            A frame with the columns of `stcrm.schemas.Bookings`, a row for each id.

        Raises:
            MissingRows: some do not exist, or are another provider's; `ids` of the error has them.

        Operation: Bookings_GetForProvider, or Bookings_GetList2 for many

        >>> first = crm.bookings.list().iloc[0]
        >>> len(crm.bookings.get_of_provider(first["booking_provider_id"], first["id"]))
        1
        """
        methods = ("get_of_provider", "list_of_provider")
        return self._get(ids, locals(), *methods, booking_provider=booking_provider)

    @helper
    def export(
        self,
        *,
        since: When | None = None,
        continue_from: str | None = None,
        include_recent_changes: bool | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> Feed:
        """Follow the export feed of bookings, deleted and inactive ones too: it keeps a copy up to date.

        Parameters:
            since: only what changed on or after this moment; without it, and without a token, all there is.
            continue_from: the token of an earlier feed (`Feed.continue_from`): what changed since then.
            include_recent_changes: see changes sooner, at the price of rows that come twice (they are dropped).

        Returns:
            A `Feed`; its frame has the columns of `stcrm.schemas.ExportedBookings`, each row in its latest version.

        Operation: ExportBookings_Get

        >>> feed = crm.bookings.export()
        >>> crm.bookings.export(continue_from=feed.continue_from)
        Feed(0 rows, continue_from=...)
        """
        return self._export("export", locals())

    @helper
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

        Parameters:
            source: who sends it, in free text.
            external_id: the sender's own id for it.
            address: without coordinates, which bookings do not have.
            start: the time that is asked for; without a zone it is meant in the tenant's.

        Returns:
            The booking: one row with the columns of `stcrm.schemas.Bookings`.

        Operation: Bookings_Create

        >>> provider = crm.bookings.list()["booking_provider_id"].iloc[0]
        >>> made = crm.bookings.create(
        ...     provider, source="Portal", name="Ann Lee", summary="No heat", is_first_time_client=True,
        ...     external_id="7", contacts=[{"type": "Phone", "value": "512-555-0101"}],
        ... )
        >>> made["status"].item()
        'New'
        """
        return self._write("create", locals())

    @helper
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
        """Change a booking of a provider: only what is named, but an address as a whole.

        Parameters:
            booking_provider: `booking_provider_id` of the booking.
            address: all of it, the unit too (`""` where there is none), without coordinates.

        Returns:
            The booking as it is now: one row with the columns of `stcrm.schemas.Bookings`.

        Operation: Bookings_Update

        >>> first = crm.bookings.list().iloc[0]
        >>> crm.bookings.update(first["booking_provider_id"], first["id"], summary="No heat")["summary"].item()
        'No heat'
        """
        return self._write("update", locals())

    @helper
    def dismiss(
        self, booking_provider: int, id: int, *, call_reason_id: int | None = None, dismissing_memo: str | None = None
    ) -> None:
        """Dismiss a booking of a provider: it is closed without a job.

        Operation: Bookings_DismissBooking

        >>> bookings = crm.bookings.list()
        >>> first = bookings[bookings["status"] == "New"].iloc[0]
        >>> crm.bookings.dismiss(first["booking_provider_id"], first["id"], dismissing_memo="Wrong number")
        >>> crm.bookings.get(first["id"])["status"].item()
        'Dismissed'
        """
        self._send("dismiss", locals())

    @helper
    def plan_dismiss(
        self,
        bookings: pd.DataFrame,
        *,
        call_reason_id: int | None = None,
        dismissing_memo: str | None = None,
        reason: str | None = None,
    ) -> Plan:
        """The plan that dismisses bookings. It cannot be undone.

        Parameters:
            bookings: open ones, as they were read: one that was modified since is not dismissed.
            reason: why it is done; the journal keeps it.

        Raises:
            UsageError: a column that is needed is missing, a booking stands twice, or they are another tenant's.

        >>> bookings = crm.bookings.list()
        >>> plan = crm.bookings.plan_dismiss(bookings[bookings["status"] == "New"].head(2), dismissing_memo="Spam")
        >>> plan.requests["method"].unique().tolist()
        ['POST']
        """
        from stcrm_pandas.edits import planning

        given = {"call_reason_id": call_reason_id, "dismissing_memo": dismissing_memo}
        return planning.dismissals(self._client, "bookings", bookings, given, reason=reason)
