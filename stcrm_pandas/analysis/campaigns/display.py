"""The table of opportunities in a notebook and in a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stcrm_pandas.analysis.base.display import table, verdict_note
from stcrm_pandas.analysis.base.format import count_range, format_share
from stcrm_pandas.analysis.base.money import amounts, money
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult

__all__ = ["main_table"]

_COUNTS = {
    "Opportunities": "opportunities",
    "by phone": "phone",
    "began as lead": "leads",
    "as booking": "bookings",
    "as job": "direct_jobs",
}
_STEPS = {"Booked": "booked", "Completed": "completed", "Above zero": "above_zero"}
_AMOUNTS = {
    "Revenue": ("revenue",),
    "with follow-on jobs": ("revenue", "follow_on_revenue"),
    "Median above zero": ("median",),
}


def main_table(result: OpportunitiesResult) -> str:
    """Return the HTML of the groups, the jobs that cannot be traced, and all together in the last row."""
    old_enough = f"At least {result.mature_days} days old"
    numbers = dict.fromkeys([*_COUNTS, old_enough, *_STEPS, *_AMOUNTS], True)
    header = {group_word(result.by).capitalize(): False, "Booked (95% CI)": True, "": False, **numbers}
    groups = result.table.assign(verdict=result.comparisons["verdict"]) if result.by else result.table.iloc[:0]
    shown = [(row, verdict_note(row), row.mature) for row in rows_of(groups)]
    shown += [(row, "not compared", 0) for row in rows_of(result.untraced)]
    shown += [(row, "", row.mature) for row in rows_of(result.overall)]
    rows = [
        [
            str(row.name),
            format_share(row, "booked_") if measured else "",
            note,
            *(f"{getattr(row, name):,}" for name in (*_COUNTS.values(), "mature")),
            *(count_range(getattr(row, f"{step}_lower"), getattr(row, f"{step}_upper")) for step in _STEPS.values()),
            *(_revenue(result, row, columns) for columns in _AMOUNTS.values()),
        ]
        for row, note, measured in shown
    ]
    dim = [*(not enough for enough in groups["enough"]), False, False]
    return table(header, rows, dim=dim, total=bool(result.by))


def _revenue(result: OpportunitiesResult, row: Any, columns: Sequence[str]) -> str:
    """Return the sum of amounts, separate for each currency."""
    if result.money is None:
        return money(sum(getattr(row, name) for name in columns), result.currency)
    mine = result.money[result.money["name"] == row.name]
    return amounts([(one.currency, sum(getattr(one, name) for name in columns)) for one in rows_of(mine)])
