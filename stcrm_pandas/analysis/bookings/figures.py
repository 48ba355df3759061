"""Figures of booking sources: outcomes, speed, when bookings come in, and where jobs are lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stcrm_pandas.analysis.base.format import format_hour, format_percent, format_range, format_share
from stcrm_pandas.analysis.base.names import WEEKDAYS, sort_rule
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.charts.base import (
    COLORS,
    NARROW_ROW,
    SHADE,
    empty,
    hover,
    hundreds,
    lines,
    name_rows,
    short,
    top_axis,
)
from stcrm_pandas.charts.template import TEXT
from stcrm_pandas.output.printable import plural

__all__ = ["hours", "leakage", "outcomes", "speed", "weeks"]

# blues for jobs, yellow for what is open, orange for what was lost
_PARTS = (
    ("booked directly", ("job", "converted"), "#1f5f99"),
    ("lead booked", ("lead_won",), "#6aaae0"),
    ("lead open", ("lead_open", "lead_unknown"), "#e3c567"),
    ("new or accepted", ("new", "accepted", "unknown"), "#b9a24a"),
    ("lead lost", ("lead_lost",), "#f0b27f"),
    ("dismissed", ("dismissed",), "#d9772b"),
)
_STEPS = (
    ("booked", "booked", "#9cc7ec"),
    ("not canceled", "not_canceled", "#6aaae0"),
    ("completed", "completed", "#3b82c4"),
    ("with revenue", "above_zero", "#1d4b78"),
)
_SPANS = {15: ("15 minutes", "#8fbfe6"), 60: ("an hour", "#3b82c4"), 1440: ("a day", "#1d4b78")}
_BLUES = [[0.0, "rgba(59,130,196,0.04)"], [0.5, "rgba(59,130,196,0.55)"], [1.0, "rgb(23,74,122)"]]
_MOST_MONDAYS = 26
_MOST_WEEKS_OF = 6


def outcomes(result: BookingSourcesResult) -> go.Figure:
    """Return the outcomes of the bookings in each group, in percent."""
    table = result.table[result.table["bookings"] > 0].reset_index(drop=True)
    figure = empty()
    for label, columns, color in _PARTS:
        counts = table[list(columns)].sum(axis=1)
        if not counts.sum():
            continue
        white = color == "#1f5f99"
        texts = [format_percent(share) if share >= 0.06 else "" for share in counts / table["bookings"]]
        font = {"color": "#ffffff" if white else "#16202b", "size": 12}
        inside = {"textposition": "inside", "insidetextanchor": "middle", "textangle": 0, "textfont": font}
        _bars(figure, table, counts, label, color, y=list(table.index), text=texts, **inside)
    figure.update_layout(barmode="stack", bargap=0.3, legend={"traceorder": "normal"})
    top_axis(figure, "bookings", range=[0, 100], ticksuffix="%")
    alt = "What became of bookings by group."
    if len(table):
        best = table.sort_values("interval_low", ascending=False)
        top, last = best.iloc[0], (best[best["enough"]] if best["enough"].any() else best).iloc[-1]
        alt += f" {top['name']}: {format_share(top)} became jobs; {last['name']}: {format_share(last)}."
    return _rows(figure, table["name"], alt, 34, result)


def speed(result: BookingSourcesResult) -> go.Figure:
    """Return the shares still new after 15 minutes, an hour, a day: from the certain to the possible share."""
    table = result.speed[result.speed["n"] > 0]
    names = list(dict.fromkeys(table["name"]))
    figure = empty()
    for step, (minutes, (span, color)) in enumerate(_SPANS.items()):
        rows = table[table["minutes"] == minutes]
        at = [names.index(name) + 0.24 * (step - 1) for name in rows["name"]]
        texts = [
            hover(
                row.name, f"still new after {span}: {format_share(row)}", f"not known of {row.not_known:,} of {row.n:,}"
            )
            for row in rows_of(rows)
            for _ in range(3)
        ]
        shown: dict[str, Any] = {"mode": "lines+markers", "marker": {"color": color, "size": 8}, "text": texts}
        shown |= {"showlegend": None, "hoverinfo": None, "hovertemplate": "%{text}<extra></extra>"}
        shown["name"] = f"after {span}"
        lines(figure, hundreds(rows["share_lower"]), hundreds(rows["share_upper"]), at, color=color, width=7, **shown)
    top_axis(figure, "bookings still new", range=[0, 102], ticksuffix="%")
    every = result.overall.iloc[0]
    alt = "Bookings still new after 15 minutes, an hour and a day, by group."
    if every["aged_hour"]:
        lower, upper = (float(every[f"new_{side}_hour"] / every["aged_hour"]) for side in ("lower", "upper"))
        alt += f" After an hour, {format_range(lower, upper)} of all bookings are still new."
    return _rows(figure, names, alt, 44, result)


def hours(result: BookingSourcesResult) -> go.Figure:
    """Return the bookings in each hour of the week, over how many such hours there were."""
    table = result.hours
    by_day = [part for _, part in table.groupby("weekday")]
    figure = empty()
    figure.add_heatmap(
        z=[[None if pd.isna(rate) else float(rate) for rate in part["per_hour"]] for part in by_day],
        x=list(range(24)),
        y=[day[:3] for day in WEEKDAYS],
        colorscale=_BLUES,
        zmin=0,
        xgap=2,
        ygap=2,
        colorbar={"title": {"text": "per hour", "side": "right"}, "thickness": 10, "outlinewidth": 0, "nticks": 5},
        text=[[_hour_text(row) for row in rows_of(part)] for part in by_day],
        hovertemplate="%{text}<extra></extra>",
        hoverongaps=False,
    )
    labels = [format_hour(hour).replace(":00", "") for hour in range(0, 24, 3)]
    figure.update_xaxes(tickvals=list(range(0, 24, 3)), ticktext=labels, showgrid=False, side="top")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    busiest = table.fillna({"per_hour": 0.0}).sort_values("per_hour", ascending=False).iloc[0]
    alt = (
        f"Bookings per hour by weekday and local hour. Most come in on {busiest['day']} at "
        f"{format_hour(busiest['hour'])}: {busiest['per_hour']:.2f} in such an hour."
    )
    figure.update_layout(height=330, meta={"alt": alt, "narrow": {"height": 300}})
    return figure


def _hour_text(row: Any) -> str:
    rate = "no such hour" if pd.isna(row.per_hour) else f"{row.per_hour:.2f} bookings per hour"
    when = f"{row.day}, {format_hour(row.hour)}–{format_hour(row.hour + 1)}"
    return hover(when, rate, f"{row.bookings:,} in {plural(round(row.hours), 'such hour')}")


def weeks(result: BookingSourcesResult) -> go.Figure:
    """Return the bookings by week and source, each source with its own scale.

    Weeks that are only partly in the data are hatched. Orange marks times in which a source clearly sent
    nothing.
    """
    table = result.weeks
    totals = table.groupby("source")["bookings"].sum().sort_values(ascending=False)
    shown = list(totals.index[:_MOST_WEEKS_OF])
    figure = empty()
    rows, gap = max(len(shown), 1), 0.05
    height = (1 - gap * (rows - 1)) / rows
    for place, source in enumerate(shown):
        part = table[table["source"] == source]
        axis = "" if place == 0 else str(place + 1)
        top = 1 - place * (height + gap)
        complete = part["whole"].astype(bool).tolist()
        figure.add_bar(
            x=part["week"].dt.strftime("%Y-%m-%d").tolist(),
            y=part["bookings"].astype(int).tolist(),
            yaxis=f"y{axis}",
            showlegend=False,
            marker={
                "color": [COLORS["higher"] if full else SHADE for full in complete],
                "line": {"width": 0},
                "pattern": {"shape": ["" if full else "/" for full in complete], "fgcolor": TEXT, "size": 5},
            },
            customdata=["" if full else " (only partly in the data)" for full in complete],
            hovertemplate=hover(source, "week of %{x|%b %d, %Y}: %{y:,}%{customdata}<extra></extra>"),
        )
        domain = {"domain": [max(top - height, 0), top - 0.14 * height], "rangemode": "tozero", "nticks": 3}
        figure.update_layout({f"yaxis{axis}": {**domain, "anchor": "x"}})
        for row in rows_of(result.silences[result.silences["source"] == source]):
            figure.add_shape(
                type="rect",
                xref="x",
                yref=f"y{axis} domain",
                x0=f"{row.since:%Y-%m-%d %H:%M}",
                x1=f"{row.until:%Y-%m-%d %H:%M}",
                y0=0,
                y1=1,
                fillcolor=COLORS["lower"],
                line={"width": 1, "color": COLORS["lower"]},
                opacity=0.5,
                layer="below",
            )
        at = {"xref": "paper", "yref": "paper", "x": 0, "y": top, "xanchor": "left", "yanchor": "top"}
        figure.add_annotation(text=escape(short(str(source))), showarrow=False, font={"size": 12}, **at)
    last = "y" if rows == 1 else f"y{rows}"
    figure.update_xaxes(type="date", showgrid=False, anchor=last, **_week_ticks(table["week"].unique()))
    if result.period is not None:
        # weeks begin on the Monday before the period
        begins = result.period.first - dt.timedelta(days=7)
        figure.update_xaxes(range=[f"{begins}", f"{result.period.end}"])
    gaps = [
        f"{row.source} sent no bookings from {row.since:%b %d, %Y} to {row.until:%b %d, %Y}."
        for row in rows_of(result.silences.head(3))
    ]
    alt = " ".join([f"{int(totals[shown].sum()):,} bookings by week for {plural(len(shown), 'source')}.", *gaps])
    note = "Sorted by the number of bookings."
    if len(shown) < len(totals):
        note = f"The {len(shown)} sources with the most bookings, of {len(totals)}. {note}"
    meta = {"alt": alt, "note": note, "narrow": {"height": 60 + 95 * rows}}
    figure.update_layout(height=60 + 105 * rows, bargap=0.15, meta=meta)
    return figure


def _week_ticks(mondays: Any) -> dict[str, Any]:
    """Return the ticks of an axis of weeks: at most six Mondays, or each month once, at most twelve of them."""
    weeks = len(mondays)
    if weeks > _MOST_MONDAYS:
        return {"tickformat": "%b\n%Y", "dtick": f"M{-(-weeks // 52)}"}
    step = dt.timedelta(weeks=max(-(-weeks // 6), 1)) // dt.timedelta(milliseconds=1)
    first = {"tick0": f"{pd.Timestamp(mondays[0]):%Y-%m-%d}"} if weeks else {}
    return {"tickformat": "%b %-d\n%Y", "dtick": step, **first}


def leakage(result: BookingSourcesResult) -> go.Figure:
    """Return the shares of bookings that were booked, not canceled, completed, with revenue."""
    table = result.leakage[result.leakage["bookings"] > 0].reset_index(drop=True)
    figure = empty()
    for step, (label, column, color) in enumerate(_STEPS):
        at = [place + 0.2 * (step - 1.5) for place in table.index]
        _bars(figure, table, table[column], label, color, y=at, width=0.18)
    figure.update_layout(barmode="overlay")
    top_axis(figure, "bookings", rangemode="tozero", ticksuffix="%")
    total = table["bookings"].sum()
    alt = "From bookings to jobs with revenue, by group."
    if total:
        parts = ", ".join(f"{format_percent(table[column].sum() / total)} {label}" for label, column, _ in _STEPS)
        alt += f" Of all bookings: {parts}."
    return _rows(figure, table["name"], alt, 56, result)


def _bars(figure: go.Figure, table: pd.DataFrame, counts: pd.Series, label: str, color: str, **trace: Any) -> None:
    """Add one kind of bar, the percent of the bookings of each group."""
    cells = zip(table["name"], counts, table["bookings"], strict=True)
    figure.add_bar(
        orientation="h",
        x=hundreds(counts / table["bookings"]),
        name=label,
        marker={"color": color, "line": {"width": 0}},
        hovertext=[hover(name, f"{label}: {n:,} of {all:,} ({format_percent(n / all)})") for name, n, all in cells],
        hovertemplate="%{hovertext}<extra></extra>",
        **trace,
    )


def _rows(figure: go.Figure, names: Iterable[str], alt: str, bar: int, result: BookingSourcesResult) -> go.Figure:
    """Name the rows; on narrow screens the name is above its row."""
    note = sort_rule(result.by, "bookings", ranked="campaign" not in result.by or result.attribution.ranked)
    return name_rows(figure, names, alt=alt, note=note, row=bar, narrow=bar + NARROW_ROW - 20, shift=bar * 0.5 + 8)
