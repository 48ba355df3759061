"""Lists that are short for a moment, over HTTP: no row that the service still has is deleted."""

from __future__ import annotations

import datetime as dt

import pytest

from stcrm_pandas.errors import StcrmWarning

from ..shop import PAGE

WEEK, HOUR = dt.timedelta(days=8), dt.timedelta(hours=1)
LOOKUPS = ["campaigns", "campaign_categories", "business_units", "tag_types", "employees", "job_types", "call_reasons"]
WITHOUT_IDS = ["campaign_categories", "tag_types", "call_reasons"]


@pytest.fixture
def mirror(fresh_box, join, tmp_path):
    mirror = join(fresh_box).mirror(tmp_path / "titan")
    assert not mirror.sync(only=[*LOOKUPS, "leads", "customer_contacts"])["problem"].any()
    return mirror


def ids(mirror, name):
    return mirror.read(name)["id"].tolist()


def test_empty_answers_delete_nothing(fresh_box, mirror):
    before = {name: ids(mirror, name) for name in LOOKUPS}
    fresh_box.advance(WEEK)
    mirror.sync(only=LOOKUPS[0])  # its list is not due before the faults
    for name in LOOKUPS:
        fresh_box.inject(f"lookups.{name}.list", status=200, body={"data": [], "hasMore": False}, times=None)
    with pytest.warns(StcrmWarning, match="the complete list lacks"):
        done = mirror.sync(only=LOOKUPS, full=True)
    assert done["deleted"].sum() == 0
    assert (done["problem"] != "").all()
    fresh_box.clear_faults()
    assert not mirror.sync(only=LOOKUPS)["problem"].any()
    assert {name: ids(mirror, name) for name in LOOKUPS} == before


def lose_last(box, method, rows):
    """Leave the last row out of all pages of the next list, and out of its total."""
    last = rows[-1]
    pages = -(-len(rows) // PAGE)
    box.inject(method, times=pages, rows=lambda page: [row for row in page if row["id"] != last], total=len(rows) - 1)


def test_a_row_that_one_list_lacks_stays(fresh_box, mirror):
    before = {name: ids(mirror, name) for name in LOOKUPS}
    for name in LOOKUPS:
        lose_last(fresh_box, f"lookups.{name}.list", before[name])
    fresh_box.advance(HOUR)
    done = mirror.sync(only=LOOKUPS, full=True)
    assert not done["problem"].any()
    assert done["read"].tolist() == [len(before[name]) - (name in WITHOUT_IDS) for name in LOOKUPS]
    assert {name: ids(mirror, name) for name in LOOKUPS} == before
    fresh_box.clear_faults()
    fresh_box.advance(HOUR)
    mirror.sync(only=LOOKUPS)
    assert {name: ids(mirror, name) for name in LOOKUPS} == before


def test_a_real_deletion_goes_through(fresh_box, mirror):
    gone = {name: ids(mirror, name)[-1] for name in LOOKUPS}
    for name, id in gone.items():
        fresh_box.remove(name, id)
    fresh_box.advance(HOUR)
    mirror.sync(only=LOOKUPS, full=True)
    assert [name for name in LOOKUPS if gone[name] in ids(mirror, name)] == WITHOUT_IDS
    fresh_box.advance(HOUR)
    done = mirror.sync(only=LOOKUPS)  # it reads the lists again that lacked a row
    assert done.loc[done["deleted"] > 0, "resource"].tolist() == WITHOUT_IDS
    assert not [name for name in LOOKUPS if gone[name] in ids(mirror, name)]
    assert mirror.sync(only=LOOKUPS)["written"].sum() == 0


def test_a_lead_that_slips_between_pages_stays(fresh_box, mirror):
    """A deletion and a creation while the list is read: its length is right, but one lead is on no page."""
    leads = ids(mirror, "leads")
    like = fresh_box.row("leads", leads[0])

    def move():
        fresh_box.remove("leads", leads[0])
        fresh_box.put("leads", {**like, "id": leads[-1] + 1})

    fresh_box.inject("leads.list", after=1, before=move)
    fresh_box.advance(HOUR)
    mirror.sync(only=["leads"], full=True)
    fresh_box.advance(HOUR)
    mirror.sync(only=["leads"])
    assert ids(mirror, "leads") == [*leads[1:], leads[-1] + 1]


def test_contacts_are_asked_for_by_their_customers(fresh_box, mirror):
    before = mirror.read("customer_contacts")
    lose_last(fresh_box, "customers.list_contacts", ids(mirror, "customer_contacts"))
    fresh_box.advance(HOUR)
    assert not mirror.sync(only="customer_contacts", full=True)["problem"].any()
    assert mirror.read("customer_contacts").equals(before)
    assert any("customerIds" in dict(one.query) for one in fresh_box.requests if "Contacts" in one.operation)
