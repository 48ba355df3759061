"""`stcrm sync` and `stcrm mirror`: what they print, and exit codes that a script can trust."""

from __future__ import annotations

import datetime as dt

import pytest

from stcrm_pandas.mirror.store import locked

from ..edits.apply.company import LEADS

ONLY = ("--only", "leads,campaigns")


@pytest.fixture
def folder(tenant):
    return tenant / "titan"


def lines(text):
    return {words[0]: words[1:] for words in map(str.split, text.splitlines()) if words}


def test_a_sync_prints_what_it_did(stcrm, folder, box):
    code, stdout, stderr = stcrm("sync", folder, *ONLY)
    assert (code, stderr) == (0, "")
    assert lines(stdout)["resource"] == ["read", "written", "deleted", "problem"]
    assert lines(stdout)["leads"][1] == "60"
    box.remove("leads", LEADS[0])
    code, stdout, _ = stcrm("sync", folder, *ONLY, "--full")
    assert code == 0
    assert lines(stdout)["leads"][1:] == ["1", "1"]


def test_a_busy_mirror_is_exit_4_at_once(stcrm, folder, box):
    assert stcrm("sync", folder, *ONLY)[0] == 0
    with locked(folder / f"tenant={box.tenant}"):
        for command in (["sync", folder, *ONLY], ["mirror", "compact", folder]):
            code, stdout, stderr = stcrm(*command)
            assert (code, stdout) == (4, "")
            assert "being synced" in stderr


@pytest.mark.filterwarnings("always::stcrm_pandas.errors.StcrmWarning")
def test_a_resource_that_fails_is_exit_5_and_the_others_are_synced(stcrm, folder, box):
    box.inject("leads.export", status=403, times=None)
    code, stdout, stderr = stcrm("sync", folder, *ONLY)
    assert code == 5
    assert "no permission" in stdout
    assert "not up to date in 1 of 2 resources" in stderr
    assert int(lines(stdout)["campaigns"][1]) > 0


def test_refusals_are_exit_2(stcrm, folder):
    for command in (["sync", folder, "--only", "lead"], ["mirror", "verify", folder, "--only", "lead"]):
        code, stdout, stderr = stcrm(*command)
        assert (code, stdout) == (2, "")
        assert "Did you mean 'leads'?" in stderr


def test_status_and_compaction_need_no_connection(stcrm, folder, monkeypatch):
    stcrm("sync", folder, *ONLY)
    stcrm("sync", folder, *ONLY)
    monkeypatch.setenv("STCRM_CLIENT_SECRET", "")
    code, stdout, _ = stcrm("mirror", "status", folder)
    assert code == 0
    header = stdout.splitlines()[0].split()
    assert header[:5] == ["tenant", "resource", "rows", "deleted", "versions"]
    assert any(line.split()[1:5] == ["leads", "60", "0", "60"] for line in stdout.splitlines())
    assert stcrm("mirror", "compact", folder)[:2] == (0, "1 mirror compacted.\n")


def test_status_of_no_mirror_is_one_line(stcrm, folder):
    code, stdout, stderr = stcrm("mirror", "status", folder)
    assert (code, stdout) == (1, "")
    assert "has no mirror" in stderr


def test_verify_finds_an_edit_without_a_date_a_deletion_and_nothing_else(stcrm, folder, box):
    assert stcrm("sync", folder)[0] == 0
    box.advance(dt.timedelta(hours=1))
    assert stcrm("sync", folder)[0] == 0
    code, stdout, stderr = stcrm("mirror", "verify", folder)
    assert (code, stderr) == (0, ""), stdout
    assert stdout.endswith("No differences found.\n")
    was = box.row("leads", LEADS[0])
    box.change("leads", LEADS[0], summary="edited", modifiedOn=was["modifiedOn"])
    box.change("leads", LEADS[2], summary="edited since the last sync")
    box.remove("campaigns", 61)
    code, stdout, _ = stcrm("mirror", "verify", folder)
    assert code == 5
    assert "1 row differs" in stdout
    assert "1 row no longer in the service" in stdout
    assert "2 resources with problems." in stdout
