"""Which lead was seen in which status, and when: noted by reads, if asked for."""

from __future__ import annotations

import datetime as dt
import stat
import time as clock

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from stcrm_pandas.analysis import lead_conversion
from stcrm_pandas.analysis.base.status_log import known_at, statuses_at
from stcrm_pandas.cli import app
from stcrm_pandas.errors import StcrmWarning, UsageError
from stcrm_pandas.reads.status_log import StatusLog, logs_in

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def runs(log: StatusLog, resource: str = "leads") -> list[tuple[int, str | None, int, int]]:
    """Each run, its moments as hours after the start."""
    frame = log.frame(resource)
    hours = [((frame[name] - START) // HOUR).tolist() for name in ("first_seen", "last_seen")]
    statuses = [None if pd.isna(status) else status for status in frame["status"]]
    return list(zip(frame["id"].tolist(), statuses, *hours, strict=True))


def test_conversion_between_two_reads_is_bounded(fresh_box, join, tmp_path):
    crm = join(fresh_box, status_log=True, state_dir=tmp_path / "state")
    fresh_box.change("leads", 5_007, status="Open")
    first = crm.leads.list(refresh=True).attrs["stcrm"]["fetched_at"]
    clock.sleep(1.1)  # the service's dates have whole seconds
    again = crm.leads.list(refresh=True).attrs["stcrm"]["fetched_at"]
    clock.sleep(1.1)
    fresh_box.change("leads", 5_007, status="Converted")
    last = crm.leads.list(refresh=True).attrs["stcrm"]["fetched_at"]
    log = crm.status_log("leads")
    assert log["id"].nunique() == 300
    found = log[log["id"] == 5_007]
    assert found["status"].tolist() == ["Open", "Converted"]
    opened, converted = found.itertuples()
    # pages of one read may come in two seconds
    second = pd.Timedelta(seconds=1)
    assert pd.Timestamp(first) <= opened.first_seen <= pd.Timestamp(first) + second
    assert pd.Timestamp(again) <= opened.last_seen <= pd.Timestamp(again) + second
    assert opened.last_seen < converted.first_seen
    assert pd.Timestamp(last) <= converted.first_seen == converted.last_seen
    assert str(log["first_seen"].dtype) == "datetime64[us, UTC]"

    # what the leads were at the first read
    leads = crm.leads.list(ids=[5_007], refresh=True)
    assert leads["status"].tolist() == ["Converted"]
    then, moment = known_at(leads, opened.last_seen, None, log)
    assert then["status"].tolist() == ["Open"]
    assert moment == opened.last_seen
    assert (then["modified_on"] <= moment).all()
    crm.leads.list(refresh=True)
    every, log = crm.leads.list(), crm.status_log("leads")
    earlier = lead_conversion(every, status_log=log, as_of=opened.last_seen)
    later = lead_conversion(every, status_log=log)
    assert earlier.as_of < later.as_of
    assert later.overall["converted"].iloc[0] - earlier.overall["converted"].iloc[0] == 1
    with pytest.raises(UsageError, match="the status log lacks the status of 1 of 1 rows"):
        known_at(leads, opened.first_seen - second, None, log)
    with pytest.raises(UsageError, match="takes a status log that covers it"):
        known_at(leads, opened.last_seen, None)


def test_log_is_opt_in_and_covers_only_reads(fresh_box, join, tmp_path):
    crm = join(fresh_box, state_dir=tmp_path / "state")
    crm.leads.list()
    crm.bookings.list()
    assert crm.status_log("leads").empty
    assert not (tmp_path / "state").exists()
    noting = join(fresh_box, status_log=True, state_dir=tmp_path / "state")
    noting.bookings.list(refresh=True)
    noting.leads.get(5_001)
    noting.leads.export()
    noting.customers.list()
    assert len(noting.status_log("bookings")) == 30
    assert len(noting.status_log("leads")) == 300
    assert noting.status_log("leads").attrs["stcrm"]["tenant"] == fresh_box.tenant
    # another connection to the same tenant has the same log
    assert len(crm.status_log("leads")) == 300
    with pytest.raises(UsageError, match="The status log covers only leads and bookings, not 'customers'"):
        crm.status_log("customers")


def test_log_is_private_and_has_no_personal_data(fresh_box, join, tmp_path):
    fresh_box.change("leads", 5_003, summary="Ms. Sample, 555-0123", status="Open")
    join(fresh_box, status_log=True, state_dir=tmp_path / "state").leads.list(refresh=True)
    (path,) = logs_in(tmp_path / "state" / "statuses")
    assert b"Sample" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert fresh_box.client_secret.encode() not in path.read_bytes()


def test_cached_responses_add_nothing(fresh_box, join, tmp_path):
    crm = join(fresh_box, status_log=True, state_dir=tmp_path / "state")
    crm.leads.list()
    before = crm.status_log("leads")
    clock.sleep(1.1)
    assert crm.leads.list().attrs["stcrm"]["pages_from_cache"] > 0
    pd.testing.assert_frame_equal(crm.status_log("leads"), before)


def test_read_succeeds_without_the_log(fresh_box, join, tmp_path):
    (tmp_path / "state").write_text("a file where a folder should be")
    crm = join(fresh_box, status_log=True, state_dir=tmp_path / "state")
    with pytest.warns(StcrmWarning, match="cannot be read or written"):
        assert len(crm.leads.list()) == 300


def test_cache_clear_lists_and_removes_the_logs(fresh_box, join, tmp_path):
    join(fresh_box, status_log=True, state_dir=tmp_path / "state").leads.list()
    places = ["--cache-dir", str(tmp_path / "cache"), "--state-dir", str(tmp_path / "state")]
    kept = CliRunner().invoke(app, ["cache", "clear", *places])
    assert "1 status log kept; delete with --status-logs" in kept.output
    removed = CliRunner().invoke(app, ["cache", "clear", "--status-logs", *places])
    assert "1 status log deleted." in removed.output
    assert not logs_in(tmp_path / "state" / "statuses")


def test_runs_keep_their_first_and_last_time(tmp_path):
    log = StatusLog(tmp_path / "log.sqlite")
    for hour, status in enumerate(["Open", "Open", "Open", "Dismissed", None, None, "Open"]):
        log.note("leads", [([(2**53 + 1, status)], START + hour * HOUR)])
    log.note("bookings", [([(2**53 + 1, "New")], START)])
    id = 2**53 + 1
    assert runs(log) == [(id, "Open", 0, 2), (id, "Dismissed", 3, 3), (id, None, 4, 5), (id, "Open", 6, 6)]
    assert runs(log, "bookings") == [(id, "New", 0, 0)]
    log.note("leads", [([(id, "Converted")], START + 2 * HOUR)])  # an older answer
    assert len(runs(log)) == 4


@pytest.mark.parametrize("seed", range(2))
def test_each_recorded_status_is_in_a_run(tmp_path, seed):
    chance = np.random.default_rng(seed)
    log = StatusLog(tmp_path / "log.sqlite")
    truth = {}
    for hour in range(10):
        ids = chance.choice(200, 120, replace=False).tolist()
        rows = list(zip(ids, chance.choice(["Open", "Converted", "Dismissed"], 120).tolist(), strict=True))
        log.note("leads", [(rows[:70], START + hour * HOUR), (rows[70:], START + hour * HOUR)])
        truth |= {(id, hour): status for id, status in rows}
    frame = log.frame("leads")
    for hour in range(10):
        then = statuses_at(frame, START + hour * HOUR).set_index("id")["status"].to_dict()
        assert {id: then[id] for id, at in truth if at == hour} == {
            id: s for (id, at), s in truth.items() if at == hour
        }
    # runs of one row follow each other, and no two of one status do
    same = frame["id"] == frame["id"].shift()
    assert (frame["first_seen"] > frame["last_seen"].shift())[same].all()
    assert (frame["status"] != frame["status"].shift())[same].all()
