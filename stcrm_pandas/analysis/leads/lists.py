"""Call lists of open leads: the only part of lead conversion with personal data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, is_among, true
from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.base.names import known_names, named_within
from stcrm_pandas.analysis.call_order import Calls
from stcrm_pandas.analysis.contacts import contact_columns
from stcrm_pandas.analysis.leads.curves import chances_of_ages
from stcrm_pandas.analysis.leads.result import LeadConversionResult

__all__ = ["ages_in_days", "open_leads", "work_lists"]

_TIMES = ("created_on", "follow_up_date", "modified_on")
_TEXTS = ("lead_customer_name", "lead_phone", "lead_email", "priority", "lead_url")
_IDS = ("id", "customer_id", "location_id", "campaign_id", "business_unit_id", "job_type_id", "call_reason_id")
_CHANGE = "Follow Up > Leads"
_OF_AGE = "of leads of the same age that were still booked within 30 days"


def open_leads(result: LeadConversionResult) -> pd.DataFrame:
    """Return the open leads that were analyzed, with the columns that a list needs."""
    rows = nw.from_native(result.source).lazy()
    names = rows.collect_schema().names()
    chosen = true(nw.col("status") == "Open")
    if "active" in names:
        chosen = chosen & ~true(~nw.col("active"))
    if result.not_leads:
        chosen = chosen & ~is_among(rows, "call_reason_id", result.not_leads)
    columns = [name for name in (TENANT, *_IDS, *_TIMES, *_TEXTS) if name in names]
    table: pd.DataFrame = rows.filter(chosen).select(*columns).collect().to_pandas()
    for name in _TIMES:
        moments = table[name] if name in table else pd.Series(pd.NaT, index=table.index)
        table[name] = pd.to_datetime(moments, utc=True).astype("datetime64[us, UTC]")
        table[name] = table[name].mask(table[name] < pd.Timestamp("1900-01-01", tz="UTC"))
    return table


def ages_in_days(result: LeadConversionResult, leads: pd.DataFrame) -> pd.Series:
    """Return full days since creation, at the time of reading."""
    ages: pd.Series = (pd.Timestamp(result.as_of) - leads["created_on"]).dt.days
    return ages


def work_lists(result: LeadConversionResult) -> list[WorkList]:
    """Return three lists, the calls that are worth most first; each open lead is in at most one list.

    Overdue: the follow-up was due on a local day before the read. Without a follow-up: there is no date. Stale: the
    follow-up is not due yet, and nothing changed for `stale_days` days.
    """
    leads = open_leads(result)
    local = ZoneInfo(result.time_zone or "UTC")
    today = pd.Timestamp(result.as_of.astimezone(local).date())
    due = leads["follow_up_date"].dt.tz_convert(local).dt.tz_localize(None).dt.normalize()
    unchanged = leads["modified_on"] <= pd.Timestamp(result.as_of - dt.timedelta(days=result.stale_days))
    ages = ages_in_days(result, leads)
    table = _table(result, leads, local)
    rows, chances = leads.assign(created=leads["created_on"]), _chances(result, ages)

    def listed(key: str, title: str, what_to_do: str, chosen: pd.Series, why: Any, days: pd.Series) -> WorkList:
        shown = table.copy()
        shown.insert(list(shown).index("E-mail") + 1, "Why", why)
        shown.insert(list(shown).index("Why") + 1, "Days waiting", days.astype("Int64"))
        calls = Calls(shown, rows, chances, result.job_values, _OF_AGE)
        return calls.work_list(key, title, what_to_do, chosen)

    return [
        listed(
            "overdue-follow-up",
            "Overdue follow-ups",
            "Call each of them, then set a new follow-up date or dismiss the lead with its reason.",
            due < today,
            "Due " + _day(due),
            (today - due).dt.days,
        ),
        listed(
            "no-follow-up",
            "Open leads without a follow-up",
            f"Call each of them, or set the date of a follow-up ({_CHANGE}).",
            due.isna(),
            "No follow-up date",
            ages,
        ),
        listed(
            "stale",
            f"Open leads without a change for {result.stale_days} days",
            "Their follow-up is still to come, but nothing happened since. Call now, or dismiss with a reason.",
            (due >= today) & unchanged,
            "Unchanged since " + _day(leads["modified_on"].dt.tz_convert(local)),
            (pd.Timestamp(result.as_of) - leads["modified_on"]).dt.days,
        ),
    ]


def _chances(result: LeadConversionResult, ages: pd.Series) -> pd.Series:
    known = ages.dropna().clip(lower=0)
    chances = chances_of_ages(result.reduced.every_event_time, known, least=result.min_group)
    return pd.Series(chances, index=known.index).reindex(ages.index)


def _table(result: LeadConversionResult, leads: pd.DataFrame, local: ZoneInfo) -> pd.DataFrame:
    without = pd.Series("", index=leads.index, dtype="str")
    text = {name: leads[name].fillna("").astype("str") if name in leads else without for name in _TEXTS}
    tenant = {"Tenant": leads[TENANT]} if TENANT in leads else {}
    table = pd.DataFrame({**tenant, "Name": text["lead_customer_name"]}, index=leads.index)
    if "customer" in result.names and "customer_id" in leads:
        customers = named_within(leads, "customer_id", result.names["customer"], _customers)
        table["Name"] = [name or customer for name, customer in zip(table["Name"], customers, strict=True)]
    customer_frame = result.names.get("customer")
    reached = contact_columns(
        leads,
        result.contacts,
        phone="lead_phone",
        email="lead_email",
        owners=("customer_id", "location_id"),
        customers=customer_frame if isinstance(customer_frame, pd.DataFrame) else None,
    )
    table = table.join(reached)
    for dimension, title in (("campaign", "Campaign"), ("business_unit", "Business unit")):
        if f"{dimension}_id" in leads and dimension in result.names:
            table[title] = named_within(leads, f"{dimension}_id", result.names[dimension])
    table["Priority"] = text["priority"]
    came: pd.Series = leads["created_on"].dt.tz_convert(local).dt.strftime("%Y-%m-%d")
    table["Came in"] = came.fillna("").astype("str")
    if "customer_id" in leads:
        table["Customer id"] = leads["customer_id"].astype("Int64")
    table["Lead id"] = leads["id"]
    table["Link"] = text["lead_url"]
    return table


def _customers(ids: Sequence[Any], lookup: Any) -> list[str]:
    """Return the names of customers; empty where a name is not known."""
    known = known_names(lookup)
    return ["" if pd.isna(id) else known.get(int(id), "") for id in ids]


def _day(moments: pd.Series) -> pd.Series:
    """Return days as 'Nov 3, 2026'."""
    number = moments.dt.day.astype("Int64").astype("str")
    days: pd.Series = moments.dt.strftime("%b ") + number + moments.dt.strftime(", %Y")
    return days
