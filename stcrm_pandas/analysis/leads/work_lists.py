"""Open leads that somebody should work through. The only part of lead conversion with personal data."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import true
from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.base.names import known_names, named
from stcrm_pandas.analysis.leads.result import LeadConversionResult

__all__ = ["ages_in_days", "open_leads", "work_lists"]

_TIMES = ("created_on", "modified_on", "follow_up_date")
_TEXTS = ("lead_customer_name", "lead_phone", "lead_email", "priority", "summary", "lead_url")
_IDS = ("id", "customer_id", "campaign_id", "business_unit_id", "call_reason_id")
_CHANGE = "Follow Up > Leads"


def open_leads(result: LeadConversionResult) -> pd.DataFrame:
    """The open leads that were analysed, as pandas, with the columns that a list needs."""
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
    """Whole days since creation, at the time of reading."""
    ages: pd.Series = (pd.Timestamp(result.as_of) - leads["created_on"]).dt.days
    return ages


def work_lists(result: LeadConversionResult) -> dict[str, WorkList]:
    """Three lists; each open lead is in one of them at most.

    Overdue: its follow-up lies on an earlier local day than that of reading. Without a follow-up: it has no date.
    Stale: its follow-up is to come, and nothing changed for `stale_days` days. The youngest leads come first, since
    these are converted most often.
    """
    leads = open_leads(result).sort_values(["created_on", "id"], ascending=False, na_position="last")
    local = ZoneInfo(result.time_zone or "UTC")
    today = pd.Timestamp(result.as_of.astimezone(local).date())
    due = leads["follow_up_date"].dt.tz_convert(local).dt.tz_localize(None).dt.normalize()
    overdue = due < today
    none = due.isna()
    still = leads["modified_on"] <= pd.Timestamp(result.as_of - dt.timedelta(days=result.stale_days))
    stale = ~overdue & ~none & still
    late = (today - due).dt.days.astype("Int64")
    return {
        one.key: one
        for one in (
            WorkList(
                "overdue-follow-up",
                "Open leads whose follow-up is overdue",
                "Call each of them, then set a new follow-up date or dismiss the lead with its reason. "
                "The youngest come first.",
                _shown(result, leads[overdue], local, late[overdue]),
            ),
            WorkList(
                "no-follow-up",
                "Open leads without a follow-up",
                f"Give each of them a date on which somebody calls ({_CHANGE}).",
                _shown(result, leads[none], local),
            ),
            WorkList(
                "stale",
                f"Open leads without a change for {result.stale_days} days",
                "Their follow-up is still to come, but nothing happened since. Call now, or dismiss with a reason.",
                _shown(result, leads[stale], local),
            ),
        )
    }


def _shown(
    result: LeadConversionResult, leads: pd.DataFrame, local: ZoneInfo, late: pd.Series | None = None
) -> pd.DataFrame:
    def text(name: str) -> pd.Series:
        return leads[name].fillna("").astype("str") if name in leads else pd.Series("", index=leads.index, dtype="str")

    def day(name: str) -> list[str]:
        return ["" if pd.isna(at) else f"{at:%Y-%m-%d}" for at in leads[name].dt.tz_convert(local)]

    columns: dict[str, Any] = {
        "Lead id": leads["id"].to_numpy(),
        "Name": _people(result, leads, text("lead_customer_name")),
        "Phone": text("lead_phone").to_numpy(),
        "E-mail": text("lead_email").to_numpy(),
    }
    if "customer_id" in leads:
        columns["Customer id"] = leads["customer_id"].astype("Int64").array
    columns |= {"Came in": day("created_on"), "Follow-up": day("follow_up_date"), "Last change": day("modified_on")}
    if late is not None:
        columns["Days overdue"] = late.array
    for dimension, column, title in (
        ("campaign", "campaign_id", "Campaign"),
        ("business_unit", "business_unit_id", "Business unit"),
    ):
        if column in leads and dimension in result.names:
            ids = [None if pd.isna(id) else int(id) for id in leads[column]]
            known = dict(zip(dict.fromkeys(ids), named(list(dict.fromkeys(ids)), result.names[dimension]), strict=True))
            columns[title] = [known[id] for id in ids]
    columns["Priority"] = text("priority").to_numpy()
    if "lead_url" in leads and leads["lead_url"].notna().any():
        columns["Link"] = text("lead_url").to_numpy()
    if leads["follow_up_date"].isna().all():
        del columns["Follow-up"]
    return pd.DataFrame(columns).reset_index(drop=True)


def _people(result: LeadConversionResult, leads: pd.DataFrame, own: pd.Series) -> list[str]:
    """Who asked: the name that the lead has, else that of its customer where `names["customer"]` has it."""
    if "customer" not in result.names or "customer_id" not in leads:
        return own.tolist()
    known = known_names(result.names["customer"])
    return [
        name or ("" if pd.isna(id) else known.get(int(id), ""))
        for id, name in zip(leads["customer_id"], own, strict=True)
    ]
