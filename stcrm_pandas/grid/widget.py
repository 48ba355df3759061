"""The widget that shows a grid in JupyterLab.

No traitlet holds data: rows travel in messages, so a saved notebook has none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget

VIEW = Path(__file__).parent / "view"
FILES = (
    "text.js",
    "column.js",
    "rows.js",
    "filters.js",
    "drawing.js",
    "selection.js",
    "edits.js",
    "clipboard.js",
    "editor.js",
    "input.js",
    "panel.js",
    "grid.js",
)
"""The JavaScript of the grid after that of the channel, in the order in which it is joined to one module."""
CHANNEL = (VIEW / "channel.js").read_text(encoding="utf-8")
"""The part of a front end that sends messages and keeps those that Python has not acknowledged."""
STYLE = (VIEW / "grid.css").read_text(encoding="utf-8")
"""Colors, buttons and banners."""


def joined() -> str:
    """Return the JavaScript of the grid as one module."""
    return "\n".join([CHANNEL, *((VIEW / name).read_text(encoding="utf-8") for name in FILES)])


class GridWidget(anywidget.AnyWidget):
    """The front end of one grid.

    Parameters
    ----------
    receive : callable
        Receives the content of each message of a view.
    """

    _esm = joined()
    _css = STYLE

    def __init__(self, receive: Callable[[Any], None]) -> None:
        super().__init__()
        self.on_msg(lambda _widget, content, _buffers: receive(content))
