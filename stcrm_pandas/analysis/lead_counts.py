"""The reduction behind lead conversion: from frames of any size to one small table of counts.

Written in narwhals, without index, apply or row order, so that other engines than pandas can do it. What the counts
mean is said in `lead_conversion`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from stcrm_pandas.analysis.engine import (
    collected,
    keys,
    lazy,
    local_month,
    micros,
    refuse_mixtures,
    refuse_repeats,
    true,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["COUNTS", "count_leads"]

COUNTS = (
    "leads",
    "mature",
    "converted",
    "open",
    "dismissed",
    "unknown_status",
    "exact",
    "bounded",
    "linked_not_converted",
    "undated",
    "lower",
    "upper",
)
"""What is counted of each group of leads; `lower` and `upper` bound those converted within the window."""

NO_MONTH = -1
"""The month of leads whose creation is unknown, and of all leads where no time zone is given."""

_LEAD_COLUMNS = ("id", "status", "call_reason_id", "call_id", "booking_id")
_JOB_COLUMNS = ("id", "lead_call_id", "booking_id")


def count_leads(
    leads: Any,
    *,
    jobs: Any = None,
    bookings: Any = None,
    not_leads: Sequence[int] = (),
    key: str | None = None,
    as_of: dt.datetime,
    window: dt.timedelta,
    time_zone: str | None = None,
) -> pd.DataFrame:
    """Count leads by group, local month of creation, and reason for being left out.

    Parameters: frames of leads, jobs and bookings with the columns of their schemas; the ids of call reasons that
    are not leads; the column to group by; the moment up to which the data is known; how long after its creation a
    conversion still counts; the zone of the months.
    Returns: `left_out` ('', 'deleted', 'not a lead'), `key` (missing where the lead has none), `month`
    (12 x year + month - 1, or -1) and the columns of `COUNTS`.
    Raises: UsageError where a column is missing, a time has no zone, or an id stands twice.
    """
    refuse_mixtures(leads=leads, jobs=jobs, bookings=bookings)
    rows = lazy(
        leads,
        "leads",
        (*_LEAD_COLUMNS, *((key,) if key else ())),
        times=("created_on", "modified_on"),
        optional=("active",),
        local=("created_on",),
        time_zone=time_zone,
    )
    refuse_repeats(rows, "leads")
    month = nw.coalesce(local_month("created_on"), nw.lit(NO_MONTH)) if time_zone else nw.lit(NO_MONTH)
    lead = rows.select(
        *keys(rows, "id"),
        "status",
        "call_id",
        "booking_id",
        nw.col(key).alias("key") if key else nw.lit(0).alias("key"),
        month.alias("month"),
        _left_out(not_leads, deleted="active" in rows.collect_schema()).alias("left_out"),
        nw.col("created_on").alias("created"),
        nw.col("modified_on").alias("modified"),
    )
    flagged = _with_outcome(
        _with_first_job(lead, jobs, bookings),
        as_of=micros(as_of),
        window=micros(window),
    )
    cells = flagged.group_by("left_out", "key", "month").agg(*(nw.col(name).sum() for name in COUNTS))
    return collected(cells, {"key": "Int64", "month": "Int64"})


def _left_out(not_leads: Sequence[int], *, deleted: bool) -> nw.Expr:
    reason = nw.when(true(nw.col("call_reason_id").is_in(list(not_leads)))).then(nw.lit("not a lead"))
    kept = reason.otherwise(nw.lit(""))
    if not deleted:
        return kept
    return nw.when(true(~nw.col("active"))).then(nw.lit("deleted")).otherwise(kept)


def _with_first_job(lead: nw.LazyFrame[Any], jobs: Any, bookings: Any) -> nw.LazyFrame[Any]:
    """Add `booked`, when the first job was created that a lead's call or booking links, not before the lead."""
    if jobs is None:
        # Missing in every row; a plain None takes no dtype on pandas.
        return lead.with_columns(booked=nw.when(nw.col("created").is_null()).then(nw.col("created")))
    made = lazy(jobs, "jobs", _JOB_COLUMNS, times=("created_on",)).rename({"created_on": "booked"})
    routes = [
        _route(lead, "call_id", made, "lead_call_id"),
        _route(lead, "booking_id", made, "booking_id"),
    ]
    if bookings is not None:
        named = lazy(bookings, "bookings", ("id", "job_id")).filter(~nw.col("job_id").is_null())
        jobs_of_bookings = named.rename({"id": "booking_id", "job_id": "id"})
        through = jobs_of_bookings.join(made.select(*keys(made, "id"), "booked"), on=keys(made, "id"), how="inner")
        routes.append(_route(lead, "booking_id", through, "booking_id"))
    after = nw.concat(routes).filter(nw.col("booked") >= nw.col("created"))
    first = after.group_by(*keys(lead, "id")).agg(nw.col("booked").min())
    return lead.join(first, on=keys(lead, "id"), how="left")


def _route(lead: nw.LazyFrame[Any], own: str, jobs: nw.LazyFrame[Any], theirs: str) -> nw.LazyFrame[Any]:
    # pandas joins a missing key with a missing key
    tenant, id = keys(lead), keys(lead, "id")
    left = lead.filter(~nw.col(own).is_null()).select(*id, "created", nw.col(own).alias("link"))
    right = jobs.filter(~nw.col(theirs).is_null()).select(*tenant, nw.col(theirs).alias("link"), "booked")
    return left.join(right, on=[*tenant, "link"], how="inner").select(*id, "created", "booked")


def _with_outcome(lead: nw.LazyFrame[Any], *, as_of: int, window: int) -> nw.LazyFrame[Any]:
    created, modified, booked = nw.col("created"), nw.col("modified"), nw.col("booked")
    # A change before the creation says nothing: it is left missing, and the conversion merely possible.
    latest = nw.when(modified >= created).then(modified - created)
    state = lead.with_columns(
        converted=true(nw.col("status") == "Converted"),
        open=true(nw.col("status") == "Open"),
        dismissed=true(nw.col("status") == "Dismissed"),
        mature=true(created <= as_of - window),
        linked=~booked.is_null(),
        soon=true(booked - created <= window),
        surely_soon=true(latest <= window),
    )
    converted, mature, linked = nw.col("converted"), nw.col("mature"), nw.col("linked")
    unknown = ~(converted | nw.col("open") | nw.col("dismissed"))
    surely = converted & nw.when(linked).then(nw.col("soon")).otherwise(nw.col("surely_soon"))
    possibly = surely | (converted & ~linked) | unknown
    flags = {
        "leads": nw.lit(1),
        "mature": mature,
        "converted": converted,
        "open": nw.col("open"),
        "dismissed": nw.col("dismissed"),
        "unknown_status": unknown,
        "exact": converted & linked,
        "bounded": converted & ~linked,
        "linked_not_converted": linked & ~converted,
        "undated": created.is_null(),
        "lower": mature & surely,
        "upper": mature & possibly,
    }
    return state.select("left_out", "key", "month", *(flags[name].cast(nw.Int64).alias(name) for name in COUNTS))
