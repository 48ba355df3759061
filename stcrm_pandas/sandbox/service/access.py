"""Options of the service, and access to it: tokens and the rate limit."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from stcrm_pandas.sandbox.store.clock import Clock


@dataclass(frozen=True)
class ServiceOptions:
    """The scopes of the application, limits, and times in seconds."""

    scopes: frozenset[str]
    rate_limit: int | None
    latency: float
    token_lifetime: float
    feed_size: int
    gzip: bool


@dataclass
class Tokens:
    """Issued tokens; each is valid for `lifetime` seconds of the sandbox's clock."""

    clock: Clock
    lifetime: float
    _expirations: dict[str, float] = field(default_factory=dict)

    def issue(self) -> str:
        now = self.clock.now().timestamp()
        self._expirations = {token: end for token, end in self._expirations.items() if end > now}
        token = secrets.token_urlsafe(32)
        self._expirations[token] = now + self.lifetime
        return token

    def is_valid(self, token: str) -> bool:
        return self._expirations.get(token, 0) > self.clock.now().timestamp()

    def revoke(self) -> None:
        """Revoke all tokens."""
        self._expirations = {}


class RateLimit:
    """At most `requests` in any second; None is no limit."""

    def __init__(self, requests: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.requests = requests
        self._clock = clock
        self._accepted: deque[float] = deque(maxlen=requests or 1)
        self._lock = threading.Lock()

    def acquire(self) -> int:
        """Count a request and return 0, or return the whole seconds to wait; rejected requests do not count."""
        if not self.requests:
            return 0
        with self._lock:
            now = self._clock()
            if len(self._accepted) == self.requests and now - self._accepted[0] < 1:
                return max(1, math.ceil(1 - (now - self._accepted[0])))
            self._accepted.append(now)
            return 0
