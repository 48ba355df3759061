"""Each kind of value, as it was sent and as it stands in the frame."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.contract.schemas.lookups import BUSINESS_UNITS
from stcrm_pandas.contract.schemas.parts import CustomField, ExternalData


@pytest.mark.parametrize("number", [0, -1, 2**53 + 1, 2**63 - 1, -(2**63)])
def test_integers_are_exact_with_nulls(read, lead, number):
    frame = read(LEADS, lead(customerId=number), lead(id=2, customerId=None), lead(id=3)).frame
    assert frame["customer_id"].dtype == pd.Int64Dtype()
    assert int(frame["customer_id"][0]) == number
    assert frame["customer_id"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    "text", ["0.1", "1234567.89", "-0.01", "999999999999.999", "0", "100", "1e3", "123456789012345"]
)
def test_amounts_are_exact_decimals(read, customer, body, text):
    from stcrm_pandas.frame import assemble, decode

    sent = body([customer(balance=0.5)]).replace(b"0.5", text.encode())
    page = decode(CUSTOMERS, "page", sent)
    balance = assemble(CUSTOMERS, [page]).frame["balance"]
    assert balance.dtype == pd.Float64Dtype()
    assert Decimal(repr(float(balance[0]))) == Decimal(text)
    assert (page.drift, page.fallback) == ((), False)


@pytest.mark.parametrize(
    "text",
    ["0.1234567890123456", "1234567890123456", "1.00000000000000000001", "-12345678901234.567", "99999999999999999999"],
)
def test_amount_with_more_than_15_digits_is_reported(customer, body, text):
    from stcrm_pandas.frame import decode

    page = decode(CUSTOMERS, "page", body([customer(balance=0.5), customer(id=2)]).replace(b"0.5", text.encode()))
    [drift] = page.drift
    assert (drift.column, drift.kind, drift.count, drift.ids) == ("balance", "digits", 1, ("1",))
    assert page.table["balance"][0].as_py() == float(text)


def test_long_digits_in_other_fields_stay_on_the_fast_path(customer, body):
    from stcrm_pandas.frame import decode

    address = {**customer()["address"], "latitude": 39.123456789012345, "longitude": -89.1}
    page = decode(CUSTOMERS, "page", body([customer(id=2**60, address=address)]))
    assert (page.fallback, page.drift) == (False, ())
    assert page.table["address_latitude"][0].as_py() == 39.123456789012345


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01 00:00:00"),
        ("2026-01-01T00:00:00.1Z", "2026-01-01 00:00:00.1"),
        ("2026-01-01T00:00:00.12Z", "2026-01-01 00:00:00.12"),
        ("2026-01-01T00:00:00.123Z", "2026-01-01 00:00:00.123"),
        ("2026-01-01T00:00:00.1234Z", "2026-01-01 00:00:00.1234"),
        ("2026-01-01T00:00:00.12345Z", "2026-01-01 00:00:00.12345"),
        ("2026-01-01T00:00:00.123456Z", "2026-01-01 00:00:00.123456"),
        ("2026-01-01T00:00:00.1234569Z", "2026-01-01 00:00:00.123456"),
        ("0001-01-01T00:00:00Z", "0001-01-01 00:00:00"),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31 23:59:59.999999"),
        ("2024-02-29T12:00:00Z", "2024-02-29 12:00:00"),
    ],
)
def test_times_with_any_number_of_digits(read, lead, text, moment):
    assembled = read(LEADS, lead(createdOn=text), lead(id=2, followUpDate=text))
    column = assembled.frame["created_on"]
    assert str(column.dtype) == "datetime64[us, UTC]"
    assert column.dt.tz_localize(None).to_numpy()[0] == np.datetime64(moment)
    assert assembled.frame["follow_up_date"].isna().tolist() == [True, False]
    assert assembled.drift == ()


@pytest.mark.parametrize(
    ("text", "moment", "detail"),
    [
        ("2026-01-01T02:00:00+02:00", "2026-01-01 00:00:00", "offset"),
        ("2025-12-31T19:00:00.5-05:00", "2026-01-01 00:00:00.5", "offset"),
        ("2026-01-01T00:00:00+00:00", "2026-01-01 00:00:00", "offset"),
        ("2026-01-01T00:00:00", "2026-01-01 00:00:00", "no zone"),
        ("2026-01-01T00:00:00.12345678Z", "2026-01-01 00:00:00.123456", "form"),
        ("2026-01-01t00:00:00z", "2026-01-01 00:00:00", "form"),
    ],
)
def test_other_time_formats_are_converted_and_reported(read, lead, text, moment, detail):
    assembled = read(LEADS, lead(createdOn=text), lead(id=2))
    assert assembled.frame["created_on"].dt.tz_localize(None).to_numpy()[0] == np.datetime64(moment)
    [drift] = assembled.drift
    assert (drift.column, drift.kind, drift.ids, drift.detail) == ("created_on", "time", ("1",), detail)


@pytest.mark.parametrize("text", ["", "a\0b", 'quote " and \\', "é 😀", "x" * 100_000, "NaN", "null", "\u2028", " "])
def test_text_is_unchanged(cell, lead, text):
    assert cell(LEADS, lead(summary=text), "summary") == text


def test_missing_text_is_missing_and_empty_text_is_not(read, lead):
    frame = read(LEADS, lead(summary=None), lead(id=2, summary=""), lead(id=3)).frame
    assert str(frame["summary"].dtype) == "str"
    assert frame["summary"].isna().tolist() == [True, False, True]


def test_booleans_have_three_states(read, customer):
    frame = read(CUSTOMERS, customer(active=True), customer(id=2, active=False), customer(id=3, active=None)).frame
    assert frame["active"].dtype == pd.BooleanDtype()
    assert frame["active"].tolist() == [True, False, pd.NA]


def test_lists_are_tuples_and_an_empty_one_is_not_missing(read, lead):
    frame = read(LEADS, lead(tagTypeIds=[3, 3, 1]), lead(id=2, tagTypeIds=[]), lead(id=3, tagTypeIds=None)).frame
    assert frame["tag_type_ids"].dtype == "object_"
    assert frame["tag_type_ids"].tolist() == [(3, 3, 1), (), None]
    assert frame["tag_type_ids"].isna().tolist() == [False, False, True]
    assert all(type(tag) is int for tag in frame["tag_type_ids"][0])


def test_lists_of_objects_are_tuples_of_named_tuples(read, customer):
    fields = [{"typeId": 7, "name": "Source", "value": None}, {"typeId": 8, "name": None, "value": "x"}]
    frame = read(
        CUSTOMERS,
        customer(customFields=fields, externalData=[{"key": "a", "value": "b"}]),
        customer(id=2, customFields=[], externalData=fields and []),
    ).frame
    first, second = frame["custom_fields"]
    assert first == (CustomField(7, "Source", None), CustomField(8, None, "x"))
    assert all(type(field) is CustomField for field in first)
    assert (second, frame["external_data"].tolist()) == ((), [(ExternalData("a", "b"),), ()])


def test_nested_objects_become_columns(read):
    unit = {
        "id": 1,
        "active": True,
        "name": "HVAC",
        "createdOn": "2026-01-01T00:00:00Z",
        "modifiedOn": "2026-01-01T00:00:00Z",
    }
    there = {**unit, "id": 2, "trade": {"id": 5, "name": "Air"}, "address": {"isMilitary": False}}
    assembled = read(BUSINESS_UNITS, {**unit, "trade": None}, there)
    assert assembled.frame["trade_id"].tolist() == [pd.NA, 5]
    assert assembled.frame["trade_name"].tolist()[1] == "Air"
    # of an optional group a part counts only where the group is there
    assert [(d.column, d.kind, d.ids) for d in assembled.drift] == [("address_is_manual_coordinates", "null", ("2",))]


@pytest.mark.parametrize("balance", [1.5, "1.5"], ids=["fast path", "value by value"])
def test_a_merged_to_id_of_zero_is_missing(read, customer, balance):
    rows = [customer(id=n, mergedToId=into, balance=balance) for n, into in enumerate((0, 7, None), 1)]
    assert read(CUSTOMERS, *rows).frame["merged_to_id"].tolist() == [pd.NA, 7, pd.NA]


def test_only_missing_cells_are_na(read, customer):
    bare = {"id": 2}
    frame = read(
        CUSTOMERS, customer(mergedToId=1, paymentTermId=1, creditLimit=0.0, creditLimitBalance=0.0), bare
    ).frame
    unsent = {"address_unit", "address_latitude", "address_longitude"}
    assert set(frame.columns[frame.iloc[0].isna()]) == unsent
    assert set(frame.columns[~frame.iloc[1].isna()]) == {"id"}
    assert frame.dtypes.to_dict() == read(CUSTOMERS).frame.dtypes.to_dict()
