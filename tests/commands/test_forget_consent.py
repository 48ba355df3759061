"""`stcrm forget` and journals: a record of consent is kept, also one that is made or damaged meanwhile."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing

import pytest

MAY = {"allow_opt_in": True, "consent_source": "letters"}


@pytest.fixture
def crm(box, tenant, join):
    for id in (1, 2, 3):
        box.change("customers", id, doNotMail=True)
    return join(box, state_dir=tenant / "state")


@pytest.fixture
def forget(stcrm, crm):
    def run(*options, typed=""):
        code, shown, problem = stcrm("forget", "--tenant", crm.settings.tenant, "--customer", 1, *options, typed=typed)
        assert (code, problem) == (0, "")
        return shown

    return run


def test_a_journal_whose_opt_ins_cannot_be_counted_is_kept(crm, forget):
    before = crm.customers.list(refresh=True).head(3)
    path = crm.customers.plan_changes(before, before.assign(do_not_mail=False), **MAY).apply().path
    assert f"kept: {path}: a journal that has the record of 3 opt-ins" in forget("--yes")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM rows WHERE step = 2")
    shown = forget("--yes")
    assert path.exists()
    assert f"kept: {path}: a journal that may have records of opt-ins, since part of it cannot be read" in shown
    assert f"erased: {path}" not in shown


class Answer(io.StringIO):
    """A person who takes their time: something happens before they type "y"."""

    def __init__(self, meanwhile):
        super().__init__("y\n")
        self._meanwhile = meanwhile

    def readline(self, *size):
        self._meanwhile()
        return super().readline(*size)


def test_an_opt_in_that_is_sent_during_the_prompt_is_kept(crm, forget):
    before = crm.customers.list(refresh=True).head(2).reset_index(drop=True)
    after = before.assign(name=["Renamed", before["name"][1]], do_not_mail=[True, False])
    plan = crm.customers.plan_changes(before, after, **MAY)
    path = plan.apply(limit=1).path
    shown = forget(typed=Answer(plan.apply))
    assert f"to erase: {path}" in shown
    assert path.exists()
    assert f"erased: {path}" not in shown
    assert f"kept: {path}: a journal that has the record of 1 opt-in." in shown


def test_a_journal_without_opt_ins_is_deleted(crm, renamed, forget):
    path = crm.customers.plan_changes(*renamed(crm, 2)).apply().path
    assert f"erased: {path}" in forget("--yes")
    assert not path.exists()
