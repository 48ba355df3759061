"""A request to one operation, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.sandbox.service.parameters import QueryPairs, parse_guid, parse_integer
from stcrm_pandas.sandbox.service.responses import HttpError, ResponseBody
from stcrm_pandas.sandbox.store.clock import format_time
from stcrm_pandas.sandbox.store.store import ALL_ROWS, Store
from stcrm_pandas.sandbox.store.tables import Key

LARGEST_PAGE = 5_000
"""Most rows in a page, and in a response of a feed."""
_GUID_TABLES = {"contacts", "contact_methods"}


@dataclass(frozen=True)
class ApiRequest:
    """Parameters of the path, the query, and the body as `request_bodies` has read it; `now` is in ticks."""

    operation: Operation
    path: dict[str, str]
    query: QueryPairs
    store: Store
    now: int
    feed_size: int = LARGEST_PAGE
    body: dict[str, Any] = field(default_factory=dict)
    by_the_book: bool = False

    @property
    def timestamp(self) -> str:
        """The current time, as rows hold it."""
        return format_time(self.now)

    @cached_property
    def user(self) -> int:
        """The user id of the calling application: that of an integration if the company has one."""
        users = self.store.rows("employees", ALL_ROWS, "instr(lower(t.body), 'integration') = 0, t.id", 1)
        return int(users[0]["userId"]) if users else 1

    def path_number(self, name: str = "id") -> int:
        """Return a whole number from the path, or raise a 400."""
        return int(self._path_value(name, parse_integer))

    def path_guid(self, name: str = "id") -> str:
        """Return a GUID from the path as rows hold it, or raise a 400."""
        return str(self._path_value(name, parse_guid))

    def _path_value(self, name: str, parse: Callable[[str], Any]) -> Any:
        try:
            return parse(self.path[name])
        except ValueError:
            raise HttpError(400, errors={name: [f"The value '{self.path[name][:80]}' is not valid."]}) from None

    def path_row(self, table: str, name: str = "id") -> dict[str, Any]:
        """Return the row with the id in the path, or raise a 404."""
        return self.row(table, self.path_guid(name) if table in _GUID_TABLES else self.path_number(name))

    def row(self, table: str, key: Key) -> dict[str, Any]:
        """Return a complete row, or raise a 404 where it does not exist or is deleted."""
        row = self.store.visible(table, key)
        if row is None:
            raise not_found(table, key)
        return row

    def change(self, table: str, key: Key, fields: Mapping[str, Any]) -> None:
        self.store.change(table, key, fields, self.now)


def not_found(table: str, key: object) -> HttpError:
    """Return the 404 for a row that does not exist."""
    name = key[-1] if isinstance(key, tuple) else key
    return HttpError(404, f"There is no row {name} in {table.replace('_', ' ')}.")


def inactive(table: str, key: int) -> HttpError:
    """Return the 409 for an inactive row, in the service's words."""
    return HttpError(409, f"{table.removesuffix('s').capitalize()} ID = {key} is not active")


Handler = Callable[[ApiRequest], ResponseBody]
