"""The protocol through which bulk edits use a connection. `reads.connection.Connection` implements it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import requests

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.reads.progress import Bar


class Port(Protocol):
    """The service, its clock, and the settings of one connection."""

    @property
    def name(self) -> str:
        """The environment, as plans and journals name it."""

    @property
    def tenant(self) -> int:
        """The tenant's number."""

    @property
    def time_zone(self) -> str | None:
        """The tenant's time zone, as `"America/Chicago"`."""

    @property
    def double_opt_in(self) -> bool:
        """Whether customers without the tag `Opted In` get no marketing e-mail."""

    @property
    def journal_folder(self) -> Path:
        """The folder of the journals."""

    @property
    def concurrency(self) -> int:
        """The largest number of requests at the same time."""

    @property
    def rate_limit(self) -> int:
        """The largest number of requests per second."""

    @property
    def in_production(self) -> bool:
        """Whether this is ServiceTitan's production environment, by its name or its address."""

    def now(self) -> dt.datetime:
        """Return the time by the clock of this machine."""

    def service_now(self) -> dt.datetime | None:
        """Return the time by the service's clock; None before its first response."""

    def timer(self) -> float:
        """Return seconds that only increase."""

    def sleep(self, seconds: float) -> None:
        """Wait until the time is over or the connection is interrupted."""

    def interrupt(self, *, writes: bool = False) -> None:
        """End running reads and all waiting; with `writes`, end running writes, too."""

    def stop_waiting(self) -> None:
        """End all waiting and send nothing more, until `allow_requests`."""

    def allow_requests(self) -> None:
        """Allow requests again after `interrupt` or `stop_waiting`."""

    def ask(
        self, operation: Operation, path: Mapping[str, object], query: Sequence[tuple[str, str]]
    ) -> requests.Response:
        """Send one request that reads, without the cache, and return its response."""

    def list(self, method: str, **filters: Any) -> pd.DataFrame:
        """Return all current rows of a list (`"customers.list_contacts"`)."""

    def list_moving(self, method: str, **filters: Any) -> pd.DataFrame:
        """Return all rows of a list as they are now, also while rows are edited and move between pages.

        `attrs["stcrm"]["fetched_at"]` is the service's time at the beginning; None if it gives none.
        """

    def allow(self, operation: Operation) -> None:
        """Raise `WritesNotAllowed` if the connection is read-only or offline."""

    def send(
        self,
        operation: Operation,
        path: Mapping[str, object],
        body: object,
        *,
        before_send: Callable[[], object] | None = None,
    ) -> requests.Response:
        """Send one request that changes something. See `Writer.send`."""

    def bar(self, what: str) -> AbstractContextManager[Bar]:
        """Return a progress bar."""

    def say(self, what: str) -> None:
        """Print a line in a terminal or notebook."""
