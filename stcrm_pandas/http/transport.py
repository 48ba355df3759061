"""One request and its complete response, within a deadline and a size limit, and ended from another thread.

A socket timeout starts again with every byte, so a response that arrives byte by byte would never end. Here a watchdog
thread shuts down the connection.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from typing import Any

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_LONGEST_SLEEP = 3600.0  # seconds; a condition cannot wait for an arbitrary time
_thread_local = threading.local()


class Flight:
    """One running request. `ended_by` is the reason if it was ended from outside."""

    def __init__(self, deadline: float, *, writes: bool) -> None:
        self.deadline, self.writes = deadline, writes
        self.ended_by = ""
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()

    def attach(self, connection: Any) -> None:
        """Keep a handle on the connection of the request, whatever wraps or closes it later."""
        with self._lock:
            self._detach()
            self._handle = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)
            if self.ended_by:
                self._shut_down()

    def end(self, why: str) -> None:
        """End the request: the thread that waits for its response gets an error at once."""
        with self._lock:
            self.ended_by = self.ended_by or why
            self._shut_down()

    def close(self) -> None:
        """Release the connection, which may serve another request."""
        with self._lock:
            self._detach()

    def _shut_down(self) -> None:
        if self._handle is not None:
            with contextlib.suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def _detach(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


class InFlight:
    """The running requests of one session."""

    def __init__(self) -> None:
        self._flights: set[Flight] = set()
        self._changed = threading.Condition()
        self._watching = False

    @contextlib.contextmanager
    def register(self, seconds: float, *, writes: bool) -> Iterator[Flight]:
        """Register a request of this thread.

        Parameters
        ----------
        seconds : float
            The total time that it may take.
        writes : bool
            It changes something, so it gets more time when the user interrupts.
        """
        flight = Flight(time.monotonic() + seconds, writes=writes)
        with self._changed:
            self._flights.add(flight)
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, name="stcrm-deadlines", daemon=True).start()
        _thread_local.flight = flight
        try:
            yield flight
        finally:
            _thread_local.flight = None
            with self._changed:
                self._flights.discard(flight)
            flight.close()

    def end(self, why: str, *, writes: bool) -> None:
        """End running requests; those that change something only with `writes`."""
        with self._changed:
            ended = [flight for flight in self._flights if writes or not flight.writes]
        for flight in ended:
            flight.end(why)

    def close(self) -> None:
        """Let the watchdog thread end as soon as nothing is running."""
        with self._changed:
            self._changed.notify_all()

    def _watch(self) -> None:
        while True:
            with self._changed:
                if not self._flights:
                    self._watching = False
                    return
                now = time.monotonic()
                waiting = [flight for flight in self._flights if not flight.ended_by]
                due = [flight for flight in waiting if flight.deadline <= now]
                if not due:
                    # All requests have the same time limit, so no new one is due before these.
                    soonest = min((flight.deadline - now for flight in waiting), default=1.0)
                    self._changed.wait(min(soonest, _LONGEST_SLEEP))
            for flight in due:
                flight.end("deadline")


def _attach(connection: Any) -> None:
    flight: Flight | None = getattr(_thread_local, "flight", None)
    if flight is not None:
        flight.attach(connection)


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        _attach(made)  # before a proxy or TLS answers
        return made

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _attach(self.sock)
        super().request(*args, **kwargs)


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        _attach(made)
        return made

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _attach(self.sock)
        super().request(*args, **kwargs)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS = {"http": _Pool, "https": _SecurePool}
"""Connection pools whose connections register with the running request."""


_MULTIPLE_OF_TIMEOUT = 2
"""A complete response may take this many times the read timeout."""
_GZIP = ("gzip", "x-gzip")


class ResponseTooLarge(requests.RequestException):
    """A response that exceeds the size limit; the rest of it was not read."""


class BoundedAdapter(HTTPAdapter):
    """A requests adapter that reads complete responses within limits of time and size.

    It reads a body at once, which takes a third of the time that requests needs for a page of rows.

    Parameters
    ----------
    in_flight : InFlight
        The registry of running requests.
    limit : int
        The largest body in bytes, after decompression.
    """

    def __init__(self, in_flight: InFlight, limit: int, **options: Any) -> None:
        self._in_flight, self._limit = in_flight, limit
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create pools whose connections can be ended from another thread."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return such a pool manager for a proxy."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request, and read the complete body.

        Parameters
        ----------
        request : requests.PreparedRequest
            Its attribute `writes` is True if it changes something.

        Raises
        ------
        RequestException
            As in requests; also `ReadTimeout` after twice the read timeout, and `ResponseTooLarge`.
        """
        _, read_timeout = kwargs["timeout"]
        seconds = _MULTIPLE_OF_TIMEOUT * read_timeout
        with self._in_flight.register(seconds, writes=bool(getattr(request, "writes", False))) as flight:
            try:
                response = super().send(request, *args, **{**kwargs, "stream": True})
                response._content = self._body_of(response)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                if flight.ended_by != "deadline":
                    raise _as_requests_error(error) from None
            if flight.ended_by == "deadline":
                raise requests.ReadTimeout(f"the whole response took longer than {seconds:g} s")
            if flight.ended_by:  # a body that ends with its connection looks complete
                raise requests.ConnectionError(flight.ended_by)
        response._content_consumed = True  # type: ignore[attr-defined]
        return response

    def close(self) -> None:
        """Close all connections."""
        super().close()
        self._in_flight.close()

    def _body_of(self, response: requests.Response) -> bytes:
        raw = response.raw
        complete = False
        try:
            pieces: list[bytes] = []
            size = 0
            # Read to the end, not only to the length: the next read detects a truncated body.
            while piece := raw.read(self._limit + 1 - size, decode_content=False):
                pieces.append(piece)
                size += len(piece)
                if size > self._limit:
                    raise ResponseTooLarge
            body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            for encoding in reversed(raw.headers.get("Content-Encoding", "").lower().split(",")):
                body = self._decoded(body, encoding.strip())
            complete = True
            return body
        finally:
            if complete:
                raw.release_conn()
            else:
                raw.close()

    def _decoded(self, body: bytes, encoding: str) -> bytes:
        """Return a body without one encoding, decompressed up to the limit."""
        if encoding in ("", "identity") or not body:
            return body
        if encoding not in (*_GZIP, "deflate"):
            raise requests.exceptions.ContentDecodingError("an encoding that was not requested")
        try:
            return self._decompressed(body, zlib.MAX_WBITS | (16 if encoding in _GZIP else 0))
        except zlib.error:
            if encoding in _GZIP:
                raise requests.exceptions.ContentDecodingError("broken gzip") from None
        try:
            return self._decompressed(body, -zlib.MAX_WBITS)  # some servers send deflate without its header
        except zlib.error:
            raise requests.exceptions.ContentDecodingError("broken deflate") from None

    def _decompressed(self, body: bytes, wbits: int) -> bytes:
        pieces, size = [], 0
        while body:  # gzip may have several members
            member = zlib.decompressobj(wbits)
            pieces.append(member.decompress(body, self._limit + 1 - size))
            size += len(pieces[-1])
            if size > self._limit:
                raise ResponseTooLarge
            if not member.eof:
                raise zlib.error("truncated")
            body = member.unused_data if wbits > zlib.MAX_WBITS else b""
        return b"".join(pieces)


def _as_requests_error(error: Exception) -> Exception:
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return requests.ReadTimeout(error)
    if isinstance(error, urllib3.exceptions.HTTPError):
        return requests.exceptions.ChunkedEncodingError(error)
    return error
