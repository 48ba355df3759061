"""The tables of lead conversion as HTML."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.display import table
from stcrm_pandas.analysis.base.format import count_range, per_hundred, span
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.leads.result import LeadConversionResult

__all__ = ["conversion_table", "format_reasons", "format_speed"]

_VERDICTS = {
    "higher": "▲\u00a0higher",
    "lower": "▼\u00a0lower",
    "explained by the mix": "explained by the mix",
}

_BOTH = {
    "lower": "lower, but books more of all opportunities",
    "higher": "higher, but books fewer of all opportunities",
}


def conversion_table(result: LeadConversionResult) -> str:
    """The table of `LeadConversion`, all inquiries together in the last row."""
    days, one = result.window_days, result.unit
    header = {
        group_word(result.by).capitalize(): False,
        f"Of 100 within {days} days (95 % interval)": True,
        "": False,
        f"Converted of those {days} days old": True,
        "Inquiries" if one == "inquiry" else "Leads": True,
        "Open": True,
        "Dismissed": True,
        "Converted so far": True,
        "exact": True,
        "inferred": True,
        "bounded": True,
    }
    if one == "inquiry":
        header["Leads"] = True
    shown = result.table.assign(verdict=result.comparisons["verdict"])
    if result.by:
        shown = pd.concat([shown, result.overall.assign(verdict="")], ignore_index=True)
    rows = [
        _row(row, one == "inquiry", _BOTH[str(row.verdict)] if row.id in result.disagreements else None)
        for row in shown.itertuples(index=False)
    ]
    return table(header, rows, dim=[not enough for enough in shown["enough"]], total=bool(result.by))


def _row(row: Any, with_leads: bool, note: str | None) -> list[str]:
    counted = [row.inquiries, row.open, row.dismissed, row.converted, row.exact, row.inferred, row.bounded]
    if with_leads:
        counted.append(row.leads)
    return [
        str(row.name),
        per_hundred(row) if row.mature else "",
        note or _note(row),
        f"{count_range(row.within_lower, row.within_upper)} of {row.mature:,}",
        *(f"{count:,}" for count in counted),
    ]


def _note(row: Any) -> str:
    whole = getattr(row, "whole", True)
    if not pd.isna(whole) and not whole:
        return "young, or read in part"
    return _VERDICTS.get(row.verdict, "") if row.enough else "too few"


def format_speed(result: LeadConversionResult) -> pd.DataFrame:
    """The speeds as a reader says them: a row per group, a column per number of days.

    Where the bounds are more than 5 points apart it says that the dates are not known well enough.
    """
    rows: dict[Any, dict[str, str]] = {}
    for row in result.speed.itertuples(index=False):
        column = "Within 1 day" if row.day == 1 else f"Within {row.day} days"
        share = per_hundred(row) if row.known else f"dates not known well enough ({_span(row)})"
        # nobody keeps a campaign from being called as all of them together are
        rows.setdefault((row.overall, str(row.name)), {group_word(result.by).capitalize(): str(row.name)})[column] = (
            share
        )
    return pd.DataFrame(list(rows.values()))


def _span(row: Any) -> str:
    return "nobody followed so long" if pd.isna(row.share_lower) else f"{span(row.share_lower, row.share_upper)} of 100"


def format_reasons(result: LeadConversionResult) -> pd.DataFrame:
    """The reasons for dismissal as a reader says them."""
    return pd.DataFrame(
        {
            "Reason": result.reasons["name"].tolist(),
            "Dismissed leads": [f"{count:,}" for count in result.reasons["leads"]],
            "Of 100 dismissed": [span(share, share) for share in result.reasons["share"]],
            "": ["left out of the analysis" if gone else "" for gone in result.reasons["left_out"]],
        }
    )
