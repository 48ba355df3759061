"""Filters as an analyst writes them: what is sent, and what is refused before anything is."""

from __future__ import annotations

import datetime as dt
import warnings
import zoneinfo
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.errors import StcrmWarning, UsageError
from stcrm_pandas.http.query import split_ids, to_query, utc_text, whole_number

LEADS, CUSTOMERS, JOBS = (OPERATIONS[f"{name}_GetList"] for name in ("Leads", "Customers", "Jobs"))
CHICAGO = "America/Chicago"


def sent(operation=LEADS, **filters):
    return dict(to_query(operation, filters, time_zone=CHICAGO))


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({}, {}),
        ({"ids": [3, 1, 2]}, {"ids": "3,1,2"}),
        ({"ids": 7}, {"ids": "7"}),
        ({"ids": "7"}, {"ids": "7"}),
        ({"ids": pd.Series([1, 2], dtype="Int64")}, {"ids": "1,2"}),
        ({"ids": np.array([1, 2])}, {"ids": "1,2"}),
        ({"ids": (2**53 + 1, 2**63 - 1)}, {"ids": "9007199254740993,9223372036854775807"}),
        ({"ids": [1.0]}, {"ids": "1"}),
        ({"is_prospect": False}, {"isProspect": "false"}),
        ({"is_prospect": np.True_}, {"isProspect": "true"}),
        ({"status": "open"}, {"status": "Open"}),
        ({"lead_customer_name": "Müller & Söhne, +1?"}, {"leadCustomerName": "Müller & Söhne, +1?"}),
        ({"created_before": dt.date(2026, 1, 1)}, {"createdBefore": "2026-01-01T06:00:00Z"}),
    ],
)
def test_filters_become_query_parameters(filters, query):
    assert sent(**filters) == query


@pytest.mark.parametrize(
    ("active", "word"), [(None, "Any"), (True, "True"), (False, "False"), (np.True_, "True"), ("any", "Any")]
)
def test_inactive_rows_are_requested_by_default(active, word):
    assert sent(CUSTOMERS, active=active) == {"active": word}
    assert all(("active", "Any") in to_query(op, {}) for op in OPERATIONS.values() if op.hides_inactive)


@pytest.mark.parametrize(
    "filters",
    [
        {"statsu": "Open"},
        {"status": "Opened"},
        {"status": True},
        {"status": ""},
        {"lead_phone": 3125550100},
        {"lead_phone": ""},
        {"lead_phone": "  "},
        {"lead_phone": "\ud800"},
        {"ids": []},
        {"ids": ()},
        {"ids": [None]},
        {"ids": [pd.NA]},
        {"ids": [float("nan")]},
        {"ids": [1.5]},
        {"ids": [True]},
        {"ids": ["1,2"]},
        {"ids": "1;2"},
        {"ids": ["x"]},
        {"ids": ["²"]},
        {"ids": [2.0**60]},
        {"ids": [2**63]},
        {"ids": object()},
        {"customer_id": [1]},
        {"customer_id": float("inf")},
        {"customer_id": np.True_},
        {"is_prospect": "false"},
        {"is_prospect": 1},
        {"is_prospect": pd.NA},
        {"created_before": 20260101},
        {"created_before": np.int64(5)},
        {"created_before": True},
        {"created_before": pd.NaT},
        {"created_before": ""},
        {"created_before": "yesterday"},
        {"created_before": "now"},
        {"created_before": "03/04/2026"},
        {"created_before": "2026-13-01"},
        {"created_before": "2026"},
        {"created_before": dt.timedelta(1)},
        {"created_before": "0001-01-01T00:00:00+05:00"},
    ],
)
def test_invalid_filters_raise_with_method_and_filter(filters):
    with pytest.raises(UsageError, match=f"leads.list.*{next(iter(filters))}"):
        sent(**filters)


@pytest.mark.parametrize(
    "filters",
    [
        {"active": 1},
        {"active": "yes"},
        {"active": pd.NA},
        {"latitude": float("nan")},
        {"latitude": "41"},
        {"street": ""},
    ],
)
def test_invalid_customer_filters_raise(filters):
    with pytest.raises(UsageError, match=f"customers.list.*{next(iter(filters))}"):
        sent(CUSTOMERS, **filters)


def test_misspelled_filter_suggests_the_right_name():
    with pytest.raises(UsageError, match=r"no filter 'createdBefore'. Did you mean 'created_before'\?"):
        sent(createdBefore="2026-01-01")


def test_numbers_words_and_guids():
    guid = "6F1D3C52-A0B8-4E7D-9C15-E2F480AB37D6"
    query = sent(CUSTOMERS, latitude=Decimal("41.25"), external_data_application_guid=guid)
    assert query == {"active": "Any", "latitude": "41.25", "externalDataApplicationGuid": guid.lower()}
    with pytest.raises(UsageError, match="comma"):
        sent(CUSTOMERS, external_data_values=["a,b"])
    with pytest.raises(UsageError, match="external_data_application_guid"):
        sent(CUSTOMERS, external_data_application_guid="no")


