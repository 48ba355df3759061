"""When things happen: in local time, in season, in the right order, and never after `as_of`."""

import numpy as np
import pandas as pd
import pytest

from stcrm_pandas.sandbox.company.base.times import Seasons

CHICAGO = "America/Chicago"


def local(company, table: str) -> pd.Series:
    return company.times(table, "createdOn").dt.tz_convert(CHICAGO)


def test_nothing_is_created_or_edited_after_as_of(company):
    limit = company.truth["as_of"][:19]
    for name, rows in company.items():
        for column in ("createdOn", "modifiedOn", "completedOn"):
            if column in rows:
                assert rows[column].dropna().str[:19].max() < limit, (name, column)


def test_edits_come_after_creation(company):
    for name, rows in company.items():
        if {"createdOn", "modifiedOn"} <= set(rows.columns):
            real = ~rows.createdOn.str.startswith("0001")
            created, edited = (
                pd.to_datetime(rows[c][real], format="ISO8601", utc=True) for c in ("createdOn", "modifiedOn")
            )
            assert (edited >= created).all(), name


def test_customers_and_locations_are_created_before_their_rows(company):
    for table, column, other in (
        ("jobs", "customerId", "customers"),
        ("jobs", "locationId", "locations"),
        ("leads", "customerId", "customers"),
        ("leads", "locationId", "locations"),
        ("locations", "customerId", "customers"),
    ):
        born = company[other].assign(at=company.times(other, "createdOn")).set_index("id")["at"]
        rows = company[table].assign(at=company.times(table, "createdOn")).dropna(subset=column)
        assert (born.loc[rows[column]].to_numpy() <= rows["at"].to_numpy()).all(), (table, column)


def test_no_job_is_created_before_its_lead_or_booking(company):
    jobs = company["jobs"].assign(at=company.times("jobs", "createdOn"))
    leads = company["leads"].assign(at=company.times("leads", "createdOn"))
    bookings = company["bookings"].assign(at=company.times("bookings", "createdOn"))
    by_call = jobs.merge(leads.dropna(subset="callId"), left_on="leadCallId", right_on="callId")
    by_lead = jobs.dropna(subset="bookingId").merge(leads.dropna(subset="bookingId"), on="bookingId")
    by_booking = jobs.dropna(subset="bookingId").merge(bookings, left_on="bookingId", right_on="id")
    for both in (by_call, by_lead, by_booking):
        assert len(both)
        assert (both.at_x >= both.at_y).all()


def test_jobs_are_completed_after_they_are_created(company):
    jobs = company["jobs"]
    done = jobs.jobStatus == "Completed"
    assert (jobs.completedOn.notna() == done).all()
    assert (company.times("jobs", "completedOn")[done] > company.times("jobs", "createdOn")[done]).all()


def test_ids_grow_with_creation(company):
    for table in ("leads", "bookings", "jobs", "customers", "locations"):
        rows = company[table]
        assert rows.id.is_monotonic_increasing
        assert company.times(table, "createdOn").is_monotonic_increasing


def test_weekdays(company):
    counts = local(company, "jobs").dt.day_of_week.value_counts()
    usual = counts[[1, 2, 3]].mean()
    assert counts[0] / usual == pytest.approx(1.35, abs=0.12)
    assert counts[5] / usual == pytest.approx(0.55, abs=0.08)
    assert counts[6] / usual == pytest.approx(0.30, abs=0.06)


def test_heating_and_cooling_have_seasons(company):
    units = company["business_units"].set_index("name").id
    when = local(company, "jobs")[company["jobs"].businessUnitId == units["HVAC Service"]]
    by_month = when.dt.month.value_counts()
    spring = by_month[[3, 4, 5]].sum()
    assert by_month[[6, 7, 8]].sum() / spring == pytest.approx(1.8 / 0.7, rel=0.1)
    assert by_month[[12, 1, 2]].sum() / spring == pytest.approx(1.4 / 0.7, rel=0.1)


def test_the_freeze_brings_plumbing(company):
    units = company["business_units"].set_index("name").id
    when = local(company, "jobs")[company["jobs"].businessUnitId == units["Plumbing Service"]]
    first, last = (pd.Timestamp(day, tz=CHICAGO) for day in company.truth["events"]["freeze"])
    frozen = ((when >= first) & (when < last + pd.Timedelta(days=1))).sum() / 3
    around = when[(when >= first - pd.Timedelta(days=28)) & (when < first)].size / 28
    assert 3 < frozen / around < 6


def test_no_form_arrives_during_the_outage(company):
    first, last = (pd.Timestamp(day, tz=CHICAGO) for day in company.truth["events"]["form_outage"])
    names = company["booking_provider_tags"].set_index("id").tagName
    forms = company["bookings"].bookingProviderId.map(names) == "Web Form"
    when = local(company, "bookings")
    during = (when >= first) & (when < last + pd.Timedelta(days=1))
    assert during.sum() > 15
    assert not (during & forms).any()
    website = company["employees"].set_index("name").userId["Website Integration"]
    when = local(company, "leads")
    during = (when >= first) & (when < last + pd.Timedelta(days=1))
    assert not (during & (company["leads"].createdById == website)).any()


def test_web_bookings_at_night(company):
    hour = local(company, "bookings").dt.hour
    assert ((hour >= 18) | (hour < 7)).mean() == pytest.approx(0.28, abs=0.015)


def test_office_hours_are_the_same_in_summer_and_in_winter(company):
    changes = pd.to_datetime(company.truth["events"]["clock_changes"])
    assert {at.tz_convert(CHICAGO).month for at in changes} == {3, 11}
    jobs = company["jobs"]
    calls = jobs.leadCallId.notna() & ~jobs.leadCallId.isin(company["leads"].callId.dropna())
    when = local(company, "jobs")[calls]
    for month in ("2025-01", "2025-07", "2025-11", "2026-03"):
        hours = when[when.dt.strftime("%Y-%m") == month].dt.hour
        assert len(hours) > 500
        assert (hours.min(), hours.max()) == (6, 20), month


def test_local_times_convert_back_to_utc():
    seasons = Seasons(int(pd.Timestamp("2026-07-01", tz="UTC").timestamp()))
    for night in ("2025-11-02", "2026-03-08", "2026-01-10"):
        moments = int(pd.Timestamp(night, tz="UTC").timestamp()) + np.arange(0, 86_400, 599)
        expected = pd.to_datetime(moments, unit="s", utc=True).tz_convert(CHICAGO).tz_localize(None)
        assert (pd.to_datetime(seasons.local(moments), unit="s") == expected).all()
        back = seasons.utc(seasons.local(moments))
        # A time in the repeated hour converts back to either pass.
        assert set(np.unique(back - moments)) <= {-3_600, 0, 3_600}
        assert (seasons.local(back) == seasons.local(moments)).all()
    twice = seasons.utc(seasons.local(int(pd.Timestamp("2025-11-02T06:30Z").timestamp()) + np.arange(2)))
    assert abs(twice[1] - twice[0]) > 3_000
