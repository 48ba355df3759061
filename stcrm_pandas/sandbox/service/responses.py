"""Responses of the service: rows, tokens and errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count, repeat
from typing import Any, Self

import orjson

JSON = "application/json; charset=utf-8"
PROBLEM = "application/problem+json; charset=utf-8"
HTML = "text/html; charset=utf-8"

_TYPE = "https://datatracker.ietf.org/doc/html/rfc7231#section-6"
_traces = count(1)


@dataclass(frozen=True)
class ApiResponse:
    """A complete response, ready to send."""

    status: int = 200
    pieces: Sequence[bytes] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = JSON


@dataclass(frozen=True)
class ResponseBody:
    """What a handler returns: JSON in `pieces`, and the `envelope`, the fields beside `data` in a page or a feed.

    Without an envelope the body is one record or one number, or empty if there are no pieces. `bare` rows are a list
    without an envelope.
    """

    pieces: Sequence[bytes]
    envelope: Mapping[str, Any] | None = None
    bare: bool = False

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Return the body of one record."""
        return cls([orjson.dumps(record)])

    def to_response(self) -> ApiResponse:
        if self.envelope is None and not self.bare:
            return ApiResponse(pieces=self.pieces, media=JSON if self.pieces else "")
        inner = [piece for pair in zip(repeat(b","), self.pieces, strict=False) for piece in pair][1:]
        if self.envelope is None:
            return ApiResponse(pieces=[b"[", *inner, b"]"])
        return ApiResponse(pieces=[orjson.dumps(self.envelope)[:-1] + b',"data":[', *inner, b"]}"])


NO_BODY = ResponseBody(())


class HttpError(Exception):
    """An error response; it names the broken rule where the types in the contract do not explain the error."""

    def __init__(
        self,
        status: int,
        title: str | None = None,
        *,
        errors: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        rule: str | None = None,
    ) -> None:
        super().__init__(status)
        self.response = problem(status, title, errors=errors, headers=headers, rule=rule)


def problem(
    status: int,
    title: str | None = None,
    *,
    errors: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    rule: str | None = None,
) -> ApiResponse:
    """Return an error in the form of RFC 7807; `data` names the broken rule, if any."""
    if title is None:
        title = next(iter(errors.values()))[0] if errors else HTTPStatus(status).phrase
    body = {
        "type": _TYPE,
        "title": title,
        "status": status,
        "traceId": f"sandbox-{next(_traces):08x}",
        "errors": dict(errors or {}),
        "data": {"rule": rule} if rule else {},
    }
    return ApiResponse(status, [orjson.dumps(body)], headers or {}, PROBLEM)


def rate_limited(seconds: int, *, with_header: bool) -> ApiResponse:
    """Return the gateway's 429: the wait is in the text, and only sometimes in a header."""
    text = f"Rate limit is exceeded. Try again in {seconds} seconds."
    headers = {"Retry-After": str(seconds)} if with_header else {}
    return ApiResponse(429, [orjson.dumps({"statusCode": 429, "message": text})], headers)


def error_page(status: int) -> ApiResponse:
    """Return a server error: an HTML page instead of JSON."""
    phrase = HTTPStatus(status).phrase
    page = (
        f"<!DOCTYPE html>\n<html><head><title>{status} {phrase}</title></head><body><h1>{phrase}</h1></body></html>\n"
    )
    return ApiResponse(status, [page.encode()], media=HTML)


def default_response(status: int) -> ApiResponse:
    """Return the response that the service gives for a status without further details."""
    if status == 429:
        return rate_limited(1, with_header=False)
    return error_page(status) if status >= 500 else problem(status)
