"""One connection as bulk edits see it: fresh reads, writes, time, and a few settings."""

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
from stcrm_pandas.http.session import CachedPoliteSession
from stcrm_pandas.reads.options import Options
from stcrm_pandas.reads.progress import Bar, Progress
from stcrm_pandas.reads.reading import Reader, below
from stcrm_pandas.reads.writing import Writer
from stcrm_pandas.settings.addresses import ENVIRONMENTS
from stcrm_pandas.settings.connection import Settings


class Connection:
    """The parts of one connection, as `edits.port.Port` describes them."""

    def __init__(
        self,
        settings: Settings,
        session: CachedPoliteSession,
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
    def journal_folder(self) -> Path:
        """Where journals are kept."""
        return self._settings.journal_folder

    @property
    def concurrency(self) -> int:
        """How many requests run side by side at most."""
        return self._settings.concurrency

    @property
    def rate_limit(self) -> int:
        """How many requests are sent in a second at most."""
        return self._settings.rate_limit

    @property
    def in_production(self) -> bool:
        """Whether it is the real service's production, by its name or by its address."""
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
        """Wait, unless interrupted."""
        self._session.sleep(seconds)

    def interrupt(self, *, writes: bool = False) -> None:
        """End reads under way, with `writes` also requests that change something, and all waiting."""
        self._session.interrupt(writes=writes)

    def stop_waiting(self) -> None:
        """End all waiting, and send nothing more, until `go_on`."""
        self._session.interrupted.set()

    def go_on(self) -> None:
        """Let requests be sent again after `interrupt` or `stop_waiting`."""
        self._session.interrupted.clear()

    def ask(
        self, operation: Operation, path: Mapping[str, object], query: Sequence[tuple[str, str]]
    ) -> requests.Response:
        """Send one request that reads, without the cache, and return its response."""
        return self._session.ask(wire.build(operation, str(self._settings.api_url), self.tenant, path, query))

    def list(self, helper: str, **filters: Any) -> pd.DataFrame:
        """Return all rows of a list as they are now, as the method of that name does with `refresh=True`."""
        operation = by_name(helper)
        parents = below(operation, filters)
        return self._reader.list(operation, filters, Options(refresh=True), below=parents)

    def allow(self, operation: Operation) -> None:
        """Raise `WritesNotAllowed` where the connection has no write permission, or is offline."""
        self._writer.allow(operation)

    def send(
        self,
        operation: Operation,
        path: Mapping[str, object],
        body: object,
        *,
        still: Callable[[], object] | None = None,
    ) -> requests.Response:
        """Send one request that changes something. See `Writer.send`."""
        return self._writer.send(operation, path, body, still=still)

    def bar(self, what: str) -> AbstractContextManager[Bar]:
        """Return a progress bar."""
        return self._progress.bar(what)

    def say(self, what: str) -> None:
        """Show a line where somebody watches."""
        self._progress.say(what)
