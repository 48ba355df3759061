"""The tables of booking sources as HTML: the main one, and the further ones in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.display import table
from stcrm_pandas.analysis.base.format import per_hundred, whole_percent
from stcrm_pandas.analysis.base.money import money
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.analysis.bookings.sentences import words
from stcrm_pandas.analysis.bookings.table import each
from stcrm_pandas.errors import UsageError

__all__ = ["Shown", "main_table", "shown"]


@dataclass(frozen=True)
class Shown:
    """A table of texts; a notebook and a report show it. `header` says of each column whether it holds numbers."""

    header: dict[str, bool]
    rows: list[list[str]]

    def _repr_html_(self) -> str:
        return table(self.header, self.rows) if self.rows else "<p>There is nothing to show.</p>"


def shown(result: BookingSourcesResult, kind: str) -> Shown:
    """One of the further tables in words.

    Raises
    ------
    UsageError
        For a kind that there is not.
    """
    if kind not in _KINDS:
        raise UsageError(f"no table {kind!r}: there are {', '.join(map(repr, _KINDS))}")
    return _KINDS[kind](result)


def _after_hours(result: BookingSourcesResult) -> Shown:
    header = {"Came in": False, "Still new after an hour, of 100 (95 % interval)": True, "Bookings": True}
    return Shown(header, [[row.part, per_hundred(row), f"{row.n:,}"] for row in each(result.after_hours)])


def _leakage(result: BookingSourcesResult) -> Shown:
    counts = ("bookings", "booked", "not_canceled", "completed", "above_zero")
    titles = ("Bookings", "Booked", "Not canceled", "Completed", "Above zero")
    header = {_group(result): False, **dict.fromkeys(titles, True), "Canceled, of 100 jobs (95 % interval)": True}
    rows = [
        [str(row.name), *(f"{getattr(row, name):,}" for name in counts), per_hundred(row)]
        for row in each(result.leakage)
    ]
    return Shown(header, rows)


def _revenue(result: BookingSourcesResult) -> Shown:
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
            "" if pd.isna(row.largest) else str(whole_percent(row.largest)),
        ]
        for row in each(result.revenue)
    ]
    return Shown(header, rows)


def _first_time(result: BookingSourcesResult) -> Shown:
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


def _spellings(result: BookingSourcesResult) -> Shown:
    local = {name: result.spellings[name].dt.tz_convert(result.time_zone) for name in ("first", "last")}
    rows = [
        [row.group, row.source, f"{row.bookings:,}", *("" if pd.isna(day) else f"{day:%Y-%m-%d}" for day in days)]
        for row, *days in zip(each(result.spellings), local["first"], local["last"], strict=True)
    ]
    return Shown({"Source": False, "As it is spelt": False, "Bookings": True, "First": False, "Last": False}, rows)


_KINDS: dict[str, Callable[[BookingSourcesResult], Shown]] = {
    "after_hours": _after_hours,
    "leakage": _leakage,
    "revenue": _revenue,
    "first_time": _first_time,
    "spellings": _spellings,
}


def _group(result: BookingSourcesResult) -> str:
    return words(result)[0].capitalize()


def _currency(row: Any) -> str | None:
    return None if pd.isna(row.currency) else str(row.currency)


def _mean(row: Any, name: str) -> str:
    own, low, high = (getattr(row, name.replace("mean", one, 1)) for one in ("mean", "mean_low", "mean_high"))
    if pd.isna(own):
        return "too few"
    currency = _currency(row)
    return f"{money(own, currency)} ({money(low, currency)} to {money(high, currency)})"


_HEADER = {
    "Became work, of 100 (95 % interval)": True,
    "": False,
    "Bookings": True,
    "Job": True,
    "Lead won": True,
    "Lead open": True,
    "Lead lost": True,
    "Dismissed": True,
    "Accepted": True,
    "New": True,
    "Median time to the job": True,
    "Median start asked for": True,
}


def main_table(result: BookingSourcesResult) -> str:
    """The table as HTML, all bookings together in the last row."""
    rows, dim = [], []
    verdicts = _verdicts(result)
    for row in [*each(result.table), *(each(result.overall) if result.by else ())]:
        rows.append([str(row.name), *_cells(row, verdicts.get(row.name, ""))])
        dim.append(not row.enough)
    header = {words(result)[0].capitalize(): False, **_HEADER}
    return table(header, rows, dim=dim, total=bool(result.by))


def _cells(row: Any, verdict: str) -> Sequence[str]:
    note = "too few" if not row.enough else {"higher": "▲\u00a0more", "lower": "▼\u00a0fewer"}.get(verdict, "")
    counts = (row.bookings, row.job + row.converted, row.lead_won, row.lead_open, row.lead_lost, row.dismissed)
    return [
        per_hundred(row) if row.mature else "",
        note,
        *(f"{count:,}" for count in (*counts, row.accepted, row.new)),
        _hours(getattr(row, "waited_hours", None)),
        _hours(getattr(row, "asked_hours", None)),
    ]


def _hours(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    return f"{value:.1f} hours" if value < 48 else f"{value / 24:.1f} days"


def _verdicts(result: BookingSourcesResult) -> dict[str, str]:
    frame = result.comparisons.get("work")
    return {} if frame is None else dict(zip(frame["name"], frame["verdict"], strict=True))
