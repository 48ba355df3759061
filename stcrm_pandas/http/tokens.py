"""The access token: shared by all threads, renewed before it expires and after a 401."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from stcrm_pandas.errors import SettingsError, SignInError, StcrmError
from stcrm_pandas.settings.connection import Settings

_RENEW_BEFORE = 60.0  # seconds before its expiry when a token is renewed
_REFUSED_FOR = 30.0  # seconds before a refused sign-in is tried again
_FAILED_FOR = 2.0  # seconds before a failed sign-in is tried again
_USUAL, _LONGEST = 900.0, 86_400.0  # lifetime of a token in seconds
_TOKEN = re.compile("[!-~]+")  # characters that a header can contain


class SignInResponse(Protocol):
    """The response to a sign-in."""

    def json(self) -> object:
        """Return the JSON of the response."""


class Tokens:
    """The token of one connection.

    Parameters
    ----------
    settings : Settings
        The settings of the connection, with client id and secret.
    post : callable
        Sends the sign-in form to an address; raises if it is refused.
    clock : callable
        Returns seconds that only increase.
    """

    def __init__(
        self, settings: Settings, post: Callable[[str, Mapping[str, str]], SignInResponse], clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._post = post
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0
        self._failed: tuple[float, StcrmError] | None = None

    def get(self, *, other_than: str = "") -> str:
        """Return a valid token, other than one that the service has just refused.

        Raises
        ------
        SignInError
            The client id or the secret is wrong. No sign-in is tried again for half a minute, so that threads do not
            flood the service.
        ServiceError
            The sign-in failed on every retry. All waiting threads get the same error.
        """
        with self._lock:
            if self._failed and self._clock() < self._failed[0]:
                raise self._failed[1].with_traceback(None)
            if not self._token or self._token == other_than or self._clock() >= self._ends:
                try:
                    self._sign_in()
                except StcrmError as error:
                    pause = _REFUSED_FOR if isinstance(error, SignInError) else _FAILED_FOR
                    self._failed = (self._clock() + pause, error)
                    raise
            return self._token

    @property
    def current(self) -> str:
        """The token in use; empty before the first sign-in."""
        return self._token

    def _sign_in(self) -> None:
        asked = self._clock()
        settings = self._settings
        if settings.client_secret is None:
            raise SettingsError(
                "STCRM_CLIENT_SECRET is not set. Set it, or read stored responses with connect(offline=True)."
            )
        form = {
            "grant_type": "client_credentials",
            "client_id": str(settings.client_id),
            "client_secret": settings.client_secret.get_secret_value(),
        }
        try:
            answer = self._post(settings.token_url, form).json()
            token = answer["access_token"]  # type: ignore[index]
            lifetime = _lifetime(answer.get("expires_in"))  # type: ignore[attr-defined]
            if not _TOKEN.fullmatch(token):
                raise ValueError("no token")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise SignInError(f"The response of {settings.token_url} has no token. Check STCRM_AUTH_URL.") from None
        self._token = token
        self._ends = asked + max(1.0, lifetime - _RENEW_BEFORE)


def _lifetime(given: Any) -> float:
    """Return the lifetime of a token in seconds, one day at most.

    Examples
    --------
    >>> _lifetime(900), _lifetime(None), _lifetime(10**400)
    (900.0, 900.0, 86400.0)
    """
    try:
        return min(_LONGEST, float(given or _USUAL))
    except OverflowError:  # an integer with hundreds of digits
        return _LONGEST
