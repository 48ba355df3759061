"""Feeds, and what happens to lists and feeds when rows change."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest

from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox import Sandbox

from .conftest import AS_OF, Caller, Tiny

FEEDS = {
    "export/leads": "leads",
    "export/bookings": "bookings",
    "export/customers": "customers",
    "export/customers/contacts": "customer_contacts",
    "export/locations": "locations",
    "export/locations/contacts": "location_contacts",
}


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_has_every_row_in_order_of_change(path: str, fresh: Any, tables: Any) -> None:
    _, caller = fresh(_feed_size=7)
    rows, token = caller.read_feed(path)
    expected = tables[FEEDS[path]]
    assert sorted(map(repr, (sorted(row.items()) for row in rows))) == sorted(
        map(repr, (sorted(row.items()) for row in expected))
    )
    assert any(row["active"] is False for row in rows)
    moments = [row["modifiedOn"].rstrip("Z") for row in rows]
    assert moments == sorted(moments)
    assert caller.read_feed(path, token) == ([], token)


def test_a_feed_from_a_date(caller: Any, tables: Any) -> None:
    rows, token = caller.read_feed("export/leads", "2026-04-01")
    assert len(rows) == sum(row["modifiedOn"] >= "2026-04-01" for row in tables["leads"]) > 0
    assert caller.read_feed("export/leads", token)[0] == []
    nothing, token = caller.read_feed("export/leads", "2030-01-01")
    assert nothing == []
    assert caller.read_feed("export/leads", token)[0] == []


def test_a_token_is_valid_for_its_feed_only(caller: Any) -> None:
    _, token = caller.read_feed("export/leads")
    for path, start in (("export/customers", token), ("export/leads", "nonsense"), ("export/leads", token[:-5])):
        status, answer = caller.get(path, **{"from": start})
        assert (status, list(answer["errors"])) == (400, ["from"])


def test_changes_follow_the_token(fresh: Any) -> None:
    sandbox, caller = fresh()
    _, token = caller.read_feed("export/leads")
    sandbox.change("leads", 5001, status="Converted")
    sandbox.remove("leads", 5002)
    sandbox.put("leads", {"id": 7777, "status": "Open"})
    sandbox.change("leads", 5004, summary="old", modifiedOn="2020-01-01T00:00:00Z")
    rows, after = caller.read_feed("export/leads", token)
    assert [(row["id"], row["active"]) for row in rows] == [(5001, True), (5002, False), (7777, True), (5004, True)]
    assert rows[0]["status"] == "Converted"
    assert rows[0]["modifiedOn"].startswith("2026-07-01T12:")
    assert rows[3]["modifiedOn"] == "2020-01-01T00:00:00Z"
    assert caller.read_feed("export/leads", after)[0] == []


def test_a_change_appears_after_15_minutes(fresh: Any) -> None:
    sandbox, caller = fresh(feed_delay=900, _feed_size=7, _token_lifetime=1e9)
    founded, token = caller.read_feed("export/leads")
    assert len(founded) == 200, "the company's rows are there from the start"
    sandbox.change("leads", 5001, status="Converted")
    sandbox.put("leads", {"id": 7777, "status": "Open"})
    sandbox.remove("leads", 5002)
    assert caller.read_feed("export/leads", token) == ([], token)
    assert caller.read_feed("export/leads") == (founded, token), "each row as it was, and none is missing"
    recent, _ = caller.read_feed("export/leads", token, includeRecentChanges="true")
    assert [row["id"] for row in recent] == [5001, 7777, 5002]

    sandbox.advance(dt.timedelta(minutes=14))
    assert caller.read_feed("export/leads", token) == ([], token)
    sandbox.change("leads", 5001, status="Dismissed")
    sandbox.advance(120)
    rows, token = caller.read_feed("export/leads", token)
    assert [(row["id"], row["status"], row["active"]) for row in rows] == [
        (5001, "Converted", True),
        (7777, "Open", True),
        (5002, "Converted", False),
    ], "as of a quarter of an hour ago, when 5001 had been changed once"
    sandbox.advance(dt.timedelta(minutes=14))
    rows, token = caller.read_feed("export/leads", token)
    assert [(row["id"], row["status"]) for row in rows] == [(5001, "Dismissed")]
    assert caller.read_feed("export/leads", token) == ([], token)
    with pytest.raises(UsageError, match="cannot go back"):
        sandbox.advance(-1)


def test_feeds_have_a_delay_by_default() -> None:
    with Sandbox(company=Tiny(), as_of=AS_OF, rate_limit=None) as sandbox:
        caller = Caller(sandbox)
        _, token = caller.read_feed("export/customers")
        sandbox.change("customers", 7, name="New")
        assert caller.read_feed("export/customers", token) == ([], token)
        sandbox.advance(900)
        caller.sign_in()  # tokens age, too
        assert [row["id"] for row in caller.read_feed("export/customers", token)[0]] == [7]
    with pytest.raises(UsageError, match="feed_delay"):
        Sandbox(feed_delay=-1)


@pytest.mark.parametrize("seed", range(4))
def test_no_token_skips_a_change(seed: int, fresh: Any) -> None:
    """A client that continues from each token sees every change, whatever the order of reads, changes and time."""
    sandbox, caller = fresh(feed_delay=900, _feed_size=5, _token_lifetime=1e9)
    chance = random.Random(seed)
    known: dict[int, Any] = {}
    token = ""
    for step in range(150):
        what = chance.random()
        if what < 0.45:
            lead = 5000 + chance.randrange(12)
            if what < 0.40:
                sandbox.change("leads", lead, summary=f"step {step}")
            else:
                sandbox.put("leads", {"id": 9000 + step, "status": "Open"})
        elif what < 0.6:
            sandbox.advance(chance.choice((1, 60, 400, 899, 1000)))
        else:
            recent = {"includeRecentChanges": "true"} if chance.random() < 0.3 else {}
            _, answer = caller.get("export/leads", **({"from": token} if token else {}), **recent)
            known |= {row["id"]: row for row in answer["data"]}
            token = answer["continueFrom"]
    sandbox.advance(900)
    known |= {row["id"]: row for row in caller.read_feed("export/leads", token)[0]}
    assert known == {row["id"]: row for row in caller.read_feed("export/leads", includeRecentChanges="true")[0]}


def test_recent_changes_are_repeated(fresh: Any) -> None:
    sandbox, caller = fresh(_feed_size=2)
    _, token = caller.read_feed("export/leads", includeRecentChanges="true")
    for lead in (5001, 5002, 5004, 5005, 5006):
        sandbox.change("leads", lead, summary="new")
    rows, token = caller.read_feed("export/leads", token, includeRecentChanges="true")
    assert [row["id"] for row in rows] == [5001, 5002, 5004, 5005, 5006]
    rows, token = caller.read_feed("export/leads", token, includeRecentChanges="true")
    assert [row["id"] for row in rows] == [5001, 5002, 5004, 5005, 5006], "again, though nothing changed"
    assert caller.read_feed("export/leads", token)[0] == []


def test_a_deleted_row_is_not_listed(fresh: Any) -> None:
    sandbox, caller = fresh()
    before = len(caller.rows("leads"))
    sandbox.remove("leads", 5001)
    assert len(caller.rows("leads")) == before - 1
    assert caller.get("leads/5001")[0] == 404
    sandbox.remove("customers", 9)
    assert caller.get("customers/9")[0] == 404
    assert caller.rows("customers", active="Any", ids="9") == []
    sandbox.remove("customer_contacts", (3, 3))
    assert caller.rows("customers/contacts", customerIds="3") == []


def test_a_row_moves_during_pagination(fresh: Any) -> None:
    sandbox, caller = fresh()
    query = {"modifiedOnOrAfter": "1970-01-01", "pageSize": 30}
    _, first_page = caller.get("customers/contacts", **query)
    first = first_page["data"][0]
    sandbox.change("customer_contacts", (first["customerId"], first["id"]), memo="moved")
    _, second_page = caller.get("customers/contacts", **query, page=2)
    names = [(row["customerId"], row["id"]) for row in (*first_page["data"], *second_page["data"])]
    assert names.count((first["customerId"], first["id"])) == 2, "at the old place, then at the end"
    assert len({*names}) == len(caller.rows("customers/contacts", modifiedOnOrAfter="1970-01-01")) - 1


def test_parts_of_a_row_can_be_changed(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.change("customers", 7, **{"address.city": None, "name": "New"})
    row = caller.get("customers/7")[1]
    assert (row["address"]["city"], row["address"]["street"], row["name"]) == (None, "7 Oak St", "New")
    assert sandbox.row("customers", 7) == row


def test_an_accounting_change_is_not_an_edit(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.change("customers", 7, balance=12.5)
    sandbox.change("customers", 9, name="New", balance=1.0)
    recent = {"modifiedOnOrAfter": "2026-07-01"}
    assert [row["id"] for row in caller.rows("customers", **recent)] == [7, 9]
    without = caller.rows("customers", **recent, excludeAccountingChangesFromModifiedDateRange="true")
    assert [row["id"] for row in without] == [9]
    before = caller.rows("customers", modifiedBefore="2026-07-01", excludeAccountingChangesFromModifiedDateRange="true")
    assert 7 in {row["id"] for row in before}


def test_a_row_added_twice_is_replaced(fresh: Any) -> None:
    sandbox, caller = fresh()
    for memo in ("a", "b"):
        sandbox.put("customer_contacts", {"id": 4, "customerId": 3, "memo": memo, "type": "Phone", "value": "1"})
    rows = caller.rows("customers/contacts", customerIds="3,4")
    assert sorted((row["customerId"], row["id"], row["memo"]) for row in rows) == [
        (3, 3, None),
        (3, 4, "b"),
        (4, 4, None),
    ]


def test_errors_name_the_mistake(fresh: Any) -> None:
    sandbox, _ = fresh()
    with pytest.raises(UsageError, match="no row 1 in leads"):
        sandbox.change("leads", 1, status="Open")
    with pytest.raises(UsageError, match="no table 'lead'"):
        sandbox.remove("lead", 1)
    with pytest.raises(UsageError, match=r"\(customerId, id\)"):
        sandbox.remove("customer_contacts", 3)
    with pytest.raises(UsageError, match="only by its id"):
        sandbox.remove("leads", (1, 2))
    sandbox.put("something_new", {"id": 2})
    assert sandbox.row("something_new", 2)["id"] == 2
