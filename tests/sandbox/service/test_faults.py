"""Every kind of fault, over HTTP."""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
from pathlib import Path
from typing import Any

import pytest

from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox import KEEP, Fault, Sandbox


def statuses(caller: Any, count: int, path: str = "leads") -> list[int]:
    return [caller.raw(path)[0] for _ in range(count)]


def test_an_error_occurs_a_number_of_times(fresh: Any) -> None:
    sandbox, caller = fresh()
    fault = sandbox.inject("Leads_GetList", after=1, times=2, status=503)
    assert statuses(caller, 5) == [200, 503, 503, 200, 200]
    assert (fault.hits, fault.seen) == (2, 5)
    assert statuses(caller, 1, "customers") == [200]


def test_faults_occur_in_order(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.inject("leads.list", status=500)
    sandbox.inject("leads.list", status=429)
    assert statuses(caller, 3) == [500, 429, 200]


def test_a_429_occurs_every_time(fresh: Any) -> None:
    sandbox, caller = fresh()
    fault = sandbox.inject("leads.list", times=None, status=429)
    for _ in range(3):
        status, body, headers = caller.raw("leads")
        assert (status, "retry-after" in headers) == (429, False)
        assert re.search(rb"Rate limit is exceeded\. Try again in \d+ seconds\.", body)
    fault.cancel()
    assert statuses(caller, 1) == [200]
    sandbox.inject(
        "leads.list", status=429, body="Rate limit is exceeded. Try again in 7 seconds.", headers={"Retry-After": "7"}
    )
    status, body, headers = caller.raw("leads")
    assert (status, body, headers["retry-after"]) == (429, b"Rate limit is exceeded. Try again in 7 seconds.", "7")


def test_a_server_error_is_an_html_page(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.inject("leads.list", status=500)
    status, body, headers = caller.raw("leads")
    assert (status, headers["content-type"].split(";")[0]) == (500, "text/html")
    assert body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("body", ["<html>sign in</html>", {"rows": []}, [1, 2], "", b'{"data": ['])
def test_a_fault_can_replace_the_body(body: Any, fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.inject("leads.list", body=body)
    status, got, headers = caller.raw("leads")
    assert status == 200
    assert (json.loads(got) if isinstance(body, dict | list) else got) in (body, str(body).encode())
    assert headers["content-type"].startswith("application/json")


def test_a_fault_can_break_the_connection(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.inject("leads.list", cut=1000)
    with pytest.raises(http.client.IncompleteRead) as cut:
        caller.raw("leads")
    assert len(cut.value.partial) == 1000
    sandbox.inject("leads.list", cut=0)
    with pytest.raises(http.client.IncompleteRead):
        caller.raw("leads")
    assert statuses(caller, 1) == [200]


def test_a_delayed_response_and_a_client_timeout(fresh: Any) -> None:
    sandbox, caller = fresh()
    caller.sign_in()
    sandbox.inject("leads.list", delay=3600)
    with pytest.raises((TimeoutError, urllib.error.URLError)):
        caller.raw("leads", timeout=0.2)
    sandbox.inject("leads.list", delay=0.1)
    assert statuses(caller, 2) == [200, 200]
    sandbox.stop()  # the request that sleeps for an hour does not hold it up


def test_faults_in_pages(fresh: Any) -> None:
    sandbox, caller = fresh()

    def page(number: int, **fault: Any) -> Any:
        sandbox.clear_faults()
        if fault:
            sandbox.inject("leads.list", **fault)
        return caller.get("leads", page=number, pageSize=20, includeTotal="true")[1]

    first, second = page(1), page(2)
    repeated = page(2, page="repeat")
    assert (repeated["page"], repeated["data"]) == (2, first["data"])
    assert page(5, page="first")["data"] == first["data"]
    assert page(2, page="empty") == second | {"data": []}
    assert page(2, page="short") == second | {"data": second["data"][:10]}
    assert page(99, has_more=True) == page(99) | {"hasMore": True}
    assert page(99, has_more=True, page="first")["data"] == first["data"]
    assert page(2, has_more=False)["hasMore"] is False
    assert page(2, total=5)["totalCount"] == 5
    assert page(2, total=None)["totalCount"] is None
    assert page(2, total=10**6, rows=None) == second | {"totalCount": 10**6}


def test_faults_in_feeds(fresh: Any) -> None:
    sandbox, caller = fresh(_feed_size=20)
    _, first = caller.get("export/leads")
    sandbox.inject("leads.export", continue_from="{from}")
    _, same = caller.get("export/leads", **{"from": first["continueFrom"]})
    assert (same["continueFrom"], same["hasMore"]) == (first["continueFrom"], True)
    for token in ("", None):
        sandbox.inject("leads.export", continue_from=token, has_more=False)
        _, last = caller.get("export/leads", **{"from": first["continueFrom"]})
        assert (last["continueFrom"], last["hasMore"], last["data"]) == (token, False, same["data"])
    caller.get("export/leads")
    sandbox.inject("leads.export", page="repeat")
    assert caller.get("export/leads", **{"from": first["continueFrom"]})[1] == first


def test_faults_in_rows(fresh: Any) -> None:
    sandbox, caller = fresh()

    def drift(rows: list[dict[str, Any]]) -> None:
        rows[0]["id"] = 5.5
        rows[1]["status"] = "Reborn"
        rows[2]["id"] = 2**70
        del rows[3]["priority"]

    sandbox.inject("leads.list", rows=drift)
    _, answer = caller.get("leads")
    assert [answer["data"][0]["id"], answer["data"][1]["status"], answer["data"][2]["id"]] == [5.5, "Reborn", 2**70]
    assert "priority" not in answer["data"][3]
    assert answer["data"][4:] == caller.get("leads")[1]["data"][4:]
    sandbox.inject("leads.list", rows=lambda rows: rows[:1])
    assert len(caller.get("leads")[1]["data"]) == 1
    sandbox.inject(
        "customers.get", rows=[{"at": 0, "set": {"address.city": 7, "new": []}, "drop": ["name", "address.zip"]}]
    )
    customer, plain = caller.get("customers/7")[1], caller.get("customers/7")[1]
    assert (customer["address"]["city"], customer["new"], "name" in customer) == (7, [], False)
    assert plain["address"].keys() - customer["address"].keys() == {"zip"}


def test_a_fault_can_ignore_a_filter(fresh: Any) -> None:
    sandbox, caller = fresh()
    everything = caller.rows("leads")
    sandbox.inject("leads.list", ignore=["status"])
    assert caller.rows("leads", status="Open") == everything
    assert len(caller.rows("leads", status="Open")) < len(everything)


def test_a_token_revoked_during_pagination(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.inject("leads.list", after=1, revoke=True)
    assert statuses(caller, 3) == [200, 401, 401]
    caller.sign_in()
    assert statuses(caller, 1) == [200]


def test_a_function_runs_before_the_response(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.inject("leads.list", after=1, before=lambda: sandbox.remove("leads", 5055))
    ids = [row["id"] for row in caller.get("leads", page=1, pageSize=50)[1]["data"]]
    ids += [row["id"] for row in caller.get("leads", page=2, pageSize=50)[1]["data"]]
    assert 5055 not in ids
    assert len(ids) == 100


def test_faults_at_sign_in(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.inject("sign_in", status=400)
    sandbox.inject("sign_in", status=500, body="<html>")
    assert caller.sign_in() == (400, {"error": "invalid_client"})
    with pytest.raises(json.JSONDecodeError):
        caller.sign_in()
    assert caller.sign_in()[0] == 200


def test_a_fault_for_every_operation(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.inject("*", times=2, status=403)
    assert statuses(caller, 1) + statuses(caller, 2, "customers") == [403, 403, 200]


def test_a_failing_function_is_logged(fresh: Any, caplog: Any) -> None:
    sandbox, caller = fresh()
    sandbox.inject("leads.list", before=lambda: 1 / 0)
    assert statuses(caller, 2) == [500, 200]
    assert "ZeroDivisionError" in caplog.text


def test_faults_from_a_file(fresh: Any, tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(
        json.dumps(
            [
                {"operation": "leads.list", "status": 503},
                {"operation": "Leads_GetList", "after": 1, "total": None, "rows": [{"at": 0, "set": {"id": "x"}}]},
                {"operation": "sign_in", "delay": 0.01},
            ]
        )
    )
    _, caller = fresh(faults=file)
    assert statuses(caller, 1) == [503]
    _, answer = caller.get("leads", includeTotal="true")
    assert (answer["totalCount"], answer["data"][0]["id"]) == (None, "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("{}", "list of objects"),
        ('[{"status": 500}]', "fault 1 in .* needs an operation"),
        ('[{"operation": "*"}, {"operation": "*", "stauts": 500}]', "fault 2 in .* does not know stauts"),
        ('[{"operation": "leads.lists"}]', "leads.lists"),
        ('[{"operation": "*", "page": "last"}]', "last"),
        ('[{"operation": "*", "before": "x"}]', "does not know before"),
        ('[{"operation": "*", "status": "500"}]', "status has the wrong type"),
    ],
)
def test_invalid_fault_files(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        Sandbox(faults=file)


def test_inject_validates_a_fault(fresh: Any) -> None:
    sandbox, _ = fresh()
    fault = sandbox.inject("leads.list")
    assert repr(KEEP) == "KEEP"
    assert fault.response() is None
    assert Fault("leads.list").operation == "Leads_GetList"
    with pytest.raises(UsageError, match="no operation"):
        sandbox.inject("leads.lists")


def test_requests_are_recorded(fresh: Any) -> None:
    sandbox, caller = fresh()
    caller.raw("leads", [("ids", "1"), ("status", "Open"), ("ids", "2")])
    caller.raw("nowhere")
    sign_in, leads, nowhere = sandbox.requests
    assert (sign_in.method, sign_in.path, sign_in.operation, sign_in.status) == (
        "POST",
        "/connect/token",
        "sign_in",
        200,
    )
    assert leads.query == [("ids", "1"), ("status", "Open"), ("ids", "2")]
    assert (leads.operation, leads.status) == ("Leads_GetList", 200)
    assert (nowhere.operation, nowhere.status) == (None, 404)
    assert sandbox.client_secret not in repr(sandbox.requests)
    sandbox.requests.clear()
    caller.raw("leads")
    assert len(sandbox.requests) == 1


# Writes


def lost(caller: Any, method: str, path: str, body: Any = None) -> bool:
    """Return whether the response of a request is cut."""
    try:
        caller.call(method, path, body)
    except (http.client.IncompleteRead, ConnectionError):
        return True
    return False


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [
        ({"status": 503}, 503, False),
        ({"status": 500, "done": True}, 500, True),
        ({"status": 200, "body": {"id": 3}}, 200, False),
        ({"done": False}, 200, False),
        ({"ignore": ["name", "address.zip"]}, 200, False),
        ({"headers": {"X-Odd": "1"}}, 200, True),
    ],
)
def test_a_fault_decides_whether_a_write_is_carried_out(
    fault: dict[str, Any], status: int, done: bool, fresh: Any
) -> None:
    sandbox, caller = fresh()
    before = caller.done("GET", "customers/3")
    sandbox.inject("customers.update", **fault)
    assert caller.raw("customers/3", method="PATCH", data=b'{"name": "New"}', Content_Type="text/json")[0] == status
    assert (caller.done("GET", "customers/3")["name"] == "New") is done
    assert (caller.done("GET", "customers/3") == before) is (not done and "ignore" not in fault)
    caller.done("PATCH", "customers/3", {"name": "Newer"})
    assert caller.done("GET", "customers/3")["name"] == "Newer"


@pytest.mark.parametrize("done", [True, False])
def test_a_response_is_lost_after_or_before_the_write(done: bool, fresh: Any) -> None:
    sandbox, caller = fresh()
    calls = (("PATCH", "customers/3", {"name": "New"}), ("POST", "customers/3/tags/4", None))
    for operation in ("customers.update", "customers.add_tag", "tags.remove"):
        sandbox.inject(operation, cut=0, done=done)
    assert all(lost(caller, *call) for call in calls)
    row = caller.done("GET", "customers/3")
    assert (row["name"] == "New", 4 in row["tagTypeIds"]) == (done, done)
    body = {"customerIds": [3], "tagTypeIds": [1]}
    assert lost(caller, "DELETE", "tags", body)  # one that answers nothing at all
    assert (1 in caller.done("GET", "customers/3")["tagTypeIds"]) is not done
    assert sandbox.requests[-2].body == body
    assert caller.call("POST", "customers/3/tags/4")[0] == (409 if done else 200)


def test_a_write_is_carried_out_after_its_response(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.inject("customers.update", cut=0, late=0.15)
    sandbox.inject("customers.create_note", status=504, late=0.15)
    assert lost(caller, "PATCH", "customers/3", {"name": "Late"})
    assert caller.call("GET", "customers/3")[1]["name"] != "Late"
    assert caller.raw("customers/3/notes", method="POST", data=b'{"text": "n"}', Content_Type="text/json")[0] == 504
    assert caller.rows("customers/3/notes") == []
    time.sleep(0.3)
    assert caller.done("GET", "customers/3")["name"] == "Late"
    assert len(caller.rows("customers/3/notes")) == 1


def test_a_fault_can_drop_a_field_of_a_body(fresh: Any) -> None:
    sandbox, caller = fresh()
    address = caller.done("GET", "customers/3")["address"]
    sent = {"street": "9", "unit": "", "city": "C", "state": "S", "zip": "1", "country": "U"}
    sent |= {"latitude": 1, "longitude": 2}
    sandbox.inject("customers.update", ignore=["address.zip", "doNotMail"])
    row = caller.done("PATCH", "customers/3", {"address": sent, "doNotMail": True, "name": "New"})
    assert row["address"] == {**sent, "zip": None} != address
    assert (row["doNotMail"], row["name"]) == (False, "New")
    assert sandbox.requests[-1].body["doNotMail"] is True


def test_a_fault_changes_a_bare_list(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.inject("contact_preferences.list_types", rows=[{"at": 0, "set": {"dataType": None}}])
    answer = caller.done("GET", "contacts/preferences")
    assert [row["dataType"] for row in answer] == [None, "Bool", "Bool"]


def test_a_fault_file_can_decide_about_writes(fresh: Any, tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    entries = [
        {"operation": "customers.update", "status": 500, "done": True, "late": 0},
        {"operation": "customers.update", "cut": 0, "done": False, "ignore": ["name"]},
    ]
    file.write_text(json.dumps(entries))
    _, caller = fresh(faults=file)
    assert caller.raw("customers/3", method="PATCH", data=b'{"name": "A"}', Content_Type="text/json")[0] == 500
    assert lost(caller, "PATCH", "customers/3", {"name": "B"})
    assert caller.done("GET", "customers/3")["name"] == "A"
    file.write_text(json.dumps([{"operation": "customers.update", "done": 1}]))
    with pytest.raises(UsageError, match="done has the wrong type"):
        fresh(faults=file)
