"""HTTP sessions: sign-in and its token, rate limit and retries, and the same with a cache.

The token is shared by all threads, and renewed before it expires and after a 401.
"""

from __future__ import annotations

import datetime as dt
import http.cookiejar
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, Protocol, cast

import requests
from pyrate_limiter import Duration, Limiter, MonotonicClock, Rate, StateBucket
from requests_cache import NEVER_EXPIRE, CacheMixin
from requests_cache.backends.base import BaseCache
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_when_event_set,
)

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.errors import ConnectionFailed, ServiceError, SettingsError, SignInError, StcrmError
from stcrm_pandas.http import wire
from stcrm_pandas.http.transport import BoundedAdapter, InFlight, ResponseTooLarge
from stcrm_pandas.settings.addresses import is_known, is_loopback, name_once
from stcrm_pandas.settings.connection import Settings

_BURST = 2  # requests at once; without it a thread that wakes up late would lower the rate


class ServiceSession(requests.Session):
    """A session that signs in, keeps to the rate limit, and retries requests where that is safe.

    Parameters
    ----------
    connection : Settings
        The settings of the connection.
    on_wait : callable
        Called before each wait with the seconds and the reason.
    own_service : bool, default False
        The service is a sandbox of this process, so its address needs no warning.
    sleep, timer, chance : callable, optional
        Replacements for the clock and the random numbers in tests.
    """

    def __init__(
        self,
        connection: Settings,
        *,
        on_wait: Callable[[float, str], None] = lambda seconds, why: None,
        own_service: bool = False,
        sleep: Callable[[float], None] | None = None,
        timer: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__()
        self.connection = connection
        self.on_wait = on_wait
        self.calls = 0
        self._own_service = own_service
        self.interrupted = threading.Event()  # when set, nothing waits and nothing is retried
        self._sleep = sleep or sleep_until(self.interrupted)
        self._timer, self._chance = timer, chance
        self._free_at = 0.0  # a 429 in one thread delays all threads until then
        self._counting = threading.Lock()
        self._service_date: tuple[dt.datetime, float] | None = None
        rate = Rate(connection.rate_limit, Duration.SECOND, burst=_BURST)
        self._limiter = Limiter(StateBucket([rate], clock=MonotonicClock()), buffer_ms=0)
        self.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self.in_flight = InFlight()
        limit = connection.response_limit_mb * 1_000_000
        adapter = BoundedAdapter(self.in_flight, limit, pool_connections=4, pool_maxsize=connection.concurrency + 2)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self.tokens = Tokens(connection, self._post_form, timer)

    def ask(self, call: wire.Request, **more: Any) -> requests.Response:
        """Send one request with retries, and return a successful response; `more` is for the cache."""
        headers = {"Accept": "application/json"}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        prepared = requests.Request(call.method, call.url, headers=headers, data=call.body).prepare()
        return self.send(prepared, call=call, **more)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request for which no stored response is used.

        Parameters
        ----------
        kwargs
            `call`, from which the request was prepared, and `before_send`, which is called directly before each
            attempt, after all waiting. If it raises, the request is not sent; if it returns bytes, they are sent as the
            body.

        Raises
        ------
        ServiceError
            The request was refused, or failed on every retry.
        """
        call: wire.Request = kwargs["call"]
        before_send: Callable[[], bytes | None] = kwargs.get("before_send") or self._unless_interrupted
        renewed = False

        def attempt() -> requests.Response:
            nonlocal renewed
            token = self.tokens.get()
            response = self._send_once(request, call.operation, token, before_send)
            if response.status_code == 401 and not renewed:
                renewed = True
                response = self._send_once(request, call.operation, self.tokens.get(other_than=token), before_send)
            if 200 <= response.status_code < 300:
                return response
            wait = self._retry_after(response)
            error = wire.service_error(
                call.operation,
                response.status_code,
                response.content,
                tenant=self.connection.tenant or 0,
                wait=wait,
                secrets=self._secrets(token),
            )
            if wire.is_retryable(call.method, response.status_code):
                raise self._retryable(error, response.status_code, wait)
            raise error

        return self._with_retries(attempt)

    def _post_form(self, url: str, form: Mapping[str, str]) -> requests.Response:
        request = requests.Request("POST", url, data=form, headers={"Accept": "application/json"}).prepare()

        def attempt() -> requests.Response:
            response = self._send_once(request, None, None, self._unless_interrupted)
            if response.status_code == 200:
                return response
            error = wire.sign_in_error(response.status_code, response.content, self._secrets())
            if wire.is_retryable("GET", response.status_code):  # asking twice for a token does no harm
                raise self._retryable(error, response.status_code, self._retry_after(response))
            raise error

        return self._with_retries(attempt)

    def _send_once(
        self,
        request: requests.PreparedRequest,
        operation: Operation | None,
        token: str | None,
        before_send: Callable[[], bytes | None],
    ) -> requests.Response:
        """Make one attempt; without an operation it is the sign-in."""
        self._announce_address("api_url" if operation else "auth_url")
        if token is not None:
            key = self.connection.app_key
            request.headers["Authorization"] = f"Bearer {token}"
            request.headers["ST-App-Key"] = key.get_secret_value() if key else ""
        request.headers.pop("Cache-Control", None)  # meant for the cache, not for the service
        options = self.merge_environment_settings(str(request.url), {}, None, None, None)
        if is_loopback(str(request.url)):
            options["proxies"] = {}  # for a proxy, this address is another machine
        request.writes = operation is not None and operation.writes  # type: ignore[attr-defined]
        self._wait_for_turn()
        if (body := before_send()) is not None:
            request.prepare_body(body, None)
        with self._counting:
            self.calls += 1
        try:
            response = super().send(request, timeout=self.connection.timeout, allow_redirects=False, **options)
        except ResponseTooLarge:
            raise self._too_large(operation) from None
        except requests.RequestException as error:
            raise _connection_error(error, operation) from None
        except OSError as error:  # a missing file of certificates
            what = operation.name if operation else "sign-in"
            raise ConnectionFailed(
                f"{what}: no connection could be made: {error}. Check REQUESTS_CA_BUNDLE and the proxy settings.",
                operation=what,
            ) from None
        if operation is not None and (date := wire.service_date(response.headers)) is not None:
            self._service_date = (date, self._timer())
        return response

    def interrupt(self, *, writes: bool = False) -> None:
        """End running requests and all waiting, until `interrupted` is cleared.

        Parameters
        ----------
        writes : bool, default False
            End requests that change something, too; their outcome is then unknown.
        """
        self.interrupted.set()
        self.in_flight.end("interrupted", writes=writes)

    def _unless_interrupted(self) -> None:
        if self.interrupted.is_set():
            raise ConnectionFailed("The connection was interrupted or closed before the request was sent.")

    def _too_large(self, operation: Operation | None) -> ConnectionFailed:
        what = operation.name if operation else "sign-in"
        doubt = wire.doubt_message(operation) if operation else ""
        return ConnectionFailed(
            f"{what}: the response is larger than {self.connection.response_limit_mb} MB, so the rest of it was not "
            "read. If it really comes from ServiceTitan and not from a proxy, set STCRM_RESPONSE_LIMIT_MB to a higher "
            f"value.{doubt}",
            operation=what,
            in_doubt=bool(doubt),
        )

    def _announce_address(self, setting: str) -> None:
        """Warn before the first secret is sent to an address that is not ServiceTitan's."""
        url = str(getattr(self.connection, setting))
        if not self._own_service and not is_known(url):
            name_once(url, f"STCRM_{setting.upper()}", self.connection.source(setting).words)

    def timer(self) -> float:
        """Return seconds that only increase."""
        return self._timer()

    def sleep(self, seconds: float) -> None:
        """Wait until the time is over or the session is interrupted."""
        self._sleep(seconds)

    def service_now(self) -> dt.datetime | None:
        """Return the service's time: its latest `Date` plus the time since. None before the first response."""
        if self._service_date is None:
            return None
        date, at = self._service_date
        return date + dt.timedelta(seconds=max(0.0, self._timer() - at))

    def _with_retries(self, attempt: Callable[[], requests.Response]) -> requests.Response:
        retrying = Retrying(
            stop=stop_after_attempt(self.connection.retries + 1) | stop_when_event_set(self.interrupted),
            wait=self._retry_wait,
            retry=retry_if_exception_type(_Retryable),
            retry_error_callback=_raise_last_error,
            sleep=self._sleep,
        )
        return retrying(attempt)

    def _retry_wait(self, state: RetryCallState) -> float:
        failure = _last_failure(state)
        wait = wire.backoff(state.attempt_number, self._chance())
        if failure.wait is not None:
            wait = failure.wait + self._chance()  # so that threads do not retry at the same moment
        self.on_wait(wait, failure.why)
        return wait

    def _retry_after(self, response: requests.Response) -> float | None:
        return wire.retry_after(response.headers, response.content, now=wire.service_date(response.headers))

    def _secrets(self, token: str = "") -> list[str]:
        """Return the secrets that no error may repeat."""
        secrets = [self.connection.client_secret, self.connection.app_key]
        return [token, self.tokens.current, *(secret.get_secret_value() for secret in secrets if secret)]

    def _retryable(self, error: ServiceError, status: int, wait: float | None) -> Exception:
        if wait is not None and wait > wire.LONGEST_WAIT:
            return error
        if status != 429:
            return _Retryable(error, wait, f"the service failed ({status})")
        self._free_at = max(self._free_at, self._timer() + (wait or 0.0))
        return _Retryable(error, wait, "the service asks to wait")

    def _wait_for_turn(self) -> None:
        held = self._free_at - self._timer()
        if held > 0:
            self.on_wait(held, "the service asks to wait")
            self._sleep(held)
        self._limiter.try_acquire("call")


class CachedServiceSession(CacheMixin, ServiceSession):
    """A `ServiceSession` with requests-cache.

    The caller names the stored response by `page_key`: it is used if it exists, and stored otherwise.
    `only_if_cached=True` sends nothing. Without a key nothing is stored.
    """

    def __init__(self, connection: Settings, backend: BaseCache, **more: Any) -> None:
        super().__init__(
            backend=backend,
            expire_after=NEVER_EXPIRE,
            allowable_codes=(200,),
            allowable_methods=("GET",),
            key_fn=_page_key,
            connection=connection,
            **more,
        )

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> Any:  # type: ignore[override]
        """Return a stored response, or send with `ServiceSession.send`."""
        if "page_key" in kwargs:
            return super().send(request, **kwargs)
        return ServiceSession.send(self, request, **kwargs)


def _page_key(*, page_key: str, **_: Any) -> str:
    return page_key


class _Retryable(Exception):
    """A failure that may be retried; `error` is raised after the last retry."""

    def __init__(self, error: ServiceError, wait: float | None, why: str) -> None:
        super().__init__(why)
        self.error, self.wait, self.why = error, wait, why


def _last_failure(state: RetryCallState) -> _Retryable:
    return cast("_Retryable", state.outcome and state.outcome.exception())


def _raise_last_error(state: RetryCallState) -> requests.Response:
    raise _last_failure(state).error from None


def _connection_error(error: requests.RequestException, operation: Operation | None) -> Exception:
    """Return the error for a request without a complete response, without requests' message, which has the filters."""
    sent = "NewConnectionError" not in repr(error) and not isinstance(error, requests.ConnectTimeout)
    timeout = isinstance(error, requests.Timeout)
    happened = "took too long" if timeout else "broke off" if sent else "could not be made"
    what = operation.name if operation else "sign-in"
    doubt = wire.doubt_message(operation) if operation and sent else ""
    failure = ConnectionFailed(
        f"{what}: the connection {happened} ({type(error).__name__}). Check the network, the address and the proxy."
        f"{doubt}",
        operation=what,
        in_doubt=bool(doubt),
    )
    method = operation.method if operation else "GET"  # asking twice for a token does no harm
    if wire.is_retryable(method, None, sent=sent):
        return _Retryable(failure, None, f"the connection {happened}")
    return failure


class _WithoutQueries(logging.Filter):
    """Removes queries from the log lines of other libraries: filters have customers' names, phones and addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _without_query(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(map(_without_query, record.args))
        return True


def _without_query(value: Any) -> Any:
    return value.partition("?")[0] + "?…" if isinstance(value, str) and "?" in value else value


for _name in ("urllib3.connectionpool", "requests_cache.session", "requests_cache.policy.actions"):
    logging.getLogger(_name).addFilter(_WithoutQueries())


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
        requested_at = self._clock()
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
            response = self._post(settings.token_url, form).json()
            token = response["access_token"]  # type: ignore[index]
            lifetime = _lifetime(response.get("expires_in"))  # type: ignore[attr-defined]
            if not _TOKEN.fullmatch(token):
                raise ValueError("no token")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise SignInError(f"The response of {settings.token_url} has no token. Check STCRM_AUTH_URL.") from None
        self._token = token
        self._ends = requested_at + max(1.0, lifetime - _RENEW_BEFORE)


def _lifetime(seconds: Any) -> float:
    """Return the lifetime of a token in seconds, one day at most.

    Examples
    --------
    >>> _lifetime(900), _lifetime(None), _lifetime(10**400)
    (900.0, 900.0, 86400.0)
    """
    try:
        return min(_LONGEST, float(seconds or _USUAL))
    except OverflowError:  # an integer with hundreds of digits
        return _LONGEST


_AT_A_TIME = 0.25
"""Seconds that a thread waits at a time, so that Ctrl-C ends it: Python handles signals in the main thread only, and it
does not wake up from a lock or an event if the system delivers one to another thread."""


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
