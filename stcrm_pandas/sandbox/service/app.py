"""The service over HTTP: sign-in, access, operations and faults."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stcrm_pandas.contract.operations import OPERATIONS, Operation
from stcrm_pandas.sandbox.service import request_bodies, rules
from stcrm_pandas.sandbox.service.access import Access, RateLimit, ServiceOptions, Tokens
from stcrm_pandas.sandbox.service.faults import SIGN_IN, Fault, Faults
from stcrm_pandas.sandbox.service.reads import READS
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler, QueryPairs
from stcrm_pandas.sandbox.service.responses import (
    JSON,
    PROBLEM,
    ApiResponse,
    HttpError,
    ResponseBody,
    error_page,
    problem,
    rate_limited,
)
from stcrm_pandas.sandbox.service.writes import WRITES
from stcrm_pandas.sandbox.store.clock import Clock, to_ticks
from stcrm_pandas.sandbox.store.store import Store

HANDLERS: Mapping[str, Handler] = {**READS, **WRITES}
"""The handler of each operation, by operationId."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")

_LOG = logging.getLogger(__name__)
_MOST_RECEIVED = 200_000
"""Requests kept for `Sandbox.requests`."""
LARGEST_BODY = 64 * 2**20
"""Most bytes of a request body; a larger one is rejected while it arrives."""
_LARGEST_FORM = 2**16


