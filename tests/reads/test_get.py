"""Rows by id: in the order asked for, an error for each that does not exist, never another's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stcrm_pandas.errors import MissingRows, ResponseError, UsageError


@pytest.mark.parametrize("id", [5_007, "5007", np.int64(5_007), 5_007.0, pd.Series([5_007])[0]])
def test_one_row_is_one_request(id, box, join, count):
    frame = join(box).leads.get(id)
    assert frame["id"].tolist() == [5_007]
    assert count(box, "leads.get") == 1
    assert count(box, "leads.list") == 0


def test_many_rows_in_the_order_of_ids(box, join, count):
    ids = [5_250, 5_001, 5_250, 5_100, *range(5_200, 5_040, -1)]
    frame = join(box).leads.get(ids)
    assert frame["id"].tolist() == list(dict.fromkeys(ids))
    assert frame.index.tolist() == list(range(len(frame)))
    assert frame.attrs["stcrm"]["rows"] == len(frame)
    assert count(box, "leads.get") == 0


def test_one_and_many_ids_give_equal_frames(box, join):
    crm = join(box)
    one, many = crm.customers.get(133), crm.customers.get([133])
    assert one.equals(many)
    assert one.dtypes.equals(crm.customers.list().dtypes)


@pytest.mark.parametrize("resource", ["leads", "bookings", "customers", "locations"])
def test_missing_id_is_reported(resource, box, join):
    method = getattr(join(box), resource)
    with pytest.raises(MissingRows, match="no row has id 99") as caught:
        method.get(99)
    assert caught.value.ids == [99]
    known = method.list()["id"].iloc[0]
    with pytest.raises(MissingRows, match="no row has id 98, 99") as caught:
        method.get([known, 98, 99])
    assert caught.value.ids == [98, 99]
    assert isinstance(caught.value, LookupError)


def test_ten_of_many_missing_ids_are_listed(box, join):
    with pytest.raises(MissingRows, match="10 and 90 more") as caught:
        join(box).leads.get(range(1, 101))
    assert caught.value.ids == list(range(1, 101))


def test_inactive_rows_are_included(box, join):
    assert join(box).customers.get([105, 112])["active"].tolist() == [False, False]


def test_no_ids_is_an_empty_frame_without_a_request(box, join):
    crm = join(box)
    frame = crm.leads.get([])
    assert not box.requests
    assert len(frame) == 0
    assert frame.dtypes.equals(crm.leads.list().dtypes)
    assert crm.bookings.list_contacts([]).columns.tolist()[:2] == ["booking_provider_id", "booking_id"]


@pytest.mark.parametrize("ids", [None, 1.5, "x", [1, None], [1.5], True, {"a": 1}, "1,2", b"1"])
def test_invalid_ids_raise(ids, box, join):
    with pytest.raises(UsageError, match=r"leads\.get"):
        join(box).leads.get(ids)
    assert not box.requests


def test_row_created_later_is_read(fresh_box, join):
    crm = join(fresh_box)
    with pytest.raises(MissingRows):
        crm.leads.get([5_000, 7_000])
    fresh_box.put("leads", {**fresh_box.row("leads", 5_000), "id": 7_000})
    assert crm.leads.get([5_000, 7_000])["id"].tolist() == [5_000, 7_000]


def test_wrong_row_in_the_response_raises(box, join, make_row):
    other = box.row("leads", 5_009)
    other.pop("active")
    box.inject("leads.get", body=other)
    with pytest.raises(ResponseError):
        join(box).leads.get(5_001)


def test_response_without_a_row(box, join):
    for body in ("null", "[]", "5", '"x"'):
        box.inject("leads.get", body=body, times=2)
        with pytest.raises(ResponseError):
            join(box).leads.get(5_001)


def test_ids_above_2_to_the_53rd_are_exact(fresh_box, join):
    ids = [2**53 + 1, 2**53 + 3, 2**63 - 1]
    row = fresh_box.row("leads", 5_000)
    for id in ids:
        fresh_box.put("leads", {**row, "id": id, "callId": id, "customerId": None})
    frame = join(fresh_box).leads.get(ids)
    assert frame["id"].tolist() == ids
    assert frame["call_id"].tolist() == ids
    assert frame["customer_id"].isna().all()
    listed = join(fresh_box).leads.list(ids=[*ids, 5_000])
    assert listed["id"].tolist() == [5_000, *ids]
    assert listed["customer_id"].isna().tolist() == [False, True, True, True]
    assert join(fresh_box).leads.get(ids[0])["id"].tolist() == ids[:1]
