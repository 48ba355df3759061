"""The service over HTTP: sign-in, the gate, the operations, and what was ordered to go wrong."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import secrets
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stcrm_pandas.contract.operations import OPERATIONS, Operation
from stcrm_pandas.sandbox.service import request_bodies, rules
from stcrm_pandas.sandbox.service.access import Limit, Tokens
from stcrm_pandas.sandbox.service.faults import SIGN_IN, Fault, Faults
from stcrm_pandas.sandbox.service.parameters import Pairs
from stcrm_pandas.sandbox.service.reads import READS
from stcrm_pandas.sandbox.service.request import LARGEST_PAGE, Call, Handler
from stcrm_pandas.sandbox.service.responses import JSON, PROBLEM, Answer, Found, Refusal, failure, problem, too_many
from stcrm_pandas.sandbox.service.writes import WRITES
from stcrm_pandas.sandbox.store.clock import Clock, ticks_of
from stcrm_pandas.sandbox.store.store import Store

HANDLERS: Mapping[str, Handler] = {**READS, **WRITES}
"""What answers each operation, by its id."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")

_LOG = logging.getLogger(__name__)
_LOGGED = 200_000
"""How many arrivals are remembered."""
LARGEST_BODY = 64 * 2**20
"""Bytes of a request at most; a larger one is refused while it arrives."""
_LARGEST_FORM = 2**16


