"""A journal on a full disk, or with damaged pages: an error that says what to do, and nothing sent unwritten."""

from __future__ import annotations

import os
import sqlite3

import pytest
from typer.testing import CliRunner

from stcrm_pandas.cli import app
from stcrm_pandas.edits.apply.journal import Journal
from stcrm_pandas.errors import StcrmError


@pytest.fixture
def journal(crm, renamed):
    """The journal of an apply of many rows."""
    before, after = renamed(crm, 60)
    return crm.customers.plan_changes(before, after).apply().path


def test_full_disk_is_reported(journal):
    opened = Journal.open(journal)
    ((pages,),) = opened._db.execute("PRAGMA page_count").fetchall()
    opened._db.execute(f"PRAGMA max_page_count = {pages}")
    entries = opened.entries()
    with pytest.raises(StcrmError, match=r"full.*Free some disk space, then apply the plan again") as caught:
        opened.write(entries, body={"name": "x" * 1_000_000})
    assert str(journal) in str(caught.value)
    assert opened.text(entries[0], "body") != {"name": "x" * 1_000_000}
    opened.close()


def test_apply_on_a_full_disk_sends_nothing(box, crm, renamed, count):
    """A trigger of SQLite stands for the disk: it fails the write of the first row that is about to be sent."""
    plan = crm.customers.plan_changes(*renamed(crm, 20))
    plan.apply(limit=1)
    (path,) = crm.settings.journal_folder.glob("*.sqlite")
    with sqlite3.connect(path) as db:
        when = "WHEN new.state = 'sending' BEGIN SELECT RAISE(ABORT, 'full'); END"
        db.execute(f"CREATE TRIGGER full BEFORE UPDATE ON rows {when}")
    db.close()
    box.requests.clear()
    with pytest.raises(StcrmError, match="cannot be read or written"):
        plan.apply()
    assert count(box) == 0
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER full")
    db.close()
    assert crm.resume(path).ok
    assert count(box) == 19


def test_damaged_pages_are_reported(journal, crm):
    size = journal.stat().st_size
    with sqlite3.connect(journal) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((root,),) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'rows'").fetchall()
        ((page_size,),) = db.execute("PRAGMA page_size").fetchall()
    db.close()
    with journal.open("r+b") as file:
        file.seek((root - 1) * page_size)
        file.write(os.urandom(page_size))
    assert journal.stat().st_size >= size > page_size
    opened = Journal.open(journal)
    for use in (opened.entries, opened.counts, lambda: opened.finished):
        with pytest.raises(StcrmError, match=r"is damaged.*make a new plan"):
            use()
    opened.close()
    for use in (crm.undo, crm.resume):
        with pytest.raises(StcrmError, match="is damaged"):
            use(journal)
    ran = CliRunner().invoke(app, ["journal", "list", "--state-dir", str(crm.settings.journal_folder.parent)])
    assert ran.exit_code == 0
    assert "is damaged" in ran.output
