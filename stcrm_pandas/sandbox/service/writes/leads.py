"""Handlers that write leads (also from a form), bookings of a provider, and tags of booking providers."""

from __future__ import annotations

from typing import Any

from stcrm_pandas.contract.schemas.bookings import BOOKING_PROVIDER_TAGS, BOOKINGS
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.contract.schemas.parts import ADDRESS
from stcrm_pandas.sandbox.service.reads import booking_of_provider, stored_row
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler, not_found, parse_integer, parse_query
from stcrm_pandas.sandbox.service.request_bodies import empty_row, new_row, non_null, select, unique
from stcrm_pandas.sandbox.service.responses import NO_BODY, HttpError, ResponseBody
from stcrm_pandas.sandbox.service.writes.contacts import BOOKING, add_contact
from stcrm_pandas.sandbox.service.writes.customers import write_note
from stcrm_pandas.sandbox.store.store import ALL_ROWS, Condition, of_parent

CAPTURE_SOURCE = "LeadForm"
"""The capture source of leads from the form."""


def _create_lead(request: ApiRequest) -> ResponseBody:
    row = new_row(request, LEADS.fields) | {"status": "Open", "priority": "Normal"} | non_null(request.body)
    row["tagTypeIds"] = unique(row["tagTypeIds"])
    if row["bookingId"] is not None:
        request.change("bookings", row["bookingId"], {"status": "Dismissed"})
    return _add_lead(request, row)


def _add_lead(request: ApiRequest, row: dict[str, Any]) -> ResponseBody:
    row["id"] = request.store.next_id("leads")
    request.store.put("leads", row, request.now)
    return stored_row(request, "leads", row["id"])


def _update_lead(request: ApiRequest) -> ResponseBody:
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


def _dismiss_lead(request: ApiRequest) -> ResponseBody:
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
    _add_lead(request, row)
    return ResponseBody.of({"leadId": row["id"]})


NO_START = "0001-01-01T00:00:00Z"
"""The start of a booking created without one, which the contract requires; by the book it is the current time."""


def _create_booking(request: ApiRequest) -> ResponseBody:
    provider = _provider(request)
    row = new_row(request, BOOKINGS.fields) | {"status": "New"} | non_null(request.body, "contacts")
    row["start"] = row["start"] or (request.timestamp if request.by_the_book else NO_START)
    row |= {"id": request.store.next_id("bookings"), "bookingProviderId": provider}
    if row["address"] is not None:
        row["address"] = empty_row(ADDRESS) | row["address"]
    request.store.put("bookings", row, request.now)
    for contact in request.body.get("contacts") or ():
        add_contact(request, BOOKING, row, contact)
    return stored_row(request, "bookings", row["id"])


def _provider(request: ApiRequest) -> int:
    """Return the provider in the path, or raise a 404 where it has neither a tag nor bookings."""
    provider = request.path_number("booking_provider")
    has_bookings = request.store.rows("bookings", of_parent(provider), most=1)
    if not has_bookings and request.store.missing("booking_provider_tags", [provider]):
        raise not_found("booking providers", provider)
    return provider


def _update_booking(request: ApiRequest) -> ResponseBody:
    key = booking_of_provider(request)["id"]
    request.change("bookings", key, request.body)
    return stored_row(request, "bookings", key)


def _dismiss_booking(request: ApiRequest) -> ResponseBody:
    try:
        parse_integer(request.path["booking_provider"])
    except ValueError:  # the contract allows any text here
        raise HttpError(404, "There is no such booking provider.") from None
    key = booking_of_provider(request)["id"]
    request.change("bookings", key, {"status": "Dismissed", "dismissingReasonId": request.body.get("callReasonId")})
    return NO_BODY


PROVIDER_TAG_RESPONSE = tuple(field for field in BOOKING_PROVIDER_TAGS.fields if field.name != "active")
_PROVIDER_TAGS = "booking_provider_tags"


def _create_provider_tag(request: ApiRequest) -> ResponseBody:
    named = Condition("lower(json_extract(t.body, '$.tagName')) = lower(?)", (request.body.get("tagName"),))
    if request.store.rows(_PROVIDER_TAGS, named):
        raise HttpError(409, "A booking provider tag with this name already exists.")
    row = new_row(request, BOOKING_PROVIDER_TAGS.fields) | {"type": "V2Api"} | request.body
    row["id"] = request.store.next_id(_PROVIDER_TAGS)
    request.store.put(_PROVIDER_TAGS, row, request.now)
    return ResponseBody.of(select(row, PROVIDER_TAG_RESPONSE))


def _update_provider_tag(request: ApiRequest) -> ResponseBody:
    key = request.path_row(_PROVIDER_TAGS)["id"]
    request.change(_PROVIDER_TAGS, key, request.body)
    return ResponseBody.of(select(request.row(_PROVIDER_TAGS, key), PROVIDER_TAG_RESPONSE))


HANDLERS: dict[str, Handler] = {
    "Leads_Create": _create_lead,
    "Leads_Update": _update_lead,
    "Leads_CreateFollowUp": _follow_up,
    "Leads_Dismiss": _dismiss_lead,
    "Leads_SubmitLeadForm": _submit_form,
    "Bookings_Create": _create_booking,
    "Bookings_Update": _update_booking,
    "Bookings_DismissBooking": _dismiss_booking,
    "BookingProviderTags_Create": _create_provider_tag,
    "BookingProviderTags_Update": _update_provider_tag,
}
