"""The rules of a mirror, one by one, against a service in memory."""

from __future__ import annotations

import datetime as dt
import os
import stat
from dataclasses import replace

import pandas as pd
import pyarrow.compute as pc
import pytest

from stcrm_pandas.errors import MirrorBusy, MirrorError, RequestError, StcrmWarning, UsageError
from stcrm_pandas.mirror.many import mirrors
from stcrm_pandas.mirror.mirror import Mirror, locked
from stcrm_pandas.mirror.store import SMALL, Store

from .service import Service

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def service():
    service = Service()
    for id in range(1, 4):
        service.put("leads", id, summary="first")
        service.put("campaigns", id, name="first")
    service.now += HOUR
    return service


@pytest.fixture
def mirror(service, tmp_path):
    return Mirror(tmp_path / "titan", tenant=7, crm=service, time_zone="America/Chicago")


def sync(mirror, service, *, after=HOUR, only=("leads", "campaigns"), **options):
    service.now += after
    return mirror.sync(only=only, **options)


def summaries(frame):
    return dict(zip(frame["id"].tolist(), frame["summary"].tolist(), strict=True))


def test_a_repeated_older_version_never_becomes_current(service, mirror):
    sync(mirror, service)
    service.put("leads", 2, summary="second")
    sync(mirror, service)
    service.repeats = 1
    sync(mirror, service)
    assert summaries(mirror.leads())[2] == "second"
    assert mirror.history("leads", 2)["summary"].tolist() == ["first", "second"]


def test_an_edit_before_a_deletion_that_a_feed_shows_late_does_not_bring_the_row_back(service, mirror):
    sync(mirror, service)
    service.put("leads", 2, summary="second")
    service.now += dt.timedelta(minutes=5)
    service.delete("leads", 2)
    sync(mirror, service, after=dt.timedelta(seconds=10), full=True)  # the list lacks it; the feed shows neither yet
    assert 2 not in summaries(mirror.leads())
    sync(mirror, service, after=dt.timedelta(minutes=12))  # now the feed shows the edit, but not the deletion
    assert 2 not in summaries(mirror.leads())
    sync(mirror, service)
    assert 2 not in summaries(mirror.leads())


def test_a_complete_list_brings_back_what_was_restored(service, mirror):
    sync(mirror, service)
    service.hidden = {2}
    sync(mirror, service, full=True, allow_deletions=True)
    assert 2 not in summaries(mirror.leads())
    service.hidden = set()
    sync(mirror, service, full=True)
    assert summaries(mirror.leads())[2] == "first"
    assert mirror.history("leads", 2)["deleted"].tolist() == [False, True, False]
    assert mirror.changes("leads")["column"].tolist() == ["(deleted)", "(restored)"]


def test_a_version_is_valid_from_its_modification_or_from_when_it_was_seen(service, mirror):
    sync(mirror, service)
    service.put("leads", 1, summary="moved")
    moved_at = service.now
    sync(mirror, service)
    service.put("leads", 1, moves=False, summary="unmoved")
    sync(mirror, service, full=True)
    history = mirror.history("leads", 1)
    assert history["summary"].tolist() == ["first", "moved", "unmoved"]
    assert history["valid_from"].iloc[1] == pd.Timestamp(moved_at)
    assert history["valid_from"].iloc[2] == history["seen_at"].iloc[2] > history["seen_at"].iloc[1]
    assert summaries(mirror.leads(as_of=moved_at + dt.timedelta(seconds=1)))[1] == "moved"
    assert summaries(mirror.leads(as_of=moved_at + dt.timedelta(seconds=1), by="seen"))[1] == "first"


def test_nothing_new_writes_no_version_but_is_recorded(service, mirror):
    sync(mirror, service)
    before = mirror.status().set_index("resource").loc["leads"]
    service.known_tokens.clear()
    assert sync(mirror, service, full=True)["written"].tolist() == [0, 0]
    after = mirror.status().set_index("resource").loc["leads"]
    assert after["versions"] == before["versions"] == 3
    assert after["last_sync"] == before["last_sync"] + HOUR
    assert after["complete_to"] > before["complete_to"]