@dataclass
class Arrival:
    """A request that came in: the query decoded, in its order; `operation` is None for a path that does not exist.

    `body` is the JSON that was sent with it, None where that was none or could not be read, or was not read: without a
    good token and key, nothing is.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    operation: str | None = None
    status: int | None = None
    body: Any = None


class _Undone(Exception):
    """Takes an operation back, and keeps what it would have answered."""

    def __init__(self, found: Found) -> None:
        super().__init__()
        self.found = found


@dataclass
class Service:
    """All that the answers depend on."""

    store: Store
    clock: Clock
    tokens: Tokens
    limit: Limit
    faults: Faults
    tenant: int
    client_id: str
    client_secret: str
    app_key: str
    scopes: frozenset[str]
    latency: float = 0.0
    feed_size: int = LARGEST_PAGE
    gzip: bool = False
    by_the_book: bool = False
    arrivals: list[Arrival] = field(default_factory=list)
    _refused: int = 0
    _last: dict[str, Pairs] = field(default_factory=dict)

    # sign-in

    async def sign_in(self, request: Request) -> Response:
        """A token for the right client id and secret."""
        _arrival(request).operation = SIGN_IN
        fault = self.faults.next(SIGN_IN)
        await _prepare(fault)
        answer = fault.answer() if fault else None
        try:
            answer = answer or self._token(await _form(request), request)
        except Refusal as refusal:
            answer = refusal.answer
        return self._respond(answer, fault)

    def _token(self, form: dict[str, str] | None, request: Request) -> Answer:
        if form is None or "grant_type" not in form:
            return _oauth_error("invalid_request")
        if form["grant_type"] != "client_credentials":
            return _oauth_error("unsupported_grant_type")
        client, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        right = secrets.compare_digest(client.encode(), self.client_id.encode())
        if not secrets.compare_digest(secret.encode(), self.client_secret.encode()) or not right:
            return _oauth_error("invalid_client")
        body = {
            "access_token": self.tokens.issue(),
            "expires_in": int(self.tokens.lifetime),
            "token_type": "Bearer",
            "scope": " ".join(sorted(self.scopes)),
        }
        return Answer(pieces=[orjson.dumps(body)], headers={"Cache-Control": "no-store"})

    # operations

    async def call(self, operation: Operation, request: Request) -> Response:
        """One call of an operation, from the gate to the answer."""
        _arrival(request).operation = operation.id
        raw = b""
        try:
            if operation.body and self._knows(request):
                raw = await _read(request, LARGEST_BODY)
                _note_body(request, raw)
        except Refusal as refusal:
            return self._respond(refusal.answer)
        wait = self.limit.take()
        if wait:
            self._refused += 1
            return self._respond(too_many(wait, with_header=self.by_the_book or self._refused % 2 == 0))
        if self.latency:
            await asyncio.sleep(self.latency)
        fault = None
        try:
            self._admit(operation, request)
            fault = self.faults.next(operation.id)
            await _prepare(fault)
            if fault and fault.revoke:
                self.tokens.revoke()
                self._admit(operation, request)
            answer = self._answer(operation, request, raw, fault)
        except Refusal as refusal:
            answer = refusal.answer
        except Exception:
            _LOG.exception("the sandbox failed at %s", operation.id)
            answer = failure(500)
        packed = self.gzip and "gzip" in request.headers.get("accept-encoding", "")
        return self._respond(answer, fault, packed=packed)

    async def no_route(self, request: Request, error: Exception) -> Response:
        """The answer for a path or a method that does not exist."""
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        return self._respond(problem(status, headers=headers))

    def _respond(self, answer: Answer, fault: Fault | None = None, *, packed: bool = False) -> Response:
        if self.by_the_book and answer.media == PROBLEM:
            answer = replace(answer, media=JSON)  # the contract knows no other kind
        return _respond(answer, fault, packed=packed)

    def _has_key(self, request: Request) -> bool:
        key = request.headers.get("st-app-key", "")
        return secrets.compare_digest(key.encode(), self.app_key.encode())

    def _has_token(self, request: Request) -> bool:
        # Seen: a client in wide use sends the bare token, without "Bearer", and the service lets it in.
        return self.tokens.holds(request.headers.get("authorization", "").removeprefix("Bearer ").strip())

    def _knows(self, request: Request) -> bool:
        return self._has_key(request) and self._has_token(request)

    def _admit(self, operation: Operation, request: Request) -> None:
        if not self._has_key(request):
            raise Refusal(401, "The application key is missing or unknown.")
        if not self._has_token(request):
            raise Refusal(401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if request.path_params["tenant"] != str(self.tenant):
            raise Refusal(404, "There is no such tenant.")
        if operation.scope not in self.scopes:
            raise Refusal(403, "Scope validation failed")

    def _answer(self, operation: Operation, request: Request, raw: bytes, fault: Fault | None) -> Answer:
        instead = fault.answer() if fault else None
        if fault and instead and not (fault.does or fault.late):
            return instead
        query = _arrival(request).query
        call = self._call(operation, request, raw, fault)
        if fault is None:
            return self._do(call).answer()
        found = self._do(call) if fault.does else self._undone(call)
        if fault.late:
            asyncio.get_running_loop().call_later(fault.late, self._do_late, call)
        return instead or fault.bend(found, query).answer()

    def _call(self, operation: Operation, request: Request, raw: bytes, fault: Fault | None) -> Call:
        query = _arrival(request).query
        asked = fault.redirect(query, self._last.get(operation.id, ())) if fault else query
        self._last[operation.id] = query
        now = ticks_of(self.clock.now())
        call = Call(
            operation, request.path_params, asked, self.store, now, self.feed_size, by_the_book=self.by_the_book
        )
        if operation.body:
            # Seen: a change takes fields that it does not know, and drops them.
            overlook = operation.method == "PATCH" and not self.by_the_book
            sent = request_bodies.parse(raw, request.headers.get("content-type", ""))
            body = request_bodies.check(sent, operation.body, overlook=overlook)
            call = replace(call, body=body)
        if operation.writes:
            rules.check(call)
        return replace(call, body=fault.overlook(call.body)) if fault else call

    def _do(self, call: Call) -> Found:
        handler = HANDLERS[call.operation.id]
        if not call.operation.writes:
            return handler(call)
        with self.store.transaction():
            return handler(call)

    def _undone(self, call: Call) -> Found:
        """What the call would answer; nothing of it stays."""
        try:
            with self.store.transaction():
                raise _Undone(self._do(call))
        except _Undone as undone:
            return undone.found

    def _do_late(self, call: Call) -> None:
        try:
            self._do(replace(call, now=ticks_of(self.clock.now())))
        except Refusal:
            _LOG.info("%s was not done late: by then it was refused", call.operation.id)


def build(service: Service) -> ASGIApp:
    """The service as an ASGI application."""
    routes = [Route("/connect/token", service.sign_in, methods=["POST"])]
    # A fixed word goes before a parameter, so that `customers/contacts` is no customer.
    paths: dict[str, dict[str, Operation]] = {}
    for operation in sorted(OPERATIONS.values(), key=lambda one: [part[0] == "{" for part in one.path.split("/")]):
        paths.setdefault(operation.path, {})[operation.method] = operation
    for path, offered in paths.items():
        # All methods: one that a fixed path does not have must not fall through to a parameter.
        routes.append(Route(f"/{path}", _endpoint(service, offered), methods=METHODS))
    inner = Starlette(routes=routes, exception_handlers={HTTPException: service.no_route})
    inner.router.redirect_slashes = False

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        arrival = Arrival(scope["method"], scope["path"], query)
        if len(service.arrivals) >= _LOGGED:
            del service.arrivals[: _LOGGED // 2]
        service.arrivals.append(arrival)
        scope["arrival"] = arrival

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                arrival.status = message["status"]
                date = format_datetime(service.clock.now(), usegmt=True)
                message["headers"] = [*message["headers"], (b"date", date.encode())]
            await send(message)

        await inner(scope, receive, dated)

    return application


def _endpoint(service: Service, offered: Mapping[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
    known = [*offered, "HEAD"] if "GET" in offered else [*offered]

    async def endpoint(request: Request) -> Response:
        if request.method not in known:
            raise HTTPException(405, headers={"Allow": ", ".join(known)})
        return await service.call(offered["GET" if request.method == "HEAD" else request.method], request)

    return endpoint


def _arrival(request: Request) -> Arrival:
    arrival: Arrival = request.scope["arrival"]
    return arrival


async def _prepare(fault: Fault | None) -> None:
    if fault and fault.delay:
        await asyncio.sleep(fault.delay)
    if fault and fault.before:
        fault.before()


async def _read(request: Request, most: int) -> bytes:
    """The body, unless it is too large: then no more of it is read, and the server drops what still comes.

    Raises:
        Refusal: it is too large (413), or the caller has gone.
    """
    too_large = Refusal(413, f"The body is larger than {most:,} bytes.")
    if int(request.headers.get("content-length", 0)) > most:
        raise too_large
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > most:
                raise too_large
    except ClientDisconnect:
        raise Refusal(400, "The connection ended before the body did.") from None
    return bytes(body)


def _note_body(request: Request, raw: bytes) -> None:
    """Keep what was sent, also where it is refused later."""
    try:
        _arrival(request).body = request_bodies.parse(raw, request.headers.get("content-type", ""))
    except Refusal:
        _arrival(request).body = None


async def _form(request: Request) -> dict[str, str] | None:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return None
    return dict(parse_qsl((await _read(request, _LARGEST_FORM)).decode("utf-8", "replace"), keep_blank_values=True))


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, packed = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(packed).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return client, secret


def _oauth_error(name: str) -> Answer:
    return Answer(400, [orjson.dumps({"error": name})], {"Cache-Control": "no-store"})


def _respond(answer: Answer, fault: Fault | None = None, *, packed: bool = False) -> Response:
    media = {"Content-Type": answer.media} if answer.media else {}
    headers = {**media, **answer.headers, **((fault.headers or {}) if fault else {})}
    pieces = answer.pieces
    if packed and len(pieces) > 1:
        squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
        pieces = [*map(squeeze.compress, pieces), squeeze.flush()]
        headers["Content-Encoding"] = "gzip"
    return _Pieces(pieces, answer.status, headers, fault.cut if fault else None)


class _Pieces(Response):
    """A body in pieces, so that nothing is copied whole and other calls get their turn in between.

    One that is cut promises all of the body, and a byte of one that is empty, and sends its start; the server then
    closes the connection.
    """

    def __init__(self, pieces: Sequence[bytes], status: int, headers: dict[str, str], cut: int | None) -> None:
        length = sum(map(len, pieces))
        headers["Content-Length"] = str(length if cut is None else max(1, length))
        super().__init__(None, status, headers)
        self._pieces = pieces if cut is None else [b"".join(pieces)[:cut]]
        self._whole = cut is None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if self._whole:
            await send({"type": "http.response.body", "body": b""})
