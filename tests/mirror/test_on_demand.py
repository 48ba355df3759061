"""Rows that need a request for each parent, over HTTP with a sandbox."""

from __future__ import annotations

import datetime as dt
import warnings

import pandas as pd
import pyarrow.parquet as pq
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import MirrorError, NotMirrored, StcrmWarning, UsageError
from stcrm_pandas.mirror.resources import ON_DEMAND
from stcrm_pandas.mirror.store import Store

HOUR = dt.timedelta(hours=1)
NOTES = "customer_notes"


@pytest.fixture(scope="module")
def sandbox():
    with stcrm.Sandbox(leads=200, seed=7, as_of=dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC), rate_limit=None) as running:
        yield running


@pytest.fixture
def crm(sandbox):
    with warnings.catch_warnings(), stcrm.connect(sandbox=sandbox) as connected:
        warnings.simplefilter("ignore", StcrmWarning)  # the sandbox drifts
        yield connected


@pytest.fixture
def mirror(crm, tmp_path):
    return crm.mirror(tmp_path)


def texts(frame):
    return sorted(zip(frame["customer_id"].tolist(), frame["text"].tolist(), strict=True))


def test_rows_of_chosen_parents_equal_those_of_the_service(crm, mirror):
    contacts = crm.contacts.list()["id"].head(6)
    methods = crm.contact_methods.list(contacts)
    customers = crm.customers.list()["id"]
    bookings = crm.bookings.list()["id"].head(5)
    chosen = {
        NOTES: (customers.head(40), crm.customers.list_notes(customers.head(40))),
        "booking_contacts": (bookings, crm.bookings.list_contacts(bookings)),
        "contact_relationships": (contacts, crm.contacts.list_relationships(contacts)),
        "contact_preferences": (contacts, crm.contact_preferences.list(methods["contact_id"], methods["id"])),
    }
    for name, (parents, rows) in chosen.items():
        assert mirror.sync(only=name, parents=parents)[["written", "problem"]].values.tolist() == [[len(rows), ""]]
        key = list(rows.columns[: len(ON_DEMAND[name].row.key)])
        expected = rows.sort_values(key, ignore_index=True)
        pd.testing.assert_frame_equal(mirror.read(name).sort_values(key, ignore_index=True), expected)
    again = mirror.sync(only=[NOTES])  # the same parents again: nothing is new
    assert again[["read", "written"]].values.tolist() == [[len(chosen[NOTES][1]), 0]]
    assert len(chosen[NOTES][1]) > 3
    assert len(chosen["contact_preferences"][1]) > 3
    assert mirror.status()["resource"].tolist() == [name for name in ON_DEMAND if name in chosen]
    mirror.sync(only=["campaigns"])
    mirror.compact()
    assert mirror.parents(NOTES)["customer_id"].tolist() == customers.head(40).tolist()
    reader = mirror.client()
    some = bookings.head(2).tolist()
    assert reader.bookings.list_contacts(some)["booking_id"].unique().tolist() == some
    assert len(reader.contact_preferences.list(methods["contact_id"], methods["id"])) > 3
    with pytest.raises(NotMirrored, match=r"lacks the rows of 1 of 2.*parents=ids"):
        reader.customers.list_notes(customers.iloc[39:41].tolist())
    with pytest.raises(NotMirrored, match="location_notes"):
        reader.locations.list_notes([])


def test_notes_keep_their_history_and_only_those_of_the_parents_that_were_read_are_deleted(crm, mirror, sandbox):
    last = crm.customers.list()["id"].tail(12)
    first, second, third = sorted({*last.astype(int)} - {*crm.customers.list_notes(last)["customer_id"]})[:3]
    kept, gone = (int(crm.customers.create_note(first, text=text)["id"].iloc[0]) for text in ("stays", "goes"))
    crm.customers.create_note(second, text="of another")
    mirror.sync(only=NOTES, parents=[first, second])
    start = pd.Timestamp(sandbox.advance(HOUR))
    crm.customers.delete_note(first, gone)
    crm.customers.create_note(second, text="not yet read")
    crm.customers.create_note(third, text="of a third")
    sandbox.advance(HOUR)
    assert mirror.sync(only=NOTES, parents=[first, third])["deleted"].tolist() == [0], "not believed at once"
    sandbox.advance(HOUR)
    assert mirror.sync(only=NOTES, parents=[first])["deleted"].tolist() == [1]
    assert texts(mirror.read(NOTES)) == sorted([(first, "stays"), (second, "of another"), (third, "of a third")])
    assert mirror.history(NOTES, gone)["deleted"].tolist() == [False, True]
    assert mirror.history(NOTES, kept)["deleted"].tolist() == [False]
    assert mirror.changes(NOTES)[["customer_id", "column"]].values.tolist() == [[first, "(deleted)"]]
    times = mirror.parents(NOTES).set_index("customer_id")
    assert times["known_from"].loc[third] == times["complete_to"].loc[third] > times["complete_to"].loc[second]
    assert mirror.read(NOTES).attrs["stcrm"]["complete_to"] == times["complete_to"].loc[second].isoformat()
    with pytest.raises(MirrorError, match="complete up to"):
        mirror.read(NOTES, as_of=start)
    sandbox.advance(HOUR)
    mirror.sync(only=NOTES)
    assert texts(mirror.read(NOTES)) == sorted(
        [(first, "stays"), (second, "of another"), (second, "not yet read"), (third, "of a third")]
    )
    assert mirror.changes(NOTES)["customer_id"].tolist() == [second, first]
    before = [(first, "goes"), (first, "stays"), (second, "of another")]
    assert texts(mirror.read(NOTES, as_of=start - dt.timedelta(minutes=5))) == sorted(before)
    sandbox.remove("customers", third)
    sandbox.advance(HOUR)
    with pytest.warns(StcrmWarning, match=f"customer_id {third} "):
        mirror.sync(only=NOTES)
    assert third not in mirror.read(NOTES)["customer_id"].tolist()
    assert mirror.parents(NOTES)["customer_id"].tolist() == [first, second]


