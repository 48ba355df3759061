"""Who may call, and how often: tokens and the limit of calls."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from stcrm_pandas.sandbox.store.clock import Clock


@dataclass
class Tokens:
    """The tokens handed out; each lives `lifetime` seconds by the sandbox's clock."""

    clock: Clock
    lifetime: float = 900
    _ends: dict[str, float] = field(default_factory=dict)

    def issue(self) -> str:
        now = self.clock.now().timestamp()
        self._ends = {token: end for token, end in self._ends.items() if end > now}
        token = secrets.token_urlsafe(32)
        self._ends[token] = now + self.lifetime
        return token

    def holds(self, token: str) -> bool:
        return self._ends.get(token, 0) > self.clock.now().timestamp()

    def revoke(self) -> None:
        """End all of them."""
        self._ends = {}


class Limit:
    """At most `calls` in any second; None is no limit."""

    def __init__(self, calls: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.calls = calls
        self._clock = clock
        self._taken: deque[float] = deque(maxlen=calls or 1)
        self._lock = threading.Lock()

    def take(self) -> int:
        """0 where the call may go on, else the whole seconds to wait. Calls that were refused do not count."""
        if not self.calls:
            return 0
        with self._lock:
            now = self._clock()
            if len(self._taken) == self.calls and now - self._taken[0] < 1:
                return max(1, math.ceil(1 - (now - self._taken[0])))
            self._taken.append(now)
            return 0
