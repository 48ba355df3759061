"""Tiles, actions and check of booking sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.differences import beside
from stcrm_pandas.analysis.base.engine import EPOCH, collected, micros
from stcrm_pandas.analysis.base.findings import Action, Check, Count, WorkList, steps
from stcrm_pandas.analysis.base.format import format_counts, format_range
from stcrm_pandas.analysis.base.headline import (
    Headline,
    Measure,
    Measured,
    Tile,
    year_of,
)
from stcrm_pandas.analysis.base.inputs import not_read, tells_marks
from stcrm_pandas.analysis.base.money import unusual
from stcrm_pandas.analysis.base.periods import Limits
from stcrm_pandas.analysis.base.provenance import bounds_of_creation
from stcrm_pandas.analysis.base.result import another_period, measured_of, of_period, read_in, too_few_in
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.base.worth import ACTIVE_WITHIN, Worth
from stcrm_pandas.analysis.bookings.counts import COUNTS, created_in, one_number
from stcrm_pandas.analysis.bookings.lists import CALL_WITHIN, later_work, to_call, waiting_since
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.analysis.bookings.table import MEASURES
from stcrm_pandas.analysis.bookings.text import format_missing
from stcrm_pandas.analysis.statistics.comparison import is_sure
from stcrm_pandas.analysis.statistics.prediction import LIKE_EARLIER, Prediction, gap
from stcrm_pandas.charts.svg import Trend, sparkline
from stcrm_pandas.output.printable import plural

_NEW = Measure("New bookings", "bookings")


def headline(result: BookingSourcesResult) -> Headline:
    """Return the share of bookings that became jobs in the period, or in the last twelve months, by month."""
    unit = ("booking", "bookings")
    zone = ZoneInfo(result.time_zone)
    read = bounds_of_creation(result.bookings, zone)
    limits = Limits(result.as_of, dt.timedelta(days=result.mature_days), zone, read)
    months, period = result.every_hour.months(limits), result.period
    if period is not None:
        months = months[months.index <= period.trend[-1]]
    every = result.overall.iloc[0]
    counted, mature = int(every["bookings"]), int(every["mature"])
    year = year_of(months, min_group=result.min_group)
    if year is not None and period is not None:
        earlier = period.year_earlier
        counts = result.every_hour.between(earlier) if earlier.end <= period.first else None
        before = None if counts is None else _became_jobs(result, counts)
        year = replace(year, now=_became_jobs(result, every), n=mature, before=before, period=period)
    few = too_few_in(result, unit, measured=mature, counted=counted, old=f"are {result.mature_days} days old")
    requested = result.requested
    moved = another_period(result, f"bookings {requested.of} are {result.mature_days} days old" if requested else "")
    if missing := result.lacks("bookings: jobs"):
        if mature < result.min_group:
            return Headline("Too few bookings to tell how many become jobs", evidence=few)
        measured = measured_of(result, unit, measured=mature, counted=counted, days=result.mature_days)
        direct, unknown = int(every["direct"]), f"How many did through a lead is unknown: {not_read(missing)}."
        return Headline(
            f"At least {100 * direct // mature}% of bookings{of_period(result) if moved else ''} become jobs",
            evidence=f"{moved}{measured}of which {direct:,} became jobs directly. {unknown}",
        )
    if year is None or year.now.share is None or year.now.interval is None:
        of = f"are {result.mature_days} days old to tell how many become jobs"
        return Headline(f"Too few bookings {of if period is None else f'{period.of} to measure'}", evidence=few)
    measured = measured_of(result, unit, measured=year.n, counted=counted, days=result.mature_days)
    when = moved or (f"{year.dates}: " if period is None else "")
    return Headline(
        f"{format_range(*year.now.share)} of bookings{of_period(result) if moved else ''} become jobs",
        year.change,
        f"{when}{measured}95% confidence interval {format_range(*year.now.interval)}. "
        "Bookings come from forms and marketplaces.",
        Trend("Became a job", "of bookings, directly or through a lead", unit, year.months, year.now.share),
        "12 months together" if period is None else str(period),
    )


def _became_jobs(result: BookingSourcesResult, counts: pd.Series) -> Measured:
    return MEASURES["work"].of(counts, min_group=result.min_group)


def tiles(result: BookingSourcesResult, lists: Mapping[str, WorkList]) -> list[Tile]:
    """Return three key figures for the latest complete weeks, and the bookings that wait for a call now."""
    clock = result.every_hour
    became_jobs = replace(MEASURES["work"], days=result.mature_days)
    made = [
        measure.tile(result.as_of, clock.zone, clock.between, min_group=result.min_group)
        for measure in (_NEW, became_jobs, MEASURES["new_hour"])
        if not (measure.needs and result.lacks(measure.needs))
    ]
    return [*made, _waiting(result, lists)]


def _waiting(result: BookingSourcesResult, lists: Mapping[str, WorkList]) -> Tile:
    """Return the bookings to call, by how long they have waited and by the day on which they came in."""
    call, close = to_call(result, lists["still-new"].frame), lists["new-too-long"]
    today = result.as_of.astimezone(result.every_hour.zone)
    days = ((micros(result.as_of) - call["created"]) // micros(dt.timedelta(days=1))).astype(int)
    came = days.value_counts().reindex(range(CALL_WITHIN.days - 1, 0, -1), fill_value=0)
    title = "By days waiting, from 29 to 1"
    return Tile(
        "Waiting for a call",
        f"{len(call):,}",
        f"{today:%b} {today.day}, {today.year}",
        change=f"{len(close):,} more for over {CALL_WITHIN.days} days" if len(close) else "",
        spark=sparkline([float(n) for n in came], title=title, bars=True) if len(call) else "",
        details=[("Up to 7 days", f"{int((days < 7).sum()):,}"), ("7–30 days", f"{int((days >= 7).sum()):,}")],
    )


def actions(result: BookingSourcesResult, lists: Mapping[str, WorkList]) -> list[Action]:
    """Return what to do this week; reports rank the actions by the revenue or the jobs that they may bring."""
    return [*_of_waiting(result, lists), *_of_silences(result), *_of_differences(result)]


def _of_waiting(result: BookingSourcesResult, lists: Mapping[str, WorkList]) -> Iterator[Action]:
    listed, waiting = lists["still-new"], waiting_since(result)
    call, close = len(listed), len(lists["new-too-long"])
    if call:
        do = f"Call the {plural(call, 'booking')} waiting for more than a day."
        later = later_work(result, listed.frame)
        if missing := _unknown_marks(result):
            unknown = f"whom not to call is unknown: {not_read(missing)}"
            yield Action(do.replace("Call ", "Review ", 1), unknown, work_list="still-new", brief=unknown)
        elif later is None or result.lacks("bookings: chances of waiting ones"):
            yield Action(do, work_list="still-new")
        else:
            share = format_range(later.lower / call, later.upper / call)
            number = f"{share} of earlier bookings that waited this long became jobs"
            worth = Worth(later, listed.expected or 0.0, result.currency, listed.unusual)
            revenue = f", {worth.money}" if worth.money else ""
            brief = f"{share} of bookings waiting this long became jobs: {worth.in_brief()}{revenue}{worth.note}"
            size = f"{later.in_words()}{revenue}{worth.note}, {LIKE_EARLIER}"
            yield Action(do, number, size, later.expected, "still-new", brief, worth.amount)
    if close:
        do = f"Dismiss the {plural(close, 'booking')} waiting for more than {CALL_WITHIN.days} days."
        first = one_number(result.rows.filter(waiting[1]).select(nw.col("created").min())) or 0
        came = (EPOCH + dt.timedelta(microseconds=first)).astimezone(result.every_hour.zone)
        number = f"Nobody answered; the oldest came in on {came:%b} {came.day}, {came.year}"
        yield Action(do, number, work_list="new-too-long")


def _unknown_marks(result: BookingSourcesResult) -> tuple[str, ...]:
    """Return what would tell whom not to call and was not read; marks are read only in a pandas frame of customers."""
    unmarked = () if tells_marks(result.customers) else ("customers",)
    return result.lacks("bookings: whom to call") or unmarked


def _of_silences(result: BookingSourcesResult) -> Iterator[Action]:
    for row in rows_of(result.silences):
        since = row.since.to_pydatetime().replace(tzinfo=result.clock.zone)
        if row.ongoing and result.as_of - since <= ACTIVE_WITHIN:
            every = _became_jobs(result, result.every_hour.cells[list(COUNTS)].sum())
            low, middle, high = (
                float(count) * (every.value or 0.0) for count in (row.expected_low, row.expected, row.expected_high)
            )
            jobs = Prediction(row.expected, middle, middle, round(low), round(high))
            worth = _worth(result, jobs)
            do = f"Find out why {row.source} stopped sending bookings."
            size = f"{worth.in_brief()}{f', {worth.money}' if worth.money else ''}{worth.note}"
            if result.lacks("bookings: jobs") or not every.value:
                yield Action(do, format_missing(row))
            else:
                yield Action(do, format_missing(row), size, jobs.expected, amount=worth.amount)


def _worth(
    result: BookingSourcesResult, jobs: Prediction, name: str | None = None, *, with_canceled: bool = True
) -> Worth:
    """Return what jobs are worth at the average revenue of all jobs of bookings, or of those of a group."""
    amounts = result.every_amount
    if name is not None:
        amounts = amounts[amounts["name"] == name]
    if not with_canceled:
        amounts = amounts[amounts["canceled"] == 0]
    if len(result.currencies) > 1 or len(amounts) < result.min_group:
        return Worth(jobs)
    totals = amounts["total"].astype(float)
    moved = unusual(totals.sum(), totals.max(), totals.clip(upper=0).sum(), result.currency)
    return Worth(jobs, jobs.expected * float(totals.mean()), result.currency, moved)


def _of_differences(result: BookingSourcesResult) -> Iterator[Action]:
    for key in ("dismissed_leads", "canceled", "new_hour"):
        measure, frame = MEASURES[key], result.comparisons.get(key, result.table.iloc[:0])
        for row, group in zip(rows_of(frame), rows_of(result.table), strict=False):
            # nothing that is done about a source that has stopped changes the coming weeks
            if row.verdict != "higher" or not is_sure(row) or row.name not in result.paces:
                continue
            share = format_counts(*(getattr(group, name) for name in (measure.lower, measure.upper, measure.total)))
            number = f"{share}, compared with {format_range(row.others_lower, row.others_upper)} for all others"
            if key == "dismissed_leads":
                do = f"Judge {row.name} by its leads, not its dismissals."
                won = int(group.dismissed_won)
                size = f"{plural(won, 'lead')} booked" if won else ""
                brief = f"{group.dismissed_leads:,} of {group.dismissed_status:,} dismissed bookings became leads"
                # the jobs that these leads brought are no gain of judging them rightly
                yield Action(do, number, size, brief=f"{brief}{size and f', {won:,} booked'}")
            elif key == "canceled":
                more = gap(row, result.paces[row.name])
                worth = _worth(result, more, row.name, with_canceled=False)
                revenue = f"about {worth.money}" if worth.money else ""
                size = f"{more.in_words()} more canceled in 4 weeks than at the rate of the others"
                size += f"; {revenue} at the average revenue of its other jobs" if revenue else ""
                do = f"Find out why jobs from {row.name} are canceled."
                brief = beside(row, "canceled")
                if more.expected >= 1:
                    less = f"{revenue} less" if revenue else more.in_brief("more", "more")
                    brief += f": {less} in 4 weeks{worth.note}"
                    yield Action(do, number, f"{size}{worth.note}", more.expected, brief=brief, amount=worth.amount)
                else:
                    yield Action(do, number, brief=brief)
            else:
                do = f"Answer bookings from {row.name} sooner."
                yield Action(do, number, brief=beside(row, measure.title.lower()))


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
        steps(read_in(result, "Bookings"), total, [("Deleted", deleted), (young, kept - mature)]),
    )
