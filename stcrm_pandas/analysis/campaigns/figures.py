"""Figures of opportunities."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stcrm_pandas.analysis.base.format import count_range
from stcrm_pandas.analysis.base.money import money
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.campaigns.costs import Costs
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult
from stcrm_pandas.analysis.campaigns.table import of_hundred
from stcrm_pandas.charts.base import COLOURS, SHADE, WORDS, empty, name_rows, rows_of, segments, spans

__all__ = ["booked_shares", "costs", "steps"]

# From light to dark along the way from an inquiry to money; told apart by lightness alone.
_STEPS = {
    "opportunities": ("opportunities", "rgba(124,138,154,0.35)"),
    "booked_lower": ("booked", "#9cc3e6"),
    "completed_lower": ("completed", "#3b82c4"),
    "above_zero_lower": ("above zero", "#1d4f80"),
}
_MOST = 20
_NARROW_BAR = 66  # pixels of a thick bar and the name above it


def booked_shares(result: OpportunitiesResult) -> go.Figure:
    """The share booked of each group, with its interval; the line is that of all opportunities together.

    Groups without an opportunity that is old enough are not drawn.
    """
    table = result.table.assign(verdict=result.comparisons["verdict"])
    shown = table[table["mature"] > 0].reset_index(drop=True)
    kinds = shown["verdict"].where(shown["verdict"].isin([*COLOURS]), "not clear").mask(~shown["enough"], "too few")
    figure = empty()
    for kind, colour in COLOURS.items():
        rows = shown[kinds == kind]
        if rows.empty:
            continue
        spans(figure, rows, columns="booked_{}", colour=colour, name=WORDS[kind], hover=_hover)
    share = result.overall["booked_share_lower"].iloc[0]
    if not pd.isna(share):
        figure.add_vline(x=100 * float(share), line={"width": 2, "color": SHADE}, layer="below")
    figure.update_xaxes(
        title={"text": f"of 100 opportunities at least {result.mature_days} days old, booked", "standoff": 8},
        rangemode="tozero",
        side="top",
    )
    return name_rows(figure, shown["name"], alt=_alt(result, shown))


def steps(result: OpportunitiesResult) -> go.Figure:
    """How many opportunities of each group are booked, completed and above zero: one bar inside the other.

    The largest groups are drawn, in the order of their size.
    """
    largest = result.table.sort_values(["mature", "name"], ascending=[False, True])
    shown = largest[largest["mature"] > 0].head(_MOST).reset_index(drop=True)
    figure = empty()
    for place, (column, (word, colour)) in enumerate(_STEPS.items()):
        counts = shown["mature" if column == "opportunities" else column].astype(int)
        figure.add_bar(
            x=counts.tolist(),
            y=[float(row) for row in shown.index],
            orientation="h",
            name=word,
            marker={"color": colour, "line": {"width": 0}},
            width=0.8 - 0.14 * place,
            text=[_bar_hover(row, word, count) for row, count in zip(rows_of(shown), counts, strict=True)],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(
        title={"text": f"opportunities at least {result.mature_days} days old", "standoff": 8},
        tickformat=",d",
        side="top",
    )
    many = group_word(result.by, many=True) if len(result.by) == 1 else "groups"
    overall: Any = next(result.overall.itertuples(index=False))
    alt = (
        f"Of all {overall.mature:,} opportunities, {overall.booked_lower:,} were booked, {overall.completed_lower:,} "
        f"completed and {overall.above_zero_lower:,} above zero; one row for each of the {len(shown)} largest {many}."
    )
    # On a narrow screen a name stands between two bars.
    return name_rows(figure, shown["name"], alt=alt, narrow=_NARROW_BAR, shift=_NARROW_BAR / 2)


def costs(result: Costs) -> go.Figure:
    """What each campaign spends on a booked job, the least first, with the interval that its share booked gives it."""
    table = result.table[result.table["cost_per_booked"].notna() & result.table["enough"]]
    shown = table.sort_values(["cost_per_booked", "name"]).reset_index(drop=True)
    places = [float(place) for place in shown.index]
    colour = COLOURS["higher"]
    figure = empty()
    figure.add_scatter(
        x=segments(shown["cost_low"].astype(float), shown["cost_high"].astype(float)),
        y=segments(places, places),
        mode="lines",
        line={"color": colour, "width": 2},
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=shown["cost_per_booked"].astype(float).tolist(),
        y=places,
        mode="markers",
        marker={"color": colour, "size": 9},
        showlegend=False,
        text=[
            f"<b>{escape(str(row.name))}</b><br>{money(row.cost_per_booked, result.currency)} for each booked job<br>"
            f"{money(row.spend, result.currency)} for {row.booked:,} of {row.opportunities:,} opportunities"
            for row in rows_of(shown)
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    overall = result.overall["cost_per_booked"].iloc[0]
    if not pd.isna(overall):
        figure.add_vline(x=float(overall), line={"width": 2, "color": SHADE}, layer="below")
    figure.update_xaxes(title={"text": "cost of a booked job", "standoff": 8}, rangemode="tozero", side="top")
    alt = "No campaign with spend has enough opportunities to tell what a booked job costs."
    if len(shown):
        least, most = shown.iloc[0], shown.iloc[-1]
        alt = (
            f"The cost of a booked job of {len(shown)} campaigns: from "
            f"{money(least['cost_per_booked'], result.currency)} ({least['name']}) to "
            f"{money(most['cost_per_booked'], result.currency)} ({most['name']})."
        )
    return name_rows(figure, shown["name"], alt=alt)


def _alt(result: OpportunitiesResult, shown: pd.DataFrame) -> str:
    ranked = shown[shown["enough"] & shown["id"].notna()] if result.by else shown.iloc[:0]
    overall: Any = next(result.overall.itertuples(index=False))
    if not overall.mature:
        return "No opportunity is old enough to be drawn."
    sentence = f"Of all opportunities, {of_hundred(overall)} were booked"
    if len(ranked) < 2:
        return f"{sentence}."
    best, last = (ranked.loc[at(ranked["booked_share_lower"].astype(float))] for at in (_highest, _lowest))
    return f"{sentence}; from {of_hundred(last)} of {last['name']} to {of_hundred(best)} of {best['name']}."


def _highest(shares: pd.Series) -> Any:
    return shares.idxmax()


def _lowest(shares: pd.Series) -> Any:
    return shares.idxmin()


def _hover(row: Any) -> str:
    count = count_range(row.booked_lower, row.booked_upper)
    return f"<b>{escape(str(row.name))}</b><br>{of_hundred(row)}<br>{count} of {int(row.mature):,} opportunities"


def _bar_hover(row: Any, word: str, count: int) -> str:
    share = "" if word == "opportunities" else f" ({round(100 * count / int(row.mature))} of 100)"
    return f"<b>{escape(str(row.name))}</b><br>{count:,} {word}{share}"
