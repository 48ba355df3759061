"""The widget that shows a grid in JupyterLab.

No traitlet holds data: rows travel in messages, so a saved notebook has none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget

_HERE = Path(__file__).parent
CHANNEL = (_HERE / "channel.js").read_text(encoding="utf-8")
"""The part of a front end that sends messages and keeps those that Python has not acknowledged."""
STYLE = (_HERE / "grid.css").read_text(encoding="utf-8")
"""Colors, buttons and banners."""


class GridWidget(anywidget.AnyWidget):
    """The front end of one grid.

    Parameters
    ----------
    receive : callable
        Receives the content of each message of a view.
    """

    _esm = CHANNEL + (_HERE / "grid.js").read_text(encoding="utf-8")
    _css = STYLE

    def __init__(self, receive: Callable[[Any], None]) -> None:
        super().__init__()
        self.on_msg(lambda _widget, content, _buffers: receive(content))
