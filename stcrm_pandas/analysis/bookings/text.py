"""Sentences, definitions and tables of booking sources, computed from the numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.differences import CLEARLY_DIFFERENT, not_compared, versus
from stcrm_pandas.analysis.base.display import Columns, Definitions, Shown, load_definitions, rows_shown
from stcrm_pandas.analysis.base.format import (
    count_range,
    format_percent,
    format_range,
    format_share,
    format_time,
    listed,
    with_count,
)
from stcrm_pandas.analysis.base.inputs import not_read
from stcrm_pandas.analysis.base.money import money
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.result import of_period
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.bookings.hours import AFTER_HOURS
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import plural

_MOST_NAMED = 5
_VERBS = {
    "work": "turns bookings into jobs",
    "dismissed_leads": "turns dismissed bookings into leads",
    "new_hour": "has bookings still new after an hour",
    "canceled": "has jobs canceled",
}


def summary(result: BookingSourcesResult) -> list[str]:
    """Return the sentences of `BookingSources.summary`."""
    every = result.overall.iloc[0]
    lines = [_headline(result, every)]
    if not result.complete:
        lines.append("Some rows are missing because a read was not complete.")
    lines += [*_dismissals(result, every), *_speed(result, every), *_differences(result)]
    lines += [*_silences(result)]
    lines += [*_jobs(result, every), *_clients(result, every)]
    chains = not result.lacks("bookings: campaigns of chains")
    lines += result.attribution.sentences(chains=chains) if "campaign" in result.by else []
    return [*lines, *_spelling(result), *_odd(result, every)]


def _headline(result: BookingSourcesResult, every: pd.Series) -> str:
    mature, days = int(every["mature"]), result.mature_days
    if not mature:
        return f"No booking{of_period(result)} is {days} days old yet, so it is too early to say how many become jobs."
    counted = f"{plural(mature, 'booking')}{of_period(result)}"
    direct = int(every["direct"])
    if missing := result.lacks("bookings: jobs"):
        return (
            f"Of {counted} at least {days} days old, {direct:,} became jobs directly. How many did through a lead is "
            f"unknown: {not_read(missing)}."
        )
    text = f"Of {counted} at least {days} days old, {format_share(every, label='95% CI')} became jobs"
    text += f": {direct:,} directly and {int(every['work_lower']) - direct:,} through a lead"
    return f"{text}." if mature >= result.min_group else f"{text}. These are too few to tell."


def _dismissals(result: BookingSourcesResult, every: pd.Series) -> Iterator[str]:
    dismissed, led = int(every["dismissed_status"]), int(every["dismissed_leads"])
    if missing := result.lacks("bookings: leads"):
        yield f"Which dismissed bookings became leads is unknown: {not_read(missing)}."
    elif dismissed:
        booked = f", and {int(every['dismissed_won']):,} of these got booked" if led else ""
        became = f"{plural(led, 'lead')}{booked}" if led else "no lead"
        yield (
            f"Dismissed bookings: {dismissed:,}. From them came {became}. "
            "A dismissal alone does not mean that a booking was lost."
        )


def _speed(result: BookingSourcesResult, every: pd.Series) -> Iterator[str]:
    if missing := result.lacks("bookings: response times"):
        yield f"How soon bookings are answered is unknown: {not_read(missing)}."
        return
    aged, lower, upper = (int(every[f"{name}_hour"]) for name in ("aged", "new_lower", "new_upper"))
    if aged < result.min_group:
        return
    yield (
        f"After an hour, {format_range(lower / aged, upper / aged)} of bookings were still new; for "
        f"{format_percent((upper - lower) / aged)} it is not known."
    )
    day, night = rows_of(result.after_hours)
    if min(day.n, night.n) >= result.min_group:
        shares = [format_range(part.share_lower, part.share_upper) for part in (night, day)]
        yield f"After hours ({AFTER_HOURS}) it was {shares[0]}, otherwise {shares[1]}."


def _differences(result: BookingSourcesResult) -> Iterator[str]:
    if not result.by:
        return
    group, many = group_word(result.by), group_word(result.by, many=True)
    named = 0
    for measure, frame in result.comparisons.items():
        worth = ["higher", "lower"] if measure == "work" else ["higher"]  # fewer than one that stands out is no news
        clear = frame[frame["verdict"].isin(worth)].sort_values("difference", key=abs, ascending=False)
        for row in rows_of(clear.head(_MOST_NAMED)):
            does = f"{_VERBS[measure]} {'more' if row.verdict == 'higher' else 'less'} often"
            yield f"{group.capitalize()} {row.name} {does} than the others: {versus(row)}."
        named += len(clear)
        if len(clear) > _MOST_NAMED:
            yield f"{len(clear) - _MOST_NAMED} more {many} differ in this: see the table."
    compared = [frame["p_value"].notna().any() for frame in result.comparisons.values()]
    if missing := result.lacks("bookings: jobs"):
        yield f"{many.capitalize()} are not compared by how many bookings become jobs: {not_read(missing)}."
    elif compared and not any(compared):
        yield not_compared(result.comparisons["work"], group, f"bookings at least {result.mature_days} days old")
    elif compared and not named:
        yield f"No {group} is clearly different from all others together."
    if few := int((~result.table["enough"] & result.table["id"].notna()).sum()):
        yield with_count(few, f"[{group} has|{many} have] too few bookings to tell.")


def _silences(result: BookingSourcesResult) -> Iterator[str]:
    yield from (_silence(row) for row in rows_of(result.silences.head(_MOST_NAMED)))
    if (others := len(result.silences) - _MOST_NAMED) > 0:
        yield with_count(others, "more [gap|gaps] in which a source clearly sent nothing: see the chart of weeks.")


def _silence(row: Any) -> str:
    when = f"has sent no bookings since {format_time(row.since)}"
    if not row.ongoing:
        when = f"sent no bookings from {format_time(row.since)} to {format_time(row.until)}"
    return f"{row.source} {when}: {format_missing(row)}."


def format_missing(row: Any) -> str:
    """Return how many bookings are missing in a gap: 'about 12 bookings are missing (95% prediction interval 6–20)'."""
    count = max(round(float(row.expected)), 1)
    interval = count_range(row.expected_low, row.expected_high)
    return f"about {with_count(count, '[booking is|bookings are] missing')} (95% prediction interval {interval})"


def _jobs(result: BookingSourcesResult, every: pd.Series) -> Iterator[str]:
    if missing := result.lacks("bookings: cancellations"):
        yield f"Cancellations, revenue and the time to the job are unknown: {not_read(missing)}."
    elif booked := int(every["old_booked"]):
        canceled, paid, unseen = (int(every[f"old_{name}"]) for name in ("canceled", "paid", "unseen"))
        yield (
            f"Of {plural(booked, 'job')} from bookings at least {result.revenue_days} days old, {canceled:,} "
            f"({format_percent(canceled / booked)}) were canceled and {paid:,} ({format_percent(paid / booked)}) "
            "brought revenue."
        )
        if unseen:
            yield f"The jobs of {plural(unseen, 'more booking')} of that age were not read."


def _clients(result: BookingSourcesResult, every: pd.Series) -> Iterator[str]:
    if missing := result.lacks("bookings: first-time customers"):
        yield f"Which customers are first-time customers is unknown: {not_read(missing)}."
        return
    known, claims, right = (int(every[name]) for name in ("client_known", "claim_known", "claim_right"))
    if known < result.min_group:
        return
    since = f" since {result.jobs_from:%b %Y}" if result.jobs_from is not None else ""
    yield (
        f"{format_percent(every['client_first'] / known)} of {known:,} bookings with a known customer are from "
        f"first-time customers: no earlier job{since} and no earlier customer record."
    )
    if claims >= result.min_group:
        wrong = format_percent((claims - right) / claims)
        yield f"{wrong} of {claims:,} bookings come with a wrong statement of whether it is a first-time customer."


def _spelling(result: BookingSourcesResult) -> Iterator[str]:
    many = result.spellings.groupby("group")["source"].size()
    if names := many.index[many > 1].tolist():
        yield f"Several spellings were counted as one source for {listed(names)}: see the table of spellings."


def _odd(result: BookingSourcesResult, every: pd.Series) -> list[str]:
    no_start, early = int(every["no_start"]), int(every["early_start"])
    sentences = [
        with_count(
            no_start + early,
            f"[booking|bookings] with an impossible start time ({no_start:,} none, {early:,} before the booking "
            "itself) [is|are] left out of the median start time.",
        ),
        with_count(result.left_out["deleted"], "deleted [booking is|bookings are] left out."),
        with_count(
            int(every["unknown"]),
            "[booking has|bookings have] a status that the API does not document, and may have become jobs.",
        ),
        with_count(
            int(every["contradictory"]),
            "[booking has|bookings have] no time of the first action, because the status log contradicts the last "
            "change.",
        ),
        with_count(
            int(every["undated"]), "[booking|bookings] without a creation time [is|are] not included in any rate."
        ),
    ]
    return [*filter(None, sentences)]


def definitions(result: BookingSourcesResult) -> Definitions:
    """Return what each number means, by its name."""
    values = {
        **vars(result),
        "log": " or before the next status in the status log" if result.log_known else "",
        "record": ", and the customer record is not older than the booking",
        "after_hours": AFTER_HOURS,
        "clearly_different": CLEARLY_DIFFERENT.format(
            min_group=result.min_group, units="bookings", strata="business unit and month"
        ),
    }
    return load_definitions(__package__, {"period"} if result.period else (), values)


def shown(result: BookingSourcesResult, kind: str) -> Shown:
    """Return one of the further tables in words."""
    if kind not in _KINDS:
        raise UsageError(f"no table {kind!r}: choose from {', '.join(map(repr, _KINDS))}")
    return _KINDS[kind](result)


def _after_hours(result: BookingSourcesResult) -> Shown:
    columns: Columns = {"Received": "part", "Still new after an hour (95% CI)": format_share, "Bookings": "n"}
    return rows_shown(rows_of(result.after_hours), columns, total=False)


def _leakage(result: BookingSourcesResult) -> Shown:
    columns: Columns = {_group(result): "name", "Bookings": "bookings", "Booked": "booked"}
    columns |= {"Not canceled": "not_canceled", "Completed": "completed", "With revenue": "above_zero"}
    columns |= {"Canceled, of the jobs (95% CI)": format_share}
    return rows_shown(rows_of(result.leakage), columns, total=False)


def _revenue(result: BookingSourcesResult) -> Shown:
    columns: Columns = {
        _group(result): lambda row: row.name if len(result.currencies) < 2 else f"{row.name} ({row.currency})",
        "Jobs": "jobs",
        "With revenue (95% CI)": format_share,
        "Median above zero": lambda row: money(row.median, _currency(row)),
        "Mean per job (95% CI)": lambda row: _mean(row, ""),
        "Mean with follow-on jobs (95% CI)": lambda row: _mean(row, "_with_follow"),
        "Revenue from the largest 1% of jobs": lambda row: "" if pd.isna(row.largest) else format_percent(row.largest),
    }
    return rows_shown(rows_of(result.revenue), columns, total=False)


def _currency(row: Any) -> str | None:
    return None if pd.isna(row.currency) else str(row.currency)


def _mean(row: Any, suffix: str) -> str:
    mean, low, high = (getattr(row, f"{name}{suffix}") for name in ("mean", "mean_low", "mean_high"))
    if pd.isna(mean):
        return "too few"
    mean, low, high = (money(amount, _currency(row)) for amount in (mean, low, high))
    return f"{mean} ({low}–{high})"


def _first_time(result: BookingSourcesResult) -> Shown:
    columns: Columns = {_group(result): "name", "Customer known": "known", "First-time (95% CI)": format_share}
    columns |= {"Sender stated it": "claims", "Stated first-time": "claimed_first", "Stated right": "claims_right"}
    return rows_shown(rows_of(result.first_time), columns, total=False)


def _spellings(result: BookingSourcesResult) -> Shown:
    spelt = result.spellings
    days = {name: spelt[name].dt.tz_convert(result.time_zone).dt.strftime("%Y-%m-%d") for name in ("first", "last")}
    columns: Columns = {
        "Source": "group",
        "Spelling": "source",
        "Bookings": "bookings",
        "First": "first",
        "Last": "last",
    }
    return rows_shown(rows_of(spelt.assign(**days)), columns, left=("Spelling", "First", "Last"), total=False)


_KINDS: dict[str, Callable[[BookingSourcesResult], Shown]] = {
    "after_hours": _after_hours,
    "leakage": _leakage,
    "revenue": _revenue,
    "first_time": _first_time,
    "spellings": _spellings,
}


def _group(result: BookingSourcesResult) -> str:
    return group_word(result.by).capitalize()


_VERDICTS = {"higher": "▲\u00a0more", "lower": "▼\u00a0less"}


def main_table(result: BookingSourcesResult) -> Shown:
    """Return the main table, all bookings together in the last row."""
    work = result.comparisons.get("work", pd.DataFrame({"name": [], "verdict": []}))
    verdicts = dict(zip(work["name"], work["verdict"], strict=True))
    columns: Columns = {
        _group(result): "name",
        "Became jobs (95% CI)": lambda row: format_share(row) if row.mature else "",
        "": lambda row: _VERDICTS.get(verdicts.get(row.name, ""), "") if row.enough else "too few",
        "Bookings": "bookings",
        "Job": lambda row: row.job + row.converted,
    }
    if not result.lacks("bookings: leads"):
        columns |= {"Lead booked": "lead_won", "Lead open": "lead_open", "Lead lost": "lead_lost"}
    columns |= {"Dismissed": "dismissed", "Accepted": "accepted", "New": "new"}
    for title, name in (("job", "waited_hours"), ("requested start", "asked_hours")):
        columns[f"Median time to the {title}"] = partial(_hours, name)
    rows = [*rows_of(result.table), *(rows_of(result.overall) if result.by else ())]
    return rows_shown(rows, columns, total=bool(result.by))


def _hours(name: str, row: Any) -> str:
    value = getattr(row, name, pd.NA)
    return "" if pd.isna(value) else f"{value:.1f} hours" if value < 48 else f"{value / 24:.1f} days"
