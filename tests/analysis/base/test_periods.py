"""Periods: which days a month, a number of weeks, or two days mean, and what comes before them."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from stcrm_pandas.analysis import Period, period
from stcrm_pandas.analysis.base.periods import measurable, period_at
from stcrm_pandas.errors import UsageError

CHICAGO = ZoneInfo("America/Chicago")
NOW = dt.datetime(2026, 11, 25, 12, tzinfo=CHICAGO)


def days(first: str, end: str) -> Period:
    return Period(dt.date.fromisoformat(first), dt.date.fromisoformat(end), CHICAGO)


@pytest.mark.parametrize(
    ("chosen", "expected", "title"),
    [
        ({"month": "2026-10"}, days("2026-10-01", "2026-11-01"), "October 2026"),
        ({"month": "2026-11"}, days("2026-11-01", "2026-12-01"), "November 2026"),
        ({"month": "2024-02"}, days("2024-02-01", "2024-03-01"), "February 2024"),
        ({"month": "2025-12"}, days("2025-12-01", "2026-01-01"), "December 2025"),
        ({"weeks": 1}, days("2026-11-16", "2026-11-23"), "Last week: Nov 16–22, 2026"),
        ({"weeks": 13}, days("2026-08-24", "2026-11-23"), "Last 13 weeks: Aug 24–Nov 22, 2026"),
        ({"since": "2026-01-05"}, days("2026-01-05", "2026-11-26"), "Jan 5–Nov 25, 2026"),
        ({"until": "2026-07-01"}, days("1990-01-01", "2026-07-01"), "until Jun 30, 2026"),
        ({"since": "2026-07-04", "until": "2026-07-05"}, days("2026-07-04", "2026-07-05"), "Jul 4, 2026"),
        ({"since": dt.date(2025, 3, 1), "until": "2025-04-01"}, days("2025-03-01", "2025-04-01"), "March 2025"),
        ({"since": "2025-12-20", "until": "2030-01-01"}, days("2025-12-20", "2026-11-26"), None),
        ({"until": "2030-01-01"}, None, None),
        ({}, None, None),
    ],
)
def test_a_choice_means_these_local_days(chosen: dict[str, Any], expected: Period | None, title: str | None) -> None:
    found = period_at(NOW, **chosen)
    assert found == expected
    if found is not None and title is not None:
        assert found.title == title


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"month": "2026-10", "weeks": 4}, "month and weeks contradict each other"),
        ({"month": "2026-10", "until": "2026-11-01"}, "month and until contradict each other"),
        ({"weeks": 4, "since": "2026-10-01", "until": "2026-11-01"}, "weeks and since contradict each other"),
        ({"month": "2026-12"}, "December 2026 has not begun"),
        ({"month": "2026-13"}, "2026-13 is not a month such as 2026-10"),
        ({"month": "October"}, "October is not a month"),
        ({"month": "9999-12"}, "has not begun"),
        ({"weeks": 0}, "0 is not a number of weeks from 1 to 520"),
        ({"weeks": -4}, "-4 is not a number of weeks"),
        ({"weeks": 100_000}, "100000 is not a number of weeks"),
        ({"since": "2026-11-26"}, "2026-11-26 is in the future"),
        ({"since": "2026-10-01", "until": "2026-10-01"}, "2026-10-01 must be before until"),
        ({"since": "2026-10-02", "until": "2026-10-01"}, "2026-10-02 must be before until"),
        ({"since": "10/01/2026"}, "10/01/2026 is not a day such as 2026-10-01"),
        ({"since": "2026-02-29"}, "2026-02-29 is not a day"),
        ({"since": "0001-01-01"}, "is before 1990"),
    ],
)
def test_choices_that_make_no_period_raise(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        period_at(NOW, **chosen)


@pytest.mark.parametrize(
    ("this", "before", "year_earlier"),
    [
        (days("2026-03-01", "2026-04-01"), days("2026-02-01", "2026-03-01"), days("2025-03-01", "2025-04-01")),
        (days("2024-02-01", "2024-03-01"), days("2024-01-01", "2024-02-01"), days("2023-02-01", "2023-03-01")),
        (days("2026-01-01", "2026-07-01"), days("2025-07-01", "2026-01-01"), days("2025-01-01", "2025-07-01")),
        (days("2026-08-24", "2026-11-23"), days("2026-05-25", "2026-08-24"), days("2025-08-25", "2025-11-24")),
        (days("2024-02-29", "2024-03-02"), days("2024-02-27", "2024-02-29"), days("2023-03-02", "2023-03-04")),
    ],
)
def test_neighbors_have_the_same_length_and_weekdays(this: Period, before: Period, year_earlier: Period) -> None:
    assert this.before == before
    assert this.year_earlier == year_earlier
    if not this.months:
        assert this.first.weekday() == year_earlier.first.weekday()


def test_months_and_days_keep_to_the_wall_clock_when_it_changes() -> None:
    march, november = days("2026-03-01", "2026-04-01"), days("2026-11-01", "2026-12-01")
    hours = [
        (one.ends.astimezone(dt.UTC) - one.starts.astimezone(dt.UTC)) / dt.timedelta(hours=1)
        for one in (march, november)
    ]
    assert hours == [31 * 24 - 1, 30 * 24 + 1]
    created = pd.to_datetime(["2026-03-01T05:59Z", "2026-03-01T06:00Z", "2026-04-01T04:59Z", "2026-04-01T05:00Z"])
    assert march.rows(pd.DataFrame({"created_on": created}))["created_on"].tolist() == [*created[1:3]]


def test_the_time_of_the_read_and_its_zone_decide_what_is_last() -> None:
    leads = pd.DataFrame({"id": [1]})
    leads.attrs["stcrm"] = {"fetched_at": "2026-11-23T05:00:00Z", "time_zone": "America/Chicago"}
    assert period(leads, weeks=1) == days("2026-11-09", "2026-11-16")  # still Sunday there
    in_rome = period(leads, weeks=1, time_zone="Europe/Rome")
    assert in_rome is not None
    assert in_rome.first == dt.date(2026, 11, 16)
    with pytest.raises(UsageError, match="needs the company's time zone"):
        period(pd.DataFrame({"id": [1]}), month="2026-10")
    assert period(pd.DataFrame({"id": [1]})) is None


def test_the_trend_is_that_of_a_year_or_longer() -> None:
    assert len(days("2026-10-01", "2026-11-01").trend) == 12
    assert len(days("2026-08-24", "2026-11-23").trend) == 12
    assert len(days("2025-01-01", "2026-07-01").trend) == 18


def test_the_latest_measurable_period_is_found_or_none() -> None:
    asked = days("2026-11-01", "2026-12-01")
    assert str(measurable(asked, lambda one: one.end <= dt.date(2026, 10, 5), dt.date(2024, 1, 1))) == "September 2026"
    assert measurable(asked, lambda _: False, dt.date(2024, 1, 1)) is asked
    ages = days("1990-01-01", "2026-12-01")
    assert measurable(ages, lambda _: False, dt.date(2024, 1, 1)) is ages


@pytest.mark.parametrize(
    ("this", "when", "of"),
    [
        (days("2026-10-01", "2026-11-01"), "in October 2026", "of October 2026"),
        (days("2026-01-01", "2026-07-01"), "Jan 1–Jun 30, 2026", "of Jan 1–Jun 30, 2026"),
        (days("1990-01-01", "2026-05-01"), "until Apr 30, 2026", "until Apr 30, 2026"),
        (days("2025-12-29", "2026-01-05"), "Dec 29, 2025–Jan 4, 2026", "of Dec 29, 2025–Jan 4, 2026"),
    ],
)
def test_a_period_in_a_sentence(this: Period, when: str, of: str) -> None:
    assert (this.when, this.of) == (when, of)
