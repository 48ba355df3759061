"""How a read is to be done."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

MaxAge = dt.timedelta | str | float | None


@dataclass(frozen=True)
class Options:
    """How a read is to be done; None is what the connection was told.

    `max_age` is how old stored answers may be, `refresh=True` asks the service anew and stores what it says,
    `allow_incomplete=True` lets a read pass, with a warning, whose pages do not add up.
    """

    max_age: MaxAge = None
    refresh: bool = False
    allow_incomplete: bool = False