def test_a_refused_token_reads_everything_again_and_keeps_the_history(service, mirror):
    sync(mirror, service)
    service.put("leads", 1, summary="second")
    service.known_tokens.clear()
    assert sync(mirror, service, only=["leads"])[["read", "written"]].values.tolist() == [[3, 1]]
    assert mirror.history("leads", 1)["summary"].tolist() == ["first", "second"]


def test_a_first_read_that_is_refused_is_a_problem_with_its_reason(service, mirror):
    def refuse(**_):
        raise RequestError("no such tenant", status=400)

    service.leads.export = refuse
    with pytest.warns(StcrmWarning, match="leads: no such tenant"):
        done = sync(mirror, service)
    assert done["problem"].tolist() == ["no such tenant", ""]
    assert len(mirror.read("campaigns")) == 3


def test_deletions_are_found_by_complete_lists_every_week_and_month(service, mirror):
    sync(mirror, service)
    service.delete("campaigns", 3)
    sync(mirror, service)
    assert len(mirror.read("campaigns")) == 3
    sync(mirror, service, after=dt.timedelta(days=7))
    assert len(mirror.read("campaigns")) == 2
    assert service.requests.count("leads.list") == 0
    sync(mirror, service, after=dt.timedelta(days=24))
    assert service.requests.count("leads.list") == 1


def test_a_feed_read_again_from_its_start_does_not_put_off_the_complete_list(service, mirror):
    """It shows no row that was deleted without a trace."""
    sync(mirror, service)
    service.known_tokens.clear()
    sync(mirror, service, after=dt.timedelta(days=20))
    assert service.requests.count("leads.list") == 0
    sync(mirror, service, after=dt.timedelta(days=11))
    assert service.requests.count("leads.list") == 1


def test_a_list_that_lacks_a_tenth_is_refused(service, mirror):
    for id in range(10, 40):
        service.put("campaigns", id, name="more")
    sync(mirror, service)
    service.hidden = {10, 11, 12}
    assert sync(mirror, service, full=True)["deleted"].tolist() == [0, 3]
    service.hidden = set(range(10, 20))
    with pytest.warns(StcrmWarning, match="lacks 7 rows of 30"):
        done = sync(mirror, service, full=True)
    assert done["problem"].str.contains("allow_deletions=True").tolist() == [False, True]
    assert len(mirror.read("campaigns")) == 30
    assert sync(mirror, service, full=True, allow_deletions=True)["deleted"].tolist() == [0, 7]


def test_moments_outside_of_what_is_known_are_refused(service, mirror):
    with pytest.raises(MirrorError, match="not in the mirror"):
        mirror.leads()
    sync(mirror, service)
    first = service.now
    with pytest.raises(MirrorError, match="no data before 2026-03-01 14:00:00 UTC"):
        mirror.leads(as_of=first - dt.timedelta(seconds=1))
    with pytest.raises(MirrorError, match=r"complete up to 2026-03-01 13:45:00 UTC.*15 minutes"):
        mirror.leads(as_of=first)
    with pytest.raises(MirrorError, match="no data before 2026-03-01 14:00:00 UTC"):
        mirror.changes("leads", since=first - dt.timedelta(seconds=1))
    assert mirror.changes("leads", since=first).empty
    assert len(mirror.leads(as_of=first, by="seen")) == 3
    assert len(mirror.read("campaigns", as_of=first)) == 3
    with pytest.raises(UsageError, match='"valid" or "seen"'):
        mirror.leads(as_of=first, by="known")
    with pytest.raises(UsageError, match="'locations'"):
        mirror.read("location")
    with pytest.raises(UsageError, match="Did you mean 'summary'"):
        mirror.changes("leads", column="sumary")


