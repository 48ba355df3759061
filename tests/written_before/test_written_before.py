"""Files of an earlier version are read, resumed and undone."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.cleaning import duplicates

from ..grid.view import _wires
from .make import FILES
from .shop import PAIRS, join, open_shop, pairs, three

__all__ = ["_wires"]


@pytest.fixture
def folder(tmp_path):
    """A copy of the files."""
    return Path(shutil.copytree(FILES, tmp_path / "files"))


@pytest.fixture(scope="module")
def box():
    with open_shop() as sandbox:
        yield sandbox


@pytest.fixture
def names(box):
    """The names of the three customers at the service, which are as before after the test."""
    yield lambda: [box.row("customers", id)["name"] for id in IDS]
    for id in IDS:
        box.change("customers", id, name="x")


@pytest.fixture
def crm(box, folder):
    box.requests.clear()
    with join(box, folder) as crm:
        yield crm


IDS = [100, 101, 102]


def journal(crm, folder, name):
    """The journal, in the folder where the connection looks for it."""
    crm.settings.journal_folder.mkdir(parents=True, exist_ok=True)
    (path,) = (folder / "plans" / name).iterdir()
    return Path(shutil.copy(path, crm.settings.journal_folder))


def test_cached_reads_are_read_without_a_request(box, folder, tmp_path):
    with join(box, tmp_path / "own") as crm:
        truth = crm.leads.list(), crm.customers.list(), crm.leads.export().frame
    about = json.loads((folder / "cache" / "connection.json").read_text())
    usual = {"progress": False, "time_zone": "America/Chicago"}
    with stcrm.connect(**about, offline=True, cache_dir=folder / "cache", **usual) as crm:
        frames = crm.leads.list(), crm.customers.list(), crm.leads.export().frame
    for frame, expected in zip(frames, truth, strict=True):
        pd.testing.assert_frame_equal(frame, expected)


def test_a_mirror_is_read_and_synced(box, crm, folder):
    mirror = stcrm.mirrors(folder / "mirror").each[0]
    first, second = map(dt.datetime.fromisoformat, json.loads((folder / "mirror" / "times.json").read_text()))
    for moment, summary in ((first + dt.timedelta(minutes=30), "x"), (second, "changed")):
        leads = mirror.leads(as_of=moment - dt.timedelta(minutes=20)).set_index("id")
        assert len(leads) == 40
        assert leads.loc[5_003, "summary"] == summary
    assert mirror.leads().set_index("id").loc[5_003, "summary"] == "changed"
    assert mirror.history("leads", 5_003)["summary"].tolist() == ["x", "changed"]
    mirror = crm.mirror(folder / "mirror")
    box.advance(dt.timedelta(hours=3))
    mirror.sync(only=["leads", "customers", "campaigns"])
    report = mirror.verify()
    assert report["in_mirror"].tolist() == report["in_service"].tolist()
    assert not report["problem"].any()


def test_a_plan_is_applied_and_undone(crm, folder, names):
    result = crm.load_plan(folder / "plans" / "names.plan.json").apply()
    assert names() == ["Ann", "Bob", "Cyd"]
    assert result.undo().apply().ok
    assert names() == ["x"] * 3


def test_an_unfinished_journal_is_resumed(crm, folder, names):
    assert len(crm.resume(journal(crm, folder, "unfinished")).succeeded) == 3
    assert names()[1:] == ["Bob", "Cyd"]


def test_a_finished_journal_is_undone(box, crm, folder, names):
    for id, name in zip(IDS, ["Ann", "Bob", "Cyd"], strict=True):
        box.change("customers", id, name=name)
    assert crm.undo(journal(crm, folder, "finished")).apply().ok
    assert names() == ["x"] * 3


def test_the_edits_of_a_grid_come_back(crm):
    customers = three(crm.customers.list())
    grid = crm.customers.edit(customers)
    assert grid.after["name"].tolist() == ["Ann", "x", "x"]
    assert grid.log[["action", "verdict"]].astype(object).replace(float("nan"), None).values.tolist() == [
        ["edit", "accepted"],
        ["edit", "accepted"],
        ["undo", None],
        ["edit", "rejected"],
    ]
    assert grid.plan().changes["new"].tolist() == ["Ann"]


def test_decisions_are_not_asked_again(folder):
    matches = duplicates(*pairs(), decisions=folder / "decisions.sqlite")
    assert matches.pairs.set_index(["id_1", "id_2"])["decision"].to_dict() == PAIRS
    assert {pair: decision.verdict for pair, decision in matches.decisions.latest().items()} == PAIRS
