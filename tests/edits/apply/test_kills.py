"""Many kills in mid-apply, with a record of bodies apart from the sandbox: nothing wrong or twice, and all undone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time as real_time
from collections import Counter

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.edits.apply.journal import Journal
from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox import Sandbox

from .company import LEADS, Company
from .conftest import AS_OF
from .recorder import Recorder
from .test_crash import APPLY, ended

ROWS = 60
KINDS = ("plain", "consent", "follow-ups", "mixed faults")
KILLS = int(os.environ.get("KILLS", "12"))
"""How many in all, the kinds in turn."""


def planned(kind, crm, box):
    """A plan of a kind, what its rows were, and what they are to be: by table and id, the field's value."""
    if kind == "follow-ups":
        old = values(box, [("leads", id, "followUpDate") for id in LEADS])
        plan = crm.leads.plan_follow_up(crm.leads.list(refresh=True), "2026-07-01T12:00:00Z")
        return plan, old, dict.fromkeys(old, "2026-07-01T12:00:00")
    for id in range(1, ROWS + 1):
        box.change("customers", id, name="Old", doNotMail=id % 2 == 0)
    before = crm.customers.list(refresh=True)
    if kind != "consent":
        plan = crm.customers.plan_changes(before, before.assign(name="New"))
        return plan, *({("customers", id, "name"): name for id in range(1, ROWS + 1)} for name in ("Old", "New"))
    after = before.assign(do_not_mail=~before["do_not_mail"])
    plan = crm.customers.plan_changes(before, after, allow_opt_in=True, consent_source="letters")
    old = {("customers", id, "doNotMail"): id % 2 == 0 for id in range(1, ROWS + 1)}
    return plan, old, {place: not value for place, value in old.items()}


def order_faults(box, chance):
    """All kinds of trouble; what is answered with an error was carried out, or surely was not."""
    spread = {"after": chance.randrange(10), "times": 2}
    box.inject("customers.update", **spread, status=429, body={"message": "Try again in 1 seconds."})
    box.inject("customers.update", **spread, status=503, done=True)
    box.inject("customers.update", after=chance.randrange(20), times=2, cut=0, done=True)
    box.inject("customers.update", after=chance.randrange(20), times=1, status=400)
    box.inject("customers.list", after=2, times=1, status=chance.choice([400, 403, 409]))


def values(box, places):
    found = {place: box.row(*place[:2])[place[2]] for place in places}
    return {place: value[:19] if isinstance(value, str) else value for place, value in found.items()}


def rows_in(frame):
    return set(zip(frame["resource"], frame["id"], strict=True))


def kill(kind, chance, box, recorder, through, tmp_path):
    """One apply that is killed, resumed and undone; what was wrong, and how much there was of each."""
    crm = through()
    plan, old, new = planned(kind, crm, box)
    plan.save(tmp_path / "plan.json")
    if kind == "mixed faults":
        order_faults(box, chance)
    recorder.writes.clear()
    box.requests.clear()
    point = chance.randrange(1, ROWS - 15)
    with subprocess.Popen([sys.executable, "-c", APPLY, "plan.json"], stderr=subprocess.DEVNULL) as process:
        began = real_time.monotonic()
        while len(recorder.writes) < point and process.poll() is None and real_time.monotonic() - began < 120:
            real_time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, "it had ended before"
    box.clear_faults()
    ended(box, crm)
    journal_path = sorted(crm.settings.journal_folder.glob("*.sqlite"))[-1]
    journal = Journal.open(journal_path)
    counts = journal.counts()
    journal.close()
    if sum(counts.get(state, 0) for state in ("sending", "sent", "doubt")):
        with pytest.raises(UsageError, match="were running when this apply ended"):
            crm.undo(journal_path)
    result = through().load_plan(tmp_path / "plan.json").apply()
    now = values(box, new)
    reported = rows_in(result.succeeded) | rows_in(result.already)
    wrong = [place for place, value in now.items() if value not in (old[place], new[place])]
    # A row that could not be read back is a failure, which says that nobody knows; the undo reads it.
    spoken_of = reported | rows_in(result.failed)
    wrong += [place for place, value in now.items() if place[:2] in reported and value != new[place]]
    wrong += [place for place, value in now.items() if place[:2] not in spoken_of and value == new[place]]
    carried_out = Counter(path for _, path, _, status in recorder.writes if status is None or not 400 <= status < 500)
    twice = [path for path, times in carried_out.items() if times > 1]
    lost = len(old) - len(result.succeeded) - len(result.already) - len(result.failed) - len(result.conflicts)
    back = result.undo()
    undone = back.apply()
    refused = set(back.refused["id"])
    left = [place for place, value in values(box, old).items() if value != old[place]]
    unlisted = [place for place in left if place[1] not in refused]
    allowed = kind in ("consent", "follow-ups")
    if not allowed and (left or refused):
        unlisted += left or sorted(refused)
    assert undone.ok
    return {"wrong": wrong, "twice": twice, "lost": lost, "unlisted": unlisted}, {
        "requests": len(recorder.writes),
        "changed": sum(now[place] == new[place] for place in now),
        "listed": len(refused),
        "under way": sum(counts.get(state, 0) for state in ("sending", "sent", "doubt")),
    }


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
def test_killed_resumed_and_undone(kind, tmp_path_factory, time, monkeypatch):
    chance = random.Random(f"{os.environ.get('SEED', '9')} {kind}")
    reported: Counter[str] = Counter()
    for number in range(max(1, KILLS // len(KINDS))):
        folder = tmp_path_factory.mktemp(f"kill{number}")
        with (
            monkeypatch.context() as patch,
            Sandbox(company=Company(ROWS), as_of=AS_OF, rate_limit=None, latency_ms=5) as box,
            Recorder(str(box.connection()["api_url"])) as recorder,
        ):
            opened = []
            connect = connecting(box, recorder, folder, time, patch, opened)
            try:
                faults, counts = kill(kind, chance, box, recorder, connect, folder)
            finally:
                for crm in opened:
                    crm.close()
        assert not any(faults.values()), faults
        reported.update(counts)
    print(f"\n{kind}: {number + 1} kills, {dict(reported)}")


def connecting(box, recorder, folder, time, patch, opened):
    """Connections through the recorder; so is what a process of its own finds in its environment."""
    place = {name: value for name, value in box.connection().items() if name != "sandbox_id"}
    place |= {"api_url": recorder.url, "cache_dir": folder / "cache", "state_dir": folder / "state"}
    for name, value in place.items():
        patch.setenv(f"STCRM_{name.upper()}", str(value))
    patch.setenv("STCRM_ALLOW_WRITES", "1")
    patch.chdir(folder)

    def connect():
        clocks = {"sleep": time.sleep, "timer": time.timer, "clock": time.clock, "chance": lambda: 0.0}
        usual = {"rate_limit": 1000, "progress": False, "time_zone": "America/Chicago", "allow_writes": True}
        opened.append(stcrm.connect(**place, **usual, **clocks))
        return opened[-1]

    return connect
