"""Periods in a company's local time: half-open, whole or in part, mature or not.

A week begins on Monday at local midnight, so that weeks across a change of the clock have 167 or 169 hours.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = ["FourWeeks", "Period", "four_weeks", "whole_weeks_until"]

_WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Period:
    """Local days from `first` up to `end`, which is left out.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> march = Period(dt.date(2026, 3, 2), dt.date(2026, 3, 30), ZoneInfo("America/Chicago"))
    >>> str(march), march.starts.isoformat(), march.ends.isoformat()
    ('2 to 29 Mar 2026', '2026-03-02T00:00:00-06:00', '2026-03-30T00:00:00-05:00')
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
        if (self.first.year, self.first.month) == (last.year, last.month):
            return f"{self.first.day} to {last.day} {last:%b %Y}"
        if self.first.year == last.year:
            return f"{self.first.day} {self.first:%b} to {last.day} {last:%b %Y}"
        return f"{self.first.day} {self.first:%b %Y} to {last.day} {last:%b %Y}"


@dataclass(frozen=True)
class FourWeeks:
    """The latest four whole weeks that are old enough, the four before them, and the same weeks a year earlier."""

    now: Period
    before: Period
    year_ago: Period


def whole_weeks_until(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """The Monday with which the last whole week before a moment ends.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> whole_weeks_until(dt.datetime(2026, 7, 1, 3, tzinfo=dt.UTC), ZoneInfo("America/Chicago"))
    datetime.date(2026, 6, 29)
    """
    day = moment.astimezone(zone).date()
    return day - dt.timedelta(days=day.weekday())


def four_weeks(as_of: dt.datetime, zone: dt.tzinfo, *, mature_days: int = 0) -> FourWeeks:
    """The weeks that a tile compares.

    Parameters: until when the rows are known; the company's zone; how old a row must be to be measured, in days of
    24 hours. The year earlier is 52 weeks earlier, so that weekdays face each other.

    >>> from zoneinfo import ZoneInfo
    >>> found = four_weeks(dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC), ZoneInfo("America/Chicago"), mature_days=30)
    >>> str(found.now), str(found.before), str(found.year_ago)
    ('4 to 31 May 2026', '6 Apr to 3 May 2026', '5 May to 1 Jun 2025')
    """
    end = whole_weeks_until(as_of - dt.timedelta(days=mature_days), zone)
    return FourWeeks(
        Period(end - 4 * _WEEK, end, zone),
        Period(end - 8 * _WEEK, end - 4 * _WEEK, zone),
        Period(end - 56 * _WEEK, end - 52 * _WEEK, zone),
    )
