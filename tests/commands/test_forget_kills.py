"""`stcrm forget` is killed at every moment and run again: nothing of the person is left, and nothing of others lost."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing

import pandas as pd
import pytest
from typer.testing import CliRunner

import stcrm_pandas as stcrm
from stcrm_pandas.cleaning.decisions import Decisions
from stcrm_pandas.cli import app
from stcrm_pandas.grid.log import CellEdit, GridLog, folder_of
from stcrm_pandas.mirror.mirror import Mirror

from ..mirror.test_forgotten import AS_OF, EMAIL, NAME, PHONE, plant
from ..traces import traces

WORDS = (PHONE, EMAIL, NAME)
RESOURCES = ["customers", "leads", "bookings", "customer_contacts", "locations"]

KILLED = """
import os, signal, sqlite3, sys

after, steps = int(sys.argv.pop(1)), 0


def step(*_):
    global steps
    steps += 1
    if steps == after:
        os.kill(os.getpid(), signal.SIGKILL)
    return 0


def connect(*arguments, open_=sqlite3.connect, **options):
    db = open_(*arguments, **options)
    db.set_trace_callback(step)
    db.set_progress_handler(step, 2000)  # also within one statement
    return db


def watch(event, arguments):
    if event in ("os.remove", "os.rename", "os.mkdir"):
        step()
    elif event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        step()


from stcrm_pandas.cli import app

sqlite3.connect = connect
sys.addaudithook(watch)
try:
    app()
finally:
    print(f"steps: {steps}")
"""
"""Runs the command, and kills it before its n-th step: a statement of SQLite, or a file written, renamed or deleted."""


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Everything that can have a person, with what killed programs and damaged caches leave; and who it is."""
    home = tmp_path_factory.mktemp("stored")
    state = home / "state"
    with (
        warnings.catch_warnings(),
        stcrm.Sandbox(leads=100, seed=11, as_of=AS_OF, rate_limit=None, feed_delay=0) as sandbox,
        stcrm.connect(sandbox=sandbox, state_dir=state, cache_dir=home / "cache") as crm,
    ):
        warnings.simplefilter("ignore")
        owner, _, booking = plant(sandbox, crm)
        sandbox.change("customers", owner, doNotMail=True)
        customers = crm.customers.list(active=None, refresh=True)
        mirror = crm.mirror(home / "titan")
        mirror.sync(only=RESOURCES)
        mirror.sync(only="booking_contacts", parents=[booking])
        row = customers[customers["id"] == owner]
        plan = crm.customers.plan_changes(row, row.assign(name=f"{NAME} Jr"))
        assert plan.apply().ok
        plan.save(state / "plan.json")
        other = customers[customers["active"].eq(True) & (customers["id"] != owner)].head(1)
        others = crm.customers.plan_changes(other, other.assign(name="Somebody Else"))
        others.save(state / "others.json")
        assert others.apply().ok
        row = crm.customers.list(active=None, refresh=True).loc[lambda rows: rows["id"] == owner]
        may = {"allow_opt_in": True, "consent_source": "a letter"}
        consent = crm.customers.plan_changes(row, row.assign(do_not_mail=False), **may).apply()
        assert consent.ok
        about = {"environment": "x", "tenant": str(crm.settings.tenant), "resource": "customers", "made_at": "2026"}
        log = GridLog.open(folder_of(crm.settings.journal_folder) / "log.sqlite", about)
        with log.writing():
            names = ((owner, NAME), (int(other["id"].iloc[0]), "Somebody Else"))
            edits = [CellEdit(str(id), "name", old, old, f"{old} II", "accepted") for id, old in names]
            log.add("c", 1, "edit", "g", "2026-06-01", edits)
        log.close()
        decisions = Decisions(state / "decisions.sqlite")
        decisions.add(owner, owner + 1, "same", NAME)
        decisions.add(1, 2, "different", "others")
        tenant = crm.settings.tenant
        crm.close()
    text = (state / "plan.json").read_text()
    (state / ".plan.json.part").write_text(text[: len(text) // 2 + text.rindex(NAME) // 2])
    (state / ".0123456789abcdef.stcrm-part").write_text(text)
    (state / "journals" / ".20260601T120000000000-000-ecee59df39476011.sqlite.part").write_text(NAME)
    (state / "journals" / "20260601T120000000000-000-ecee59df39476011.sqlite-wal").write_text(NAME)
    (cache,) = (home / "cache").glob("*.sqlite")
    damaged = cache.with_name(f"{cache.stem}.damaged-1.sqlite")
    shutil.copy(cache, damaged)
    damaged.with_name(f"{damaged.name}-wal").write_text(NAME)
    cache.with_name(f"{cache.stem}.damaged-2.sqlite").write_text(NAME)
    cache.with_name(f"{cache.stem[:-4]}beef.sqlite-wal").write_text(NAME)
    return home, tenant, owner, consent.path.name


def arguments(home, owner):
    options = ["--state-dir", home / "state", "--cache-dir", home / "cache", "--yes"]
    return list(map(str, ["forget", home / "titan", "--customer", owner, *options]))


def run_killed(home, owner, after):
    """Run the command, kill it before a step, and return its exit code and how many steps it had."""
    command = [sys.executable, "-B", "-c", KILLED, str(after), *arguments(home, owner)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=home)
    steps = [line for line in done.stdout.splitlines() if line.startswith("steps: ")]
    assert done.returncode == -signal.SIGKILL or steps, done.stderr
    return done.returncode, int(steps[0].removeprefix("steps: ")) if steps else after, done.stdout + done.stderr


def left(home, tenant):
    """Return what is left of others: the rows of the mirror, decisions, edits, and which files there are."""
    mirror = Mirror(home / "titan", tenant=tenant)
    frames = {name: mirror.read(name) for name in RESOURCES}
    decisions = Decisions(home / "state" / "decisions.sqlite").latest().keys()
    with closing(sqlite3.connect(home / "state" / "grids" / "log.sqlite")) as db:
        edits = db.execute("SELECT key, old, new FROM cells").fetchall()
    files = {path.relative_to(home).as_posix() for path in (home / "state").rglob("*") if path.suffix != ".lock"}
    return frames, (decisions, edits, files)


@pytest.fixture(scope="module")
def forgotten(stored, tmp_path_factory):
    """What one run leaves that nobody kills, and how many steps it has."""
    home, tenant, owner, consent = stored
    place = tmp_path_factory.mktemp("forgotten") / "home"
    shutil.copytree(home, place)
    code, steps, shown = run_killed(place, owner, 10**9)
    assert code == 0, shown
    assert set(traces(place, *WORDS)) <= {(consent, word) for word in WORDS}
    return left(place, tenant), steps


@pytest.mark.parametrize("kills", [2, pytest.param(45, marks=pytest.mark.deep)])
def test_a_killed_command_that_is_run_again_leaves_nothing(stored, forgotten, tmp_path, kills):
    home, tenant, owner, consent = stored
    (frames, rest), steps = forgotten
    for number in range(kills):
        place = tmp_path / f"{number}"
        shutil.copytree(home, place)
        code, _, shown = run_killed(place, owner, 1 + (2 * number + 1) * steps // (2 * kills))
        assert code == -signal.SIGKILL, shown
        again = CliRunner().invoke(app, arguments(place, owner))
        assert again.exit_code == 0, again.output
        assert {name for name, _ in traces(place, *WORDS)} <= {consent}, number
        kept, others = left(place, tenant)
        for name, frame in frames.items():
            pd.testing.assert_frame_equal(kept[name], frame)
        assert others == rest
        shutil.rmtree(place)
