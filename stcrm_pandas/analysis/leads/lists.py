"""Call lists of open leads: the only part of lead conversion with personal data."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import true
from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.base.names import known_names, named
from stcrm_pandas.analysis.leads.result import LeadConversionResult

__all__ = ["ages_in_days", "open_leads", "work_lists"]

_TIMES = ("created_on", "follow_up_date", "modified_on")
_TEXTS = ("lead_customer_name", "lead_phone", "lead_email", "priority", "summary", "lead_url")
_IDS = ("id", "customer_id", "campaign_id", "business_unit_id", "call_reason_id")
_CHANGE = "Follow Up > Leads"


def open_leads(result: LeadConversionResult) -> pd.DataFrame:
    """Return the open leads that were analyzed, with the columns that a list needs."""
    rows = nw.from_native(result.source).lazy()
    names = rows.collect_schema().names()
    chosen = true(nw.col("status") == "Open")
    if "active" in names:
        chosen = chosen & ~true(~nw.col("active"))
    if result.not_leads:
        chosen = chosen & ~true(nw.col("call_reason_id").is_in(list(result.not_leads)))
    columns = [name for name in (*_IDS, *_TIMES, *_TEXTS) if name in names]
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
    """Return three lists, the newest leads first, which convert most often; each open lead is in at most one list.

    Overdue: the follow-up was due on a local day before the read. Without a follow-up: there is no date. Stale: the
    follow-up is not due yet, and nothing changed for `stale_days` days.
    """
    leads = open_leads(result).sort_values(["created_on", "id"], ascending=False, na_position="last")
    local = ZoneInfo(result.time_zone or "UTC")
    today = pd.Timestamp(result.as_of.astimezone(local).date())
    due = leads["follow_up_date"].dt.tz_convert(local).dt.tz_localize(None).dt.normalize()
    unchanged = leads["modified_on"] <= pd.Timestamp(result.as_of - dt.timedelta(days=result.stale_days))
    table = _table(result, leads, local)
    late = (today - due).dt.days.astype("Int64")
    table.insert(list(table).index("Last change") + 1, "Days overdue", late)
    return [
        WorkList(
            "overdue-follow-up",
            "Overdue follow-ups",
            "Call each of them, then set a new follow-up date or dismiss the lead with its reason. The youngest come "
            "first.",
            _shown(table[due < today]),
        ),
        WorkList(
            "no-follow-up",
            "Open leads without a follow-up",
            f"Call each of them, or set the date of a follow-up ({_CHANGE}).",
            _shown(table[due.isna()], "Follow-up", "Days overdue"),
        ),
        WorkList(
            "stale",
            f"Open leads without a change for {result.stale_days} days",
            "Their follow-up is still to come, but nothing happened since. Call now, or dismiss with a reason.",
            _shown(table[(due >= today) & unchanged], "Days overdue"),
        ),
    ]


def _table(result: LeadConversionResult, leads: pd.DataFrame, local: ZoneInfo) -> pd.DataFrame:
    text = {name: leads[name].fillna("").astype("str") if name in leads else "" for name in _TEXTS}

    def day(name: str) -> pd.Series:
        days: pd.Series = leads[name].dt.tz_convert(local).dt.strftime("%Y-%m-%d")
        return days.fillna("").astype("str")

    table = leads[["id"]].rename(columns={"id": "Lead id"})
    table["Name"] = text["lead_customer_name"]
    if "customer" in result.names and "customer_id" in leads:
        known = known_names(result.names["customer"])
        owners = zip(table["Name"], leads["customer_id"], strict=True)
        table["Name"] = [name or known.get(id, "") for name, id in owners]
    table["Phone"], table["E-mail"] = text["lead_phone"], text["lead_email"]
    if "customer_id" in leads:
        table["Customer id"] = leads["customer_id"].astype("Int64")
    table["Came in"], table["Follow-up"], table["Last change"] = map(day, _TIMES)
    for dimension, title in (("campaign", "Campaign"), ("business_unit", "Business unit")):
        if f"{dimension}_id" in leads and dimension in result.names:
            table[title] = named(leads[f"{dimension}_id"], result.names[dimension])
    table["Priority"] = text["priority"]
    table["Link"] = text["lead_url"]
    return table


def _shown(table: pd.DataFrame, *without: str) -> pd.DataFrame:
    link = () if table["Link"].any() else ("Link",)
    return table.drop(columns=[*without, *link]).reset_index(drop=True)
