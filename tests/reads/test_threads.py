"""One connection, several threads."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from stcrm_pandas.sandbox import Sandbox


def test_parallel_reads_are_complete(box, join, leads, count):
    crm = join(box, concurrency=4)
    reads = [
        lambda: set(crm.leads.list()["id"]) == leads,
        lambda: len(crm.customers.list()) == 120,
        lambda: len(crm.leads.export().frame) == 300,
        lambda: len(crm.leads.get(range(5_000, 5_120))) == 120,
        lambda: len(crm.bookings.list_contacts(range(800, 815))) == 45,
        lambda: len(crm.lookups.campaigns.list()) == 30,
        lambda: repr(crm).startswith("<stcrm"),
    ]
    with ThreadPoolExecutor(12) as pool:
        futures = [pool.submit(read) for _ in range(4) for read in reads]
        assert all(future.result(timeout=30) for future in futures)
    assert count(box, "sign_in") == 1


def test_expired_token_is_renewed_once_for_all_threads(box, join, count, leads):
    crm = join(box, concurrency=8)
    crm.lookups.call_reasons.list()
    box.revoke_tokens()
    assert set(crm.leads.list()["id"]) == leads
    box.inject("leads.list", after=4, revoke=True)
    assert set(crm.leads.list(refresh=True)["id"]) == leads
    assert count(box, "sign_in") == 3


FIRST = """
import sys
from concurrent.futures import ThreadPoolExecutor
import stcrm_pandas as stcrm
names = ("api_url", "auth_url", "tenant", "client_id", "client_secret", "app_key", "cache_dir")
with stcrm.connect(**dict(zip(names, sys.argv[1:])), time_zone="UTC", rate_limit=1000) as crm:
    reads = [crm.leads.list, crm.customers.list, crm.locations.list, lambda: crm.leads.get(range(5_000, 5_020))]
    with ThreadPoolExecutor(8) as pool:
        print(sum(len(read.result()) for read in [pool.submit(read) for read in reads * 2]))
"""


def test_first_reads_of_a_process_may_be_parallel(box, tmp_path):
    """They load pandera, which threads must not begin at two places."""
    place = [str(value) for name, value in box.connection().items() if name != "sandbox_id"]
    command = [sys.executable, "-c", FIRST, *place, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == f"{2 * (300 + 120 + 45 + 20)}\n", done.stderr


def test_token_is_renewed_before_it_expires(box, join, count, time):
    crm = join(box)
    crm.locations.list()
    time.sleep(900 - 61)
    crm.locations.list(refresh=True)
    assert count(box, "sign_in") == 1
    time.sleep(2)
    crm.locations.list(refresh=True)
    assert count(box, "sign_in") == 2


def test_rate_limit_is_shared_by_threads(shop, join):
    with Sandbox(company=shop(), rate_limit=16) as box:
        crm = join(box, rate_limit=12, concurrency=8)
        crm.leads.list()
        crm.customers.list()
        assert sum(one.operation != "sign_in" for one in box.requests) == 15 + 6
        assert {one.status for one in box.requests} == {200}, "none of them came too soon for the service"


def test_close_ends_reads_in_threads(box, join):
    from stcrm_pandas.errors import StcrmError

    box.inject("leads.list", after=1, times=None, delay=0.2)
    crm = join(box)
    outcome = []

    def read():
        try:
            outcome.append(len(crm.leads.list()))
        except (StcrmError, RuntimeError) as error:
            outcome.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    threading.Event().wait(0.1)
    crm.close()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert outcome == [300] or isinstance(outcome[0], Exception)
