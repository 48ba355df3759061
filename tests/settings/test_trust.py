"""How far each source of settings is trusted: nothing in a foreign folder sends a secret away or opens a door."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import SettingsError, StcrmWarning, WritesNotAllowed
from stcrm_pandas.settings.addresses import is_known, is_loopback
from stcrm_pandas.settings.connection import read_cache_folder, read_journal_folder, read_settings

SECRETS = {"client_secret": "s3cr3t-word", "app_key": "k3y-word"}
PLACE = {"environment": "production", "tenant": 7, "client_id": "cid", **SECRETS}
ELSEWHERE = [
    "https://evil.example",
    "http://127.0.0.1:9",
    "https://localhost:9",
    "https://api.servicetitan.io.evil.example",
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def env_file(tmp_path):
    def write(**values):
        path = tmp_path / ".env"
        path.write_text("".join(f"STCRM_{name.upper()}={value}\n" for name, value in values.items()))
        return path

    return write


@pytest.fixture
def environment(monkeypatch):
    def set_all(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"STCRM_{name.upper()}", str(value))

    return set_all


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize("where", ["argument", "environment"])
def test_env_file_address_gets_no_secret_at_sign_in(url, where, env_file, environment):
    env_file(auth_url=url)
    if where == "environment":
        environment(**PLACE)
    with pytest.raises(SettingsError, match=r"STCRM_AUTH_URL comes from the \.env file, but STCRM_CLIENT_SECRET"):
        stcrm.connect(**(PLACE if where == "argument" else {}))


@pytest.mark.parametrize("secret", SECRETS)
def test_env_file_address_gets_no_other_secret(secret, env_file, environment):
    """The other secret stands in the file, and so does all else."""
    file = {"tenant": 7, "client_id": "cid", "api_url": "https://x.example", "auth_url": "https://x.example", **SECRETS}
    env_file(**{name: value for name, value in file.items() if name != secret})
    environment(**{secret: SECRETS[secret]})
    with pytest.raises(SettingsError, match="a secret is not sent to an address from a less trusted source"):
        read_settings()


def test_environment_address_gets_no_secret_arguments(environment):
    environment(api_url="https://x.example", auth_url="https://x.example")
    with pytest.raises(SettingsError, match=r"from the environment, but STCRM_CLIENT_SECRET from connect\(…\)"):
        read_settings(tenant=7, client_id="cid", **SECRETS)


def test_nothing_is_sent_to_an_address_from_a_foreign_folder(box, env_file, environment, usual):
    place = box.connection()
    env_file(auth_url=place["auth_url"])
    environment(**{name: place[name] for name in ("api_url", "tenant", "client_id", "client_secret", "app_key")})
    with pytest.raises(SettingsError, match="STCRM_AUTH_URL"):
        stcrm.connect(**usual).leads.list()
    assert not box.requests


def test_env_file_with_address_and_secrets(env_file):
    env_file(tenant=7, client_id="cid", api_url="https://x.example", auth_url="https://a.example", **SECRETS)
    settings = read_settings()
    assert (settings.api_url, settings.auth_url) == ("https://x.example", "https://a.example")


def test_trusted_address_may_get_env_file_secrets(env_file):
    env_file(tenant=7, client_id="cid", **SECRETS)
    settings = read_settings(api_url="https://x.example", auth_url="https://a.example")
    assert settings.client_secret.get_secret_value() == "s3cr3t-word"


def test_env_file_may_set_a_known_environment(env_file, environment):
    env_file(environment="integration", tenant=7)
    environment(client_id="cid", **SECRETS)
    assert read_settings().api_url == "https://api-integration.servicetitan.io"


def test_env_file_does_not_expand_variables(env_file, monkeypatch):
    """`${NAME}` would put any variable into an address."""
    monkeypatch.setenv("OTHER_SECRET", "an0ther")
    url = "https://x.example/${OTHER_SECRET}"
    env_file(tenant=7, client_id="${OTHER_SECRET}", api_url=url, auth_url="https://a.example", **SECRETS)
    settings = read_settings()
    assert (settings.client_id, settings.api_url) == ("${OTHER_SECRET}", url)


@pytest.mark.parametrize("value", ["1", "true"])
def test_env_file_cannot_allow_writes(value, env_file, box, environment, usual):
    env_file(allow_writes=value)
    environment(**{name: one for name, one in box.connection().items() if name != "sandbox_id"})
    with pytest.warns(StcrmWarning, match=r"STCRM_ALLOW_WRITES .* is ignored, because a \.env file"):
        crm = stcrm.connect(**usual)
    with pytest.raises(WritesNotAllowed):
        crm.leads.create_note(5_000, text="x")
    crm.close()


def test_env_file_cannot_move_the_journals(env_file, tmp_path):
    env_file(state_dir=tmp_path / "hidden")
    with pytest.warns(StcrmWarning, match="STCRM_STATE_DIR"):
        assert read_settings(**PLACE).journal_folder.parent != tmp_path / "hidden"
    with pytest.warns(StcrmWarning, match="STCRM_STATE_DIR"):
        assert tmp_path not in read_journal_folder().parents


@pytest.mark.parametrize("where", ["argument", "environment"])
@pytest.mark.parametrize("name", ["service_url", "cache_dir"])
def test_env_file_moves_neither_links_nor_cache_for_secrets_from_elsewhere(
    name, where, env_file, environment, tmp_path
):
    env_file(**{name: "https://evil.example" if name == "service_url" else tmp_path / "planted"}, tenant=7)
    if where == "environment":
        environment(**PLACE)
    with pytest.warns(
        StcrmWarning, match=rf"STCRM_{name.upper()} in .*/\.env is ignored, because the secrets are not in"
    ):
        settings = read_settings(**(PLACE if where == "argument" else {}))
    assert settings.service_url == "https://go.servicetitan.com"
    assert tmp_path / "planted" != settings.cache_folder
    if where == "environment" and name == "cache_dir":
        with pytest.warns(StcrmWarning, match="STCRM_CACHE_DIR"):
            assert read_cache_folder() != tmp_path / "planted"


@pytest.mark.parametrize("missing", [None, "client_secret", "app_key"])
def test_env_file_moves_links_and_cache_only_with_all_of_its_secrets(missing, env_file, environment, tmp_path):
    file = {**PLACE, "service_url": "https://next.example", "cache_dir": tmp_path / "cache"}
    env_file(**{name: value for name, value in file.items() if name != missing})
    if missing is None:
        settings = read_settings()
        assert (settings.service_url, settings.cache_folder) == ("https://next.example", tmp_path / "cache")
        assert read_cache_folder() == tmp_path / "cache"
        return
    environment(**{missing: SECRETS[missing]})
    with pytest.warns(StcrmWarning, match="is ignored"):
        settings = read_settings()
    assert settings.service_url == "https://go.servicetitan.com"


def test_links_of_a_sandbox_do_not_come_from_an_env_file(env_file, box, usual):
    env_file(**PLACE, service_url="https://next.example")
    with stcrm.connect(sandbox=box, **usual) as crm:
        assert crm.settings.service_url is None


def test_env_file_of_another_user_is_ignored(env_file, monkeypatch):
    path = env_file(tenant=9, max_age="2d")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1, raising=False)
    with pytest.warns(StcrmWarning, match="belongs to another user, so it is not read"):
        settings = read_settings(**PLACE)
    assert settings.tenant == 7
    assert settings.max_age.total_seconds() == 3600


def test_linked_env_file_of_another_user_is_ignored(tmp_path, env_file, monkeypatch):
    path = env_file(max_age="2d").rename(tmp_path / "theirs")
    (tmp_path / ".env").symlink_to(path)
    theirs, stat = path.stat().st_uid + 1, type(path).stat

    def owned(self, **more):
        found = stat(self, **more)
        return os.stat_result((*found[:4], theirs, *found[5:10])) if more.get("follow_symlinks", True) else found

    monkeypatch.setattr(type(path), "stat", owned)
    with pytest.warns(StcrmWarning, match="belongs to another user"):
        assert read_settings(**PLACE).max_age.total_seconds() == 3600


@pytest.mark.parametrize(
    "url", ["http://x.example", "http://10.0.0.1", "http://127.0.0.1.x.example", "HTTP://x.example"]
)
@pytest.mark.parametrize("name", ["api_url", "auth_url"])
def test_remote_address_must_be_https(url, name):
    place = {**PLACE, "environment": None, "api_url": "https://x.example", "auth_url": "https://x.example", name: url}
    with pytest.raises(SettingsError, match=f"STCRM_{name.upper()}.*https://"):
        read_settings(**place)


@pytest.mark.parametrize(
    "url",
    [
        "https://ann:passw0rd@x.example",
        "https://passw0rd@x.example",
        "https://x.example\\@passw0rd",
        "https://x.example/a@passw0rd",
        "https://x.example?key=passw0rd",
        "https://x.example/#passw0rd",
        "https://x .example/passw0rd",
        "https://x.example/\x1b]0;passw0rd\x07",
        "https:///passw0rd",
        "https://[passw0rd",
    ],
)
@pytest.mark.parametrize("name", ["api_url", "auth_url", "environment"])
def test_invalid_address_raises_without_showing_it(url, name):
    place = {**PLACE, "environment": None, "api_url": "https://x.example", "auth_url": "https://x.example"}
    if name == "environment":
        place["api_url"] = None
    with pytest.raises(SettingsError, match=f"STCRM_{name.upper()}") as caught:
        read_settings(**{**place, name: url})
    assert "passw0rd" not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


def test_custom_address_is_logged_once_before_any_request(box, join_by_address, caplog):
    caplog.set_level(logging.WARNING)
    url = f"{box.api_url}/of-no-other-test"
    crm = join_by_address(box, auth_url=url, retries=0)
    assert url not in caplog.text
    for _ in range(2):
        with pytest.raises(stcrm.errors.ServiceError):
            crm.leads.list()
    messages = [record.getMessage() for record in caplog.records if url in record.getMessage()]
    assert messages == [
        f"stcrm: secrets are sent to {url} (STCRM_AUTH_URL, from connect(…)), not to ServiceTitan's own address."
    ]


def test_own_sandbox_is_not_logged(shop, join, caplog):
    with stcrm.Sandbox(company=shop(leads=1), rate_limit=None) as box:
        join(box).leads.list()
        assert box.api_url not in caplog.text


def test_without_logging_it_goes_to_standard_error(box, tmp_path):
    program = """if True:
        import sys, stcrm_pandas as stcrm
        place = dict(zip(("api_url", "auth_url", "tenant", "client_id", "client_secret", "app_key"), sys.argv[1:]))
        with stcrm.connect(**place, cache_dir="cache") as crm:
            crm.lookups.call_reasons.list()
            crm.lookups.call_reasons.list(refresh=True)
    """
    place = [str(value) for name, value in box.connection().items() if name != "sandbox_id"]
    ran = subprocess.run(
        [sys.executable, "-c", program, *place], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True
    )
    assert ran.stderr.count(f"secrets are sent to {box.api_url} ") == 1


def test_known_addresses():
    assert is_known("https://auth.servicetitan.io")
    assert is_known("https://auth.servicetitan.io/connect/token")
    assert is_known("https://api-integration.servicetitan.io")
    assert not is_known("http://api.servicetitan.io")
    assert not is_known("https://api.servicetitan.io/x")
    assert is_loopback("https://[::1]:8/x")
    assert not is_loopback("https://localhost.example")
