"""`stcrm init`: what it asks, what it writes, and that the connection is checked with it."""

from __future__ import annotations

import os
import stat

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import stcrm_pandas as stcrm
from stcrm_pandas.cli import app
from stcrm_pandas.errors import SettingsError
from stcrm_pandas.settings.sources import write_env_file

ORDER = ("api_url", "auth_url", "tenant", "client_id", "client_secret", "app_key")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STCRM_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def answers(sandbox):
    """The answers for the sandbox, in the order of the questions."""
    connection = sandbox.connection()
    return [*(str(connection[name]) for name in ORDER), "America/Chicago"]


def init(*answers):
    return CliRunner().invoke(app, ["init"], input="".join(f"{answer}\n" for answer in answers))


def test_the_settings_are_written_for_the_user_alone_and_checked(answers, sandbox, tmp_path):
    ran = init(*answers)
    assert ran.exit_code == 0, ran.output
    assert "ok      sign-in" in ran.output
    assert "No problems found." in ran.output
    for secret in answers[4:6]:
        assert secret not in ran.output
    file = tmp_path / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "cache"]
    with stcrm.connect() as crm:
        assert crm.settings.tenant == sandbox.tenant
        assert len(crm.lookups.tag_types.list()) > 0


def test_a_wrong_answer_is_asked_again(answers):
    wrong = ["prod", *answers[:2], "acme", *answers[2:3], "", "two words", *answers[3:6], "Chicago", answers[6]]
    ran = init(*wrong)
    assert ran.exit_code == 0, ran.output
    assert "an address must start with https://" in ran.output
    assert "write the tenant's number, such as 1234567" in ran.output
    assert "not allowed; copy it again" in ran.output
    assert "no such time zone" in ran.output


def test_a_problem_of_the_connection_is_reported_by_the_check(answers, tmp_path):
    answers[4] = "wrong-secret"
    ran = init(*answers)
    assert ran.exit_code == 1
    assert "PROBLEM sign-in" in ran.output
    assert (tmp_path / ".env").exists(), "the answers can be corrected there"


def test_an_existing_file_keeps_its_other_lines(answers, tmp_path):
    file = tmp_path / ".env"
    file.write_text(
        "# mine\nOTHER='a\nb'\nexport STCRM_TENANT=1\nstcrm_environment=production\nSTCRM_RETRIES=2", encoding="utf-8"
    )
    file.chmod(0o644)
    assert init("n").exit_code == 1
    assert "STCRM_TENANT=1" in file.read_text()
    assert init("y", *answers).exit_code == 0
    text = file.read_text()
    assert text.startswith("# mine\nOTHER='a\nb'\nSTCRM_RETRIES=2\nSTCRM_API_URL=")
    assert text.count("TENANT") == 1
    assert "environment" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_file_of_the_project_is_used(answers, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / ".env").write_text("OTHER=1\n")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    ran = init("y", *answers)
    assert ran.exit_code == 0, ran.output
    assert not (tmp_path / "notebooks" / ".env").exists()
    assert f", from {tmp_path / '.env'}" in ran.output
    assert "STCRM_TENANT" in (tmp_path / ".env").read_text()


def test_a_variable_that_is_used_instead_is_named(answers, monkeypatch):
    monkeypatch.setenv("STCRM_TIME_ZONE", "America/Denver")
    assert "STCRM_TIME_ZONE is also set in the environment, which is used instead" in init(*answers).output


def test_a_file_that_cannot_be_kept_is_refused_before_any_question(tmp_path, monkeypatch):
    (tmp_path / ".env").write_bytes(b"OTHER=\xff\n")
    ran = init()
    assert isinstance(ran.exception, SettingsError)
    assert "is not UTF-8 text" in str(ran.exception)
    monkeypatch.setattr(os, "geteuid", lambda: (tmp_path / ".env").stat().st_uid + 1, raising=False)
    assert "belongs to another user" in str(init().exception)


def test_a_broken_link_leads_no_secret_elsewhere(tmp_path):
    (tmp_path / ".env").symlink_to(tmp_path / "elsewhere")
    assert "is a broken link" in str(init().exception)


@given(value=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_every_secret_is_read_as_it_was_written(value, tmp_path_factory):
    file = tmp_path_factory.mktemp("env") / ".env"
    write_env_file(file, "", {"STCRM_APP_KEY": value})
    assert dotenv_values(file, interpolate=False) == {"STCRM_APP_KEY": value}
