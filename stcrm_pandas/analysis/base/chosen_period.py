"""The period that a report is about: a month, the last complete weeks, or the days from one to another."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from stcrm_pandas.analysis.base.format import listed, plural
from stcrm_pandas.analysis.base.periods import BEGINNING, Period, month_day, whole_weeks_until
from stcrm_pandas.analysis.base.provenance import attrs_of, moment, zone
from stcrm_pandas.analysis.base.result import Result
from stcrm_pandas.errors import UsageError

__all__ = [
    "asked_period",
    "began_too_late",
    "given_period",
    "instead_of",
    "measured_of",
    "of_period",
    "period",
    "read_in",
]

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
    return asked_period(now.astimezone(local), month=month, weeks=weeks, since=since, until=until)


def given_period(given: Period | str | None, now: dt.datetime, local: dt.tzinfo | None) -> Period | None:
    """Return the period that was passed to an analysis, a `Period` or a month as text, at the time of the read."""
    if given is None:
        return None
    if local is None:
        raise UsageError(_NO_ZONE)
    if isinstance(given, str):
        return asked_period(now.astimezone(local), month=given)
    if not isinstance(given, Period):
        raise UsageError("period: pass a month such as '2026-10', or what analysis.period returns.")
    return given


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


def of_period(result: Result) -> str:
    """Return ' of October 2026', to be put after what is counted; empty without a period."""
    return "" if result.period is None else f" {result.period.of}"


def read_in(result: Result, what: str) -> str:
    """Return what is counted before any exclusion: 'Leads created in October 2026', or 'Leads read'."""
    return f"{what} read" if result.period is None else f"{what} created {result.period.when}"


def measured_of(result: Result, unit: tuple[str, str], *, measured: int, counted: int, days: int) -> str:
    """Return how many were measured, and of how many, if only part of a period is old enough."""
    if result.period is None or measured == counted:
        return f"{plural(measured, *unit)}, "
    return f"{measured:,} of {plural(counted, *unit)} are {days} days old, "


def instead_of(result: Result, lacking: str) -> str:
    """Return why another period than the asked one is shown, to be followed by its numbers; mostly empty.

    `lacking` says what the asked period has too few of: "leads of June 2026 are 30 days old".
    """
    if result.asked is None or result.period is None or result.period == result.asked:
        return ""
    few = f"Fewer than {result.min_group} {lacking}"
    return f"{few}, so this is {result.period}, the latest {result.period.length} with as many. "


def asked_period(
    now: dt.datetime,
    *,
    month: str | None = None,
    weeks: int | None = None,
    since: str | dt.date | None = None,
    until: str | dt.date | None = None,
) -> Period | None:
    """Return the period chosen at a local time; None for everything.

    >>> asked_period(dt.datetime(2026, 11, 25, tzinfo=dt.UTC), month="2026-12")
    Traceback (most recent call last):
        ...
    stcrm_pandas.errors.UsageError: month: December 2026 has not begun.
    """
    given = [name for name, value in (("month", month), ("weeks", weeks)) if value is not None]
    given += [name for name, value in (("since", since), ("until", until)) if value is not None][:1]
    if len(given) > 1:
        raise UsageError(f"{listed(given)} contradict each other: choose one.")
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
    found = _MONTH.fullmatch(str(text))
    if found is None or found[1] == "0000":
        raise UsageError(f"month: {text} is not a month such as 2026-10.")
    number = 12 * int(found[1]) + int(found[2]) - 1
    first = month_day(number)
    if first > today:
        raise UsageError(f"month: {first:%B %Y} has not begun.")
    return Period(first, month_day(number + 1), local)


def _weeks(weeks: int, now: dt.datetime, local: dt.tzinfo) -> Period:
    if not isinstance(weeks, int) or not 1 <= weeks <= MOST_WEEKS:
        raise UsageError(f"weeks: {weeks} is not a number of weeks from 1 to {MOST_WEEKS}.")
    end = whole_weeks_until(now, local)
    return Period(end - weeks * dt.timedelta(days=7), end, local, "Last week" if weeks == 1 else f"Last {weeks} weeks")


def _day(given: str | dt.date | None, name: str) -> dt.date | None:
    if given is None:
        return None
    try:
        day = dt.date.fromisoformat(str(given))
    except ValueError:
        raise UsageError(f"{name}: {given} is not a day such as 2026-10-01.") from None
    if day.year < BEGINNING.year:
        raise UsageError(f"{name}: {given} is before {BEGINNING.year}.")
    return day
