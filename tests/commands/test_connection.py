"""The checks of `stcrm doctor`: what works, what does not, and what to do about it."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from stcrm_pandas.commands.connection import _impatient, examine
from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.sandbox import Sandbox


def checks(crm):
    return {check.what: check for check in examine(crm)}


def test_a_healthy_connection(box, join):
    found = checks(join(box))
    assert {check.state for check in found.values()} == {"ok"}
    assert list(found) == ["settings", "sign-in", "scopes", "clock", "cache", "time zone"]


def test_missing_scopes_are_reported(shop, join):
    known = {operation.scope for operation in OPERATIONS.values()}
    with Sandbox(company=shop(leads=1), rate_limit=None, scopes=known - {"tn.crm.leads:r", "tn.jpm.jobs:r"}) as box:
        found = checks(join(box))
    assert found["scopes"].state == "problem"
    assert "missing: tn.crm.leads:r, tn.jpm.jobs:r" in found["scopes"].words


def test_wrong_secret_is_one_problem(box, join_by_address):
    found = checks(join_by_address(box, client_secret="wrong"))
    assert found["sign-in"].state == "problem"
    assert "STCRM_CLIENT_SECRET" in found["sign-in"].words
    assert "scopes" not in found
    assert len(box.requests) == 1


def test_wrong_app_key_is_one_problem(box, join_by_address):
    found = checks(join_by_address(box, app_key="wrong"))
    assert [check.what for check in found.values() if check.state == "problem"] == ["scope tn.crm.bookings:r"]
    assert "STCRM_APP_KEY" in found["scope tn.crm.bookings:r"].words


def test_no_network_is_reported(box, join_by_address):
    nowhere = "http://127.0.0.1:9"
    found = checks(join_by_address(box, api_url=nowhere, auth_url=nowhere, retries=0))
    assert found["sign-in"].state == "problem"
    assert "Check the network" in found["sign-in"].words


def faults(found):
    return [check.what for check in found.values() if check.state == "problem"]


def test_wrong_tenant_is_one_problem(box, join_by_address):
    found = checks(join_by_address(box, tenant=12345))
    assert faults(found) == ["tenant"]
    assert "12345" in found["tenant"].words
    assert "STCRM_TENANT" in found["tenant"].words
    assert "scopes" not in found
    assert len(box.requests) == 1 + 2, "a sign-in, and two requests that fail alike"


def test_no_scopes_is_one_problem(shop, join):
    with Sandbox(company=shop(leads=1), rate_limit=None, scopes=[]) as box:
        found = checks(join(box))
    assert faults(found) == ["scopes"]
    assert "connected to tenant" in found["scopes"].words


@pytest.fixture
def silent():
    """An address that takes connections and never answers, and what came to it."""
    came = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen():
            with contextlib.suppress(OSError):
                while True:
                    came.append(server.accept())

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", came
        server.shutdown(socket.SHUT_RDWR)
    for connection, _ in came:
        connection.close()


@pytest.mark.parametrize("what", ["api_url", "auth_url"])
def test_dead_address_is_reported_quickly(what, silent, box, join_by_address):
    address, came = silent
    found = checks(join_by_address(box, **{what: address}, timeout=(0.3, 0.3)))
    assert faults(found) == [{"api_url": "service", "auth_url": "sign-in"}[what]]
    assert "Check the network" in found[faults(found)[0]].words
    assert "scopes" not in found
    assert len(came) <= 2, "once more at most, whatever the settings say"


def test_waits_are_short(box, join):
    session = _impatient(join(box, timeout=(10, 110)))
    assert session.connection.timeout == (5, 10)
    assert _impatient(join(box, timeout=(2, 3), retries=0)).connection.timeout == (2, 3)


def test_failing_service_is_one_problem(box, join, count):
    box.inject("*", times=None, status=503)
    found = checks(join(box))
    assert faults(found) == ["service"]
    assert "failed in the same way" in found["service"].words
    assert count(box) <= 1 + 2 * 2


def test_clock_difference_is_reported(box, join_by_address):
    words = checks(join_by_address(box))["clock"].words
    assert "minutes" in words  # the sandbox lives in June
    assert "ahead of" in words or "behind" in words


def test_readable_cache_is_reported(box, join):
    crm = join(box)
    crm.cache.path.chmod(0o640)
    assert "chmod 600" in checks(crm)["cache"].words


def test_no_time_zone_is_a_note(box, join_by_address):
    found = checks(join_by_address(box, time_zone=None))["time zone"]
    assert found.state == "note"
    assert "STCRM_TIME_ZONE" in found.words


@pytest.mark.parametrize("method", ["leads.list", "lookups.jobs.list"])
def test_one_failing_service_does_not_hide_the_rest(method, box, join):
    box.inject(method, times=None, status=500)
    found = checks(join(box, retries=0))
    assert [check.state for check in found.values()].count("problem") == 1
    assert found["scopes"].state == "note", "not all can be read, and it does not say so"
    assert "14 of 15" in found["scopes"].words
