"""What all figures share: an empty one, colours, lines with gaps, names as text.

Their backgrounds are transparent and their colours hold on white and on black, so that they fit a dark notebook, too.
`layout.meta["narrow"]` says what a page should change where there is little room; the report does so.
`layout.meta["alt"]` says in one sentence what the picture shows, for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

__all__ = [
    "COLOURS",
    "GRID",
    "NARROW_ROW",
    "ROW",
    "SHADE",
    "TEXT",
    "WORDS",
    "above",
    "empty",
    "hundreds",
    "name_rows",
    "rows_of",
    "segments",
    "short",
    "spans",
]

# Blue and orange are told apart by nearly everybody; grey says nothing.
COLOURS = {"higher": "#3b82c4", "lower": "#d9772b", "not clear": "#7c8a9a", "too few": "rgba(124,138,154,0.45)"}
WORDS = {
    "higher": "higher than all others together",
    "lower": "lower than all others together",
    "not clear": "not clearly different",
    "too few": "too few to tell",
}
SHADE = "rgba(124,138,154,0.22)"
GRID = "rgba(124,138,154,0.25)"
TEXT = "#7c8a9a"
ROW = 26  # pixels of one group
NARROW_ROW = 44  # with the name above the line
LONGEST_NAME = 34


def empty() -> go.Figure:
    """A figure without traces, in the look of all."""
    figure = go.Figure()
    figure.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": TEXT, "size": 13, "family": "system-ui, sans-serif"},
        margin={"l": 12, "r": 16, "t": 12, "b": 12},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.01, "yanchor": "top"},
        hoverlabel={"align": "left"},
        modebar={"remove": ["select2d", "lasso2d"]},
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, automargin=True)
    return figure


def name_rows(
    figure: go.Figure, names: Iterable[str], *, alt: str, row: int = ROW, narrow: int = NARROW_ROW, shift: float = 14
) -> go.Figure:
    """Name the rows of a figure, the first on top: beside them, and above them where there is little room.

    Parameters
    ----------
    figure : go.Figure
        Its rows lie at 0, 1, ….
    names : iterable of str
        Of the rows.
    alt : str
        What the picture shows, in a sentence.
    row, narrow : int, default ROW
        The height of one row in pixels, and that with its name above.
    shift : float, default 14
        How far above the middle of its row a name stands, in pixels.
    """
    told = [escape(short(str(name))) for name in names]
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(told))),
        ticktext=told,
        ticklabelstandoff=8,
        range=[len(told) - 0.4, -0.6],
        showgrid=False,
        automargin=True,
    )
    figure.update_layout(
        height=row * len(told) + 130,
        meta={
            "alt": alt,
            "narrow": {
                "yaxis.showticklabels": False,
                "annotations": [above(place, name, shift) for place, name in enumerate(told)],
                "height": narrow * len(told) + 190,
            },
        },
    )
    return figure


def above(place: float, text: str, shift: float = 14) -> dict[str, Any]:
    """A text above its row, for narrow screens; it is HTML already."""
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


def spans(
    figure: go.Figure, rows: pd.DataFrame, *, columns: str = "{}", colour: str, name: str, hover: Callable[[Any], str]
) -> None:
    """Shares in rows: a thick line between what is sure and what is possible, a thin one for the interval.

    Parameters
    ----------
    figure : go.Figure
        To draw into.
    rows : DataFrame
        With the columns `share_lower`, `share_upper`, `interval_low`, `interval_high`, from 0 to 1; its index says in
        which row of the figure each lies.
    columns : str, default '{}'
        How these columns are named (`booked_{}`).
    colour, name : str
        Of the lines, and what the legend calls them.
    hover : callable
        What is said of a row.
    """
    places = [float(place) for place in rows.index]
    across = segments(places, places)
    low, high, lower, upper = (
        hundreds(rows[columns.format(one)]) for one in ("interval_low", "interval_high", "share_lower", "share_upper")
    )
    figure.add_scatter(
        x=segments(low, high),
        y=across,
        mode="lines",
        line={"color": colour, "width": 1.5},
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=segments(lower, upper),
        y=across,
        mode="lines+markers",
        line={"color": colour, "width": 8},
        marker={"color": colour, "size": 9},
        name=name,
        text=[text for row in rows_of(rows) for text in (hover(row),) * 3],
        hovertemplate="%{text}<extra></extra>",
    )


def segments(starts: Iterable[Any], ends: Iterable[Any]) -> list[Any]:
    """Lines in one trace: start, end, gap, and so on."""
    joined: list[Any] = []
    for start, end in zip(starts, ends, strict=True):
        joined += [start, end, None]
    return joined


def hundreds(shares: pd.Series) -> list[float]:
    """Shares from 0 to 1 as numbers of 100."""
    return [100 * float(share) for share in shares]


def rows_of(frame: pd.DataFrame) -> Any:
    """Its rows as named tuples."""
    return frame.itertuples(index=False)


def short(name: str) -> str:
    """A name cut to what an axis has room for."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"
