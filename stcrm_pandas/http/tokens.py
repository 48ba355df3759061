"""The access token: got once for all threads, renewed before it ends and after a refusal."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from stcrm_pandas.errors import SettingsError, SignInError, StcrmError
from stcrm_pandas.settings.connection import Settings

_RENEW_BEFORE = 60.0  # seconds before its end from which on a token is no longer used
_REFUSED_FOR = 30.0  # seconds in which a refused sign-in is not tried again
_FAILED_FOR = 2.0  # likewise after one that failed at every repeat
_USUAL, _LONGEST = 900.0, 86_400.0  # seconds for which a token is good
_TOKEN = re.compile("[!-~]+")  # what a header can carry


class SignInAnswer(Protocol):
    """What a sign-in brings back."""

    def json(self) -> object:
        """The answer's JSON."""


class Tokens:
    """The token of one connection.

    Parameters
    ----------
    settings : Settings
        The connection's, with the client id and secret.
    post : callable
        Sends the sign-in form to an address; raises where it is refused.
    clock : callable
        Seconds that only grow.
    """

    def __init__(
        self, settings: Settings, post: Callable[[str, Mapping[str, str]], SignInAnswer], clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._post = post
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0
        self._failed: tuple[float, StcrmError] | None = None

    def get(self, *, other_than: str = "") -> str:
        """A token that is good now, and another than the one that the service has just refused.

        Raises
        ------
        SignInError
            The client id or the secret is wrong. It is not asked again for half a minute, so that many threads do not
            become a storm of sign-ins.
        ServiceError
            The sign-in failed at every repeat. All threads that waited for it share the failure.
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
            raise SettingsError("Not set: STCRM_CLIENT_SECRET. Without it, only connect(offline=True) can read.")
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
            raise SignInError(
                f"{settings.token_url} answered, but with no token in it. Is STCRM_AUTH_URL right?"
            ) from None
        self._token = token
        self._ends = asked + max(1.0, lifetime - _RENEW_BEFORE)


def _lifetime(given: Any) -> float:
    """For how many seconds a token is good, a day at most.

    Examples
    --------
    >>> _lifetime(900), _lifetime(None), _lifetime(10**400)
    (900.0, 900.0, 86400.0)
    """
    try:
        return min(_LONGEST, float(given or _USUAL))
    except OverflowError:  # a whole number of hundreds of digits
        return _LONGEST
