"""Methods for leads, inquiries that were not booked at first contact, and for follow-up on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import pandas as pd

from stcrm_pandas.contract.arguments import Address, Priority
from stcrm_pandas.resources.resource import Exportable, Ids, MaxAge, Plannable, When, checked, operation

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan


class Leads(Plannable, Exportable):
    """Leads: inquiries that were not booked at first contact, or that were entered as leads."""

    name = "leads"

    @operation
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
        names: bool = False,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the leads that match the filters. Deleted leads are not included.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        customer_id : int, optional
            Only rows of this customer.
        is_prospect : bool, optional
            True returns only leads that have no customer, or whose customer has no jobs yet.
        without_customer : bool, optional
            True returns only leads without a customer or location.
        status : {"Open", "Dismissed", "Converted"}, optional
            Only leads with this status.
        customer_city : str, optional
            Only leads of customers in this city.
        customer_state : str, optional
            Only leads of customers in this state.
        customer_zip : str, optional
            Only leads of customers with this ZIP code.
        customer_created_on_or_after : str, date or Timestamp, optional
            Only leads whose customer was created at or after this time. The default time zone is the tenant's.
        customer_created_before : str, date or Timestamp, optional
            Only leads whose customer was created before this time. The default time zone is the tenant's.
        customer_modified_on_or_after : str, date or Timestamp, optional
            Only leads whose customer was last modified at or after this time. The default time zone is the tenant's.
        gen_perm_url : bool, optional
            True creates a permanent link to each lead, which is in `lead_url`.
        lead_customer_name : str, optional
            Only leads with this customer name.
        lead_phone : str, optional
            Only leads with this phone number.
        is_capture_source_form : bool, optional
            True returns only leads from a web form.
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
            One row per lead, with the columns of `stcrm.schemas.Leads`. Times are in UTC.

        Notes
        -----
        Operation: Leads_GetList

        Examples
        --------
        >>> crm.leads.list(status="Open")["status"].unique().tolist()
        ['Open']
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
        """Return leads by id, in the order of the ids.

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
            One row per lead, including inactive ones, with the columns of `stcrm.schemas.Leads`. Times are in UTC.

        Raises
        ------
        MissingRows
            Some ids do not exist. The error lists them in `ids`.

        Notes
        -----
        Operation: Leads_Get, or Leads_GetList for several ids

        Examples
        --------
        >>> first = crm.leads.list()["id"].iloc[0]
        >>> len(crm.leads.get(first))
        1
        """

    @operation
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

        Parameters
        ----------
        campaign_id : int
            The id of the campaign that the lead came from.
        summary : str
            A summary of what the person needs, as free text.
        customer_id : int, optional
            The id of the customer, if known.
        location_id : int, optional
            The id of the location, if known.
        business_unit_id : int, optional
            The id of the business unit that handles the lead.
        job_type_id : int, optional
            The id of the job type.
        tag_type_ids : iterable of int, optional
            The ids of the tag types of the new row.
        priority : {"Low", "Normal", "High", "Urgent"}, optional
            The priority of the lead.
        call_reason_id : int, optional
            The id of the call reason. Required unless `follow_up_date` is given.
        follow_up_date : str, date or Timestamp, optional
            When to follow up. Required unless `call_reason_id` is given. The default time zone is the tenant's.
        booking_id : int, optional
            The id of the booking to create the lead from. **That booking is dismissed.**
        lead_customer_name : str, optional
            The person's name, if the lead has no customer.
        lead_phone : str, optional
            The person's phone number, if the lead has no customer.
        lead_email : str, optional
            The person's e-mail address, if the lead has no customer.
        lead_street : str, optional
            The person's street, if the lead has no customer.
        lead_unit : str, optional
            The person's unit, if the lead has no customer.
        lead_city : str, optional
            The person's city, if the lead has no customer.
        lead_state : str, optional
            The person's state, if the lead has no customer.
        lead_zip : str, optional
            The person's ZIP code, if the lead has no customer.
        lead_country : str, optional
            The person's country, if the lead has no customer.

        Returns
        -------
        DataFrame
            The lead: one row with the columns of `stcrm.schemas.Leads`.

        Notes
        -----
        Operation: Leads_Create

        Examples
        --------
        >>> campaign = crm.lookups.campaigns.list()["id"].iloc[0]
        >>> made = crm.leads.create(campaign_id=campaign, summary="Leak", follow_up_date="2026-07-01")
        >>> made["status"].item()
        'Open'
        """

    @operation
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
        """Submit a lead form, as a website would.

        Parameters
        ----------
        name : str
            The name of the person or company.
        email : str, optional
            The person's e-mail address.
        phone_number : str, optional
            The person's phone number.
        address : Address, optional
            The complete address.
        summary : str, optional
            A summary of what the person needs, as free text.
        id : int, optional
            Sent as the query parameter `id`. The API does not document what it means.

        Returns
        -------
        DataFrame
            The lead's id, in one row with the columns of `stcrm.schemas.SubmittedLeadForms`.

        Notes
        -----
        Operation: Leads_SubmitLeadForm

        Examples
        --------
        >>> made = crm.leads.submit_form(name="Ann Lee", phone_number="512-555-0100", summary="No heat")
        >>> made.columns.tolist()
        ['lead_id']
        """

    @operation
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
        """Change a lead.

        `dismiss` changes its status, and `create_follow_up` changes its follow-up date. Its tags cannot be changed.

        Parameters
        ----------
        id : int
            The id of the lead.
        campaign_id : int, optional
            The id of the campaign that the lead came from.
        priority : {"Low", "Normal", "High", "Urgent"}, optional
            The priority of the lead.
        business_unit_id : int, optional
            The id of the business unit that handles the lead.
        job_type_id : int, optional
            The id of the job type.
        summary : str, optional
            A summary of what the person needs, as free text.
        lead_customer_name : str, optional
            The person's name, if the lead has no customer.
        lead_phone : str, optional
            The person's phone number, if the lead has no customer.
        lead_email : str, optional
            The person's e-mail address, if the lead has no customer.
        lead_street : str, optional
            The person's street, if the lead has no customer.
        lead_unit : str, optional
            The person's unit, if the lead has no customer.
        lead_city : str, optional
            The person's city, if the lead has no customer.
        lead_state : str, optional
            The person's state, if the lead has no customer.
        lead_zip : str, optional
            The person's ZIP code, if the lead has no customer.
        lead_country : str, optional
            The person's country, if the lead has no customer.

        Returns
        -------
        DataFrame
            The changed lead: one row with the columns of `stcrm.schemas.Leads`.

        Notes
        -----
        Operation: Leads_Update

        Examples
        --------
        >>> first = crm.leads.list()["id"].iloc[0]
        >>> crm.leads.update(first, summary="Leak under the sink")["summary"].item()
        'Leak under the sink'
        """

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
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
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
        from stcrm_pandas.edits import plans

        values = {"follow_up_date": date, "text": text, "pin_to_top": pin_to_top}
        return plans.follow_ups(self._port, leads, values, reason=reason)

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
        from stcrm_pandas.edits import plans

        values = {"dismissing_reason_id": dismissing_reason_id}
        return plans.dismissals(self._port, "leads", leads, values, reason=reason)
