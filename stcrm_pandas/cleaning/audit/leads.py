"""Findings about leads and jobs."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.cleaning.audit.finding import Effect, Found
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.leads import LEADS


def without_campaign(rows: Rows, frame: pd.DataFrame, what: str) -> Found:
    """Return rows whose campaign is missing or a default one."""
    lacking = frame["campaign_id"].isna() | frame["campaign_id"].isin(list(rows.default_campaigns))
    return Found.among(frame, lacking, f"{what} with a campaign")


def unknown_status(frame: pd.DataFrame, documented: Row, what: str) -> Found:
    """Return rows with a status that the API does not document."""
    statuses = next(column.field.values for column in documented.columns if column.name == "status")
    return Found.among(frame, ~frame["status"].isin(list(statuses)), f"{what} with a known status")


def still_open(opened: pd.DataFrame, stale: pd.Series, every: int, number: str) -> Found:
    """Return stale rows of those that are open; a repair closes them.

    Parameters
    ----------
    every : int
        How many rows there are, open or not.
    number : str
        The name of the share of those that are open.
    """
    found = opened[stale.fillna(value=False).astype(bool)]
    now, left = (count / max(every, 1) for count in (len(opened), len(opened) - len(found)))
    effect = Effect(number, now, left)
    return Found(found, len(opened), (effect,), opened["created_on"])


def leads_campaign(rows: Rows) -> Found:
    """Return leads without a campaign that somebody chose."""
    return without_campaign(rows, rows["leads"], "leads")


def jobs_campaign(rows: Rows) -> Found:
    """Return jobs without a campaign that somebody chose."""
    return without_campaign(rows, rows["jobs"], "jobs")


def leads_follow_up(rows: Rows) -> Found:
    """Return open leads without a follow-up date."""
    opened = rows.open_leads
    return Found.among(opened, opened["follow_up_date"].isna(), "open leads with a follow-up date")


def leads_stale(rows: Rows) -> Found:
    """Return open leads that nobody changed for 30 days and for which no follow-up is to come."""
    from stcrm_pandas.analysis.leads.lists import open_leads, without_next_step

    report, opened = rows.reports.leads, rows.open_leads
    leads = open_leads(report)
    stale = opened["id"].isin(leads.loc[without_next_step(report, leads), "id"])
    return still_open(opened, stale, len(rows["leads"]), "leads that are still open")


def leads_status(rows: Rows) -> Found:
    """Return leads with a status that the API does not document."""
    return unknown_status(rows["leads"], LEADS, "leads")
