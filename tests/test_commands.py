"""`stcrm cache` and `stcrm doctor`: in words, and with an exit code that a script can trust."""

from __future__ import annotations

import sys

import pytest

from stcrm_pandas import cli
from stcrm_pandas.http.cache import Cache


@pytest.fixture
def stcrm(monkeypatch, capsys):
    """Runs the command and gives its exit code, what it said and what it complained about."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["stcrm", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


@pytest.fixture
def in_environment(box, monkeypatch, tmp_path):
    """The sandbox as the environment's tenant."""
    monkeypatch.chdir(tmp_path)
    for name, value in box.connection().items():
        if name != "sandbox_id":
            monkeypatch.setenv(f"STCRM_{name.upper()}", str(value))
    monkeypatch.setenv("STCRM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STCRM_RETRIES", "0")


def test_the_cache_is_found_and_cleared(box, join, stcrm, usual):
    crm = join(box)
    crm.leads.list()
    crm.customers.list()
    folder = usual["cache_dir"]
    code, said, _ = stcrm("cache", "info", "--cache-dir", folder)
    assert code == 0
    assert str(crm.cache.path) in said
    assert "21 pages" in said
    assert stcrm("cache", "clear", "--cache-dir", folder, "--older-than", "1d")[1] == "0 pages forgotten.\n"
    assert stcrm("cache", "clear", "--cache-dir", folder, "--resource", "leads")[1] == "15 pages forgotten.\n"
    Cache(folder / "x.damaged-1.sqlite").close()
    assert stcrm("cache", "clear", "--cache-dir", folder)[1] == "6 pages forgotten.\n"
    assert not (folder / "x.damaged-1.sqlite").exists()
    assert "empty" in stcrm("cache", "info", "--cache-dir", folder)[1]
    assert len(crm.leads.list()) == 300


def test_no_cache_is_said(stcrm, tmp_path):
    assert stcrm("cache", "info", "--cache-dir", tmp_path)[1] == f"Nothing is stored in {tmp_path}.\n"


def test_an_age_that_is_none_is_one_line_and_exit_1(stcrm, tmp_path):
    code, said, complained = stcrm("cache", "clear", "--cache-dir", tmp_path, "--older-than", "soon")
    assert (code, said) == (1, "")
    assert complained.startswith("stcrm: --older-than: ")
    assert complained.count("\n") == 1


@pytest.mark.usefixtures("in_environment")
def test_the_doctor_finds_a_healthy_connection_healthy(stcrm, monkeypatch):
    monkeypatch.setenv("STCRM_TIME_ZONE", "America/Chicago")
    code, said, complained = stcrm("doctor")
    assert code == 0, said + complained
    assert "All is well." in said
    assert "signed in" in said


@pytest.mark.usefixtures("in_environment")
def test_the_doctor_finds_a_wrong_secret(stcrm, monkeypatch):
    monkeypatch.setenv("STCRM_CLIENT_SECRET", "wrong-w0rd")
    code, said, complained = stcrm("doctor")
    assert code == 1
    assert "FAULT sign-in" in said
    assert "wrong-w0rd" not in said + complained


def test_without_settings_it_says_which(stcrm, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, said, complained = stcrm("doctor")
    assert (code, said) == (1, "")
    assert "STCRM_ENVIRONMENT" in complained
    assert "Traceback" not in complained


def test_the_version(stcrm):
    import stcrm_pandas

    assert stcrm("--version")[1] == f"stcrm-pandas {stcrm_pandas.__version__}\n"
