"""`kill -9` in mid-apply, and on again: every row is as planned, none was written twice with effect."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time as real_time

import pytest

from stcrm_pandas.edits.apply.journal import Journal
from stcrm_pandas.sandbox import Sandbox

from .company import Company
from .conftest import AS_OF

ROWS = 500
APPLY = textwrap.dedent(
    """
    import sys
    import stcrm_pandas as stcrm

    with stcrm.connect(rate_limit=1000, progress=False) as crm:
        crm.load_plan(sys.argv[1]).apply()
    """
)


@pytest.fixture
def served(tmp_path, monkeypatch):
    with Sandbox(company=Company(ROWS), as_of=AS_OF, rate_limit=None, latency_ms=2) as box:
        for name, value in box.connection().items():
            if name != "sandbox_id":
                monkeypatch.setenv(f"STCRM_{name.upper()}", str(value))
        monkeypatch.setenv("STCRM_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setenv("STCRM_STATE_DIR", str(tmp_path / "state"))
        monkeypatch.setenv("STCRM_ALLOW_WRITES", "1")
        monkeypatch.chdir(tmp_path)
        yield box


def killed_at(box, path, updates):
    """Apply in a process of its own, and kill it once so many updates have come in."""
    with subprocess.Popen([sys.executable, "-c", APPLY, str(path)], stderr=subprocess.PIPE) as process:
        began = real_time.monotonic()
        while written(box) < updates and process.poll() is None and real_time.monotonic() - began < 300:
            real_time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    return process.returncode


def written(box):
    return sum(arrival.operation == "Customers_Update" for arrival in box.requests)


def ended(box, crm):
    """Wait until the sandbox has done all that reached it: what a killed client had sent lay in its sockets."""
    crm.customers.list(ids=[1], refresh=True)  # what came in before it has been taken up by the time of its answer
    while any(arrival.body is not None and arrival.status is None for arrival in box.requests):
        real_time.sleep(0.005)


def by_row(box):
    """The bodies that came in for each row, in order; None is one that the kill cut, which nobody can have done."""
    found = {}
    for arrival in box.requests:
        if arrival.operation == "Customers_Update":
            found.setdefault(arrival.path, []).append(arrival.body)
    return found


def planned(crm, tmp_path, name, rows=ROWS):
    before = crm.customers.list(refresh=True)
    plan = crm.customers.plan_changes(before, before.head(rows).assign(name=name))
    plan.save(tmp_path / "plan.json")
    return plan


def crash_and_go_on(box, join, tmp_path, chance):
    crm = join(box, by_address=True, allow_writes=True)
    name = f"Name {chance.random()}"
    plan = planned(crm, tmp_path, name)
    box.requests.clear()
    point = chance.randrange(1, ROWS - 20)
    assert killed_at(box, tmp_path / "plan.json", point) == -signal.SIGKILL
    journal = Journal.open(sorted(crm.settings.journal_folder.glob("*.sqlite"))[-1])
    known = journal.counts()
    journal.close()
    assert sum(known.values()) == ROWS
    assert known.get("untried", 0) > 0
    ended(box, crm)  # the client's time passes at once, so the sandbox has to have ended what it was at
    result = join(box, by_address=True, allow_writes=True).load_plan(tmp_path / "plan.json").apply()
    assert result.ok
    assert len(result.succeeded) + len(result.already) == ROWS
    assert {box.row("customers", id)["name"] for id in range(1, ROWS + 1)} == {name}
    bodies = by_row(box)
    assert len(bodies) == ROWS
    twice = {
        path: some for path, some in bodies.items() if [one for one in some if one is not None] != [{"name": name}]
    }
    assert not twice, "each row was written once: a body came in whole once, whatever was cut before it"
    journal = Journal.open(result.path)
    assert len(journal.entries()) == ROWS
    assert all(journal.text(entry, "body") == {"name": name} for entry in journal.entries())
    journal.close()
    assert len(plan.apply().already) == ROWS


def test_resume_waits_for_a_delayed_write(served, join, tmp_path):
    """The service goes on with calls whose caller was killed: their rows are read, and not sent again."""
    crm = join(served, by_address=True, allow_writes=True)
    plan = planned(crm, tmp_path, "Late", rows=6)
    served.inject("customers.update", times=None, delay=1.0)
    served.requests.clear()
    assert killed_at(served, tmp_path / "plan.json", 6) == -signal.SIGKILL
    real = {"sleep": real_time.sleep, "timer": real_time.monotonic}
    result = join(served, by_address=True, allow_writes=True, **real).load_plan(tmp_path / "plan.json").apply()
    assert served.row("customers", 6)["name"] == "Late"
    assert len(result.succeeded) == 6
    assert by_row(served) == {path: [{"name": "Late"}] for path in by_row(served)}
    assert len(plan.apply().already) == 6


def test_lost_request_is_sent_again_after_100_s(served, join, tmp_path, time):
    crm = join(served, by_address=True, allow_writes=True)
    planned(crm, tmp_path, "New", rows=6)
    lost = served.inject("customers.update", times=None, delay=0.4, cut=0, done=False)
    served.requests.clear()
    assert killed_at(served, tmp_path / "plan.json", 6) == -signal.SIGKILL
    ended(served, crm)
    lost.cancel()
    sent = []
    served.inject("customers.update", times=None, before=lambda: sent.append(time.passed))
    began = time.passed
    result = crm.load_plan(tmp_path / "plan.json").apply()
    assert len(result.succeeded) == 6
    assert len(sent) == 6
    assert min(sent) >= began + 100, "the rows showed their old values all the while"
    assert {len(bodies) for bodies in by_row(served).values()} == {2}


def test_interrupted_opt_in_is_not_sent_again(served, join, tmp_path):
    """Whether it came true and was taken back since, nobody can tell: whoever agreed is asked again."""
    crm = join(served, by_address=True, allow_writes=True)
    for id in range(1, 7):
        served.change("customers", id, doNotMail=True)
    before = crm.customers.list()
    after = before.head(6).assign(do_not_mail=False)
    crm.customers.plan_changes(before, after, allow_opt_in=True, consent_source="letters").save(tmp_path / "plan.json")
    served.inject("customers.update", times=None, delay=0.3)
    served.requests.clear()
    assert killed_at(served, tmp_path / "plan.json", 6) == -signal.SIGKILL
    ended(served, crm)
    for id in range(1, 7):
        served.change("customers", id, doNotMail=True)
    plan = crm.load_plan(tmp_path / "plan.json")
    assert plan.apply().failed["why"].str.contains("sent only once").all()
    assert len(plan.apply().conflicts) == 6
    assert all(len(bodies) == 1 for bodies in by_row(served).values())
    assert all(served.row("customers", id)["doNotMail"] for id in range(1, 7))


@pytest.mark.deep
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_and_resumed(seed, served, join, tmp_path):
    crash_and_go_on(served, join, tmp_path, random.Random(seed))


@pytest.mark.deep
def test_killed_and_resumed_20_times(served, join, tmp_path):
    chance = random.Random(os.environ.get("SEED", "20"))
    for _ in range(20):
        crash_and_go_on(served, join, tmp_path, chance)
