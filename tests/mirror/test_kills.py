"""A mirror survives kills of its writers at any moment, and a full disk."""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from contextlib import contextmanager

import pytest

from stcrm_pandas.errors import MirrorError
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.store import Store

from . import writers
from .service import Service

resource = pytest.importorskip("resource")  # POSIX only, as are the signals here

KILLS = 40


@pytest.mark.deep
def test_kills_in_sync_and_compaction_lose_nothing_and_readers_never_fail(tmp_path):
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([writers.__name__])
    folder, stop, result = tmp_path / "titan", tmp_path / "stop", tmp_path / "result.json"
    start = time.time()
    writers.mirror_at(folder, start).sync(only=["leads"])
    reader = processes.Process(target=writers.read, args=(folder, stop, result))
    reader.start()
    chance, seeds = random.Random(), iter(range(10_000))

    def writer():
        process = processes.Process(target=writers.write, args=(folder, start, next(seeds)), daemon=True)
        process.start()
        return process

    running = [writer(), writer()]
    store = Store(folder / "tenant=7", "leads")
    for kill in range(10 * KILLS):  # more on a busy machine, where writers commit less often
        if kill >= KILLS and len(store.commits()) > KILLS:
            break
        time.sleep(chance.uniform(0.05, 1.2))
        victim = running[kill % 2]
        victim.kill()
        victim.join()
        assert victim.exitcode == -9, "it must have been writing until it was killed"
        running[kill % 2] = writer()
    for process in running:
        process.kill()
        process.join()
    mirror = writers.mirror_at(folder, start)
    assert mirror.sync(only=["leads"])["problem"].tolist() == [""]
    stop.touch()
    reader.join(60)
    assert reader.exitcode == 0
    found = json.loads(result.read_text())
    assert found["wrong"] == []
    assert found["reads"] > 10
    assert not list(folder.rglob("*.part"))
    commits = store.commits()
    assert [commit.number for commit in commits] == list(range(1, len(commits) + 1))
    assert len(commits) > KILLS
    history = store.read()
    versions = list(zip(*(history.column(name).to_pylist() for name in ("_seq", "id", "summary")), strict=True))
    assert sorted(versions) == sorted(writers.expected_history(commits))
    current = dict(zip(mirror.leads()["id"], mirror.leads()["summary"], strict=True))
    assert current == {id: summary for _, id, summary in sorted(versions)}


@contextmanager
def disk_with(size):
    """No file may become larger than this, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def mirror(tmp_path):
    service = Service()
    for id in range(1, 2001):
        service.put("leads", id, summary=f"{random.random()}")
        service.put("campaigns", id, name="first")
    service.now += writers.TICK * 60
    mirror = Mirror(tmp_path / "titan", tenant=7, crm=service, time_zone="America/Chicago")
    mirror.sync(only=["leads", "campaigns"])
    for id in range(1, 2001):
        service.put("leads", id, summary=f"{random.random()}")
    service.now += writers.TICK * 60
    return mirror


@pytest.mark.parametrize("act", [lambda mirror: mirror.sync(only=["leads", "campaigns"]), Mirror.compact])
def test_a_full_disk_is_one_error_and_keeps_every_commit(mirror, act):
    if act is Mirror.compact:
        mirror.sync(only=["leads", "campaigns"])
    before = mirror.leads(), mirror.history("leads", range(1, 2001)), mirror.status()["versions"].tolist()
    with disk_with(10_000), pytest.raises(MirrorError, match=r"cannot be written to .*free some disk space"):
        act(mirror)
    assert mirror.leads().equals(before[0])
    assert mirror.history("leads", range(1, 2001)).equals(before[1])
    assert mirror.status()["versions"].tolist() == before[2]
    assert not list(mirror.folder.rglob("*.part"))
    act(mirror)
    assert len(mirror.history("leads", range(1, 2001))) == 4000
