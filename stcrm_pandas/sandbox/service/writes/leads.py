"""Leads: made from nothing, from a booking, by a form; changed, followed up, dismissed."""

from __future__ import annotations

from typing import Any

from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.sandbox.service.parameters import read
from stcrm_pandas.sandbox.service.reads import stored
from stcrm_pandas.sandbox.service.request import Call, Handler
from stcrm_pandas.sandbox.service.responses import NOTHING, Found, one
from stcrm_pandas.sandbox.service.writes.notes import write_note
from stcrm_pandas.sandbox.service.writes.rows import distinct, given, made
from stcrm_pandas.sandbox.store.store import Where

FORM = "LeadForm"
"""What leads of the form say of where they come from."""


def _create(call: Call) -> Found:
    row = made(call, LEADS.fields) | {"status": "Open", "priority": "Normal"} | given(call.body)
    row["tagTypeIds"] = distinct(row["tagTypeIds"])
    if row["bookingId"] is not None:
        call.change("bookings", row["bookingId"], {"status": "Dismissed"})
    return _add(call, row)


def _add(call: Call, row: dict[str, Any]) -> Found:
    row["id"] = call.store.next_id("leads")
    call.store.put("leads", row, call.now)
    return stored(call, "leads", row["id"])


def _update(call: Call) -> Found:
    key = call.row("leads", call.number())["id"]
    call.change("leads", key, call.body)
    return stored(call, "leads", key)


def _follow_up(call: Call) -> Found:
    key = call.row("leads", call.number())["id"]
    date, text, pinned = call.body.get("followUpDate"), call.body.get("text"), bool(call.body.get("pinToTop"))
    call.change("leads", key, {"followUpDate": date})
    if text:
        write_note(call, "lead_notes", key, text, pinned=pinned)
    return one({"leadId": key, "followUpDate": date, "text": text, "pinToTop": pinned})


def _dismiss(call: Call) -> Found:
    key = call.row("leads", call.number())["id"]
    call.change("leads", key, {"status": "Dismissed", "dismissingReasonId": call.body.get("dismissingReasonId")})
    return NOTHING


def _submit_form(call: Call) -> Found:
    read(call.query, call.operation.filters, strict=call.by_the_book)
    body, address = call.body, call.body.get("address") or {}
    first = "json_extract(t.body, '$.isDefaultCampaign') DESC, t.active DESC, t.id"
    campaigns = call.store.rows("campaigns", Where("1"), first, 1)
    row = made(call, LEADS.fields) | {
        "status": "Open",
        "priority": "Normal",
        "campaignId": campaigns[0]["id"] if campaigns else 0,
        "summary": body.get("summary"),
        "leadCustomerName": body.get("name"),
        "leadPhone": body.get("phoneNumber"),
        "leadEmail": body.get("email"),
        "captureSource": FORM,
    }
    for part in ("street", "unit", "city", "state", "zip", "country"):
        row[f"lead{part.capitalize()}"] = address.get(part)
    _add(call, row)
    return one({"leadId": row["id"]})


HANDLERS: dict[str, Handler] = {
    "Leads_Create": _create,
    "Leads_Update": _update,
    "Leads_CreateFollowUp": _follow_up,
    "Leads_Dismiss": _dismiss,
    "Leads_SubmitLeadForm": _submit_form,
}
