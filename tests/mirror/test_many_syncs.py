"""A mirror that is synced often has few files to read and to list, and keeps those that a reader may need."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace

import pyarrow as pa
import pytest

from stcrm_pandas.errors import MirrorError
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.store import KEPT_FOR, KEPT_IF_MANY, LARGER, MOST_EMPTY, MOST_REPLACED, SEQ, SMALL, Store

from .service import Service

KEY = ("id",)
HOUR = 3600.0


@pytest.fixture
def store(tmp_path):
    service = Service()
    service.put("leads", 1, summary="first")
    service.now += dt.timedelta(hours=1)
    mirror = Mirror(tmp_path / "titan", tenant=7, crm=service)
    mirror.sync(only=["leads"])
    return Store(mirror.folder, "leads")


def test_changes_with_each_sync_are_read_from_few_files(store):
    """A read opens each file with rows, so it has few of them at any time, and each version in one of them."""
    like = store.read().drop_columns([SEQ])
    rows = pa.concat_tables([like.set_column(like.column_names.index("id"), "id", pa.array([id])) for id in range(50)])
    first = pa.concat_tables([rows] * (LARGER * SMALL // 50))
    store.append(first, replace(store.last(), number=2, rows=first.num_rows))
    store.compact_newest(KEY)
    versions, large = store.versions(), store.files()[0].path
    rewritten = 0
    for number in range(3, 83):
        some = rows if number % 4 else rows.slice(0, 0)  # every fourth sync reads no changes
        store.append(some, replace(store.last(), number=number, full=False, rows=some.num_rows))
        store.compact_newest(KEY)
        versions += some.num_rows
        rewritten += store.files()[0].path != large
        large = store.files()[0].path
        with store.opened() as history:
            assert len([path for path, file in history.files.items() if file.metadata.num_rows]) <= 3
        assert len(store.files()) <= 3 + MOST_EMPTY
        assert store.versions() == versions
    assert rewritten <= 3, "a large file is written again only after many changes"
    assert sorted(set(store.read([SEQ]).column(SEQ).to_pylist())) == [1, 2, *(n for n in range(3, 83) if n % 4)]
    assert store.check() == 0


def test_columns_of_small_files_are_read_together(store):
    """They are in memory once, from the first read on."""
    with store.opened() as history:
        first, again = (history.read([name, "id"]).column("id").chunk(0) for name in ("summary", "status"))
        assert first.buffers()[1].address == again.buffers()[1].address


def test_a_replaced_file_stays_for_a_day_since_it_was_first_replaced(store):
    """Files are merged again and again, so a day since the last merge never comes."""
    written: dict[str, float] = {}

    def write(first, last, hour):
        path = store.history / f"{first:09}-{last:09}.parquet"
        path.touch()
        os.utime(path, (hour * HOUR, hour * HOUR))
        written[path.name] = hour * HOUR

    for hour in range(1, 101):
        write(hour, hour, hour)
        if hour % 4 == 0:
            write(1, hour, hour)
            merged_at = {number: -(-number // 4) * 4 * HOUR for number in range(1, hour + 1)}
            store.sweep(hour * HOUR)
            kept = {int(path.name[:9]) for path in store.history.glob("*") if path.name[:9] == path.name[10:19]}
            assert kept - {1} == {n for n, since in merged_at.items() if hour * HOUR - since < KEPT_FOR} - {1}
    assert [(file.first, file.last) for file in store.files()] == [(1, 100)]
    assert len(list(store.history.glob("*.parquet"))) < 24 + 24 / 4 + 2


def test_many_replaced_files_stay_for_an_hour(store):
    """Each read lists them."""
    for number in range(2, 1_002):
        path = store.history / f"{number:09}-{number:09}.parquet"
        path.touch()
    merged = store.history / "000000001-000001001.parquet"
    merged.touch()
    since = merged.stat().st_mtime
    store.sweep(since + KEPT_IF_MANY - 1)
    assert len(list(store.history.glob("*.parquet"))) == 1_002, "a reader may still need them"
    store.sweep(since + KEPT_IF_MANY)
    assert [path.name for path in store.history.glob("*.parquet")] == [merged.name]
    for number in range(1, MOST_REPLACED):
        (store.history / f"{number:09}-{number:09}.parquet").touch()
    store.sweep(since + KEPT_FOR - 1)
    assert len(list(store.history.glob("*.parquet"))) == MOST_REPLACED


def test_nothing_is_deleted_while_a_file_is_missing(store):
    """What was replaced may be needed to restore it."""
    for first, last in ((2, 2), (1, 2), (4, 4)):
        (store.history / f"{first:09}-{last:09}.parquet").touch()
    before = sorted(store.history.iterdir())
    with pytest.raises(MirrorError, match=r"the file before 000000004-000000004\.parquet is missing"):
        store.sweep((store.history / "000000001-000000002.parquet").stat().st_mtime + KEPT_FOR)
    assert sorted(store.history.iterdir()) == before
