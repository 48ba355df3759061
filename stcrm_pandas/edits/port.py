"""What edits need of a connection, and nothing else. `reads.connection.Connection` has it."""

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
    def journal_folder(self) -> Path:
        """Where journals are kept."""

    @property
    def concurrency(self) -> int:
        """How many requests run side by side at most."""

    @property
    def rate_limit(self) -> int:
        """How many requests are sent in a second at most."""

    @property
    def in_production(self) -> bool:
        """Whether it is the real service's production, by its name or by its address."""

    def now(self) -> dt.datetime:
        """Return the time by the clock of this machine."""

    def service_now(self) -> dt.datetime | None:
        """Return the time by the service's clock; None before its first response."""

    def timer(self) -> float:
        """Return seconds that only increase."""

    def sleep(self, seconds: float) -> None:
        """Wait, unless interrupted."""

    def interrupt(self, *, writes: bool = False) -> None:
        """End reads under way, with `writes` also requests that change something, and all waiting."""

    def stop_waiting(self) -> None:
        """End all waiting, and send nothing more, until `go_on`."""

    def go_on(self) -> None:
        """Let requests be sent again after `interrupt` or `stop_waiting`."""

    def ask(
        self, operation: Operation, path: Mapping[str, object], query: Sequence[tuple[str, str]]
    ) -> requests.Response:
        """Send one request that reads, without the cache, and return its response."""

    def list(self, helper: str, **filters: Any) -> pd.DataFrame:
        """Return all rows of a list (`"customers.list_contacts"`) as they are now, as its method does."""

    def allow(self, operation: Operation) -> None:
        """Raise `WritesNotAllowed` where the connection has no write permission, or is offline."""

    def send(
        self,
        operation: Operation,
        path: Mapping[str, object],
        body: object,
        *,
        still: Callable[[], object] | None = None,
    ) -> requests.Response:
        """Send one request that changes something. See `Writer.send`."""

    def bar(self, what: str) -> AbstractContextManager[Bar]:
        """Return a progress bar."""

    def say(self, what: str) -> None:
        """Show a line where somebody watches."""
