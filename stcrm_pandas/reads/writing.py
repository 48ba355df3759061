"""Writes: check the arguments, send one request, drop stale cache entries, and return the row of the response."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import requests

from stcrm_pandas.contract.operations import Operation
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
from stcrm_pandas.reads.reading import Reader
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
