"""Follow-up on leads: notes, follow-up dates, dismissal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from stcrm_pandas.resources.base.planning import Plannable
from stcrm_pandas.resources.base.resource import Ids, MaxAge, When, checked, operation

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan


class LeadFollowUp(Plannable):
    """Notes, follow-up dates and dismissal of leads."""

    @operation
    def list_notes(
        self,
        ids: Ids,
        *,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the notes on leads, with one request per lead.

        Parameters
        ----------
        ids : int, sequence of int or Series
            One or more ids. Duplicates are dropped.
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
            One row per note, with the columns of `stcrm.schemas.LeadNotes`. `lead_id` identifies the lead that the note
            belongs to. Times are in UTC.

        Raises
        ------
        NotFound
            None of the leads exists.

        Notes
        -----
        Operation: Leads_GetNotes

        Examples
        --------
        >>> ids = crm.leads.list()["id"].head(3)
        >>> crm.leads.list_notes(ids)["lead_id"].isin(ids).all()
        np.True_
        """

    @operation
    def create_note(self, id: int, *, text: str, pin_to_top: bool | None = None) -> pd.DataFrame:
        """Add a note to a lead.

        Parameters
        ----------
        id : int
            The id of the lead.
        text : str
            The text of the note.
        pin_to_top : bool, optional
            True pins the note to the top.

        Returns
        -------
        DataFrame
            The note: one row with the columns of `stcrm.schemas.LeadNotes`.

        Notes
        -----
        Operation: Leads_CreateNote

        Examples
        --------
        >>> first = crm.leads.list()["id"].iloc[0]
        >>> crm.leads.create_note(first, text="Asked for a quote")["text"].item()
        'Asked for a quote'
        """

    @operation
    def create_follow_up(
        self, id: int, *, follow_up_date: When, text: str | None = None, pin_to_top: bool | None = None
    ) -> pd.DataFrame:
        """Set the follow-up date of a lead, with a note.

        Parameters
        ----------
        id : int
            The id of the lead.
        follow_up_date : str, date or Timestamp
            When to follow up. The default time zone is the tenant's.
        text : str, optional
            The text of the note.
        pin_to_top : bool, optional
            True pins the note to the top.

        Returns
        -------
        DataFrame
            The follow-up: one row with the columns of `stcrm.schemas.FollowUps`. Times are in UTC.

        Notes
        -----
        Operation: Leads_CreateFollowUp

        Examples
        --------
        >>> first = crm.leads.list(status="Open")["id"].iloc[0]
        >>> made = crm.leads.create_follow_up(first, follow_up_date="2026-07-01T15:00Z", text="Call back")
        >>> made["follow_up_date"].item()
        Timestamp('2026-07-01 15:00:00+0000', tz='UTC')
        """

    @operation
    def dismiss(self, id: int, *, dismissing_reason_id: int) -> None:
        """Dismiss a lead, which closes it without a job.

        Parameters
        ----------
        id : int
            The id of the lead.
        dismissing_reason_id : int
            The id of the dismissing reason.

        Notes
        -----
        Operation: Leads_Dismiss

        Examples
        --------
        >>> first = crm.leads.list(status="Open")["id"].iloc[0]
        >>> crm.leads.dismiss(first, dismissing_reason_id=1)
        >>> crm.leads.get(first)["status"].item()
        'Dismissed'
        """

    @checked
    def plan_follow_up(
        self,
        leads: pd.DataFrame,
        date: When,
        *,
        text: str | None = None,
        pin_to_top: bool | None = None,
        reason: str | None = None,
    ) -> Plan:
        """Plan a follow-up date for leads. The change cannot be undone.

        Parameters
        ----------
        leads : DataFrame
            Open leads, as they were read. A lead that was modified since then is not changed.
        date : str, date or Timestamp
            When to follow up. The default time zone is the tenant's.
        text : str, optional
            The text of the note that each lead gets.
        pin_to_top : bool, optional
            True pins the notes to the top.
        reason : str, optional
            Why the change is made. It is stored in the journal.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.

        Raises
        ------
        UsageError
            A required column is missing, a lead appears twice, or the rows come from another tenant.

        Examples
        --------
        >>> leads = crm.leads.list(status="Open").head(2)
        >>> crm.leads.plan_follow_up(leads, "2026-07-01").changes["new"].unique().tolist()
        ['2026-07-01T05:00:00Z']
        """
        from stcrm_pandas.edits import planning

        given = {"follow_up_date": date, "text": text, "pin_to_top": pin_to_top}
        return planning.follow_ups(self._port, leads, given, reason=reason)

    @checked
    def plan_dismiss(self, leads: pd.DataFrame, *, dismissing_reason_id: int, reason: str | None = None) -> Plan:
        """Plan the dismissal of leads. A dismissal cannot be undone.

        Parameters
        ----------
        leads : DataFrame
            Open leads, as they were read. A lead that was modified since then is not dismissed.
        dismissing_reason_id : int
            The id of the dismissing reason.
        reason : str, optional
            Why the change is made. It is stored in the journal.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.

        Raises
        ------
        UsageError
            A required column is missing, a lead appears twice, or the rows come from another tenant.

        Examples
        --------
        >>> stale = crm.leads.list(status="Open").head(2)
        >>> len(crm.leads.plan_dismiss(stale, dismissing_reason_id=1).requests)
        2
        """
        from stcrm_pandas.edits import planning

        given = {"dismissing_reason_id": dismissing_reason_id}
        return planning.dismissals(self._port, "leads", leads, given, reason=reason)
