"""Running requests: each has a deadline for its complete response and can be ended from another thread.

A socket timeout starts again with every byte, so a response that arrives byte by byte would never end. Here a watchdog
thread shuts down the connection.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

__all__ = ["POOLS", "Flight", "InFlight"]

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
    def one(self, seconds: float, *, writes: bool) -> Iterator[Flight]:
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
