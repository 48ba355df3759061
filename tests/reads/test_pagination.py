"""Walks: many pages and many parts, while rows come, go and move. Part of the rows never passes for all."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stcrm_pandas.errors import IncompleteRead, ResponseError, StcrmWarning, UsageError
from stcrm_pandas.sandbox import Sandbox


def pages_asked(box, operation="Leads_GetList"):
    return sorted(int(dict(one.query)["page"]) for one in box.requests if one.operation == operation)


def test_each_page_is_requested_once(box, join):
    frame = join(box).leads.list()
    assert pages_asked(box) == list(range(1, 16))
    assert frame.attrs["stcrm"]["pages"] == 15
    assert frame.attrs["stcrm"]["rows"] == 300


def test_pages_are_read_in_parallel_and_stay_in_order(box, join):
    under_way = []
    box.inject(
        "leads.list",
        after=1,
        times=None,
        delay=0.2,
        before=lambda: under_way.append(sum(one.status is None for one in box.requests)),
    )
    frame = join(box, concurrency=7).leads.list()
    assert 1 < max(under_way) <= 7
    assert frame["id"].tolist() == list(range(5_000, 5_300))


def test_list_without_a_sort_is_read_sequentially(box, join):
    box.inject("customers.list_contacts", after=1, delay=0.02, times=None)
    frame = join(box).customers.list_contacts()
    asked = [int(dict(one.query)["page"]) for one in box.requests if one.operation and "Contacts" in one.operation]
    assert asked == [1, 2, 3]
    assert len(frame) == 60


def test_row_counts_around_a_page_boundary(join, shop):
    for leads in (0, 1, 19, 20, 21, 40):
        with Sandbox(company=shop(leads=leads), rate_limit=None) as box:
            frame = join(box).leads.list()
            assert len(frame) == leads
            assert pages_asked(box) == list(range(1, max(1, -(-leads // 20)) + 1))


# Rows that come, go and move


def test_row_deleted_during_pagination_hides_no_other(fresh_box, join, whole, leads):
    fault = fresh_box.inject("leads.list", after=1, before=lambda: fresh_box.remove("leads", 5_003))
    frame = whole(join(fresh_box, concurrency=1).leads.list, leads - {5_003})
    assert fault.hits == 1
    assert set(frame["id"]) == leads - {5_003}
    assert pages_asked(fresh_box).count(1) == 2  # it was noticed, and walked anew


def test_repeated_deletions_raise(fresh_box, join, whole, leads):
    gone = iter(range(5_000, 5_300))
    fresh_box.inject("leads.list", after=1, times=None, before=lambda: fresh_box.remove("leads", next(gone)))
    error = whole(join(fresh_box, concurrency=1).leads.list, ())
    assert isinstance(error, IncompleteRead)
    assert error.rows < error.total
    assert "allow_incomplete=True" in str(error)


def test_rows_added_during_pagination_are_accepted(fresh_box, join, whole, leads, make_row):
    row = fresh_box.row("leads", 5_000)
    new = iter(range(6_000, 7_000))
    fresh_box.inject("leads.list", after=1, times=10, before=lambda: fresh_box.put("leads", {**row, "id": next(new)}))
    frame = whole(join(fresh_box, concurrency=1).leads.list, leads)
    assert len(frame) == 310
    assert frame.attrs["stcrm"]["complete"]
    assert pages_asked(fresh_box) == list(range(1, 17))


def test_moved_row_hides_no_other(fresh_box, join, whole):
    """Contacts come in the order of their change: one that was read and is edited moves to the end, all others up."""
    truth = range(1, 61)
    fault = fresh_box.inject(
        "customers.list_contacts",
        after=1,
        before=lambda: fresh_box.change("customer_contacts", (104, 5), memo="moved"),
    )
    frame = whole(join(fresh_box).customers.list_contacts, truth)
    assert fault.hits == 1
    assert set(frame["id"]) == set(truth)


def test_row_on_a_later_page_may_move(fresh_box, join, whole):
    fresh_box.inject(
        "customers.list_contacts",
        after=1,
        before=lambda: fresh_box.change("customer_contacts", (155, 56), memo="moved"),
    )
    frame = whole(join(fresh_box).customers.list_contacts, range(1, 61))
    assert frame.attrs["stcrm"]["repeats"] == 0


def test_repeats_that_paging_causes_are_dropped_and_counted(fresh_box, join, whole, leads):
    row = fresh_box.row("leads", 5_000)
    fresh_box.inject("leads.list", after=1, before=lambda: fresh_box.put("leads", {**row, "id": 4_000}))
    frame = whole(join(fresh_box, concurrency=1).leads.list, leads)
    assert frame.attrs["stcrm"]["repeats"] == 1  # a row came in front, and moved the others down
    assert len(frame) == 300


# Many ids, many parts


def test_4000_ids_are_sent_50_per_request(join, shop, count):
    with Sandbox(company=shop(leads=4_000), rate_limit=None) as box:
        crm = join(box, page_size=5_000)
        ids = list(range(5_000, 9_000))
        frame = crm.leads.list(ids=ids)
        assert frame["id"].tolist() == ids
        asked = [dict(one.query)["ids"].split(",") for one in box.requests if one.operation == "Leads_GetList"]
        assert len(asked) == 80
        assert {len(part) for part in asked} == {50}
        assert sorted(int(id) for part in asked for id in part) == ids
        assert crm.leads.list(ids=ids, max_age="1h").equals(frame)
        assert count(box, "leads.list") == 80


@pytest.mark.parametrize("kind", [list, tuple, set, iter, "series", "array", "generator"])
def test_ids_may_be_any_sequence(kind, box, join, leads):
    import numpy as np
    import pandas as pd

    ids = sorted(leads)[:120]
    kinds = {"series": pd.Series, "array": np.array, "generator": lambda ids: (id for id in ids)}
    frame = join(box).leads.list(ids=kinds.get(kind, kind)(ids))
    assert frame["id"].tolist() == ids


def test_duplicate_ids_are_dropped(box, join):
    assert len(join(box).leads.list(ids=[5_001] * 90 + [5_002])) == 2


def test_invalid_id_raises_before_any_request(box, join):
    with pytest.raises(UsageError, match=r"leads\.list\(ids=…\)"):
        join(box).leads.list(ids=[*range(100), None])
    assert not box.requests


def test_other_filters_are_sent_with_every_part(box, join):
    frame = join(box).customers.list(ids=range(100, 220), active=False)
    assert set(frame["id"]) == {id for id in range(100, 220) if id % 7 == 0}
    asked = [dict(one.query) for one in box.requests if one.operation == "Customers_GetList"]
    assert [one["active"] for one in asked] == ["False"] * 3


def test_naive_dates_in_many_parts_warn_once(box, join_by_address):
    crm = join_by_address(box, time_zone=None)
    with pytest.warns(StcrmWarning, match="STCRM_TIME_ZONE") as warned:
        frame = crm.leads.list(ids=sorted(range(5_000, 5_200)), created_on_or_after="2020-01-01")
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert len(frame) == 200


def test_lists_that_cannot_be_split_raise(box, join):
    with pytest.raises(UsageError, match="tag_type_ids"):
        join(box).lookups.jobs.list(tag_type_ids=range(60))


def test_lost_rows_in_one_part_are_not_hidden_by_another(fresh_box, join, whole, make_row):
    """The first fifty customers lose a contact on the way, the others get one meanwhile: the sum would be right."""
    new = {**fresh_box.row("customer_contacts", (155, 56)), "id": 999, "modifiedOn": "2026-05-01T00:00:00Z"}
    lost = fresh_box.inject("customers.list_contacts", after=2, rows=lambda rows: rows[:-1])
    came = fresh_box.inject("customers.list_contacts", after=11, before=lambda: fresh_box.put("customer_contacts", new))
    crm = join(fresh_box, concurrency=1, page_size=5)
    frame = whole(lambda: crm.customers.list_contacts(customer_ids=range(100, 160)), range(1, 61))
    assert (lost.hits, came.hits) == (1, 1)
    assert set(frame["id"]) == {*range(1, 61), 999}


def test_ignored_ids_raise(box, join):
    box.inject("leads.list", ignore=["ids"], times=None)
    with pytest.raises(ResponseError, match="ignored the ids"):
        join(box).leads.list(ids=[5_001, 5_002])
    with pytest.raises(ResponseError, match="ignored the ids"):
        join(box).leads.get([5_003, 5_004])


def test_contacts_of_many_bookings_have_the_booking_id(box, join, count):
    frame = join(box, concurrency=3).bookings.list_contacts(range(800, 830))
    assert len(frame) == 90
    assert (frame["booking_id"] == 800 + (frame["id"] - 1) // 3).all()
    assert (frame["booking_provider_id"] == 40 + frame["booking_id"] % 2).all()
    assert count(box, "bookings.list_contacts") == 30


# Whatever happens


CHANGES = st.lists(
    st.tuples(st.integers(1, 8), st.sampled_from(["remove", "add", "edit"]), st.integers(0, 99)), max_size=6
)


def read_during_changes(join, whole, shop, leads, size, concurrency, changes):
    with Sandbox(company=shop(leads=leads), rate_limit=None) as box:
        template = {**box.row("leads", 5_000), "active": True} if leads else None
        before = set(range(5_000, 5_000 + leads))
        here, new = set(before), iter(range(9_000, 10_000))
        lock = threading.Lock()

        def apply(kind, which):
            with lock:
                if kind == "add" and template:
                    id = next(new)
                    box.put("leads", {**template, "id": id})
                    here.add(id)
                elif here:
                    id = sorted(here)[which % len(here)]
                    if kind == "remove":
                        box.remove("leads", id)
                        here.discard(id)
                    else:
                        box.change("leads", id, summary="edited")

        for after, kind, which in changes:
            box.inject("leads.list", after=after, before=lambda kind=kind, which=which: apply(kind, which))
        grown = any(kind == "add" for _, kind, _ in changes) and any(kind == "remove" for _, kind, _ in changes)
        outcome = whole(
            join(box, page_size=size, concurrency=concurrency, cache_dir=None).leads.list,
            # A row that goes and one that comes in one walk time for UTC from no change by any count.
            (lambda: ()) if grown else (lambda: before & here),
        )
        assert isinstance(outcome, IncompleteRead) or set(outcome["id"]) <= before | set(range(9_000, 10_000))


@settings(max_examples=settings.default.max_examples // 4)
@given(st.integers(0, 90), st.integers(1, 30), st.sampled_from([1, 2, 4, 8]), CHANGES)
def test_read_during_changes_is_complete_or_an_error(join, whole, shop, leads, size, concurrency, changes):
    read_during_changes(join, whole, shop, leads, size, concurrency, changes)
