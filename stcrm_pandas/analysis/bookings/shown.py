"""The further tables of booking sources as a reader sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.analysis.base.display import table
from stcrm_pandas.analysis.base.money import money
from stcrm_pandas.analysis.base.sentences import hundred, per_hundred
from stcrm_pandas.analysis.bookings.sentences import words
from stcrm_pandas.analysis.bookings.table import each
from stcrm_pandas.errors import UsageError

if TYPE_CHECKING:
    from stcrm_pandas.analysis.bookings.booking_sources import BookingSources

__all__ = ["Shown", "shown"]


@dataclass(frozen=True)
class Shown:
    """A table of texts; a notebook and a report show it. `header` says of each column whether it holds numbers."""

    header: dict[str, bool]
    rows: list[list[str]]

    def _repr_html_(self) -> str:
        return table(self.header, self.rows) if self.rows else "<p>There is nothing to show.</p>"


def shown(found: BookingSources, kind: str) -> Shown:
    """One of the further tables in words.

    Raises
    ------
    UsageError
        For a kind that there is not.
    """
    if kind not in _KINDS:
        raise UsageError(f"no table {kind!r}: there are {', '.join(map(repr, _KINDS))}")
    return _KINDS[kind](found)


def _after_hours(found: BookingSources) -> Shown:
    header = {"Came in": False, "Still new after an hour, of 100 (95 % interval)": True, "Bookings": True}
    return Shown(header, [[row.part, per_hundred(row), f"{row.n:,}"] for row in each(found.after_hours)])


def _leakage(found: BookingSources) -> Shown:
    counts = ("bookings", "booked", "not_canceled", "completed", "above_zero")
    titles = ("Bookings", "Booked", "Not canceled", "Completed", "Above zero")
    header = {_group(found): False, **dict.fromkeys(titles, True), "Canceled, of 100 jobs (95 % interval)": True}
    rows = [
        [str(row.name), *(f"{getattr(row, name):,}" for name in counts), per_hundred(row)]
        for row in each(found.leakage)
    ]
    return Shown(header, rows)


def _revenue(found: BookingSources) -> Shown:
    titles = ("Jobs", "Above zero, of 100 (95 % interval)", "Median above zero", "Mean per job (95 % interval)")
    more = ("Mean with follow-on jobs (95 % interval)", "Of 100 of revenue, the largest hundredth of jobs")
    header = {_group(found): False, **dict.fromkeys((*titles, *more), True)}
    rows = [
        [
            str(row.name) if len(found.currencies) < 2 else f"{row.name} ({row.currency})",
            f"{row.jobs:,}",
            per_hundred(row),
            money(row.median, _currency(row)),
            _mean(row, "mean"),
            _mean(row, "mean_with_follow"),
            "" if pd.isna(row.largest) else str(hundred(row.largest)),
        ]
        for row in each(found.revenue)
    ]
    return Shown(header, rows)


def _first_time(found: BookingSources) -> Shown:
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
        for row in each(found.first_time)
    ]
    return Shown({_group(found): False, **dict.fromkeys(titles, True)}, rows)


def _spellings(found: BookingSources) -> Shown:
    local = {name: found.spellings[name].dt.tz_convert(found.time_zone) for name in ("first", "last")}
    rows = [
        [row.group, row.source, f"{row.bookings:,}", *("" if pd.isna(day) else f"{day:%Y-%m-%d}" for day in days)]
        for row, *days in zip(each(found.spellings), local["first"], local["last"], strict=True)
    ]
    return Shown({"Source": False, "As it is spelt": False, "Bookings": True, "First": False, "Last": False}, rows)


_KINDS: dict[str, Callable[[BookingSources], Shown]] = {
    "after_hours": _after_hours,
    "leakage": _leakage,
    "revenue": _revenue,
    "first_time": _first_time,
    "spellings": _spellings,
}


def _group(found: BookingSources) -> str:
    return words(found)[0].capitalize()


def _currency(row: Any) -> str | None:
    return None if pd.isna(row.currency) else str(row.currency)


def _mean(row: Any, name: str) -> str:
    own, low, high = (getattr(row, name.replace("mean", one, 1)) for one in ("mean", "mean_low", "mean_high"))
    if pd.isna(own):
        return "too few"
    currency = _currency(row)
    return f"{money(own, currency)} ({money(low, currency)} to {money(high, currency)})"
