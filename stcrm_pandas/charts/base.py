"""What all figures share: an empty one, colours, lines with gaps, names as text.

Their backgrounds are transparent and their colours hold on white and on black, so that they fit a dark notebook, too.
`layout.meta["narrow"]` says what a page should change where there is little room; the report does so.
`layout.meta["alt"]` says in one sentence what the picture shows, for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    "rows_of",
    "segments",
    "short",
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


def above(place: int, name: str) -> dict[str, Any]:
    """A name above its row, for narrow screens."""
    return {
        "text": escape(short(name)),
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "y": place,
        "yshift": 14,
        "showarrow": False,
        "font": {"size": 12},
    }


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
