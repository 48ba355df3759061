"""Periods in a company's local time: days, weeks, and months, which one was chosen, and whether they are complete.

A week begins on Monday at local midnight, so weeks in which the clock changes have 167 or 169 hours. Months are
numbered as 12 x year + month - 1.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from stcrm_pandas.analysis.base.format import listed
from stcrm_pandas.analysis.base.provenance import attrs_of, moment, zone
from stcrm_pandas.errors import UsageError

_WEEK = dt.timedelta(days=7)

Bounds = tuple[dt.datetime | None, dt.datetime | None]
"""The first and last moment for which rows were read; None for no bound."""


BEGINNING = dt.date(1990, 1, 1)
"""The first day of a period that has no other; the year 1 stands for no date."""


@dataclass(frozen=True)
class Period:
    """Local days from `first` up to, but not including, `end`.

    Parameters
    ----------
    first, end : date
        The first day, and the first day after the period, in the company's time zone.
    zone : tzinfo
        The company's time zone.
    name : str, default ''
        Its name in a report, shown before the days: "Last 13 weeks".

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> march = Period(dt.date(2026, 3, 2), dt.date(2026, 3, 30), ZoneInfo("America/Chicago"), "Last 4 weeks")
    >>> str(march), march.title
    ('Mar 2–29, 2026', 'Last 4 weeks: Mar 2–29, 2026')
    >>> march.starts.isoformat(), march.ends.isoformat()
    ('2026-03-02T00:00:00-06:00', '2026-03-30T00:00:00-05:00')
    """

    first: dt.date
    end: dt.date
    zone: dt.tzinfo
    name: str = field(default="", compare=False)

    @property
    def starts(self) -> dt.datetime:
        """The time at which the period begins: midnight in the company's time zone."""
        return dt.datetime.combine(self.first, dt.time(), self.zone)

    @property
    def ends(self) -> dt.datetime:
        """The time just after the period: midnight in the company's time zone."""
        return dt.datetime.combine(self.end, dt.time(), self.zone)

    def rows(self, frame: pd.DataFrame, column: str = "created_on") -> pd.DataFrame:
        """Return the rows of a frame whose time lies in the period.

        Parameters
        ----------
        frame : DataFrame
            A frame with times that have a time zone.
        column : str, default 'created_on'
            The column with the times.

        Returns
        -------
        DataFrame
            The rows in the period, with their index.
        """
        return frame[frame[column].between(self.starts, self.ends, inclusive="left")]

    @property
    def months(self) -> int:
        """The number of calendar months in the period; 0 if it does not consist of whole months."""
        full_months = self.first.day == self.end.day == 1
        return month_number_of(self.end) - month_number_of(self.first) if full_months else 0

    @property
    def before(self) -> Period:
        """The period of the same length (in months or days) that ends where this one begins."""
        if self.months:
            return self._moved(-self.months)
        return Period(self.first - (self.end - self.first), self.first, self.zone)

    @property
    def year_earlier(self) -> Period:
        """The same months a year earlier, or the same days 52 weeks earlier, so that weekdays match."""
        return self._moved(-12) if self.months else Period(self.first - 52 * _WEEK, self.end - 52 * _WEEK, self.zone)

    @property
    def title(self) -> str:
        """The period as shown in the header of a report: 'Last 13 weeks: Aug 24–Nov 22, 2026'."""
        return f"{self.name}: {self}" if self.name else str(self)

    @property
    def when(self) -> str:
        """The period as a phrase that follows a verb: 'in October 2026', 'Mar 2–29, 2026'."""
        return f"in {self}" if self.months == 1 else str(self)

    @property
    def of(self) -> str:
        """The period as a phrase that follows a noun: 'of October 2026', 'until Apr 30, 2026'."""
        return str(self) if self.first <= BEGINNING else f"of {self}"

    @property
    def length(self) -> str:
        """How long the period is, as words that follow 'the latest': 'month', '2 weeks', '10 days'."""
        days = (self.end - self.first).days
        for count, word in ((self.months, "month"), (days // 7 if days % 7 == 0 else 0, "week"), (days, "day")):
            if count:
                return word if count == 1 else f"{count} {word}s"
        return ""

    @property
    def trend(self) -> range:
        """The months of a trend chart, at least twelve, as numbers (12 x year + month - 1)."""
        last = month_number_of(self.end - dt.timedelta(days=1))
        return range(min(month_number_of(self.first), last - 11), last + 1)

    def _moved(self, months: int) -> Period:
        first, end = (month_day(month_number_of(day) + months) for day in (self.first, self.end))
        return Period(first, end, self.zone)

    def __str__(self) -> str:
        last = self.end - dt.timedelta(days=1)
        if self.months == 1:
            return f"{self.first:%B %Y}"
        if self.first <= BEGINNING:
            return f"until {last:%b} {last.day}, {last.year}"
        if self.first == last:
            return f"{last:%b} {last.day}, {last.year}"
        year = f", {self.first.year}" if self.first.year != last.year else ""
        month = f"{last:%b} " if year or self.first.month != last.month else ""
        return f"{self.first:%b} {self.first.day}{year}–{month}{last.day}, {last.year}"


def measurable(requested: Period, enough: Callable[[Period], bool], begins: dt.date) -> Period:
    """Return the period if it has enough rows, else the latest one of the same length that has.

    If no period since `begins`, the day of the first row, has enough, the period that was asked for is returned.

    >>> june = Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1), dt.UTC)
    >>> str(measurable(june, lambda period: period.end <= dt.date(2026, 5, 20), dt.date(2025, 1, 1)))
    'April 2026'
    """
    period = requested
    while not enough(period):
        if period.first <= begins:
            return requested
        period = period.before
    return period


@dataclass(frozen=True)
class FourWeeks:
    """The last four complete weeks that are old enough, the four weeks before, and the same weeks a year earlier."""

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
    """Return the weeks that a tile compares, all at least `mature_days` days old; a year earlier is 52 weeks earlier.

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


def month_number_of(day: dt.date) -> int:
    """Return the number of a day's month, counted from January of year 0."""
    return 12 * day.year + day.month - 1


def month_day(number: int) -> dt.date:
    """Return the first day of a month."""
    return dt.date(number // 12, number % 12 + 1, 1)


def month_start(number: int, zone: dt.tzinfo) -> dt.datetime:
    """Return the first local moment of a month."""
    return dt.datetime.combine(month_day(number), dt.time(), zone)


@dataclass(frozen=True)
class Limits:
    """Until when rows are known, how old they must be for their outcome and for money to count, and what was read.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> limits = Limits(dt.datetime(2026, 3, 3, tzinfo=dt.UTC), dt.timedelta(days=30), ZoneInfo("UTC"))
    >>> limits.is_complete(12 * 2026), limits.is_complete(12 * 2026 + 1)
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

    def is_complete(self, month: int, age: dt.timedelta | None = None) -> bool:
        """Return whether a month was read from its first to its last moment, and all of it is old enough."""
        first, end = self.read
        zone = self.zone or dt.UTC
        starts, ends = month_start(month, zone), month_start(month + 1, zone)
        ripe = ends <= self.as_of - (self.mature if age is None else age)
        return ripe and (first is None or first <= starts) and (end is None or ends <= end)

    def within(self, period: Period | None) -> Limits:
        """Return these limits for the rows of a period: what else was read does not count."""
        if period is None:
            return self
        first, end = self.read
        first, end = max(first or period.starts, period.starts), min(end or period.ends, period.ends)
        return replace(self, read=(first, end))


MOST_WEEKS = 520

_NO_ZONE = "A period needs the company's time zone: set STCRM_TIME_ZONE, or pass time_zone='America/Chicago'."

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def period(
    frame: Any,
    *,
    month: str | None = None,
    weeks: int | None = None,
    since: str | dt.date | None = None,
    until: str | dt.date | None = None,
    time_zone: str | None = None,
) -> Period | None:
    """Return the period to pass to an analysis, in the company's time zone.

    Read more rows than those of the period: comparisons with the year before, repeat leads and chains of records also
    need earlier rows.

    Parameters
    ----------
    frame : object
        A frame that the connection returned, such as the leads. It provides the time of the read and the time zone.
    month : str, optional
        A calendar month, such as "2026-10".
    weeks : int, optional
        The number of complete weeks (Monday to Sunday) before the read.
    since : str or date, optional
        The first day, such as "2026-01-01".
    until : str or date, optional
        The first day after the period. By default, the day after the read.
    time_zone : str, optional
        The company's time zone. By default, the one that the frame records.

    Returns
    -------
    Period or None
        The period; None if no month, weeks or days are given, which stands for everything that was read.

    Raises
    ------
    UsageError
        The arguments contradict each other, a day or month is invalid or in the future, or the time zone is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> leads = pd.DataFrame({"id": [1]})
    >>> leads.attrs["stcrm"] = {"fetched_at": "2026-11-25T12:00Z", "time_zone": "America/Chicago"}
    >>> str(period(leads, month="2026-10")), str(period(leads, since="2026-10-05"))
    ('October 2026', 'Oct 5–Nov 25, 2026')
    >>> period(leads, weeks=13).title
    'Last 13 weeks: Aug 24–Nov 22, 2026'
    """
    if (month, weeks, since, until) == (None, None, None, None):
        return None
    local = zone(frame, time_zone)
    if local is None:
        raise UsageError(_NO_ZONE)
    fetched = attrs_of(frame).get("fetched_at")
    now = dt.datetime.now(dt.UTC) if fetched is None else moment(fetched, dt.UTC, name="fetched_at")
    return period_at(now.astimezone(local), month=month, weeks=weeks, since=since, until=until)


def period_at(
    now: dt.datetime,
    *,
    month: str | None = None,
    weeks: int | None = None,
    since: str | dt.date | None = None,
    until: str | dt.date | None = None,
) -> Period | None:
    """Return the period chosen at a local time; None for everything.

    >>> period_at(dt.datetime(2026, 11, 25, tzinfo=dt.UTC), month="2026-12")
    Traceback (most recent call last):
        ...
    stcrm_pandas.errors.UsageError: month: December 2026 has not begun.
    """
    chosen = [name for name, value in (("month", month), ("weeks", weeks)) if value is not None]
    chosen += [name for name, value in (("since", since), ("until", until)) if value is not None][:1]
    if len(chosen) > 1:
        raise UsageError(f"{listed(chosen)} contradict each other: choose one.")
    today, local = now.date(), now.tzinfo or dt.UTC
    if month is not None:
        return _month(month, today, local)
    if weeks is not None:
        return _weeks(weeks, now, local)
    tomorrow = today + dt.timedelta(days=1)
    first, end = _day(since, "since") or BEGINNING, _day(until, "until") or tomorrow
    if first >= tomorrow:
        raise UsageError(f"since: {first} is in the future.")
    if first >= end:
        raise UsageError(f"since: {first} must be before until, {end}, which is the first day to exclude.")
    return None if first == BEGINNING and end >= tomorrow else Period(first, min(end, tomorrow), local)


def _month(text: str, today: dt.date, local: dt.tzinfo) -> Period:
    match = _MONTH.fullmatch(str(text))
    if match is None or match[1] == "0000":
        raise UsageError(f"month: {text} is not a month such as 2026-10.")
    number = 12 * int(match[1]) + int(match[2]) - 1
    first = month_day(number)
    if first > today:
        raise UsageError(f"month: {first:%B %Y} has not begun.")
    return Period(first, month_day(number + 1), local)


def _weeks(weeks: int, now: dt.datetime, local: dt.tzinfo) -> Period:
    if not isinstance(weeks, int) or not 1 <= weeks <= MOST_WEEKS:
        raise UsageError(f"weeks: {weeks} is not a number of weeks from 1 to {MOST_WEEKS}.")
    end = whole_weeks_until(now, local)
    return Period(end - weeks * dt.timedelta(days=7), end, local, "Last week" if weeks == 1 else f"Last {weeks} weeks")


def _day(text: str | dt.date | None, name: str) -> dt.date | None:
    if text is None:
        return None
    try:
        day = dt.date.fromisoformat(str(text))
    except ValueError:
        raise UsageError(f"{name}: {text} is not a day such as 2026-10-01.") from None
    if day.year < BEGINNING.year:
        raise UsageError(f"{name}: {text} is before {BEGINNING.year}.")
    return day


def checked_period(period: Period | str | None, now: dt.datetime, local: dt.tzinfo | None) -> Period | None:
    """Return the period that was passed to an analysis, a `Period` or a month as text, at the time of the read."""
    if period is None:
        return None
    if local is None:
        raise UsageError(_NO_ZONE)
    if isinstance(period, str):
        return period_at(now.astimezone(local), month=period)
    if not isinstance(period, Period):
        raise UsageError("period: pass a month such as '2026-10', or what analysis.period returns.")
    return period


def began_too_late(name: str, read: dt.datetime | None, shown: Period, needed: dt.timedelta) -> list[str]:
    """Return a caution if rows were read from too late a day on to know which of the period are repeats.

    >>> june = Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1), dt.UTC)
    >>> began_too_late("leads", june.starts, june, dt.timedelta(days=14))
    ['The leads were read from Jun 1, 2026 on, so repeat leads of earlier inquiries may count as new in June 2026. \
Read the 14 days before it, too.']
    """
    if read is None or read <= shown.starts - needed:
        return []
    day = read.astimezone(shown.zone)
    return [
        f"The {name} were read from {day:%b} {day.day}, {day.year} on, so repeat leads of earlier inquiries may count "
        f"as new {shown.when}. Read the {needed.days} days before it, too."
    ]