def test_one_empty_answer_deletes_no_note_and_no_preference(crm, mirror, sandbox):
    notes = crm.customers.list_notes(crm.customers.list()["id"].head(40))
    customer, other = notes["customer_id"].drop_duplicates().tolist()[:2]
    contacts = crm.contacts.list()["id"].head(6)
    mirror.sync(only=NOTES, parents=[customer, other])
    mirror.sync(only="contact_preferences", parents=contacts)
    before = {name: mirror.read(name) for name in (NOTES, "contact_preferences")}
    assert all(len(frame) > 1 for frame in before.values())
    for method in ("customers.list_notes", "contact_methods.list", "contact_preferences.list"):
        sandbox.inject(method, status=200, body={"data": [], "hasMore": False}, times=None)
    sandbox.advance(HOUR)
    assert mirror.sync(only=NOTES, parents=[customer])["problem"].tolist() == [""]
    mirror.sync(only=NOTES, parents=[other])  # says nothing of the first customer
    mirror.sync(only="contact_preferences")
    sandbox.clear_faults()
    for name, frame in before.items():
        pd.testing.assert_frame_equal(mirror.read(name), frame)
    mirror.forget(customer)
    for path in mirror.folder.rglob("*.parquet"):
        assert str(customer).encode() not in (pq.read_metadata(path).metadata or {}).get(b"stcrm_commits", b"")
    sandbox.advance(HOUR)
    assert mirror.sync(only=[NOTES, "contact_preferences"])["deleted"].tolist() == [0, 0]
    pd.testing.assert_frame_equal(mirror.read("contact_preferences"), before["contact_preferences"])


def test_a_forgotten_customer_leaves_no_note_and_no_id(crm, mirror):
    notes = crm.customers.list_notes(crm.customers.list()["id"].head(40))
    customers = notes["customer_id"].unique()[:3].tolist()
    silent = int(crm.customers.list().query("id not in @notes.customer_id")["id"].iloc[0])
    mirror.sync(only=["customers", "leads"])
    mirror.sync(only=NOTES, parents=[*customers, silent])
    mirror.sync(only="lead_notes", parents=mirror.leads()["id"].head(20))
    mirror.forget([customers[0], silent])
    assert mirror.parents(NOTES)["customer_id"].tolist() == customers[1:]
    assert sorted(mirror.read(NOTES)["customer_id"].unique().tolist()) == sorted(customers[1:])
    for path in mirror.folder.rglob("*.parquet"):
        assert str(silent).encode() not in (pq.read_metadata(path).metadata or {}).get(b"stcrm_commits", b"")
    copy = mirror.export(mirror.folder.parent / "copy", anonymous=True)
    assert stcrm.mirrors(copy).read(NOTES)["text"].isna().all()
    assert Store(mirror.folder, NOTES).last().number == 1


@pytest.mark.parametrize(
    ("only", "parents", "message"),
    [
        (NOTES, None, "needs a request for each customer_id"),
        ("leads", [1], "parents= needs only="),
        ([NOTES, "lead_notes"], [1], "parents= needs only="),
        (None, [1], "parents= needs only="),
        (NOTES, [1.5], "a customer_id must be a whole number"),
        ("contact_preferences", [1], "a contact_id must be a GUID"),
    ],
)
def test_parents_that_do_not_fit_are_refused(mirror, only, parents, message):
    with pytest.raises(UsageError, match=message):
        mirror.sync(only=only, parents=parents)
    assert mirror.status().empty


def test_verify_and_parents_say_which_resources_they_take(mirror):
    mirror.sync(only=["campaigns"])
    with pytest.raises(UsageError, match="verify does not compare customer_notes"):
        mirror.verify(only=NOTES)
    with pytest.raises(UsageError, match="not read for chosen parents"):
        mirror.parents("leads")
    assert mirror.parents(NOTES).empty


def test_an_interrupted_read_keeps_the_parents_that_were_finished(crm, mirror, sandbox, monkeypatch):
    monkeypatch.setattr("stcrm_pandas.mirror.sync.PARENTS_AT_ONCE", 10)
    customers = crm.customers.list()["id"].head(25).tolist()
    sandbox.inject("customers.list_notes", status=403, after=22)
    with pytest.warns(StcrmWarning, match="customer_notes: no permission"):
        mirror.sync(only=NOTES, parents=customers)
    assert mirror.parents(NOTES)["customer_id"].tolist() == customers[:20]
