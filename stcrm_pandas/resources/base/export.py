"""The export feed of a family."""

from __future__ import annotations

from stcrm_pandas.resources.base.resource import Feed, MaxAge, Resource, When, operation


class Exportable(Resource):
    """A family with an export feed. The examples show leads."""

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
        """Read the export feed, deleted and inactive rows too, to keep a copy up to date.

        Parameters
        ----------
        since : str, date or Timestamp, optional
            Only rows that changed at or after this time. By default, and without a token, all rows.
        continue_from : str, optional
            The token of an earlier feed (`Feed.continue_from`): only rows that changed since then.
        include_recent_changes : bool, optional
            True includes changes of the last 15 minutes or so. Repeated rows are dropped.
        max_age : str, float or timedelta, optional
            How old a cached read may be, such as `"15m"`, seconds, or 0. By default `max_age` of the connection.
        refresh : bool, default False
            True reads from the service again and stores the result.
        allow_incomplete : bool, default False
            True returns an incomplete read, with a warning instead of an error.

        Returns
        -------
        Feed
            A feed; its `frame` has the columns of `stcrm.schemas.ExportedLeads`, `ExportedBookings`,
            `ExportedCustomers` or `ExportedLocations`, with the latest version of each row.

        Notes
        -----
        Operation: ExportLeads_Leads, ExportBookings_Get, ExportCustomers_GetCustomers, ExportLocations_Locations

        Examples
        --------
        >>> feed = crm.leads.export()
        >>> crm.leads.export(continue_from=feed.continue_from)
        Feed(0 rows, continue_from=...)
        """
