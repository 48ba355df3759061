"""Generations: the pages of one read are all of one stored walk, or all fetched; an interrupted walk may go on."""

from __future__ import annotations

import pytest

from stcrm_pandas.errors import ServerError, UsageError

MINUTE = 60.0


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_second_read_sends_no_request(box, join, count):
    crm = join(box)
    first = crm.leads.list(status="Open")
    box.requests.clear()
    again = crm.leads.list(status="Open")
    assert not box.requests
    assert again.equals(first)
    assert again.dtypes.equals(first.dtypes)
    about = again.attrs["stcrm"]
    assert (about["pages"], about["pages_from_cache"]) == (15, 15)
    read = first.attrs["stcrm"]
    assert {**about, "pages_from_cache": 0, "stored_at": read["stored_at"]} == read


def test_other_connections_and_filter_orders_share_the_cache(box, join):
    join(box).leads.list(status="Open", customer_id=5)
    box.requests.clear()
    join(box).leads.list(customer_id=5, status="open", ids=None)
    assert not box.requests


@pytest.mark.parametrize("other", [{"status": "Converted"}, {}, {"status": "Open", "customer_id": 5}])
def test_other_filters_are_a_different_read(other, box, join, count):
    crm = join(box)
    crm.leads.list(status="Open")
    before = count(box, "leads.list")
    crm.leads.list(**other)
    assert count(box, "leads.list") > before


def test_default_max_age_is_one_hour(box, join, clock, count):
    crm = join(box, clock=clock)
    crm.locations.list()
    clock.now += 59 * MINUTE
    crm.locations.list()
    assert count(box, "locations.list") == 3
    clock.now += 2 * MINUTE
    crm.locations.list()
    assert count(box, "locations.list") == 6


def test_max_age_of_the_connection_and_of_a_read(box, join, clock, count):
    crm = join(box, clock=clock, max_age="1d")
    crm.locations.list()
    clock.now += 20 * 60 * MINUTE
    crm.locations.list()
    assert count(box, "locations.list") == 3
    crm.locations.list(max_age="10h")
    assert count(box, "locations.list") == 6
    clock.now += 40 * 24 * 60 * MINUTE
    crm.locations.list(max_age="52w")
    assert count(box, "locations.list") == 6
    crm.locations.list(max_age="1000000w")
    assert count(box, "locations.list") == 6


@pytest.mark.parametrize("options", [{"max_age": 0}, {"max_age": "0s"}, {"refresh": True}])
def test_max_age_zero_reuses_nothing(options, box, join, clock, count):
    crm = join(box, clock=clock)
    for rounds in (1, 2, 3):
        crm.locations.list(**options)
        assert count(box, "locations.list") == 3 * rounds
    crm.locations.list()
    assert count(box, "locations.list") == 9


@pytest.mark.parametrize("age", ["soon", -5, "1y", [1], object(), float("nan"), float("inf")])
def test_invalid_max_age_raises(age, box, join):
    with pytest.raises(UsageError, match=r"locations\.list\(max_age=…\)"):
        join(box).locations.list(max_age=age)
    assert not box.requests


def test_refresh_replaces_the_cached_read(fresh_box, join):
    crm = join(fresh_box)
    crm.leads.list()
    fresh_box.change("leads", 5_000, status="Dismissed")
    assert crm.leads.list()["status"].iloc[0] == "Open"
    assert crm.leads.list(refresh=True)["status"].iloc[0] == "Dismissed"
    assert crm.leads.list()["status"].iloc[0] == "Dismissed"
    assert crm.cache.entries == 15


def test_failed_refresh_keeps_the_older_read(box, join):
    crm = join(box, retries=0)
    crm.leads.list()
    box.inject("leads.list", after=4, times=None, status=500)
    with pytest.raises(ServerError):
        crm.leads.list(refresh=True)
    frame = crm.leads.list()
    assert len(frame) == 300
    assert frame.attrs["stcrm"]["pages_from_cache"] == 15


# Interrupted walks


def interrupted(crm, box, method="leads.list", after=6):
    fault = box.inject(method, after=after, times=None, status=500)
    with pytest.raises(ServerError):
        crm.leads.list()
    fault.cancel()
    box.requests.clear()


def test_interrupted_read_resumes_from_its_pages(box, join, clock, count):
    crm = join(box, clock=clock, retries=0, concurrency=1)
    interrupted(crm, box)
    clock.now += 14 * MINUTE
    frame = crm.leads.list()
    assert len(frame) == 300
    assert count(box, "leads.list") == 9
    assert frame.attrs["stcrm"]["pages_from_cache"] == 6


@pytest.mark.parametrize(
    ("minutes", "options"), [(16, {}), (16, {"max_age": "1d"}), (6, {"max_age": "5m"}), (1, {"refresh": True})]
)
def test_interrupted_read_expires(minutes, options, box, join, clock, count):
    crm = join(box, clock=clock, retries=0, concurrency=1)
    interrupted(crm, box)
    clock.now += minutes * MINUTE
    assert len(crm.leads.list(**options)) == 300
    assert count(box, "leads.list") == 15


def test_inconsistent_interrupted_read_starts_over(fresh_box, join, whole, leads, count):
    crm = join(fresh_box, retries=0, concurrency=1)
    interrupted(crm, fresh_box)
    for id in range(5_000, 5_030):
        fresh_box.remove("leads", id)
    frame = whole(crm.leads.list, leads - set(range(5_000, 5_030)))
    assert len(frame) == 270
    assert frame.attrs["stcrm"]["pages_from_cache"] == 0


def test_pages_of_different_reads_never_mix(fresh_box, join, clock):
    """A walk is stored, its rows change, and one of its pages is lost: the whole walk is fetched, not the one page."""
    crm = join(fresh_box, clock=clock)
    crm.leads.list()
    for id in range(5_000, 5_300):
        fresh_box.change("leads", id, summary="new")
    crm.cache._file.run("DELETE FROM responses WHERE key LIKE '%/0/9'")
    frame = crm.leads.list()
    assert frame["summary"].unique().tolist() == ["new"]
    assert frame.attrs["stcrm"]["pages_from_cache"] == 0


def test_read_cleared_during_pagination_is_not_cached(box, join):
    crm = join(box, concurrency=1)
    box.inject("leads.list", after=5, before=crm.cache.clear)
    assert len(crm.leads.list()) == 300
    assert crm.cache.entries == 0
    box.requests.clear()
    assert len(crm.leads.list()) == 300
    assert len(box.requests) == 15


def test_fetched_at_is_that_of_the_oldest_page(box, join, clock):
    frame = join(box, clock=clock).leads.list()
    fetched = frame.attrs["stcrm"]["fetched_at"]
    assert fetched.startswith("2026-06-01T12:0")  # the service's date, not this machine's
    assert fetched.endswith("Z")
    clock.now += 30 * MINUTE
    assert join(box, clock=clock).leads.list().attrs["stcrm"]["fetched_at"] == fetched
