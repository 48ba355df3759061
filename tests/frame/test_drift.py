"""What departs from the contract in one row of a thousand: kept and told, or refused by name; nothing else changes."""

from __future__ import annotations

import json
from itertools import pairwise

import orjson
import pandas as pd
import pytest

from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.contract.schemas.lookups import TECHNICIANS
from stcrm_pandas.errors import UnreadableValue
from stcrm_pandas.frame import Drift, assemble, decode, drift_frame, drift_message, validate
from stcrm_pandas.frame.drift import merge

ODD = 321
ROWS = 1_000


@pytest.fixture
def page_with(lead, body):
    """A page of leads, in one of which some fields are changed."""

    def make(**changes):
        rows = [lead(id=n, tagTypeIds=[n % 7], customerId=n) for n in range(1, ROWS + 1)]
        rows[ODD - 1] |= changes
        return body(rows, hasMore=True)

    return make


KEPT = [
    ({"priority": None}, "priority", "null", "", None),
    ({"createdOn": None}, "created_on", "null", "", pd.NaT),
    ({"status": "Paused"}, "status", "value", "Paused", "Paused"),
    ({"customerId": "77"}, "customer_id", "text number", "", 77),
    ({"customerId": 77.0}, "customer_id", "whole number", "", 77),
    ({"leadZip": 60601}, "lead_zip", "number text", "", "60601"),
    ({"leadZip": 1.50}, "lead_zip", "number text", "", "1.5"),
    ({"summary": "\ud800!"}, "summary", "text", "", "\ufffd!"),
    ({"tagTypeIds": [1, None]}, "tag_type_ids", "null", "an item of the list", (1, None)),
    ({"tagTypeIds": ["8"]}, "tag_type_ids", "text number", "", (8,)),
    ({"score": 5}, "score", "new field", "score", 5),
    ({"score": 2**70 + 1}, "score", "new field", "score", str(2**70 + 1)),
    ({"day": "2026-01-01"}, "day", "new field", "day", "2026-01-01"),
    ({"extra": {"a": [1, {"b": "x"}]}}, "extra", "new field", "extra", {"a": (1, {"b": "x"})}),
    ({"extra": [1, "a", None]}, "extra", "new field", "extra", (1, "a", None)),
    ({"extra": [[1], [2, 3]]}, "extra", "new field", "extra", ((1,), (2, 3))),
    ({"extra": None}, "extra", "new field", "extra", None),
    ({"extra": float("nan")}, "extra", "new field", "extra", "NaN"),
    ({"created_on": "x"}, "created_on_", "new field", "created_on", "x"),
    ({"customerID": 5}, "customerID", "new field", "customerID", 5),
]


@pytest.mark.parametrize(("changes", "column", "kind", "detail", "value"), KEPT)
def test_row_is_kept_and_drift_reported(page_with, changes, column, kind, detail, value):
    plain = assemble(LEADS, [decode(LEADS, "page", page_with())]).frame
    page = decode(LEADS, "page", page_with(**changes))
    assembled = assemble(LEADS, [page])
    validate(LEADS, assembled.frame)
    [drift] = assembled.drift
    assert drift == Drift("leads", column, kind, 1, (str(ODD),), detail)
    assert len(assembled.frame) == ROWS
    assert assembled.frame.dtypes[: len(plain.columns)].equals(plain.dtypes)
    got = assembled.frame[column][ODD - 1]
    assert (pd.isna(got) and pd.isna(value)) if value is None or value is pd.NaT else got == value
    others = assembled.frame[plain.columns].drop(index=ODD - 1).drop(columns=column, errors="ignore")
    pd.testing.assert_frame_equal(others, plain.drop(index=ODD - 1)[others.columns])


REFUSED = [
    ({"customerId": 5.5}, "customer_id"),
    ({"customerId": True}, "customer_id"),
    ({"customerId": "five"}, "customer_id"),
    ({"customerId": ""}, "customer_id"),
    ({"customerId": 2**63}, "customer_id"),
    ({"customerId": [1]}, "customer_id"),
    ({"customerId": float("nan")}, "customer_id"),
    ({"createdOn": "yesterday"}, "created_on"),
    ({"createdOn": ""}, "created_on"),
    ({"createdOn": "2026-02-30T00:00:00Z"}, "created_on"),
    ({"createdOn": "2026-01-01"}, "created_on"),
    ({"createdOn": "2026-01-01T00:00:00ZZ"}, "created_on"),
    ({"createdOn": "2026-01-01T00:00:00.123456xZ"}, "created_on"),
    ({"createdOn": "0001-01-01T00:00:00+14:00"}, "created_on"),
    ({"createdOn": 1767225600}, "created_on"),
    ({"tagTypeIds": [1, 2.5]}, "tag_type_ids"),
    ({"tagTypeIds": 5}, "tag_type_ids"),
    ({"tagTypeIds": {"1": 1}}, "tag_type_ids"),
    ({"summary": {"text": "x"}}, "summary"),
]


