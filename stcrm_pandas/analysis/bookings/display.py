"""The tables of booking sources as HTML: the main one, and the further ones in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.display import Shown, table
from stcrm_pandas.analysis.base.format import format_percent, format_share
from stcrm_pandas.analysis.base.money import money
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.errors import UsageError

__all__ = ["main_table", "shown"]


def shown(result: BookingSourcesResult, kind: str) -> Shown:
    """Return one of the further tables in words."""
    if kind not in _KINDS:
        raise UsageError(f"no table {kind!r}: choose from {', '.join(map(repr, _KINDS))}")
    return _KINDS[kind](result)


def _after_hours(result: BookingSourcesResult) -> Shown:
    rows = [[row.part, format_share(row), f"{row.n:,}"] for row in rows_of(result.after_hours)]
    return Shown({"Received": False, "Still new after an hour (95% CI)": True, "Bookings": True}, rows)


def _leakage(result: BookingSourcesResult) -> Shown:
    titles = ("Bookings", "Booked", "Not canceled", "Completed", "With revenue", "Canceled, of the jobs (95% CI)")
    rows = [
        [
            *_texts(row.name, row.bookings, row.booked, row.not_canceled, row.completed, row.above_zero),
            format_share(row),
        ]
        for row in rows_of(result.leakage)
    ]
    return Shown({_group(result): False, **dict.fromkeys(titles, True)}, rows)


def _revenue(result: BookingSourcesResult) -> Shown:
    titles = ("Jobs", "With revenue (95% CI)", "Median above zero", "Mean per job (95% CI)")
    more = ("Mean with follow-on jobs (95% CI)", "Revenue from the largest 1% of jobs")
    rows = []
    for row in rows_of(result.revenue):
        currency = None if pd.isna(row.currency) else str(row.currency)
        means = (
            (row.mean, row.mean_low, row.mean_high),
            (row.mean_with_follow, row.mean_low_with_follow, row.mean_high_with_follow),
        )
        rows.append(
            [
                row.name if len(result.currencies) < 2 else f"{row.name} ({currency})",
                f"{row.jobs:,}",
                format_share(row),
                money(row.median, currency),
                *(_mean(*numbers, currency) for numbers in means),
                "" if pd.isna(row.largest) else format_percent(row.largest),
            ]
        )
    return Shown({_group(result): False, **dict.fromkeys((*titles, *more), True)}, rows)


def _mean(mean: Any, low: Any, high: Any, currency: str | None) -> str:
    return "too few" if pd.isna(mean) else f"{money(mean, currency)} ({money(low, currency)}–{money(high, currency)})"


def _first_time(result: BookingSourcesResult) -> Shown:
    titles = ("Customer known", "First-time (95% CI)", "Sender stated it", "Stated first-time", "Stated right")
    rows = [
        [row.name, f"{row.known:,}", format_share(row), *_texts(row.claims, row.claimed_first, row.claims_right)]
        for row in rows_of(result.first_time)
    ]
    return Shown({_group(result): False, **dict.fromkeys(titles, True)}, rows)


def _spellings(result: BookingSourcesResult) -> Shown:
    spelt = result.spellings
    days = {name: spelt[name].dt.tz_convert(result.time_zone).dt.strftime("%Y-%m-%d") for name in ("first", "last")}
    rows = [_texts(row.group, row.source, row.bookings, row.first, row.last) for row in rows_of(spelt.assign(**days))]
    return Shown({"Source": False, "Spelling": False, "Bookings": True, "First": False, "Last": False}, rows)


_KINDS: dict[str, Callable[[BookingSourcesResult], Shown]] = {
    "after_hours": _after_hours,
    "leakage": _leakage,
    "revenue": _revenue,
    "first_time": _first_time,
    "spellings": _spellings,
}


def _group(result: BookingSourcesResult) -> str:
    return group_word(result.by).capitalize()


def _texts(*cells: Any) -> list[str]:
    return ["" if pd.isna(cell) else cell if isinstance(cell, str) else f"{cell:,}" for cell in cells]


_TITLES = ("Bookings", "Job", "Lead booked", "Lead open", "Lead lost", "Dismissed", "Accepted", "New")
_VERDICTS = {"higher": "▲\u00a0more", "lower": "▼\u00a0less"}


def main_table(result: BookingSourcesResult) -> str:
    """Return the table as HTML, all bookings together in the last row."""
    work = result.comparisons.get("work", pd.DataFrame({"name": [], "verdict": []}))
    verdicts = dict(zip(work["name"], work["verdict"], strict=True))
    listed = [*rows_of(result.table), *(rows_of(result.overall) if result.by else ())]
    rows = [
        [
            str(row.name),
            format_share(row) if row.mature else "",
            _VERDICTS.get(verdicts.get(row.name, ""), "") if row.enough else "too few",
            *_texts(row.bookings, row.job + row.converted, row.lead_won, row.lead_open, row.lead_lost),
            *_texts(row.dismissed, row.accepted, row.new),
            *(_hours(getattr(row, name, None)) for name in ("waited_hours", "asked_hours")),
        ]
        for row in listed
    ]
    header = {_group(result): False, "Became jobs (95% CI)": True, "": False, **dict.fromkeys(_TITLES, True)}
    header |= {"Median time to the job": True, "Median time to the requested start": True}
    return table(header, rows, dim=[not row.enough for row in listed], total=bool(result.by))


def _hours(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    return f"{value:.1f} hours" if value < 48 else f"{value / 24:.1f} days"
