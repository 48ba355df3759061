"""Handlers that create and change booking provider tags."""

from __future__ import annotations

from stcrm_pandas.contract.schemas.bookings import BOOKING_PROVIDER_TAGS
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler
from stcrm_pandas.sandbox.service.responses import HttpError, ResponseBody
from stcrm_pandas.sandbox.service.writes.rows import new_row, select
from stcrm_pandas.sandbox.store.store import Condition

RESPONSE_FIELDS = tuple(field for field in BOOKING_PROVIDER_TAGS.fields if field.name != "active")
_TABLE = "booking_provider_tags"


def _create(request: ApiRequest) -> ResponseBody:
    named = Condition("lower(json_extract(t.body, '$.tagName')) = lower(?)", (request.body.get("tagName"),))
    if request.store.rows(_TABLE, named):
        raise HttpError(409, "A booking provider tag with this name already exists.")
    row = new_row(request, BOOKING_PROVIDER_TAGS.fields) | {"type": "V2Api"} | request.body
    row["id"] = request.store.next_id(_TABLE)
    request.store.put(_TABLE, row, request.now)
    return ResponseBody.of(select(row, RESPONSE_FIELDS))


def _update(request: ApiRequest) -> ResponseBody:
    key = request.path_row(_TABLE)["id"]
    request.change(_TABLE, key, request.body)
    return ResponseBody.of(select(request.row(_TABLE, key), RESPONSE_FIELDS))


HANDLERS: dict[str, Handler] = {"BookingProviderTags_Create": _create, "BookingProviderTags_Update": _update}
