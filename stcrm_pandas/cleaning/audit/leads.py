"""Findings about leads and jobs."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.cleaning.audit.finding import Effect, Found
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.contract.schemas.leads import LEADS

STALE = pd.Timedelta(days=30)
"""An open lead that was not changed for longer is stale, as in the report on lead conversion."""

STATUSES = next(column.field.values for column in LEADS.columns if column.name == "status")


def without_campaign(rows: Rows, frame: pd.DataFrame, what: str) -> Found:
    """Return rows whose campaign is missing or a default one."""
    lacking = frame["campaign_id"].isna() | frame["campaign_id"].isin(list(rows.default_campaigns))
    found = frame[lacking]
    share = 1 - len(found) / len(frame) if len(frame) else 1.0
    return Found(found, len(frame), (Effect(f"{what} with a campaign", share, 1.0),), frame["created_on"])


def leads_campaign(rows: Rows) -> Found:
    """Return leads without a campaign that somebody chose."""
    return without_campaign(rows, rows["leads"], "leads")


def jobs_campaign(rows: Rows) -> Found:
    """Return jobs without a campaign that somebody chose."""
    return without_campaign(rows, rows["jobs"], "jobs")


def leads_follow_up(rows: Rows) -> Found:
    """Return open leads without a follow-up date."""
    opened = rows.open_leads
    found = opened[opened["follow_up_date"].isna()]
    share = 1 - len(found) / len(opened) if len(opened) else 1.0
    return Found(found, len(opened), (Effect("open leads with a follow-up date", share, 1.0),), opened["created_on"])


def leads_stale(rows: Rows) -> Found:
    """Return open leads that nobody changed for 30 days and whose follow-up is not in the future."""
    opened = rows.open_leads
    later = opened["follow_up_date"].gt(rows.now).fillna(value=False)
    found = opened[(opened["modified_on"] <= rows.now - STALE) & ~later]
    every = max(len(rows["leads"]), 1)
    left = len(opened) - len(found)
    return Found(
        found,
        len(opened),
        (Effect("leads that are still open", len(opened) / every, left / every),),
        opened["created_on"],
    )


def leads_status(rows: Rows) -> Found:
    """Return leads with a status that the API does not document."""
    leads = rows["leads"]
    found = leads[~leads["status"].isin(list(STATUSES))]
    share = 1 - len(found) / len(leads) if len(leads) else 1.0
    return Found(found, len(leads), (Effect("leads with a known status", share, 1.0),), leads["created_on"])
