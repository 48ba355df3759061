"""Figures of lead conversion: rates, months, the curve by days since an inquiry, cohorts, reasons for dismissal."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stcrm_pandas.analysis.base.format import count_range, per_hundred, span
from stcrm_pandas.analysis.leads.result import LeadConversionResult
from stcrm_pandas.charts.base import (
    COLOURS,
    GRID,
    ROW,
    SHADE,
    TEXT,
    WORDS,
    empty,
    hundreds,
    name_rows,
    rows_of,
    segments,
    short,
    spans,
)
from stcrm_pandas.errors import UsageError

__all__ = ["conversion_cohorts", "conversion_curve", "conversion_months", "conversion_rates", "dismissal_reasons"]

# Told apart by nearly everybody (Okabe and Ito), and by the dash where colour fails.
_LINES = (
    ("#3b82c4", "59,130,196", "solid"),
    ("#d9772b", "217,119,43", "dash"),
    ("#009e73", "0,158,115", "dot"),
    ("#b07aa1", "176,122,161", "dashdot"),
    ("#a08a1c", "160,138,28", "longdash"),
)
# Pale enough for dark text, in a dark page, too.
_SCALE = [[0, "#eef4fa"], [1, "#7fb0de"]]
_YOUNG = "#d9dee4"
_DARK = "#16202b"
_MOST_REASONS = 12


def conversion_rates(result: LeadConversionResult) -> go.Figure:
    """Each group's share: a thick line between what is surely and possibly in time, a thin one for the interval.

    The shaded band is that of all leads together. Groups without a lead that is old enough are not drawn.
    """
    table = result.table.assign(verdict=result.comparisons["verdict"])
    shown = table[table["mature"] > 0].reset_index(drop=True)
    figure = empty()
    kinds = shown["verdict"].where(shown["verdict"].isin([*COLOURS]), "not clear").mask(~shown["enough"], "too few")
    for kind, colour in COLOURS.items():
        rows = shown[kinds == kind]
        if len(rows):
            spans(figure, rows, colour=colour, name=WORDS[kind], hover=_hover)
    _band(figure, result)
    figure.update_xaxes(
        title={
            "text": f"of 100 {'leads' if result.unit == 'lead' else 'inquiries'}, "
            f"converted within {result.window_days} days",
            "standoff": 8,
        },
        rangemode="tozero",
        side="top",
    )
    return name_rows(figure, shown["name"], alt=_rates_in_words(result))


def conversion_months(result: LeadConversionResult) -> go.Figure:
    """The share by month of creation, and below it how many leads came in.

    Months that are not old enough, or were read in part, are hatched.
    """
    months = result.months if result.months is not None else result.table.iloc[:0].assign(whole=False)
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
            "title": {"text": f"of 100, within {result.window_days} days"},
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


def _band(figure: go.Figure, result: LeadConversionResult) -> None:
    overall = result.overall.iloc[0]
    if not result.by or pd.isna(overall["share_lower"]):
        return
    low, high = (100 * float(overall[name]) for name in ("share_lower", "share_upper"))
    figure.add_vrect(x0=low, x1=high, fillcolor=SHADE, line={"width": 1, "color": SHADE}, layer="below")


def _rates_in_words(result: LeadConversionResult) -> str:
    clear = [
        f"{this.name} {this.verdict}"
        + (" (but not by all of its opportunities)" if this.id in result.disagreements else "")
        for this in rows_of(result.comparisons)
        if this.verdict in ("higher", "lower")
    ]
    row = result.overall.iloc[0]
    overall = f"All together {per_hundred(row)}" if row["mature"] else "No inquiry is old enough"
    return (
        f"Share converted within {result.window_days} days, a row per group. {overall}. "
        f"Clearly different: {', '.join(clear) if clear else 'none'}."
    )


def _months_in_words(months: pd.DataFrame) -> str:
    measured = months[months["whole"] & months["enough"]]
    if measured.empty:
        return "No month is old enough to be shown."
    shares = measured["share_lower"].to_numpy(dtype=float)
    best, worst = measured.iloc[int(shares.argmax())], measured.iloc[int(shares.argmin())]
    return (
        f"Share converted by month of creation, from {measured['name'].iloc[0]} to {measured['name'].iloc[-1]}: "
        f"between {per_hundred(worst)} in {worst['name']} and {per_hundred(best)} in {best['name']}."
    )


def _hover(row: Any) -> str:
    count = count_range(row.within_lower, row.within_upper)
    return f"<b>{escape(str(row.name))}</b><br>{per_hundred(row)}<br>{count} of {int(row.mature):,}"


def conversion_curve(result: LeadConversionResult, groups: Sequence[Any]) -> go.Figure:
    """The share converted by each day, a band between its bounds, and its lower line at the end of the band.

    The thin lines around are the 95 % limits. Days on which fewer than `min_group` are still in view are not drawn.
    """
    if len(groups) > len(_LINES):
        raise UsageError(f"at most {len(_LINES)} groups fit into one figure")
    chosen = [_of(result, group) for group in groups] or [result.curve[result.curve["overall"]]]
    figure, descriptions = empty(), []
    for curve, (colour, parts, dash) in zip(chosen, _LINES, strict=False):
        # the limits of few say nothing, and the end of a curve is made by few
        drawn = curve[
            curve["share_lower"].notna() & (curve["at_risk"] >= min(result.min_group, int(curve["at_risk"].iloc[0])))
        ]
        if drawn.empty:
            continue
        days, name = [int(day) for day in drawn["day"]], escape(short(str(drawn["name"].iloc[0])))
        _area(figure, days, drawn, ("interval_low", "interval_high"), f"rgba({parts},0.10)", name)
        _area(figure, days, drawn, ("share_lower", "share_upper"), f"rgba({parts},0.35)", name)
        middle = [
            (low + high) / 2
            for low, high in zip(hundreds(drawn["share_lower"]), hundreds(drawn["share_upper"]), strict=True)
        ]
        figure.add_scatter(
            x=days,
            y=middle,
            mode="lines",
            line={"color": colour, "width": 2.5, "dash": dash, "shape": "hv"},
            name=name,
            legendgroup=name,
            text=[
                f"<b>{name}</b><br>by day {day}: {per_hundred(row)}"
                for day, row in zip(days, rows_of(drawn), strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
        )
        description = ", ".join(
            f"{span(row.share_lower, row.share_upper)} by day {row.day}"
            for row in rows_of(drawn[drawn["day"].isin([1, 7, 30, 90])])
        )
        descriptions.append(f"{drawn['name'].iloc[0]}: {description}")
    figure.update_xaxes(
        title={"text": "days since the inquiry", "standoff": 8}, range=[0, 120], tickvals=[1, 7, 30, 60, 90, 120]
    )
    figure.update_yaxes(title={"text": "of 100, converted by then"}, rangemode="tozero")
    figure.update_layout(
        height=420,
        legend={"y": -0.22},
        showlegend=len(descriptions) > 1,
        hovermode="closest",
        meta={
            "alt": f"Converted of 100 inquiries by days since. {'; '.join(descriptions)}."
            if descriptions
            else "No inquiry to draw.",
            "narrow": {"height": 380},
        },
    )
    return figure


def _of(result: LeadConversionResult, group: Any) -> pd.DataFrame:
    same = [id is not None and id == group for id in result.curve["id"]]
    curve = result.curve[same]
    if curve.empty:
        raise UsageError(
            f"no curve of {group!r}: groups are given by the id in .table, and have a curve from {result.min_group} "
            "inquiries on"
        )
    return curve


def _area(
    figure: go.Figure, days: list[int], curve: pd.DataFrame, sides: tuple[str, str], fill: str, name: str
) -> None:
    for side, filled in zip(sides, ("none", "tonexty"), strict=True):
        figure.add_scatter(
            x=days,
            y=hundreds(curve[side]),
            mode="lines",
            line={"width": 0, "shape": "hv"},
            fill=filled,
            fillcolor=fill,
            legendgroup=name,
            showlegend=False,
            hoverinfo="skip",
        )


def conversion_cohorts(result: LeadConversionResult) -> go.Figure:
    """Months of creation by days since: how many of 100 were converted by then. What is not old enough has a mark."""
    cohorts = result.cohorts if result.cohorts is not None else pd.DataFrame()
    figure = empty()
    days = list(dict.fromkeys(int(day) for day in cohorts["days"]))
    months = list(dict.fromkeys(cohorts["name"]))
    cells = {(str(row.name), int(row.days)): row for row in rows_of(cohorts)}
    shown = [[_cell(cells[month, day], result.min_group) for day in days] for month in months]
    # two layers: what is measured, and what is not old enough
    for measured, scale in ((True, _SCALE), (False, [[0, _YOUNG], [1, _YOUNG]])):
        figure.add_heatmap(
            x=[f"{day} day" if day == 1 else f"{day} days" for day in days],
            y=months,
            z=[[value if measured else 1 if value is None else None for value, _, _ in row] for row in shown],
            text=[[text if (value is not None) == measured else "" for value, text, _ in row] for row in shown],
            customdata=[[hover for _, _, hover in row] for row in shown],
            texttemplate="%{text}",
            textfont={"color": _DARK, "size": 12},
            hovertemplate="%{customdata}<extra></extra>",
            colorscale=scale,
            zmin=0,
            showscale=False,
            xgap=2,
            ygap=2,
            hoverongaps=False,
        )
    figure.update_xaxes(
        side="top", showgrid=False, title={"text": "converted of 100, by days since the inquiry", "standoff": 8}
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_layout(
        height=ROW * len(months) + 120,
        meta={"alt": _cohorts_in_words(cohorts), "narrow": {"height": ROW * len(months) + 120}},
    )
    return figure


def _cell(row: Any, min_group: int) -> tuple[float | None, str, str]:
    """Return the colour, the text and the hover text of a cell."""
    head = f"<b>{escape(str(row.name))}</b>, {int(row.days)} days: "
    if not row.mature:
        return None, "·", f"{head}not old enough, or read in part"
    if row.inquiries < min_group:
        return None, "few", f"{head}too few to tell ({int(row.inquiries):,})"
    low, high = 100 * float(row.share_lower), 100 * float(row.share_upper)
    return (
        (low + high) / 2,
        span(row.share_lower, row.share_upper),
        f"{head}{per_hundred(row)}, {int(row.inquiries):,} inquiries",
    )


def _cohorts_in_words(cohorts: pd.DataFrame) -> str:
    measured = cohorts[cohorts["mature"] & (cohorts["days"] == 30) & (cohorts["inquiries"] > 0)]
    if measured.empty:
        return "No month is old enough to be shown."
    shares = measured["share_lower"].to_numpy(dtype=float)
    best, worst = measured.iloc[int(shares.argmax())], measured.iloc[int(shares.argmin())]
    low, high = (span(month.share_lower, month.share_upper) for month in (worst, best))
    return (
        "Months by days since the inquiry. After 30 days the months lie between "
        f"{low} ({worst['name']}) and {high} of 100 ({best['name']})."
    )


def dismissal_reasons(result: LeadConversionResult) -> go.Figure:
    """Why leads were dismissed, the most frequent first; grey ones are left out of the analysis."""
    reasons = result.reasons.iloc[:_MOST_REASONS]
    figure = empty()
    figure.add_bar(
        x=reasons["leads"].astype(int).tolist(),
        y=list(range(len(reasons))),
        orientation="h",
        marker={"color": [SHADE if gone else COLOURS["higher"] for gone in reasons["left_out"]], "line": {"width": 0}},
        text=[f"{count:,}" for count in reasons["leads"]],
        textposition="outside",
        textfont={"color": TEXT},
        cliponaxis=False,
        hovertext=[
            f"<b>{escape(str(row.name))}</b><br>{span(row.share, row.share)} of 100 dismissed leads"
            for row in rows_of(reasons)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(
        title={"text": "dismissed leads", "standoff": 8}, side="top", gridcolor=GRID, rangemode="tozero"
    )
    figure.update_layout(bargap=0.3)
    first = ", ".join(f"{row.name} {int(row.leads):,}" for row in rows_of(reasons.iloc[:3]))
    alt = f"Reasons for dismissal, the most frequent first: {first}." if first else "No lead was dismissed."
    return name_rows(figure, reasons["name"], alt=alt)
