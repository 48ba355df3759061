"""Ctrl-C in an apply over a service that hangs: reads end at once, writes get five seconds, and it says so."""

from __future__ import annotations

import os
import signal
import threading
import time as real_time

import pytest

TO = {
    "the process": lambda: os.kill(os.getpid(), signal.SIGINT),
    "another thread": lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT),
}
"""The system picks the thread that gets a signal: nearly always the main one, which wakes up, and now and then not."""


def seconds_to_end(apply, ready, to="the process"):
    """Return for how long an apply goes on after Ctrl-C."""
    at = []

    def interrupt():
        while not ready():
            real_time.sleep(0.01)
        real_time.sleep(0.2)
        at.append(real_time.monotonic())
        TO[to]()

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        apply()
    return real_time.monotonic() - at[0]


def unanswered(box, operation):
    return sum(one.operation == operation and one.status is None for one in box.requests)


@pytest.mark.parametrize("to", TO)
def test_running_reads_stop_within_two_seconds(to, box, join, renamed, count):
    crm = join(box)
    plan = crm.customers.plan_changes(*renamed(crm, 5))
    box.requests.clear()
    fault = box.inject("customers.list", times=None, delay=60)
    assert seconds_to_end(plan.apply, lambda: count(box, "customers.list") > 0, to) < 2.2
    assert unanswered(box, "Customers_GetList")
    fault.cancel()
    assert count(box) == 0
    assert plan.apply().ok


@pytest.mark.deep
def test_running_writes_get_five_seconds_with_a_message(box, join, renamed, count, capsys):
    crm = join(box, progress=True)
    plan = crm.customers.plan_changes(*renamed(crm, 5))
    fault = box.inject("customers.update", times=None, delay=20)
    assert 4.5 < seconds_to_end(plan.apply, lambda: count(box, "customers.update") == 5) < 6.5
    assert unanswered(box, "Customers_Update") == 5
    assert "Interrupted: waiting up to 5 s for 5 running writes" in capsys.readouterr().err
    fault.cancel()
    while unanswered(box, "Customers_Update"):
        real_time.sleep(0.05)
    assert plan.apply().ok
    assert count(box, "customers.update") == 5, "what was under way was learned by reading"
