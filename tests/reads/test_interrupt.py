"""Ctrl-C in mid-read: it ends soon, and the next read goes on from the pages that are there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import Future

import pytest

from stcrm_pandas.errors import StcrmError
from stcrm_pandas.http.session import first_done, sleep_until, wait_for

TO = {
    "the process": lambda: os.kill(os.getpid(), signal.SIGINT),
    "another thread": lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT),
}
"""The system picks the thread that gets a signal: nearly always the main one, which wakes up, and now and then not."""


def interrupt_when(ready, to="the process"):
    """Ctrl-C, as soon as something is so."""

    def watch():
        while not ready():
            time.sleep(0.01)
        TO[to]()

    threading.Thread(target=watch).start()


@pytest.mark.parametrize("concurrency", [1, 4])
def test_next_read_resumes(concurrency, box, join, count, leads):
    crm = join(box, concurrency=concurrency)
    fault = box.inject("leads.list", after=1, times=None, delay=0.1)
    interrupt_when(lambda: count(box, "leads.list") >= 5)
    with pytest.raises(KeyboardInterrupt):
        crm.leads.list()
    fault.cancel()
    time.sleep(0.15)
    box.requests.clear()
    frame = crm.leads.list()
    assert set(frame["id"]) == leads
    assert frame.attrs["stcrm"]["pages_from_cache"] >= 2
    assert count(box, "leads.list") == 15 - frame.attrs["stcrm"]["pages_from_cache"]
    assert frame.attrs["stcrm"]["complete"]


@pytest.mark.parametrize("to", TO)
def test_ctrl_c_ends_a_long_wait(to, box, usual, open_clients, count):
    import stcrm_pandas as stcrm

    usual = {name: value for name, value in usual.items() if name not in ("sleep", "timer")}
    crm = stcrm.connect(sandbox=box, **usual)
    open_clients.append(crm)
    box.inject("leads.list", after=1, times=None, status=429, body={"message": "Try again in 200 seconds."})
    interrupt_when(lambda: count(box, "leads.list") >= 2, to)  # the others may be held back before they are sent
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        crm.leads.list()
    assert time.monotonic() - began < 20  # of 200


LONG = 60.0
WAITS = {
    "for a thread": lambda event, running: first_done(running),
    "for a thread, at most": lambda event, running: first_done(running, LONG),
    "for an event": lambda event, running: wait_for(event),
    "asleep": lambda event, running: sleep_until(event)(LONG),
}


@pytest.mark.parametrize("what", WAITS)
def test_ctrl_c_ends_the_main_thread_wait_from_any_thread(what):
    event = threading.Event()
    running = {Future()}
    end = threading.Timer(LONG - 5, event.set)  # before the wait would end of itself
    end.start()
    interrupt_when(lambda: time.sleep(0.3) is None, "another thread")
    with pytest.raises(KeyboardInterrupt):
        WAITS[what](event, running)
    assert not event.is_set()
    end.cancel()


def test_wait_ends_with_its_event_or_timeout():
    event, early, late = threading.Event(), Future(), Future()
    began = time.monotonic()
    assert first_done({late}, 0.6) == set()
    sleep_until(event)(0.3)
    assert time.monotonic() - began >= 0.9
    threading.Timer(0.1, lambda: (early.set_result(1), event.set())).start()
    assert first_done({early, late}) == {early}
    wait_for(event)
    sleep_until(event)(3600.0)
    assert first_done({early, late}, 0.0) == {early}


def test_close_ends_the_waits_of_threads(box, usual, count):
    """Or else the process could not end before they do."""
    import stcrm_pandas as stcrm

    usual = {name: value for name, value in usual.items() if name not in ("sleep", "timer")}
    crm = stcrm.connect(sandbox=box, **usual)
    box.inject("leads.list", times=None, status=429, body={"message": "Try again in 200 seconds."})
    ended = threading.Event()

    def read():
        try:
            crm.leads.list()
        except StcrmError:
            ended.set()

    threading.Thread(target=read).start()
    while count(box, "leads.list") < 1:
        time.sleep(0.01)
    time.sleep(0.2)
    crm.close()
    assert ended.wait(20)


PROGRAM = """
    import sys
    import stcrm_pandas as stcrm
    place = dict(zip(("api_url", "auth_url", "tenant", "client_id", "client_secret", "app_key"), sys.argv[1:7]))
    crm = stcrm.connect(**place, cache_dir=sys.argv[7], page_size=20, time_zone="UTC")
    print("ready", flush=True)
    try:
        crm.leads.list()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_another_process_resumes_the_pages_of_a_killed_one(ending, box, join_by_address, usual, leads):
    place = [str(value) for name, value in box.connection().items() if name != "sandbox_id"]
    fault = box.inject("leads.list", after=5, times=None, delay=0.5)
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), *place, str(usual["cache_dir"])],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    while sum(one.operation == "Leads_GetList" for one in box.requests) < 6:
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(ending)
    output, _ = process.communicate(timeout=10)
    assert output == ("interrupted\n" if ending == signal.SIGINT else "")
    fault.cancel()
    frame = join_by_address(box).leads.list()
    assert set(frame["id"]) == leads
    assert frame.attrs["stcrm"]["pages_from_cache"] >= 4
