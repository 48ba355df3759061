"""Bookings of a provider: made, changed, dismissed."""

from __future__ import annotations

from stcrm_pandas.contract.schemas.bookings import BOOKINGS
from stcrm_pandas.contract.schemas.parts import ADDRESS
from stcrm_pandas.sandbox.service.parameters import whole_number
from stcrm_pandas.sandbox.service.reads import providers_booking, stored
from stcrm_pandas.sandbox.service.request import Call, Handler, absent
from stcrm_pandas.sandbox.service.responses import NOTHING, Found, Refusal
from stcrm_pandas.sandbox.service.writes.contact_rows import BOOKING, add_line
from stcrm_pandas.sandbox.service.writes.rows import blank, given, made
from stcrm_pandas.sandbox.store.store import Where

NEVER = "0001-01-01T00:00:00Z"
"""The start of a booking that asked for none, since the contract wants a moment there; by the book it is now."""


def _create(call: Call) -> Found:
    provider = _provider(call)
    row = made(call, BOOKINGS.fields) | {"status": "New"} | given(call.body, "contacts")
    row["start"] = row["start"] or (call.moment if call.by_the_book else NEVER)
    row |= {"id": call.store.next_id("bookings"), "bookingProviderId": provider}
    if row["address"] is not None:
        row["address"] = blank(ADDRESS) | row["address"]
    call.store.put("bookings", row, call.now)
    for contact in call.body.get("contacts") or ():
        add_line(call, BOOKING, row, contact)
    return stored(call, "bookings", row["id"])


def _provider(call: Call) -> int:
    """The provider in the path: one that has a tag, or bookings already."""
    provider = call.number("booking_provider")
    has_bookings = call.store.rows("bookings", Where("t.parent = ?", (provider,)), most=1)
    if not has_bookings and call.store.missing("booking_provider_tags", [provider]):
        raise absent("booking providers", provider)
    return provider


def _update(call: Call) -> Found:
    key = providers_booking(call)["id"]
    call.change("bookings", key, call.body)
    return stored(call, "bookings", key)


def _dismiss(call: Call) -> Found:
    try:
        whole_number(call.path["booking_provider"])
    except ValueError:  # the contract takes any text here
        raise Refusal(404, "There is no such booking provider.") from None
    key = providers_booking(call)["id"]
    call.change("bookings", key, {"status": "Dismissed", "dismissingReasonId": call.body.get("callReasonId")})
    return NOTHING


HANDLERS: dict[str, Handler] = {
    "Bookings_Create": _create,
    "Bookings_Update": _update,
    "Bookings_DismissBooking": _dismiss,
}
