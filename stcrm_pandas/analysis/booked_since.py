"""What came after a lead or booking on a call list: a job of the same customer, so that a call may not be needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, collected, lazy, micros, true
from stcrm_pandas.frame.contact_values import find_contacts, is_valid_address, is_valid_number

__all__ = ["day_of", "jobs_since", "only_customers"]


def jobs_since(
    rows: pd.DataFrame, jobs: Any, links: Mapping[str, str], *, as_of: dt.datetime, zone: dt.tzinfo
) -> pd.Series:
    """Return the first job that was created after each row, as text: 'Job on Nov 3, 2026 (Completed)'; or empty.

    Parameters
    ----------
    rows : DataFrame
        Rows with `created`, a time in UTC, and `tenant` if there are several.
    jobs : object
        Jobs of any engine; None if they were not read.
    links : mapping
        From a column of the rows to the column of the jobs with the same id, such as their customer's.
    as_of, zone : datetime, tzinfo
        The time until which jobs count, and the time zone of their days.
    """
    texts = pd.Series("", index=rows.index, dtype="str")
    asked = {own: rows[own].dropna().unique().tolist() for own in links if own in rows}
    asked = {own: ids for own, ids in asked.items() if ids}
    if jobs is None or not asked:
        return texts
    made = lazy(
        jobs,
        "jobs",
        ("id",),
        times=("created_on",),
        optional=("job_status",),
        filled=sorted({links[own] for own in asked} - {"id"}),
    )
    named = reduce(or_, (true(nw.col(links[own]).is_in(ids)) for own, ids in asked.items()))
    found = collected(made.filter(named, true(nw.col("created_on") <= micros(as_of))))
    found["since"] = pd.to_datetime(found["created_on"], unit="us", utc=True)
    tenant = [TENANT] if TENANT in rows and TENANT in found else []
    shown = [*tenant, "since", *(["job_status"] if "job_status" in found else [])]
    pairs = [
        rows[[*tenant, own, "created"]]
        .rename_axis("row")
        .reset_index()
        .dropna(subset=[own])
        .merge(found[shown].assign(**{own: found[links[own]]}), on=[*tenant, own])
        for own in asked
    ]
    later = pd.concat([pair[pair["since"] >= pair["created"]] for pair in pairs])
    first = later.sort_values("since", kind="stable").drop_duplicates("row").set_index("row")
    status = (
        first["job_status"].map(" ({})".format, na_action="ignore").astype("str").fillna("")
        if "job_status" in first
        else ""
    )
    described: pd.Series = "Job on " + day_of(first["since"].dt.tz_convert(zone)) + status
    texts.update(described)
    return texts


def only_customers(values: pd.DataFrame, contacts: pd.DataFrame | None) -> pd.Series:
    """Return by row the only customer with one of its numbers or addresses; rows without one, or with several, lack.

    Placeholders such as 000-000-0000 lead to nobody.

    Parameters
    ----------
    values : DataFrame
        `row`, `value` (a number or an address as typed) and `tenant` if there are several.
    contacts : DataFrame or None
        The contacts of customers, with `customer_id` and `value`.
    """
    if contacts is None or "customer_id" not in contacts or values.empty:
        return pd.Series(dtype="Int64")
    tenant = [TENANT] if TENANT in values and TENANT in contacts else []
    wanted = _spelt(values[[*tenant, "row", "value"]])
    wanted = wanted[[is_valid_number(one) or is_valid_address(one) for one in wanted["value"]]]
    held = _spelt(contacts[[*tenant, "customer_id", "value"]].dropna(subset=["customer_id"]))
    held = held[held["value"].isin(set(wanted["value"]))].drop_duplicates()
    alone = held[~held.duplicated([*tenant, "value"], keep=False)]
    linked = wanted.merge(alone, on=[*tenant, "value"])[["row", "customer_id"]].drop_duplicates()
    only = linked[~linked.duplicated("row", keep=False)]
    customers: pd.Series = only.set_index("row")["customer_id"].astype("Int64")
    return customers


def day_of(moments: pd.Series) -> pd.Series:
    """Return days as 'Nov 3, 2026'."""
    number = moments.dt.day.astype("Int64").astype("str")
    days: pd.Series = moments.dt.strftime("%b ") + number + moments.dt.strftime(", %Y")
    return days.astype("str")


def _spelt(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row per number or address, in its normal form."""
    spelt = rows["value"].map(find_contacts, na_action="ignore")
    return rows.assign(value=spelt).explode("value").dropna(subset=["value"])
