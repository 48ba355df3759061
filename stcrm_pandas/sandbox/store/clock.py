"""The sandbox's clock, and times as whole numbers.

Times are *ticks* since the start of the year 1: ten-millionths of a second, as precise as the service's seven digits.

>>> ticks("2026-01-02T03:04:05.25Z") - ticks("2026-01-02T03:04:05Z")
2500000
>>> format_time(ticks("2026-01-02T03:04:05.25Z"))
'2026-01-02T03:04:05.2500000Z'
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from time import time as seconds_now

SECOND = 10_000_000
"""Ticks in a second."""
_DAY = 86_400 * SECOND
LAST = date.max.toordinal() * _DAY + _DAY - 1
"""The last tick of the year 9999."""

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7})\d*)?)?)?(?:([Zz])|([+-])(\d\d):?(\d\d))?"
)


@lru_cache(maxsize=4096)
def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() * _DAY


_days: dict[str, int] = {}
_seconds: dict[str, int] = {}


def ticks(text: str) -> int:
    """Return the ticks of a time in the service's format (UTC, 0 to 7 decimals, `Z`), or raise ValueError."""
    try:  # a company has hundreds of thousands of times on some hundred days
        whole_seconds = _days[text[:10]] + _seconds[text[10:19]]
    except KeyError:
        whole_seconds = _parse_and_cache(text[:10], text[10:19])
    end = len(text) - 1
    if text[end] != "Z" or not 19 <= end <= 27 or end == 20:
        raise ValueError(f"not a time in UTC: {text!r}")
    return whole_seconds if end == 19 else whole_seconds + int(text[20:end]) * 10 ** (27 - end)


def _parse_and_cache(day: str, clock: str) -> int:
    if not re.fullmatch(r"T\d\d:\d\d:\d\d", clock):
        raise ValueError(f"not a time of day: {clock!r}")
    _days[day] = _day(day)
    _seconds[clock] = (int(clock[1:3]) * 3600 + int(clock[4:6]) * 60 + int(clock[7:])) * SECOND
    return _days[day] + _seconds[clock]


def parse_time(text: str) -> int:
    """Return the ticks of a time in a query or a body, or raise ValueError; without an offset it is UTC.

    >>> parse_time("2026-01-01") == parse_time("2026-01-01T01:00:00+01:00") == ticks("2026-01-01T00:00:00Z")
    True
    """
    match = _ISO.fullmatch(text.strip())
    if not match:
        raise ValueError(f"not a time: {text!r}")
    day, hour, minute, second, digits, _, sign, off_hours, off_minutes = match.groups()
    clock = time(int(hour or 0), int(minute or 0), int(second or 0))
    seconds = clock.hour * 3600 + clock.minute * 60 + clock.second
    local = _day(day) + seconds * SECOND + int((digits or "").ljust(7, "0"))
    offset = (int(off_hours or 0) * 3600 + int(off_minutes or 0) * 60) * SECOND
    return local + offset if sign == "-" else local - offset


def format_time(ticks: int) -> str:
    """Return ticks in the service's format, with all seven decimals."""
    days, rest = divmod(ticks, _DAY)
    seconds, fraction = divmod(rest, SECOND)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{date.fromordinal(days).isoformat()}T{clock}.{fraction:07}Z"


def to_ticks(when: datetime) -> int:
    """Return the ticks of an aware datetime."""
    when = when.astimezone(UTC)
    since = timedelta(hours=when.hour, minutes=when.minute, seconds=when.second, microseconds=when.microsecond)
    return when.toordinal() * _DAY + (since // timedelta(microseconds=1)) * 10


class Clock:
    """A clock that runs `shift` seconds ahead of the machine's."""

    def __init__(self, shift: float, wall: Callable[[], float] = seconds_now) -> None:
        self.shift = shift
        self._wall = wall

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.fromtimestamp(self._wall() + self.shift, UTC)
