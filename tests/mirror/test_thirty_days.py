"""A company that lives for thirty days, mirrored over HTTP every few hours."""

from __future__ import annotations

import datetime as dt
import random

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import stcrm_pandas as stcrm
from stcrm_pandas.analysis import lead_conversion
from stcrm_pandas.sandbox import Sandbox

START = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
EVERY, DELAY = dt.timedelta(hours=6), dt.timedelta(minutes=15)
SECOND = dt.timedelta(seconds=1)
NAMES = ("leads", "customers", "bookings", "locations")
STATUSES = {"leads": ("Open", "Dismissed", "Converted"), "bookings": ("New", "Dismissed", "Converted")}

pytestmark = pytest.mark.filterwarnings("ignore::stcrm_pandas.errors.StcrmWarning")


class Life:
    """Edits at random moments. A row changes at most once in two intervals, so that each change is a version."""

    def __init__(self, box: Sandbox, crm: stcrm.Client, seed: int) -> None:
        self.box, self.random = box, random.Random(seed)
        self.ids = {name: getattr(crm, name).list(refresh=True)["id"].tolist() for name in NAMES}
        self.lately: dict[tuple[str, int], dt.datetime] = {}
        self.statuses: list[tuple[str, int, str, dt.datetime]] = []
        self.next_id = 10**8
        self.kinds = [self.edit, self.edit, self.status, self.create, self.delete, self.merge]

    def step(self) -> None:
        self.random.choice(self.kinds)()

    def row(self, name: str) -> int:
        now = self.box.now()
        while True:
            id = self.random.choice(self.ids[name])
            if now - self.lately.get((name, id), START - 3 * EVERY) > 2 * EVERY:
                self.lately[name, id] = now
                return id

    def edit(self) -> None:
        name, field = self.random.choice([("leads", "summary"), ("customers", "name"), ("locations", "name")])
        self.box.change(name, self.row(name), **{field: f"Edited {self.random.random()}"})

    def status(self) -> None:
        name = self.random.choice(list(STATUSES))
        id = self.row(name)
        was = self.box.row(name, id)["status"]
        new = self.random.choice([status for status in STATUSES[name] if status != was])
        self.statuses.append((name, id, new, self.box.now()))
        self.box.change(name, id, status=new)

    def create(self) -> None:
        name = self.random.choice(NAMES)
        like = self.box.row(name, self.row(name))
        self.next_id += 1
        now = self.box.now().isoformat().replace("+00:00", "Z")
        self.box.put(name, {**like, "id": self.next_id, "createdOn": now, "modifiedOn": now})
        self.ids[name].append(self.next_id)
        self.lately[name, self.next_id] = self.box.now()

    def delete(self) -> None:
        name = self.random.choice(["leads", "bookings"])
        id = self.row(name)
        self.box.remove(name, id)
        self.ids[name].remove(id)

    def merge(self) -> None:
        name = self.random.choice(["customers", "locations"])
        self.box.change(name, self.row(name), active=False, mergedToId=self.random.choice(self.ids[name]))


def live(box, crm, mirror, *, days, seed):
    """Let the company live, and return what lists returned at some moments, and its life."""
    life = Life(box, crm, seed)
    lists = []
    mirror.sync(only=NAMES)
    for interval in range(days * int(dt.timedelta(days=1) / EVERY)):
        steps, until = life.random.randint(2, 6), box.now() + EVERY
        for _ in range(steps):
            life.step()
            box.advance(EVERY / steps * life.random.uniform(0.1, 1))
        if interval % 4 == 1:
            name = NAMES[interval // 4 % len(NAMES)]
            lists.append((name, box.now(), getattr(crm, name).list(refresh=True)))
        box.advance(max(SECOND, until - box.now()))
        assert mirror.sync(only=NAMES)["problem"].tolist() == [""] * len(NAMES)
    return lists, life


def check(box, crm, mirror, lists, life):
    for id in life.ids["customers"][:5]:  # balances change without a modification date
        box.change("customers", id, balance=12.34, modifiedOn=box.row("customers", id)["modifiedOn"])
    box.advance(dt.timedelta(minutes=20))
    mirror.sync(only=NAMES)
    for name in NAMES:
        assert_frame_equal(mirror.read(name), getattr(crm, name).list(refresh=True))
    for name, at, expected in lists:
        assert_frame_equal(mirror.read(name, as_of=at), expected)
    logs = {name: mirror.status_log(name).groupby("id") for name in STATUSES}
    for name, id, status, at in life.statuses:
        log = logs[name].get_group(id)
        seen = log.loc[(log["status"] == status) & (log["first_seen"] >= pd.Timestamp(at) - SECOND), "first_seen"]
        assert len(seen), (name, id, status, at)
        assert seen.iloc[0] <= pd.Timestamp(at) + EVERY + DELAY + 5 * SECOND


@pytest.fixture
def box():
    with Sandbox(leads=400, seed=7, as_of=START, rate_limit=None) as box:
        yield box


@pytest.fixture
def crm(box, tmp_path):
    with stcrm.connect(sandbox=box, cache_dir=tmp_path / "cache", rate_limit=1000, progress=False) as crm:
        yield crm


def test_a_mirror_of_a_day_equals_the_lists(box, crm, tmp_path):
    mirror = crm.mirror(tmp_path / "titan")
    check(box, crm, mirror, *live(box, crm, mirror, days=1, seed=1))


@pytest.mark.deep
def test_a_mirror_of_thirty_days_equals_the_lists_now_and_at_every_moment(box, crm, tmp_path):
    mirror = crm.mirror(tmp_path / "titan")
    check(box, crm, mirror, *live(box, crm, mirror, days=30, seed=2))
    assert mirror.status()["last_full"].min() > mirror.status()["known_from"].max() + dt.timedelta(days=29)
    check_bounds(mirror)


def check_bounds(mirror):
    """Compare lead conversion from the versions of thirty days with that from a single read of the same rows."""
    single = lead_conversion(mirror.leads(), bookings=mirror.bookings()).overall.iloc[0]  # `check`: equal to the lists
    versions = lead_conversion(mirror=mirror).overall.iloc[0]
    counts = ["leads", "mature", "converted"]
    assert versions[counts].tolist() == single[counts].tolist()
    assert single["within_lower"] <= versions["within_lower"]
    assert versions["within_upper"] <= single["within_upper"]
    widths = [found["within_upper"] - found["within_lower"] for found in (versions, single)]
    assert widths[0] < widths[1], (versions.to_dict(), single.to_dict())
