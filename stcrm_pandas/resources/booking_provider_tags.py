"""Helpers for booking provider tags: the names of those who send bookings."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.resources.planning import Plannable
from stcrm_pandas.resources.resource import Ids, MaxAge, When, helper


class BookingProviderTags(Plannable):
    """Booking provider tags: the names of those who send bookings."""

    name = "booking_provider_tags"

    @helper
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
        """All booking provider tags that fit.

        Parameters:
            ids: only these; ids that do not exist are left out in silence (`get` names them).
            created_on_or_after, created_before: half-open bounds of the creation.
            modified_on_or_after, modified_before: half-open bounds of the latest change.

        Returns:
            A frame with the columns of `stcrm.schemas.BookingProviderTags`; times are in UTC.

        Operation: BookingProviderTags_GetList

        >>> crm.booking_provider_tags.list()["id"].is_unique
        True
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
        """Booking provider tags by id, in the order in which they are asked for.

        Parameters:
            ids: one id or many; what stands twice comes once.

        Returns:
            A frame with the columns of `stcrm.schemas.BookingProviderTags`, a row for each id.

        Raises:
            MissingRows: some do not exist; `ids` of the error has them.

        Operation: BookingProviderTags_Get, or BookingProviderTags_GetList for many

        >>> first = crm.booking_provider_tags.list()["id"].iloc[0]
        >>> len(crm.booking_provider_tags.get(first))
        1
        """
        return self._get(ids, locals())

    @helper
    def create(self, *, tag_name: str, description: str) -> pd.DataFrame:
        """Create a booking provider tag.

        Returns:
            The tag: one row with the columns of `stcrm.schemas.CreatedBookingProviderTags`.

        Operation: BookingProviderTags_Create

        >>> crm.booking_provider_tags.create(tag_name="Portal", description="Our own form")["tag_name"].item()
        'Portal'
        """
        return self._write("create", locals())

    @helper
    def update(self, id: int, *, tag_name: str | None = None, description: str | None = None) -> pd.DataFrame:
        """Change a booking provider tag.

        Returns:
            The tag as it is now: one row with the columns of `stcrm.schemas.UpdatedBookingProviderTags`.

        Operation: BookingProviderTags_Update

        >>> first = crm.booking_provider_tags.list()["id"].iloc[0]
        >>> crm.booking_provider_tags.update(first, description="Old form")["description"].item()
        'Old form'
        """
        return self._write("update", locals())
