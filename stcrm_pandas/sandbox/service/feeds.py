"""Handlers of feeds: rows in the order of their last change."""

from __future__ import annotations

import base64
import binascii

import orjson

from stcrm_pandas.sandbox.service import parameters
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler
from stcrm_pandas.sandbox.service.responses import HttpError, ResponseBody
from stcrm_pandas.sandbox.store.clock import SECOND, parse_time
from stcrm_pandas.sandbox.store.store import FeedPosition

RECENT = 600 * SECOND
"""Ticks for which a feed with `includeRecentChanges` repeats changes."""


def feed(table: str) -> Handler:
    """Return the handler of a feed that starts at a token or a date."""

    def handle(request: ApiRequest) -> ResponseBody:
        filters = (*request.operation.filters, parameters.FROM)
        values = parameters.parse_query(request.query, filters, strict=request.by_the_book)
        include_recent = values.get("includeRecentChanges")
        start, unfinished = _start(table, values.get("from", ""))
        first = start
        if include_recent and not unfinished:
            # Within one pagination, a feed with more recent rows than fit in a response would never end.
            first = min(start, FeedPosition(request.now - RECENT, 0), key=lambda position: (position.seq, position.row))
        horizon = None if include_recent else request.store.horizon(request.now)
        rows, last = request.store.changes(table, first, request.feed_size, horizon)
        has_more = rows.total > rows.count
        token = _token(table, last if rows.count else start, unfinished=has_more)
        return ResponseBody(rows.pieces, {"hasMore": has_more, "continueFrom": token})

    return handle


def _token(table: str, position: FeedPosition, *, unfinished: bool) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([table, position.seq, position.row, unfinished])).decode().rstrip("=")


def _start(table: str, text: str) -> tuple[FeedPosition, bool]:
    """Return the position of a token or a date, and whether the token's response had more rows after it."""
    if not text:
        return FeedPosition(-1, 0), False
    try:
        return FeedPosition(parse_time(text), -1), False
    except ValueError:
        pass
    try:
        owner, seq, row, unfinished = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if owner == table:
            return FeedPosition(int(seq), int(row)), bool(unfinished)
    except (binascii.Error, ValueError, TypeError):
        pass
    raise HttpError(
        400,
        errors={"from": ["It is neither a token of this feed nor a date."]},
        rule="a feed starts at its token or a date",
    )
