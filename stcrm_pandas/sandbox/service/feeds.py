"""What answers a feed: rows in the order of change, from a token or a date on."""

from __future__ import annotations

import base64
import binascii

import orjson

from stcrm_pandas.sandbox.service import parameters
from stcrm_pandas.sandbox.service.request import Call, Handler
from stcrm_pandas.sandbox.service.responses import Found, Refusal
from stcrm_pandas.sandbox.store.clock import SECOND, moment
from stcrm_pandas.sandbox.store.store import Place

RECENT = 600 * SECOND
"""How far back a feed with `includeRecentChanges` may repeat what it has handed out."""


def feed(table: str) -> Handler:
    """Rows in the order of change, from a token or a date on."""

    def handle(call: Call) -> Found:
        values = parameters.read(call.query, (*call.operation.filters, parameters.FROM), strict=call.by_the_book)
        asked, walking = _start(table, values.get("from", ""))
        start = asked
        if values.get("includeRecentChanges") and not walking:
            # Within a walk it must go on, or a feed with more recent rows than fit an answer would never end.
            start = min(asked, Place(call.now - RECENT, 0), key=lambda place: (place.seq, place.number))
        horizon = None if values.get("includeRecentChanges") else call.store.horizon(call.now)
        found, last = call.store.changes(table, start, call.feed_size, horizon)
        more = found.total > found.rows
        token = _token(table, last if found.rows else asked, walking=more)
        return Found(found.pieces, {"hasMore": more, "continueFrom": token})

    return handle


def _token(table: str, place: Place, *, walking: bool) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([table, place.seq, place.number, walking])).decode().rstrip("=")


def _start(table: str, text: str) -> tuple[Place, bool]:
    """Where a feed goes on, and whether the token was handed out in the middle of a walk."""
    if not text:
        return Place(-1, 0), False
    try:
        return Place(moment(text), -1), False
    except ValueError:
        pass
    try:
        of, seq, number, walking = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if of == table:
            return Place(int(seq), int(number)), bool(walking)
    except (binascii.Error, ValueError, TypeError):
        pass
    raise Refusal(
        400,
        errors={"from": ["It is neither a token of this feed nor a date."]},
        rule="a feed starts at its token or a date",
    )
