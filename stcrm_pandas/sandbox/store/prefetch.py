"""Create the next items in a thread while the last ones are used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

Item = TypeVar("Item")
_MOST = 2
"""Waiting items: enough that neither thread is idle, few enough for memory."""


def prefetch(items: Iterable[Item], most: int = _MOST) -> Generator[Item, None, None]:
    """Yield the same items in order, and raise what the thread raises.

    The thread ends with the iterator, even if that is closed early. It helps where creating items releases the
    interpreter's lock, as Arrow and numpy do.

    >>> list(prefetch(range(3)))
    [0, 1, 2]
    """
    waiting: queue.Queue[tuple[bool, Item | BaseException | None]] = queue.Queue(most)
    ended = threading.Event()

    def hand_over(entry: tuple[bool, Item | BaseException | None]) -> None:
        while not ended.is_set():
            try:
                return waiting.put(entry, timeout=0.05)
            except queue.Full:
                continue

    def make() -> None:
        try:
            for item in items:
                hand_over((True, item))
                if ended.is_set():
                    return
            hand_over((False, None))
        except BaseException as error:  # raised where the items are used
            hand_over((False, error))

    thread = threading.Thread(target=make, name="stcrm-sandbox-rows", daemon=True)
    thread.start()
    try:
        while (entry := waiting.get())[0]:
            yield entry[1]  # type: ignore[misc]
        if isinstance(entry[1], BaseException):
            raise entry[1]
    finally:
        ended.set()
        thread.join()
