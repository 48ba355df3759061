"""`stcrm forget`: a person is in no byte that this package stores, outside the record of consent that it names."""

from __future__ import annotations

import json
import sqlite3
import warnings
from pathlib import Path

import pytest
from typer.testing import CliRunner

import stcrm_pandas as stcrm
from stcrm_pandas.cleaning.decisions import Decisions
from stcrm_pandas.cli import app
from stcrm_pandas.grid.log import CellEdit, GridLog, folder_of

from ..mirror.test_forgotten import AS_OF, EMAIL, NAME, PHONE, plant
from ..traces import cells_of, traces


def files_with_traces(folder: Path) -> set[str]:
    """Return the files with a value of the person."""
    return {name for name, _ in traces(folder, PHONE, EMAIL, NAME)}


@pytest.fixture
def stored(tmp_path):
    """Everything that can have a person: mirror, cache, journals, a log, decisions, a plan."""
    state = tmp_path / "state"
    with (
        warnings.catch_warnings(),
        stcrm.Sandbox(leads=150, seed=11, as_of=AS_OF, rate_limit=None, feed_delay=0) as sandbox,
        stcrm.connect(sandbox=sandbox, state_dir=state, cache_dir=tmp_path / "cache") as crm,
    ):
        warnings.simplefilter("ignore")
        owner, _, booking = plant(sandbox, crm)
        customers = crm.customers.list(active=None, refresh=True)
        mirror = crm.mirror(tmp_path / "titan")
        mirror.sync()
        mirror.sync(only="booking_contacts", parents=[booking])
        before = customers[customers["id"] == owner]
        plan = crm.customers.plan_changes(before, before.assign(name=f"{NAME} Jr"))
        assert plan.apply().ok
        plan.save(state / "plan.json")
        plan.save(state / "plan of names")
        other = customers[customers["active"].eq(True) & (customers["id"] != owner)].head(1)
        kept = crm.customers.plan_changes(other, other.assign(name="Somebody Else")).apply()
        log = GridLog.open(
            folder_of(crm.settings.journal_folder) / "log.sqlite",
            {"environment": "x", "tenant": str(crm.settings.tenant), "resource": "customers", "made_at": "2026-06-01"},
        )
        with log.writing():
            edits = [
                CellEdit(str(id), "name", old, old, f"{old} II", "accepted")
                for id, old in ((owner, NAME), (int(other["id"].iloc[0]), "Somebody Else"))
            ]
            log.add("c", 1, "edit", "g", "2026-06-01", edits)
        log.close()
        decisions = Decisions(state / "decisions.sqlite")
        decisions.add(owner, owner + 1, "same", NAME)
        decisions.add(1, 2, "different", "others")
        Decisions(state / "pairs of names").add(owner, owner + 1, "same", NAME)
        crm.close()
        yield tmp_path, state, mirror, owner, kept.path, plan


def run(stored, *options, whom=None, typed=""):
    tmp_path, state, mirror, owner, *_ = stored
    arguments = ["forget", mirror.folder.parent, *(whom or ("--customer", owner)), "--state-dir", state]
    arguments += ["--cache-dir", tmp_path / "cache", *options]
    return CliRunner().invoke(app, list(map(str, arguments)), input=typed)


def test_a_forgotten_person_is_in_no_file(stored):
    tmp_path, state, mirror, owner, kept, _ = stored
    before = files_with_traces(tmp_path)
    assert len(before) > 8
    (cache,) = (tmp_path / "cache").glob("*.sqlite")
    assert cache.name in before, "its pages and its decoded rows are compressed"
    assert any(NAME.encode() in cell for cell in cells_of(cache))
    shown = run(stored, "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert files_with_traces(tmp_path) == before
    assert "erased:" not in shown.output
    refused = run(stored, typed="n\nn\n")
    assert refused.exit_code == 2
    assert files_with_traces(tmp_path) == before
    done = run(stored, "--yes")
    assert done.exit_code == 0, done.output
    assert files_with_traces(tmp_path) == set(), done.output
    for part in ("the cache with", "a journal of 1 row", "1 edit in", "1 decision", "a plan of", "of customers"):
        assert f"erased: {state}" in done.output
        assert part in done.output
    for part in ("kept: ", "forgotten.json", "backups", "notebooks with output"):
        assert part in done.output
    assert kept.exists()
    assert len(Decisions(state / "decisions.sqlite").latest()) == 1
    assert not Decisions(state / "pairs of names").latest()
    with sqlite3.connect(folder_of(state / "journals") / "log.sqlite") as db:
        assert db.execute("SELECT count(*), min(new) FROM cells").fetchall() == [(1, "Somebody Else II")]
    assert str(owner) not in json.loads((mirror.folder / "forgotten.json").read_text())["hashes"]
    assert run(stored, "--yes").exit_code == 0


def test_a_person_is_found_by_a_number_and_an_address(stored):
    """Known only by them, the bookings and texts with them go; the customers who have them are named, not erased."""
    tmp_path, _, mirror, owner, *_ = stored
    customers, bookings = len(mirror.customers()), len(mirror.bookings())
    whom = ("--phone", f"+1 {PHONE.replace('-', ' ')}", "--email", EMAIL.upper())
    shown = run(stored, "--dry-run", whom=whom)
    assert shown.exit_code == 0, shown.output
    assert "Also with this number or address: customers " in shown.output
    assert str(owner) in shown.output
    assert "1 row of bookings" in shown.output
    assert len(mirror.bookings()) == bookings
    done = run(stored, "--yes", whom=whom)
    assert done.exit_code == 0, done.output
    assert len(mirror.bookings()) == bookings - 1
    assert len(mirror.customers()) == customers
    assert files_with_traces(tmp_path / "cache") == set()
    assert run(stored, "--yes", whom=("--customer", owner)).exit_code == 0
    assert files_with_traces(tmp_path) == set()


def test_a_person_must_be_named(tmp_path):
    found = CliRunner().invoke(app, ["forget", str(tmp_path / "titan")])
    assert found.exit_code == 2
    assert "Give --customer" in found.output


def test_the_plan_that_a_link_leads_to_is_named(stored):
    tmp_path, state, *_, plan = stored
    outside, inside = tmp_path / "elsewhere.json", state / "plan.json"
    plan.save(outside)
    (state / "a link").symlink_to(outside)
    (state / "another link").symlink_to(inside)
    for option, times in (("--dry-run", 1), ("--yes", 2)):  # the lines to erase, and those erased
        done = run(stored, option)
        assert done.exit_code == 0, done.output
        stdout = " ".join(done.output.split())
        assert f"but only this link to it. The plan itself stays until you delete it: {outside}" in stdout
        assert stdout.count("but only this link") == times
    assert outside.exists(), "foreign files are not deleted"
    assert not {path.name for path in state.iterdir()} & {"a link", "another link", "plan.json", "plan of names"}
