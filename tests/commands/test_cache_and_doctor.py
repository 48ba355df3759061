"""`stcrm cache` and `stcrm doctor`: in words, and with an exit code that a script can trust."""

from __future__ import annotations

import time

import pytest

from stcrm_pandas.http.cache import Cache


def test_cache_info_and_clear(box, join, stcrm, tmp_path):
    crm = join(box, page_size=20, clock=time.time)
    crm.leads.list()
    crm.customers.list()
    folder = tmp_path / "cache"
    code, stdout, _ = stcrm("cache", "info", "--cache-dir", folder)
    assert code == 0
    assert str(crm.cache.path) in stdout
    assert "6 pages" in stdout
    assert stcrm("cache", "clear", "--cache-dir", folder, "--older-than", "1d")[1] == "0 pages deleted.\n"
    assert stcrm("cache", "clear", "--cache-dir", folder, "--resource", "leads")[1] == "3 pages deleted.\n"
    Cache(folder / "x.damaged-1.sqlite").close()
    assert stcrm("cache", "clear", "--cache-dir", folder)[1] == "3 pages deleted.\n"
    assert not (folder / "x.damaged-1.sqlite").exists()
    assert "empty" in stcrm("cache", "info", "--cache-dir", folder)[1]
    assert len(crm.leads.list()) == 60


def test_cache_info_without_a_cache(stcrm, tmp_path):
    assert stcrm("cache", "info", "--cache-dir", tmp_path)[1] == f"Nothing is stored in {tmp_path}.\n"


def test_invalid_age_is_one_line_and_exit_1(stcrm, tmp_path):
    code, stdout, stderr = stcrm("cache", "clear", "--cache-dir", tmp_path, "--older-than", "soon")
    assert (code, stdout) == (1, "")
    assert stderr.startswith("stcrm: --older-than: ")
    assert stderr.count("\n") == 1


@pytest.mark.usefixtures("tenant")
def test_doctor_passes_a_healthy_connection(stcrm):
    code, stdout, stderr = stcrm("doctor")
    assert code == 0, stdout + stderr
    assert "No problems found." in stdout
    assert "signed in" in stdout


@pytest.mark.usefixtures("tenant")
def test_doctor_reports_a_wrong_secret(stcrm, monkeypatch):
    monkeypatch.setenv("STCRM_CLIENT_SECRET", "wrong-w0rd")
    code, stdout, stderr = stcrm("doctor")
    assert code == 1
    assert "PROBLEM sign-in" in stdout
    assert "wrong-w0rd" not in stdout + stderr


def test_doctor_without_settings_lists_them(stcrm, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, stdout, stderr = stcrm("doctor")
    assert (code, stdout) == (1, "")
    assert "STCRM_ENVIRONMENT" in stderr
    assert "Traceback" not in stderr


def test_the_version(stcrm):
    import stcrm_pandas

    assert stcrm("--version")[1] == f"stcrm-pandas {stcrm_pandas.__version__}\n"
