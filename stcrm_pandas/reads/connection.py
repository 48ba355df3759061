"""Writes over one connection, and the connection of bulk edits, which also reads without the cache.

A write checks its arguments, sends one request, drops stale cache entries, and returns the row of the response.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import requests

from stcrm_pandas.contract.operations import Operation, by_name
from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.errors import (
    Conflict,
    NotFound,
    RequestError,
    ResponseError,
    SettingsError,
    StcrmWarning,
    WritesNotAllowed,
    notify,
)
from stcrm_pandas.http import wire
from stcrm_pandas.http.body import to_body
from stcrm_pandas.http.cache import Cache
from stcrm_pandas.http.query import parents_of, path_of, to_query
from stcrm_pandas.http.session import CachedServiceSession
from stcrm_pandas.reads.progress import Bar, Progress
from stcrm_pandas.reads.reading import Options, Reader, below
from stcrm_pandas.settings.addresses import ENVIRONMENTS
from stcrm_pandas.settings.connection import Settings


class Writer:
    """Writes over one connection, for the methods of resources."""

    def __init__(self, session: CachedServiceSession, cache: Cache, settings: Settings, reader: Reader) -> None:
        self._session = session
        self._cache = cache
        self._settings = settings
        self._reader = reader

    def write(self, operation: Operation, arguments: Mapping[str, Any]) -> pd.DataFrame | None:
        """Send one request that changes something.

        Parameters
        ----------
        arguments : mapping
            Path, query and body parameters, by the names of the method's parameters.

        Returns
        -------
        pd.DataFrame | None
            The row of the response as a frame; None if the response has no row.

        Raises
        ------
        WritesNotAllowed
            The connection is read-only or offline.
        UsageError
            An argument is invalid; nothing was sent.
        ServiceError
            The service refused the request or failed; `in_doubt` says whether the change may have been made.
        ResponseError
            The change was made, but the response cannot be read.
        """
        self.allow(operation)
        zone = self._settings.time_zone
        path = path_of(operation, {name: arguments[snake(name)] for name in operation.path_names})
        filters = {snake(field.name) for field in operation.filters}
        query = to_query(
            operation, {name: value for name, value in arguments.items() if name in filters}, time_zone=zone
        )
        taken = filters.union(map(snake, operation.path_names))
        body = self.body(operation, {name: value for name, value in arguments.items() if name not in taken})
        response = self.send(operation, path, body, query=query)
        if operation.row is None:
            return None
        try:
            date = wire.service_date(response.headers)
            return self._reader.frame_of_response(operation, response.content, parents_of(operation.row, path), date)
        except ResponseError as error:
            error.add_note(
                f"{operation.name} was carried out, but its response cannot be read. Do not send it again. Check "
                f"with crm.{operation.shown_by}(…)."
            )
            raise

    def send(
        self,
        operation: Operation,
        path: Mapping[str, object],
        body: object,
        *,
        query: Iterable[tuple[str, str]] = (),
        before_send: Callable[[], object] | None = None,
    ) -> requests.Response:
        """Send one checked request, and drop cache entries that it makes stale.

        Parameters
        ----------
        path, body : mapping
            By the API's names.
        before_send : callable, optional
            Called directly before each attempt, after all waiting. If it raises, the request is not sent. If it returns
            a value other than None, that is sent as the body.

        Raises
        ------
        ServiceError
            The service refused the request or failed; `in_doubt` says whether the change may have been made.
        """
        call = wire.build_request(
            operation, str(self._settings.api_url), self._settings.tenant or 0, path=path, query=query, body=body
        )
        self._cache.forget(operation.forgets)
        try:
            return self._session.ask(
                call, before_send=None if before_send is None else partial(_json_bytes, before_send)
            )
        except (NotFound, Conflict, RequestError) as error:
            raise wire.with_path(error, path) from None
        finally:
            # Again, even after a failure: a read may have started meanwhile, and the change may have been made.
            self._forget_after(operation)

    def body(self, operation: Operation, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the checked request body; see `to_body`."""
        return to_body(operation, values, time_zone=self._settings.time_zone)

    def allow(self, operation: Operation) -> None:
        """Raise if the connection must not write.

        Raises
        ------
        WritesNotAllowed
            The connection is read-only or offline; the message says how to allow writes.
        """
        if self._settings.offline:
            raise WritesNotAllowed(
                f"{operation.name}: this connection is offline and cannot write. Connect without offline=True."
            )
        if not self._settings.allow_writes:
            raise WritesNotAllowed(
                f"{operation.name}: this connection is read-only. To change data of tenant {self._settings.tenant} "
                f"in {self._settings.name}, connect with stcrm.connect(allow_writes=True) or set STCRM_ALLOW_WRITES=1."
            )

    def _forget_after(self, operation: Operation) -> None:
        try:
            self._cache.forget(operation.forgets)
        except SettingsError as error:
            notify(
                f"{operation.name}: stored responses may be out of date and could not be removed from the cache: "
                f"{error} Read with refresh=True.",
                StcrmWarning,
            )


