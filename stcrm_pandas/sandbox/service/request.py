"""One call of an operation, as what answers it gets to see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.sandbox.service import parameters
from stcrm_pandas.sandbox.service.parameters import Pairs
from stcrm_pandas.sandbox.service.responses import Found, Refusal
from stcrm_pandas.sandbox.store.clock import text_of
from stcrm_pandas.sandbox.store.store import Store, Where
from stcrm_pandas.sandbox.store.tables import Key

LARGEST_PAGE = 5_000
"""Rows in a page at most, and in a feed's answer."""


@dataclass(frozen=True)
class Call:
    """What an operation gets to know: the parts of the path, the query, and the body as `intake` has read it."""

    operation: Operation
    path: dict[str, str]
    query: Pairs
    store: Store
    now: int
    feed_size: int = LARGEST_PAGE
    body: dict[str, Any] = field(default_factory=dict)
    by_the_book: bool = False

    @property
    def moment(self) -> str:
        """Now, as rows have it."""
        return text_of(self.now)

    @cached_property
    def user(self) -> int:
        """The user that stands for the calling application: an integration where the company has one."""
        found = self.store.rows("employees", Where("1"), "instr(lower(t.body), 'integration') = 0, t.id", 1)
        return int(found[0]["userId"]) if found else 1

    def number(self, name: str = "id") -> int:
        """A whole number in the path.

        Raises
        ------
        Refusal
            It is none.
        """
        return int(self._part(name, parameters.whole_number))

    def guid(self, name: str = "id") -> str:
        """A GUID in the path, as rows write it.

        Raises
        ------
        Refusal
            It is none.
        """
        return str(self._part(name, parameters.guid))

    def _part(self, name: str, read: Callable[[str], Any]) -> Any:
        try:
            return read(self.path[name])
        except ValueError:
            raise Refusal(400, errors={name: [f"The value '{self.path[name][:80]}' is not valid."]}) from None

    def row(self, table: str, key: Key) -> dict[str, Any]:
        """A whole row that is not deleted.

        Raises
        ------
        Refusal
            There is none.
        """
        row = self.store.visible(table, key)
        if row is None:
            raise absent(table, key)
        return row

    def change(self, table: str, key: Key, fields: Mapping[str, Any]) -> None:
        self.store.change(table, key, fields, self.now)


def absent(table: str, key: object) -> Refusal:
    """What is said of a row that is not there."""
    name = key[-1] if isinstance(key, tuple) else key
    return Refusal(404, f"There is no row {name} in {table.replace('_', ' ')}.")


def not_active(table: str, key: int) -> Refusal:
    """What is said of a row that is inactive, as the service words it."""
    return Refusal(409, f"{table.removesuffix('s').capitalize()} ID = {key} is not active")


Handler = Callable[[Call], Found]
