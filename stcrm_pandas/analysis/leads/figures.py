"""Figures of lead conversion."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stcrm_pandas.analysis.base.sentences import per_hundred
from stcrm_pandas.analysis.leads.result import LeadConversionResult
from stcrm_pandas.charts.base import (
    COLOURS,
    GRID,
    SHADE,
    TEXT,
    WORDS,
    empty,
    hundreds,
    name_rows,
    rows_of,
    segments,
    spans,
)

__all__ = ["conversion_months", "conversion_rates"]


def conversion_rates(found: LeadConversionResult) -> go.Figure:
    """Each group's share: a thick line between what is surely and possibly in time, a thin one for the interval.

    The shaded band is that of all leads together. Groups without a lead that is old enough are not drawn.
    """
    table = found.table.assign(verdict=found.comparisons["verdict"])
    shown = table[table["mature"] > 0].reset_index(drop=True)
    figure = empty()
    kinds = shown["verdict"].where(shown["verdict"].isin([*COLOURS]), "not clear").mask(~shown["enough"], "too few")
    for kind, colour in COLOURS.items():
        rows = shown[kinds == kind]
        if len(rows):
            spans(figure, rows, colour=colour, name=WORDS[kind], hover=_hover)
    _band(figure, found)
    figure.update_xaxes(
        title={
            "text": f"of 100 {'leads' if found.unit == 'lead' else 'inquiries'}, "
            f"converted within {found.window_days} days",
            "standoff": 8,
        },
        rangemode="tozero",
        side="top",
    )
    return name_rows(figure, shown["name"], alt=_rates_in_words(found))


def conversion_months(found: LeadConversionResult) -> go.Figure:
    """The share by month of creation, and below it how many leads came in.

    Months that are not old enough, or were read in part, are hatched.
    """
    months = found.months if found.months is not None else found.table.iloc[:0].assign(whole=False)
    starts = [f"{month}-01" for month in months["id"]]
    figure = empty()
    colour = COLOURS["higher"]
    for whole, tint in ((True, colour), (False, COLOURS["too few"])):
        rows = months[((months["whole"] & months["enough"]) == whole) & (months["mature"] > 0)]
        at = [f"{month}-01" for month in rows["id"]]
        figure.add_scatter(
            x=segments(at, at),
            y=segments(hundreds(rows["interval_low"]), hundreds(rows["interval_high"])),
            mode="lines",
            line={"color": tint, "width": 1.5},
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=segments(at, at),
            y=segments(hundreds(rows["share_lower"]), hundreds(rows["share_upper"])),
            mode="lines+markers",
            line={"color": tint, "width": 8},
            marker={"color": tint, "size": 9},
            showlegend=False,
            text=[text for row in rows_of(rows) for text in (_hover(row),) * 3],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.add_bar(
        x=starts,
        y=months["inquiries"].astype(int).tolist(),
        yaxis="y2",
        marker={
            "color": [colour if whole else SHADE for whole in months["whole"]],
            "opacity": 0.55,
            "line": {"width": 0},
            "pattern": {
                "shape": ["" if whole else "/" for whole in months["whole"]],
                "fgcolor": TEXT,
                "size": 5,
                "solidity": 0.5,
            },
        },
        showlegend=False,
        hovertemplate="%{x|%b %Y}: %{y:,} came in<extra></extra>",
    )
    clear = months[months["enough"]]["interval_high"]
    top = 1.1 * max([5.0, *hundreds(clear)]) if len(clear) else 100.0
    figure.update_xaxes(type="date", tickformat="%b\n%Y", showgrid=False, anchor="y2", ticklabelmode="instant")
    figure.update_layout(
        height=430,
        bargap=0.35,
        yaxis={
            "domain": [0.34, 1],
            "range": [0, min(top, 102)],
            "title": {"text": f"of 100, within {found.window_days} days"},
            "gridcolor": GRID,
        },
        yaxis2={
            "domain": [0, 0.24],
            "rangemode": "tozero",
            "title": {"text": "came in"},
            "gridcolor": GRID,
            "nticks": 4,
        },
        meta={"alt": _months_in_words(months), "narrow": {"height": 380}},
    )
    return figure


def _band(figure: go.Figure, found: LeadConversionResult) -> None:
    overall = found.overall.iloc[0]
    if not found.by or pd.isna(overall["share_lower"]):
        return
    low, high = (100 * float(overall[name]) for name in ("share_lower", "share_upper"))
    figure.add_vrect(x0=low, x1=high, fillcolor=SHADE, line={"width": 1, "color": SHADE}, layer="below")


def _rates_in_words(found: LeadConversionResult) -> str:
    clear = [
        f"{this.name} {this.verdict}"
        + (" (but not by all of its opportunities)" if this.id in found.disagreements else "")
        for this in rows_of(found.comparisons)
        if this.verdict in ("higher", "lower")
    ]
    row = found.overall.iloc[0]
    told = f"All together {per_hundred(row)}" if row["mature"] else "No inquiry is old enough"
    return (
        f"Share converted within {found.window_days} days, a row per group. {told}. "
        f"Clearly different: {', '.join(clear) if clear else 'none'}."
    )


def _months_in_words(months: pd.DataFrame) -> str:
    told = months[months["whole"] & months["enough"]]
    if told.empty:
        return "No month is old enough to be shown."
    shares = told["share_lower"].to_numpy(dtype=float)
    best, worst = told.iloc[int(shares.argmax())], told.iloc[int(shares.argmin())]
    return (
        f"Share converted by month of creation, from {told['name'].iloc[0]} to {told['name'].iloc[-1]}: "
        f"between {per_hundred(worst)} in {worst['name']} and {per_hundred(best)} in {best['name']}."
    )


def _hover(row: Any) -> str:
    lower, upper = int(row.within_lower), int(row.within_upper)
    count = f"{lower:,}" if lower == upper else f"{lower:,} to {upper:,}"
    return f"<b>{escape(str(row.name))}</b><br>{per_hundred(row)}<br>{count} of {int(row.mature):,}"
