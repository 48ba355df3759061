"""The outcome of each booking, one row each, computed on the engine that holds the frames.

Written in narwhals, without index, apply or row order. `BookingSources` describes the columns; the sums over
groups are in `counts`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import (
    TENANT,
    Rows,
    collected,
    keys,
    lazy,
    local_month,
    local_weekday,
    micros,
    refuse_mixtures,
    refuse_repeats,
    true,
)
from stcrm_pandas.analysis.campaigns.records import AFTER, PARENTS

__all__ = ["SPANS", "UNKNOWN_SOURCE", "Limits", "booking_rows", "follow_on_jobs"]

SPANS: Mapping[str, dt.timedelta] = {
    "quarter": dt.timedelta(minutes=15),
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
}
"""After how long a booking may still be new."""

UNKNOWN_SOURCE = ""
"""The source of bookings without one."""

CLAIM = "is_first_time_client"
_PLAIN = ("id", "source", "status", "job_id", "campaign_id", "business_unit_id", "booking_provider_id")
_LEAD = ("id", "status", "booking_id", "campaign_id", "customer_id")
_HOUR = micros(SPANS["hour"])
_JOB = ("id", "customer_id", "job_status", "campaign_id", "total", "booking_id", "job_generated_lead_source_job_id")
_AFTER = tuple(name for name in AFTER if name not in _JOB)
_OPTIONAL = (*_AFTER, "business_unit_id")
USED = {
    # repeat bookings of one person are found by name and ZIP code
    "bookings": [*_PLAIN, "created_on", "modified_on", "start", CLAIM, "name", "address_zip"],
    "leads": [*_LEAD, "created_on"],
    "jobs": [*_JOB, *_AFTER, "created_on"],
}
"""The required columns, by frame."""


@dataclass(frozen=True)
class Limits:
    """The time up to which rows are known, the minimum ages for outcomes and for revenue, and the time zone."""

    as_of: dt.datetime
    mature: dt.timedelta
    money: dt.timedelta
    time_zone: str


def booking_rows(
    bookings: Any, limits: Limits, *, leads: Any = None, jobs: Any = None, customers: Any = None, status_log: Any = None
) -> Rows:
    """Return a row per booking with its outcome, the bounds of its first action, its job, and what its chain names.

    Times are microseconds since 1970, conditions are booleans.
    """
    refuse_mixtures(bookings=bookings, leads=leads, jobs=jobs, customers=customers)
    rows = lazy(
        bookings,
        "bookings",
        _PLAIN,
        times=("created_on", "modified_on", "start"),
        optional=("active", CLAIM),
        local=("created_on",),
        time_zone=limits.time_zone,
    )
    refuse_repeats(rows, "bookings")
    had = rows.collect_schema()
    wall = nw.col("created_on_local").dt
    never = nw.lit(value=False)
    rows = rows.with_columns(
        source=nw.col("source").fill_null(UNKNOWN_SOURCE),
        deleted=true(~nw.col("active")) if "active" in had else never,
        claim_known=~nw.col(CLAIM).is_null() if CLAIM in had else never,
        claim_first=true(nw.col(CLAIM)) if CLAIM in had else never,
        month=local_month("created_on"),
        # a day as one number that reads like a date, 20260131; filled before the cast, which pandas needs
        day=_whole(wall.year()) * 10_000 + _whole(wall.month()) * 100 + _whole(wall.day()),
        weekday=local_weekday("created_on"),
        hour=wall.hour(),
    ).rename({"created_on": "created", "modified_on": "modified"})
    rows = rows.drop("created_on_local", *(name for name in ("active", CLAIM) if name in had))
    rows = _with_lead(rows, _none(rows, _LEAD) if leads is None else _of_bookings(leads))
    made = _none(rows, _JOB) if jobs is None else lazy(jobs, "jobs", _JOB, times=("created_on",), optional=_OPTIONAL)
    rows = _with_job(rows, made)
    if jobs is None:
        rows = rows.with_columns(its_job=_missing("id"))  # unknown without jobs
    rows = _with_customer(rows, made, customers)
    rows = _with_log(rows, status_log)
    return _with_speed(_with_outcome(rows), micros(limits.as_of))


def _of_bookings(leads: Any) -> Rows:
    """Return the leads that are not deleted and name a booking."""
    made = lazy(leads, "leads", _LEAD, times=("created_on",), optional=("active",))
    if "active" in made.collect_schema():
        made = made.filter(~true(~nw.col("active")))
    return made.filter(~nw.col("booking_id").is_null())


def _none(rows: Rows, columns: Sequence[str]) -> Rows:
    """Return an empty table of leads or jobs to use if none was passed; its dtypes are those of bookings."""
    like = {"status": "status", "job_status": "status"}
    typed = {name: nw.col(like.get(name, "id")) for name in columns if name != "total"}
    total = {"total": nw.col("id").cast(nw.Float64)} if "total" in columns else {}
    return rows.select(*keys(rows), **typed, **total, created_on=nw.col("created")).head(0)


def _whole(part: nw.Expr) -> nw.Expr:
    return part.fill_null(0).cast(nw.Int64)


def _missing(like: str) -> nw.Expr:
    """Return missing values with the dtype of a column; a plain None has no dtype in pandas."""
    return nw.when(nw.lit(value=False)).then(nw.col(like))


def _joined(rows: Rows, other: Rows, own: str, theirs: str) -> Rows:
    """Left-join within a tenant; `other` has no missing keys, so a missing key in `rows` matches nothing."""
    left, right = keys(rows, own), keys(other, theirs)
    return rows.join(other, left_on=left, right_on=right, how="left")


def _with_lead(rows: Rows, made: Rows) -> Rows:
    """Add columns from the leads that refer to the booking."""
    status = nw.col("status")
    flags = {
        "lead_won": true(status == "Converted"),
        "lead_open": true(status == "Open"),
        "lead_lost": true(status == "Dismissed"),
    }
    summed = (
        made.with_columns(**{name: flag.cast(nw.Int64) for name, flag in flags.items()})
        .group_by(*keys(made, "booking_id"))
        .agg(
            nw.col("created_on").min().alias("lead_created"),
            nw.col("customer_id").min().alias("lead_customer"),
            nw.col("campaign_id").min().alias("lead_campaign"),
            nw.col("campaign_id").max().alias("last_campaign"),
            *(nw.col(name).max() for name in flags),
        )
        .with_columns(led=nw.lit(1), differing=true(nw.col("lead_campaign") != nw.col("last_campaign")).cast(nw.Int64))
        .drop("last_campaign")
    )
    joined = _joined(rows, summed, "id", "booking_id")
    # numbers, because pandas changes the dtype of booleans that a join leaves missing
    return joined.with_columns(
        has_lead=~nw.col("led").is_null(),
        leads_differ=true(nw.col("differing") > 0),
        **{name: true(nw.col(name) > 0) for name in flags},
    )


def _with_job(rows: Rows, made: Rows) -> Rows:
    """Add its job: the one it refers to, else the first that refers to it, is not older and not a follow-on job."""
    first_contact = [nw.col(name).is_null() for name in AFTER if name in made.collect_schema()]
    naming = _joined(
        made.filter(~nw.col("booking_id").is_null(), *first_contact).select(
            *keys(made, "booking_id"), nw.col("id").alias("job"), nw.col("created_on").alias("at")
        ),
        rows.select(*keys(rows, "id"), "created"),
        "booking_id",
        "id",
    ).filter(nw.col("at") >= nw.col("created"))
    by = keys(naming, "booking_id")
    first = naming.group_by(*by).agg(nw.col("at").min().alias("first_at"))
    first = naming.join(first, on=by, how="inner").filter(nw.col("at") == nw.col("first_at"))
    first = first.group_by(*by).agg(nw.col("job").min().alias("naming_job"))
    rows = _joined(rows, first, "id", "booking_id")
    rows = rows.with_columns(
        its_job=nw.when(nw.col("job_id").is_null()).then(nw.col("naming_job")).otherwise(nw.col("job_id"))
    ).drop("naming_job")
    its = made.select(
        *keys(made, "id"),
        nw.col("created_on").alias("job_created"),
        nw.col("job_status"),
        nw.col("total").alias("job_total"),
        nw.col("campaign_id").alias("job_campaign"),
        nw.col("customer_id").alias("job_customer"),
        _unit(made).alias("job_unit"),
    ).with_columns(its=nw.lit(1))
    rows = _joined(rows, its, "its_job", "id")
    return rows.with_columns(has_job_row=~nw.col("its").is_null())


def _unit(made: Rows) -> nw.Expr:
    return nw.col("business_unit_id") if "business_unit_id" in made.collect_schema() else _missing("id")


def follow_on_jobs(jobs: Any) -> pd.DataFrame:
    """Collect follow-on jobs: `tenant`, `id`, `parent` (earlier job), `booking_id`, `unit`, `amount` if completed."""
    kinds = {**dict.fromkeys((TENANT, "id", "parent", "booking_id", "unit"), "Int64"), "amount": "Float64"}
    if jobs is None:
        return pd.DataFrame(columns=list(kinds)).astype(kinds)
    made = lazy(jobs, "jobs", _JOB, optional=_OPTIONAL)
    names = made.collect_schema().names()
    after, parents = ([name for name in listed if name in names] for listed in (AFTER, PARENTS))
    completed = true(nw.col("job_status") == "Completed")
    later = made.filter(~nw.all_horizontal(*(nw.col(name).is_null() for name in after), ignore_nulls=False)).select(
        *keys(made, "id", "booking_id"),
        nw.coalesce(*parents).alias("parent"),
        _unit(made).alias("unit"),
        nw.when(completed).then(nw.col("total")).otherwise(nw.lit(0.0)).alias("amount"),
    )
    table = collected(later, {name: kind for name, kind in kinds.items() if name != TENANT or TENANT in names})
    return table.assign(amount=table["amount"].fillna(0.0))


def _with_customer(rows: Rows, made: Rows, customers: Any) -> Rows:
    """Add whether the customer, known by the job or the lead, had a job, or was known, before the booking came in."""
    customer = nw.when(nw.col("job_customer").is_null()).then(nw.col("lead_customer"))
    rows = rows.with_columns(customer=customer.otherwise(nw.col("job_customer")))
    made = made.filter(~nw.col("customer_id").is_null())
    first = made.group_by(*keys(made, "customer_id")).agg(nw.col("created_on").min().alias("first_job"))
    rows = _joined(rows, first, "customer", "customer_id")
    returning = true(nw.col("first_job") < nw.col("created"))
    rows = rows.with_columns(customer_known=~nw.col("customer").is_null(), returning=returning).drop("first_job")
    if customers is not None:
        listed = lazy(customers, "customers", ("id",), times=("created_on",)).rename({"created_on": "known_since"})
        rows = _joined(rows, listed, "customer", "id")
        # the record of a new customer is created with the booking
        before = true(nw.col("known_since") < nw.col("created") - _HOUR)
        rows = rows.with_columns(returning=nw.col("returning") | before).drop("known_since")
    return rows


def _with_log(rows: Rows, status_log: Any) -> Rows:
    """Add when the status log last saw it as new, and when it first saw another status."""
    if status_log is None:
        return rows.with_columns(seen_new=_missing("created"), seen_other=_missing("created"))
    log = lazy(status_log, "status_log", ("id", "status"), times=("first_seen", "last_seen"))
    new = (
        log.filter(nw.col("status") == "New")
        .group_by(*keys(log, "id"))
        .agg(nw.col("last_seen").max().alias("seen_new"))
    )
    other = log.filter(nw.col("status") != "New").group_by(*keys(log, "id"))
    return _joined(
        _joined(rows, new, "id", "id"), other.agg(nw.col("first_seen").min().alias("seen_other")), "id", "id"
    )


def _with_outcome(rows: Rows) -> Rows:
    """Add the outcome: the first that applies."""
    status, won, opened = nw.col("status"), nw.col("lead_won"), nw.col("lead_open")
    job = ~nw.col("job_id").is_null()
    converted = ~job & true(status == "Converted")
    lead = nw.col("has_lead") & ~(job | converted)
    free = ~(job | converted | lead)
    outcomes = {
        "job": job,
        "converted": converted,
        "lead_won": lead & won,
        "lead_open": lead & ~won & opened,
        "lead_lost": lead & ~won & ~opened & nw.col("lead_lost"),
        "lead_unknown": lead & ~won & ~opened & ~nw.col("lead_lost"),
        "dismissed": free & true(status == "Dismissed"),
        "accepted": free & true(status == "Accepted"),
        "new": free & true(status == "New"),
        "unknown": free & ~true(status.is_in(["Dismissed", "Accepted", "New"])),
    }
    return rows.with_columns(**{f"is_{name}": flag for name, flag in outcomes.items()})


def _with_speed(rows: Rows, as_of: int) -> Rows:
    """Add the earliest and latest time of the first action, and how it is known.

    `by_job`, `by_lead`: at the moment its job or lead was created, whichever came first. Else `by_log` or `by_change`:
    after `earliest` and by `latest`. `waiting`: nothing was done up to `as_of`. The rest is not known.
    """
    created = nw.col("created")
    times = {"job_at": "job_created", "lead_at": "lead_created", "logged_at": "seen_other", "new_at": "seen_new"}
    changed = (nw.col("modified") >= created) & true(nw.col("status") != "New")
    rows = rows.with_columns(
        **{name: nw.when(nw.col(time) >= created).then(nw.col(time)) for name, time in times.items()},
        changed_at=nw.when(changed).then(nw.col("modified")),
    )
    rows = rows.with_columns(
        exact=nw.min_horizontal("job_at", "lead_at"), known=nw.min_horizontal("changed_at", "logged_at")
    )
    exact, known, new = nw.col("exact"), nw.col("known"), nw.col("is_new")
    by_job = true(nw.col("job_at") == exact)
    waiting = exact.is_null() & new & ~created.is_null()
    by_log = exact.is_null() & ~new & true(nw.col("logged_at") == known)
    return rows.with_columns(
        by_job=by_job,
        by_lead=~by_job & ~exact.is_null(),
        by_log=by_log,
        by_change=exact.is_null() & ~new & ~by_log & ~known.is_null(),
        waiting=waiting,
        earliest=nw.coalesce(exact, nw.when(waiting).then(nw.lit(as_of)), nw.col("new_at"), created),
        latest=nw.when(~waiting).then(nw.coalesce(exact, known)),
    )