def _json_bytes(before_send: Callable[[], object]) -> bytes | None:
    body = before_send()
    return None if body is None else wire.json_bytes(body)


class Connection:
    """Implements `edits.port.Port` for one connection."""

    def __init__(
        self,
        settings: Settings,
        session: CachedServiceSession,
        cache: Cache,
        progress: Progress,
        reader: Reader,
        writer: Writer,
    ) -> None:
        self._settings, self._session, self._cache = settings, session, cache
        self._progress, self._reader, self._writer = progress, reader, writer

    @property
    def name(self) -> str:
        """The environment, as plans and journals name it."""
        return self._settings.name

    @property
    def tenant(self) -> int:
        """The tenant's number."""
        return self._settings.tenant or 0

    @property
    def time_zone(self) -> str | None:
        """The tenant's time zone."""
        return self._settings.time_zone

    @property
    def double_opt_in(self) -> bool:
        """Whether customers without the tag `Opted In` get no marketing e-mail."""
        return self._settings.double_opt_in

    @property
    def journal_folder(self) -> Path:
        """The folder of the journals."""
        return self._settings.journal_folder

    @property
    def concurrency(self) -> int:
        """The largest number of requests at the same time."""
        return self._settings.concurrency

    @property
    def rate_limit(self) -> int:
        """The largest number of requests per second."""
        return self._settings.rate_limit

    @property
    def in_production(self) -> bool:
        """Whether this is ServiceTitan's production environment, by its name or its address."""
        host = urlsplit(str(self._settings.api_url)).hostname
        return self._settings.environment == "production" or host == urlsplit(ENVIRONMENTS["production"][0]).hostname

    def now(self) -> dt.datetime:
        """Return the time by the clock of this machine."""
        return self._cache.now()

    def service_now(self) -> dt.datetime | None:
        """Return the time by the service's clock; None before its first response."""
        return self._session.service_now()

    def timer(self) -> float:
        """Return seconds that only increase."""
        return self._session.timer()

    def sleep(self, seconds: float) -> None:
        """Wait until the time is over or the connection is interrupted."""
        self._session.sleep(seconds)

    def interrupt(self, *, writes: bool = False) -> None:
        """End running reads and all waiting; with `writes`, end running writes, too."""
        self._session.interrupt(writes=writes)

    def stop_waiting(self) -> None:
        """End all waiting and send nothing more, until `allow_requests`."""
        self._session.interrupted.set()

    def allow_requests(self) -> None:
        """Allow requests again after `interrupt` or `stop_waiting`."""
        self._session.interrupted.clear()

    def ask(
        self, operation: Operation, path: Mapping[str, object], query: Sequence[tuple[str, str]]
    ) -> requests.Response:
        """Send one request that reads, without the cache, and return its response."""
        return self._session.ask(wire.build_request(operation, str(self._settings.api_url), self.tenant, path, query))

    def list(self, method: str, **filters: Any) -> pd.DataFrame:
        """Return all current rows of a list, like the method of that name with `refresh=True`."""
        operation = by_name(method)
        parents = below(operation, filters)
        return self._reader.list(operation, filters, Options(refresh=True), below=parents)

    def list_moving(self, method: str, **filters: Any) -> pd.DataFrame:
        """Return all rows of a list as they are now, also while rows are edited."""
        return self._reader.list_moving(by_name(method), filters)

    def allow(self, operation: Operation) -> None:
        """Raise `WritesNotAllowed` if the connection is read-only or offline."""
        self._writer.allow(operation)

    def send(
        self,
        operation: Operation,
        path: Mapping[str, object],
        body: object,
        *,
        before_send: Callable[[], object] | None = None,
    ) -> requests.Response:
        """Send one request that changes something. See `Writer.send`."""
        return self._writer.send(operation, path, body, before_send=before_send)

    def bar(self, what: str) -> AbstractContextManager[Bar]:
        """Return a progress bar."""
        return self._progress.bar(what)

    def say(self, what: str) -> None:
        """Print a line in a terminal or notebook."""
        self._progress.say(what)