@dataclass
class ReceivedRequest:
    """A request that the sandbox received, with its decoded query.

    `operation` is None for a path that does not exist. `body` is the JSON that was sent; None where it is missing or
    invalid, or where the token or the application key is, since the body is not read then.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    operation: str | None = None
    status: int | None = None
    body: Any = None


class _RolledBack(Exception):
    """Rolls an operation back and carries its response body."""

    def __init__(self, body: ResponseBody) -> None:
        super().__init__()
        self.body = body


class Service:
    """The service over a store; `notes` are its tenant, credentials and clock, as the store keeps them."""

    def __init__(self, store: Store, options: ServiceOptions, faults: Faults) -> None:
        self.store = store
        self.options = options
        self.faults = faults
        self.notes: dict[str, Any] = store.note("sandbox")
        self.clock = Clock(self.notes["shift"])
        self.access = Access(self.notes, options.scopes, Tokens(self.clock, options.token_lifetime))
        self.rate_limit = RateLimit(options.rate_limit)
        self.by_the_book: bool = self.notes["by_the_book"]
        self.received: list[ReceivedRequest] = []
        self._rejected = 0
        self._last_queries: dict[str, QueryPairs] = {}

    # sign-in

    async def sign_in(self, request: Request) -> Response:
        """Return a token for the correct client id and secret."""
        _received(request).operation = SIGN_IN
        fault = self.faults.next(SIGN_IN)
        await _before_response(fault)
        response = fault.response() if fault else None
        try:
            response = response or self.access.token(await _form(request), request.headers)
        except HttpError as error:
            response = error.response
        return self._respond(response, fault)

    # operations

    async def handle(self, operation: Operation, request: Request) -> Response:
        """Return the response to a request of an operation."""
        _received(request).operation = operation.id
        raw = b""
        try:
            if operation.body and self.access.is_authenticated(request.headers):
                raw = await _read_body(request, LARGEST_BODY)
                _record_body(request, raw)
        except HttpError as error:
            return self._respond(error.response)
        wait = self.rate_limit.acquire()
        if wait:
            self._rejected += 1
            return self._respond(rate_limited(wait, with_header=self.by_the_book or self._rejected % 2 == 0))
        if self.options.latency:
            await asyncio.sleep(self.options.latency)
        fault = None
        try:
            self.access.authorize(operation, request.headers, request.path_params["tenant"])
            fault = self.faults.next(operation.id)
            await _before_response(fault)
            if fault and fault.revoke:
                self.access.tokens.revoke()
                self.access.authorize(operation, request.headers, request.path_params["tenant"])
            response = self._respond_to(operation, request, raw, fault)
        except HttpError as error:
            response = error.response
        except Exception:
            _LOG.exception("the sandbox failed at %s", operation.id)
            response = error_page(500)
        compressed = self.options.gzip and "gzip" in request.headers.get("accept-encoding", "")
        return self._respond(response, fault, compressed=compressed)

    async def no_route(self, request: Request, error: Exception) -> Response:
        """Return the response for a path or a method that does not exist."""
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        return self._respond(problem(status, headers=headers))

    def _respond(self, response: ApiResponse, fault: Fault | None = None, *, compressed: bool = False) -> Response:
        if self.by_the_book and response.media == PROBLEM:
            response = replace(response, media=JSON)  # the contract has no other media type
        return _respond(response, fault, compressed=compressed)

    def _respond_to(self, operation: Operation, request: Request, raw: bytes, fault: Fault | None) -> ApiResponse:
        replacement = fault.response() if fault else None
        if fault and replacement and not (fault.executes or fault.late):
            return replacement
        query = _received(request).query
        api_request = self._api_request(operation, request, raw, fault)
        if fault is None:
            return self._execute(api_request).to_response()
        body = self._execute(api_request) if fault.executes else self._dry_run(api_request)
        if fault.late:
            asyncio.get_running_loop().call_later(fault.late, self._execute_late, api_request)
        return replacement or fault.alter(body, query).to_response()

    def _api_request(self, operation: Operation, request: Request, raw: bytes, fault: Fault | None) -> ApiRequest:
        received = _received(request).query
        query = fault.effective_query(received, self._last_queries.get(operation.id, ())) if fault else received
        self._last_queries[operation.id] = received
        now = to_ticks(self.clock.now())
        api_request = ApiRequest(
            operation, request.path_params, query, self.store, now, self.options.feed_size, by_the_book=self.by_the_book
        )
        if operation.body:
            # Seen: a change accepts fields that the API does not have, and drops them.
            drop_unknown = operation.method == "PATCH" and not self.by_the_book
            sent = request_bodies.parse(raw, request.headers.get("content-type", ""))
            body = request_bodies.validate(sent, operation.body, drop_unknown=drop_unknown)
            api_request = replace(api_request, body=body)
        if operation.writes:
            rules.check(api_request)
        return replace(api_request, body=fault.without_ignored(api_request.body)) if fault else api_request

    def _execute(self, request: ApiRequest) -> ResponseBody:
        handler = HANDLERS[request.operation.id]
        if not request.operation.writes:
            return handler(request)
        with self.store.transaction():
            return handler(request)

    def _dry_run(self, request: ApiRequest) -> ResponseBody:
        """Return the response body of a request without keeping its changes."""
        try:
            with self.store.transaction():
                raise _RolledBack(self._execute(request))
        except _RolledBack as rolled_back:
            return rolled_back.body

    def _execute_late(self, request: ApiRequest) -> None:
        try:
            self._execute(replace(request, now=to_ticks(self.clock.now())))
        except HttpError:
            _LOG.info("%s was not carried out late: it had become invalid", request.operation.id)


def build(service: Service) -> ASGIApp:
    """Return the service as an ASGI application."""
    routes = [Route("/connect/token", service.sign_in, methods=["POST"])]
    # Fixed segments come before parameters, so that `customers/contacts` is not read as a customer's id.
    paths: dict[str, dict[str, Operation]] = {}
    for operation in sorted(OPERATIONS.values(), key=lambda each: [part[0] == "{" for part in each.path.split("/")]):
        paths.setdefault(operation.path, {})[operation.method] = operation
    for path, by_method in paths.items():
        # All methods, so that one that a fixed path lacks is not routed to a path with a parameter.
        routes.append(Route(f"/{path}", _endpoint(service, by_method), methods=METHODS))
    inner = Starlette(routes=routes, exception_handlers={HTTPException: service.no_route})
    inner.router.redirect_slashes = False

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        received = ReceivedRequest(scope["method"], scope["path"], query)
        if len(service.received) >= _MOST_RECEIVED:
            del service.received[: _MOST_RECEIVED // 2]
        service.received.append(received)
        scope["received"] = received

        async def send_with_date(message: Message) -> None:
            if message["type"] == "http.response.start":
                received.status = message["status"]
                date = format_datetime(service.clock.now(), usegmt=True)
                message["headers"] = [*message["headers"], (b"date", date.encode())]
            await send(message)

        await inner(scope, receive, send_with_date)

    return application


def _endpoint(service: Service, by_method: Mapping[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
    allowed = [*by_method, "HEAD"] if "GET" in by_method else [*by_method]

    async def endpoint(request: Request) -> Response:
        if request.method not in allowed:
            raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
        return await service.handle(by_method["GET" if request.method == "HEAD" else request.method], request)

    return endpoint


def _received(request: Request) -> ReceivedRequest:
    received: ReceivedRequest = request.scope["received"]
    return received


async def _before_response(fault: Fault | None) -> None:
    if fault and fault.delay:
        await asyncio.sleep(fault.delay)
    if fault and fault.before:
        fault.before()


async def _read_body(request: Request, most: int) -> bytes:
    """Return the body, or raise a 413 without reading the rest of one that is too large."""
    too_large = HttpError(413, f"The body is larger than {most:,} bytes.")
    if int(request.headers.get("content-length", 0)) > most:
        raise too_large
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > most:
                raise too_large
    except ClientDisconnect:
        raise HttpError(400, "The connection closed before the body was complete.") from None
    return bytes(body)


def _record_body(request: Request, raw: bytes) -> None:
    """Record the JSON of a request, even if the request is rejected later."""
    try:
        _received(request).body = request_bodies.parse(raw, request.headers.get("content-type", ""))
    except HttpError:
        _received(request).body = None


async def _form(request: Request) -> dict[str, str] | None:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return None
    return dict(
        parse_qsl((await _read_body(request, _LARGEST_FORM)).decode("utf-8", "replace"), keep_blank_values=True)
    )


def _respond(response: ApiResponse, fault: Fault | None = None, *, compressed: bool = False) -> Response:
    media = {"Content-Type": response.media} if response.media else {}
    headers = {**media, **response.headers, **((fault.headers or {}) if fault else {})}
    pieces = response.pieces
    if compressed and len(pieces) > 1:
        gzip = zlib.compressobj(1, zlib.DEFLATED, 31)
        pieces = [*map(gzip.compress, pieces), gzip.flush()]
        headers["Content-Encoding"] = "gzip"
    return _PiecesResponse(pieces, response.status, headers, fault.cut if fault else None)


class _PiecesResponse(Response):
    """A body sent in pieces, so that it is never copied as a whole and other requests are handled in between.

    With `cut`, `Content-Length` is that of the complete body (at least 1), only its start is sent, and the server then
    closes the connection.
    """

    def __init__(self, pieces: Sequence[bytes], status: int, headers: dict[str, str], cut: int | None) -> None:
        length = sum(map(len, pieces))
        headers["Content-Length"] = str(length if cut is None else max(1, length))
        super().__init__(None, status, headers)
        self._pieces = pieces if cut is None else [b"".join(pieces)[:cut]]
        self._complete = cut is None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if self._complete:
            await send({"type": "http.response.body", "body": b""})
