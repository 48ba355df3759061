"""The sandbox's clock, and moments as whole numbers.

A moment is a count of *ticks*, a ten-millionth of a second each, since the start of the year 1. That is as fine as the
service's seven digits, fits 64 bits, and compares as fast as any number.

>>> ticks("2026-01-02T03:04:05.25Z") - ticks("2026-01-02T03:04:05Z")
2500000
>>> text_of(ticks("2026-01-02T03:04:05.25Z"))
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
"""The last moment that has a date."""

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7})\d*)?)?)?(?:([Zz])|([+-])(\d\d):?(\d\d))?"
)


@lru_cache(maxsize=4096)
def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() * _DAY


_days: dict[str, int] = {}
_seconds: dict[str, int] = {}


def ticks(text: str) -> int:
    """A moment as the service writes it, as ticks: UTC, with 0 to 7 digits of a second and a `Z`.

    Raises
    ------
    ValueError
        It is written in another way; `moment` reads more of them.
    """
    try:  # hundreds of thousands of them are read while a company loads, on some hundred days
        whole = _days[text[:10]] + _seconds[text[10:19]]
    except KeyError:
        whole = _learn(text[:10], text[10:19])
    end = len(text) - 1
    if text[end] != "Z" or not 19 <= end <= 27 or end == 20:
        raise ValueError(f"no moment in UTC: {text!r}")
    return whole if end == 19 else whole + int(text[20:end]) * 10 ** (27 - end)


def _learn(day: str, clock: str) -> int:
    if not re.fullmatch(r"T\d\d:\d\d:\d\d", clock):
        raise ValueError(f"no time of day: {clock!r}")
    _days[day] = _day(day)
    _seconds[clock] = (int(clock[1:3]) * 3600 + int(clock[4:6]) * 60 + int(clock[7:])) * SECOND
    return _days[day] + _seconds[clock]


def moment(text: str) -> int:
    """A moment as a caller may write it, as ticks: a date alone, with or without an offset; without one it is UTC.

    Raises
    ------
    ValueError
        It is no moment.

    Examples
    --------
    >>> moment("2026-01-01") == moment("2026-01-01T01:00:00+01:00") == ticks("2026-01-01T00:00:00Z")
    True
    """
    match = _ISO.fullmatch(text.strip())
    if not match:
        raise ValueError(f"no moment: {text!r}")
    day, hour, minute, second, digits, _, sign, off_hours, off_minutes = match.groups()
    clock = time(int(hour or 0), int(minute or 0), int(second or 0))
    seconds = clock.hour * 3600 + clock.minute * 60 + clock.second
    here = _day(day) + seconds * SECOND + int((digits or "").ljust(7, "0"))
    offset = (int(off_hours or 0) * 3600 + int(off_minutes or 0) * 60) * SECOND
    return here + offset if sign == "-" else here - offset


def text_of(moment: int) -> str:
    """Ticks as the service writes a moment, with all seven digits."""
    days, rest = divmod(moment, _DAY)
    seconds, fraction = divmod(rest, SECOND)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{date.fromordinal(days).isoformat()}T{clock}.{fraction:07}Z"


def ticks_of(when: datetime) -> int:
    """An aware datetime as ticks."""
    when = when.astimezone(UTC)
    since = timedelta(hours=when.hour, minutes=when.minute, seconds=when.second, microseconds=when.microsecond)
    return when.toordinal() * _DAY + (since // timedelta(microseconds=1)) * 10


class Clock:
    """A clock that was set once and runs on; `shift` seconds ahead of the machine's (negative: behind it)."""

    def __init__(self, shift: float, wall: Callable[[], float] = seconds_now) -> None:
        self.shift = shift
        self._wall = wall

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.fromtimestamp(self._wall() + self.shift, UTC)
