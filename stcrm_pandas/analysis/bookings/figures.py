"""Figures of booking sources: what became of them, how soon, when they come in, and where jobs are lost."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stcrm_pandas.analysis.base.format import per_hundred, span, whole_percent
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.bookings.groups import WEEKDAYS
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.charts.base import (
    COLOURS,
    GRID,
    NARROW_ROW,
    SHADE,
    TEXT,
    empty,
    hundreds,
    name_rows,
    segments,
    short,
)

__all__ = ["hours", "leakage", "outcomes", "speed", "weeks"]

# From work to nothing: blues for what became work, yellow for what is open, orange and grey for what did not.
_PARTS = (
    ("booked directly", ("job", "converted"), "#1f5f99"),
    ("lead that was won", ("lead_won",), "#6aaae0"),
    ("lead, open", ("lead_open", "lead_unknown"), "#e3c567"),
    ("new or accepted", ("new", "accepted", "unknown"), "#b9a24a"),
    ("lead, lost", ("lead_lost",), "#f0b27f"),
    ("dismissed", ("dismissed",), "#d9772b"),
)
_STEPS = (
    ("booked", "booked"),
    ("not canceled", "not_canceled"),
    ("completed", "completed"),
    ("above zero", "above_zero"),
)
_SPAN_WORDS = {15: "15 minutes", 60: "an hour", 1440: "a day"}
_SPAN_COLOURS = {15: "#8fbfe6", 60: "#3b82c4", 1440: "#1d4b78"}
_BLUES = [[0.0, "rgba(59,130,196,0.04)"], [0.5, "rgba(59,130,196,0.55)"], [1.0, "rgb(23,74,122)"]]
_BAR = 34
_MOST_WEEKS_OF = 6


def outcomes(result: BookingSourcesResult) -> go.Figure:
    """What became of the bookings of each group, of 100."""
    table = result.table[result.table["bookings"] > 0].reset_index(drop=True)
    figure = empty()
    total = table["bookings"].astype(float)
    for words, columns, colour in _PARTS:
        counts = table[list(columns)].sum(axis=1).astype(float)
        if not counts.sum():
            continue
        share = 100 * counts / total
        figure.add_bar(
            orientation="h",
            y=list(table.index),
            x=share.tolist(),
            name=words,
            marker={"color": colour, "line": {"width": 0}},
            text=[f"{value:.0f}" if value >= 6 else "" for value in share],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "#ffffff" if colour in ("#1f5f99",) else "#16202b", "size": 12},
            hovertext=[
                f"<b>{escape(str(name))}</b><br>{words}: {count:,.0f} of {all:,.0f} ({part:.0f} of 100)"
                for name, count, all, part in zip(table["name"], counts, total, share, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.3, legend={"traceorder": "normal"})
    figure.update_xaxes(title={"text": "of 100 bookings", "standoff": 8}, range=[0, 100], side="top")
    best = table.sort_values("interval_low", ascending=False)
    alt = "What became of bookings by group."
    if len(best):
        top, last = best.iloc[0], best[best["enough"]].iloc[-1] if best["enough"].any() else best.iloc[-1]
        alt = (
            f"Bars of what became of bookings, of 100, by group. {top['name']}: {per_hundred(top)} became work; "
            f"{last['name']}: {per_hundred(last)}."
        )
    return _rows(figure, table["name"], alt)


def speed(result: BookingSourcesResult) -> go.Figure:
    """Still new after 15 minutes, an hour, a day: from those surely to those possibly."""
    table = result.speed[result.speed["n"] > 0]
    names = list(dict.fromkeys(table["name"]))
    place = {name: at for at, name in enumerate(names)}
    figure = empty()
    for step, (minutes, words) in enumerate(_SPAN_WORDS.items()):
        rows = table[table["minutes"] == minutes]
        at = [place[name] + 0.24 * (step - 1) for name in rows["name"]]
        low, high = hundreds(rows["share_lower"]), hundreds(rows["share_upper"])
        figure.add_scatter(
            x=segments(low, high),
            y=segments(at, at),
            mode="lines+markers",
            line={"color": _SPAN_COLOURS[minutes], "width": 7},
            marker={"color": _SPAN_COLOURS[minutes], "size": 8},
            name=f"after {words}",
            text=[
                text
                for row in rows_of(rows)
                for text in (
                    f"<b>{escape(str(row.name))}</b><br>still new after {words}: {per_hundred(row)}<br>not known of "
                    f"{int(row.not_known):,} of {int(row.n):,}",
                )
                * 3
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_xaxes(title={"text": "of 100 bookings, still new", "standoff": 8}, range=[0, 102], side="top")
    every = result.overall.iloc[0]
    alt = "Bookings still new after 15 minutes, an hour and a day, by group."
    if every["aged_hour"]:
        lower, upper = (float(every[f"new_{side}_hour"] / every["aged_hour"]) for side in ("lower", "upper"))
        alt += f" After an hour {span(lower, upper)} of 100 of all bookings are still new."
    return _rows(figure, pd.Series(names, dtype="str"), alt, bar=44)


def hours(result: BookingSourcesResult) -> go.Figure:
    """Bookings in each hour of the week, over how many such hours there were."""
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
    figure.update_xaxes(
        tickvals=list(range(0, 24, 3)), ticktext=[f"{hour} h" for hour in range(0, 24, 3)], showgrid=False, side="top"
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    busiest = table.sort_values("per_hour", ascending=False, na_position="last").iloc[0]
    alt = (
        f"Bookings per hour by weekday and local hour. Most come in on {busiest['day']} from {busiest['hour']} h: "
        f"{float(busiest['per_hour'] if not pd.isna(busiest['per_hour']) else 0):.2f} in such an hour."
    )
    figure.update_layout(height=330, meta={"alt": alt, "narrow": {"height": 300}})
    return figure


def _hour_text(row: Any) -> str:
    rate = "no such hour" if pd.isna(row.per_hour) else f"{row.per_hour:.2f} bookings per hour"
    return (
        f"<b>{row.day}, {row.hour:02}:00 to {row.hour:02}:59</b><br>{rate}<br>{row.bookings:,} in {row.hours:,.0f} "
        "such hours"
    )


def weeks(result: BookingSourcesResult) -> go.Figure:
    """Bookings by week and source, each source with its own scale.

    Weeks that were read in part are hatched; orange marks the time in which a source sent nothing, if that is clear.
    """
    table = result.weeks
    totals = table.groupby("source")["bookings"].sum().sort_values(ascending=False)
    shown = list(totals.index[:_MOST_WEEKS_OF])
    figure = empty()
    rows = max(len(shown), 1)
    gap = 0.05
    height = (1 - gap * (rows - 1)) / rows
    for place, source in enumerate(shown):
        part = table[table["source"] == source]
        axis = "" if place == 0 else str(place + 1)
        top = 1 - place * (height + gap)
        whole = part["whole"].astype(bool).tolist()
        figure.add_bar(
            x=part["week"].dt.strftime("%Y-%m-%d").tolist(),
            y=part["bookings"].astype(int).tolist(),
            yaxis=f"y{axis}",
            showlegend=False,
            marker={
                "color": [COLOURS["higher"] if full else SHADE for full in whole],
                "line": {"width": 0},
                "pattern": {"shape": ["" if full else "/" for full in whole], "fgcolor": TEXT, "size": 5},
            },
            customdata=["" if full else " (read in part)" for full in whole],
            hovertemplate=f"<b>{escape(str(source))}</b><br>"
            "week of %{x|%d %b %Y}: %{y:,}%{customdata}<extra></extra>",
        )
        figure.update_layout(
            {
                f"yaxis{axis}": {
                    "domain": [max(top - height, 0), top - 0.14 * height],
                    "rangemode": "tozero",
                    "nticks": 3,
                    "gridcolor": GRID,
                    "anchor": "x",
                }
            }
        )
        for row in rows_of(result.silences[result.silences["source"] == source]):
            figure.add_shape(
                type="rect",
                xref="x",
                yref=f"y{axis} domain",
                x0=f"{row.since:%Y-%m-%d %H:%M}",
                x1=f"{row.until:%Y-%m-%d %H:%M}",
                y0=0,
                y1=1,
                fillcolor=COLOURS["lower"],
                line={"width": 1, "color": COLOURS["lower"]},
                opacity=0.5,
                layer="below",
            )
        figure.add_annotation(
            text=escape(short(str(source))),
            xref="paper",
            yref="paper",
            x=0,
            y=top,
            xanchor="left",
            yanchor="top",
            showarrow=False,
            font={"size": 12},
        )
    last = "y" if rows == 1 else f"y{rows}"
    figure.update_xaxes(type="date", tickformat="%b\n%Y", showgrid=False, anchor=last)
    gaps = [
        f"{row.source} sent nothing from {row.since:%d %b %Y} to {row.until:%d %b %Y}."
        for row in rows_of(result.silences)
    ]
    alt = (
        f"Bookings by week for {len(shown)} sources, from {int(totals.sum()):,} bookings. {' '.join(gaps[:3])}".strip()
    )
    figure.update_layout(height=60 + 105 * rows, bargap=0.15, meta={"alt": alt, "narrow": {"height": 60 + 95 * rows}})
    return figure


def leakage(result: BookingSourcesResult) -> go.Figure:
    """Of 100 bookings: booked, not canceled, completed, above zero."""
    table = result.leakage[result.leakage["bookings"] > 0].reset_index(drop=True)
    figure = empty()
    shades = ("#9cc7ec", "#6aaae0", "#3b82c4", "#1d4b78")
    total = table["bookings"].astype(float)
    for step, ((words, column), colour) in enumerate(zip(_STEPS, shades, strict=True)):
        counts = table[column].astype(float)
        share = 100 * counts / total
        at = [place + 0.2 * (step - 1.5) for place in table.index]
        figure.add_bar(
            orientation="h",
            y=at,
            x=share.tolist(),
            width=0.18,
            name=words,
            marker={"color": colour, "line": {"width": 0}},
            hovertext=[
                f"<b>{escape(str(name))}</b><br>{words}: {count:,.0f} of {all:,.0f} bookings"
                for name, count, all in zip(table["name"], counts, total, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(title={"text": "of 100 bookings", "standoff": 8}, rangemode="tozero", side="top")
    sums = table[["bookings", *(column for _, column in _STEPS)]].sum()
    alt = "From booking to a job that brought something, by group."
    if sums["bookings"]:
        told = ", ".join(f"{whole_percent(sums[column] / sums['bookings'])} {words}" for words, column in _STEPS)
        alt += f" Of 100 bookings of all groups: {told}."
    return _rows(figure, table["name"], alt, bar=56)


def _rows(figure: go.Figure, names: pd.Series, alt: str, *, bar: int = _BAR) -> go.Figure:
    """A row for each name, its first on top; on narrow screens the name stands above its row."""
    return name_rows(figure, names, alt=alt, row=bar, narrow=bar + NARROW_ROW - 20, shift=bar * 0.5 + 8)
