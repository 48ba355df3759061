"""The connection of bulk edits: reads without the cache, writes, clocks, and a few settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import requests

from stcrm_pandas.contract.operations import Operation, by_name
from stcrm_pandas.http import wire
from stcrm_pandas.http.cache import Cache
from stcrm_pandas.http.session import CachedServiceSession
from stcrm_pandas.reads.progress import Bar, Progress
from stcrm_pandas.reads.reading import Options, Reader, below
from stcrm_pandas.reads.writing import Writer
from stcrm_pandas.settings.addresses import ENVIRONMENTS
from stcrm_pandas.settings.connection import Settings


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
