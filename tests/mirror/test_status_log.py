"""Status logs of earlier versions, imported into a mirror."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
import stat
from contextlib import closing

import pandas as pd
import pytest

from stcrm_pandas.analysis import lead_conversion
from stcrm_pandas.errors import MirrorError, UsageError
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.status_log import combined

from .service import START, Service

DAY = dt.timedelta(days=1)
DELAY = 1 / 96  # a feed is complete up to a quarter of an hour before a sync, in days


def at(days):
    """Return a moment, and the number that a log has for it."""
    moment = START + days * DAY
    return int(moment.timestamp()) * 1_000_000


def write_log(path, *runs):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA application_id = 0x5354434C")
        db.execute(
            """CREATE TABLE runs (resource TEXT NOT NULL, id INTEGER NOT NULL, first_seen INTEGER NOT NULL,
            last_seen INTEGER NOT NULL, status TEXT, PRIMARY KEY (resource, id, first_seen)) WITHOUT ROWID"""
        )
        db.executemany("INSERT INTO runs (resource, id, status, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)", runs)
    return path


@pytest.fixture
def service():
    service = Service()
    service.put("leads", 1, status="Converted", customer_id=11, campaign_id=1, summary="x")
    service.put("leads", 2, status="Open", customer_id=12, campaign_id=1, summary="x")
    service.now += 29 * DAY
    service.put("leads", 1, summary="a change that hides when it was converted")
    service.now += DAY
    return service


@pytest.fixture
def mirror(service, tmp_path):
    mirror = Mirror(tmp_path / "titan", tenant=7, crm=service, time_zone="America/Chicago")
    mirror.sync(only=["leads"])
    return mirror


@pytest.fixture
def log(tmp_path):
    return write_log(
        tmp_path / "log.sqlite",
        ("leads", 1, "Open", at(1), at(3)),
        ("leads", 1, "Converted", at(4), at(9)),
        ("leads", 2, "Open", at(1), at(9)),
        ("bookings", 1, None, at(1), at(1)),
    )


def runs_of(frame):
    days = {name: ((frame[name] - pd.Timestamp(START)) / DAY).tolist() for name in ("first_seen", "last_seen")}
    return list(zip(frame["id"], frame["status"], *days.values(), strict=True))


def test_an_imported_log_says_earlier_when_a_status_changed(mirror, log, service):
    alone = mirror.status_log("leads")
    assert mirror.import_status_log(log) == 4
    service.now += DAY
    mirror.sync(only=["leads"])
    together = mirror.status_log("leads")
    assert runs_of(together) == [
        (1, "Open", 1, 3),
        (1, "Converted", 4, 31 - DELAY),
        (2, "Open", 1, 31 - DELAY),
    ]
    assert together.dtypes.equals(alone.dtypes)
    found = lead_conversion(mirror.leads(), status_log=together, window_days=14).overall.iloc[0]
    assert (found["within_lower"], found["within_upper"]) == (1, 1)
    without = lead_conversion(mirror.leads(), status_log=alone, window_days=14).overall.iloc[0]
    assert (without["within_lower"], without["within_upper"]) == (0, 1)


def test_a_log_covers_moments_before_the_first_sync(mirror, log):
    with pytest.raises(MirrorError, match="first synced after"):
        mirror.status_log("leads", as_of=START + 5 * DAY)
    mirror.import_status_log(log)
    then = mirror.status_log("leads", as_of=START + 5 * DAY)
    assert runs_of(then) == [(1, "Open", 1, 3), (1, "Converted", 4, 5), (2, "Open", 1, 5)]
    earlier = lead_conversion(mirror.leads(), status_log=mirror.status_log("leads"), as_of=START + 2 * DAY)
    assert earlier.overall["converted"].tolist() == [0]


def test_an_import_is_private_keeps_the_file_and_adds_nothing_twice(mirror, log):
    before = log.read_bytes()
    assert (mirror.import_status_log(log), mirror.import_status_log(log)) == (4, 0)
    assert log.read_bytes() == before
    (table,) = mirror.folder.glob("imported/*")
    assert stat.S_IMODE(table.stat().st_mode) == 0o600
    assert stat.S_IMODE(table.parent.stat().st_mode) == 0o700


def test_statuses_are_forgotten_dropped_and_copied_with_their_rows(mirror, log, tmp_path):
    mirror.import_status_log(log)
    mirror.export(tmp_path / "copy", anonymous=True)
    mirror.forget(11)
    assert mirror.status_log("leads")["id"].tolist() == [2]
    assert mirror.drop_versions(older_than="25d") == 1
    assert runs_of(mirror.status_log("leads")) == [(2, "Open", 1, 30 - DELAY)]
    assert mirror.drop_versions(older_than="1d") == 1
    assert runs_of(mirror.status_log("leads")) == [(2, "Open", 30, 30 - DELAY)]
    copy = Mirror(tmp_path / "copy", tenant=7)
    assert runs_of(copy.status_log("leads"))[0] == (1, "Open", 1, 3)


def test_other_files_are_refused(mirror, log, tmp_path):
    with pytest.raises(UsageError, match="not a status log"):
        mirror.import_status_log(tmp_path / "none.sqlite")
    for environment, tenant in (("test", 8), ("production", 7)):
        who = hashlib.sha256(json.dumps([environment, tenant]).encode()).hexdigest()[:10]
        other = log.rename(tmp_path / f"x-{tenant}-{who}.sqlite")
        with pytest.raises(UsageError, match="another tenant or environment"):
            mirror.import_status_log(other)
        log = other
    who = hashlib.sha256(json.dumps(["test", 7]).encode()).hexdigest()[:10]
    assert mirror.import_status_log(log.rename(tmp_path / f"x-7-{who}.sqlite")) == 4
    with pytest.raises(MirrorError, match="Nothing is in the mirror"):
        Mirror(tmp_path / "empty", tenant=7).import_status_log(log)


def test_a_deletion_that_the_mirror_saw_keeps_two_periods_apart():
    def runs(*rows):
        frame = pd.DataFrame(rows, columns=["id", "status", "first_seen", "last_seen"])
        times = {
            name: pd.to_datetime(frame[name], unit="D", utc=True).dt.as_unit("us")
            for name in ("first_seen", "last_seen")
        }
        return frame.astype({"id": "Int64", "status": "str"}).assign(**times)

    synced = runs((1, "Open", 10, 12), (1, "Open", 15, 16))
    found = combined(runs((1, "Open", 1, 3), (2, None, 1, 2), (2, "Open", 4, 5)), synced)
    assert found.equals(runs((1, "Open", 1, 12), (1, "Open", 15, 16), (2, None, 1, 2), (2, "Open", 4, 5)))


def test_a_run_last_seen_before_it_was_first_read_is_joined_with_an_imported_one(service, mirror, log):
    """Its only sync showed the row as of a quarter of an hour earlier."""
    alone = runs_of(mirror.status_log("leads"))
    assert alone == [(1, "Converted", 30, 30 - DELAY), (2, "Open", 30, 30 - DELAY)]
    mirror.import_status_log(log)
    assert runs_of(mirror.status_log("leads"))[1:] == [(1, "Converted", 4, 30 - DELAY), (2, "Open", 1, 30 - DELAY)]


def test_a_status_is_not_last_seen_before_its_version_was_modified(service, mirror):
    service.put("leads", 2, status="Converted")
    changed, service.now = service.now, service.now + dt.timedelta(minutes=5)
    mirror.sync(only=["leads"], full=True)  # the list shows the change, the feed not yet
    service.put("leads", 2, status="Dismissed")
    service.now += dt.timedelta(minutes=16)
    mirror.sync(only=["leads"])
    mine = mirror.status_log("leads").query("id == 2")
    assert mine["status"].tolist() == ["Open", "Converted", "Dismissed"]
    assert mine["last_seen"].iloc[1] == pd.Timestamp(changed) + dt.timedelta(minutes=5)
    assert mine["last_seen"].iloc[0] == pd.Timestamp(changed) - dt.timedelta(minutes=10), "as of the feed read before"


def test_a_restored_row_has_a_period_of_its_own(service, mirror):
    service.delete("leads", 2)
    service.now += DAY
    mirror.sync(only=["leads"])
    service.put("leads", 2, status="Open")
    service.now += DAY
    mirror.sync(only=["leads"])
    mine = mirror.status_log("leads").query("id == 2")
    assert runs_of(mine) == [(2, "Open", 30, 30 - DELAY), (2, "Open", 32, 32 - DELAY)]
