"""Warnings that point at the user's own line, however deep below it they arise."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from stcrm_pandas.printable import printable

_HERE = str(Path(__file__).parent)


def notify(message: str, category: type[Warning]) -> None:
    """Warn, in the name of the first line outside this package."""
    depth, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(printable(message, keep="\n"), category, stacklevel=depth)
