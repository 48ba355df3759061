"""The table of opportunities in a notebook and in a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.display import Shown, rows_shown, verdict_note
from stcrm_pandas.analysis.base.format import count_range, format_percent, format_share
from stcrm_pandas.analysis.base.money import amounts, money
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult

__all__ = ["main_table"]

_COUNTS = {"Opportunities": "opportunities", "by phone": "phone"}


def main_table(result: OpportunitiesResult) -> Shown:
    """Return the table of the groups, the jobs that cannot be traced, and all together in the last row."""

    def step(name: str) -> Callable[[Any], str]:
        return lambda row: count_range(getattr(row, f"{name}_lower"), getattr(row, f"{name}_upper"))

    def revenue(*names: str) -> Callable[[Any], str]:
        return lambda row: _revenue(result, row, names)

    def booked(first: str) -> Callable[[Any], str]:
        """Return the booked share of the opportunities that began as a lead, or as a booking."""

        def share(row: Any) -> str:
            n = getattr(row, f"{first}_mature")
            return format_percent(getattr(row, f"{first}_booked") / n) if n else ""

        return share

    columns: dict[str, str | Callable[[Any], str]] = {
        group_word(result.by).capitalize(): "name",
        "Booked (95% CI)": lambda row: format_share(row, "booked_") if row.mature and row.compared else "",
        "": "note",
        **_COUNTS,
        "began as lead": "leads",
        "leads booked": booked("leads"),
        "as booking": "bookings",
        "bookings booked": booked("bookings"),
        "as job": "direct_jobs",
        f"At least {result.mature_days} days old": "mature",
        **{"Booked": step("booked"), "Completed": step("completed"), "Above zero": step("above_zero")},
        "Revenue": revenue("revenue"),
        "with follow-on jobs": revenue("revenue", "follow_on_revenue"),
        "Median above zero": revenue("median"),
    }
    groups = result.table.assign(verdict=result.comparisons["verdict"]) if result.by else result.table.iloc[:0]
    notes = pd.Series([*map(verdict_note, rows_of(groups))], index=groups.index, dtype="str")
    parts = [
        groups.assign(note=notes, compared=True),
        result.untraced.assign(note="not compared", compared=False, enough=True),
        result.overall.assign(note="", compared=True, enough=True),
    ]
    rows = (row for part in parts for row in rows_of(part))
    return rows_shown(rows, columns, total=bool(result.by))


def _revenue(result: OpportunitiesResult, row: Any, columns: Sequence[str]) -> str:
    """Return the sum of amounts, separate for each currency."""
    if result.money is None:
        return money(sum(getattr(row, name) for name in columns), result.currency)
    mine = result.money[result.money["name"] == row.name]
    return amounts([(one.currency, sum(getattr(one, name) for name in columns)) for one in rows_of(mine)])
