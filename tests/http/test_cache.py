"""The cache's file: private, bounded, shared by processes, begun anew when damaged; and who sees whose answers."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading

import pyarrow as pa
import pytest
from requests_cache.models.response import CachedResponse

from stcrm_pandas.errors import NotCachedError, SettingsError, StcrmError, StcrmWarning, UsageError
from stcrm_pandas.http.cache import Cache, cache_path
from stcrm_pandas.settings.connection import read_settings


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_files_and_folder_are_private(box, join, tmp_path):
    crm = join(box, cache_dir=tmp_path / "deep" / "cache")
    crm.leads.list()
    folder = crm.cache.path.parent
    assert mode(folder) == 0o700
    files = list(folder.iterdir())
    assert len(files) == 3  # the file, its log and its index
    assert {mode(path) for path in files} == {0o600}


@pytest.mark.usefixtures("open_umask")
def test_readable_file_is_made_private(box, join):
    crm = join(box)
    path = crm.cache.path
    crm.close()
    path.chmod(0o644)
    join(box)
    assert mode(path) == 0o600


def test_unwritable_folder_is_reported(box, join, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="STCRM_CACHE_DIR"):
        join(box, cache_dir=tmp_path / "file" / "cache")


# Who sees what


PLACE = {"tenant": 7, "client_id": "cid", "client_secret": "s", "app_key": "k"}


def test_environment_tenant_and_application_have_separate_files(tmp_path):
    places = [
        {"environment": "production"},
        {"environment": "integration"},
        {"environment": "production", "tenant": 8},
        {"environment": "production", "client_id": "cid2"},
        {"environment": "production", "client_id": "CID"},
        {"api_url": "https://api.servicetitan.io", "auth_url": "https://auth.servicetitan.io"},
        {"api_url": "https://other.example", "auth_url": "https://auth.servicetitan.io"},
        {"api_url": "https://other.example:1", "auth_url": "https://auth.servicetitan.io"},
    ]
    paths = {cache_path(read_settings(**{**PLACE, **place, "cache_dir": tmp_path})) for place in places}
    assert len(paths) == len(places)
    assert all(path.parent == tmp_path for path in paths)


def test_changed_secret_uses_the_same_file(tmp_path):
    one, two = (
        cache_path(read_settings(environment="production", cache_dir=tmp_path, **{**PLACE, "client_secret": secret}))
        for secret in ("a", "b")
    )
    assert one == two


def test_file_names_do_not_contain_the_client_id(tmp_path):
    settings = read_settings(environment="production", cache_dir=tmp_path, **{**PLACE, "client_id": "cid.word"})
    assert "word" not in cache_path(settings).name


@pytest.mark.parametrize("other", ["tenant", "client_id", "api_url"])
def test_tenants_never_share_responses(other, box, join_by_address):
    join_by_address(box).leads.list()
    elsewhere = {"tenant": 8, "client_id": "cid.other", "api_url": "http://127.0.0.1:9"}
    offline = join_by_address(box, offline=True, **{other: elsewhere[other]})
    with pytest.raises(NotCachedError):
        offline.leads.list()
    assert len(join_by_address(box, offline=True).leads.list()) == 300


# How large, how old, and away with it


def test_cache_info_has_path_size_and_age(box, join):
    crm = join(box)
    assert "empty" in repr(crm.cache)
    crm.leads.list()
    cache = crm.cache
    assert cache.entries == 15
    assert cache.size >= cache.path.stat().st_size > 0
    assert dt.timedelta(0) <= dt.datetime.now(dt.UTC) - cache.oldest < dt.timedelta(minutes=1)
    assert repr(str(cache.path)) in repr(cache)
    assert "15 pages" in repr(cache)


def test_clear_by_resource_by_age_and_all(box, join):
    now = [1_000_000.0]
    crm = join(box, clock=lambda: now[0])
    crm.leads.list()
    now[0] += 7200
    crm.customers.list()
    crm.lookups.campaigns.list()
    assert crm.cache.clear("lookups.campaigns") == 2
    assert crm.cache.clear("jobs") == 0
    assert crm.cache.clear(older_than="1h") == 15
    assert crm.cache.entries == 6
    crm.leads.export()
    assert crm.cache.clear("leads") == 15
    assert crm.cache.clear() == 6
    assert crm.cache.entries == 0
    assert crm.cache.oldest is None
    assert len(crm.customers.list()) == 120


@pytest.mark.parametrize("age", ["soon", -1, float("nan")])
def test_clear_with_an_invalid_age(age, box, join):
    with pytest.raises(UsageError, match="older_than"):
        join(box).cache.clear(older_than=age)


def test_clear_frees_disk_space(box, join):
    crm = join(box, page_size=5000)
    box.inject("leads.list", rows=lambda rows: [{**row, "summary": os.urandom(2000).hex()} for row in rows])
    crm.leads.list()
    before = crm.cache.size
    crm.cache.clear()
    assert crm.cache.size < before / 4


def test_size_limit_evicts_the_oldest_reads(tmp_path):
    now = [1_000_000.0]
    cache = Cache(tmp_path / "c.sqlite", limit=2_000_000, clock=lambda: now[0])
    for number in range(12):
        now[0] += 1
        generation = cache.begin(f"read {number}", "leads", max_age=dt.timedelta(hours=1))
        store(cache, generation.key(0, 1), os.urandom(400_000))
        cache.finish(generation, [1])
    assert cache._file.used <= 2_000_000
    assert cache.find("read 11", max_age=None)
    assert cache.find("read 10", max_age=None)
    assert not cache.find("read 0", max_age=None)
    assert cache.entries <= 5
    cache.close()


def test_orphaned_pages_are_evicted_first(tmp_path):
    cache = Cache(tmp_path / "c.sqlite", limit=1_000_000)
    for number in range(10):
        store(cache, f"{number:032}/0/1", os.urandom(300_000))
    generation = cache.begin("read", "leads", max_age=dt.timedelta(hours=1))
    store(cache, generation.key(0, 1), os.urandom(300_000))
    cache.finish(generation, [1])
    assert cache.entries == 1
    assert cache.find("read", max_age=None)
    cache.close()


def store(cache, key, body):
    cache.backend.responses[key] = CachedResponse(status_code=200, content=body, url="")


# Damage


def damage_start(path):
    with path.open("r+b") as file:
        file.write(b"no database any more" * 50)


def damage_middle(path):
    size = path.stat().st_size
    with path.open("r+b") as file:
        for at in range(4096, size - 2048, 4096):
            file.seek(at)
            file.write(os.urandom(2048))


def cut_short(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def text_file(path):
    path.write_text("these are not the pages that you are looking for")


@pytest.mark.parametrize("damage", [damage_start, damage_middle, cut_short, text_file])
def test_damaged_file_is_renamed_with_a_warning(damage, box, join, leads):
    crm = join(box)
    crm.leads.list()
    path = crm.cache.path
    crm.close()
    damage(path)
    with pytest.warns(StcrmWarning, match="moved to") as warned:  # noqa: PT031
        crm = join(box)
        frame = crm.leads.list()
    assert set(frame["id"]) == leads
    assert len(warned) == 1
    aside = [one for one in path.parent.iterdir() if ".damaged-" in one.name]
    assert len(aside) == 1
    assert mode(aside[0]) == 0o600
    box.requests.clear()
    assert len(crm.leads.list()) == 300
    assert not box.requests


def test_file_of_another_version_is_renamed(box, join):
    crm = join(box)
    path = crm.cache.path
    crm.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.warns(StcrmWarning, match="another version"):
        assert len(join(box).leads.list()) == 300


@pytest.mark.parametrize("damage", [damage_start, damage_middle, cut_short])
def test_damage_during_use_only_costs_time(damage, box, join, leads, recwarn):
    crm = join(box)
    crm.leads.list()
    crm.cache._file.run("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(crm.cache.path)
    crm.cache._file.run("PRAGMA shrink_memory")
    for _ in range(3):
        assert set(crm.leads.list()["id"]) == leads
        assert len(crm.customers.list()) == 120
    assert len([one for one in recwarn if "moved to" in str(one.message)]) <= 1
    recwarn.clear()


def test_folder_deleted_during_use_is_recreated(box, join, leads):
    import shutil

    crm = join(box)
    crm.leads.list()
    shutil.rmtree(crm.cache.path.parent)
    assert set(crm.leads.list()["id"]) == leads
    assert mode(crm.cache.path.parent) == 0o700
    assert mode(crm.cache.path) == 0o600
    box.requests.clear()
    assert len(crm.leads.list()) == 300
    assert not box.requests


def test_file_renamed_by_another_process_is_not_renamed_again(box, join, leads):
    one, two = join(box), join(box)
    one.leads.list()
    two.customers.list()
    one.cache._file.run("PRAGMA wal_checkpoint(TRUNCATE)")
    damage_start(one.cache.path)
    with pytest.warns(StcrmWarning, match="moved to") as warned:  # noqa: PT031
        for crm in (one, two, one, two):
            assert set(crm.leads.list()["id"]) == leads
            assert len(crm.locations.list()) == 45
    assert len(warned) == 1
    assert len([path for path in one.cache.path.parent.iterdir() if ".damaged-" in path.name]) == 1


def bent_but_readable(value):
    """A stored page with one flipped bit that zstd unpacks, and JSON reads, to other rows."""
    head, _, packed = value.partition(b"\n")
    size, codec = json.loads(head)["size"], pa.Codec("zstd")
    right = codec.decompress(packed, size, asbytes=True)
    for at in range(len(packed)):
        bent = bytearray(packed)
        bent[at] ^= 1
        with contextlib.suppress(OSError, ValueError):
            unpacked = codec.decompress(bytes(bent), size, asbytes=True)
            if len(json.loads(unpacked)["data"]) == 20 and unpacked != right:
                return head + b"\n" + bytes(bent)
    raise AssertionError("no bit is without notice")


@pytest.mark.parametrize("bend", [bent_but_readable, lambda value: value[:-1], lambda value: value + b"x"])
def test_corrupted_page_is_requested_again(bend, box, join, leads):
    """SQLite does not notice a flipped bit within a value."""
    crm = join(box)
    first = crm.leads.list()
    ((key, value),) = crm.cache._file.run("SELECT key, value FROM responses WHERE key LIKE '%/0/7'")
    crm.cache._file.run("UPDATE responses SET value = ? WHERE key = ?", bend(value), key)
    box.requests.clear()
    assert crm.leads.list().equals(first)
    assert len(box.requests) == 15


@pytest.mark.parametrize("value", [b"", b"\n", b"{}\n", b"null\n", b"[]\n", b"x", b'{"check": 0}\n', None])
def test_page_of_another_shape_is_requested_again(value, box, join, leads):
    crm = join(box)
    crm.leads.list()
    crm.cache._file.run("UPDATE responses SET value = ?", value)
    assert set(crm.leads.list()["id"]) == leads


def test_lost_page_offline_raises(box, join):
    crm = join(box)
    crm.leads.list()
    crm.cache._file.run("DELETE FROM responses WHERE key LIKE '%/0/7'")
    with pytest.raises(NotCachedError):
        join(box, offline=True).leads.list()


def test_full_disk_does_not_fail_the_read(box, join, leads):
    crm = join(box)
    pages = crm.cache._file.run("PRAGMA page_count")[0][0]
    crm.cache._file.run(f"PRAGMA max_page_count = {pages}")
    with pytest.warns(StcrmWarning, match="full.*without storing") as warned:  # noqa: PT031
        assert set(crm.leads.list()["id"]) == leads
        assert set(crm.leads.list()["id"]) == leads
    assert len(warned) == 1
    crm.cache._file.run("PRAGMA max_page_count = 1000000")
    assert set(crm.leads.list()["id"]) == leads
    box.requests.clear()
    assert set(crm.leads.list()["id"]) == leads
    assert not box.requests


def test_file_locked_by_another_process_is_not_renamed(box, join):
    crm = join(box)
    crm.cache._file.run("PRAGMA busy_timeout = 50")
    holder = sqlite3.connect(crm.cache.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.warns(StcrmWarning, match="locked"):
            assert len(crm.leads.list()) == 300
        with pytest.raises(SettingsError, match="locked"):
            Cache(crm.cache.path, patience=0.05)
    finally:
        holder.close()
    assert [path for path in crm.cache.path.parent.iterdir() if ".damaged-" in path.name] == []
    assert len(join(box).leads.list()) == 300


# After the end


def test_closed_connection_raises_and_keeps_its_file(box, join):
    with join(box) as crm:
        crm.leads.list()
    for use in (crm.leads.list, lambda: crm.cache.entries, crm.cache.clear, lambda: repr(crm)):
        with pytest.raises(StcrmError, match="closed"):
            use()
    crm.close()
    assert [path for path in crm.cache.path.parent.iterdir() if ".damaged-" in path.name] == []
    assert len(join(box, offline=True).leads.list()) == 300


# Several at once


def test_threads_of_one_cache(tmp_path):
    cache = Cache(tmp_path / "c.sqlite")
    failures = []

    def work(number):
        try:
            for round in range(15):
                generation = cache.begin(f"{number}", "leads", max_age=dt.timedelta(0))
                store(cache, generation.key(0, 1), f"{number} {round}".encode() * 1000)
                cache.finish(generation, [1])
                found = cache.find(f"{number}", max_age=None)
                assert cache.page(found.key(0, 1)).content == f"{number} {round}".encode() * 1000
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert cache.entries == 6
    cache.close()


PROGRAM = """
    import sys, warnings
    warnings.simplefilter("error")
    import stcrm_pandas as stcrm
    place = dict(zip(("api_url", "auth_url", "tenant", "client_id", "client_secret", "app_key"), sys.argv[1:7]))
    with stcrm.connect(**place, cache_dir=sys.argv[7], page_size=20, rate_limit=1000, time_zone="UTC") as crm:
        for round in range(3):
            assert len(crm.leads.list(refresh=round == 1)) == 300
            assert len(crm.customers.list()) == 120
            assert len(crm.leads.export().frame) == 300
        crm.cache.clear("customers")
        assert len(crm.customers.list()) == 120
    print("well")
"""


def test_processes_of_one_cache(box, tmp_path):
    place = box.connection()
    arguments = [str(value) for name, value in place.items() if name != "sandbox_id"]
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), *arguments, str(tmp_path / "cache")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in running:
        stdout, stderr = process.communicate(timeout=60)
        assert stdout == "well\n", stderr
    assert [path for path in (tmp_path / "cache").iterdir() if ".damaged-" in path.name] == []
