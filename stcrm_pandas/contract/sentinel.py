"""`CLEAR`: the word for null in a call that writes."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal


class Clear(Enum):
    """What `CLEAR` is, in one."""

    CLEAR = "clear"

    def __repr__(self) -> str:
        return "CLEAR"


CLEAR: Final = Clear.CLEAR
"""Sent as null: it empties a field. None, in contrast, leaves a field as it is.

The contract allows it for few fields only; for all others it is an error that says so.
"""

Clears = Literal[Clear.CLEAR]
"""The type of `CLEAR` in annotations."""
