"""Periods in a company's local time: days, weeks, and months, and whether they are complete.

A week begins on Monday at local midnight, so weeks in which the clock changes have 167 or 169 hours. Months are
numbered as 12 x year + month - 1.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

__all__ = ["Bounds", "FourWeeks", "Limits", "Period", "four_weeks", "month_start", "whole_weeks_until"]

_WEEK = dt.timedelta(days=7)

Bounds = tuple[dt.datetime | None, dt.datetime | None]
"""The first and last moment for which rows were read; None for no bound."""


@dataclass(frozen=True)
class Period:
    """Local days from `first` up to, but not including, `end`.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> march = Period(dt.date(2026, 3, 2), dt.date(2026, 3, 30), ZoneInfo("America/Chicago"))
    >>> str(march), march.starts.isoformat(), march.ends.isoformat()
    ('Mar 2–29, 2026', '2026-03-02T00:00:00-06:00', '2026-03-30T00:00:00-05:00')
    """

    first: dt.date
    end: dt.date
    zone: dt.tzinfo

    @property
    def starts(self) -> dt.datetime:
        """Its first moment."""
        return dt.datetime.combine(self.first, dt.time(), self.zone)

    @property
    def ends(self) -> dt.datetime:
        """The first moment after it."""
        return dt.datetime.combine(self.end, dt.time(), self.zone)

    def __str__(self) -> str:
        last = self.end - dt.timedelta(days=1)
        year = f", {self.first.year}" if self.first.year != last.year else ""
        month = f"{last:%b} " if year or self.first.month != last.month else ""
        return f"{self.first:%b} {self.first.day}{year}–{month}{last.day}, {last.year}"


@dataclass(frozen=True)
class FourWeeks:
    """The last four complete weeks that are old enough, the four before, and the same a year earlier."""

    now: Period
    before: Period
    year_ago: Period


def whole_weeks_until(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """Return the Monday at the end of the last complete week before a moment.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> whole_weeks_until(dt.datetime(2026, 7, 1, 3, tzinfo=dt.UTC), ZoneInfo("America/Chicago"))
    datetime.date(2026, 6, 29)
    """
    day = moment.astimezone(zone).date()
    return day - dt.timedelta(days=day.weekday())


def four_weeks(as_of: dt.datetime, zone: dt.tzinfo, *, mature_days: int = 0) -> FourWeeks:
    """Return the weeks that a tile compares, from how old a row must be; a year earlier is 52 weeks earlier.

    >>> from zoneinfo import ZoneInfo
    >>> weeks = four_weeks(dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC), ZoneInfo("America/Chicago"), mature_days=30)
    >>> str(weeks.now), str(weeks.before), str(weeks.year_ago)
    ('May 4–31, 2026', 'Apr 6–May 3, 2026', 'May 5–Jun 1, 2025')
    """
    end = whole_weeks_until(as_of - dt.timedelta(days=mature_days), zone)
    return FourWeeks(
        Period(end - 4 * _WEEK, end, zone),
        Period(end - 8 * _WEEK, end - 4 * _WEEK, zone),
        Period(end - 56 * _WEEK, end - 52 * _WEEK, zone),
    )


def month_start(number: int, zone: dt.tzinfo) -> dt.datetime:
    """Return the first local moment of a month."""
    return dt.datetime(number // 12, number % 12 + 1, 1, tzinfo=zone)


@dataclass(frozen=True)
class Limits:
    """Until when rows are known, how old they must be for their outcome and for money to count, and what was read.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> limits = Limits(dt.datetime(2026, 3, 3, tzinfo=dt.UTC), dt.timedelta(days=30), ZoneInfo("UTC"))
    >>> limits.whole(12 * 2026), limits.whole(12 * 2026 + 1)
    (True, False)
    """

    as_of: dt.datetime
    mature: dt.timedelta
    zone: ZoneInfo | None
    read: Bounds = (None, None)
    old: dt.timedelta = dt.timedelta()

    @property
    def time_zone(self) -> str | None:
        """The name of the zone."""
        return None if self.zone is None else self.zone.key

    def whole(self, month: int, age: dt.timedelta | None = None) -> bool:
        """Return whether a month was read from its first to its last moment, and all of it is old enough."""
        first, end = self.read
        zone = self.zone or dt.UTC
        starts, ends = month_start(month, zone), month_start(month + 1, zone)
        ripe = ends <= self.as_of - (self.mature if age is None else age)
        return ripe and (first is None or first <= starts) and (end is None or ends <= end)
