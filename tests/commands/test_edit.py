"""`stcrm read`, `edit` and `journal`: from a sheet to the service and back, with exit codes for scripts."""

from __future__ import annotations

import sqlite3
import stat
import warnings

import pandas as pd
import pytest

import stcrm_pandas
from stcrm_pandas.sandbox import Sandbox

from ..edits.apply.company import Company
from ..edits.apply.conftest import AS_OF


@pytest.fixture
def sheets(stcrm, tenant):
    """A sheet as it was read, and the same with three names mended."""
    return repaired(stcrm)


def repaired(stcrm, *more):
    assert stcrm("read", "customers", "--ids", "1,2,3,4", "--out", "before.csv", *more)[0] == 0
    frame = stcrm_pandas.read_sheet("before.csv").frame
    frame.loc[:2, "name"] = "Mended"
    stcrm_pandas.write_sheet(frame, "after.csv")
    return "before.csv", "after.csv"


def plan(stcrm, sheets, *more):
    before, after = sheets
    return stcrm("edit", "plan", "customers", "--before", before, "--after", after, "--out", "plan.json", *more)


def journal(tenant):
    return sorted((tenant / "state" / "journals").glob("*.sqlite"))[-1]


def test_plan_apply_and_undo(stcrm, sheets, tenant, box):
    code, stdout, _ = plan(stcrm, sheets, "--reason", "spelling")
    assert code == 0
    assert "3 requests" in stdout
    assert stcrm("edit", "show", "plan.json")[1] in stdout
    box.requests.clear()
    code, stdout, stderr = stcrm("edit", "apply", "plan.json")
    assert (code, stderr) == (2, "stcrm: Nothing was sent.\n"), "nobody was there to say yes"
    assert not box.requests
    code, stdout, _ = stcrm("edit", "apply", "plan.json", "--yes", "--save", "result")
    assert code == 0
    assert "3 succeeded" in stdout
    assert len(pd.read_csv("result/succeeded.csv")) == 3
    assert box.row("customers", 1)["name"] == "Mended"
    stdout = stcrm("journal", "list")[1]
    assert "3 succeeded; finished; spelling" in stdout
    assert stcrm("edit", "undo", journal(tenant), "--out", "back.json")[0] == 0
    assert stat.S_IMODE((tenant / "back.json").stat().st_mode) == 0o600
    assert stcrm("edit", "apply", "back.json", "--yes")[0] == 0
    assert box.row("customers", 1)["name"] == "x"
    assert stcrm("journal", "purge", "--older-than", "1d", "--yes")[1] == "0 journals deleted.\n"
    assert stcrm("journal", "purge", "--yes")[1] == "2 journals deleted.\n"
    assert "no journals" in stcrm("journal", "list")[1]
    assert {path.suffix for path in (tenant / "state" / "journals").iterdir()} == {".lock"}, "a lock is never removed"


def test_undo_of_the_rows_of_a_sheet(stcrm, sheets, tenant, box):
    plan(stcrm, sheets)
    stcrm("edit", "apply", "plan.json", "--yes", "--save", "result")
    pd.read_csv("result/succeeded.csv", dtype="str").sort_values("id").head(1).to_csv("one.csv", index=False)
    assert stcrm("edit", "undo", journal(tenant), "--rows", "one.csv", "--out", "back.json")[0] == 0
    assert stcrm("edit", "apply", "back.json", "--yes")[0] == 0
    assert [box.row("customers", id)["name"] for id in (1, 2, 3)] == ["x", "Mended", "Mended"]
    pd.DataFrame({"id": ["9"]}).to_csv("other.csv", index=False)
    code, _, stderr = stcrm("edit", "undo", journal(tenant), "--rows", "other.csv", "--out", "back.json")
    assert code == 2
    assert "has no row 9" in stderr


def test_remaining_rows_exit_3_and_can_be_continued(stcrm, sheets, tenant, box):
    plan(stcrm, sheets)
    code, stdout, _ = stcrm("edit", "apply", "plan.json", "--yes", "--limit", "1")
    assert code == 3
    assert "2 untried" in stdout
    box.change("customers", 2, name="Theirs")
    box.inject("customers.update", status=400)
    code, stdout, _ = stcrm("edit", "resume", journal(tenant), "--yes")
    assert code == 3
    assert "Theirs" in stdout
    assert "refused (400)" in stdout


