"""Writes: fields in, one call out, the row that it was answered with, and nothing stale left in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import requests

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.errors import (
    AnswerError,
    Conflict,
    NotFound,
    RequestError,
    SettingsError,
    StcrmWarning,
    WritesNotAllowed,
    notify,
)
from stcrm_pandas.http import wire
from stcrm_pandas.http.body import to_body
from stcrm_pandas.http.cache import Cache
from stcrm_pandas.http.paths import parents_of, path_of
from stcrm_pandas.http.query import to_query
from stcrm_pandas.http.session import CachedPoliteSession
from stcrm_pandas.reads.reading import Reader
from stcrm_pandas.settings.connection import Settings


class Writer:
    """Writes over one connection; the resources' methods use it."""

    def __init__(self, session: CachedPoliteSession, cache: Cache, settings: Settings, reader: Reader) -> None:
        self._session = session
        self._cache = cache
        self._settings = settings
        self._reader = reader

    def write(self, operation: Operation, given: Mapping[str, Any]) -> pd.DataFrame | None:
        """Send one request that writes.

        Parameters
        ----------
        given : mapping
            By the names of the method's parameters: the values in the path, the query and the body.

        Returns
        -------
        pd.DataFrame | None
            The row in the response, as a frame; None if the response is empty.

        Raises
        ------
        WritesNotAllowed
            The connection is read-only or offline.
        UsageError
            An argument is invalid; nothing was sent.
        ServiceError
            The service refused or failed; `in_doubt` says whether it may have been carried out.
        AnswerError
            It succeeded, but the response cannot be read.
        """
        self.allow(operation)
        zone = self._settings.time_zone
        path = path_of(operation, {name: given[snake(name)] for name in operation.path_names})
        filters = {snake(field.name) for field in operation.filters}
        query = to_query(operation, {name: value for name, value in given.items() if name in filters}, time_zone=zone)
        taken = filters.union(map(snake, operation.path_names))
        body = self.body(operation, {name: value for name, value in given.items() if name not in taken})
        response = self.send(operation, path, body, query=query)
        if operation.row is None:
            return None
        try:
            date = wire.service_date(response.headers)
            return self._reader.answered(operation, response.content, parents_of(operation.row, path), date)
        except AnswerError as error:
            error.add_note(
                f"{operation.name} succeeded, but its response cannot be read. Do not send it again: "
                f"check with crm.{operation.shown_by}(…)."
            )
            raise

    def send(
        self,
        operation: Operation,
        path: Mapping[str, object],
        body: object,
        *,
        query: Iterable[tuple[str, str]] = (),
        still: Callable[[], object] | None = None,
    ) -> requests.Response:
        """Send one request and remove what it makes stale from the cache.

        Parameters
        ----------
        path, body : mapping
            By the API's names, already checked.
        still : callable, optional
            Called right before each attempt, after all waiting. If it raises, nothing is sent; if it returns a value,
            that is sent as the body.

        Raises
        ------
        ServiceError
            The service refused or failed; `in_doubt` says whether it may have been carried out.
        """
        call = wire.build(
            operation, str(self._settings.api_url), self._settings.tenant or 0, path=path, query=query, body=body
        )
        self._cache.forget(operation.forgets)
        try:
            return self._session.ask(call, still=None if still is None else partial(_packed, still))
        except (NotFound, Conflict, RequestError) as error:
            raise wire.located(error, path) from None
        finally:
            # Again, also after a failure: a read may have begun meanwhile, and what failed may have been carried out.
            self._forget_after(operation)

    def body(self, operation: Operation, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """What would be sent, checked; see `to_body`."""
        return to_body(operation, values, time_zone=self._settings.time_zone)

    def allow(self, operation: Operation) -> None:
        """Refuse to write over a connection that may not.

        Raises
        ------
        WritesNotAllowed
            It may only read, or is offline; the message says how to allow it.
        """
        if self._settings.offline:
            raise WritesNotAllowed(
                f"{operation.name}: this connection is offline, and a write has to reach the service. "
                "Connect without offline=True."
            )
        if not self._settings.allow_writes:
            raise WritesNotAllowed(
                f"{operation.name}: this connection may only read. To change tenant {self._settings.tenant} in "
                f"{self._settings.name}, connect with stcrm.connect(allow_writes=True) or set STCRM_ALLOW_WRITES=1."
            )

    def _forget_after(self, operation: Operation) -> None:
        try:
            self._cache.forget(operation.forgets)
        except SettingsError as error:
            notify(
                f"{operation.name}: stored answers may be out of date, and could not be forgotten: {error} Read with "
                "refresh=True.",
                StcrmWarning,
            )


def _packed(still: Callable[[], object]) -> bytes | None:
    body = still()
    return None if body is None else wire.packed(body)
