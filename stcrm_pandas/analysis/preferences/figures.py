"""Figures of contact preferences: who is not blocked, what blocks the others, and by which channels together."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stcrm_pandas.analysis.base.format import count_range, format_percent, format_range, format_share
from stcrm_pandas.analysis.base.names import sort_rule
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.preferences.groups import REASON_COLUMNS
from stcrm_pandas.analysis.preferences.owners import REASONS
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult
from stcrm_pandas.charts.base import (
    COLORS,
    NARROW_ROW,
    ROW,
    above,
    empty,
    hover,
    hundreds,
    lines,
    name_rows,
    spans,
    top_axis,
)
from stcrm_pandas.charts.template import GRID
from stcrm_pandas.frame.customers import CHANNELS, PURPOSES

__all__ = ["combinations", "groups", "reach", "reasons"]

_OF_PURPOSE = {"marketing": COLORS["higher"], "service": COLORS["lower"]}
# Different shapes, too.
_OF_CHANNEL = {
    "call": ("#3b82c4", "circle"),
    "text": ("#d9772b", "square"),
    "e-mail": ("#7c8a9a", "diamond"),
    "mail": ("#9a6fb0", "triangle-up"),
}
_MOST_SETS = 12
_MOST_GROUPS = 12


def reach(result: ContactPreferencesResult) -> go.Figure:
    """Return the shares of customers not blocked: a row for each purpose and channel."""
    figure = empty()
    table = result.overall[result.overall["customers"] > 0]
    table = pd.concat([table[table["purpose"] == purpose] for purpose in reversed(PURPOSES)], ignore_index=True)
    for purpose, color in _OF_PURPOSE.items():
        spans(figure, table[table["purpose"] == purpose], _hover, color=color, name=purpose)
    top_axis(figure, "customers not blocked (texts: upper bound)", range=[0, 101], ticksuffix="%")
    names = [f"{row.purpose} by {row.channel}" for row in rows_of(table)]
    shares = [format_range(row.share_lower, row.share_upper) for row in rows_of(table)]
    listed = ", ".join(f"{share} for {name}" for name, share in zip(names, shares, strict=True))
    alt = f"Customers not blocked: {listed}." if names else "There are no customers."
    note = "In a fixed order: marketing, then service."
    return name_rows(figure, map(str.capitalize, names), alt=alt, note=note)


def reasons(result: ContactPreferencesResult) -> go.Figure:
    """Return the shares of customers blocked: a column for each purpose and channel, a row for each reason."""
    order = [(purpose, channel) for purpose in reversed(PURPOSES) for channel in CHANNELS]
    table = result.overall.set_index(["purpose", "channel"]).reindex(order)
    counts = table[[*REASON_COLUMNS]].fillna(0).astype(int).T.set_axis([*REASONS])
    total = max(int(result.overall["customers"].max()), 1)
    kept = counts[counts.any(axis=1)]
    shares = kept / total
    figure = empty()
    figure.add_heatmap(
        z=(100 * shares).to_numpy().tolist(),
        customdata=[[f"{cell:,}" for cell in row] for row in kept.to_numpy()],
        colorscale=[[0, "rgba(59,130,196,0)"], [1, "rgba(59,130,196,0.4)"]],
        zmin=0,
        zmax=max(20.0, 100 * float(shares.to_numpy().max(initial=0))),
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{customdata} customers<extra></extra>",
    )
    # annotations have the color of all text, on white and on black
    numbers = [
        {"x": column, "y": place, "text": _percent(share), "showarrow": False}
        for place, row in enumerate(shares.to_numpy())
        for column, share in enumerate(row)
        if share
    ]
    heads = [
        {"x": 1.5 + 4 * place, "y": 1, "yref": "paper", "yshift": 30, "yanchor": "bottom", "text": f"<b>{purpose}</b>"}
        | {"showarrow": False}
        for place, purpose in enumerate(reversed(PURPOSES))
    ]
    figure.add_vline(x=len(CHANNELS) - 0.5, line={"color": GRID, "width": 1})
    note = "In the order in which reasons are checked: the first that applies counts."
    name_rows(figure, kept.index, alt="", note=note, row=34, shift=12)
    figure.update_xaxes(side="top", showgrid=False, ticks="", tickvals=[*range(8)], ticktext=[*CHANNELS] * 2)
    most = counts["marketing", "text"]
    alt = "Reasons by purpose and channel, in percent of customers. Marketing by text is most often blocked by: "
    alt += f"{most.idxmax()} ({format_percent(most.max() / total)})."
    rows = [above(place, reason, 12) for place, reason in enumerate(kept.index)]
    narrow = figure.layout.meta["narrow"] | {
        "annotations": [*(number | {"yshift": -8} for number in numbers), *heads, *rows]
    }
    figure.update_layout(
        annotations=[*numbers, *heads], margin={"t": 64}, meta={"alt": alt, "note": note, "narrow": narrow}
    )
    return figure


def combinations(result: ContactPreferencesResult) -> go.Figure:
    """Return by which channels together marketing is not blocked: a bar for each set of channels, its dots below it.

    After A. Lex and others, "UpSet: Visualization of Intersecting Sets", IEEE TVCG 20 (2014).
    """
    sets = result.combinations[result.combinations["purpose"] == "marketing"].reset_index(drop=True)
    shown = sets.iloc[:_MOST_SETS]
    within = shown[[*CHANNELS]].to_numpy(dtype=bool)
    names = [
        " and ".join(name for name, here in zip(CHANNELS, row, strict=True) if here) or "nothing" for row in within
    ]
    percent = [_percent(int(count) / max(int(sets["customers"].sum()), 1)) for count in shown["customers"]]
    places = [*range(len(shown))]
    figure = empty()
    figure.add_bar(
        x=places,
        y=shown["customers"].astype(int).tolist(),
        marker={"color": COLORS["higher"], "line": {"width": 0}},
        text=percent,
        textposition="outside",
        cliponaxis=False,
        customdata=names,
        hovertemplate="%{customdata}: %{y:,} customers<extra></extra>",
        showlegend=False,
    )
    heights = [*reversed(range(len(CHANNELS)))]
    dots = [(place, [y for y, here in zip(heights, row, strict=True) if here]) for place, row in enumerate(within)]
    for points, mode, color, size in (
        ([(place, heights) for place in places], "markers", GRID, 11),
        (dots, "lines+markers", COLORS["higher"], 12),
    ):
        figure.add_scatter(
            x=[x for place, mine in points for x in [*([place] * len(mine)), None]],
            y=[y for _, mine in points for y in [*mine, None]],
            yaxis="y2",
            mode=mode,
            line={"color": color, "width": 3},
            marker={"color": color, "size": size},
            hoverinfo="skip",
            showlegend=False,
        )
    listed = ", ".join(f"{name} {share}" for name, share in zip(names, percent, strict=True))
    alt = f"Customers whose marketing is not blocked by: {listed}." if names else "There are no customers."
    note = "Sorted by the number of customers."
    if len(shown) < len(sets):
        note = f"The {len(shown)} most frequent of {len(sets)} combinations. {note}"
    figure.update_xaxes(showticklabels=False, showgrid=False, range=[-0.6, max(len(shown), 1) - 0.4], anchor="y2")
    figure.update_layout(
        height=420,
        bargap=0.35,
        yaxis={"domain": [0.42, 1], "rangemode": "tozero", "title": {"text": "customers"}},
        yaxis2={"domain": [0, 0.34], "range": [-0.6, len(CHANNELS) - 0.4], "tickvals": heights, "ticktext": CHANNELS}
        | {"showgrid": False, "zeroline": False, "automargin": True},
        meta={"alt": alt, "note": note, "narrow": {"height": 380, "yaxis.title.text": ""}},
    )
    figure.update_yaxes(ticklabelstandoff=6)
    return figure


def groups(result: ContactPreferencesResult) -> go.Figure:
    """Return the shares of customers of each group not blocked for marketing, a mark for each channel."""
    table = result.table[(result.table["purpose"] == "marketing") & (result.table["customers"] > 0)]
    every = list(dict.fromkeys(table["name"]))
    names = every[:_MOST_GROUPS]
    table = table[table["name"].isin(names)]
    figure = empty()
    for number, (channel, (color, symbol)) in enumerate(_OF_CHANNEL.items()):
        rows = table[table["channel"] == channel]
        at = [names.index(name) + 0.14 * (number - 1.5) for name in rows["name"]]
        lines(figure, hundreds(rows["interval_low"]), hundreds(rows["interval_high"]), at, color=color, width=1.5)
        opacity = [1.0 if enough else 0.45 for enough in rows["enough"]]
        figure.add_scatter(
            x=hundreds(rows["share_lower"]),
            y=at,
            mode="markers",
            marker={"color": color, "size": 10, "symbol": symbol, "opacity": opacity},
            name=channel,
            text=[_hover(row) for row in rows_of(rows)],
            hovertemplate="%{text}<extra></extra>",
        )
    top_axis(figure, "customers not blocked for marketing", range=[0, 101], ticksuffix="%")
    texts = rows_of(table[table["channel"] == "text"])
    listed = ", ".join(f"{row.name} {format_range(row.share_lower, row.share_upper)}" for row in texts)
    alt = f"Customers not blocked for marketing by text: {listed}." if listed else "There are no groups."
    note = sort_rule(result.by, "customers", ranked=False)
    if len(names) < len(every):
        note = f"The {len(names)} largest of {len(every)}. {note}"
    return name_rows(figure, names, alt=alt, note=note, row=ROW + 8, narrow=NARROW_ROW + 8)


def _percent(share: float) -> str:
    return "&lt;1%" if 0 < share < 0.005 else format_percent(share)


def _hover(row: Any) -> str:
    what = f"{row.purpose.capitalize()} by {row.channel}: {format_share(row)}"
    return hover(row.name, what, f"{count_range(row.lower, row.upper)} of {int(row.customers):,}")
