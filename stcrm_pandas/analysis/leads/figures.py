"""Figures of lead conversion: rates, months, the curve by days since an inquiry, cohorts, reasons for dismissal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stcrm_pandas.analysis.base.format import count_range, format_range, format_share
from stcrm_pandas.analysis.base.names import sort_rule
from stcrm_pandas.analysis.base.shares import extremes, rows_of
from stcrm_pandas.analysis.leads.result import LeadConversionResult
from stcrm_pandas.analysis.leads.tables import LAST_DAY
from stcrm_pandas.charts.base import (
    COLORS,
    SHADE,
    compared_shares,
    empty,
    hover,
    hundreds,
    name_rows,
    short,
    spans,
    top_axis,
)
from stcrm_pandas.charts.template import TEXT
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import plural

__all__ = ["cohorts", "curve", "months", "rates", "reasons"]

# colors and dashes that are easy to tell apart (Okabe and Ito)
_LINES = (
    ("#3b82c4", "59,130,196", "solid"),
    ("#d9772b", "217,119,43", "dash"),
    ("#009e73", "0,158,115", "dot"),
    ("#b07aa1", "176,122,161", "dashdot"),
    ("#a08a1c", "160,138,28", "longdash"),
)
# pale enough for dark text, on a dark page, too
_SCALE = [[0, "#eef4fa"], [1, "#7fb0de"]]
_YOUNG = [[0, "#d9dee4"], [1, "#d9dee4"]]
_DARK = "#16202b"
_MOST_REASONS = 12
_COHORT = 20  # pixels of a month
_NONE_OLD_ENOUGH = "No month is old enough to be shown."


def rates(result: LeadConversionResult) -> go.Figure:
    """Return each group's share: a thick line between its bounds, a thin one for its interval.

    The shaded band is all leads together.
    """
    units = "leads" if result.unit == "lead" else "inquiries"
    figure = compared_shares(
        result.table,
        result.comparisons["verdict"],
        _hover,
        title=f"{units} booked within {result.window_days} days",
        alt=_describe_rates(result),
        note=sort_rule(result.by, units),
    )
    overall = result.overall.iloc[0]
    if result.by and overall["mature"]:
        low, high = (100 * float(overall[name]) for name in ("share_lower", "share_upper"))
        figure.add_vrect(x0=low, x1=high, fillcolor=SHADE, line={"width": 1, "color": SHADE}, layer="below")
    return figure


def months(result: LeadConversionResult) -> go.Figure:
    """Return the share by month of creation, and below it how many leads came in.

    Months that are too recent or only partly in the data are hatched. Months with too few inquiries have no share.
    """
    months = result.months if result.months is not None else result.table.iloc[:0].assign(whole=False)
    figure = empty()
    for complete, color in ((True, COLORS["higher"]), (False, COLORS["too few"])):
        rows = months[(months["whole"] == complete) & months["enough"]]
        at = [f"{month}-01" for month in rows["id"]]
        spans(figure, rows, _hover, color=color, at=at, vertical=True, showlegend=False)
    figure.add_bar(
        x=[f"{month}-01" for month in months["id"]],
        y=months["inquiries"].astype(int).tolist(),
        yaxis="y2",
        marker={
            "color": [COLORS["higher"] if complete else SHADE for complete in months["whole"]],
            "opacity": 0.55,
            "line": {"width": 0},
            "pattern": {
                "shape": ["" if complete else "/" for complete in months["whole"]],
                "fgcolor": TEXT,
                "size": 5,
                "solidity": 0.5,
            },
        },
        showlegend=False,
        hovertemplate="%{x|%b %Y}: %{y:,} came in<extra></extra>",
    )
    clear = months.loc[months["enough"], "interval_high"]
    top = 1.1 * max([5.0, *hundreds(clear)]) if len(clear) else 100.0
    figure.update_xaxes(
        type="date",
        tickformat="%b\n%Y",
        dtick=f"M{max(-(-len(months) // 12), 1)}",  # each month at most once, and at most twelve of them
        showgrid=False,
        anchor="y2",
        ticklabelmode="instant",
    )
    shares = {"domain": [0.34, 1], "range": [0, min(top, 102)], "ticksuffix": "%"}
    counts = {"domain": [0, 0.24], "rangemode": "tozero", "nticks": 4, "title": {"text": "came in"}}
    figure.update_layout(
        height=430,
        bargap=0.35,
        yaxis={**shares, "title": {"text": f"booked within {result.window_days} days"}},
        yaxis2=counts,
        meta={"alt": _describe_months(months), "narrow": {"height": 380}},
    )
    return figure


def _describe_rates(result: LeadConversionResult) -> str:
    clear = [
        f"{row.name} {row.verdict}"
        + (" (but not by all of its opportunities)" if row.id in result.disagreements else "")
        for row in rows_of(result.comparisons)
        if row.verdict in ("higher", "lower")
    ]
    row = result.overall.iloc[0]
    overall = f"All together {format_share(row)}" if row["mature"] else "No inquiry is old enough"
    return (
        f"Share booked within {result.window_days} days, a row per group. {overall}. "
        f"Clearly different: {', '.join(clear) or 'none'}."
    )


def _describe_months(months: pd.DataFrame) -> str:
    measured = months[months["whole"] & months["enough"]]
    if measured.empty:
        return _NONE_OLD_ENOUGH
    return (
        f"Share booked by month of creation, from {measured['name'].iloc[0]} to {measured['name'].iloc[-1]}: "
        f"between {_describe_extremes(measured, format_share)}."
    )


def _describe_extremes(months: pd.DataFrame, describe: Callable[[Any], str]) -> str:
    worst, best = extremes(months, "share_lower")
    return f"{describe(worst)} in {worst['name']} and {describe(best)} in {best['name']}"


def _range(row: Any) -> str:
    return format_range(row.share_lower, row.share_upper)


def _hover(row: Any) -> str:
    count = f"{count_range(row.within_lower, row.within_upper)} of {int(row.mature):,}"
    return hover(row.name, format_share(row), count)


def curve(result: LeadConversionResult, groups: Sequence[Any] = ()) -> go.Figure:
    """Return the share converted by each day, as a band between its bounds and a paler one for the 95% limits.

    Days on which fewer than `min_group` inquiries are still in view are left out.
    """
    if len(groups) > len(_LINES):
        raise UsageError(f"at most {len(_LINES)} groups fit in one figure")
    chosen = [_curve_of(result, group) for group in groups] or [result.curve[result.curve["overall"]]]
    figure, descriptions = empty(), []
    for curve, (color, channels, dash) in zip(chosen, _LINES, strict=False):
        least = min(result.min_group, int(curve["at_risk"].iloc[0]))
        drawn = curve[curve["share_lower"].notna() & (curve["at_risk"] >= least)]
        if drawn.empty:
            continue
        name = escape(short(str(drawn["name"].iloc[0])))
        line: dict[str, Any] = {"x": drawn["day"].astype(int).tolist(), "mode": "lines", "legendgroup": name}
        for kind, opacity in (("interval", 0.10), ("share", 0.35)):
            sides = ("low", "high") if kind == "interval" else ("lower", "upper")
            for side, fill in zip(sides, ("none", "tonexty"), strict=True):
                figure.add_scatter(
                    **line,
                    y=hundreds(drawn[f"{kind}_{side}"]),
                    line={"width": 0, "shape": "hv"},
                    fill=fill,
                    fillcolor=f"rgba({channels},{opacity:.2f})",
                    showlegend=False,
                    hoverinfo="skip",
                )
        figure.add_scatter(
            **line,
            y=hundreds((drawn["share_lower"] + drawn["share_upper"]) / 2),
            line={"color": color, "width": 2.5, "dash": dash, "shape": "hv"},
            name=name,
            text=[f"<b>{name}</b><br>by day {row.day}: {format_share(row)}" for row in rows_of(drawn)],
            hovertemplate="%{text}<extra></extra>",
        )
        days = [f"{_range(row)} by day {row.day}" for row in rows_of(drawn[drawn["day"].isin([1, 7, 30, 90])])]
        descriptions.append(f"{drawn['name'].iloc[0]}: {', '.join(days)}")
    figure.update_xaxes(
        title={"text": "days since the inquiry", "standoff": 8}, range=[0, LAST_DAY], tickvals=[1, 7, 30, 60, 90, 120]
    )
    figure.update_yaxes(title={"text": "booked by then"}, ticksuffix="%", rangemode="tozero")
    alt = f"Inquiries booked by days since. {'; '.join(descriptions)}." if descriptions else "No inquiry to draw."
    figure.update_layout(
        height=420,
        legend={"y": -0.22},
        showlegend=len(descriptions) > 1,
        hovermode="closest",
        meta={"alt": alt, "narrow": {"height": 380}},
    )
    return figure


def _curve_of(result: LeadConversionResult, group: Any) -> pd.DataFrame:
    curve = result.curve[[id is not None and id == group for id in result.curve["id"]]]
    if curve.empty:
        raise UsageError(
            f"no curve for {group!r}: use an id from .table; a curve needs at least {result.min_group} inquiries"
        )
    return curve


def cohorts(result: LeadConversionResult) -> go.Figure:
    """Return the share converted by month of creation and days since; a dot where the month is too young."""
    cohorts = result.cohorts if result.cohorts is not None else pd.DataFrame()
    days = list(dict.fromkeys(int(day) for day in cohorts["days"]))
    months = list(dict.fromkeys(cohorts["name"]))
    cells = {(str(row.name), int(row.days)): _cell(row, result.min_group) for row in rows_of(cohorts)}
    shown = [[cells[month, day] for day in days] for month in months]
    figure = empty()
    # two layers: what is measured, and what is too young
    for measured, scale in ((True, _SCALE), (False, _YOUNG)):
        figure.add_heatmap(
            x=[plural(day, "day") for day in days],
            y=months,
            z=[[value if measured else 1 if value is None else None for value, _, _ in row] for row in shown],
            text=[[text if (value is not None) == measured else "" for value, text, _ in row] for row in shown],
            customdata=[[hover_text for _, _, hover_text in row] for row in shown],
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
    top_axis(figure, "booked, by days since the inquiry", showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    height = _COHORT * len(months) + 120
    figure.update_layout(height=height, meta={"alt": _describe_cohorts(cohorts), "narrow": {"height": height}})
    return figure


def _cell(row: Any, min_group: int) -> tuple[float | None, str, str]:
    """Return the value, the text and the hover text of a cell."""
    head = f"<b>{escape(str(row.name))}</b>, {plural(row.days, 'day')}: "
    if not row.mature:
        return None, "·", f"{head}too recent, or only partly in the data"
    if row.inquiries < min_group:
        return None, "few", f"{head}too few to tell ({int(row.inquiries):,})"
    middle = (100 * float(row.share_lower) + 100 * float(row.share_upper)) / 2
    return middle, _range(row), f"{head}{format_share(row)}, {plural(row.inquiries, 'inquiry', 'inquiries')}"


def _describe_cohorts(cohorts: pd.DataFrame) -> str:
    measured = cohorts[cohorts["mature"] & (cohorts["days"] == 30) & (cohorts["inquiries"] > 0)]
    if measured.empty:
        return _NONE_OLD_ENOUGH
    return (
        f"Months by days since the inquiry. Converted within 30 days: between {_describe_extremes(measured, _range)}."
    )


def reasons(result: LeadConversionResult) -> go.Figure:
    """Return why leads were dismissed, the most frequent first; grey ones are left out of the analysis."""
    reasons = result.reasons.iloc[:_MOST_REASONS]
    figure = empty()
    figure.add_bar(
        x=reasons["leads"].astype(int).tolist(),
        y=list(range(len(reasons))),
        orientation="h",
        marker={"color": [SHADE if gone else COLORS["higher"] for gone in reasons["left_out"]], "line": {"width": 0}},
        text=[f"{count:,}" for count in reasons["leads"]],
        textposition="outside",
        textfont={"color": TEXT},
        cliponaxis=False,
        hovertext=[
            hover(row.name, f"{format_range(row.share, row.share)} of dismissed leads") for row in rows_of(reasons)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    top_axis(figure, "dismissed leads", rangemode="tozero")
    figure.update_layout(bargap=0.3)
    first = ", ".join(f"{row.name} {int(row.leads):,}" for row in rows_of(reasons.iloc[:3]))
    alt = f"Reasons for dismissal, the most frequent first: {first}." if first else "No lead was dismissed."
    note = "Sorted by the number of dismissed leads."
    if len(reasons) < len(result.reasons):
        note = f"The {len(reasons)} most frequent of {len(result.reasons)}. {note}"
    return name_rows(figure, reasons["name"], alt=alt, note=note)
