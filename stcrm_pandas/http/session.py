"""Sending: a session that signs in, keeps to the limit and repeats, and the cache above it."""

from __future__ import annotations

import datetime as dt
import http.cookiejar
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

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
from stcrm_pandas.errors import ConnectionFailed, ServiceError
from stcrm_pandas.http import wire
from stcrm_pandas.http.in_flight import InFlight
from stcrm_pandas.http.tokens import Tokens
from stcrm_pandas.http.transport import BoundedAdapter, ResponseTooLarge
from stcrm_pandas.http.waiting import sleep_until
from stcrm_pandas.settings.addresses import is_known, is_loopback, name_once
from stcrm_pandas.settings.connection import Settings

_BURST = 2  # calls at once; without it a thread that wakes up late would lower the rate


class PoliteSession(requests.Session):
    """A session that signs in, keeps to the limit of calls a second, and repeats what may be repeated.

    Parameters
    ----------
    connection : Settings
        Its settings.
    on_wait : callable
        Told before each wait: how many seconds, and why.
    own_service : bool, default False
        The service is a sandbox of this process, whose address nobody needs to be told.
    sleep, timer, chance : callable, optional
        Time and chance, given by tests.
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
        self.interrupted = threading.Event()  # set: no more waiting, no more repeats
        self._sleep = sleep or sleep_until(self.interrupted)
        self._timer, self._chance = timer, chance
        self._free_at = 0.0  # one thread's 429 holds all of them back until then
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
        """Send one call until it is answered, and return an answer of success; `more` is for a cache above."""
        headers = {"Accept": "application/json"}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        prepared = requests.Request(call.method, call.url, headers=headers, data=call.body).prepare()
        return self.send(prepared, call=call, **more)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """What `ask` comes down to where no stored answer is at hand.

        Parameters
        ----------
        kwargs
            `call`, what the request was prepared from, and `still`, which is called right before each time that it is
            sent, after all waiting: what it raises ends the call, unsent; bytes that it returns are sent as the body.

        Raises
        ------
        ServiceError
            Refused, or failed at every repeat, by kind.
        """
        call: wire.Request = kwargs["call"]
        still: Callable[[], bytes | None] = kwargs.get("still") or self._unless_interrupted
        renewed = False

        def attempt() -> requests.Response:
            nonlocal renewed
            token = self.tokens.get()
            response = self._once(request, call.operation, token, still)
            if response.status_code == 401 and not renewed:
                renewed = True
                response = self._once(request, call.operation, self.tokens.get(other_than=token), still)
            if 200 <= response.status_code < 300:
                return response
            wait = self._asked_wait(response)
            error = wire.fault(
                call.operation,
                response.status_code,
                response.content,
                tenant=self.connection.tenant or 0,
                wait=wait,
                secrets=self._secrets(token),
            )
            if wire.worth_repeating(call.method, response.status_code):
                raise self._repeatable(error, response.status_code, wait)
            raise error

        return self._repeat(attempt)

    def _post_form(self, url: str, form: Mapping[str, str]) -> requests.Response:
        request = requests.Request("POST", url, data=form, headers={"Accept": "application/json"}).prepare()

        def attempt() -> requests.Response:
            response = self._once(request, None, None, self._unless_interrupted)
            if response.status_code == 200:
                return response
            error = wire.sign_in_fault(response.status_code, response.content, self._secrets())
            if wire.worth_repeating("GET", response.status_code):  # asking twice for a token does no harm
                raise self._repeatable(error, response.status_code, self._asked_wait(response))
            raise error

        return self._repeat(attempt)

    def _once(
        self,
        request: requests.PreparedRequest,
        operation: Operation | None,
        token: str | None,
        still: Callable[[], bytes | None],
    ) -> requests.Response:
        """Send it now; without an operation it is the sign-in."""
        self._name_address("api_url" if operation else "auth_url")
        if token is not None:
            key = self.connection.app_key
            request.headers["Authorization"] = f"Bearer {token}"
            request.headers["ST-App-Key"] = key.get_secret_value() if key else ""
        request.headers.pop("Cache-Control", None)  # meant for the cache above, not for the service
        options = self.merge_environment_settings(str(request.url), {}, None, None, None)
        if is_loopback(str(request.url)):
            options["proxies"] = {}  # a proxy has another idea of which machine that is
        request.writes = operation is not None and operation.writes  # type: ignore[attr-defined]
        self._wait_for_turn()
        if (body := still()) is not None:
            request.prepare_body(body, None)
        with self._counting:
            self.calls += 1
        try:
            response = super().send(request, timeout=self.connection.timeout, allow_redirects=False, **options)
        except ResponseTooLarge:
            raise self._too_large(operation) from None
        except requests.RequestException as error:
            raise _broken(error, operation) from None
        except OSError as error:  # a file of certificates that is not there
            what = operation.name if operation else "sign-in"
            raise ConnectionFailed(
                f"{what}: no connection could be made: {error}. Are REQUESTS_CA_BUNDLE and the proxy's settings right?",
                operation=what,
            ) from None
        if operation is not None and (date := wire.service_date(response.headers)) is not None:
            self._service_date = (date, self._timer())
        return response

    def interrupt(self, *, writes: bool = False) -> None:
        """End what is under way, and all waiting, until `interrupted` is cleared.

        Parameters
        ----------
        writes : bool, default False
            Also requests that change something; nobody knows then what became of them.
        """
        self.interrupted.set()
        self.in_flight.end("interrupted", writes=writes)

    def _unless_interrupted(self) -> None:
        if self.interrupted.is_set():
            raise ConnectionFailed("The connection was interrupted or closed before the request was sent.")

    def _too_large(self, operation: Operation | None) -> ConnectionFailed:
        what = operation.name if operation else "sign-in"
        doubt = wire.doubt(operation) if operation else ""
        return ConnectionFailed(
            f"{what}: the response is larger than {self.connection.response_limit_mb} MB, so the rest of it was not "
            "read. If it comes from the service, and not from something on the way, set STCRM_RESPONSE_LIMIT_MB "
            f"higher.{doubt}",
            operation=what,
            in_doubt=bool(doubt),
        )

    def _name_address(self, setting: str) -> None:
        """Tell, before the first secret goes there, of an address that is not ServiceTitan's own."""
        url = str(getattr(self.connection, setting))
        if not self._own_service and not is_known(url):
            name_once(url, f"STCRM_{setting.upper()}", self.connection.source(setting).words)

    def timer(self) -> float:
        """Return seconds that only increase."""
        return self._timer()

    def sleep(self, seconds: float) -> None:
        """Wait, unless interrupted."""
        self._sleep(seconds)

    def service_now(self) -> dt.datetime | None:
        """Return the service's time: its latest `Date`, and what has passed since. None before the first response."""
        if self._service_date is None:
            return None
        date, at = self._service_date
        return date + dt.timedelta(seconds=max(0.0, self._timer() - at))

    def _repeat(self, attempt: Callable[[], requests.Response]) -> requests.Response:
        retrying = Retrying(
            stop=stop_after_attempt(self.connection.retries + 1) | stop_when_event_set(self.interrupted),
            wait=self._how_long,
            retry=retry_if_exception_type(_Repeatable),
            retry_error_callback=_give_up,
            sleep=self._sleep,
        )
        return retrying(attempt)

    def _how_long(self, state: RetryCallState) -> float:
        failure = _failure(state)
        wait = wire.backoff(state.attempt_number, self._chance())
        if failure.wait is not None:
            wait = failure.wait + self._chance()  # so that not all threads come back in one instant
        self.on_wait(wait, failure.why)
        return wait

    def _asked_wait(self, response: requests.Response) -> float | None:
        return wire.asked_wait(response.headers, response.content, now=wire.service_date(response.headers))

    def _secrets(self, token: str = "") -> list[str]:
        """What was sent to be let in, and what no error may repeat."""
        secrets = [self.connection.client_secret, self.connection.app_key]
        return [token, self.tokens.current, *(secret.get_secret_value() for secret in secrets if secret)]

    def _repeatable(self, error: ServiceError, status: int, wait: float | None) -> Exception:
        if wait is not None and wait > wire.LONGEST_WAIT:
            return error
        if status != 429:
            return _Repeatable(error, wait, f"the service failed ({status})")
        self._free_at = max(self._free_at, self._timer() + (wait or 0.0))
        return _Repeatable(error, wait, "the service asks to wait")

    def _wait_for_turn(self) -> None:
        held = self._free_at - self._timer()
        if held > 0:
            self.on_wait(held, "the service asks to wait")
            self._sleep(held)
        self._limiter.try_acquire("call")


