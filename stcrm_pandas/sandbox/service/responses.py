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

    Without a head the one piece is the answer: one record, or one number; no piece is an answer without a body. `bare`
    rows are a list with nothing around it.
    """

    pieces: Sequence[bytes]
    head: Mapping[str, Any] | None = None
    bare: bool = False

    def answer(self) -> Answer:
        if self.head is None and not self.bare:
            return Answer(pieces=self.pieces, media=JSON if self.pieces else "")
        inner = [piece for pair in zip(repeat(b","), self.pieces, strict=False) for piece in pair][1:]
        if self.head is None:
            return Answer(pieces=[b"[", *inner, b"]"])
        return Answer(pieces=[orjson.dumps(self.head)[:-1] + b',"data":[', *inner, b"]}"])


NOTHING = Found(())
"""What an operation answers that has nothing to say."""


def one(row: Mapping[str, Any]) -> Found:
    """A record that is no row of the store as it stands."""
    return Found([orjson.dumps(row)])


class Refusal(Exception):
    """The request is not done; `answer` says why, and names the rule where the contract's types do not tell it."""

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
        self.answer = problem(status, title, errors=errors, headers=headers, rule=rule)


def problem(
    status: int,
    title: str | None = None,
    *,
    errors: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    rule: str | None = None,
) -> Answer:
    """An error as RFC 7807 has it; `data` has the rule's name, if it is one of a rule."""
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
