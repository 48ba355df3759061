"""How opportunities look as a table in a notebook and in a report."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.display import table
from stcrm_pandas.analysis.base.format import count_range, per_hundred
from stcrm_pandas.analysis.base.money import amounts, money
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.campaigns.chains import STEPS
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult

__all__ = ["of_hundred", "opportunity_table", "revenue_words"]


def opportunity_table(result: OpportunitiesResult) -> str:
    """The table of `Opportunities`: its groups, the jobs that cannot be traced, and all together in the last row."""
    header = {
        group_word(result.by).capitalize(): False,
        "Booked, of 100 (95 % interval)": True,
        "": False,
        "Opportunities": True,
        "by phone": True,
        "began as lead": True,
        "as booking": True,
        "as job": True,
        f"At least {result.mature_days} days old": True,
        "Booked": True,
        "Completed": True,
        "Above zero": True,
        "Revenue": True,
        "with follow-on jobs": True,
        "Median above zero": True,
    }
    groups = list(rows_of(result.table)) if result.by else []
    notes = [_note(row, verdict) for row, verdict in zip(groups, result.comparisons["verdict"], strict=bool(result.by))]
    rows = [
        _cells(result, row, note, of_hundred(row) if row.mature else "")
        for row, note in zip(groups, notes, strict=True)
    ]
    rows += [_cells(result, row, "not compared", "") for row in rows_of(result.untraced)]
    rows += [_cells(result, row, "", of_hundred(row) if row.mature else "") for row in rows_of(result.overall)]
    dim = [not row.enough for row in groups] + [False, False]
    return table(header, rows, dim=dim, total=bool(result.by))


def _cells(result: OpportunitiesResult, row: Any, note: str, share: str) -> list[str]:
    return [
        str(row.name),
        share,
        note,
        *(
            f"{getattr(row, name):,}"
            for name in ("opportunities", "phone", "leads", "bookings", "direct_jobs", "mature")
        ),
        *(count_range(getattr(row, f"{step}_lower"), getattr(row, f"{step}_upper")) for step in STEPS),
        revenue_words(result, row, "revenue"),
        revenue_words(result, row, "revenue", "follow_on_revenue"),
        revenue_words(result, row, "median"),
    ]


def of_hundred(row: Any, step: str = "booked") -> str:
    """A step's share in plain words: '31 of 100 (27 to 35)'."""
    names = ("share_lower", "share_upper", "interval_low", "interval_high")
    return per_hundred(SimpleNamespace(**{name: getattr(row, f"{step}_{name}") for name in names}))


def revenue_words(result: OpportunitiesResult, row: Any, *columns: str) -> str:
    """Return the sum of some amounts of a row in words, of each currency apart."""
    if result.money is None:
        return money(sum(getattr(row, name) for name in columns), result.currency)
    mine = result.money[result.money["name"] == row.name]
    return amounts([(one.currency, sum(getattr(one, name) for name in columns)) for one in rows_of(mine)])


def _note(row: Any, verdict: str) -> str:
    complete = getattr(row, "whole", True)
    if not pd.isna(complete) and not complete:
        return "young, or read in part"
    if not row.enough:
        return "too few"
    words = {"higher": "▲\u00a0higher", "lower": "▼\u00a0lower", "explained by the mix": "the mix explains it"}
    return words.get(verdict, "")
