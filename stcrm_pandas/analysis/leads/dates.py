"""When a lead was converted: exactly, by the one job that fits, or between two moments.

Written in narwhals, so that every engine can do it. `lead_conversion` explains the rules.
"""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from stcrm_pandas.analysis.base.engine import MISSING, Rows, keys, lazy, once, true

__all__ = ["with_dates"]


def with_dates(leads: Rows, *, jobs: Any, bookings: Any, status_log: Any, as_of: int) -> Rows:
    """Add the earliest and latest time of each lead's conversion or dismissal, and how it is known.

    Adds `early` and `late` (microseconds since 1970, missing for other statuses), `booked` (the first job linked by
    call or booking, whatever its status) and `how`: 0 exact, 1 inferred, 2 bounded, 3 not converted, 4 undated, because
    the status log contradicts the row: it may have been converted at any time since its creation.
    """
    rows = once(_with_first_job(leads, jobs, bookings, as_of))
    created, modified = nw.col("created"), nw.col("modified")
    # a change before the creation time is not a bound
    changed = nw.when((modified >= created) & (modified <= as_of)).then(modified).otherwise(nw.lit(as_of))
    ended = true(nw.col("status").is_in(["Converted", "Dismissed"])) & ~created.is_null()
    rows = rows.with_columns(
        early=nw.when(ended).then(created), late=nw.when(ended).then(nw.max_horizontal(changed, created))
    )
    rows = rows.with_columns(crossed=nw.lit(value=False)) if status_log is None else _tightened(rows, status_log, as_of)
    rows = _with_fitting_job(rows, jobs)
    converted, booked, fitting = true(nw.col("status") == "Converted"), nw.col("booked"), nw.col("fitting")
    dated = nw.when(converted & ~booked.is_null()).then(booked).when(converted).then(fitting)
    how = (
        nw.when(converted & ~booked.is_null())
        .then(nw.lit(0))
        .when(converted & ~fitting.is_null())
        .then(nw.lit(1))
        .when(converted & nw.col("crossed"))
        .then(nw.lit(4))
        .when(converted)
        .then(nw.lit(2))
        .otherwise(nw.lit(3))
    )
    return rows.with_columns(dated=dated, how=how).with_columns(
        early=nw.coalesce("dated", "early"), late=nw.coalesce("dated", "late")
    )


def _with_first_job(leads: Rows, jobs: Any, bookings: Any, as_of: int) -> Rows:
    """Add `booked`: when the first job of the lead's call or booking was created, not before the lead."""
    if jobs is None:
        return leads.with_columns(booked=MISSING)
    made = lazy(jobs, "jobs", ("id", "lead_call_id", "booking_id"), times=("created_on",))
    routes = [_route(leads, "call_id", made, "lead_call_id"), _route(leads, "booking_id", made, "booking_id")]
    if bookings is not None:
        named = lazy(bookings, "bookings", ("id", "job_id")).filter(~nw.col("job_id").is_null())
        of_bookings = named.select(*keys(named), nw.col("id").alias("booking_id"), nw.col("job_id").alias("id"))
        through = of_bookings.join(made.select(*keys(made, "id"), "created_on"), on=keys(made, "id"), how="inner")
        routes.append(_route(leads, "booking_id", through, "booking_id"))
    by = keys(leads, "id")
    # the leads may be from an earlier time than the jobs
    after = nw.concat(routes).filter((nw.col("booked") >= nw.col("created")) & (nw.col("booked") <= as_of))
    return leads.join(after.group_by(*by).agg(nw.col("booked").min()), on=by, how="left")


def _route(leads: Rows, own: str, jobs: Rows, theirs: str) -> Rows:
    # pandas matches missing keys with each other
    left = leads.filter(~nw.col(own).is_null()).select(*keys(leads, "id"), "created", nw.col(own).alias("link"))
    right = jobs.filter(~nw.col(theirs).is_null()).select(
        *keys(jobs), nw.col(theirs).alias("link"), nw.col("created_on").alias("booked")
    )
    return left.join(right, on=keys(leads, "link"), how="inner").select(*keys(leads, "id"), "created", "booked")


