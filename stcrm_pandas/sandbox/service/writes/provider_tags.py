"""Booking provider tags: made and changed."""

from __future__ import annotations

from stcrm_pandas.contract.schemas.bookings import BOOKING_PROVIDER_TAGS
from stcrm_pandas.sandbox.service.request import Call, Handler
from stcrm_pandas.sandbox.service.responses import Found, Refusal, one
from stcrm_pandas.sandbox.service.writes.rows import made, picked
from stcrm_pandas.sandbox.store.store import Where

ANSWERED = tuple(field for field in BOOKING_PROVIDER_TAGS.fields if field.name != "active")
_TABLE = "booking_provider_tags"


def _create(call: Call) -> Found:
    named = Where("lower(json_extract(t.body, '$.tagName')) = lower(?)", (call.body.get("tagName"),))
    if call.store.rows(_TABLE, named):
        raise Refusal(409, "There is a booking provider tag of this name.")
    row = made(call, BOOKING_PROVIDER_TAGS.fields) | {"type": "V2Api"} | call.body
    row["id"] = call.store.next_id(_TABLE)
    call.store.put(_TABLE, row, call.now)
    return one(picked(row, ANSWERED))


def _update(call: Call) -> Found:
    key = call.row(_TABLE, call.number())["id"]
    call.change(_TABLE, key, call.body)
    return one(picked(call.row(_TABLE, key), ANSWERED))


HANDLERS: dict[str, Handler] = {"BookingProviderTags_Create": _create, "BookingProviderTags_Update": _update}
