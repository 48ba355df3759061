"""The records behind opportunities: leads, bookings and jobs, reduced to links and outcomes, without personal data.

Written in narwhals up to the last step, so that the engine of the frames does the reduction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import (
    MISSING,
    TENANT,
    collected,
    created_within,
    is_among,
    prepare_rows,
    refuse_mixtures,
    refuse_repeats,
    true,
)
from stcrm_pandas.analysis.base.names import NONE
from stcrm_pandas.analysis.base.periods import Period
from stcrm_pandas.analysis.leads.inquiries import persons_of

BOOKING, LEAD, JOB = 0, 1, 2
"""Kinds of records, in the order for records created at the same moment."""
KINDS = {BOOKING: "booking", LEAD: "lead", JOB: "job"}

PARENTS = ("job_generated_lead_source_job_id", "recall_for_id", "warranty_id")
"""The columns that refer to an earlier job; the first one with a value counts."""

AFTER = (*PARENTS, "created_from_estimate_id")
"""The columns of which a follow-on job has at least one.

It refers to the job during which it was sold, the job it is a recall or warranty job for, or the estimate it was
created from. It is never a first contact.
"""

KEPT, DELETED, NO_LEAD = 0, 1, 2
"""Why a record is left out."""

_LEAD_STATUS = ("Open", "Converted", "Dismissed")
_BOOKING_STATUS = ("New", "Accepted", "Converted", "Dismissed")

_FLAGS = ("phone", "follow_on", "booked", "unknown", "completed")
_NUMBERS = ("modified", "booking", "call", "job", "parent", "customer", "person", "person_kind")
_DTYPES = {
    "kind": "int8",
    "left_out": "int8",
    "total": "Float64",
    **dict.fromkeys(("id", "created", "campaign", "business_unit", *_NUMBERS), "Int64"),
    **dict.fromkeys(_FLAGS, "bool"),
}


def gather(
    leads: Any, bookings: Any, jobs: Any, *, not_leads: Mapping[int | None, Sequence[int]] | None = None
) -> pd.DataFrame:
    """Return a row for each lead, booking and job.

    Parameters
    ----------
    leads : object
        A frame of any engine with the columns of its schema; so are bookings (or None) and jobs.
    bookings : object
        As above.
    jobs : object
        As above.
    not_leads : mapping, optional
        The ids of call reasons that are not leads, by tenant (`reduction.not_leads`).

    Returns
    -------
    DataFrame
        A pandas frame, ordered by kind and id: `tenant` where the frames have it; `kind`, `id`; `created`, in
        microseconds since 1970, and `modified` of leads; `campaign`, `business_unit`; what ties records together:
        `booking`, `call`, `job`, the `customer`, the `person` of a lead with its `person_kind` (see `inquiries`), and
        `parent`, the job that a job came after; `left_out` (0: kept); `phone`, it names a call and no booking;
        `follow_on`, a job that is no first contact; `booked`, the record says that there is a job; `unknown`, its
        status is not documented; `completed`, `total` of jobs.

    Raises
    ------
    UsageError
        A column is missing, a time has no zone, an id is duplicate, or the frames do not fit together.
    """
    refuse_mixtures(leads=leads, bookings=bookings, jobs=jobs)
    parts = [_leads(leads, not_leads or {}), _jobs(jobs)] + ([] if bookings is None else [_bookings(bookings)])
    records = pd.concat([collected(part).astype(_DTYPES) for part in parts], ignore_index=True)
    order = ["kind", "id", *([TENANT] if TENANT in records else [])]
    return records.sort_values(order, ignore_index=True)


def statuses(frame: Any, column: str, period: Period | None = None) -> dict[str, int]:
    """Return the number of rows by status before anything is left out; "(none)" for rows without one."""
    rows = prepare_rows(frame, "rows", (column,), times=("created_on",))
    if period is not None:
        rows = rows.filter(true(created_within(nw.col("created_on"), period)))
    counts = collected(rows.group_by(column).agg(rows=nw.len()))
    named = zip(counts[column], counts["rows"], strict=True)
    return dict(sorted((NONE if pd.isna(status) else str(status), int(rows)) for status, rows in named))


def _leads(frame: Any, not_leads: Mapping[int | None, Sequence[int]]) -> nw.LazyFrame[Any]:
    wanted = ("id", "status", "campaign_id", "business_unit_id", "call_reason_id", "call_id", "booking_id")
    filled = ("active", "customer_id", "manual_call_id")
    times = ("created_on", "modified_on")
    rows = prepare_rows(frame, "leads", wanted, times=times, optional=("lead_phone",), filled=filled)
    refuse_repeats(rows, "leads")
    rows = persons_of(rows)
    status = nw.col("status")
    return _narrow(
        rows,
        LEAD,
        modified=nw.col("modified_on"),
        customer=nw.col("customer_id"),
        person=nw.when(nw.col("kind") != 2).then(nw.col("person")),
        person_kind=nw.col("kind"),
        call=nw.col("call_id"),
        booking=nw.col("booking_id"),
        phone=_by_phone("call_id", "manual_call_id"),
        left_out=_left_out(is_among(rows, "call_reason_id", not_leads)),
        booked=true(status == "Converted"),
        unknown=~true(status.is_in(_LEAD_STATUS)),
    )


def _bookings(frame: Any) -> nw.LazyFrame[Any]:
    wanted = ("id", "status", "campaign_id", "business_unit_id", "job_id")
    rows = prepare_rows(frame, "bookings", wanted, times=("created_on",), filled=("active",))
    refuse_repeats(rows, "bookings")
    return _narrow(
        rows,
        BOOKING,
        booking=nw.col("id"),
        job=nw.col("job_id"),
        left_out=_left_out(),
        booked=~nw.col("job_id").is_null() | true(nw.col("status") == "Converted"),
        unknown=~true(nw.col("status").is_in(_BOOKING_STATUS)),
    )


def _jobs(frame: Any) -> nw.LazyFrame[Any]:
    wanted = ("id", "job_status", "campaign_id", "business_unit_id", "lead_call_id", "booking_id", "total")
    filled = (*AFTER, "partner_lead_call_id", "customer_id", "active")
    rows = prepare_rows(frame, "jobs", wanted, times=("created_on",), filled=filled)
    refuse_repeats(rows, "jobs")
    calls = ("lead_call_id", "partner_lead_call_id")
    status = nw.col("job_status")
    return _narrow(
        rows,
        JOB,
        booking=nw.col("booking_id"),
        call=nw.coalesce(*calls),
        job=nw.col("id"),
        customer=nw.col("customer_id"),
        parent=nw.coalesce(*PARENTS),
        phone=_by_phone(*calls),
        left_out=_left_out(),
        follow_on=nw.any_horizontal(*(~nw.col(name).is_null() for name in AFTER), ignore_nulls=False),
        booked=nw.lit(value=True),
        completed=true(status == "Completed"),
        total=nw.col("total").cast(nw.Float64),
    )


def _by_phone(*calls: str) -> nw.Expr:
    """Return whether the first contact was a call: a record with a booking came from that booking, even if not read."""
    return (
        ~nw.all_horizontal(*(nw.col(name).is_null() for name in calls), ignore_nulls=False)
        & nw.col("booking_id").is_null()
    )


def _left_out(no_lead: nw.Expr | None = None) -> nw.Expr:
    kept: nw.Expr = nw.lit(KEPT)
    if no_lead is not None:
        kept = nw.when(no_lead).then(nw.lit(NO_LEAD)).otherwise(kept)
    return nw.when(true(~nw.col("active"))).then(nw.lit(DELETED)).otherwise(kept)


def _narrow(rows: nw.LazyFrame[Any], kind: int, **others: nw.Expr) -> nw.LazyFrame[Any]:
    columns = {
        "kind": nw.lit(kind),
        "created": nw.col("created_on"),
        "campaign": nw.col("campaign_id"),
        "business_unit": nw.col("business_unit_id"),
        **dict.fromkeys(_NUMBERS, MISSING),
        **dict.fromkeys(_FLAGS, nw.lit(value=False)),
        "total": MISSING.cast(nw.Float64),
        **others,
    }
    tenant = [nw.col(TENANT)] if TENANT in rows.collect_schema() else []
    # together in one step, so that no new column is mistaken for one of the frame
    return rows.select(*tenant, nw.col("id"), *(expression.alias(name) for name, expression in columns.items()))


def topmost(jobs: pd.MultiIndex, parents: pd.MultiIndex) -> npt.NDArray[np.intp]:
    """Return the position of the first follow-on job in the chain of each follow-on job.

    Parameters
    ----------
    jobs : MultiIndex
        The follow-on jobs, by tenant and id.
    parents : MultiIndex
        The earlier job of each, by tenant and id; missing if there is none.

    Returns
    -------
    npt.NDArray[np.intp]
        Positions in `jobs`: its own if the earlier job is not a follow-on job; -1 if the jobs form a circle.

    Examples
    --------
    >>> jobs = pd.MultiIndex.from_tuples([(0, 11), (0, 12), (0, 13)])
    >>> topmost(jobs, pd.MultiIndex.from_tuples([(0, 10), (0, 11), (0, 13)])).tolist()
    [0, 0, -1]
    """
    earlier = jobs.get_indexer(parents)
    own = np.arange(len(jobs))
    place = np.where(earlier >= 0, earlier, own)
    for _ in range(len(jobs).bit_length()):
        place = place[place]  # twice as far back each time
    return np.where(earlier[place] >= 0, -1, place) if len(jobs) else place
