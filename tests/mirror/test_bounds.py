"""The status log narrows the bounds of a change, and they contain the moment at which it happened."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.analysis import booking_sources, lead_conversion
from stcrm_pandas.analysis.base.engine import collected, micros, prepare_rows
from stcrm_pandas.analysis.base.periods import Limits
from stcrm_pandas.analysis.bookings.outcomes import booking_rows
from stcrm_pandas.analysis.leads.dates import statuses_at, with_dates
from stcrm_pandas.sandbox import Sandbox

START = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
QUARTER, HOUR, DAY = dt.timedelta(minutes=15), dt.timedelta(hours=1), dt.timedelta(days=1)
NAMES = ("leads", "bookings")

pytestmark = pytest.mark.filterwarnings("ignore::stcrm_pandas.errors.StcrmWarning")


@pytest.fixture
def box():
    with Sandbox(leads=100, customers=100, seed=7, as_of=START, rate_limit=None) as box:
        yield box


@pytest.fixture
def crm(box, tmp_path):
    with stcrm.connect(sandbox=box, cache_dir=tmp_path / "cache", rate_limit=1000, progress=False) as crm:
        yield crm


def bounds_of_leads(leads, status_log):
    rows = prepare_rows(
        leads,
        "leads",
        ("id", "status", "call_id", "booking_id"),
        times=("created_on", "modified_on"),
        filled=("customer_id",),
    ).rename({"created_on": "created", "modified_on": "modified"})
    as_of = micros(dt.datetime.fromisoformat(leads.attrs["stcrm"]["fetched_at"]))
    dated = with_dates(rows, jobs=None, bookings=None, status_log=status_log, as_of=as_of)
    return collected(dated.select("id", "early", "late")).set_index("id")


def bounds_of_bookings(bookings, status_log):
    as_of = dt.datetime.fromisoformat(bookings.attrs["stcrm"]["fetched_at"])
    rows = booking_rows(bookings, Limits(as_of, 30 * DAY, ZoneInfo("America/Chicago")), status_log=status_log)
    dated = rows.select("id", early=nw.col("earliest"), late=nw.col("latest"))
    return collected(dated).set_index("id")


BOUNDS = {"leads": bounds_of_leads, "bookings": bounds_of_bookings}


def outside(mirror, name, truth, *, log=True):
    """Return which changes happened outside of their bounds, and the sum of the widths."""
    frame = mirror.read(name)
    found = BOUNDS[name](frame, mirror.status_log(name) if log else None)
    rows = found.loc[list(truth)].astype({"early": "int64", "late": "int64"})
    at = [micros(pd.Timestamp(moment).to_pydatetime()) for moment in truth.values()]
    inside = (rows["early"] <= at) & (rows["late"] >= at)
    return rows.index[~inside].tolist(), int((rows["late"] - rows["early"]).sum())


@pytest.mark.parametrize(("every", "syncs"), [(QUARTER, 6), (HOUR, 4), (DAY, 3)], ids=["quarter", "hour", "day"])
def test_bounds_contain_the_truth_and_are_narrower(box, crm, tmp_path, every, syncs):
    check_life(box, crm, tmp_path, every, syncs)


@pytest.mark.deep
@pytest.mark.parametrize(("every", "syncs"), [(QUARTER, 96), (HOUR, 72), (DAY, 30)], ids=["quarter", "hour", "day"])
def test_bounds_of_a_longer_life_contain_the_truth(box, crm, tmp_path, every, syncs):
    check_life(box, crm, tmp_path, every, syncs)


def check_life(box, crm, tmp_path, every, syncs):
    """Change leads and bookings between syncs, many of them in the quarter hour that a feed does not show yet."""
    chance, mirror, truth = random.Random(3), crm.mirror(tmp_path / "titan"), {"leads": {}, "bookings": {}}
    new = {"leads": {"status": "Open", "bookingId": None, "callId": None}, "bookings": {"status": "New", "jobId": None}}
    brief = 2 * 10**8  # only one sync has its first status, so that is last seen before the sync that saw it first
    at = box.now().isoformat().replace("+00:00", "Z")
    for name in NAMES:
        row = box.row(name, int(getattr(crm, name).list()["id"].iloc[0]))
        box.put(name, {**row, **new[name], "createdOn": at, "modifiedOn": at, "id": brief})
    box.advance(QUARTER * 4 / 3)
    mirror.sync(only=NAMES)
    for name, status in (("leads", "Converted"), ("bookings", "Dismissed")):
        box.change(name, brief, status=status)
        truth[name][brief] = box.row(name, brief)["modifiedOn"]
    box.advance(QUARTER)
    mirror.sync(only=NAMES)
    now = box.now().isoformat().replace("+00:00", "Z")
    chosen = {name: range(10**8, 10**8 + syncs) for name in NAMES}
    for name in NAMES:
        like = {**box.row(name, int(mirror.read(name)["id"].iloc[0])), **new[name], "createdOn": now, "modifiedOn": now}
        for id in chosen[name]:
            box.put(name, {**like, "id": id})
    box.advance(every)
    mirror.sync(only=NAMES)
    box.advance(every)
    mirror.sync(only=NAMES)
    for step in range(syncs):
        before = every if step % 3 == 0 else min(every, QUARTER)
        pause = every - before * chance.uniform(0.05, 0.95)
        box.advance(pause)
        for name, status in (("leads", "Converted"), ("bookings", "Dismissed")):
            id = chosen[name][step]
            box.change(name, id, status=status)
            truth[name][id] = box.row(name, id)["modifiedOn"]
            if step >= 2:  # an edit that hides when the status changed
                box.change(name, chosen[name][step - 2], summary="edited")
        box.advance(every - pause)
        mirror.sync(only=NAMES)
    for _ in range(2):
        box.advance(max(every, QUARTER))
        mirror.sync(only=NAMES)
    for name in NAMES:
        missed, width = outside(mirror, name, truth[name])
        assert not missed, f"{len(missed)} of {len(truth[name])} {name}"
        assert outside(mirror, name, truth[name], log=False)[0] == []
        assert width < outside(mirror, name, truth[name], log=False)[1]
        log = mirror.status_log(name)
        late = log[log["last_seen"] < log["first_seen"]]
        assert brief in late["id"].to_list(), name
        for row in late.itertuples(index=False):
            assert row.id in set(statuses_at(log, row.last_seen)["id"])
    assert int(lead_conversion(mirror=mirror).overall["contradictory"].iloc[0]) == 0
    assert int(booking_sources(mirror=mirror).overall["contradictory"].iloc[0]) == 0
