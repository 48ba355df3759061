"""Access to the service: its options, tokens, credentials and scopes, and the rate limit."""

from __future__ import annotations

import base64
import binascii
import math
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.sandbox.service.responses import ApiResponse, HttpError
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


@dataclass(frozen=True)
class Access:
    """What a request must have: the application key, a token, the tenant and the operation's scope."""

    credentials: Mapping[str, Any] = field(repr=False)
    scopes: frozenset[str]
    tokens: Tokens

    def token(self, form: dict[str, str] | None, headers: Mapping[str, str]) -> ApiResponse:
        """Return a new token for the correct client id and secret, or the error that OAuth has for it."""
        if form is None or "grant_type" not in form:
            return _oauth_error("invalid_request")
        if form["grant_type"] != "client_credentials":
            return _oauth_error("unsupported_grant_type")
        client, secret = _basic(headers) or (form.get("client_id", ""), form.get("client_secret", ""))
        known = secrets.compare_digest(client.encode(), self.credentials["client_id"].encode())
        if not secrets.compare_digest(secret.encode(), self.credentials["client_secret"].encode()) or not known:
            return _oauth_error("invalid_client")
        body = {
            "access_token": self.tokens.issue(),
            "expires_in": int(self.tokens.lifetime),
            "token_type": "Bearer",
            "scope": " ".join(sorted(self.scopes)),
        }
        return ApiResponse(pieces=[orjson.dumps(body)], headers={"Cache-Control": "no-store"})

    def _has_key(self, headers: Mapping[str, str]) -> bool:
        key = headers.get("st-app-key", "")
        return secrets.compare_digest(key.encode(), self.credentials["app_key"].encode())

    def _has_token(self, headers: Mapping[str, str]) -> bool:
        # Seen: a widely used client sends the bare token without "Bearer", and the service accepts it.
        return self.tokens.is_valid(headers.get("authorization", "").removeprefix("Bearer ").strip())

    def is_authenticated(self, headers: Mapping[str, str]) -> bool:
        """Return whether a request has the application key and a valid token."""
        return self._has_key(headers) and self._has_token(headers)

    def authorize(self, operation: Operation, headers: Mapping[str, str], tenant: str) -> None:
        """Raise a 401 for a missing key or token, a 404 for another tenant, or a 403 without the scope."""
        if not self._has_key(headers):
            raise HttpError(401, "The application key is missing or unknown.")
        if not self._has_token(headers):
            raise HttpError(401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if tenant != str(self.credentials["tenant"]):
            raise HttpError(404, "There is no such tenant.")
        if operation.scope not in self.scopes:
            raise HttpError(403, "Scope validation failed")


def _basic(headers: Mapping[str, str]) -> tuple[str, str] | None:
    kind, _, encoded = headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return client, secret


def _oauth_error(name: str) -> ApiResponse:
    return ApiResponse(400, [orjson.dumps({"error": name})], {"Cache-Control": "no-store"})


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
