"""Local months, numbered as 12 x year + month - 1, and whether they are complete."""

from __future__ import annotations

import datetime as dt

__all__ = ["Bounds", "month_start", "whole_month"]

Bounds = tuple[dt.datetime | None, dt.datetime | None]
"""Between which moments rows were read; None where there is no such bound."""


def month_start(number: int, zone: dt.tzinfo) -> dt.datetime:
    """Return the first local moment of a month."""
    return dt.datetime(number // 12, number % 12 + 1, 1, tzinfo=zone)


def whole_month(number: int, period: Bounds, mature_until: dt.datetime, zone: dt.tzinfo) -> bool:
    """Whether a month was read from its first to its last moment, and all of it is old enough.

    Examples
    --------
    >>> whole_month(12 * 2026, (None, None), dt.datetime(2026, 2, 1, tzinfo=dt.UTC), dt.UTC)
    True
    """
    first, end = period
    starts, ends = month_start(number, zone), month_start(number + 1, zone)
    return ends <= mature_until and (first is None or first <= starts) and (end is None or ends <= end)
