"""Tiles, actions and check of booking sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.chosen_period import instead_of, measured_of
from stcrm_pandas.analysis.base.differences import beside
from stcrm_pandas.analysis.base.engine import collected, micros, true
from stcrm_pandas.analysis.base.findings import Action, Check, Count, WorkList, steps
from stcrm_pandas.analysis.base.format import format_counts, format_range, plural
from stcrm_pandas.analysis.base.headline import (
    Headline,
    Measured,
    Tile,
    measured_count,
    measured_share,
    weekly_tile,
    year_of,
)
from stcrm_pandas.analysis.base.periods import Limits, Period, four_weeks
from stcrm_pandas.analysis.base.provenance import bounds_of_creation
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.bookings.counts import UNCERTAIN, WORK, created_in, one_number
from stcrm_pandas.analysis.bookings.lists import CALL_WITHIN, waiting_since
from stcrm_pandas.analysis.bookings.outcomes import became
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.analysis.bookings.sentences import format_missing
from stcrm_pandas.analysis.bookings.table import MEASURES
from stcrm_pandas.analysis.statistics.prediction import LIKE_EARLIER, Prediction, gap, predict, share_of_earlier
from stcrm_pandas.charts.svg import Trend

__all__ = ["actions", "check", "headline", "tiles"]

_AGES = (1, 3, 7, 14)
"""First days of the age groups of bookings."""

_DAY = micros(dt.timedelta(days=1))


def headline(result: BookingSourcesResult) -> Headline:
    """Return the share of bookings that became jobs in the period, or in the last twelve months, by month."""
    unit = ("booking", "bookings")
    zone = ZoneInfo(result.time_zone)
    read = bounds_of_creation(result.bookings, zone)
    limits = Limits(result.as_of, dt.timedelta(days=result.mature_days), zone, read)
    months, period = result.every_hour.months(limits), result.period
    if period is not None:
        months = months[months.index.isin([*period.trend])]
    year = year_of(months, min_group=result.min_group)
    if year is not None and period is not None:
        every, earlier = result.overall.iloc[0], period.year_earlier
        counts = result.every_hour.between(earlier) if earlier.end <= period.first else None
        before = None if counts is None else _became_jobs(result, counts)
        year = replace(year, now=_became_jobs(result, every), n=int(every["mature"]), before=before, period=period)
    if year is None or year.now.share is None or year.now.interval is None:
        of = "" if period is None else f"of {period} "
        return Headline(f"Too few bookings {of}are {result.mature_days} days old to tell how many become jobs")
    counted = int(result.overall["bookings"].iloc[0])
    measured = measured_of(result, unit, measured=year.n, counted=counted, days=result.mature_days)
    when = instead_of(result, "bookings") or f"{year.dates}: "
    return Headline(
        f"{format_range(*year.now.share)} of bookings become jobs",
        year.change,
        f"{when}{measured}95% confidence interval {format_range(*year.now.interval)}. "
        "Bookings come from forms and marketplaces.",
        Trend("Became a job", "of bookings, directly or through a lead", unit, year.months, year.now.share),
        "12 months together" if period is None else str(period),
    )


def _became_jobs(result: BookingSourcesResult, counts: pd.Series) -> Measured:
    return measured_share(counts["work_lower"], counts["work_upper"], counts["mature"], min_group=result.min_group)


def tiles(result: BookingSourcesResult) -> list[Tile]:
    """Return four key figures for the latest complete weeks."""
    made = []
    for title, counts, days, note in (
        ("New bookings", None, 0, ""),
        ("Became jobs", ("work_lower", "work_upper"), result.mature_days, "Directly or through a lead."),
        ("Still new after an hour", ("new_lower_hour", "new_upper_hour"), 1, "From certainly to possibly still new."),
        ("Dismissed, no lead", ("dismissed", "dismissed"), result.mature_days, "Without becoming a lead."),
    ):
        weeks = four_weeks(result.as_of, result.every_hour.zone, mature_days=days)
        made.append(weekly_tile(title, weeks, partial(_measure, result, counts), note=note))
    return made


def _measure(result: BookingSourcesResult, names: tuple[str, str] | None, period: Period) -> Measured | None:
    counts = result.every_hour.between(period)
    if counts is None:
        return None
    n = int(counts["bookings"])
    if names is None:
        return measured_count(n)
    lower, upper = counts[list(names)]
    return measured_share(lower, upper, n, min_group=result.min_group)


def actions(result: BookingSourcesResult, _: Mapping[str, WorkList]) -> list[Action]:
    """Return what to do this week; reports rank the actions by the jobs they may bring."""
    return [*_of_waiting(result), *_of_silences(result), *_of_differences(result)]


def _of_waiting(result: BookingSourcesResult) -> Iterator[Action]:
    waiting = waiting_since(result)
    call, close = (one_number(result.rows.filter(chosen).select(nw.len().alias("rows"))) or 0 for chosen in waiting)
    if call:
        do = f"Call the {plural(call, 'booking')} waiting for more than a day."
        later = _later_work(result, waiting[0])
        if later is None:
            yield Action(do, work_list="still-new")
        else:
            share = format_range(later.lower / call, later.upper / call)
            number = f"{share} of earlier bookings that waited this long became jobs"
            brief = f"{share} of bookings waiting this long became jobs: {later.in_brief()}"
            yield Action(do, number, f"{later.in_words()}, {LIKE_EARLIER}", later.expected, "still-new", brief)
    if close:
        do = f"Dismiss the {plural(close, 'booking')} waiting for more than {CALL_WITHIN.days} days."
        yield Action(do, work_list="new-too-long")


def _of_silences(result: BookingSourcesResult) -> Iterator[Action]:
    for row in rows_of(result.silences):
        since = row.since.to_pydatetime().replace(tzinfo=result.clock.zone)
        if row.ongoing and result.as_of - since <= CALL_WITHIN:
            yield Action(
                f"Find out why {row.source} stopped sending bookings.", format_missing(row), worth=row.expected
            )


def _of_differences(result: BookingSourcesResult) -> Iterator[Action]:
    for measure in ("dismissed_leads", "canceled", "new_hour"):
        frame = result.comparisons.get(measure, result.table.iloc[:0])
        for row, group in zip(rows_of(frame), rows_of(result.table), strict=False):
            if row.verdict != "higher":
                continue
            share = format_counts(*(getattr(group, name) for name in MEASURES[measure]))
            number = f"{share}, compared with {format_range(row.others_lower, row.others_upper)} for all others"
            if measure == "dismissed_leads":
                do = f"Judge {row.name} by its leads, not its dismissals."
                won = int(group.dismissed_won)
                size = f"{plural(won, 'lead')} booked" if won else ""
                brief = f"{group.dismissed_leads:,} of {group.dismissed_status:,} dismissed bookings became leads"
                yield Action(do, number, size, float(won), brief=f"{brief}{size and f', {won:,} booked'}")
            elif measure == "canceled":
                more = gap(row, group.old_booked * _of_four_weeks(result))
                size = f"{more.in_words()} more canceled in 4 weeks than at the rate of the others"
                do = f"Find out why jobs from {row.name} are canceled."
                brief = beside(row, "canceled")
                if more.expected >= 1:
                    brief += f": {more.in_brief('more', 'more')} in 4 weeks"
                yield Action(do, number, size if more.expected >= 1 else "", more.expected, brief=brief)
            else:
                do = f"Answer bookings from {row.name} sooner."
                yield Action(do, number, brief=beside(row, "still new after an hour"))


def _of_four_weeks(result: BookingSourcesResult) -> float:
    old = min(result.clock.end, result.as_of - dt.timedelta(days=result.revenue_days))
    days = (old - result.clock.first).total_seconds() / 86_400
    return 28 / days if days > 28 else 1.0


def check(result: BookingSourcesResult) -> Check:
    """Return counts by status before any exclusion, and the steps to the rows analyzed."""
    rows = created_in(result.rows, result.period).select(nw.col("status").fill_null("(none)")).group_by("status")
    counted = collected(rows.agg(nw.len().alias("rows"))).sort_values("rows", ascending=False)
    total = int(counted["rows"].sum())
    every = result.overall.iloc[0]
    deleted, kept, mature = result.left_out["deleted"], int(every["bookings"]), int(every["mature"])
    counts = {"Bookings": (total, "every status")} | {
        f"Bookings, status {row.status}": (int(row.rows), f"status {row.status}") for row in rows_of(counted)
    }
    young = f"Younger than {result.mature_days} days, or without a creation time"
    return Check(
        [Count(what, n, "Calls > Bookings", f"created in the period, {kind}") for what, (n, kind) in counts.items()],
        steps("Bookings read", total, [("Deleted", deleted), (young, kept - mature)]),
    )


def _later_work(result: BookingSourcesResult, chosen: nw.Expr) -> Prediction | None:
    """Predict how many of these bookings, waiting for a day or more, become jobs if handled like earlier ones.

    For each age group (from 1, 3, 7 and 14 days), this uses the bookings at least `mature_days` old that were still new
    on its first day, and the share of them that became jobs. If it is not known whether a booking was still new, both
    cases are used: once for the lowest share and once for the highest. None if an age group has fewer than `min_group`
    earlier bookings.
    """
    created, now = nw.col("created"), micros(result.as_of)
    mature = ~nw.col("deleted") & true(created <= now - result.mature_days * _DAY)
    work, perhaps = became(*WORK), became(*WORK, *UNCERTAIN)
    sums: dict[str, nw.Expr] = {}
    for age, until in zip(_AGES, (*_AGES[1:], 10**5), strict=True):
        surely = mature & (true(nw.col("earliest") - created > age * _DAY) | nw.col("waiting"))
        possibly = mature & (surely | ~true(nw.col("latest") - created <= age * _DAY))
        flags = {
            "waiting": chosen & true(created <= now - age * _DAY) & true(created > now - until * _DAY),
            "worked_surely": work & surely,
            "others_possibly": ~work & possibly,
            "worked_possibly": perhaps & possibly,
            "others_surely": ~perhaps & surely,
        }
        sums |= {f"{name}_{age}": flag.cast(nw.Int64).sum() for name, flag in flags.items()}
    row: Any = collected(result.rows.select(**sums), dict.fromkeys(sums, "Int64")).fillna(0).iloc[0]
    # one row per count, one column per age group
    waiting, fewer, others_more, more, others_fewer = np.array(row, dtype=np.int64).reshape(len(_AGES), -1).T
    of_fewer, of_more = fewer + others_more, more + others_fewer
    if not waiting.any() or (np.minimum(of_fewer, of_more)[waiting > 0] < result.min_group).any():
        return None
    return predict(waiting, share_of_earlier(fewer, of_fewer), share_of_earlier(more, of_more))
