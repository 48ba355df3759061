"""Writes to bookings and booking provider tags, over HTTP, on the tiny company."""

from __future__ import annotations

from typing import Any

from .bodies import ADDRESS, PHONE


def test_a_booking_of_a_provider(tiny: Any) -> None:
    body = {"source": "Web", "name": "Ann", "summary": "s", "isFirstTimeClient": True, "externalId": "x-1"}
    made = tiny.done("POST", "booking-provider/42/bookings", {**body, "contacts": [PHONE, PHONE]})
    assert (made["id"], made["status"], made["bookingProviderId"]) == (8030, "New", 42)
    assert made["start"] == "0001-01-01T00:00:00Z"
    path = f"booking-provider/42/bookings/{made['id']}"
    assert tiny.rows("booking-provider/42/bookings") == [made] == tiny.rows("bookings", externalId="x-1")
    assert [(contact["id"], contact["memo"]) for contact in tiny.rows(f"{path}/contacts")] == [(1, ""), (2, "")]
    assert tiny.call("GET", "booking-provider/40/bookings/8030")[0] == 404
    assert tiny.call("PATCH", "booking-provider/40/bookings/8030", {"name": "Eve"})[0] == 404
    assert tiny.call("GET", "booking-provider/40/bookings/8030/contacts")[0] == 404
    changed = tiny.done("PATCH", path, {"name": "Eve", "address": ADDRESS})
    assert (changed["name"], changed["address"], changed["summary"]) == ("Eve", ADDRESS, "s")
    assert tiny.call("POST", "booking-provider/999/bookings", {**body, "contacts": [PHONE]})[0] == 404

    contact = tiny.done("POST", f"{path}/contacts", {"type": "Email", "value": "a@example.com", "memo": "m"})
    assert contact.keys() == {"id", "type", "value", "memo", "modifiedOn"}
    answer = tiny.done("PATCH", f"{path}/contacts/{contact['id']}", {"value": "b@example.com"})
    assert answer == {"type": "Email", "value": "b@example.com", "memo": "m"}
    assert tiny.rows(f"bookings/{made['id']}/contacts")[-1]["value"] == "b@example.com"
    tiny.done("DELETE", f"{path}/contacts/{contact['id']}")
    assert len(tiny.rows(f"{path}/contacts")) == 2
    assert tiny.call("DELETE", f"{path}/contacts/{contact['id']}")[0] == 404
    assert tiny.done("POST", f"{path}/contacts", PHONE)["id"] == 4  # an id is not given twice

    assert tiny.done("POST", f"{path}/dismiss", {"callReasonId": 91}) is None
    assert tiny.done("GET", path)["status"] == "Dismissed"
    assert tiny.call("POST", f"{path}/dismiss", {})[0] == 400
    assert tiny.call("POST", "booking-provider/abc/bookings/8030/dismiss", {})[0] == 404


def test_a_booking_needs_a_name_and_an_address_or_a_contact(tiny: Any) -> None:
    body = {"source": "Web", "name": "Ann", "summary": "s", "isFirstTimeClient": True, "externalId": "x-1"}
    before = len(tiny.rows("bookings"))
    for wrong, rule in (
        (body, "a booking has an address or a contact"),
        ({**body, "contacts": []}, "a booking has an address or a contact"),
        ({**body, "address": ADDRESS, "name": " "}, "a booking has a name"),
    ):
        status, answer = tiny.call("POST", "booking-provider/42/bookings", wrong)
        assert (status, answer["data"]["rule"]) == (400, rule)
    assert len(tiny.rows("bookings")) == before
    tiny.done("POST", "booking-provider/42/bookings", {**body, "address": ADDRESS})
    tiny.done("POST", "booking-provider/42/bookings", {**body, "contacts": [PHONE]})


def test_booking_provider_tags(tiny: Any) -> None:
    made = tiny.done("POST", "booking-provider-tags", {"tagName": "Agent", "description": "d"})
    assert made == {
        "id": 43,
        "tagName": "Agent",
        "description": "d",
        "type": "V2Api",
        "createdOn": made["createdOn"],
        "modifiedOn": made["createdOn"],
    }
    assert tiny.call("POST", "booking-provider-tags", {"tagName": "AGENT", "description": ""})[0] == 409
    assert tiny.call("PATCH", "booking-provider-tags/43", {"tagName": "Partner 1"})[0] == 400
    assert tiny.done("PATCH", "booking-provider-tags/43", {"description": "e"})["tagName"] == "Agent"
    assert tiny.done("GET", "booking-provider-tags/43")["description"] == "e"
    assert tiny.rows("booking-provider-tags", name="agent", ids="43,41")[0]["active"] is True
    assert tiny.call("PATCH", "booking-provider-tags/1", {"description": "e"})[0] == 404
