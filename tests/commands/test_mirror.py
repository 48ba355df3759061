"""`stcrm sync` and `stcrm mirror`: what they print, and exit codes that a script can trust."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from stcrm_pandas.commands.tenants import read_tenants, with_secrets
from stcrm_pandas.mirror.many import mirrors
from stcrm_pandas.mirror.mirror import locked
from stcrm_pandas.sandbox import Sandbox

from ..edits.apply.company import LEADS, Company
from ..edits.apply.conftest import AS_OF

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


def test_an_anonymous_copy_has_the_rows_and_no_names(stcrm, folder, box):
    assert stcrm("sync", folder, "--only", "customers")[0] == 0
    assert stcrm("mirror", "export", folder, "--out", folder.parent / "copy", "--anonymous")[0] == 0
    customers = mirrors(folder.parent / "copy").read("customers")
    assert len(customers) == 60
    assert customers["name"].count() == 0
    assert stcrm("mirror", "export", folder, "--out", folder.parent / "copy")[0] == 2


@pytest.fixture
def tenants(box, tmp_path, monkeypatch):
    """A file with two tenants, whose secrets are in a variable and in a file, and what allows their addresses."""
    other = Sandbox(company=Company(), as_of=AS_OF, rate_limit=None, seed=2)
    with other:
        text, allowed = "", []
        for name, one in {"denver": box, "austin": other}.items():
            monkeypatch.setenv(f"{name.upper()}_SECRET", one.client_secret)
            (tmp_path / name).write_text(f"{one.app_key}\n")
            text += f"""
                [tenants.{name}]
                api_url = "{one.api_url}"
                auth_url = "{one.auth_url}"
                tenant = {one.tenant}
                client_id = "{one.client_id}"
                client_secret = {{ variable = "{name.upper()}_SECRET" }}
                app_key = {{ file = "{name}" }}
            """
            allowed += [part for url in (one.api_url, one.auth_url) for part in ("--allow-address", url)]
        path = tmp_path / "tenants.toml"
        path.write_text(text)
        yield path, other, allowed


def test_tenants_are_synced_side_by_side(stcrm, folder, box, tenants):
    path, other, allowed = tenants
    code, stdout, stderr = stcrm("sync", folder, *ONLY, "--tenants", path, *allowed)
    assert (code, stderr) == (0, "")
    assert stdout.count("denver") == stdout.count("austin") == 2
    assert mirrors(folder).tenants == sorted([box.tenant, other.tenant])
    assert len(mirrors(folder).leads()) == 120


def test_one_failing_tenant_stops_no_other(stcrm, folder, box, tenants, monkeypatch):
    path, other, allowed = tenants
    monkeypatch.delenv("DENVER_SECRET")
    code, _, stderr = stcrm("sync", folder, *ONLY, "--tenants", path, *allowed)
    assert code == 5
    assert "denver: client_secret: the variable DENVER_SECRET is not set" in stderr
    assert mirrors(folder).tenants == [other.tenant]
    monkeypatch.setenv("DENVER_SECRET", box.client_secret)
    with locked(folder / f"tenant={other.tenant}"):
        assert stcrm("sync", folder, *ONLY, "--tenants", path, *allowed)[0] == 4
    assert len(mirrors(folder).leads()) == 120


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('client_secret = { variable = "DENVER_SECRET" }', 'client_secret = "hush"', "must name a variable or a file"),
        ("client_id", "client_ident", "Did you mean 'client_id'?"),
        ("[tenants.denver]", "[denver]", "needs a section such as [tenants.denver]"),
        ("tenant = ", "# ", "needs tenant"),
    ],
)
def test_a_wrong_file_of_tenants_is_refused_before_anything_is_sent(stcrm, folder, box, tenants, old, new, message):
    path, _, _ = tenants
    path.write_text(path.read_text().replace(old, new).partition("[tenants.austin]")[0])
    code, stdout, stderr = stcrm("sync", folder, "--tenants", path)
    assert (code, stdout) == (2, "")
    assert message in stderr
    assert "hush" not in stderr
    assert not box.requests


def test_a_file_of_tenants_sends_no_secret_to_an_address_that_it_names(stcrm, folder, box, tenants):
    """Neither that of a variable nor that of a file in its own folder, such as a `.env` of the user."""
    path, other, allowed = tenants
    of_box, of_other = allowed[:4], allowed[4:]
    for options in ((), of_other, of_box, ("--secrets-in", "/")):
        code, stdout, stderr = stcrm("sync", folder, *ONLY, "--tenants", path, *options)
        assert (code, stdout) == (2, "")
        assert "is not an address of ServiceTitan, and the secrets are not in this file" in stderr
        assert not box.requests
        assert not other.requests
    assert stcrm("sync", folder, *ONLY, "--allow-address", box.api_url)[0] == 2


@pytest.mark.parametrize("named", ["{home}/key", "../home/key", "link", "folder/key", "~/key"])
def test_a_file_of_tenants_reads_no_file_outside_its_folder(named, stcrm, folder, tmp_path, monkeypatch):
    home, foreign = tmp_path / "home", tmp_path / "foreign"
    home.mkdir()
    foreign.mkdir()
    (home / "key").write_text("hush\n")
    (foreign / "link").symlink_to(home / "key")
    (foreign / "folder").symlink_to(home)
    monkeypatch.setenv("HOME", str(home))
    path = foreign / "tenants.toml"
    text = """
        [tenants.denver]
        environment = "production"
        tenant = 7
        client_id = "c"
        client_secret = { variable = "DENVER_SECRET" }
    """
    path.write_text(f'{text}app_key = {{ file = "{named.format(home=home)}" }}')
    code, stdout, stderr = stcrm("sync", folder, "--tenants", path)
    assert (code, stdout) == (2, "")
    assert "app_key names a file outside" in stderr
    assert "hush" not in stderr
    assert with_secrets(read_tenants(path, folders=[home])["denver"] | {"client_secret": {"file": home / "key"}}) == {
        "environment": "production",
        "tenant": 7,
        "client_id": "c",
        "client_secret": "hush",
        "app_key": "hush",
    }


def test_the_file_of_the_guide_is_accepted(tmp_path):
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "mirror.md").read_text(encoding="utf-8")
    (tmp_path / "tenants.toml").write_text(guide.partition("```toml\n")[2].partition("```")[0])
    found = read_tenants(tmp_path / "tenants.toml")
    assert [settings["tenant"] for settings in found.values()] == [1234567, 2345678]
    assert found["denver"]["app_key"] == found["austin"]["app_key"] == {"variable": "STCRM_APP_KEY"}
