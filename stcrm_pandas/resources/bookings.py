"""Helpers for bookings: requests for an appointment from outside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from stcrm_pandas.resources.resource import Feed, Ids, MaxAge, Resource, When, helper


class Bookings(Resource):
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
    def list_contacts(
        self,
        ids: Ids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Phones and e-mails of bookings: one call for each booking, side by side.

        Parameters:
            ids: one booking's id or many.

        Returns:
            A frame with the columns of `stcrm.schemas.BookingContacts`; `booking_id` and `booking_provider_id` say
            whose each is.

        Raises:
            MissingRows: a booking does not exist.

        Operation: Bookings_GetContactList; the provider is read from the booking

        >>> ids = crm.bookings.list()["id"].head(3)
        >>> crm.bookings.list_contacts(ids)["booking_id"].isin(ids).all()
        np.True_
        """
        bookings = self._get(ids, locals())
        pairs: Iterable[tuple[Any, Any]] = zip(bookings["id"], bookings["booking_provider_id"], strict=True)
        parents = [({"id": id}, {"booking_provider_id": provider, "booking_id": id}) for id, provider in pairs]
        return self._sub_list("list_contacts", parents, locals())

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
