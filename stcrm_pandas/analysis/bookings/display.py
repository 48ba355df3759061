"""The tables of booking sources as HTML: the main one, and the further ones in words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.display import Columns, Shown, rows_shown
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
