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
"""Sent as null to clear a field. None does not change a field.

The API accepts null for only a few fields. For other fields, `CLEAR` raises an error.
"""

Clears = Literal[Clear.CLEAR]
"""The type of `CLEAR` in annotations."""
