"""Handlers that create leads (also from a booking or a form), change, follow up and dismiss them."""

from __future__ import annotations

from typing import Any

from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.sandbox.service.parameters import parse_query
from stcrm_pandas.sandbox.service.reads import stored_row
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler
from stcrm_pandas.sandbox.service.responses import NO_BODY, ResponseBody
from stcrm_pandas.sandbox.service.writes.notes import write_note
from stcrm_pandas.sandbox.service.writes.rows import new_row, non_null, unique
from stcrm_pandas.sandbox.store.store import ALL_ROWS

CAPTURE_SOURCE = "LeadForm"
"""The capture source of leads from the form."""


def _create(request: ApiRequest) -> ResponseBody:
    row = new_row(request, LEADS.fields) | {"status": "Open", "priority": "Normal"} | non_null(request.body)
    row["tagTypeIds"] = unique(row["tagTypeIds"])
    if row["bookingId"] is not None:
        request.change("bookings", row["bookingId"], {"status": "Dismissed"})
    return _add(request, row)


def _add(request: ApiRequest, row: dict[str, Any]) -> ResponseBody:
    row["id"] = request.store.next_id("leads")
    request.store.put("leads", row, request.now)
    return stored_row(request, "leads", row["id"])


def _update(request: ApiRequest) -> ResponseBody:
    key = request.path_row("leads")["id"]
    request.change("leads", key, request.body)
    return stored_row(request, "leads", key)


def _follow_up(request: ApiRequest) -> ResponseBody:
    key = request.path_row("leads")["id"]
    date, text, pinned = request.body.get("followUpDate"), request.body.get("text"), bool(request.body.get("pinToTop"))
    request.change("leads", key, {"followUpDate": date})
    if text:
        write_note(request, "lead_notes", key, text, pinned=pinned)
    return ResponseBody.of({"leadId": key, "followUpDate": date, "text": text, "pinToTop": pinned})


def _dismiss(request: ApiRequest) -> ResponseBody:
    key = request.path_row("leads")["id"]
    request.change("leads", key, {"status": "Dismissed", "dismissingReasonId": request.body.get("dismissingReasonId")})
    return NO_BODY


def _submit_form(request: ApiRequest) -> ResponseBody:
    parse_query(request.query, request.operation.filters, strict=request.by_the_book)
    body, address = request.body, request.body.get("address") or {}
    first = "json_extract(t.body, '$.isDefaultCampaign') DESC, t.active DESC, t.id"
    campaigns = request.store.rows("campaigns", ALL_ROWS, first, 1)
    row = new_row(request, LEADS.fields) | {
        "status": "Open",
        "priority": "Normal",
        "campaignId": campaigns[0]["id"] if campaigns else 0,
        "summary": body.get("summary"),
        "leadCustomerName": body.get("name"),
        "leadPhone": body.get("phoneNumber"),
        "leadEmail": body.get("email"),
        "captureSource": CAPTURE_SOURCE,
    }
    for part in ("street", "unit", "city", "state", "zip", "country"):
        row[f"lead{part.capitalize()}"] = address.get(part)
    _add(request, row)
    return ResponseBody.of({"leadId": row["id"]})


HANDLERS: dict[str, Handler] = {
    "Leads_Create": _create,
    "Leads_Update": _update,
    "Leads_CreateFollowUp": _follow_up,
    "Leads_Dismiss": _dismiss,
    "Leads_SubmitLeadForm": _submit_form,
}
