"""The widget that shows a review in JupyterLab. No traitlet holds data: pairs travel in messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget

from stcrm_pandas.grid.widget import CHANNEL, STYLE

_HERE = Path(__file__).parent


class ReviewWidget(anywidget.AnyWidget):
    """The front end of one review.

    Parameters
    ----------
    receive : callable
        Receives the content of each message of a view.
    """

    _esm = CHANNEL + (_HERE / "review.js").read_text(encoding="utf-8")
    _css = STYLE + (_HERE / "review.css").read_text(encoding="utf-8")

    def __init__(self, receive: Callable[[Any], None]) -> None:
        super().__init__()
        self.on_msg(lambda _widget, content, _buffers: receive(content))
