"""The look of all figures, as the plotly templates `stcrm` and `stcrm_dark`, which any figure can use.

`stcrm` has no background, and its colors can be read on white and on black, so figures fit notebooks with a light or a
dark theme. `stcrm_dark` has the background of a dark page, for images. Nearly everybody can tell blue from orange.
"""

from __future__ import annotations

import plotly.graph_objects as go
import plotly.io

from stcrm_pandas.charts.svg import colors

COLORWAY = ("#3b82c4", "#d9772b", "#009e73", "#b07aa1", "#a08a1c", "#7c8a9a")
"""Blue, orange, green, purple, yellow, gray, after Okabe and Ito."""

TEXT = "#6b7888"
GRID = "rgba(124,138,154,0.25)"
_CLEAR = "rgba(0,0,0,0)"
_FONT = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
_OWN_DEFAULT = "plotly"


def _template(text: str, grid: str, page: str) -> go.layout.Template:
    axis = {"gridcolor": grid, "zeroline": False, "automargin": True}
    return go.layout.Template(
        layout={
            "colorway": COLORWAY,
            "paper_bgcolor": page,
            "plot_bgcolor": page,
            "font": {"color": text, "size": 13, "family": _FONT},
            "margin": {"l": 12, "r": 16, "t": 12, "b": 12},
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.01, "yanchor": "top"},
            "hoverlabel": {"align": "left"},
            "modebar": {"remove": ["select2d", "lasso2d"]},
            "xaxis": axis,
            "yaxis": axis,
        }
    )


def chosen_template() -> str | None:
    """Return the name of the template for a new figure: the default that the user set in plotly, or else `stcrm`."""
    default: str | None = plotly.io.templates.default
    return "stcrm" if default == _OWN_DEFAULT else default


_dark = colors("dark")
plotly.io.templates["stcrm"] = _template(TEXT, GRID, _CLEAR)
plotly.io.templates["stcrm_dark"] = _template(_dark["quiet"], _dark["grid"], _dark["page"])