def test_a_date_is_midnight_of_the_tenant(service, mirror):
    sync(mirror, service, only=["campaigns"])
    service.now = dt.datetime(2026, 3, 2, 5, 30, tzinfo=dt.UTC)  # half past eleven at night, on March 1 in Chicago
    service.put("campaigns", 1, name="late on March 1")
    service.now = dt.datetime(2026, 3, 2, 6, 30, tzinfo=dt.UTC)
    service.put("campaigns", 1, name="early on March 2")
    sync(mirror, service, only=["campaigns"], after=-dt.timedelta(minutes=45))
    sync(mirror, service, only=["campaigns"], after=2 * HOUR)
    assert mirror.read("campaigns", as_of="2026-03-02")["name"].iloc[0] != "early on March 2"


def test_status_log_has_when_each_status_was_first_and_last_seen(service, mirror):
    service.put("leads", 1, status="Open", summary="x")
    sync(mirror, service, only=["leads"])
    first = service.now
    sync(mirror, service, only=["leads"])
    second = service.now
    service.put("leads", 1, status="Converted", summary="x")
    sync(mirror, service, only=["leads"])
    log = mirror.status_log("leads")
    mine = log[log["id"] == 1]
    assert mine["status"].tolist() == ["Open", "Converted"]
    assert mine["first_seen"].tolist() == [pd.Timestamp(first), pd.Timestamp(service.now)]
    quarter = dt.timedelta(minutes=15)  # which a feed is behind
    assert mine["last_seen"].tolist() == [pd.Timestamp(second) - quarter, pd.Timestamp(service.now) - quarter]


def test_undocumented_fields_are_kept(service, mirror):
    service.put("campaigns", 1, name="x", new_field={"a": (1, None)})
    sync(mirror, service, only=["campaigns"])
    assert mirror.read("campaigns")["new_field"].tolist() == [{"a": (1, None)}, None, None]
    service.put("campaigns", 2, name="x", new_field="another kind of value")
    sync(mirror, service, only=["campaigns"])
    assert mirror.read("campaigns")["new_field"].tolist() == [{"a": (1, None)}, "another kind of value", None]
    service.put("campaigns", 1, name="x", new_field=None)
    sync(mirror, service, only=["campaigns"])
    changes = mirror.changes("campaigns", column="new_field")[["id", "before", "after"]]
    assert changes.astype(object).where(changes.notna(), None).values.tolist() == [
        [2, None, "another kind of value"],
        [1, {"a": (1, None)}, None],
    ]
    with pytest.raises(UsageError, match="Did you mean 'new_field'"):
        mirror.changes("campaigns", column="new_feild")


