"""Handlers that create, change and dismiss bookings of a provider."""

from __future__ import annotations

from stcrm_pandas.contract.schemas.bookings import BOOKINGS
from stcrm_pandas.contract.schemas.parts import ADDRESS
from stcrm_pandas.sandbox.service.parameters import parse_integer
from stcrm_pandas.sandbox.service.reads import booking_of_provider, stored_row
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler, not_found
from stcrm_pandas.sandbox.service.responses import NO_BODY, HttpError, ResponseBody
from stcrm_pandas.sandbox.service.writes.contact_rows import BOOKING, add_contact
from stcrm_pandas.sandbox.service.writes.rows import empty_row, new_row, non_null
from stcrm_pandas.sandbox.store.store import of_parent

NO_START = "0001-01-01T00:00:00Z"
"""The start of a booking created without one, which the contract requires; by the book it is the current time."""


def _create(request: ApiRequest) -> ResponseBody:
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


def _update(request: ApiRequest) -> ResponseBody:
    key = booking_of_provider(request)["id"]
    request.change("bookings", key, request.body)
    return stored_row(request, "bookings", key)


def _dismiss(request: ApiRequest) -> ResponseBody:
    try:
        parse_integer(request.path["booking_provider"])
    except ValueError:  # the contract allows any text here
        raise HttpError(404, "There is no such booking provider.") from None
    key = booking_of_provider(request)["id"]
    request.change("bookings", key, {"status": "Dismissed", "dismissingReasonId": request.body.get("callReasonId")})
    return NO_BODY


HANDLERS: dict[str, Handler] = {
    "Bookings_Create": _create,
    "Bookings_Update": _update,
    "Bookings_DismissBooking": _dismiss,
}
