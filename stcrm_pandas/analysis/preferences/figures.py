"""Figures of contact preferences: who is not blocked, what blocks the others, and by which channels together."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stcrm_pandas.analysis.base.format import per_hundred, span
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.preferences.groups import REASON_COLUMNS
from stcrm_pandas.analysis.preferences.reach import CHANNELS, PURPOSES, REASONS
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult
from stcrm_pandas.charts.base import (
    COLOURS,
    GRID,
    NARROW_ROW,
    ROW,
    above,
    empty,
    hundreds,
    name_rows,
    segments,
    spans,
)

__all__ = ["combinations", "groups", "reach", "reasons"]

_OF_PURPOSE = {"marketing": COLOURS["higher"], "service": COLOURS["lower"]}
# Told apart by their shapes, too.
_OF_CHANNEL = {
    "call": ("#3b82c4", "circle"),
    "text": ("#d9772b", "square"),
    "e-mail": ("#7c8a9a", "diamond"),
    "post": ("#9a6fb0", "triangle-up"),
}
_MOST_SETS = 12
_MOST_GROUPS = 20


def reach(result: ContactPreferencesResult) -> go.Figure:
    """Of 100 customers, how many are not blocked: a row for each purpose and channel.

    Thick from what is sure to what is possible, thin for the interval.
    """
    figure = empty()
    table = result.overall[result.overall["customers"] > 0]
    table = pd.concat([table[table["purpose"] == purpose] for purpose in reversed(PURPOSES)], ignore_index=True)
    names = [f"{row.purpose.capitalize()} by {row.channel}" for row in rows_of(table)]
    for purpose, colour in _OF_PURPOSE.items():
        rows = table[table["purpose"] == purpose]
        spans(figure, rows, colour=colour, name=purpose, hover=_hover)
    figure.update_xaxes(
        title={"text": "of 100, not blocked (texts: upper bound)", "standoff": 8}, range=[0, 101], side="top"
    )
    told = ", ".join(
        f"{span(row.share_lower, row.share_upper)} for {row.purpose} by {row.channel}" for row in rows_of(table)
    )
    alt = f"Of 100 customers, not blocked: {told}." if told else "There is no customer to show."
    return name_rows(figure, names, alt=alt)


def reasons(result: ContactPreferencesResult) -> go.Figure:
    """Of 100 customers, how many are blocked by what: a column for each purpose and channel, a row for each reason."""
    order = [(purpose, channel) for purpose in reversed(PURPOSES) for channel in CHANNELS]
    row_of = {(row.purpose, row.channel): row for row in rows_of(result.overall)}

    def count(one: tuple[str, str], name: str) -> int:
        return int(getattr(row_of[one], name)) if one in row_of else 0

    total = max((int(row.customers) for row in row_of.values()), default=0)
    kept = [pair for pair in zip(REASONS, REASON_COLUMNS, strict=True) if any(count(one, pair[1]) for one in order)]
    counts = [[count(one, name) for one in order] for _, name in kept]
    shares = [[100 * cell / max(total, 1) for cell in row] for row in counts]
    figure = empty()
    figure.add_heatmap(
        z=shares,
        customdata=[[f"{cell:,}" for cell in row] for row in counts],
        colorscale=[[0, "rgba(59,130,196,0)"], [1, "rgba(59,130,196,0.4)"]],
        zmin=0,
        zmax=max([20.0, *(share for row in shares for share in row)]),
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{customdata} customers<extra></extra>",
    )
    # As annotations the numbers take the colour of all text, on white and on black.
    numbers = [
        {"x": column, "y": place, "text": escape(_of_hundred(share)), "showarrow": False}
        for place, row in enumerate(shares)
        for column, share in enumerate(row)
        if share
    ]
    heads = [
        {
            "x": (len(CHANNELS) - 1) / 2 + place * len(CHANNELS),
            "y": 1,
            "yref": "paper",
            "yshift": 30,
            "yanchor": "bottom",
            "text": f"<b>{purpose}</b>",
            "showarrow": False,
        }
        for place, purpose in enumerate(reversed(PURPOSES))
    ]
    figure.update_layout(annotations=[*numbers, *heads])
    figure.add_vline(x=len(CHANNELS) - 0.5, line={"color": GRID, "width": 1})
    figure.update_xaxes(
        side="top",
        showgrid=False,
        ticks="",
        tickmode="array",
        tickvals=[*range(len(order))],
        ticktext=[one for _, one in order],
    )
    figure.update_yaxes(
        tickmode="array",
        tickvals=[*range(len(kept))],
        ticktext=[reason for reason, _ in kept],
        range=[len(kept) - 0.5, -0.5],
        showgrid=False,
        ticklabelstandoff=8,
    )
    figure.update_layout(
        height=34 * len(kept) + 110,
        margin={"t": 64},
        meta={
            "narrow": {
                "yaxis.showticklabels": False,
                "annotations": [
                    *(one | {"yshift": -8} for one in numbers),
                    *heads,
                    *(above(place, reason, 12) for place, (reason, _) in enumerate(kept)),
                ],
                "height": NARROW_ROW * len(kept) + 110,
            }
        },
    )
    most = max(zip(REASONS, REASON_COLUMNS, strict=True), key=lambda pair: count(("marketing", "text"), pair[1]))
    _say(
        figure,
        "A table of reasons by purpose and channel, in customers of 100. Marketing by text is most often blocked by: "
        f"{most[0]} ({_of_hundred(100 * count(('marketing', 'text'), most[1]) / max(total, 1))} of 100).",
    )
    return figure


def combinations(result: ContactPreferencesResult) -> go.Figure:
    """By which channels together marketing is not blocked: a bar for each set of channels, its dots below it.

    After A. Lex and others, "UpSet: Visualization of Intersecting Sets", IEEE TVCG 20 (2014).
    """
    sets = result.combinations[result.combinations["purpose"] == "marketing"].reset_index(drop=True)
    shown = sets.iloc[:_MOST_SETS]
    total = int(sets["customers"].sum())
    places = list(range(len(shown)))
    names = [_set_name(row) for _, row in shown.iterrows()]
    figure = empty()
    figure.add_bar(
        x=places,
        y=shown["customers"].astype(int).tolist(),
        marker={"color": COLOURS["higher"], "line": {"width": 0}},
        text=[escape(_of_hundred(100 * int(count) / max(total, 1))) for count in shown["customers"]],
        textposition="outside",
        cliponaxis=False,
        customdata=names,
        hovertemplate="%{customdata}: %{y:,} customers<extra></extra>",
        showlegend=False,
    )
    rows = {channel: len(CHANNELS) - 1 - place for place, channel in enumerate(CHANNELS)}
    every = [(place, row) for place in places for row in rows.values()]
    figure.add_scatter(
        x=[place for place, _ in every],
        y=[row for _, row in every],
        yaxis="y2",
        mode="markers",
        marker={"color": GRID, "size": 11},
        hoverinfo="skip",
        showlegend=False,
    )
    dots = [(place, [rows[one] for one in CHANNELS if row[one]]) for place, (_, row) in enumerate(shown.iterrows())]
    figure.add_scatter(
        x=[one for place, mine in dots for one in [*([place] * len(mine)), None]],
        y=[one for _, mine in dots for one in [*mine, None]],
        yaxis="y2",
        mode="lines+markers",
        line={"color": COLOURS["higher"], "width": 3},
        marker={"color": COLOURS["higher"], "size": 12},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_xaxes(showticklabels=False, showgrid=False, range=[-0.6, max(len(shown), 1) - 0.4], anchor="y2")
    figure.update_layout(
        height=420,
        bargap=0.35,
        yaxis={"domain": [0.42, 1], "rangemode": "tozero", "title": {"text": "customers"}, "gridcolor": GRID},
        yaxis2={
            "domain": [0, 0.34],
            "range": [-0.6, len(CHANNELS) - 0.4],
            "tickmode": "array",
            "tickvals": [*rows.values()],
            "ticktext": [*rows],
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
        },
        meta={"narrow": {"height": 380, "yaxis.title.text": ""}},
    )
    figure.update_yaxes(ticklabelstandoff=6)
    told = ", ".join(
        f"{name} {_of_hundred(100 * int(count) / max(total, 1))}"
        for name, count in zip(names, shown["customers"], strict=True)
    )
    _say(figure, f"Of 100 customers, marketing is not blocked by: {told}." if told else "There is no customer to show.")
    return figure


def groups(result: ContactPreferencesResult) -> go.Figure:
    """Of 100 customers of each group, how many are not blocked for marketing, a mark for each channel."""
    table = result.table[(result.table["purpose"] == "marketing") & (result.table["customers"] > 0)]
    names = list(dict.fromkeys(table["name"]))[:_MOST_GROUPS]
    place_of = {name: place for place, name in enumerate(names)}
    figure = empty()
    for number, channel in enumerate(CHANNELS):
        colour, symbol = _OF_CHANNEL[channel]
        rows = table[(table["channel"] == channel) & table["name"].isin(names)]
        across = [place_of[name] + 0.14 * (number - 1.5) for name in rows["name"]]
        figure.add_scatter(
            x=segments(hundreds(rows["interval_low"]), hundreds(rows["interval_high"])),
            y=segments(across, across),
            mode="lines",
            line={"color": colour, "width": 1.5},
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=hundreds(rows["share_lower"]),
            y=across,
            mode="markers",
            marker={
                "color": colour,
                "size": 10,
                "symbol": symbol,
                "opacity": [1.0 if enough else 0.45 for enough in rows["enough"]],
            },
            name=channel,
            text=[_hover(row) for row in rows_of(rows)],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_xaxes(title={"text": "of 100, not blocked for marketing", "standoff": 8}, range=[0, 101], side="top")
    texts = table[(table["channel"] == "text") & table["name"].isin(names)]
    told = ", ".join(f"{row.name} {span(row.share_lower, row.share_upper)}" for row in rows_of(texts))
    alt = f"Of 100 customers, not blocked for marketing by text: {told}." if told else "There is no group."
    return name_rows(figure, names, alt=alt, row=ROW + 8, narrow=NARROW_ROW + 8)


def _of_hundred(share: float) -> str:
    return "<1" if 0 < share < 0.5 else f"{share:.0f}"


def _say(figure: go.Figure, alt: str) -> None:
    figure.update_layout(meta={**(figure.layout.meta or {}), "alt": alt})


def _hover(row: Any) -> str:
    lower, upper = int(row.lower), int(row.upper)
    count = f"{lower:,}" if lower == upper else f"{lower:,} to {upper:,}"
    head = f"<b>{escape(str(row.name))}</b><br>{row.purpose.capitalize()} by {row.channel}"
    return f"{head}: {per_hundred(row)}<br>{count} of {int(row.customers):,}"


def _set_name(row: pd.Series) -> str:
    return " and ".join(channel for channel in CHANNELS if row[channel]) or "nothing"
