"""How files store their commits: briefly, and as earlier versions did."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, replace

import pandas as pd
import pyarrow.parquet as pq
import pytest

from stcrm_pandas.mirror.commits import Commit, FileCommits, metadata_of, times_of
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.store import Store

from .service import START, Service

HOUR = dt.timedelta(hours=1)
PLAIN = ("number", "seen_at", "complete_to", "full", "rows", "environment", "settings")


def commits(count, first=1):
    """Hourly commits, of which every hundredth is complete."""
    return [
        Commit(
            number,
            (START + number * HOUR).isoformat(),
            (START + number * HOUR - dt.timedelta(minutes=15)).isoformat(),
            f"token {number}",
            full=number % 100 == 1,
            rows=number % 7,
            environment="test",
            settings={"time_zone": "America/Chicago"},
            parents=[[START.isoformat(), (START + number * HOUR).isoformat(), [number]]],
        )
        for number in range(first, first + count)
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 250])
def test_a_file_has_all_commits_in_full_or_their_times(count):
    made = commits(count, first=5)
    stored = FileCommits(metadata_of(made))
    assert (stored.first, stored.last) == (replace(made[0], parents=made[0].parents * (count == 1)), made[-1])
    full = [commit for commit in made if commit.full]
    assert (stored.last_full is None) == (not full)
    assert stored.last_full is None or (stored.last_full.number, stored.last_full.token) == (201, "token 201")
    for name in PLAIN:
        assert [getattr(commit, name) for commit in stored.all] == [getattr(commit, name) for commit in made], name
    times = times_of([stored.times])
    assert times.index.tolist() == [commit.number for commit in made]
    for name in ("seen_at", "complete_to"):
        assert times[name].tolist() == [pd.Timestamp(getattr(commit, name)) for commit in made]
    again = FileCommits(metadata_of(stored.all))
    assert again.all == stored.all


def test_a_year_of_hourly_commits_is_small():
    size = sum(map(len, metadata_of(commits(8_760)).values()))
    assert size < 20_000, "every read opens it"


def as_earlier_versions_wrote(store):
    """Write the files of a store anew, with all commits in full as earlier versions did."""
    for file in store.files():
        table, old = pq.read_table(file.path, partitioning=None), FileCommits(pq.read_metadata(file.path).metadata).all
        listed = [asdict(commit) for commit in old]
        pq.write_table(table.replace_schema_metadata({b"stcrm_commits": json.dumps(listed).encode()}), file.path)
    store.current.drop()


@pytest.mark.parametrize("compact", [False, True])
def test_a_mirror_of_an_earlier_version_opens_and_grows(tmp_path, compact):
    service = Service()
    service.put("leads", 1, summary="first", status="Open")
    mirror = Mirror(tmp_path / "titan", tenant=7, crm=service, time_zone="America/Chicago")
    for step in range(6):
        service.now += HOUR
        service.put("leads", 1, summary=f"step {step}", status="Open")
        service.put("leads", 2 + step, summary="new", status="Open")
        service.now += HOUR
        mirror.sync(only=["leads"])
    if compact:
        mirror.compact()
    reads = (
        mirror.leads,
        lambda: mirror.leads(as_of=START + 5 * HOUR),
        lambda: mirror.history("leads", range(9)),
        lambda: mirror.changes("leads"),
        lambda: mirror.status_log("leads"),
        lambda: mirror.status().drop(columns="bytes"),
    )
    before = [read() for read in reads]
    as_earlier_versions_wrote(Store(mirror.folder, "leads"))
    for expected, read in zip(before, reads, strict=True):
        pd.testing.assert_frame_equal(read(), expected)
    service.put("leads", 1, summary="later", status="Open")
    service.now += HOUR
    mirror.sync(only=["leads"])
    mirror.compact()
    assert mirror.leads()["summary"].iloc[0] == "later"
    assert mirror.status_log("leads")["first_seen"].iloc[1] == before[4]["first_seen"].iloc[1]


def test_a_read_opens_no_file_without_rows(tmp_path):
    """Most syncs of a mirror that is synced every hour find nothing new, and each has a file until they are merged."""
    service = Service()
    service.put("leads", 1, summary="first", status="Open")
    mirror = Mirror(tmp_path / "titan", tenant=7, crm=service, time_zone="America/Chicago")
    for step in range(9):
        service.now += HOUR
        if step == 5:
            service.put("leads", 1, summary="changed", status="Open")
        mirror.sync(only=["leads"])
    store = Store(mirror.folder, "leads")
    with store.opened() as history:
        rows = [file.metadata.num_rows for file in history.files.values()]
    assert (len(store.files()), rows) == (3, [2, 0])  # the two commits with a row were merged
    assert mirror.history("leads", 1)["summary"].tolist() == ["first", "changed"]
    assert mirror.status_log("leads")["last_seen"].iloc[0] == store.times()["complete_to"].iloc[-1]
