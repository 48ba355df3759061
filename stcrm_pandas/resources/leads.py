"""Helpers for leads: inquiries that were not booked at first contact."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from stcrm_pandas.resources.resource import Feed, Ids, MaxAge, Resource, When, helper


class Leads(Resource):
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
