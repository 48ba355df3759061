"""The further tables of booking sources as a reader sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.display import table
from stcrm_pandas.analysis.base.money import money
from stcrm_pandas.analysis.base.sentences import hundred, per_hundred
from stcrm_pandas.analysis.bookings.result import BookingResult
from stcrm_pandas.analysis.bookings.sentences import words
from stcrm_pandas.analysis.bookings.table import each
from stcrm_pandas.errors import UsageError

__all__ = ["Shown", "shown"]


@dataclass(frozen=True)
class Shown:
    """A table of texts; a notebook and a report show it. `header` says of each column whether it holds numbers."""

    header: dict[str, bool]
    rows: list[list[str]]

    def _repr_html_(self) -> str:
        return table(self.header, self.rows) if self.rows else "<p>There is nothing to show.</p>"


def shown(result: BookingResult, kind: str) -> Shown:
    """One of the further tables in words.

    Raises
    ------
    UsageError
        For a kind that there is not.
    """
    if kind not in _KINDS:
        raise UsageError(f"no table {kind!r}: there are {', '.join(map(repr, _KINDS))}")
    return _KINDS[kind](result)


def _after_hours(result: BookingResult) -> Shown:
    header = {"Came in": False, "Still new after an hour, of 100 (95 % interval)": True, "Bookings": True}
    return Shown(header, [[row.part, per_hundred(row), f"{row.n:,}"] for row in each(result.after_hours)])


def _leakage(result: BookingResult) -> Shown:
    counts = ("bookings", "booked", "not_canceled", "completed", "above_zero")
    titles = ("Bookings", "Booked", "Not canceled", "Completed", "Above zero")
    header = {_group(result): False, **dict.fromkeys(titles, True), "Canceled, of 100 jobs (95 % interval)": True}
    rows = [
        [str(row.name), *(f"{getattr(row, name):,}" for name in counts), per_hundred(row)]
        for row in each(result.leakage)
    ]
    return Shown(header, rows)


def _revenue(result: BookingResult) -> Shown:
    titles = ("Jobs", "Above zero, of 100 (95 % interval)", "Median above zero", "Mean per job (95 % interval)")
    more = ("Mean with follow-on jobs (95 % interval)", "Of 100 of revenue, the largest hundredth of jobs")
    header = {_group(result): False, **dict.fromkeys((*titles, *more), True)}
    rows = [
        [
            str(row.name) if len(result.currencies) < 2 else f"{row.name} ({row.currency})",
            f"{row.jobs:,}",
            per_hundred(row),
            money(row.median, _currency(row)),
            _mean(row, "mean"),
            _mean(row, "mean_with_follow"),
            "" if pd.isna(row.largest) else str(hundred(row.largest)),
        ]
        for row in each(result.revenue)
    ]
    return Shown(header, rows)


def _first_time(result: BookingResult) -> Shown:
    titles = (
        "Customer known",
        "First-time, of 100 (95 % interval)",
        "Sender said so or not",
        "Said first-time",
        "Right",
    )
    rows = [
        [
            str(row.name),
            f"{row.known:,}",
            per_hundred(row),
            *(f"{count:,}" for count in (row.claims, row.claimed_first, row.claims_right)),
        ]
        for row in each(result.first_time)
    ]
    return Shown({_group(result): False, **dict.fromkeys(titles, True)}, rows)


def _spellings(result: BookingResult) -> Shown:
    local = {name: result.spellings[name].dt.tz_convert(result.time_zone) for name in ("first", "last")}
    rows = [
        [row.group, row.source, f"{row.bookings:,}", *("" if pd.isna(day) else f"{day:%Y-%m-%d}" for day in days)]
        for row, *days in zip(each(result.spellings), local["first"], local["last"], strict=True)
    ]
    return Shown({"Source": False, "As it is spelt": False, "Bookings": True, "First": False, "Last": False}, rows)


_KINDS: dict[str, Callable[[BookingResult], Shown]] = {
    "after_hours": _after_hours,
    "leakage": _leakage,
    "revenue": _revenue,
    "first_time": _first_time,
    "spellings": _spellings,
}


def _group(result: BookingResult) -> str:
    return words(result)[0].capitalize()


def _currency(row: Any) -> str | None:
    return None if pd.isna(row.currency) else str(row.currency)


def _mean(row: Any, name: str) -> str:
    own, low, high = (getattr(row, name.replace("mean", one, 1)) for one in ("mean", "mean_low", "mean_high"))
    if pd.isna(own):
        return "too few"
    currency = _currency(row)
    return f"{money(own, currency)} ({money(low, currency)} to {money(high, currency)})"
