"""The reduction behind booking sources: from a row for each booking to small tables of counts.

Written in narwhals; only the amounts of jobs are still large after it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.engine import EPOCH, TENANT, Rows, collected, created_within, keys, micros, true
from stcrm_pandas.analysis.base.inputs import lacking
from stcrm_pandas.analysis.base.money import Currencies, of_units
from stcrm_pandas.analysis.base.periods import Limits, Period, measurable
from stcrm_pandas.analysis.base.worth import pace_table
from stcrm_pandas.analysis.bookings.outcomes import OUTCOMES, SPANS, became
from stcrm_pandas.analysis.campaigns.records import topmost

DIMENSIONS = {
    "source": "source",
    "provider": "booking_provider_id",
    "campaign": "campaign_id",
    "business_unit": "business_unit_id",
    "month": "month",
    "weekday": "weekday",
    "hour": "hour",
    "tenant": TENANT,
}
"""What bookings can be grouped by, and the column that holds it."""

WORK = ("job", "converted", "lead_won")
"""Outcomes that are jobs."""
UNCERTAIN = ("unknown", "lead_unknown")
"""Outcomes that may be jobs."""

_SPANS = {"asked_hours": "start", "waited_hours": "job_created"}
"""By column of their median, the times until which spans from the creation are counted."""


@dataclass(frozen=True)
class Counted:
    """Small tables of counts.

    Parameters
    ----------
    cells : DataFrame
        `COUNTS` by the dimensions asked for, `unit` and `stratum_month`.
    clock : DataFrame
        `COUNTS` by `source`, local `day` (its ordinal) and `hour`; 0 and -1 where the creation is not known.
    spans : dict
        By column of the table, bookings by the dimensions and `hours`, the exact span.
    chains : DataFrame
        By `campaign_id`, and `tenant` if there is one: `bookings`, `chains` (with a lead or a job that names a
        campaign), `differ`.
    spellings : DataFrame
        By `source`: `bookings`, `first` and `last` creation in microseconds, `provider` (one of its ids).
    amounts : DataFrame
        A row for each booking that has an old enough job: dimensions, `created`, `job`, `canceled`, `total`, `follow`,
        `currency` of its business unit.
    deleted : int
        Rows left out as deleted.
    recent : DataFrame
        Bookings with a job in the last weeks, by the dimensions; see `base.pace.pace_table`.
    """

    cells: pd.DataFrame
    clock: pd.DataFrame
    spans: dict[str, pd.DataFrame]
    chains: pd.DataFrame
    spellings: pd.DataFrame
    amounts: pd.DataFrame
    deleted: int
    recent: pd.DataFrame


def count_bookings(
    rows: Rows,
    dimensions: Sequence[str],
    limits: Limits,
    later: pd.DataFrame,
    of_unit: Currencies,
    inputs: Collection[str],
    period: Period | None = None,
) -> Counted:
    """Count the rows of `booking_rows`, with the jobs of `follow_on_jobs` and the currencies of business units.

    What needs a data set that is not among the `inputs` counts no booking.

    The clock, the spellings and the amounts are those of all rows, everything else of the period.
    """
    by = {f"by_{place}": nw.col(DIMENSIONS[name]) for place, name in enumerate(dimensions)}
    every, rows = rows.filter(~nw.col("deleted")), created_in(rows, period)
    deleted = one_number(rows.select(nw.col("deleted").cast(nw.Int64).sum())) or 0
    kept = rows.filter(~nw.col("deleted"))
    flags = _flags(limits, inputs)
    counts = {name: flag.cast(nw.Int64) for name, flag in flags.items()}
    counted = kept.select(**by, unit=nw.col("business_unit_id"), stratum_month=nw.col("month"), **counts)
    hourly = every.select("source", "day", nw.col("hour").fill_null(-1), **counts)
    sums = nw.col(*flags).sum()
    created = nw.col("created")
    return Counted(
        cells=_table(counted.group_by(*by, "unit", "stratum_month").agg(sums)),
        clock=_table(hourly.group_by("source", "day", "hour").agg(sums)),
        spans={column: _span(kept, by, until) for column, until in _SPANS.items()},
        chains=_chains(kept),
        spellings=_table(
            every.group_by("source").agg(
                nw.len().alias("bookings"),
                created.min().alias("first"),
                created.max().alias("last"),
                nw.col("booking_provider_id").min().alias("provider"),
            )
        ),
        amounts=_amounts(every, by, limits, later, of_unit),
        deleted=deleted,
        recent=pace_table(
            every.with_columns(**by) if by else every, [*by], flags["old_booked"], as_of=limits.as_of, mature=limits.old
        ),
    )


def created_in(rows: Rows, period: Period | None) -> Rows:
    """Return the bookings created in a period; all of them if there is none."""
    return rows if period is None else rows.filter(true(created_within(nw.col("created"), period)))


def measurable_period(rows: Rows, period: Period, limits: Limits, min_group: int) -> Period:
    """Return the period, or the latest one before it in which enough bookings are old enough."""
    created = nw.col("created")
    kept = rows.filter(~nw.col("deleted"))
    began = one_number(kept.select(created.min()))
    if began is None:
        return period
    begins = (EPOCH + dt.timedelta(microseconds=began)).astimezone(period.zone).date()
    ripe = kept.filter(true(created <= micros(limits.as_of - limits.mature)))

    def enough(months: Period) -> bool:
        return (one_number(created_in(ripe, months).select(nw.len().alias("rows"))) or 0) >= min_group

    return measurable(period, enough, begins)


def _span(kept: Rows, by: Mapping[str, nw.Expr], until: str) -> pd.DataFrame:
    """Count bookings by the time from their creation to a later time."""
    created, later = nw.col("created"), nw.col(until)
    spans = kept.filter(later >= created).select(**by, span=later - created)
    table = _table(spans.group_by(*by, "span").agg(nw.len().alias("bookings")))
    return table.assign(hours=table["span"] / micros(dt.timedelta(hours=1))).drop(columns="span")


_DATED_BY = ("by_job", "by_lead", "by_log", "by_change", "waiting", "contradictory")


def _flags(limits: Limits, inputs: Collection[str]) -> dict[str, nw.Expr]:
    """Return the conditions whose rows are counted; `BookingSources` describes each of them."""
    # a dismissed booking may have become a lead, and that a job
    perhaps = (*WORK, *UNCERTAIN, *(("dismissed",) if lacking("bookings: jobs", inputs) else ()))
    created, start, status = nw.col("created"), nw.col("start"), nw.col("job_status")
    as_of = micros(limits.as_of)
    mature = true(created <= as_of - micros(limits.mature))
    dismissed = mature & true(nw.col("status") == "Dismissed") & ~became("job")
    old = true(created <= as_of - micros(limits.old))
    booked = old & nw.col("has_job_row")
    completed = booked & true(status == "Completed")
    known = nw.col("customer_known") & ~created.is_null()
    if lacking("bookings: first-time customers", inputs):
        known = nw.lit(value=False) & known
    claimed = known & nw.col("claim_known")
    first = known & ~nw.col("returning")
    says_first = claimed & nw.col("claim_first")
    speed: dict[str, nw.Expr] = {}
    for name, span in SPANS.items():
        aged = true(created <= as_of - micros(span))
        surely = true(nw.col("earliest") - created > micros(span)) | nw.col("waiting")
        acted = true(nw.col("latest") - created <= micros(span))
        speed[f"aged_{name}"] = aged
        speed[f"new_lower_{name}"] = aged & surely
        speed[f"new_upper_{name}"] = aged & (surely | ~acted)
    return {
        "bookings": nw.lit(1),
        "undated": created.is_null(),
        **{name: became(name) for name in OUTCOMES},
        "mature": mature,
        "work_lower": mature & became(*WORK),
        "work_upper": mature & became(*perhaps),
        "direct": mature & became("job", "converted"),
        "dropped": mature & became("dismissed"),
        "dismissed_status": dismissed,
        "dismissed_leads": dismissed & ~nw.col("lead_stage").is_null(),
        "dismissed_won": dismissed & became("lead_won"),
        **speed,
        **{name: nw.col(name) for name in _DATED_BY},
        "no_start": start.is_null(),
        "early_start": true(start < created),
        "old": old,
        "old_unseen": old & ~nw.col("its_job").is_null() & ~nw.col("has_job_row"),
        "old_booked": booked,
        "old_canceled": booked & true(status == "Canceled"),
        "old_completed": completed,
        "old_paid": completed & true(nw.col("job_total") > 0),
        "client_known": known,
        "client_first": first,
        "claim_known": claimed,
        "claim_first": says_first,
        "claim_right": (says_first & first) | (claimed & ~says_first & ~first),
    }


COUNTS = tuple(_flags(Limits(EPOCH, dt.timedelta(), None), ()))
"""The counts of each group of bookings."""


def _chains(kept: Rows) -> pd.DataFrame:
    campaign, lead, job = nw.col("campaign_id"), nw.col("lead_campaign"), nw.col("job_campaign")
    differ = (
        true(lead != campaign)
        | true(job != campaign)
        | (campaign.is_null() & true(lead != job))
        | true(lead != nw.col("last_lead_campaign"))
    )
    flags = {"chains": ~(lead.is_null() & job.is_null()), "differ": differ}
    by = keys(kept, "campaign_id")
    flagged = kept.select(*by, **{name: flag.cast(nw.Int64) for name, flag in flags.items()})
    return _table(flagged.group_by(*by).agg(nw.len().alias("bookings"), nw.col(*flags).sum()))


def _amounts(
    kept: Rows, by: Mapping[str, nw.Expr], limits: Limits, later: pd.DataFrame, of_unit: Currencies
) -> pd.DataFrame:
    canceled = true(nw.col("job_status") == "Canceled")
    total = nw.when(canceled).then(nw.lit(0.0)).otherwise(nw.col("job_total"))
    rows = _table(
        kept.filter(nw.col("has_job_row")).select(
            *keys(kept, "created", "id"),
            **by,
            job=nw.col("its_job"),
            unit=nw.col("job_unit"),
            aged=true(nw.col("job_created") <= micros(limits.as_of) - micros(limits.old)).cast(nw.Int64),
            canceled=canceled.cast(nw.Int64),
            total=total.fill_null(0),
        )
    )
    # a job of two bookings counts once, for the first; different tenants may have the same ids
    within = [TENANT] if TENANT in rows else []
    ordered = rows.sort_values(["created", "id"], ignore_index=True)
    first = ordered.drop_duplicates([*within, "job"], ignore_index=True)
    first, later = (
        frame.assign(currency=of_units(frame["unit"], of_unit, frame.get(TENANT))) for frame in (first, later)
    )
    # any booking of the job can represent it
    place = _keys(first, within, "job").get_indexer(_keys(ordered, within, "job"))
    follow = _follow_on(first, later, within, pd.Series(place, index=_keys(ordered, within, "id")))
    aged = (first["aged"] == 1).to_numpy(dtype=bool)
    kept_columns = [*by, "created", "job", "canceled", "total", "currency", "follow"]
    return first.assign(follow=follow)[aged][kept_columns].reset_index(drop=True)


def _follow_on(jobs: pd.DataFrame, later: pd.DataFrame, within: list[str], of_booking: pd.Series) -> Any:
    """Sum the follow-on jobs of each job of a booking.

    Each counts for its earlier job, also through other follow-on jobs; without an earlier job, for its booking. A job
    that a booking refers to is not a follow-on job here.
    """
    own = _keys(jobs, within, "job")
    later = later[own.get_indexer(_keys(later, within, "id")) < 0]
    parents = _keys(later, within, "parent")
    top = topmost(_keys(later, within, "id"), parents)
    at = own.get_indexer(parents)
    booked = of_booking.index.get_indexer(_keys(later, within, "booking_id"))
    by_booking = np.append(of_booking.to_numpy(np.int64), -1)[booked]
    at = np.append(np.where(later["parent"].isna(), by_booking, at), -1)[top]
    sums = np.zeros(len(jobs))
    # an amount in a currency other than the job's is in no total
    fits = (at >= 0) & (np.append(jobs["currency"].to_numpy(object), "")[at] == later["currency"].to_numpy(object))
    np.add.at(sums, at[fits], later["amount"].to_numpy(np.float64)[fits])
    return pd.array(sums, dtype="Float64")


def _keys(rows: pd.DataFrame, within: list[str], column: str) -> pd.MultiIndex:
    """Return keys for a lookup; a missing key becomes negative and matches nothing."""
    cells = [rows[name].fillna(-1).astype("int64") for name in within]
    return pd.MultiIndex.from_arrays([*cells, rows[column].fillna(-2).astype("int64")])


def one_number(rows: Rows) -> int | None:
    """Return the integer in the only cell; None if it is missing."""
    cell: Any = collected(rows, dict.fromkeys(rows.collect_schema(), "Int64")).iloc[0, 0]
    return None if pd.isna(cell) else int(cell)


def _table(rows: Rows) -> pd.DataFrame:
    schema = rows.collect_schema()
    amounts = dict.fromkeys(("total", "follow"), "Float64")
    return collected(
        rows, {name: "str" if kind == nw.String else amounts.get(name, "Int64") for name, kind in schema.items()}
    )