@pytest.mark.parametrize(("changes", "column"), REFUSED)
def test_unreadable_value_raises_with_its_column(page_with, changes, column):
    with pytest.raises(UnreadableValue) as caught:
        decode(LEADS, "page", page_with(**changes))
    assert (caught.value.resource, caught.value.column, caught.value.id) == ("leads", column, ODD)
    assert all(part in str(caught.value) for part in ("leads", column, str(ODD)))


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b'"twelve"', b"true", b"[]"])
def test_non_numeric_amount_raises(customer, body, literal):
    sent = body([customer(), customer(id=9, balance=0.125)]).replace(b"0.125", literal)
    with pytest.raises(UnreadableValue, match=r"balance .* \(id 9\)"):
        decode(CUSTOMERS, "page", sent)


@pytest.mark.parametrize(("sent", "value"), [("true", True), ("False", False)])
def test_text_boolean_is_converted_and_reported(read, customer, sent, value):
    assembled = read(CUSTOMERS, customer(active=sent))
    assert assembled.frame["active"][0] == value
    assert [(d.column, d.kind) for d in assembled.drift] == [("active", "text number")]


@pytest.mark.parametrize("sent", [1, 0, "yes", "", 1.0])
def test_other_boolean_text_raises(read, customer, sent):
    with pytest.raises(UnreadableValue, match="active"):
        read(CUSTOMERS, customer(active=sent))


def test_text_amount_is_converted_and_reported(read, customer):
    assembled = read(CUSTOMERS, customer(balance="12.50"))
    assert assembled.frame["balance"][0] == 12.5
    assert [(d.column, d.kind) for d in assembled.drift] == [("balance", "text number")]


def test_row_without_an_id_is_kept(read, lead):
    assembled = read(LEADS, lead(id=None), lead(id=None), lead(id=2))
    assert assembled.frame["id"].tolist() == [2, pd.NA, pd.NA]
    assert assembled.repeats == 0
    [drift] = assembled.drift
    assert (drift.column, drift.kind, drift.count) == ("id", "null", 2)


def test_missing_field_is_null_in_every_row(lead, body):
    rows = [lead(id=n) for n in range(1, 12)]
    for row in rows:
        del row["priority"]
    page = decode(LEADS, "page", body(rows))
    assert page.drift == (Drift("leads", "priority", "null", 11, ("1", "2", "3", "4", "5")),)


def test_missing_object_is_one_drift(read, customer):
    assembled = read(CUSTOMERS, customer(address=None), customer(id=2))
    assert assembled.drift == (Drift("customers", "address", "null", 1, ("1",)),)
    assert assembled.frame["address_city"].isna().tolist() == [True, False]


def test_text_instead_of_an_object_raises(read, customer):
    with pytest.raises(UnreadableValue, match="customers: address is text"):
        read(CUSTOMERS, customer(address="1 Oak St"))


@pytest.mark.parametrize("slow", [False, True])
def test_objects_in_lists_are_checked(read, customer, slow):
    fields = [{"typeId": 7}, None, {"typeId": None, "name": "x", "tier": 3}]
    assembled = read(CUSTOMERS, customer(customFields=fields, mergedToId="5" if slow else 5), customer(id=2))
    found = {(d.column, d.kind, d.detail): d.ids for d in assembled.drift if d.kind != "text number"}
    assert found == {
        ("custom_fields", "null", "an item of the list"): ("1",),
        ("custom_fields", "null", "typeId"): ("1",),
        ("custom_fields_tier", "new field", "customFields.tier"): ("1",),
    }
    assert assembled.frame["custom_fields"][0] == ((7, None, None), None, (None, "x", None))
    assert assembled.frame["custom_fields_tier"].tolist() == [(None, None, 3), None]


@pytest.mark.parametrize("slow", [False, True])
def test_new_field_of_an_object_is_a_column(read, customer, slow):
    address = {**customer()["address"], "county": "Cook", "zip": 60601 if slow else "60601"}
    assembled = read(CUSTOMERS, customer(address=address), customer(id=2), customer(id=3, address=None))
    assert assembled.frame["address_county"].tolist() == ["Cook", None, None]
    assert ("address_county", "new field", 1) in [(d.column, d.kind, d.count) for d in assembled.drift]


