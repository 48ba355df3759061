"""When a lead was converted: exactly, by the one job that fits, or between two moments; and its status at a moment.

Written in narwhals, so that every engine can do it. `lead_conversion` explains the rules.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import MISSING, Rows, keys, materialize, prepare_rows, true
from stcrm_pandas.analysis.base.provenance import Moment, attrs_of, known_until, moment, zone
from stcrm_pandas.errors import UsageError


def with_dates(leads: Rows, *, jobs: Any, bookings: Any, status_log: Any, as_of: int) -> Rows:
    """Add the earliest and latest time of each lead's conversion or dismissal, and how it is known.

    Adds `early` and `late` (microseconds since 1970, missing for other statuses), `booked` (the first job linked by
    call or booking, whatever its status) and `how`: 0 exact, 1 inferred, 2 bounded, 3 not converted, 4 undated, because
    the status log contradicts the row: it may have been converted at any time since its creation.
    """
    rows = materialize(_with_first_job(leads, jobs, bookings, as_of))
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
    made = prepare_rows(jobs, "jobs", ("id", "lead_call_id", "booking_id"), times=("created_on",))
    routes = [_route(leads, "call_id", made, "lead_call_id"), _route(leads, "booking_id", made, "booking_id")]
    if bookings is not None:
        named = prepare_rows(bookings, "bookings", ("id", "job_id")).filter(~nw.col("job_id").is_null())
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
    log = prepare_rows(status_log, "status_log", ("id", "status"), times=("first_seen", "last_seen"))
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
    made = prepare_rows(
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
    pairs = materialize(lost.join(free, on=keys(rows, "customer_id"), how="inner").filter(inside))
    of_lead = pairs.group_by(*by).agg(fitting=nw.col("created_on").min(), jobs=nw.len(), job=nw.col("job").min())
    of_job = pairs.group_by(*keys(rows, "job")).agg(leads=nw.len())
    alone = of_lead.filter(nw.col("jobs") == 1).join(
        of_job.filter(nw.col("leads") == 1), on=keys(rows, "job"), how="inner"
    )
    return rows.join(alone.select(*by, "fitting"), on=by, how="left")


_COLUMNS = ("id", "status", "first_seen", "last_seen")


def statuses_at(status_log: pd.DataFrame, as_of: Moment) -> pd.DataFrame:
    """Return the status of each row at a moment, if known.

    It is known if the log shows the row in the same status before and after, and no other status in between.

    Parameters
    ----------
    status_log : DataFrame
        A log from `mirror.status_log`.
    as_of : str, date or Timestamp
        The moment, with a time zone.

    Returns
    -------
    DataFrame
        `id`, `status`, and `first_seen` of that status, ordered by `id`.

    Raises
    ------
    UsageError
        The log lacks a column, or `as_of` has no zone.

    Examples
    --------
    >>> log = pd.DataFrame({"id": [1, 1], "status": ["Open", "Converted"],
    ...                     "first_seen": pd.to_datetime(["2026-03-02", "2026-03-09"], utc=True),
    ...                     "last_seen": pd.to_datetime(["2026-03-05", "2026-03-20"], utc=True)})
    >>> [statuses_at(log, day)["status"].tolist() for day in ("2026-03-04T00Z", "2026-03-07T00Z", "2026-03-09T00Z")]
    [['Open'], [], ['Converted']]
    """
    at = moment(as_of, None, name="as_of")
    log = _checked(status_log)
    # a feed shows a status late, so a row may have had another one since it was last seen as of then
    begun = log["first_seen"].where(log["first_seen"] < log["last_seen"], log["last_seen"])
    then = log[(begun <= at) & (log["last_seen"] >= at)]
    return then[["id", "status", "first_seen"]].sort_values("id", ignore_index=True)


def as_known_at(frame: pd.DataFrame, as_of: Moment, status_log: pd.DataFrame) -> pd.DataFrame:
    """Return leads or bookings as they were known at a moment before they were read.

    Rows created later are left out, and statuses come from the log. A later change is dated no later than that moment.
    Everything else is as it was read.

    Parameters
    ----------
    frame : DataFrame
        A frame from a read, with `id`, `status`, `created_on` and `modified_on`.
    as_of : str, date or Timestamp
        The moment; without a time zone, it is in the frame's time zone.
    status_log : DataFrame
        The log of the same tenant and resource.

    Returns
    -------
    DataFrame
        A new frame, read at `as_of` by its `attrs`.

    Raises
    ------
    UsageError
        The log does not cover the moment for every row.

    Examples
    --------
    >>> times = pd.Series(pd.to_datetime(["2026-03-01", "2026-03-08"], utc=True))
    >>> leads = pd.DataFrame({"id": [1, 2], "status": "Converted", "created_on": times, "modified_on": times[1]})
    >>> log = pd.DataFrame({"id": [1], "status": "Open", "first_seen": times[0], "last_seen": times[1]})
    >>> as_known_at(leads, "2026-03-04T00Z", log)[["id", "status"]].values.tolist()
    [[1, 'Open']]
    """
    at = moment(as_of, zone(frame, None), name="as_of")
    then = frame[~(frame["created_on"] > at)].reset_index(drop=True)
    known = statuses_at(status_log, at).set_index("id")["status"]
    unknown = ~then["id"].isin(known.index)
    if unknown.any():
        raise UsageError(_NOT_COVERED.format(at=at, unknown=int(unknown.sum()), rows=len(then)))
    latest = then["modified_on"].where(~(then["modified_on"] > at), pd.Timestamp(at))
    known_then = then.assign(status=then["id"].map(known).astype(then["status"].dtype), modified_on=latest)
    noted = attrs_of(frame)
    read = at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    known_then.attrs["stcrm"] = {**noted, "fetched_at": read} | ({"rows": len(known_then)} if "rows" in noted else {})
    return known_then


def known_at(
    frame: Any, as_of: Moment | None, local: dt.tzinfo | None, status_log: Any = None
) -> tuple[Any, dt.datetime]:
    """Return a frame and the moment up to which it is known: as it was read, or as it was at an earlier `as_of`.

    Parameters
    ----------
    frame : object
        Leads or bookings; of pandas, where the log is needed.
    as_of : str, date or Timestamp or None
        The requested moment; None is the time of the read.
    local : dt.tzinfo or None
        The zone of a moment without one.
    status_log : object, optional
        What makes an `as_of` before the read possible.

    Raises
    ------
    UsageError
        As `provenance.known_until`; or the log does not cover an earlier moment.

    Examples
    --------
    >>> known_at(pd.DataFrame(), "2026-03-01T00:00Z", None)[1].isoformat()
    '2026-03-01T00:00:00+00:00'
    """
    noted = attrs_of(frame).get("fetched_at")
    if as_of is None or noted is None or status_log is None:
        return frame, known_until(frame, as_of, local)
    requested = moment(as_of, local, name="as_of")
    if requested >= moment(noted, dt.UTC, name="fetched_at"):
        return frame, known_until(frame, as_of, local)
    return as_known_at(frame, requested, status_log), requested


_NOT_COVERED = (
    "as_of {at:%Y-%m-%d %H:%M %Z} is before the read, and the status log lacks the status of {unknown:,} of {rows:,} "
    "rows then. Give a moment since the first sync of the mirror, or leave as_of out."
)


def _checked(status_log: Any) -> pd.DataFrame:
    missing = [name for name in _COLUMNS if name not in status_log]
    if missing:
        raise UsageError(f"status_log: the DataFrame has no columns {', '.join(missing)}")
    return pd.DataFrame(status_log)
