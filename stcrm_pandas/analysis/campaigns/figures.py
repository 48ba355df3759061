"""Figures of opportunities."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stcrm_pandas.analysis.base.format import count_range, format_percent, format_share
from stcrm_pandas.analysis.base.inputs import not_read
from stcrm_pandas.analysis.base.money import money
from stcrm_pandas.analysis.base.names import group_word, sort_rule
from stcrm_pandas.analysis.base.shares import extremes, rows_of
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult
from stcrm_pandas.charts.base import COLORS, SHADE, compared_shares, empty, hover, lines, name_rows, top_axis
from stcrm_pandas.errors import UsageError

__all__ = ["booked", "cost", "steps"]

# from light to dark, from inquiry to revenue
_STEPS = {
    "mature": ("opportunities", "rgba(124,138,154,0.35)"),
    "booked_lower": ("booked", "#9cc3e6"),
    "completed_lower": ("completed", "#3b82c4"),
    "above_zero_lower": ("above zero", "#1d4f80"),
}
_BOOKED = "booked_"
_MOST = 12
_NARROW_BAR = 66  # pixels of a thick bar and the name above it


def booked(result: OpportunitiesResult) -> go.Figure:
    """Return the booked rate of each group with its interval; the line is the rate of all opportunities."""
    figure = compared_shares(
        result.table,
        result.comparisons["verdict"],
        _hover,
        prefix=_BOOKED,
        title=f"opportunities at least {result.mature_days} days old, booked",
        alt=_describe(result),
        note=sort_rule(result.by, "opportunities", ranked=result.ranked),
    )
    _line_of_all(figure, result.overall["booked_share_lower"].iloc[0], 100)
    return figure


def steps(result: OpportunitiesResult) -> go.Figure:
    """Return how many opportunities of each of the largest groups are booked, completed and above zero."""
    largest = result.table.sort_values(["mature", "name"], ascending=[False, True])
    shown = largest[largest["mature"] > 0].head(_MOST).reset_index(drop=True)
    figure = empty()
    for place, (column, (word, color)) in enumerate(_STEPS.items()):
        figure.add_bar(
            x=shown[column].astype(int).tolist(),
            y=[float(row) for row in shown.index],
            orientation="h",
            name=word,
            marker={"color": color, "line": {"width": 0}},
            width=0.8 - 0.14 * place,
            text=[_bar_hover(row, word, int(getattr(row, column))) for row in rows_of(shown)],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_layout(barmode="overlay")
    top_axis(figure, f"opportunities at least {result.mature_days} days old", tickformat=",d")
    many = group_word(result.by, many=True) if len(result.by) == 1 else "groups"
    overall: Any = next(rows_of(result.overall))
    alt = (
        f"Of {overall.mature:,} opportunities, {overall.booked_lower:,} were booked, {overall.completed_lower:,} "
        f"completed and {overall.above_zero_lower:,} above zero; one row for each of the {len(shown)} largest {many}."
    )
    # on a narrow screen a name is between two bars
    note = "Sorted by the number of opportunities."
    if len(shown) < (largest["mature"] > 0).sum():
        note = f"The {len(shown)} largest. {note}"
    return name_rows(figure, shown["name"], alt=alt, note=note, narrow=_NARROW_BAR, shift=_NARROW_BAR / 2)


def cost(result: OpportunitiesResult) -> go.Figure:
    """Return the cost of a booked job by campaign, the lowest first, with the interval from the booked rate."""
    costs = result.costs
    if costs is None and result.spend_given:
        raise UsageError(f"there are no costs: {not_read(result.lacks('opportunities: costs'))}")
    if costs is None:
        raise UsageError("there is no spend: use opportunities(..., spend=read_spend('spend.csv'))")
    table = costs.table[costs.table["cost_per_booked"].notna() & costs.table["enough"]]
    shown = table.sort_values(["cost_per_booked", "name"]).reset_index(drop=True)
    places = [float(place) for place in shown.index]
    figure = empty()
    low, high = shown["cost_low"].astype(float), shown["cost_high"].astype(float)
    lines(figure, low, high, places, color=COLORS["higher"], width=2)
    figure.add_scatter(
        x=shown["cost_per_booked"].astype(float).tolist(),
        y=places,
        mode="markers",
        marker={"color": COLORS["higher"], "size": 9},
        showlegend=False,
        text=[
            hover(
                row.name,
                f"{money(row.cost_per_booked, costs.currency)} per booked job",
                f"{money(row.spend, costs.currency)} for {row.booked:,} of {row.opportunities:,} opportunities",
            )
            for row in rows_of(shown)
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    _line_of_all(figure, costs.overall["cost_per_booked"].iloc[0], 1)
    top_axis(figure, "cost per booked job", rangemode="tozero")
    alt = "No campaign with spend has enough opportunities to tell what a booked job costs."
    if len(shown):
        least, most = (
            f"{money(row['cost_per_booked'], costs.currency)} ({row['name']})"
            for row in (shown.iloc[0], shown.iloc[-1])
        )
        alt = f"The cost per booked job of {len(shown)} campaigns: from {least} to {most}."
    return name_rows(figure, shown["name"], alt=alt, note="Sorted by the cost per booked job, the lowest first.")


def _line_of_all(figure: go.Figure, value: Any, scale: int) -> None:
    if not pd.isna(value):
        figure.add_vline(x=scale * float(value), line={"width": 2, "color": SHADE}, layer="below")


def _describe(result: OpportunitiesResult) -> str:
    overall: Any = next(rows_of(result.overall))
    if not overall.mature:
        return "No opportunity is old enough to be drawn."
    sentence = f"Of all opportunities, {format_share(overall, _BOOKED)} were booked"
    table = result.table[result.table["enough"] & result.table["id"].notna()]
    if not result.by or len(table) < 2:
        return f"{sentence}."
    last, best = (f"{format_share(row, _BOOKED)} of {row['name']}" for row in extremes(table, "booked_share_lower"))
    return f"{sentence}; from {last} to {best}."


def _hover(row: Any) -> str:
    count = count_range(row.booked_lower, row.booked_upper)
    return hover(row.name, format_share(row, _BOOKED), f"{count} of {int(row.mature):,} opportunities")


def _bar_hover(row: Any, word: str, count: int) -> str:
    share = "" if word == "opportunities" else f" ({format_percent(count / int(row.mature))})"
    return hover(row.name, f"{count:,} {word}{share}")
