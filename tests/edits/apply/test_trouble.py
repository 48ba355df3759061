"""An apply over a service that fails: nothing is sent twice blindly, nothing is lost from the journal."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time as real_time

import pytest

from stcrm_pandas.errors import UsageError

_NEW = itertools.count(100_000)


@pytest.fixture
def plan(crm, renamed):
    return crm.customers.plan_changes(*renamed(crm, 20))


def names(box, ids):
    return {box.row("customers", id)["name"] for id in ids}


def test_429_waits_and_continues(box, plan, time):
    box.inject("customers.update", after=5, times=4, status=429, body={"message": "Try again in 3 seconds."})
    assert len(plan.apply().succeeded) == 20
    assert time.passed >= 3


def test_row_that_waited_too_long_is_read_again(box, join, renamed, count):
    crm = join(box, concurrency=1)  # else its request may be sent before the first one has its response
    plan = crm.customers.plan_changes(*renamed(crm, 20))

    def theirs():
        box.change("customers", 20, name="Theirs")  # its request is the last in line

    fault = box.inject("customers.update", status=429, body={"message": "Try again in 60 seconds."}, before=theirs)
    box.requests.clear()
    result = plan.apply()
    assert fault.hits == 1
    assert box.row("customers", 20)["name"] == "Theirs", "it was not written over"
    assert result.conflicts["id"].tolist() == [20]
    assert len(result.succeeded) == 19
    assert count(box, "customers.list") > 2


def test_expired_token_is_renewed(box, plan):
    box.inject("customers.update", after=5, revoke=True)
    assert plan.apply().ok


@pytest.mark.parametrize("fault", [{"status": 500, "done": True}, {"cut": 0}])
def test_lost_response_is_resolved_by_reading(fault, box, plan, count, time):
    box.inject("customers.update", after=3, times=5, **fault)
    box.requests.clear()
    result = plan.apply()
    assert len(result.succeeded) == 20
    assert count(box) == 20, "nothing was sent twice"
    assert time.passed < 100


@pytest.mark.parametrize("fault", [{"status": 500}, {"cut": 0, "done": False}])
def test_lost_request_fails_after_100_s_and_can_be_retried(fault, box, plan, count, time):
    box.inject("customers.update", after=3, times=5, **fault)
    box.requests.clear()
    result = plan.apply()
    assert count(box) == 20, "nothing was sent twice"
    assert 100 <= time.passed < 120
    assert len(result.succeeded) == 15
    assert result.failed["worth_retrying"].all()
    assert result.failed["why"].str.contains("100 s later these columns were still not as planned: name").all()
    retried = result.retry()
    assert len(retried.steps) == 5
    assert retried.apply().ok
    assert names(box, range(1, 21)) == {"New name"}


def test_delayed_write_is_detected(box, join, renamed, count):
    crm = join(box, sleep=real_time.sleep, timer=real_time.monotonic)  # `late` is real time, too
    plan = crm.customers.plan_changes(*renamed(crm, 20))
    box.inject("customers.update", cut=0, late=0.6)
    box.requests.clear()
    assert plan.apply().ok
    assert count(box) == 20


def test_ignored_field_is_detected(box, plan):
    box.inject("customers.update", times=2, ignore=["name"])
    result = plan.apply()
    assert len(result.succeeded) == 18
    assert result.failed["why"].unique().tolist() == [
        "the service reported success, but these columns are not as planned: name"
    ]


def test_rejections_have_the_service_message(box, plan):
    problem = {"title": "Not so.", "errors": {"Name": ["is too long"]}, "traceId": "t-1"}
    box.inject("customers.update", status=400, body=problem)
    box.inject("customers.update", status=404)
    box.inject("customers.update", status=409)
    result = plan.apply()
    failed = result.failed.set_index("status")
    assert sorted(failed.index) == [400, 404, 409]
    assert "Not so. Name: is too long" in failed.loc[400, "why"]
    assert failed.loc[400, "fields"] == '{"Name": ["is too long"]}'
    assert failed.loc[400, "trace_id"] == "t-1"
    assert not failed["worth_retrying"].any()
    assert len(result.succeeded) == 17


def test_missing_scope_is_not_retried(box, plan, count):
    box.inject("customers.update", times=None, status=403)
    box.requests.clear()
    result = plan.apply()
    assert count(box) <= 8
    assert len(result.failed) + len(result.untried) == 20
    box.clear_faults()
    assert len(plan.apply().succeeded) + len(result.failed) == 20


def test_rows_of_a_failed_read_are_not_sent(box, plan, count):
    box.inject("customers.list", times=None, status=503)
    box.requests.clear()
    result = plan.apply()
    assert count(box) == 0
    assert len(result.failed) == 20
    box.clear_faults()
    assert result.retry().apply().ok


def test_unreadable_row_does_not_block_others(box, plan):
    def spoil(rows):
        for row in rows:
            if row["id"] == 7:
                row["balance"] = "much"

    box.inject("customers.list", times=None, rows=spoil)
    result = plan.apply()
    assert result.failed["id"].tolist() == [7]
    assert len(result.succeeded) == 19


NO_END = {
    "a page that repeats": {"page": "first"},
    "ever new rows": {"rows": lambda rows: [{**row, "id": next(_NEW)} for row in rows], "page": "first"},
    "empty pages": {"page": "empty"},
}


@pytest.mark.parametrize("kind", NO_END)
def test_endless_read_fails_in_bounded_time(kind, box, plan, count):
    """Each fresh read is repeated once; its rows stay unsent, and are sent when the service counts right again."""
    box.inject("customers.list", times=None, has_more=True, **NO_END[kind])
    box.requests.clear()
    result = plan.apply()
    assert count(box, "customers.list") < 100
    assert count(box) == 0
    assert len(result.failed) == 20
    assert result.failed["why"].str.contains("again on the second read").all()
    box.clear_faults()
    assert result.retry().apply().ok


def test_incomplete_read_is_repeated(box, plan, count):
    """A row that the service counts and does not give is not taken for one that is gone."""
    fault = box.inject("customers.list", page="short")
    assert plan.apply().ok
    assert fault.hits == 1


def test_ctrl_c_leaves_a_journal_to_resume(box, crm, plan, count):
    fault = box.inject("customers.update", times=None, delay=0.05)

    def interrupt():
        while count(box) < 6:
            real_time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    box.requests.clear()
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt) as stopped:
        plan.apply()
    assert "crm.resume" in stopped.value.__notes__[0]
    fault.cancel()
    real_time.sleep(0.1)
    (journal,) = crm.settings.journal_folder.glob("*.sqlite")
    assert count(box) < 20
    result = crm.resume(journal)
    assert result.ok
    assert count(box) == 20, "what was under way was learned by reading"
    with pytest.raises(UsageError, match="no journal"):
        crm.resume(journal.with_name("other.sqlite"))