def test_files_are_private_and_only_added(service, mirror):
    old = os.umask(0)
    try:
        sync(mirror, service)
        first = {path: path.read_bytes() for path in mirror.folder.glob("history/*/*")}
        service.put("leads", 1, summary="second")
        sync(mirror, service)
    finally:
        os.umask(old)
    assert all(path.read_bytes() == content for path, content in first.items())
    assert not list(mirror.folder.rglob("*.part"))
    for path in [mirror.folder.parent, *mirror.folder.parent.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_compaction_keeps_every_version_and_the_files_it_replaces_for_a_day(service, mirror):
    sync(mirror, service)
    service.put("leads", 1, summary="second")
    sync(mirror, service)
    opened = sorted(mirror.folder.glob("history/leads/*.parquet"))
    assert [path.stem for path in opened] == ["000000001-000000001", "000000001-000000002", "000000002-000000002"]
    opened.pop(1)
    before, status = mirror.history("leads", [1, 2, 3]), mirror.status()
    mirror.compact()
    assert all(path.exists() for path in opened)
    pd.testing.assert_frame_equal(mirror.history("leads", [1, 2, 3]), before)
    pd.testing.assert_frame_equal(mirror.status().drop(columns="bytes"), status.drop(columns="bytes"))
    store = Store(mirror.folder, "leads")
    store.sweep(opened[0].stat().st_mtime + 25 * 3600)
    assert not any(path.exists() for path in opened)
    service.put("leads", 1, summary="third")
    sync(mirror, service)
    assert mirror.history("leads", 1)["summary"].tolist() == ["first", "second", "third"]
    mirror.compact()
    assert mirror.history("leads", 1)["summary"].tolist() == ["first", "second", "third"]


SYNCS = 12


def test_a_sync_merges_many_small_files_and_leaves_the_large_one(service, mirror):
    for id in range(1, SMALL + 2):
        service.put("leads", id, summary="first")
    sync(mirror, service, only=["leads"])
    store = Store(mirror.folder, "leads")
    edit = store.read().filter(pc.field("id") == 1).drop_columns(["_seq"])
    for number in range(2, SYNCS + 1):  # as many syncs do
        store.append(edit.set_column(0, "id", [[number]]), replace(store.last(), number=number, rows=1))
    before = mirror.history("leads", range(1, SMALL + 2))
    service.put("leads", 1, summary="last")
    sync(mirror, service, only=["leads"])
    assert [(file.first, file.last) for file in store.files()] == [(1, 1), (2, SYNCS + 1)]
    assert [commit.number for commit in store.commits()] == list(range(1, SYNCS + 2))
    after = mirror.history("leads", range(1, SMALL + 2))
    pd.testing.assert_frame_equal(after[after["summary"] != "last"].reset_index(drop=True), before)
    assert mirror.leads()["summary"].tolist() == ["last", *["first"] * SMALL]
    assert len(list(store.history.glob("*.parquet"))) == SYNCS + 2, "replaced files stay for a day"
    store.sweep(store.files()[1].path.stat().st_mtime + 25 * 3600)
    assert len(list(store.history.glob("*.parquet"))) == 2


def test_a_second_sync_is_refused_at_once(service, mirror):
    with locked(mirror.folder), pytest.raises(MirrorBusy, match="another process"):
        sync(mirror, service)
    assert len(sync(mirror, service)) == 2


def test_a_missing_file_is_an_error_and_never_a_hole(service, mirror):
    sync(mirror, service)
    service.put("leads", 1, summary="second")
    sync(mirror, service)
    sync(mirror, service)
    for name in ("000000002-000000002", "000000001-000000002"):  # and the file that they were merged in
        (mirror.folder / f"history/leads/{name}.parquet").unlink()
    with pytest.raises(MirrorError, match="missing"):
        mirror.history("leads", 1)
    with pytest.warns(StcrmWarning, match="missing"):
        sync(mirror, service, only=["leads"])


def test_the_folder_of_another_environment_is_refused(service, mirror):
    sync(mirror, service)
    service.settings.name = "production"
    with pytest.raises(UsageError, match="mirrors test"):
        sync(mirror, service)


def test_a_mirror_without_a_connection_reads_but_does_not_sync(service, mirror):
    sync(mirror, service)
    alone = Mirror(mirror.folder.parent, tenant=7, time_zone="America/Chicago")
    pd.testing.assert_frame_equal(alone.leads(), mirror.leads())
    with pytest.raises(UsageError, match=r"crm\.mirror"):
        alone.sync()


def test_progress_is_a_line_for_each_resource(service, mirror, capsys):
    sync(mirror, service, progress=True)
    assert capsys.readouterr().err.splitlines() == [
        "leads: 3 rows read, 3 new versions",
        "campaigns: 3 rows read, 3 new versions",
    ]
    sync(mirror, service)
    assert capsys.readouterr().err == ""


def test_history_takes_ids_of_any_number_type_and_knows_no_others(service, mirror):
    sync(mirror, service)
    assert mirror.history("leads", pd.Series([1, 3], dtype="Int64"))["id"].tolist() == [1, 3]
    assert mirror.history("leads", [2.0])["id"].tolist() == [2]
    for unknown in ([], "1", 99):
        nothing = mirror.history("leads", unknown)
        assert nothing.empty
        assert nothing.dtypes.equals(mirror.history("leads", 1).dtypes)


@pytest.mark.parametrize("part", ["history", "current"])
def test_what_an_interrupted_write_left_is_deleted_by_the_next_sync(service, mirror, part):
    sync(mirror, service)
    left = mirror.folder / part / "leads" / "interrupted.part"
    left.write_bytes(b"people")
    sync(mirror, service)
    assert not left.exists()


def test_rows_that_a_complete_list_lacks_are_asked_for_before_they_are_deleted(service, mirror):
    """A row can slip from one page to another while they are read."""
    sync(mirror, service)
    service.slipped = {2}
    service.delete("campaigns", 3)
    service.put("campaigns", 1, name="changed")
    assert sync(mirror, service, full=True)["deleted"].tolist() == [0, 1]
    assert service.requests[-4:] == ["leads.list", "leads by id", "campaigns.list", "campaigns by id"]
    assert summaries(mirror.leads())[2] == "first"
    assert mirror.read("campaigns")["id"].tolist() == [1, 2]
    assert mirror.history("campaigns", 2)["deleted"].tolist() == [False]
    service.slipped = set()
    assert sync(mirror, service, full=True)["written"].tolist() == [0, 0]


@pytest.mark.parametrize(("gone", "count"), [(set(), "3 rows of 3"), ({2}, "2 rows of 2"), ({2, 3}, "1 row of 1")])
def test_a_list_without_any_row_is_a_problem_however_few_there_were(service, mirror, gone, count):
    sync(mirror, service)
    service.hidden = gone
    sync(mirror, service, full=True, allow_deletions=True)
    left = 3 - len(gone)
    service.hidden = {1, 2, 3}
    for _ in range(2):
        with pytest.warns(StcrmWarning, match=f"campaigns: the complete list lacks {count}"):
            done = sync(mirror, service, full=True)
        assert done["problem"].str.contains("allow_deletions=True").tolist() == [True, True]
        assert len(mirror.read("campaigns")) == left
    assert sync(mirror, service, full=True, allow_deletions=True)["deleted"].tolist() == [left, left]


def test_the_name_of_a_folder_above_is_no_value(service, tmp_path):
    for tenant in (7, 8):
        mirror = Mirror(tmp_path / "id=5" / "name=x" / "titan", tenant=tenant, crm=service, time_zone="America/Chicago")
        sync(mirror, service, only=["campaigns"])
    rows = mirror.sql("select tenant, id, name from campaigns order by id").values.tolist()
    assert rows == [[8, 1, "first"], [8, 2, "first"], [8, 3, "first"]]
    both = mirrors(mirror.folder.parent).sql("select tenant, count(distinct id) from campaigns group by 1 order by 1")
    assert both.values.tolist() == [[7, 3], [8, 3]]


def test_a_time_that_occurs_twice_is_the_first_one_and_this_is_said(service, mirror):
    service.now = dt.datetime(2026, 11, 1, 4, tzinfo=dt.UTC)
    sync(mirror, service, only=["campaigns"])  # at midnight of Chicago
    service.now = dt.datetime(2026, 11, 1, 7, tzinfo=dt.UTC)  # 1:00 for the second time
    service.put("campaigns", 1, name="second")
    sync(mirror, service, only=["campaigns"])
    with pytest.warns(StcrmWarning, match=r"2026-11-01 01:30 occurs twice in America/Chicago.*2026-11-01T07:30Z"):
        assert mirror.read("campaigns", as_of="2026-11-01T01:30")["name"].iloc[0] == "first"
    assert mirror.read("campaigns", as_of="2026-11-01T07:30Z")["name"].iloc[0] == "second"