def _tightened(rows: Rows, status_log: Any, as_of: int) -> Rows:
    """Narrow the time of the status change: after another status was last seen, by when the new one was first seen.

    Bounds that cross are none: `crossed` is set, and the change was at any time since the creation.
    """
    log = lazy(status_log, "status_log", ("id", "status"), times=("first_seen", "last_seen"))
    by = keys(rows, "id")
    seen = rows.select(*by, nw.col("status").alias("now")).join(log, on=by, how="inner")
    same = nw.col("status") == nw.col("now")
    first = seen.filter(same).group_by(*by).agg(seen=nw.col("first_seen").min())
    # in the order of syncs: a status can be last seen, as of an earlier moment, by a sync after the change
    other = seen.filter(~same).join(first, on=by, how="inner").filter(nw.col("first_seen") < nw.col("seen"))
    before = other.group_by(*by).agg(before=nw.col("last_seen").max())
    joined = rows.join(first, on=by, how="left").join(before, on=by, how="left")
    joined = joined.with_columns(
        after=nw.max_horizontal("early", nw.when(~nw.col("early").is_null()).then(nw.col("before"))),
        until=nw.min_horizontal("late", nw.when(~nw.col("late").is_null()).then(nw.col("seen"))),
    ).with_columns(crossed=true(nw.col("after") > nw.col("until")))
    crossed, widest = nw.col("crossed"), nw.max_horizontal(nw.lit(as_of), "created")
    return joined.with_columns(
        early=nw.when(crossed).then(nw.col("created")).otherwise(nw.col("after")),
        late=nw.when(crossed).then(widest).otherwise(nw.col("until")),
    ).drop("seen", "before", "after", "until")


def _with_fitting_job(rows: Rows, jobs: Any) -> Rows:
    """Add `fitting`: for a converted lead without a job, when the only job that fits was created.

    The job has the same customer, was created when the lead may have been converted, does not belong to any lead's call
    or booking, and is not a recall or warranty job. The lead has no other such job, and the job no other such lead.
    """
    if jobs is None:
        return rows.with_columns(fitting=MISSING)
    special = ("recall_for_id", "warranty_id")
    made = lazy(
        jobs, "jobs", ("id", "lead_call_id", "booking_id"), times=("created_on",), filled=("customer_id", *special)
    )
    by = keys(rows, "id")
    lost = rows.filter(
        true(nw.col("status") == "Converted") & nw.col("booked").is_null() & ~nw.col("customer_id").is_null(),
        ~nw.col("crossed"),
    ).select(*by, "customer_id", "early", "late")
    free = made.filter(~nw.col("customer_id").is_null(), *(nw.col(name).is_null() for name in special))
    free = free.select(
        *keys(made), "customer_id", nw.col("id").alias("job"), "lead_call_id", "booking_id", "created_on"
    )
    free = free.join(lost.select(*keys(rows, "customer_id")).unique(), on=keys(rows, "customer_id"), how="semi")
    for own, theirs in (("call_id", "lead_call_id"), ("booking_id", "booking_id")):
        named = rows.filter(~nw.col(own).is_null()).select(*keys(rows), nw.col(own).alias(theirs)).unique()
        free = free.join(named, on=keys(rows, theirs), how="anti")
    inside = (nw.col("created_on") >= nw.col("early")) & (nw.col("created_on") <= nw.col("late"))
    pairs = once(lost.join(free, on=keys(rows, "customer_id"), how="inner").filter(inside))
    of_lead = pairs.group_by(*by).agg(fitting=nw.col("created_on").min(), jobs=nw.len(), job=nw.col("job").min())
    of_job = pairs.group_by(*keys(rows, "job")).agg(leads=nw.len())
    alone = of_lead.filter(nw.col("jobs") == 1).join(
        of_job.filter(nw.col("leads") == 1), on=keys(rows, "job"), how="inner"
    )
    return rows.join(alone.select(*by, "fitting"), on=by, how="left")
