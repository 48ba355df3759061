"""Waits that Ctrl-C ends, whichever thread gets the signal from the system.

Python handles signals in the main thread only. If the system delivers one to another thread, the main thread does not
wake up from a lock or an event, so it never waits for long at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

_AT_A_TIME = 0.25  # seconds


def first_done(running: Collection[Future[Any]], timeout: float | None = None) -> set[Future[Any]]:
    """Return the futures that are done, as soon as one is; none after `timeout` seconds."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _AT_A_TIME if end is None else min(_AT_A_TIME, end - time.monotonic())
        done = wait(running, timeout=max(0.0, left), return_when=FIRST_COMPLETED).done
        if done or left < _AT_A_TIME:
            return done


def wait_for(event: threading.Event, timeout: float | None = None) -> None:
    """Wait until an event is set, at most `timeout` seconds."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _AT_A_TIME if end is None else min(_AT_A_TIME, end - time.monotonic())
        if event.wait(max(0.0, left)) or left < _AT_A_TIME:
            return


def sleep_until(event: threading.Event) -> Callable[[float], None]:
    """Return a function that sleeps for some seconds, or until an event is set."""
    return lambda seconds: wait_for(event, seconds)
