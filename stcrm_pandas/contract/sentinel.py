"""`CLEAR`: null in a request that writes."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal


class Clear(Enum):
    """The type of `CLEAR`."""

    CLEAR = "clear"

    def __repr__(self) -> str:
        return "CLEAR"


CLEAR: Final = Clear.CLEAR
"""Sent as null: it empties a field. None, in contrast, does not change a field.

The API allows null for a few fields only; for any other field it is an error.
"""

Clears = Literal[Clear.CLEAR]
"""The type of `CLEAR` in annotations."""
