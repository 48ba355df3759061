"""Settings: from where, in which order, and how a wrong one is told without its value."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stcrm_pandas as stcrm
from stcrm_pandas import sandboxes
from stcrm_pandas.errors import SettingsError, StcrmError, UsageError
from stcrm_pandas.settings.connection import duration, names_a_tenant, read_cache_folder, read_settings

SECRETS = {"client_secret": "s3cr3t-word", "app_key": "k3y-word"}
PLACE = {"environment": "integration", "tenant": 7, "client_id": "cid", **SECRETS}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_arguments_override_the_environment_and_the_file(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("STCRM_TENANT=1\nSTCRM_RETRIES=1\nSTCRM_MAX_AGE=2d\nOTHER=x\n")
    monkeypatch.setenv("STCRM_TENANT", "2")
    monkeypatch.setenv("STCRM_RETRIES", "2")
    settings = read_settings(**{**PLACE, "tenant": 3})
    assert (settings.tenant, settings.retries, settings.max_age) == (3, 2, dt.timedelta(days=2))


def test_everything_can_come_from_the_environment(monkeypatch):
    for name, value in PLACE.items():
        monkeypatch.setenv(f"STCRM_{name.upper()}", str(value))
    monkeypatch.setenv("STCRM_TIMEOUT", "3,30")
    monkeypatch.setenv("STCRM_ALLOW_WRITES", "1")
    monkeypatch.setenv("STCRM_OFFLINE", "")
    settings = read_settings()
    assert settings.api_url == "https://api-integration.servicetitan.io"
    assert settings.token_url == "https://auth-integration.servicetitan.io/connect/token"
    assert settings.timeout == (3.0, 30.0)
    assert settings.allow_writes
    assert not settings.offline


def test_both_environments_have_addresses():
    production = read_settings(**{**PLACE, "environment": "production"})
    assert production.api_url == "https://api.servicetitan.io"
    assert production.token_url == "https://auth.servicetitan.io/connect/token"


@pytest.mark.parametrize("auth_url", ["https://a.example", "https://a.example/", "https://a.example/connect/token"])
def test_sign_in_address_with_or_without_its_path(auth_url):
    given = {**PLACE, "environment": None, "api_url": "https://x.example/", "auth_url": auth_url}
    settings = read_settings(**given)
    assert settings.token_url == "https://a.example/connect/token"
    assert settings.api_url == settings.name == "https://x.example"


def test_address_argument_overrides_the_environment_name(monkeypatch):
    monkeypatch.setenv("STCRM_ENVIRONMENT", "production")
    given = {**PLACE, "environment": None, "api_url": "https://x.example", "auth_url": "https://a.example"}
    assert read_settings(**given).name == "https://x.example"


@pytest.mark.parametrize("missing", ["environment", "tenant", "client_id", "client_secret", "app_key"])
def test_missing_setting_is_reported_with_its_variable(missing):
    with pytest.raises(SettingsError, match=f"STCRM_{missing.upper()}") as caught:
        stcrm.connect(**{**PLACE, missing: None})
    assert "connect(sandbox=True)" in str(caught.value)


def test_all_missing_settings_are_reported_together():
    with pytest.raises(SettingsError, match="STCRM_TENANT, STCRM_CLIENT_ID, STCRM_CLIENT_SECRET, STCRM_APP_KEY"):
        stcrm.connect(environment="production")


def test_dismissing_reasons_as_text_or_mapping(tmp_path, monkeypatch):
    assert read_settings(**PLACE).dismissing_reasons == {}
    (tmp_path / ".env").write_text("STCRM_DISMISSING_REASONS=7=Spam\n")
    assert read_settings(**PLACE).dismissing_reasons == {7: "Spam"}
    monkeypatch.setenv("STCRM_DISMISSING_REASONS", " 620=Price too high; 644 = Spam;")
    assert read_settings(**PLACE).dismissing_reasons == {620: "Price too high", 644: "Spam"}
    assert read_settings(**PLACE, dismissing_reasons={8: "Postponed"}).dismissing_reasons == {8: "Postponed"}


def test_sandbox_provides_dismissing_reasons(sandbox):
    with stcrm.connect(sandbox=sandbox) as crm:
        assert crm.settings.dismissing_reasons[620] == "Price too high"
    with stcrm.connect(sandbox=sandbox, dismissing_reasons={620: "Too dear"}) as crm:
        assert crm.settings.dismissing_reasons == {620: "Too dear"}


def test_screens_of_production_are_known_and_others_are_a_setting(sandbox, monkeypatch):
    assert read_settings(**{**PLACE, "environment": "production"}).service_url == "https://go.servicetitan.com"
    assert read_settings(**{**PLACE, "environment": "integration"}).service_url is None
    monkeypatch.setenv("STCRM_SERVICE_URL", "https://next.example/")
    for environment in ("production", "integration"):
        assert read_settings(**{**PLACE, "environment": environment}).service_url == "https://next.example"
    with stcrm.connect(sandbox=sandbox) as crm:
        assert crm.settings.service_url is None  # its records have no screens


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service_url", "javascript:alert(1)"),
        ("environment", "prod"),
        ("tenant", "seven"),
        ("tenant", 0),
        ("tenant", -7),
        ("client_id", ""),
        ("client_secret", ""),
        ("client_secret", "two words"),
        ("client_secret", "line\nend"),
        ("app_key", "schlüssel"),
        ("app_key", "k\r\nX-Evil: 1"),
        ("max_age", "soon"),
        ("max_age", "-1h"),
        ("max_age", float("inf")),
        ("max_age", float("nan")),
        ("max_age", "1e999h"),
        ("max_age", [1]),
        ("time_zone", "Chicago"),
        ("time_zone", "../etc/passwd"),
        ("dismissing_reasons", "too dear"),
        ("dismissing_reasons", "six=too dear"),
        ("dismissing_reasons", {"six": "too dear"}),
        ("rate_limit", 0),
        ("rate_limit", "many"),
        ("concurrency", 0),
        ("concurrency", 1000),
        ("timeout", (1,)),
        ("timeout", "x,y"),
        ("retries", -1),
        ("strict", "perhaps"),
        ("progress", "perhaps"),
    ],
)
def test_invalid_setting_is_reported_without_its_value(name, value):
    with pytest.raises(SettingsError, match=f"STCRM_{name.upper()}") as caught:
        stcrm.connect(**{**PLACE, name: value})
    shown = str(caught.value) + repr(caught.value)
    assert all(secret not in shown for secret in [*SECRETS.values(), "schlüssel", "two words", "X-Evil"])


def test_message_has_the_source_of_an_invalid_value(monkeypatch):
    monkeypatch.setenv("STCRM_TENANT", "seven")
    with pytest.raises(SettingsError, match=r"the environment or \.env|STCRM_TENANT"):
        read_settings(**{**PLACE, "tenant": None})
    with pytest.raises(SettingsError, match=r"connect\(tenant=…\)"):
        read_settings(**{**PLACE, "tenant": "seven"})


def test_white_space_around_a_secret_is_removed():
    settings = read_settings(**{**PLACE, "app_key": " k3y-word\n", "client_id": "cid ", "client_secret": "s\r\n"})
    assert settings.app_key.get_secret_value() == "k3y-word"
    assert settings.client_secret.get_secret_value() == "s"
    assert settings.client_id == "cid"


@pytest.mark.parametrize("url", ["api.example", "ftp://api.example", "/x"])
def test_an_address_needs_its_scheme(url):
    with pytest.raises(SettingsError, match="STCRM_API_URL"):
        read_settings(**{**PLACE, "environment": None, "api_url": url, "auth_url": "https://a.example"})


def test_environment_and_address_together_raise(monkeypatch):
    monkeypatch.setenv("STCRM_API_URL", "https://x.example")
    monkeypatch.setenv("STCRM_ENVIRONMENT", "production")
    with pytest.raises(SettingsError, match="STCRM_ENVIRONMENT and STCRM_API_URL"):
        read_settings(**{**PLACE, "environment": None})


def test_address_without_sign_in_address_raises():
    with pytest.raises(SettingsError, match="STCRM_AUTH_URL"):
        read_settings(**{**PLACE, "environment": None, "api_url": "https://x.example"})


def test_offline_needs_no_secret():
    settings = read_settings(environment="production", tenant=7, client_id="cid", offline=True)
    assert settings.client_secret is None


def test_no_repr_and_no_dump_shows_a_secret():
    settings = read_settings(**PLACE)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert not any(secret in shown for secret in SECRETS.values())
    assert repr(settings) == "Settings(environment='integration', tenant=7, client_id='cid')"


@pytest.mark.parametrize("name", ["rate_limt", "tenat", "api_key", "verbose"])
def test_unknown_keyword_raises(name):
    with pytest.raises(UsageError, match=f"no setting '{name}'"):
        stcrm.connect(**{**PLACE, name: 1})


def test_none_is_a_sandbox_without_a_tenant(monkeypatch, tmp_path):
    assert not names_a_tenant({"time_zone": "America/Chicago", "tenant": None})
    with stcrm.Sandbox(leads=100) as sandbox:
        monkeypatch.setitem(sandboxes._sandboxes, "", sandbox)
        with stcrm.connect(sandbox=None, cache_dir=tmp_path) as crm:
            assert crm.sandbox is sandbox


@pytest.mark.parametrize("name", ["STCRM_TENANT", "STCRM_ENVIRONMENT", "STCRM_APP_KEY"])
def test_partial_tenant_settings_are_not_a_sandbox(monkeypatch, name):
    monkeypatch.setenv(name, "7")
    with pytest.raises(SettingsError):
        stcrm.connect(sandbox=None)
    with pytest.raises(SettingsError):
        stcrm.connect(sandbox=None, tenant=7)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (90, 90),
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        (" 1H ", 3600),
        ("2d", 172_800),
        ("1w", 604_800),
        ("0", 0),
        (0.5, 0.5),
    ],
)
def test_durations(value, seconds):
    assert duration(value) == dt.timedelta(seconds=seconds)
    assert duration(dt.timedelta(seconds=seconds)) == dt.timedelta(seconds=seconds)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.lists(st.integers()), st.binary()))
def test_any_duration_is_parsed_or_rejected(value):
    try:
        assert duration(value) >= dt.timedelta(0)
    except ValueError as error:
        assert "duration" in str(error)  # noqa: PT017


def test_settings_errors_are_stcrm_errors():
    assert issubclass(SettingsError, StcrmError)


def test_env_file_with_windows_encoding(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfSTCRM_TENANT=7\r\nSTCRM_CLIENT_ID=cid\r\n")
    settings = read_settings(environment="production", **SECRETS)
    assert (settings.tenant, settings.client_id) == (7, "cid")


def test_env_file_that_is_not_text(tmp_path):
    (tmp_path / ".env").write_bytes(b"STCRM_CLIENT_SECRET=s3cr3t-word-\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"\.env") as caught:
        read_settings(**PLACE)
    assert "s3cr3t" not in str(caught.value)


def test_env_folder_is_ignored(tmp_path):
    (tmp_path / ".env").mkdir()
    assert read_settings(**PLACE).tenant == 7


def test_tilde_in_a_folder_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_settings(**PLACE, cache_dir="~/here").cache_folder == tmp_path / "here"
    assert read_cache_folder(Path("~/here")) == tmp_path / "here"