def test_refusals_exit_2(stcrm, sheets, tenant, monkeypatch):
    assert stcrm("edit", "plan", "jobs", "--before", *sheets[:1], "--after", *sheets[1:], "--out", "p.json")[0] == 2
    assert plan(stcrm, sheets, "--allow-opt-in")[0] == 2
    plan(stcrm, sheets)
    monkeypatch.delenv("STCRM_ALLOW_WRITES")
    code, _, stderr = stcrm("edit", "apply", "plan.json", "--yes")
    assert code == 2
    assert "allow_writes" in stderr
    text = (tenant / "plan.json").read_text().replace("Mended", "Altered")
    (tenant / "plan.json").write_text(text)
    code, _, stderr = stcrm("edit", "apply", "plan.json", "--yes")
    assert code == 2
    assert "altered" in stderr
    assert stcrm("edit", "undo", "nothing.sqlite", "--out", "back.json")[0] == 2


def test_production_is_confirmed_with_the_tenant_number(stcrm, tenant):
    state = tenant / "company.sqlite"
    with Sandbox(company=Company(), as_of=AS_OF, state=state) as box:
        number = box.tenant
    with sqlite3.connect(state) as db:  # a sandbox that goes by production's name
        db.execute("UPDATE notes SET value = json_set(value, '$.id', 'production') WHERE name = 'sandbox'")
    db.close()
    here = ("--sandbox", state)
    before, after = repaired(stcrm, *here)
    assert plan(stcrm, (before, after), *here)[0] == 0
    for typed, code in (("yes", 2), (f"{number}", 0)):
        assert stcrm("edit", "apply", "plan.json", *here, typed=f"{typed}\n")[0] == code


def test_other_environments_are_confirmed_with_yes(stcrm, sheets):
    plan(stcrm, sheets)
    for typed, code in (("n", 2), ("y", 0)):
        assert stcrm("edit", "apply", "plan.json", typed=f"{typed}\n")[0] == code


def test_read_takes_the_filters_of_the_list(stcrm, tenant, box):
    box.change("customers", 5, active=False)
    assert "59 rows" in stcrm("read", "customers", "--active", "true", "--out", "a.parquet")[1]
    assert "60 rows" in stcrm("read", "customers", "--active", "any", "--out", "a.xlsx")[1]
    assert "1 row " in stcrm("read", "customer-contacts", "--customer-ids=7", "--out", "a.csv")[1]
    assert "2 rows" in stcrm("read", "booking_contacts", "--ids", "301,302", "--out", "a.csv")[1]
    assert "2 rows" in stcrm("read", "lookups.campaigns", "--out", "a.csv")[1]
    for arguments, words in (
        (("customers", "--colour", "red"), "no filter 'colour'"),
        (("customers", "--active", "maybe"), "true or false"),
        (("customers", "--name"), "needs a value"),
        (("customers", "Ann"), "does not belong to an option"),
        (("cars",), "Unknown resource 'cars'"),
    ):
        code, _, stderr = stcrm("read", *arguments, "--out", "b.csv")
        assert code == 2
        assert words in stderr


def test_unusable_files_are_reported_before_any_request(stcrm, sheets, box):
    box.requests.clear()
    for arguments, words in (
        (("read", "customers", "--out", "a.ods"), "must end in"),
        (("read", "customers", "--out", "nowhere/a.csv"), "The folder 'nowhere' does not exist"),
        (
            ("edit", "plan", "customers", "--before", "a.csv", "--after", "after.csv", "--out", "p.json"),
            "'a.csv' cannot",
        ),
    ):
        code, _, stderr = stcrm(*arguments)
        assert code == 2
        assert words in stderr
        assert stderr.count("\n") == 1
    assert not box.requests
    before, after = sheets
    code, _, stderr = stcrm(
        "edit", "plan", "customers", "--before", before, "--after", after, "--out", "nowhere/p.json"
    )
    assert (code, stderr) == (2, "stcrm: The folder 'nowhere' does not exist, so p.json was not written.\n")


def test_empty_plan_is_reported(stcrm, sheets):
    before, _ = sheets
    code, stdout, _ = plan(stcrm, (before, before))
    assert code == 0
    assert stdout.endswith("nothing was sent. It changes nothing.\n")


def test_warnings_are_separate_lines(stcrm, sheets, tenant, monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # put back afterwards: the command sets it
    lines = (tenant / "after.csv").read_text("utf-8-sig").splitlines(keepends=True)
    lines[1] = lines[1].replace('"Mended"', '"5.55E+09"')
    (tenant / "after.csv").write_text("".join(lines))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        code, stdout, stderr = plan(stcrm, sheets)
    assert code == 0
    assert "1 cell may have been altered by a spreadsheet" in stdout
    assert stderr.startswith("stcrm: after.csv: a spreadsheet may have changed 1 cell")
