"""Options of a read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

MaxAge = dt.timedelta | str | float | None


@dataclass(frozen=True)
class Options:
    """Options of a read; None takes the setting of the connection.

    `max_age` is the largest age of stored responses, `refresh=True` requests everything again and stores the responses,
    `allow_incomplete=True` returns an incomplete read with a warning instead of an error.
    """

    max_age: MaxAge = None
    refresh: bool = False
    allow_incomplete: bool = False
