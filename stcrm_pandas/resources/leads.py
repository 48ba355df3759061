"""Methods for leads: inquiries that were not booked at first contact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import pandas as pd

from stcrm_pandas.contract.nested import Address, Priority
from stcrm_pandas.resources.base.export import Exportable
from stcrm_pandas.resources.base.resource import Ids, MaxAge, When, operation
from stcrm_pandas.resources.lead_follow_up import LeadFollowUp

if TYPE_CHECKING:
    pass


class Leads(LeadFollowUp, Exportable):
    """Leads: inquiries that were not booked at first contact, or were entered as leads."""

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
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the leads that match the filters, without deleted ones.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only these ids. Ids that do not exist are left out; `get` raises an error for them.
        customer_id : int, optional
            Only rows of this customer.
        is_prospect : bool, optional
            True for leads whose customer has no job yet, or that have no customer.
        without_customer : bool, optional
            True for leads without a customer or location.
        status : {"Open", "Dismissed", "Converted"}, optional
            Only leads with this status.
        customer_city : str, optional
            Only leads of customers in this city.
        customer_state : str, optional
            Only leads of customers in this state.
        customer_zip : str, optional
            Only leads of customers with this ZIP code.
        customer_created_on_or_after : str, date or Timestamp, optional
            Only leads whose customer was created at or after this time.
        customer_created_before : str, date or Timestamp, optional
            Only leads whose customer was created before this time.
        customer_modified_on_or_after : str, date or Timestamp, optional
            Only leads whose customer was last modified at or after this time.
        gen_perm_url : bool, optional
            True fills `lead_url`, and creates a permanent link for each lead.
        lead_customer_name : str, optional
            Only leads with this customer name.
        lead_phone : str, optional
            Only leads with this phone number.
        is_capture_source_form : bool, optional
            True for leads that came in through a form.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. Without a time zone: the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. Without a time zone: the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. Without a time zone: the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. Without a time zone: the tenant's.
        max_age : str, float or timedelta, optional
            How old a cached read may be, such as `"15m"`, seconds, or 0. By default `max_age` of the connection.
        refresh : bool, default False
            True reads from the service again and stores the result.
        allow_incomplete : bool, default False
            True returns an incomplete read, with a warning instead of an error.

        Returns
        -------
        DataFrame
            A DataFrame with the columns of `stcrm.schemas.Leads`; times are in UTC.

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
            One id or many. Duplicates are dropped.
        max_age : str, float or timedelta, optional
            How old a cached read may be, such as `"15m"`, seconds, or 0. By default `max_age` of the connection.
        refresh : bool, default False
            True reads from the service again and stores the result.
        allow_incomplete : bool, default False
            True returns an incomplete read, with a warning instead of an error.

        Returns
        -------
        DataFrame
            A DataFrame with the columns of `stcrm.schemas.Leads`, a row for each id, inactive ones too.

        Raises
        ------
        MissingRows
            Some ids do not exist. The error lists them in `ids`.

        Notes
        -----
        Operation: Leads_Get, or Leads_GetList for many

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
            The campaign that brought it.
        summary : str
            A summary in free text.
        customer_id : int, optional
            The customer, if known.
        location_id : int, optional
            The location, if known.
        business_unit_id : int, optional
            The business unit that handles it.
        job_type_id : int, optional
            The job type.
        tag_type_ids : iterable of int, optional
            All its tags. An empty list removes them all.
        priority : Priority, optional
            The priority.
        call_reason_id : int, optional
            The call reason. This or `follow_up_date` is required.
        follow_up_date : str, date or Timestamp, optional
            When to follow up. This or `call_reason_id` is required. Without a time zone: the tenant's.
        booking_id : int, optional
            The booking from which the lead is created. **That booking is dismissed.**
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
        """Submit a lead form, as a website does.

        Parameters
        ----------
        name : str
            The name.
        email : str, optional
            The e-mail address.
        phone_number : str, optional
            The phone number.
        address : Address, optional
            The complete address.
        summary : str, optional
            A summary in free text.
        id : int, optional
            Sent as the query's `id`; the API does not document its meaning.

        Returns
        -------
        DataFrame
            The lead's id: one row with the columns of `stcrm.schemas.SubmittedLeadForms`.

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

        `dismiss` changes its status and `create_follow_up` its follow-up date. Its tags cannot be changed.

        Parameters
        ----------
        id : int
            The id of the row.
        campaign_id : int, optional
            The campaign that brought it.
        priority : Priority, optional
            The priority.
        business_unit_id : int, optional
            The business unit that handles it.
        job_type_id : int, optional
            The job type.
        summary : str, optional
            A summary in free text.
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
