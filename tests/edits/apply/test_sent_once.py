"""An opt-in is sent once: whatever the clock says, whichever plan asks, and where a journal cannot be read."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from stcrm_pandas import cli
from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox import Sandbox

from .company import Company
from .conftest import AS_OF

MAY = {"allow_opt_in": True, "consent_source": "form of May 3"}
REMINDERS = "preferences_job_reminders_enabled"
FIXTURES = Path(__file__).parent / "fixtures"
"""Plans and journals as they were written before a plan knew when its rows were read."""


def says_no(box, id=1):
    box.change("customer_contacts", (id, 1000 + id), **{"preferences.jobRemindersEnabled": False})


def on(box, id=1):
    return box.row("customer_contacts", (id, 1000 + id))["preferences"]["jobRemindersEnabled"]


def frames(box, crm, rows=1):
    for id in range(1, rows + 1):
        says_no(box, id)
    before = crm.customers.list_contacts(refresh=True).sort_values("id", ignore_index=True)
    return before, before.head(rows).assign(**{REMINDERS: True})


def planned(crm, given):
    return crm.customers.plan_contact_changes(*given, **MAY)


@pytest.mark.parametrize("known", [True, False])
def test_new_plan_from_old_frames_does_not_repeat_an_opt_in(known, box, crm, time, count):
    given = frames(box, crm)
    if not known:
        given[0].attrs = {"stcrm": {**given[0].attrs["stcrm"], "fetched_at": None}}
    assert planned(crm, given).apply().ok
    time.passed += 3600
    says_no(box)
    box.requests.clear()
    result = planned(crm, given).apply()
    assert count(box) == 0
    assert "undid it" in result.conflicts["why"].item()
    assert not on(box)


def test_clock_ahead_when_planned(box, crm, time, count):
    time.passed += 600
    plan = planned(crm, frames(box, crm))
    time.passed -= 600
    assert plan.apply().ok
    says_no(box)
    box.requests.clear()
    assert "undid it" in plan.apply().conflicts["why"].item()
    assert count(box) == 0


def test_refreshed_rows_count_as_new_despite_clock_skew(box, crm, time):
    time.passed += 3600
    crm.customers.list()
    feed = crm.customers.export(since="2020-01-01").frame
    time.passed -= 3600
    box.change("customers", 1, name="Another name")
    assert "Another name" in set(crm.customers.list(refresh=True)["name"])
    assert "Another name" in set(crm.customers.list()["name"]), "and the old answer is gone"
    assert len(crm.customers.export(since="2020-01-01", refresh=True).frame) == len(feed)


BOTH = {REMINDERS: True, "preferences_marketing_updates_enabled": True}
NEITHER = {"preferences.jobRemindersEnabled": False, "preferences.marketingUpdatesEnabled": False}


def flags(box):
    preferences = box.row("customer_contacts", (1, 1001))["preferences"]
    return preferences["jobRemindersEnabled"], preferences["marketingUpdatesEnabled"]


@pytest.fixture
def two_flags(box, crm):
    """A contact that is opted out of two messages, as read, and the plan that opts it in to both."""
    box.change("customer_contacts", (1, 1001), **NEITHER)
    before = crm.customers.list_contacts(customer_ids=[1], refresh=True)
    return before, crm.customers.plan_contact_changes(before, before.assign(**BOTH), **MAY)


@pytest.mark.parametrize("carried_out", [True, False])
def test_two_opt_ins_of_a_row_in_doubt_are_no_refusal_of_each_other(carried_out, two_flags, box, crm, time, count):
    """The response is lost. Both flags are off afterwards: the row itself is in conflict, no other record is."""
    before, plan = two_flags
    box.inject("customers.update_contact", status=500, done=carried_out)
    assert len(plan.apply().succeeded) == carried_out
    box.change("customer_contacts", (1, 1001), **NEITHER)
    box.requests.clear()
    result = plan.apply()
    assert result.failed.empty
    assert result.conflicts["why"].str.contains("somebody undid it").all()
    assert count(box) == 0
    before.attrs["stcrm"]["fetched_at"] = "2027-01-01T00:00:00Z"  # read again, and they agreed again
    assert crm.customers.plan_contact_changes(before, before.assign(**BOTH), **MAY).apply().ok
    assert flags(box) == (True, True)


def test_opt_out_of_one_of_two_flags_that_was_opted_in_before_stops_both(two_flags, box, crm, count):
    before, plan = two_flags
    marketing = before.assign(preferences_marketing_updates_enabled=True)
    assert crm.customers.plan_contact_changes(before, marketing, **MAY).apply().ok
    box.change("customer_contacts", (1, 1001), **NEITHER)
    box.requests.clear()
    result = plan.apply()
    assert result.conflicts["why"].str.contains("somebody undid it").all()
    assert count(box) == 0
    assert flags(box) == (False, False)


def test_marketing_opt_out_of_the_row_that_the_plan_does_not_change_stops_its_other_opt_in(two_flags, crm):
    before, _ = two_flags
    plan = crm.customers.plan_contact_changes(before, before.assign(**{REMINDERS: True}), **MAY)
    assert plan.refused[["column", "instead"]].to_numpy().tolist() == [
        [REMINDERS, "ask the person; plan_opt_out(…) opts out the other records, too"]
    ]


def test_marketing_opt_out_of_the_row_that_comes_meanwhile_stops_its_other_opt_in(box, join):
    crm = join(box, concurrency=1)
    for id in (1, 2):
        says_no(box, id)
    before = crm.customers.list_contacts(customer_ids=[1, 2], refresh=True)
    plan = crm.customers.plan_contact_changes(before, before.assign(**{REMINDERS: True}), **MAY)
    no = {"preferences.marketingUpdatesEnabled": False}
    box.inject(
        "customers.update_contact",
        before=lambda: [box.change("customer_contacts", (id, 1000 + id), **no) for id in (1, 2)],
    )
    result = plan.apply()
    assert on(box, 1) + on(box, 2) == 1, "the one whose request was under way"
    assert "is opted out" in result.failed["why"].item()


def cut(path):
    path.write_bytes(path.read_bytes()[:9000])


def empty(path):
    path.write_bytes(b"")


def damage(path):
    whole = bytearray(path.read_bytes())
    whole[4096 * 2 : 4096 * 5] = b"x" * 4096 * 3
    path.write_bytes(bytes(whole))


def of_another_version(path):
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 2")
    db.close()


def without_rows(path):
    db = sqlite3.connect(path)
    with db:
        db.execute("DELETE FROM rows")
    db.close()


@pytest.fixture
def spoilt(box, crm):
    """A plan of two rows, of which one was opted in by a sample, and the journal of that."""
    plan = planned(crm, frames(box, crm, 2))
    assert plan.subset([(1, 1001)]).apply().ok
    (journal,) = crm.settings.journal_folder.glob("*.sqlite")
    says_no(box)
    box.requests.clear()
    return plan, journal


@pytest.mark.parametrize("spoil", [cut, empty, damage, of_another_version, without_rows])
def test_opt_ins_wait_while_a_journal_is_unreadable(spoil, spoilt, box, crm, count, monkeypatch, capsys):
    plan, journal = spoilt
    spoil(journal)
    for _ in range(2):
        with pytest.raises(UsageError, match="stcrm journal acknowledge") as refused:
            plan.apply()
        assert str(journal) in str(refused.value)
    assert count(box) == 0
    assert not on(box)
    monkeypatch.setattr(sys, "argv", ["stcrm", "journal", "list", "--state-dir", str(crm.settings.state_dir)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    monkeypatch.setattr(sys, "argv", ["stcrm", "journal", "acknowledge", str(journal), "--yes"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    assert "Acknowledged" in capsys.readouterr().out
    assert plan.apply().ok, "somebody answers for it"
    journal.write_bytes(journal.read_bytes() + b"more")
    says_no(box)
    with pytest.raises(UsageError, match="stcrm journal acknowledge"):
        plan.apply()


def test_other_changes_do_not_wait(spoilt, box, crm):
    _, journal = spoilt
    before = crm.customers.list_contacts(refresh=True).sort_values("id", ignore_index=True)
    after = before.head(2).assign(memo=["mended", "x"], **{REMINDERS: [False, True]})
    empty(journal)
    result = planned(crm, (before, after)).apply()
    assert result.succeeded["id"].tolist() == [1001]
    assert "acknowledge" in result.failed["why"].item()
    assert not on(box, 2)


def test_journals_of_other_tenants_do_not_count(spoilt, crm):
    plan, journal = spoilt
    stamp, number, _, digest = journal.stem.split("-")
    journal.unlink()
    for name in (f"{stamp}-{number}-0123abcd-{digest}", f"{stamp}-{number}-4567abcd-0123456789abcdef"):
        empty(journal.with_name(f"{name}.sqlite"))
    with pytest.raises(UsageError, match="cannot be read"):
        plan.subset([(1, 1001)]).apply()  # its own journal, by its name
    journal.with_name(f"{stamp}-{number}-0123abcd-{digest}.sqlite").unlink()
    assert plan.apply().ok


def test_a_readable_journal_needs_no_acknowledgement(spoilt, monkeypatch, capsys):
    _, journal = spoilt
    monkeypatch.setattr(sys, "argv", ["stcrm", "journal", "acknowledge", str(journal), "--yes"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "can be read" in capsys.readouterr().err


class Fixed(Sandbox):
    """A sandbox by the name that the fixtures have."""

    sandbox_id = "sandbox-of-fixtures"


@pytest.fixture
def earlier(join):
    with Fixed(company=Company(6), as_of=AS_OF, rate_limit=None) as box:
        crm = join(box)
        crm.settings.journal_folder.mkdir(parents=True)
        yield box, crm


def taken(crm, name):
    (path,) = (FIXTURES / name).glob("*.sqlite")
    return Path(shutil.copy(path, crm.settings.journal_folder))


def test_plan_and_journal_of_an_earlier_version_continue(earlier):
    box, crm = earlier
    plan = crm.load_plan(FIXTURES / "names.plan.json")
    journal = taken(crm, "unfinished")
    box.change("customers", 1, name="New name")
    result = crm.resume(journal)
    assert len(result.succeeded) == 3
    assert box.row("customers", 3)["name"] == "New name"
    assert len(plan.apply().already) == 3


def test_journal_of_an_earlier_version_can_be_undone(earlier):
    box, crm = earlier
    for id in (1, 2, 3):
        box.change("customers", id, name="New name")
    assert crm.undo(taken(crm, "finished")).apply().ok
    assert {box.row("customers", id)["name"] for id in (1, 2, 3)} == {"x"}


def test_an_opt_in_of_an_earlier_version_is_not_sent_again(earlier, count):
    box, crm = earlier
    box.change("customers", 6, doNotMail=True)
    taken(crm, "opt_in")
    result = crm.load_plan(FIXTURES / "opt_in.plan.json").apply()
    assert "undid it" in result.conflicts["why"].item()
    assert count(box) == 0
    assert box.row("customers", 6)["doNotMail"] is True


def altered(path, state, **details):
    """A journal in which the rows have another state, and texts where there should be times."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for step, kept in db.execute("SELECT step, details FROM rows").fetchall():
            whole = json.dumps({**json.loads(kept), **details})
            db.execute("UPDATE rows SET state = ?, details = ? WHERE step = ?", (state, whole, step))


