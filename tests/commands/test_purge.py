"""Journals and locks that somebody removes while a plan is being applied."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time as real_time

import pytest

from stcrm_pandas.errors import UsageError


def bodies(box):
    """How often each row was written to."""
    found = {}
    for arrival in box.requests:
        if arrival.operation == "Customers_Update":
            found[arrival.path] = found.get(arrival.path, 0) + 1
    return found


def test_purge_refuses_during_an_apply(box, tenant, join, renamed, stcrm, count):
    crm = join(box, state_dir=tenant / "state")
    plan = crm.customers.plan_changes(*renamed(crm, 20))
    gate = threading.Event()
    box.inject("customers.update", times=None, before=lambda: gate.wait(20))
    box.requests.clear()
    results = []
    apply = threading.Thread(target=lambda: results.append(plan.apply()))
    apply.start()
    while not count(box):
        real_time.sleep(0.01)
    there = sorted(
        path.name for path in (tenant / "state" / "journals").iterdir() if path.suffix in (".sqlite", ".lock")
    )
    code, stdout, stderr = stcrm("journal", "purge", "--yes")
    kept = sorted(
        path.name for path in (tenant / "state" / "journals").iterdir() if path.suffix in (".sqlite", ".lock")
    )
    with pytest.raises(UsageError, match="one apply at a time"):
        plan.apply()
    gate.set()
    apply.join()
    assert (code, stdout) == (2, "")
    assert "is being applied" in stderr
    assert kept == there
    assert results[0].ok
    assert set(bodies(box).values()) == {1}
    assert len(bodies(box)) == 20
    assert stcrm("journal", "purge", "--yes")[1] == "1 journal deleted.\n"
    assert sorted(path.suffix for path in (tenant / "state" / "journals").iterdir()) == [".lock"]


@pytest.mark.parametrize("end", ["sqlite", "lock"])
@pytest.mark.parametrize("replaced", [False, True])
def test_apply_stops_if_its_journal_or_lock_is_deleted(end, replaced, box, crm, renamed, count):
    def remove():
        (path,) = crm.settings.journal_folder.glob(f"*.{end}")
        other = path.with_name("other")
        shutil.copy(path, other)
        path.unlink()
        if replaced:
            other.replace(path)

    plan = crm.customers.plan_changes(*renamed(crm, 60))
    box.inject("customers.update", after=3, times=1, before=remove)
    box.inject("customers.update", times=None, delay=0.02)
    box.requests.clear()
    with pytest.raises(UsageError, match="removed or replaced"):
        plan.apply()
    assert 4 <= count(box) <= 4 + crm.settings.concurrency, "what was under way, and no more"


def test_checking_a_lock_does_not_release_it(box, crm, renamed, tenant):
    """POSIX drops all locks of a process on a file when it closes any descriptor of it."""
    from stcrm_pandas.edits.apply.locks import is_held, lock, lock_path

    plan = crm.customers.plan_changes(*renamed(crm, 1))
    folder = tenant / "journals"
    with lock(folder, plan.digest):
        assert is_held(folder, plan.digest)
        with pytest.raises(UsageError), lock(folder, plan.digest):
            pass
        assert held_by_another_process(lock_path(folder, plan.digest))
    assert not is_held(folder, plan.digest)
    assert not held_by_another_process(lock_path(folder, plan.digest))


def held_by_another_process(path):
    """Whether a process of its own finds the lock held."""
    import subprocess
    import sys

    code = f"import sqlite3; sqlite3.connect({str(path)!r}, timeout=0).execute('BEGIN EXCLUSIVE')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or sqlite3.OperationalError.__name__ in done.stderr
    return done.returncode != 0


def test_logs_of_grids_are_listed_and_purged(box, tenant, join, stcrm):
    crm = join(box, state_dir=tenant / "state")
    grid = crm.customers.edit(crm.customers.list().head(2))
    session = grid._session
    session.edit("tab", 1, "", [(session.key_texts[0], "name", session.texts("name")[0].as_py(), "Zebulon")])
    (path,) = (tenant / "state" / "grids").glob("*.sqlite")
    code, stdout, _ = stcrm("journal", "list")
    assert code == 0
    assert f"{path}: grid of customers of tenant" in stdout
    assert stdout.endswith(": 1 edit\n")
    assert "Zebulon" not in stdout
    assert stcrm("journal", "purge", "--older-than", "1d", "--yes")[1] == "0 journals deleted.\n"
    assert stcrm("journal", "purge", "--yes")[1] == "0 journals and 1 log of grids deleted.\n"
    assert list(path.parent.iterdir()) == []


def test_records_of_opt_ins_are_kept(box, tenant, join, renamed, stcrm):
    """Without its journal, the plan opts in again people who have opted out since."""
    crm = join(box, state_dir=tenant / "state")
    folder = tenant / "state" / "journals"
    for id in (1, 2, 3):
        box.change("customers", id, doNotMail=True)
    before = crm.customers.list(refresh=True).head(3)
    may = {"allow_opt_in": True, "consent_source": "letters"}
    plan = crm.customers.plan_changes(before, before.assign(do_not_mail=False), **may)
    consent = plan.apply().path
    crm.customers.plan_changes(*renamed(crm, 2)).apply()
    code, stdout, _ = stcrm("journal", "purge", typed="n\n")
    assert (code, len([*folder.glob("*.sqlite")])) == (2, 2)
    assert "1 journal kept, with 3 records of opt-ins." in stdout
    assert "Delete 1 journal?" in stdout
    assert stcrm("journal", "purge", "--yes")[1].endswith("--opt-ins deletes them, too.\n1 journal deleted.\n")
    assert [*folder.glob("*.sqlite")] == [consent]
    for id in (1, 2, 3):
        box.change("customers", id, doNotMail=True)
    assert len(plan.apply().conflicts) == 3, "still known"
    damaged = folder / "half.sqlite"
    damaged.write_bytes(b"half")
    assert "and 1 journal that cannot be read" in stcrm("journal", "purge", "--yes")[1]
    assert {consent, damaged} <= {*folder.glob("*.sqlite")}
    stdout = stcrm("journal", "purge", "--opt-ins", "--yes")[1]
    assert "This deletes" in stdout
    assert not [*folder.glob("*.sqlite")]


class Meanwhile:
    """The answer to a question, before which something happens."""

    def __init__(self, happen):
        self._happen = happen

    def readline(self, *_):
        self._happen()
        return "y\n"

    def isatty(self):
        return False


@pytest.mark.parametrize("option", [(), ("--opt-ins",)])
def test_opt_ins_that_are_sent_during_the_question_are_kept(option, box, tenant, join, stcrm):
    """An unfinished plan of four opt-ins sends one, and continues while somebody reads how many would be deleted."""
    crm = join(box, state_dir=tenant / "state")
    folder = tenant / "state" / "journals"
    for id in range(1, 5):
        box.change("customers", id, doNotMail=True)
    before = crm.customers.list(refresh=True).head(4)
    may = {"allow_opt_in": True, "consent_source": "letters"}
    plan = crm.customers.plan_changes(before, before.assign(do_not_mail=False), **may)
    journal = plan.apply(limit=1 if option else 0).path
    code, stdout, stderr = stcrm("journal", "purge", *option, typed=Meanwhile(plan.apply))
    assert code == 0, stderr
    assert ("This deletes 1 record of opt-ins" in stdout) is bool(option)
    assert "1 journal kept: an apply has sent other opt-ins" in stdout
    assert stdout.endswith("0 journals deleted.\n")
    assert [*folder.glob("*.sqlite")] == [journal]
    for id in range(1, 5):
        box.change("customers", id, doNotMail=True)
    assert len(plan.apply().conflicts) == 4, "none is opted in again"
