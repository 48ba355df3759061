"""Files of others in the folder of the cache are not opened for writing, renamed or removed."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from stcrm_pandas.cli import app
from stcrm_pandas.errors import SettingsError
from stcrm_pandas.files.sqlite_files import CACHE, state_of
from stcrm_pandas.http.cache import Cache, cache_path

TODAY = """
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS generations (
    id TEXT PRIMARY KEY, signature TEXT NOT NULL, resource TEXT NOT NULL, started REAL NOT NULL, parts TEXT
);
CREATE INDEX IF NOT EXISTS generations_by_signature ON generations (signature, started);
CREATE TABLE IF NOT EXISTS responses (key TEXT PRIMARY KEY, value BLOB);
PRAGMA user_version = 1;
COMMIT;
INSERT INTO generations VALUES ('a', 's', 'leads', 1e9, NULL);
INSERT INTO responses VALUES ('a/0/1', x'00');
"""
"""A cache as version 0.1 made it before it had an application id."""
FOREIGN = {
    "no version": "CREATE TABLE generations (x); CREATE TABLE other (x)",
    "another table": TODAY.replace("COMMIT;", "COMMIT; CREATE TABLE other (x);"),
    "a table less": "PRAGMA user_version = 1; CREATE TABLE responses (x)",
    "another version": TODAY.replace("user_version = 1", "user_version = 2"),
    "another program": TODAY + "PRAGMA application_id = 7;",
    "in WAL": "PRAGMA journal_mode = WAL; CREATE TABLE mine (x); INSERT INTO mine VALUES (1)",
}


def made(path, script):
    db = sqlite3.connect(path)
    db.executescript(script)
    db.close()
    return path


def seen(folder):
    """Every file with its bytes, its mode and when it was changed."""
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.lstat().st_mode, path.lstat().st_mtime_ns)
        for path in folder.iterdir()
        if path.is_file()
    }


def stcrm(*arguments):
    ran = CliRunner().invoke(app, [*map(str, arguments)])
    assert ran.exit_code == 0, ran.output
    return ran.output


def application_id(path):
    with sqlite3.connect(path) as db:
        (found,) = db.execute("PRAGMA application_id").fetchone()
    db.close()
    return found


@pytest.fixture
def folder(tmp_path):
    """A folder with all that others may keep in it."""
    folder = tmp_path / "cache"
    folder.mkdir()
    for name, script in FOREIGN.items():
        made(folder / f"{name}.sqlite", script)
        made(folder / f"{name}.damaged-1.sqlite", script)
    (folder / "text.sqlite").write_text("my notes")
    (folder / "text.damaged-1.sqlite").write_text("my notes")
    (folder / "empty.sqlite").write_text("")
    (folder / "folder.sqlite").mkdir()
    made(tmp_path / "elsewhere.sqlite", TODAY)
    (folder / "link.sqlite").symlink_to(tmp_path / "elsewhere.sqlite")
    (folder / "link.damaged-1.sqlite").symlink_to(tmp_path / "elsewhere.sqlite")
    (folder / "nowhere.sqlite").symlink_to(tmp_path / "nowhere")
    return folder


@pytest.mark.parametrize(
    "command", [["info"], ["clear"], ["clear", "--resource", "leads"], ["clear", "--older-than", "1s"]], ids="-".join
)
def test_other_files_are_not_touched(command, folder, tmp_path):
    before, elsewhere = seen(folder), seen(tmp_path)
    output = stcrm("cache", *command, "--cache-dir", folder)
    assert seen(folder) == before
    assert seen(tmp_path) == elsewhere
    assert sorted(path.name for path in folder.iterdir() if not path.is_file()) == ["folder.sqlite", "nowhere.sqlite"]
    assert ("Nothing is stored" if command == ["info"] else "0 pages deleted") in output


def test_damaged_own_file_is_deleted_and_unrecognized_file_is_listed(folder, tmp_path):
    Cache(folder / "ours.damaged-1.sqlite").close()
    output = stcrm("cache", "clear", "--cache-dir", folder)
    assert not (folder / "ours.damaged-1.sqlite").exists()
    assert f"{folder / 'text.damaged-1.sqlite'} is kept" in output


def test_info_only_reads(tmp_path):
    cache = Cache(tmp_path / "ours.sqlite")
    cache.close()
    made(tmp_path / "today.sqlite", TODAY)
    before = seen(tmp_path)
    output = stcrm("cache", "info", "--cache-dir", tmp_path)
    assert seen(tmp_path) == before
    assert "ours.sqlite: 0.0 MB, 0 pages, empty" in output
    assert "today.sqlite: 0.0 MB, 1 page, oldest read 2001-09-09" in output


def test_info_of_a_cache_in_use(box, join):
    crm = join(box)
    crm.leads.list()
    before = seen(crm.cache.path.parent)
    assert "15 pages" in stcrm("cache", "info", "--cache-dir", crm.cache.path.parent)
    assert seen(crm.cache.path.parent).keys() == before.keys()
    assert len(crm.leads.list()) == 300


def test_caches_without_application_id_are_recognized_and_stamped(tmp_path):
    path = made(tmp_path / "today.sqlite", TODAY)
    assert (state_of(path, CACHE), application_id(path)) == ("unstamped", 0)
    cache = Cache(path)
    assert cache.entries == 1
    cache.close()
    assert (state_of(path, CACHE), application_id(path)) == ("ours", CACHE.application_id)
    path = made(tmp_path / "another.sqlite", TODAY)
    assert "2 pages deleted" in stcrm("cache", "clear", "--cache-dir", tmp_path)
    assert application_id(path) == CACHE.application_id


def test_cache_of_a_killed_process_is_recognized(tmp_path):
    """All of it is in the log beside the file."""
    program = f"import os, sqlite3\ndb = sqlite3.connect('today.sqlite')\ndb.executescript({TODAY!r})\nos._exit(0)"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=30)
    assert (tmp_path / "today.sqlite-wal").stat().st_size > 0
    assert "1 page, oldest read 2001-09-09" in stcrm("cache", "info", "--cache-dir", tmp_path)
    assert "1 page deleted" in stcrm("cache", "clear", "--cache-dir", tmp_path)


@pytest.mark.parametrize("foreign", FOREIGN)
def test_connection_does_not_use_a_foreign_file(foreign, box, join):
    crm = join(box)
    path = crm.cache.path
    crm.close()
    path.unlink()
    made(path, FOREIGN[foreign]).chmod(0o644)
    before = seen(path.parent)
    with pytest.raises(SettingsError, match="not a cache of stcrm-pandas"):
        join(box)
    assert seen(path.parent) == before


def test_connection_does_not_follow_links(box, join, tmp_path):
    crm = join(box)
    path = crm.cache.path
    crm.close()
    path.unlink()
    path.symlink_to(made(tmp_path / "elsewhere.sqlite", TODAY))
    before = seen(tmp_path)
    with pytest.raises(SettingsError, match="is a link or"):
        join(box)
    assert seen(tmp_path) == before


def test_second_connection_does_not_release_locks(box, join, tmp_path):
    """Closing a file lets go all locks of the process on it: another process could then end the log of the first."""
    crm = join(box)
    crm.leads.list()
    join(box)
    stcrm("cache", "info", "--cache-dir", crm.cache.path.parent)
    program = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('PRAGMA user_version'); db.close()"
    subprocess.run([sys.executable, "-c", program, crm.cache.path], check=True, timeout=30)
    assert crm.cache.path.with_name(crm.cache.path.name + "-wal").exists()


def test_file_name_is_stable(box, join):
    crm = join(box)
    assert crm.cache.path == cache_path(crm.settings)
    crm.leads.list()
    crm.close()
    assert application_id(crm.cache.path) == CACHE.application_id
