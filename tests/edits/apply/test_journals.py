"""The list of journals: what, when, how many rows, and what became of them, newest first."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time as real_time

import pandas as pd
import pytest

from stcrm_pandas.edits.apply.journal import files_of
from stcrm_pandas.edits.journals import delete, opt_ins_in
from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox import Sandbox

from .company import Company
from .conftest import AS_OF


def test_journals_are_listed_newest_first(box, crm, join, time, renamed):
    assert crm.journals().empty
    before, after = renamed(crm, 6)
    plan = crm.customers.plan_changes(before, after, reason="names")
    sample = plan.sample(2).apply()
    time.passed += 60
    result = plan.apply(limit=3)
    time.passed += 60
    back = result.undo().apply()
    listed = crm.journals()
    assert listed["journal"].tolist() == [str(one.path) for one in (back, result, sample)]
    assert listed["state"].tolist() == ["finished", "undone", "undone"]
    assert listed["rows"].tolist() == [5, 6, 2]
    assert listed[["succeeded", "already", "untried"]].iloc[1].tolist() == [3, 2, 1]
    assert listed["resource"].tolist() == ["customers"] * 3
    assert listed["reason"].tolist() == [f"undo of {result.path.name}", "names", "names"]
    assert listed["applied_at"].diff().dropna().tolist() == [pd.Timedelta("-60s")] * 2
    assert str(result.path) in repr(result)
    assert str(result.path) in result._repr_html_()
    assert crm.undo(listed["journal"][0]).apply().ok


def test_states(box, crm, time, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 4))
    result = plan.apply(limit=2)
    assert crm.journals()["state"].tolist() == ["unfinished"]
    with contextlib.closing(sqlite3.connect(result.path)) as db, db:
        db.execute("UPDATE rows SET state = 'sending' WHERE step = 0")
    assert crm.journals()["state"].tolist() == ["interrupted"]
    assert crm.journals()["untried"].tolist() == [3]
    plan.apply()
    time.passed += 60
    result.undo(rows=pd.DataFrame({"id": [1]})).apply()
    assert crm.journals()["state"].tolist() == ["finished", "partly undone"]
    (crm.settings.journal_folder / "20260101-damaged.sqlite").write_bytes(b"half")
    listed = crm.journals()
    assert listed["state"].tolist() == ["finished", "partly undone", "cannot be read"]
    assert listed["rows"].isna().tolist() == [False, False, True]


def test_running_apply_and_other_tenants(box, crm, join, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 3))
    gate = threading.Event()
    box.inject("customers.update", times=None, before=lambda: gate.wait(20))
    running = threading.Thread(target=plan.apply)
    running.start()
    while not any(one.operation == "Customers_Update" for one in box.requests):
        real_time.sleep(0.01)
    assert crm.journals()["state"].tolist() == ["running"]
    gate.set()
    running.join()
    assert crm.journals()["state"].tolist() == ["finished"]
    with Sandbox(company=Company(), as_of=AS_OF, rate_limit=None) as other:
        assert join(other).journals().empty


def test_a_renamed_journal_is_not_resumed(crm, renamed):
    result = crm.customers.plan_changes(*renamed(crm, 3)).apply(limit=1)
    other = result.path.rename(result.path.with_name("mine.sqlite"))
    with pytest.raises(UsageError, match="it was renamed"):
        crm.resume(other)


def test_a_journal_is_the_last_of_its_files_to_be_deleted(box, crm, renamed):
    path = crm.customers.plan_changes(*renamed(crm, 2)).apply().path
    beside = [path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal", ".acknowledged")]
    for file in beside:
        file.touch()
    assert files_of(path)[-1] == path
    assert {*files_of(path)} == {path, *beside}
    assert delete(path.parent, {path: opt_ins_in(path)}) == [path]
    assert not list(path.parent.glob(f"{path.name}*"))
