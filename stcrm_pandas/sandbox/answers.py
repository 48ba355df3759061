"""What the service says: rows, tokens, and refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count, repeat
from typing import Any

import orjson

JSON = "application/json; charset=utf-8"
PROBLEM = "application/problem+json; charset=utf-8"
HTML = "text/html; charset=utf-8"

_TYPE = "https://datatracker.ietf.org/doc/html/rfc7231#section-6"
_traces = count(1)


@dataclass(frozen=True)
class Answer:
    """One answer, ready to be sent."""

    status: int = 200
    pieces: Sequence[bytes] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = JSON


@dataclass(frozen=True)
class Found:
    """Rows that were found: `pieces` of their JSON, `head` what stands beside them in a page.

    Without a head the one piece is the answer: one record.
    """

    pieces: Sequence[bytes]
    head: Mapping[str, Any] | None = None

    def answer(self) -> Answer:
        if self.head is None:
            return Answer(pieces=self.pieces)
        inner = [piece for pair in zip(repeat(b","), self.pieces, strict=False) for piece in pair][1:]
        return Answer(pieces=[orjson.dumps(self.head)[:-1] + b',"data":[', *inner, b"]}"])


class Refusal(Exception):
    """The request is not done; `answer` says why."""

    def __init__(
        self,
        status: int,
        title: str | None = None,
        *,
        errors: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status)
        self.answer = problem(status, title, errors=errors, headers=headers)


def problem(
    status: int,
    title: str | None = None,
    *,
    errors: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """An error as RFC 7807 has it."""
    if title is None:
        title = next(iter(errors.values()))[0] if errors else HTTPStatus(status).phrase
    body = {
        "type": _TYPE,
        "title": title,
        "status": status,
        "traceId": f"sandbox-{next(_traces):08x}",
        "errors": dict(errors or {}),
        "data": {},
    }
    return Answer(status, [orjson.dumps(body)], headers or {}, PROBLEM)


def too_many(seconds: int, *, with_header: bool) -> Answer:
    """The gateway's way to ask for a pause: in words, and only sometimes in a header."""
    text = f"Rate limit is exceeded. Try again in {seconds} seconds."
    headers = {"Retry-After": str(seconds)} if with_header else {}
    return Answer(429, [orjson.dumps({"statusCode": 429, "message": text})], headers)


def failure(status: int) -> Answer:
    """A failure of the server: a page for people, not JSON."""
    phrase = HTTPStatus(status).phrase
    page = (
        f"<!DOCTYPE html>\n<html><head><title>{status} {phrase}</title></head><body><h1>{phrase}</h1></body></html>\n"
    )
    return Answer(status, [page.encode()], media=HTML)


def plain(status: int) -> Answer:
    """The answer that goes with a status when nothing more is known about it."""
    if status == 429:
        return too_many(1, with_header=False)
    return failure(status) if status >= 500 else problem(status)
