"""The outcome of each booking, one row each, computed on the engine that holds the frames.

Written in narwhals, without index, apply or row order. `BookingSources` describes the columns; the sums over
groups are in `counts`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import (
    TENANT,
    Rows,
    collected,
    keys,
    local_day,
    local_hour,
    local_month,
    local_weekday,
    micros,
    prepare_rows,
    refuse_mixtures,
    refuse_repeats,
    true,
)
from stcrm_pandas.analysis.base.inputs import given_of, lacking
from stcrm_pandas.analysis.base.periods import Limits
from stcrm_pandas.analysis.campaigns.records import AFTER, PARENTS

SPANS: Mapping[str, dt.timedelta] = {
    "quarter": dt.timedelta(minutes=15),
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
}
"""After how long a booking may still be new."""

UNKNOWN_SOURCE = ""
"""The source of bookings without one."""

_STAGES = ("Dismissed", "Open", "Converted")
"""Statuses of leads: of several leads of a booking, the one with the last of these counts."""

OUTCOMES: Mapping[str, nw.Expr] = {
    "job": ~nw.col("job_id").is_null(),
    "converted": nw.col("status") == "Converted",
    "lead_won": nw.col("lead_stage") == 3,
    "lead_open": nw.col("lead_stage") == 2,
    "lead_lost": nw.col("lead_stage") == 1,
    "lead_unknown": nw.col("lead_stage") == 0,
    "dismissed": nw.col("status") == "Dismissed",
    "accepted": nw.col("status") == "Accepted",
    "new": nw.col("status") == "New",
    "unknown": nw.lit(value=True),
}
"""The outcomes of a booking and their conditions; each booking has the first that applies."""

CLAIM = "is_first_time_client"
_PLAIN = ("id", "source", "status", "job_id", "campaign_id", "business_unit_id", "booking_provider_id")
_LEAD = ("id", "status", "booking_id", "campaign_id", "customer_id")
_HOUR = micros(SPANS["hour"])
_JOB = ("id", "customer_id", "job_status", "campaign_id", "total", "booking_id", "job_generated_lead_source_job_id")
_AFTER = tuple(name for name in AFTER if name not in _JOB)
_FILLED = (*_AFTER, "business_unit_id")
"""Columns that jobs may lack."""

USED = {
    # repeat bookings of one person are found by name and ZIP code
    "bookings": [*_PLAIN, "created_on", "modified_on", "start", CLAIM, "name", "address_zip"],
    "leads": [*_LEAD, "created_on"],
    "jobs": [*_JOB, *_AFTER, "created_on"],
}
"""The required columns, by frame."""


def booking_rows(
    bookings: Any, limits: Limits, *, leads: Any = None, jobs: Any = None, customers: Any = None, status_log: Any = None
) -> Rows:
    """Return a row per booking with its outcome, the bounds of its first action, its job, and what its chain names.

    Times are microseconds since 1970, conditions are booleans.
    """
    refuse_mixtures(bookings=bookings, leads=leads, jobs=jobs, customers=customers)
    rows = prepare_rows(
        bookings,
        "bookings",
        _PLAIN,
        times=("created_on", "modified_on", "start"),
        optional=(CLAIM,),
        filled=("active",),
        local=("created_on",),
        time_zone=limits.time_zone,
    )
    refuse_repeats(rows, "bookings")
    claimed = CLAIM in rows.collect_schema()
    claim = nw.col(CLAIM) if claimed else nw.lit(value=False)
    rows = rows.with_columns(
        source=nw.col("source").fill_null(UNKNOWN_SOURCE),
        deleted=true(~nw.col("active")),
        claim_known=~claim.is_null() & nw.lit(value=claimed),
        claim_first=true(claim),
        month=local_month("created_on"),
        day=local_day("created_on").fill_null(0),
        weekday=local_weekday("created_on"),
        hour=local_hour("created_on"),
    ).rename({"created_on": "created", "modified_on": "modified"})
    rows = rows.drop("created_on_local", "active", CLAIM, strict=False)
    made = _linked(rows, jobs, "jobs", _JOB, _FILLED)
    rows = _with_job(_with_lead(rows, _linked(rows, leads, "leads", _LEAD, ("active",))), made)
    if jobs is None:
        rows = rows.with_columns(its_job=_missing("id"))  # unknown without jobs
    rows = _with_log(_with_customer(rows, made, customers), status_log)
    applies = (nw.when(condition).then(nw.lit(place)) for place, condition in enumerate(OUTCOMES.values()))
    exact = not lacking("bookings: response times", given_of({"bookings": bookings, "leads": leads, "jobs": jobs}))
    return _with_speed(rows.with_columns(outcome=nw.coalesce(*applies)), micros(limits.as_of), exact=exact)


def became(*outcomes: str) -> nw.Expr:
    """Return the condition that a booking has one of these outcomes."""
    return nw.col("outcome").is_in([[*OUTCOMES].index(name) for name in outcomes])


def _linked(rows: Rows, frame: Any, name: str, columns: Sequence[str], filled: Sequence[str]) -> Rows:
    """Return leads or jobs that are not deleted; without a frame an empty one, with the dtypes of bookings."""
    if frame is None:
        typed = {column: nw.col("status" if column.endswith("status") else "id") for column in (*columns, *filled)}
        return rows.select(*keys(rows), **typed, created_on=nw.col("created")).head(0)
    made = prepare_rows(frame, name, columns, times=("created_on",), filled=filled)
    return made.filter(~true(~nw.col("active"))) if "active" in filled else made


def _missing(like: str) -> nw.Expr:
    """Return missing values with the dtype of a column; a plain None has no dtype in pandas."""
    return nw.when(nw.lit(value=False)).then(nw.col(like))


def _joined(rows: Rows, other: Rows, own: str, theirs: str) -> Rows:
    """Left-join within a tenant; `other` has no missing keys, so a missing key in `rows` matches nothing."""
    left, right = keys(rows, own), keys(other, theirs)
    return rows.join(other, left_on=left, right_on=right, how="left")


def _with_lead(rows: Rows, made: Rows) -> Rows:
    """Add the stage of the leads that refer to the booking (0 for an unknown status), and what they name."""
    stages = [nw.when(nw.col("status") == status).then(nw.lit(stage)) for stage, status in enumerate(_STAGES, start=1)]
    named = made.filter(~nw.col("booking_id").is_null()).with_columns(lead_stage=nw.coalesce(*stages, nw.lit(0)))
    summed = named.group_by(*keys(made, "booking_id")).agg(
        nw.col("lead_stage").max(),
        nw.col("created_on").min().alias("lead_created"),
        nw.col("customer_id").min().alias("lead_customer"),
        nw.col("campaign_id").min().alias("lead_campaign"),
        nw.col("campaign_id").max().alias("last_lead_campaign"),
    )
    return _joined(rows, summed, "id", "booking_id")


def _with_job(rows: Rows, made: Rows) -> Rows:
    """Add its job: the one it refers to, else the first that refers to it, is not older and not a follow-on job."""
    first_contact = [nw.col(name).is_null() for name in AFTER]
    naming = _joined(
        made.filter(~nw.col("booking_id").is_null(), *first_contact).select(
            *keys(made, "booking_id"), naming_job=nw.col("id"), at=nw.col("created_on")
        ),
        rows.select(*keys(rows, "id"), "created"),
        "booking_id",
        "id",
    ).filter(nw.col("at") >= nw.col("created"))
    by = keys(naming, "booking_id")
    first = naming.unique(by, keep="first", order_by=["at", "naming_job"]).select(*by, "naming_job")
    rows = _joined(rows, first, "id", "booking_id").with_columns(its_job=nw.coalesce("job_id", "naming_job"))
    its = made.select(
        *keys(made, "id"),
        job_created=nw.col("created_on"),
        job_status=nw.col("job_status"),
        job_total=nw.col("total"),
        job_campaign=nw.col("campaign_id"),
        job_customer=nw.col("customer_id"),
        job_unit=nw.col("business_unit_id"),
    ).with_columns(its=nw.lit(1))
    return _joined(rows.drop("naming_job"), its, "its_job", "id").with_columns(has_job_row=~nw.col("its").is_null())


def follow_on_jobs(jobs: Any) -> pd.DataFrame:
    """Collect follow-on jobs: `tenant`, `id`, `parent` (earlier job), `booking_id`, `unit`, `amount` if completed."""
    kinds = {**dict.fromkeys((TENANT, "id", "parent", "booking_id", "unit"), "Int64"), "amount": "Float64"}
    if jobs is None:
        return pd.DataFrame(columns=list(kinds)).astype(kinds)
    made = prepare_rows(jobs, "jobs", _JOB, filled=_FILLED)
    completed = true(nw.col("job_status") == "Completed")
    first_contact = nw.all_horizontal(*(nw.col(name).is_null() for name in AFTER), ignore_nulls=False)
    later = made.filter(~first_contact).select(
        *keys(made, "id", "booking_id"),
        parent=nw.coalesce(*PARENTS),
        unit=nw.col("business_unit_id"),
        amount=nw.when(completed).then(nw.col("total")).otherwise(nw.lit(0.0)),
    )
    names = later.collect_schema().names()
    table = collected(later, {name: kind for name, kind in kinds.items() if name in names})
    return table.assign(amount=table["amount"].fillna(0.0))


def _with_customer(rows: Rows, made: Rows, customers: Any) -> Rows:
    """Add whether the customer, known by the job or the lead, had a job, or was known, before the booking came in."""
    rows = rows.with_columns(customer=nw.coalesce("job_customer", "lead_customer"))
    made = made.filter(~nw.col("customer_id").is_null())
    first = made.group_by(*keys(made, "customer_id")).agg(nw.col("created_on").min().alias("first_job"))
    rows = _joined(rows, first, "customer", "customer_id")
    returning = true(nw.col("first_job") < nw.col("created"))
    rows = rows.with_columns(customer_known=~nw.col("customer").is_null(), returning=returning).drop("first_job")
    if customers is not None:
        listed = prepare_rows(customers, "customers", ("id",), times=("created_on",)).rename(
            {"created_on": "known_since"}
        )
        rows = _joined(rows, listed, "customer", "id")
        # the record of a new customer is created with the booking
        before = true(nw.col("known_since") < nw.col("created") - _HOUR)
        rows = rows.with_columns(returning=nw.col("returning") | before).drop("known_since")
    return rows


def _with_log(rows: Rows, status_log: Any) -> Rows:
    """Add when the status log first saw another status than new, and when it had last seen it as new before."""
    if status_log is None:
        return rows.with_columns(seen_new=_missing("created"), seen_other=_missing("created"))
    log = prepare_rows(status_log, "status_log", ("id", "status"), times=("first_seen", "last_seen"))
    by, new = keys(log, "id"), nw.col("status") == "New"
    other = log.filter(~new).group_by(*by).agg(seen_other=nw.col("first_seen").min())
    # in the order of syncs: a status can be last seen, as of an earlier moment, by a sync after the change
    still = log.filter(new).join(other, on=by, how="left")
    still = still.filter(nw.col("seen_other").is_null() | (nw.col("first_seen") < nw.col("seen_other")))
    last = still.group_by(*by).agg(seen_new=nw.col("last_seen").max())
    return _joined(_joined(rows, other, "id", "id"), last, "id", "id")


def _with_speed(rows: Rows, as_of: int, *, exact: bool) -> Rows:
    """Add the earliest and latest time of the first action, and how it is known.

    `by_job`, `by_lead`: at the moment its job or lead was created, whichever came first. Else `by_log` or `by_change`:
    after `earliest` and by `latest`. `waiting`: nothing was done up to `as_of`. `contradictory`: the log had it as new
    even after its last change, so nothing is known. Neither is it of the rest. Without leads or
    jobs no time is exact: what was not read may have come first.
    """
    created = nw.col("created")
    times = {"job_at": "job_created", "lead_at": "lead_created", "logged_at": "seen_other", "new_at": "seen_new"}
    changed = (nw.col("modified") >= created) & true(nw.col("status") != "New")
    rows = rows.with_columns(
        **{name: nw.when(nw.col(time) >= created).then(nw.col(time)) for name, time in times.items()},
        changed_at=nw.when(changed).then(nw.col("modified")),
    )
    rows = rows.with_columns(
        made=nw.min_horizontal("job_at", "lead_at"), known=nw.min_horizontal("changed_at", "logged_at")
    )
    rows = rows.with_columns(
        exact=nw.col("made") if exact else _missing("created"),
        known=nw.col("known") if exact else nw.min_horizontal("made", "known"),
    )
    crossed = true(nw.col("exact").is_null() & ~became("new") & (nw.col("new_at") > nw.col("known")))
    rows = rows.with_columns(contradictory=crossed).with_columns(
        **{name: nw.when(~nw.col("contradictory")).then(nw.col(name)) for name in ("known", "new_at")}
    )
    at, known, new = nw.col("exact"), nw.col("known"), became("new")
    by_job = true(nw.col("job_at") == at)
    waiting = nw.col("made").is_null() & new & ~created.is_null()
    by_log = at.is_null() & ~new & true(nw.col("logged_at") == known)
    return rows.with_columns(
        by_job=by_job,
        by_lead=~by_job & ~at.is_null(),
        by_log=by_log,
        by_change=at.is_null() & ~new & ~by_log & ~known.is_null(),
        waiting=waiting,
        earliest=nw.coalesce(at, nw.when(waiting).then(nw.lit(as_of)), nw.col("new_at"), created),
        latest=nw.when(~waiting).then(nw.coalesce(at, known)),
    )
