"""Methods for booking provider tags: the names of the services that send bookings."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.resources.base.planning import Plannable
from stcrm_pandas.resources.base.resource import Ids, MaxAge, When, operation


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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
