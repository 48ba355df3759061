"""The widget that shows a grid in JupyterLab.

No traitlet holds data: rows travel in messages, so a saved notebook has none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget

_HERE = Path(__file__).parent


class GridWidget(anywidget.AnyWidget):
    """The front end of one grid.

    Parameters
    ----------
    receive : callable
        Receives the content of each message of a view.
    """

    _esm = _HERE / "grid.js"
    _css = _HERE / "grid.css"

    def __init__(self, receive: Callable[[Any], None]) -> None:
        super().__init__()
        self.on_msg(lambda _widget, content, _buffers: receive(content))
