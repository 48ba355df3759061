"""Reports: a notebook, run with parameters, as one HTML file that opens without a network.

The heavy parts (papermill, nbconvert, plotly) are loaded when a report is made.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from html import escape
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stcrm_pandas.errors import PermissionDenied, ReportError, UsageError

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["Reads", "lead_conversion_report", "make_report"]

_PACKAGE = "stcrm_pandas"
_HELD_BACK = "run the notebook in JupyterLab to see the whole of it"


class Reads:
    """The reads of a report: those that a missing scope forbids are left out, and said.

    >>> reads = Reads()
    >>> reads.optional("jobs", lambda **filters: "frame", created_on_or_after=None)
    'frame'
    >>> reads.missing
    []
    """

    def __init__(self) -> None:
        self.missing: list[tuple[str, str]] = []

    def optional[**P, T](self, what: str, read: Callable[P, T], *args: P.args, **filters: P.kwargs) -> T | None:
        """What the read gives, or None where the application lacks the scope."""

    def _repr_html_(self) -> str:
        return ""
