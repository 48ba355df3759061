"""Call lists of open leads: the only part of lead conversion with personal data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, collected, is_among, prepare_rows, true
from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.base.names import known_names, named_within
from stcrm_pandas.analysis.call_lists import Calls, contact_columns, day_of, jobs_since, only_customers
from stcrm_pandas.analysis.leads.inquiries import converted_with, persons_of
from stcrm_pandas.analysis.leads.reduction import kept_leads, split_reasons
from stcrm_pandas.analysis.leads.result import LeadConversionResult

_TIMES = ("created_on", "follow_up_date", "modified_on")
_TEXTS = ("lead_customer_name", "lead_phone", "lead_email", "priority", "lead_url")
_IDS = (
    "id",
    "customer_id",
    "call_id",
    "booking_id",
    "location_id",
    "campaign_id",
    "business_unit_id",
    "job_type_id",
    "call_reason_id",
)
_CHANGE = "Follow Up > Leads"
_OF_AGE = "of leads of the same age that were still booked within 30 days"


def _counted(result: LeadConversionResult) -> nw.LazyFrame[Any]:
    """Return the active leads whose call reason is one of a lead."""
    rows: nw.LazyFrame[Any] = nw.from_native(result.source).lazy()
    if "active" in rows.collect_schema().names():
        rows = rows.filter(~true(~nw.col("active")))
    return rows.filter(~is_among(rows, "call_reason_id", result.not_leads)) if result.not_leads else rows


def number_of_leads(result: LeadConversionResult) -> int:
    """Return how many leads were analyzed, of any status and age."""
    return int(_counted(result).select(nw.len()).collect().item())


def open_leads(result: LeadConversionResult) -> pd.DataFrame:
    """Return the open leads that were analyzed, with the columns that a list needs."""
    rows = _counted(result).filter(true(nw.col("status") == "Open"))
    names = rows.collect_schema().names()
    columns = [name for name in (TENANT, *_IDS, *_TIMES, *_TEXTS) if name in names]
    table: pd.DataFrame = rows.select(*columns).collect().to_pandas()
    for name in _TIMES:
        moments = table[name] if name in table else pd.Series(pd.NaT, index=table.index)
        table[name] = pd.to_datetime(moments, utc=True).astype("datetime64[us, UTC]")
        table[name] = table[name].mask(table[name] < pd.Timestamp("1900-01-01", tz="UTC"))
    return table


def ages_in_days(result: LeadConversionResult, leads: pd.DataFrame) -> pd.Series:
    """Return full days since creation, at the time of reading."""
    ages: pd.Series = (pd.Timestamp(result.as_of) - leads["created_on"]).dt.days
    return ages


def _due_days(result: LeadConversionResult, leads: pd.DataFrame) -> tuple[ZoneInfo, pd.Timestamp, pd.Series]:
    """Return the time zone, the local day of the read, and the local days on which follow-ups are due."""
    local = ZoneInfo(result.time_zone or "UTC")
    today = pd.Timestamp(result.as_of.astimezone(local).date())
    return local, today, leads["follow_up_date"].dt.tz_convert(local).dt.tz_localize(None).dt.normalize()


def unchanged(result: LeadConversionResult, leads: pd.DataFrame) -> pd.Series:
    """Return which leads nobody changed for `stale_days` days."""
    quiet: pd.Series = leads["modified_on"] <= pd.Timestamp(result.as_of - dt.timedelta(days=result.stale_days))
    return quiet


def without_next_step(result: LeadConversionResult, leads: pd.DataFrame) -> pd.Series:
    """Return which open leads nobody changed for `stale_days` days and no follow-up is to come."""
    _, today, due = _due_days(result, leads)
    return unchanged(result, leads) & ~(due >= today)


def work_lists(result: LeadConversionResult) -> list[WorkList]:
    """Return three call lists, the calls that are worth most first, and two lists of those not to call.

    Each open lead is in at most one list. Overdue: the follow-up was due on a local day before the read. Without a
    follow-up: there is no date. Stale: the follow-up is not due yet, and nothing changed for `stale_days` days. Leads
    of customers who must not be called, or who may have been booked since, are in lists of their own instead.
    """
    leads = open_leads(result)
    local, today, due = _due_days(result, leads)
    ages = ages_in_days(result, leads)
    due_before, undue = due < today, (due >= today) & unchanged(result, leads)
    changed = leads["modified_on"].dt.tz_convert(local)
    table = _table(result, leads, local)
    why = ("Due " + day_of(due)).mask(due.isna(), "No follow-up date").mask(undue, "Unchanged since " + day_of(changed))
    quiet = (pd.Timestamp(result.as_of) - leads["modified_on"]).dt.days
    days = (today - due).dt.days.mask(due.isna(), ages).mask(undue, quiet).astype("Int64")
    place = list(table).index("E-mail") + 1
    table.insert(place, "Why", why.astype("str"))
    table.insert(place + 1, "Days waiting", days)
    rows = leads.assign(created=leads["created_on"])
    since = _booked_since(result, rows, local)
    calls = Calls(table, rows, _chances(result, ages), result.job_values, _OF_AGE, since)
    return [
        calls.work_list(
            "overdue-follow-up",
            "Overdue follow-ups",
            "Call each of them, then set a new follow-up date or dismiss the lead with its reason.",
            due_before,
        ),
        calls.work_list(
            "no-follow-up",
            "Open leads without a follow-up",
            f"Call each of them, or set the date of a follow-up ({_CHANGE}).",
            due.isna(),
        ),
        calls.work_list(
            "stale",
            f"Open leads without a change for {result.stale_days} days",
            "Their follow-up is still to come, but nothing happened since. Call now, or dismiss with a reason.",
            undue,
        ),
        *calls.apart(
            due_before | due.isna() | undue, of="leads", close=f"dismiss the lead with its reason ({_CHANGE})"
        ),
    ]


def _booked_since(result: LeadConversionResult, leads: pd.DataFrame, local: ZoneInfo) -> pd.Series:
    """Return of each open lead the first later job of its customer, call or booking, or the lead that was converted.

    The customer of a lead without one is found as for inquiries, else by its phone, if one customer alone has it.
    """
    by = [name for name in (TENANT, "id") if name in leads]
    out = split_reasons(result.dismissing_reasons)[0]
    kept = kept_leads(result.source, result.limits, not_leads=result.not_leads, reasons=out)
    known = persons_of(kept).filter(true(nw.col("status") == "Open")).select(*by, "customer")
    converted = converted_with(kept, dt.timedelta(days=result.within_days))
    customer, other = (
        leads[by].merge(collected(column), on=by, how="left").iloc[:, -1].astype("Int64").set_axis(leads.index)
        for column in (known, converted)
    )
    if "lead_phone" in leads:
        phones = leads.loc[customer.isna() & leads["lead_phone"].notna()].rename(columns={"lead_phone": "value"})
        customer = customer.fillna(only_customers(phones.rename_axis("row").reset_index(), result.contacts))
    links = {"customer": "customer_id", "call_id": "lead_call_id", "booking_id": "booking_id", "its_job": "id"}
    owned = leads.assign(customer=customer).astype({"booking_id": "Int64"})
    if result.bookings is not None:
        named = prepare_rows(result.bookings, "bookings", ("id", "job_id")).filter(~nw.col("job_id").is_null())
        of_leads = named.filter(nw.col("id").is_in(owned["booking_id"].dropna().tolist() or [0]))
        jobs = collected(of_leads).rename(columns={"id": "booking_id", "job_id": "its_job"})
        owned = owned.merge(jobs, on=[*by[:-1], "booking_id"], how="left").set_axis(leads.index)
    texts = jobs_since(owned, result.jobs, links, as_of=result.as_of, zone=local)
    of_others = other.map("Lead {} of the same inquiry was converted".format, na_action="ignore")
    return texts.mask(texts.eq("") & other.notna(), of_others.astype("str"))


def _chances(result: LeadConversionResult, ages: pd.Series) -> pd.Series:
    if result.lacks("leads: chances of open ones"):
        return pd.Series(np.nan, index=ages.index)
    known = ages.dropna().clip(lower=0)
    return pd.Series(result.chances.of(known), index=known.index).reindex(ages.index)


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
