"""Tables of lead conversion in a notebook and in a report."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.display import Shown, rows_shown, verdict_note
from stcrm_pandas.analysis.base.format import count_range, format_percent, format_range, format_share, plural
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.leads.result import LeadConversionResult

__all__ = ["format_reasons", "format_speed", "main_table"]

_BOTH = {
    "lower": "lower, but books more of all opportunities",
    "higher": "higher, but books fewer of all opportunities",
}


def main_table(result: LeadConversionResult) -> Shown:
    """Return the table of `LeadConversion`, all inquiries together in the last row."""
    inquiries = result.unit == "inquiry"
    columns = {
        group_word(result.by).capitalize(): "name",
        f"Within {result.window_days} days (95% CI)": lambda row: format_share(row) if row.mature else "",
        "": lambda row: _BOTH[row.verdict] if row.id in result.disagreements else verdict_note(row),
        f"Converted of those {result.window_days} days old": lambda row: (
            f"{count_range(row.within_lower, row.within_upper)} of {row.mature:,}"
        ),
        "Inquiries" if inquiries else "Leads": "inquiries",
        "Open": "open",
        "Dismissed": "dismissed",
        "Converted so far": "converted",
        **{name: name for name in ("exact", "inferred", "bounded")},
        **({"Leads": "leads"} if inquiries else {}),
    }
    shown = result.table.assign(verdict=result.comparisons["verdict"])
    if result.by:
        shown = pd.concat([shown, result.overall.assign(verdict="")], ignore_index=True)
    return rows_shown(rows_of(shown), columns, total=bool(result.by))


def format_speed(result: LeadConversionResult) -> pd.DataFrame:
    """Return the speeds as text: a row per group, a column per number of days."""
    rows: dict[Any, dict[str, str]] = {}
    for row in rows_of(result.speed):
        # a campaign may have the same name as the total
        cells = rows.setdefault((row.overall, row.name), {group_word(result.by).capitalize(): str(row.name)})
        share = "nobody followed so long"
        if not pd.isna(row.share_lower):
            share = format_range(row.share_lower, row.share_upper)
        cells[f"Within {plural(row.day, 'day')}"] = (
            format_share(row) if row.known else f"dates not known well enough ({share})"
        )
    return pd.DataFrame(list(rows.values()))


def format_reasons(result: LeadConversionResult) -> pd.DataFrame:
    """Return the reasons for dismissal as text."""
    reasons = result.reasons
    return pd.DataFrame(
        {
            "Reason": reasons["name"].tolist(),
            "Dismissed leads": [f"{count:,}" for count in reasons["leads"]],
            "Share": [format_percent(share) for share in reasons["share"]],
            "": ["left out of the analysis" if gone else "" for gone in reasons["left_out"]],
        }
    )
