"""The export feed of a resource."""

from __future__ import annotations

from stcrm_pandas.resources.base.resource import Feed, MaxAge, Resource, When, operation


class Exportable(Resource):
    """A resource with an export feed. The examples show leads."""

    @operation
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
        """Return the export feed, including deleted and inactive rows, to keep a copy up to date.

        Parameters
        ----------
        since : str, date or Timestamp, optional
            Only rows changed at or after this time. The default time zone is the tenant's. Without `since` and
            `continue_from`, all rows are returned.
        continue_from : str, optional
            The token of an earlier feed (`Feed.continue_from`), to return only rows changed since then.
        include_recent_changes : bool, optional
            True includes changes from about the last 15 minutes. Duplicates are dropped.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        Feed
            A feed. Its `frame` contains the latest version of each row, with the columns of
            `stcrm.schemas.ExportedLeads`, `ExportedBookings`, `ExportedCustomers` or `ExportedLocations`. Times are in
            UTC.

        Notes
        -----
        Operation: ExportLeads_Leads, ExportBookings_Get, ExportCustomers_GetCustomers, ExportLocations_Locations

        Examples
        --------
        >>> feed = crm.leads.export()
        >>> crm.leads.export(continue_from=feed.continue_from)
        Feed(0 rows, continue_from=...)
        """
