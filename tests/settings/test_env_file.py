"""Where a `.env` file is looked for: the working folder, else its parents up to the root of the project."""

from __future__ import annotations

import os

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import SettingsError, StcrmWarning
from stcrm_pandas.settings import sources
from stcrm_pandas.settings.connection import read_settings

SECRETS = {"client_secret": "s3cr3t-word", "app_key": "k3y-word"}
PLACE = {"environment": "production", "client_id": "cid", **SECRETS}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a folder of notebooks in it, which is the working folder."""
    project = tmp_path / "outside" / "project"
    (project / "work" / "notebooks").mkdir(parents=True)
    (project / ".git").mkdir()
    monkeypatch.chdir(project / "work" / "notebooks")
    return project


def write(folder, **values):
    path = folder / ".env"
    path.write_text("".join(f"STCRM_{name.upper()}={value}\n" for name, value in values.items()))
    return path


def test_the_nearest_file_is_read(project):
    assert sources.env_file() is None
    for tenant, folder in enumerate((project, project / "work", project / "work" / "notebooks"), start=1):
        path = write(folder, tenant=tenant)
        settings = read_settings(**PLACE)
        assert sources.env_file() == path
        assert settings.tenant == tenant
        assert settings.parent_file == (path if tenant < 3 else None)


@pytest.mark.parametrize("mark", [".git", ".hg", "pyproject.toml"])
def test_the_search_ends_at_the_root_of_the_project(mark, project):
    write(project.parent, tenant=1)
    (project / ".git").rmdir()
    (project / mark).touch()
    with pytest.raises(SettingsError, match="STCRM_TENANT"):
        read_settings(**PLACE)


def test_without_a_project_only_the_working_folder_is_searched(project):
    (project / ".git").rmdir()
    write(project / "work", tenant=1)
    assert sources.env_file() is None
    path = write(project / "work" / "notebooks", tenant=2)
    assert sources.env_file() == path


def test_the_search_ends_at_a_folder_of_another_user(project, monkeypatch):
    write(project, tenant=1)
    stat, lstat = type(project).stat, type(project).lstat
    theirs = project / "work"

    def owned(read):
        def of(self, **more):
            found = read(self, **more)
            return os.stat_result((*found[:4], found.st_uid + 1, *found[5:10])) if self == theirs else found

        return of

    monkeypatch.setattr(type(project), "stat", owned(stat))
    monkeypatch.setattr(type(project), "lstat", owned(lstat))
    assert sources.env_file() is None


def test_a_deleted_working_folder_has_no_file(project):
    (project / "work" / "notebooks").rmdir()
    assert sources.env_file() is None
    assert read_settings(**PLACE, tenant=1).tenant == 1


def test_a_file_of_a_parent_is_trusted_no_more(project, monkeypatch):
    path = write(project, auth_url="https://evil.example", tenant=1)
    with pytest.raises(SettingsError, match=r"STCRM_AUTH_URL comes from the \.env file, but STCRM_CLIENT_SECRET"):
        read_settings(**PLACE)
    write(project, allow_writes=1, tenant=1)
    with pytest.warns(StcrmWarning, match=rf"STCRM_ALLOW_WRITES in {path} is ignored"):
        assert not read_settings(**PLACE).allow_writes
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1, raising=False)
    write(project / "work" / "notebooks", tenant=2)
    with (
        pytest.warns(StcrmWarning, match="belongs to another user"),
        pytest.raises(SettingsError, match="STCRM_TENANT"),
    ):
        read_settings(**PLACE)


def test_a_connection_names_the_file_of_a_parent(project):
    path = write(project, tenant=1)
    with stcrm.connect(**PLACE, cache_dir="cache") as crm:
        assert f"from {path}, in a parent folder" in repr(crm)
        assert f"from {path}, in a parent folder" in crm._repr_html_()
        assert "s3cr3t-word" not in repr(crm) + crm._repr_html_()
    write(project / "work" / "notebooks", tenant=1)
    with stcrm.connect(**PLACE, cache_dir="cache") as crm:
        assert ".env" not in repr(crm)
