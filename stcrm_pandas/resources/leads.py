"""Helpers for leads: inquiries that were not booked at first contact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import pandas as pd

from stcrm_pandas.contract.nested import Address, Priority
from stcrm_pandas.resources.planning import Plannable
from stcrm_pandas.resources.resource import Feed, Ids, MaxAge, When, helper

if TYPE_CHECKING:
    from stcrm_pandas.edits.plan.model import Plan


class Leads(Plannable):
    """Leads: inquiries that were not booked at first contact, or were entered as leads."""

    name = "leads"

    @helper
    def list(
        self,
        *,
        ids: Ids | None = None,
        customer_id: int | None = None,
        is_prospect: bool | None = None,
        without_customer: bool | None = None,
        status: Literal["Open", "Dismissed", "Converted"] | None = None,
        customer_city: str | None = None,
        customer_state: str | None = None,
        customer_zip: str | None = None,
        customer_created_on_or_after: When | None = None,
        customer_created_before: When | None = None,
        customer_modified_on_or_after: When | None = None,
        gen_perm_url: bool | None = None,
        lead_customer_name: str | None = None,
        lead_phone: str | None = None,
        is_capture_source_form: bool | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """All leads that fit, deleted ones left out.

        Parameters:
            ids: only these; ids that do not exist are left out in silence (`get` names them).
            created_on_or_after, created_before: half-open bounds of the creation.
            modified_on_or_after, modified_before: half-open bounds of the latest change.
            is_prospect: True for leads whose customer has no job yet, or that have no customer.
            without_customer: True for leads without a customer or location.
            gen_perm_url: True fills `lead_url`, and makes a lasting link for each lead.
            is_capture_source_form: True for leads that a form brought.

        Returns:
            A frame with the columns of `stcrm.schemas.Leads`; times are in UTC.

        Operation: Leads_GetList

        >>> crm.leads.list(status="Open")["status"].unique().tolist()
        ['Open']
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
        """Leads by id, in the order in which they are asked for.

        Parameters:
            ids: one id or many; what stands twice comes once.

        Returns:
            A frame with the columns of `stcrm.schemas.Leads`, a row for each id, inactive ones too.

        Raises:
            MissingRows: some do not exist; `ids` of the error has them.

        Operation: Leads_Get, or Leads_GetList for many

        >>> first = crm.leads.list()["id"].iloc[0]
        >>> len(crm.leads.get(first))
        1
        """
        return self._get(ids, locals())

    @helper
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
        """Notes on leads: one call for each lead, side by side.

        Parameters:
            ids: one lead's id or many.
            created_on_or_after, created_before: half-open bounds of the creation.
            modified_on_or_after, modified_before: half-open bounds of the latest change.

        Returns:
            A frame with the columns of `stcrm.schemas.LeadNotes`; `lead_id` says whose each is.

        Raises:
            NotFound: the only lead, or each of several, does not exist.

        Operation: Leads_GetNotes

        >>> ids = crm.leads.list()["id"].head(3)
        >>> crm.leads.list_notes(ids)["lead_id"].isin(ids).all()
        np.True_
        """
        return self._list("list_notes", locals())

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
        """Follow the export feed of leads, deleted and inactive ones too: it keeps a copy up to date.

        Parameters:
            since: only what changed on or after this moment; without it, and without a token, all there is.
            continue_from: the token of an earlier feed (`Feed.continue_from`): what changed since then.
            include_recent_changes: see changes sooner, at the price of rows that come twice (they are dropped).

        Returns:
            A `Feed`; its frame has the columns of `stcrm.schemas.ExportedLeads`, each row in its latest version.

        Operation: ExportLeads_Leads

        >>> feed = crm.leads.export()
        >>> crm.leads.export(continue_from=feed.continue_from)
        Feed(0 rows, continue_from=...)
        """
        return self._export("export", locals())

    @helper
    def create(
        self,
        *,
        campaign_id: int,
        summary: str,
        customer_id: int | None = None,
        location_id: int | None = None,
        business_unit_id: int | None = None,
        job_type_id: int | None = None,
        tag_type_ids: Iterable[int] | None = None,
        priority: Priority | None = None,
        call_reason_id: int | None = None,
        follow_up_date: When | None = None,
        booking_id: int | None = None,
        lead_customer_name: str | None = None,
        lead_phone: str | None = None,
        lead_email: str | None = None,
        lead_street: str | None = None,
        lead_unit: str | None = None,
        lead_city: str | None = None,
        lead_state: str | None = None,
        lead_zip: str | None = None,
        lead_country: str | None = None,
    ) -> pd.DataFrame:
        """Create a lead.

        Parameters:
            call_reason_id, follow_up_date: one of the two is needed.
            booking_id: the booking that the lead is made from; **that booking is dismissed**.

        Returns:
            The lead: one row with the columns of `stcrm.schemas.Leads`.

        Operation: Leads_Create

        >>> campaign = crm.lookups.campaigns.list()["id"].iloc[0]
        >>> made = crm.leads.create(campaign_id=campaign, summary="Leak", follow_up_date="2026-07-01")
        >>> made["status"].item()
        'Open'
        """
        return self._write("create", locals())

    @helper
    def submit_form(
        self,
        *,
        name: str,
        email: str | None = None,
        phone_number: str | None = None,
        address: Address | None = None,
        summary: str | None = None,
        id: int | None = None,
    ) -> pd.DataFrame:
        """Submit a lead form, as a website does.

        Parameters:
            id: sent as the query's `id`, of which the contract says nothing more.

        Returns:
            The lead's id: one row with the columns of `stcrm.schemas.SubmittedLeadForms`.

        Operation: Leads_SubmitLeadForm

        >>> made = crm.leads.submit_form(name="Ann Lee", phone_number="512-555-0100", summary="No heat")
        >>> made.columns.tolist()
        ['lead_id']
        """
        return self._write("submit_form", locals())

    @helper
    def update(
        self,
        id: int,
        *,
        campaign_id: int | None = None,
        priority: Priority | None = None,
        business_unit_id: int | None = None,
        job_type_id: int | None = None,
        summary: str | None = None,
        lead_customer_name: str | None = None,
        lead_phone: str | None = None,
        lead_email: str | None = None,
        lead_street: str | None = None,
        lead_unit: str | None = None,
        lead_city: str | None = None,
        lead_state: str | None = None,
        lead_zip: str | None = None,
        lead_country: str | None = None,
    ) -> pd.DataFrame:
        """Change a lead. Its status, tags and follow-up date have ways of their own, or none.

        Returns:
            The lead as it is now: one row with the columns of `stcrm.schemas.Leads`.

        Operation: Leads_Update

        >>> first = crm.leads.list()["id"].iloc[0]
        >>> crm.leads.update(first, summary="Leak under the sink")["summary"].item()
        'Leak under the sink'
        """
        return self._write("update", locals())

    @helper
    def dismiss(self, id: int, *, dismissing_reason_id: int) -> None:
        """Dismiss a lead: it is closed without a job.

        Operation: Leads_Dismiss

        >>> first = crm.leads.list(status="Open")["id"].iloc[0]
        >>> crm.leads.dismiss(first, dismissing_reason_id=1)
        >>> crm.leads.get(first)["status"].item()
        'Dismissed'
        """
        self._send("dismiss", locals())

    @helper
    def create_follow_up(
        self, id: int, *, follow_up_date: When, text: str | None = None, pin_to_top: bool | None = None
    ) -> pd.DataFrame:
        """Set when to follow a lead up, with a note.

        Parameters:
            follow_up_date: without a zone it is meant in the tenant's.
            text: the note.

        Returns:
            One row with the columns of `stcrm.schemas.FollowUps`.

        Operation: Leads_CreateFollowUp

        >>> first = crm.leads.list(status="Open")["id"].iloc[0]
        >>> made = crm.leads.create_follow_up(first, follow_up_date="2026-07-01T15:00Z", text="Call back")
        >>> made["follow_up_date"].item()
        Timestamp('2026-07-01 15:00:00+0000', tz='UTC')
        """
        return self._write("create_follow_up", locals())

    @helper
    def create_note(self, id: int, *, text: str, pin_to_top: bool | None = None) -> pd.DataFrame:
        """Write a note on a lead.

        Returns:
            The note: one row with the columns of `stcrm.schemas.LeadNotes`.

        Operation: Leads_CreateNote

        >>> first = crm.leads.list()["id"].iloc[0]
        >>> crm.leads.create_note(first, text="Asked for a quote")["text"].item()
        'Asked for a quote'
        """
        return self._write("create_note", locals())

    @helper
    def plan_dismiss(self, leads: pd.DataFrame, *, dismissing_reason_id: int, reason: str | None = None) -> Plan:
        """The plan that dismisses leads. It cannot be undone.

        Parameters:
            leads: open leads, as they were read: one that was modified since is not dismissed.
            reason: why it is done; the journal keeps it.

        Raises:
            UsageError: a column that is needed is missing, a lead stands twice, or they are another tenant's.

        >>> stale = crm.leads.list(status="Open").head(2)
        >>> len(crm.leads.plan_dismiss(stale, dismissing_reason_id=1).requests)
        2
        """
        from stcrm_pandas.edits import planning

        given = {"dismissing_reason_id": dismissing_reason_id}
        return planning.dismissals(self._client, "leads", leads, given, reason=reason)

    @helper
    def plan_follow_up(
        self,
        leads: pd.DataFrame,
        date: When,
        *,
        text: str | None = None,
        pin_to_top: bool | None = None,
        reason: str | None = None,
    ) -> Plan:
        """The plan that gives leads a date to follow them up. It cannot be undone.

        Parameters:
            leads: open leads, as they were read: one that was modified since is left as it is.
            date: without a zone it is meant in the tenant's.
            text: a note, written on each of them.
            reason: why it is done; the journal keeps it.

        Raises:
            UsageError: as `plan_dismiss`.

        >>> leads = crm.leads.list(status="Open").head(2)
        >>> crm.leads.plan_follow_up(leads, "2026-07-01").changes["new"].unique().tolist()
        ['2026-07-01T05:00:00Z']
        """
        from stcrm_pandas.edits import planning

        given = {"follow_up_date": date, "text": text, "pin_to_top": pin_to_top}
        return planning.follow_ups(self._client, leads, given, reason=reason)
