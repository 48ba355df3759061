"""Writes to leads, over HTTP, on the tiny company."""

from __future__ import annotations

from typing import Any

from .bodies import PLACED, ids


def test_a_lead_from_a_booking(tiny: Any) -> None:
    token, bookings = tiny.read_feed("export/leads")[1], tiny.read_feed("export/bookings")[1]
    lead = tiny.done("POST", "leads", {"campaignId": 71, "summary": "s", "callReasonId": 90, "bookingId": 8003})
    assert (lead["id"], lead["status"], lead["priority"], lead["bookingId"]) == (5200, "Open", "Normal", 8003)
    assert lead["createdOn"] == lead["modifiedOn"] > "2026-07-01T12"
    assert lead["createdById"] == 550
    assert tiny.done("GET", "leads/5200") == lead
    assert tiny.rows("leads", ids="5200,5001")[-1] == lead
    assert tiny.read_feed("export/leads", token)[0] == [lead | {"active": True}]
    (booking,) = tiny.read_feed("export/bookings", bookings)[0]
    assert (booking["id"], booking["status"]) == (8003, "Dismissed")
    assert tiny.done("GET", "bookings/8003")["modifiedOn"] == booking["modifiedOn"] > "2026-07-01T12"


def test_a_lead_needs_a_reason_or_a_date(tiny: Any) -> None:
    status, answer = tiny.call("POST", "leads", {"campaignId": 71, "summary": "s"})
    assert status == 400
    assert "callReasonId" in answer["errors"]
    assert answer["data"]["rule"] == "a lead needs a call reason or a follow-up date"
    made = tiny.done("POST", "leads", {"campaignId": 71, "summary": "s", "followUpDate": "2026-08-01T10:00:00+02:00"})
    assert made["followUpDate"] == "2026-08-01T08:00:00.0000000Z"


def test_a_lead_is_changed_followed_up_and_dismissed(tiny: Any) -> None:
    before = tiny.done("GET", "leads/5001")
    changed = tiny.done("PATCH", "leads/5001", {"summary": "worse", "leadCity": "Plano"})
    assert changed == before | {"summary": "worse", "leadCity": "Plano", "modifiedOn": changed["modifiedOn"]}
    assert changed["modifiedOn"] > before["modifiedOn"]
    body = {"followUpDate": "2026-08-01T00:00:00Z", "text": "call back", "pinToTop": True}
    answer = tiny.done("POST", "leads/5001/follow-up", body)
    assert answer == {**body, "leadId": 5001, "followUpDate": "2026-08-01T00:00:00.0000000Z"}
    assert tiny.done("GET", "leads/5001")["followUpDate"] == answer["followUpDate"]
    (note,) = tiny.rows("leads/5001/notes")
    assert (note["text"], note["isPinned"], note["createdById"]) == ("call back", True, 550)
    assert tiny.call("POST", "leads/5001/dismiss", {"dismissingReasonId": 3})[0] == 400  # it is dismissed already
    assert tiny.done("POST", "leads/5000/dismiss", {"dismissingReasonId": 3}) is None
    lead = tiny.done("GET", "leads/5000")
    assert (lead["status"], lead["dismissingReasonId"]) == ("Dismissed", 3)


def test_the_form_makes_a_lead(tiny: Any) -> None:
    body = {"name": "Ann", "email": "a@example.com", "phoneNumber": "9725550101", "address": PLACED, "summary": "drip"}
    own = tiny.done("POST", "leads/form", body, {"id": 3})["leadId"]
    lead = tiny.done("GET", f"leads/{own}")
    assert (lead["leadCustomerName"], lead["leadEmail"], lead["leadPhone"]) == ("Ann", "a@example.com", "9725550101")
    assert (lead["leadStreet"], lead["leadZip"], lead["campaignId"]) == ("1 Elm St", "75023", 70)
    assert own in ids(tiny.rows("leads", isCaptureSourceForm="true"))
    assert tiny.call("POST", "leads/form", body, {"id": "x"})[0] == 400


def test_a_lead_refers_to_existing_rows(tiny: Any) -> None:
    body = {
        "campaignId": 1,
        "summary": "s",
        "callReasonId": 1,
        "customerId": 10**9,
        "tagTypeIds": [1, 77],
        "bookingId": 8007,  # deleted
        "jobTypeId": 1,
        "businessUnitId": 1,
        "locationId": 1,
    }
    status, answer = tiny.call("POST", "leads", body)
    assert (status, answer["errors"].keys()) == (400, body.keys() - {"summary"})
    whose = {"campaignId": 71, "summary": "s", "callReasonId": 90, "customerId": 3, "locationId": 300}
    assert tiny.call("POST", "leads", whose)[1]["errors"].keys() == {"locationId"}
    assert len(tiny.rows("leads")) == 192


def test_notes_of_deleted_leads_can_be_read(fresh: Any) -> None:
    sandbox, tiny = fresh()
    tiny.done("POST", "leads/5001/notes", {"text": "call back"})
    sandbox.remove("leads", 5001)
    assert tiny.call("GET", "leads/5001")[0] == 404
    assert [note["text"] for note in tiny.rows("leads/5001/notes")] == ["call back"]
    assert tiny.call("GET", "leads/99999/notes")[0] == 404, "never there"