def test_enum_values_in_lists_are_checked(body):
    page = decode(TECHNICIANS, "page", body([{"id": 1, "positions": ["Sales", "Wizard"]}]))
    assert Drift("technicians", "positions", "value", 1, ("1",), "Wizard") in page.drift


def test_field_with_different_types_per_page(lead, body):
    values = [5, "five", None, {"a": 1}, [1], 2.5, True]
    pages = [decode(LEADS, "page", body([lead(id=n, score=value)])) for n, value in enumerate(values)]
    pages.append(decode(LEADS, "page", body([lead(id=99)])))
    assembled = assemble(LEADS, pages)
    assert assembled.frame["score"].tolist() == [5, "five", None, {"a": 1}, (1,), 2.5, True, None]
    assert list(assembled.frame.columns) == [*LEADS.dtypes, "score"]
    [drift] = assembled.drift
    assert (drift.kind, drift.count) == ("new field", 7)


def test_new_fields_have_separate_columns(read, customer):
    address = {**customer()["address"], "nick_name": 1, "nickName": 2}
    frame = read(CUSTOMERS, customer(address=address, addressNickName=3, nick_name=4, nickName=5, **{"": 6})).frame
    further = frame[frame.columns[len(CUSTOMERS.dtypes) :]].iloc[0]
    assert sorted(further) == [1, 2, 3, 4, 5, 6]


def test_only_nonconforming_pages_use_the_fallback(page_with):
    bodies = [page_with(), page_with(customerId="77"), page_with()]
    assert [decode(LEADS, "page", one).fallback for one in bodies] == [False, True, False]


def test_drift_on_many_pages_is_merged(page_with):
    pages = [decode(LEADS, "page", page_with(status="Paused", priority=None)) for _ in range(9)]
    drift = merge(d for page in pages for d in page.drift)
    assert [(d.column, d.count, len(d.ids)) for d in drift] == [("status", 9, 5), ("priority", 9, 5)]


def test_many_unknown_values_are_truncated(lead, body):
    pages = [decode(LEADS, "page", body([lead(id=n, status=f"S{n}") for n in range(30)])) for _ in range(2)]
    drift = merge(d for page in pages for d in page.drift)
    assert sum(d.count for d in drift) == 60
    assert len(drift) <= 21


def test_message_has_columns_and_counts_but_no_customer_data(read, customer):
    assembled = read(CUSTOMERS, customer(name="Secret Smith", active=None, type="Alien"), customer(id=2, active=None))
    message = drift_message(assembled.drift)
    assert message == (
        "customers does not match the API description: active is null in 2 rows (1, 2); "
        "type has undocumented values (Alien) in 1 row (1)"
    )
    assert drift_message([]) == ""


def test_drift_table_has_fixed_columns():
    table = drift_frame([Drift("leads", "status", "value", 2, ("1", "2"), "Paused")])
    assert list(table.columns) == ["resource", "column", "kind", "count", "ids", "detail"]
    assert table.dtypes.equals(drift_frame([]).dtypes)
    assert table["ids"][0] == ("1", "2")


def test_fast_path_and_fallback_agree(page_with, monkeypatch):
    """A page that fits is read alike by the slow way, drift included."""
    from stcrm_pandas.frame.decode import parent_columns
    from stcrm_pandas.frame.repair import repair

    for changes in ({}, {"status": "Paused"}, {"priority": None}, {"score": 5}, {"tagTypeIds": [None]}):
        sent = page_with(**changes)
        quick, slow = decode(LEADS, "page", sent), repair(LEADS, "page", sent, parent_columns(LEADS, None))
        assert (quick.fallback, slow.fallback, quick.drift) == (False, True, slow.drift)
        frames = [assemble(LEADS, [page]).frame for page in (quick, slow)]
        pd.testing.assert_frame_equal(*frames)


def test_composite_keys_are_reported_together(body):
    from stcrm_pandas.contract.schemas.customers import CONTACTS_OF_CUSTOMER

    page = decode(CONTACTS_OF_CUSTOMER, "page", body([{"id": 5}]), parents={"customer_id": 7})
    assert {d.ids for d in page.drift} == {("7/5",)}
    with pytest.raises(ValueError, match="customer_id"):
        decode(CONTACTS_OF_CUSTOMER, "page", body([]))


def test_test_rows_match_the_service(page_with):
    rows = orjson.loads(page_with())["data"]
    assert all(a["id"] + 1 == b["id"] for a, b in pairwise(rows))
    assert len(json.dumps(rows)) > 100_000
