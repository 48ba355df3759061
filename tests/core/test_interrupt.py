"""Ctrl-C in mid-read: it ends soon, and the next read goes on from the pages that are there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from stcrm_pandas.errors import StcrmError


def interrupt_when(ready):
    """Ctrl-C, as soon as something is so."""

    def watch():
        while not ready():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch).start()


@pytest.mark.parametrize("concurrency", [1, 4])
def test_the_next_read_goes_on(concurrency, box, join, count, leads):
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


def test_it_ends_a_long_wait(box, usual, open_clients, count):
    import stcrm_pandas as stcrm

    usual = {name: value for name, value in usual.items() if name not in ("sleep", "timer")}
    crm = stcrm.connect(sandbox=box, **usual)
    open_clients.append(crm)
    box.inject("leads.list", after=1, times=None, status=429, body={"message": "Try again in 200 seconds."})
    interrupt_when(lambda: count(box, "leads.list") >= 2)  # the others may be held back before they are sent
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        crm.leads.list()
    assert time.monotonic() - began < 20  # of 200


def test_closing_ends_the_waits_of_threads(box, usual, count):
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
def test_another_process_goes_on_from_the_pages_of_one_that_was_ended(ending, box, join_by_address, usual, leads):
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
    said, _ = process.communicate(timeout=10)
    assert said == ("interrupted\n" if ending == signal.SIGINT else "")
    fault.cancel()
    frame = join_by_address(box).leads.list()
    assert set(frame["id"]) == leads
    assert frame.attrs["stcrm"]["pages_from_cache"] >= 4