@pytest.mark.parametrize("service_time", ["yesterday", 7])
@pytest.mark.parametrize("state", ["sending", "doubt", "failed"])
def test_times_that_cannot_be_read_do_not_send_an_opt_in_again(state, service_time, box, crm, count):
    """The row says no again. Nobody knows whether that was before the opt-in or after it."""
    says_no(box)
    before = crm.customers.list_contacts(refresh=True).sort_values("id").head(1)
    after = before.assign(**{REMINDERS: True})
    plan = crm.customers.plan_contact_changes(before, after, **MAY)
    result = plan.apply()
    says_no(box)
    altered(result.path, state, service_time=service_time, sent_at="long ago")
    box.requests.clear()
    crm.resume(result)
    plan.apply()
    before.attrs["stcrm"]["fetched_at"] = "2027-01-01T00:00:00Z"
    result = crm.customers.plan_contact_changes(before, after, **MAY).apply()
    assert "undid it" in result.conflicts["why"].item()
    assert count(box) == 0
    assert not on(box)


@pytest.mark.parametrize("service_time", ["yesterday", "", 7, "2026-06-01T12:00:00"])
def test_resume_reads_the_row_first_if_its_time_cannot_be_read(service_time, box, crm, count):
    before = crm.customers.list_contacts(refresh=True).sort_values("id").head(2)
    plan = crm.customers.plan_contact_changes(before, before.assign(**{REMINDERS: False}))
    result = plan.apply()
    altered(result.path, "doubt", service_time=service_time)
    box.change("customer_contacts", (2, 1002), **{"preferences.jobRemindersEnabled": True})
    box.requests.clear()
    resumed = crm.resume(result)
    assert len(resumed.succeeded) == 2
    first, *_ = box.requests
    assert first.operation == "Customers_GetModifiedContactsList"
    assert count(box) == 1, "one row has the planned values already"
    assert not on(box, 2)
