"""What all figures share: an empty one, colors, lines with intervals, rows with names.

`layout.meta["narrow"]` has what a report changes on narrow screens, `layout.meta["alt"]` a sentence for screen readers,
`layout.meta["note"]` one for all readers, below the figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from types import ModuleType
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stcrm_pandas.charts.template import COLORWAY, chosen_template
from stcrm_pandas.errors import UsageError

# blue and orange are distinguishable for nearly everybody
COLORS = {"higher": COLORWAY[0], "lower": COLORWAY[1], "not clear": COLORWAY[5], "too few": "rgba(124,138,154,0.45)"}
_LEGEND = {
    "higher": "higher than the others",
    "lower": "lower than the others",
    "not clear": "not clearly different",
    "too few": "too few to tell",
}
SHADE = "rgba(124,138,154,0.22)"
ROW = 26  # pixels of one group
NARROW_ROW = 44  # with the name above the line
LONGEST_NAME = 34
MOST_GROUPS = 15
"""The number of groups in a figure of shares."""


def empty() -> go.Figure:
    """Return a figure without traces, in the look of all."""
    figure = go.Figure()
    figure.update_layout(template=chosen_template())
    return figure


def draw(figures: ModuleType, kind: str, result: Any) -> go.Figure:
    """Return a figure, drawn by the function in a module of figures that is named like its kind."""
    if kind not in figures.__all__:
        raise UsageError(f"no figure {kind!r}: choose from {', '.join(map(repr, figures.__all__))}")
    figure: go.Figure = getattr(figures, kind)(result)
    return figure


def name_rows(
    figure: go.Figure,
    names: Iterable[str],
    *,
    alt: str,
    note: str,
    row: int = ROW,
    narrow: int = NARROW_ROW,
    shift: float = 14,
) -> go.Figure:
    """Name the rows of a figure, the first on top: beside them, or above them on narrow screens.

    Parameters
    ----------
    figure : go.Figure
        The figure, whose rows are at 0, 1, … on the y axis.
    names : iterable of str
        The names of the rows.
    alt : str
        What the figure shows, in a sentence.
    note : str
        How the rows are sorted, in a sentence for the reader.
    row, narrow : int, default ROW
        The height of one row in pixels: with its name beside it, and with its name above it.
    shift : float, default 14
        How far a name is above the middle of its row, in pixels.
    """
    labels = [escape(short(str(name))) for name in names]
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(labels))),
        ticktext=labels,
        ticklabelstandoff=8,
        range=[len(labels) - 0.4, -0.6],
        showgrid=False,
        automargin=True,
    )
    figure.update_layout(
        height=row * len(labels) + 130,
        meta={
            "alt": alt,
            "note": note,
            "narrow": {
                "yaxis.showticklabels": False,
                "annotations": [above(place, name, shift) for place, name in enumerate(labels)],
                "height": narrow * len(labels) + 190,
            },
        },
    )
    return figure


def above(place: float, text: str, shift: float = 14) -> dict[str, Any]:
    """Return the annotation of a row on narrow screens; the text is HTML."""
    return {
        "text": text,
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "y": place,
        "yshift": shift,
        "showarrow": False,
        "font": {"size": 12},
    }


def lines(
    figure: go.Figure,
    starts: Iterable[Any],
    ends: Iterable[Any],
    at: Iterable[Any],
    *,
    color: str,
    width: float,
    vertical: bool = False,
    **trace: Any,
) -> None:
    """Add one line per row, at `at` on the other axis; without a legend and hover text unless `trace` sets them."""
    at = list(at)
    along, across = segments(starts, ends), segments(at, at)
    figure.add_scatter(
        x=across if vertical else along,
        y=along if vertical else across,
        line={"color": color, "width": width},
        **{"mode": "lines", "showlegend": False, "hoverinfo": "skip", **trace},
    )


def spans(
    figure: go.Figure,
    rows: pd.DataFrame,
    hover: Callable[[Any], str],
    *,
    color: str,
    prefix: str = "",
    at: Iterable[Any] | None = None,
    vertical: bool = False,
    **trace: Any,
) -> None:
    """Add shares: a thick line between their bounds, and a thin one for their interval.

    Parameters
    ----------
    figure : go.Figure
        The figure to draw into.
    rows : DataFrame
        A frame with the columns `share_lower`, `share_upper`, `interval_low`, `interval_high`, from 0 to 1.
    hover : callable
        A function that returns the hover text of a row.
    color : str
        The color of the lines.
    prefix : str, default ''
        What the names of these columns begin with (`booked_`).
    at : iterable, optional
        The position of each row on the other axis. By default, this is its index.
    vertical : bool, default False
        True draws shares on the y axis.
    **trace
        Other properties of the thick line, such as its `name`.
    """
    at = [float(place) for place in rows.index] if at is None else list(at)
    low, high, lower, upper = (
        hundreds(rows[prefix + column]) for column in ("interval_low", "interval_high", "share_lower", "share_upper")
    )
    lines(figure, low, high, at, color=color, width=1.5, vertical=vertical)
    texts = [text for row in rows.itertuples(index=False) for text in (hover(row),) * 3]
    thick: dict[str, Any] = {"mode": "lines+markers", "marker": {"color": color, "size": 9}, "text": texts}
    thick |= {"showlegend": None, "hoverinfo": None, "hovertemplate": "%{text}<extra></extra>", **trace}
    lines(figure, lower, upper, at, color=color, width=8, vertical=vertical, **thick)


def compared_shares(
    table: pd.DataFrame,
    verdicts: pd.Series,
    hover: Callable[[Any], str],
    *,
    prefix: str = "",
    title: str,
    alt: str,
    note: str,
) -> go.Figure:
    """Return the figure of groups by their share; the color is whether they differ from the others.

    Groups without a row that is old enough (`mature`) are left out. Of more than `MOST_GROUPS`, those that clearly
    differ are shown, then those with the most rows. `note` says how the table is sorted.
    """
    known = table.assign(verdict=verdicts)[table["mature"] > 0]
    clear = known["verdict"].isin(["higher", "lower"])
    first = (
        known.assign(clear=clear).sort_values(["clear", "mature"], ascending=False, kind="stable").index[:MOST_GROUPS]
    )
    shown = known.loc[known.index.isin(first)].reset_index(drop=True)
    kinds = shown["verdict"].where(shown["verdict"].isin([*COLORS]), "not clear").mask(~shown["enough"], "too few")
    figure = empty()
    for kind, color in COLORS.items():
        if (kinds == kind).any():
            spans(figure, shown[kinds == kind], hover, prefix=prefix, color=color, name=_LEGEND[kind])
    top_axis(figure, title, rangemode="tozero", ticksuffix="%")
    if len(shown) < len(known):
        note = f"{len(shown)} of {len(known)}: those that clearly differ, then the largest. {note}"
    return name_rows(figure, shown["name"], alt=alt, note=note)


def top_axis(figure: go.Figure, title: str, **more: Any) -> None:
    """Put the x axis with its title on top."""
    figure.update_xaxes(title={"text": title, "standoff": 8}, side="top", **more)


def hover(name: object, *texts: str) -> str:
    """Return a hover text: a name in bold, escaped, and lines of HTML below it."""
    return "<br>".join([f"<b>{escape(str(name))}</b>", *texts])


def segments(starts: Iterable[Any], ends: Iterable[Any]) -> list[Any]:
    """Return the points of lines in one trace: start, end, gap, and so on."""
    joined: list[Any] = []
    for start, end in zip(starts, ends, strict=True):
        joined += [start, end, None]
    return joined


def hundreds(shares: pd.Series) -> list[float]:
    """Return shares from 0 to 1 in percent."""
    return [100 * float(share) for share in shares]


def short(name: str) -> str:
    """Return a name, shortened to fit an axis."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"