class CachedPoliteSession(CacheMixin, PoliteSession):
    """The polite session below requests-cache.

    Which stored answer may be used is the caller's to decide, who names it by `page_key`: the answer is taken from
    there if it is there, and put there if it is not. `only_if_cached=True` sends nothing. Without a key nothing is
    stored.
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
        """Out of the cache, or by `PoliteSession.send`."""
        if "page_key" in kwargs:
            return super().send(request, **kwargs)
        return PoliteSession.send(self, request, **kwargs)


def _page_key(*, page_key: str, **_: Any) -> str:
    return page_key


class _Repeatable(Exception):
    """A failure that may be repeated; `error` is what it becomes when the repeats are used up."""

    def __init__(self, error: ServiceError, wait: float | None, why: str) -> None:
        super().__init__(why)
        self.error, self.wait, self.why = error, wait, why


def _failure(state: RetryCallState) -> _Repeatable:
    return cast("_Repeatable", state.outcome and state.outcome.exception())


def _give_up(state: RetryCallState) -> requests.Response:
    raise _failure(state).error from None


def _broken(error: requests.RequestException, operation: Operation | None) -> Exception:
    """The error for a call without a whole answer. requests' own text is left out: it holds the filters."""
    sent = "NewConnectionError" not in repr(error) and not isinstance(error, requests.ConnectTimeout)
    timeout = isinstance(error, requests.Timeout)
    happened = "took too long" if timeout else "broke off" if sent else "could not be made"
    what = operation.name if operation else "sign-in"
    doubt = wire.doubt(operation) if operation and sent else ""
    failure = ConnectionFailed(
        f"{what}: the connection {happened} ({type(error).__name__}). Is the network up, are the address and the proxy "
        f"right?{doubt}",
        operation=what,
        in_doubt=bool(doubt),
    )
    method = operation.method if operation else "GET"  # asking twice for a token does no harm
    if wire.worth_repeating(method, None, sent=sent):
        return _Repeatable(failure, None, f"the connection {happened}")
    return failure


class _WithoutQueries(logging.Filter):
    """Cuts queries out of other libraries' lines: filters hold customers' names, phones and streets."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _cut(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(map(_cut, record.args))
        return True


def _cut(value: Any) -> Any:
    return value.partition("?")[0] + "?…" if isinstance(value, str) and "?" in value else value


for _name in ("urllib3.connectionpool", "requests_cache.session", "requests_cache.policy.actions"):
    logging.getLogger(_name).addFilter(_WithoutQueries())