def test_missing_id_suggests_dropna():
    with pytest.raises(UsageError, match="dropna"):
        sent(ids=pd.Series([1, None], dtype="Int64"))


# Times


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-07-01", "2026-07-01T05:00:00Z"),
        ("2026-01-01", "2026-01-01T06:00:00Z"),
        ("2026-01-01T08:00", "2026-01-01T14:00:00Z"),
        ("2026-01-01 08:00:00.25", "2026-01-01T14:00:00.25Z"),
        ("2026-01-01T08:00:00Z", "2026-01-01T08:00:00Z"),
        ("2026-01-01T08:00:00+02:00", "2026-01-01T06:00:00Z"),
        ("2026-01-01T08:00:00.1234567Z", "2026-01-01T08:00:00.1234567Z"),
        ("2026-01-01T08:00:00.123456789Z", "2026-01-01T08:00:00.1234567Z"),
        ("1969-12-31T23:59:59.1234567Z", "1969-12-31T23:59:59.1234567Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        (dt.datetime(2026, 7, 1, 5, tzinfo=dt.UTC), "2026-07-01T05:00:00Z"),
        (pd.Timestamp("2026-07-01", tz="Asia/Tokyo"), "2026-06-30T15:00:00Z"),
        (np.datetime64("2026-07-01"), "2026-07-01T05:00:00Z"),
        ("2026-03-08T02:30:00", "2026-03-08T08:30:00Z"),  # is skipped
        ("2026-11-01", "2026-11-01T05:00:00Z"),
        ("2026-11-02", "2026-11-02T06:00:00Z"),
    ],
)
def test_times_are_sent_in_utc(value, text):
    assert utc_text(value, CHICAGO) == text


def test_a_time_that_occurs_twice_is_the_first_one_with_a_warning():
    with pytest.warns(StcrmWarning, match=r"occurs twice in America/Chicago.* 06:30 UTC.*2026-11-01T07:30Z"):
        assert utc_text("2026-11-01T01:30:00", CHICAGO) == "2026-11-01T06:30:00Z"
    assert utc_text("2026-11-01T01:30:00-06:00", CHICAGO) == "2026-11-01T07:30:00Z"


def test_day_that_starts_at_one():
    assert utc_text("2018-11-04", "America/Sao_Paulo") == "2018-11-04T03:00:00Z"


@pytest.mark.parametrize(("value", "zone"), [("0001-01-01", "Asia/Tokyo"), ("9999-12-31T20:00:00", CHICAGO)])
def test_time_outside_the_utc_range_raises(value, zone):
    with pytest.raises(ValueError, match="too late a time for UTC"):
        utc_text(value, zone)


def test_without_a_time_zone_utc_is_used_with_one_warning():
    with pytest.warns(StcrmWarning, match="STCRM_TIME_ZONE") as warned:
        assert utc_text("2026-07-01", None) == "2026-07-01T00:00:00Z"
    assert len(warned) == 1
    assert warned[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert utc_text("2026-07-01T00:00:00Z", None) == "2026-07-01T00:00:00Z"


ZONES = st.sampled_from(["UTC", CHICAGO, "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Europe/Dublin"])


@given(st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2040, 1, 1)), ZONES)
def test_naive_times_are_local(naive, zone):
    there = zoneinfo.ZoneInfo(zone)
    answered = pd.Timestamp(utc_text(naive, zone)).to_pydatetime()
    assert answered == naive.replace(tzinfo=there).astimezone(dt.UTC)
    shown = answered.astimezone(there).replace(tzinfo=None)
    assert shown == naive or shown - naive in (dt.timedelta(hours=1), dt.timedelta(minutes=30), dt.timedelta(days=1))
    assert utc_text(naive.isoformat(), zone) == utc_text(pd.Timestamp(naive), zone) == utc_text(naive, zone)


@given(st.datetimes(timezones=ZONES.map(zoneinfo.ZoneInfo), min_value=dt.datetime(1, 1, 3)))
def test_aware_times_are_converted(aware):
    if aware.year < 9999:
        assert dt.datetime.fromisoformat(utc_text(aware, CHICAGO)) == aware.astimezone(dt.UTC)


@given(st.text())
def test_any_time_text_is_parsed_or_rejected(text):
    try:
        assert utc_text(text, CHICAGO).endswith("Z")
    except ValueError as error:
        assert "must be" in str(error) or "time for UTC" in str(error)  # noqa: PT017


# Ids


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_are_unchanged(number):
    assert whole_number(number) == whole_number(str(number)) == number
    assert whole_number(np.int64(number)) == number


@given(st.floats())
def test_floats_are_exact_or_rejected(number):
    try:
        assert whole_number(number) == number
        assert abs(number) <= 2**53
    except ValueError:
        assert not (number.is_integer() and abs(number) <= 2**53)


@given(st.lists(st.integers(0, 500), max_size=300), st.integers(1, 50))
def test_ids_are_split_in_order(ids, size):
    parts = split_ids(ids, size)
    assert [id for part in parts for id in part] == list(dict.fromkeys(ids))
    assert all(0 < len(part) <= size for part in parts)
