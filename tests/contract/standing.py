"""Rows that are there, for a prober to ask for: a path of each operation, and ids for its bodies and queries."""

from __future__ import annotations

import re
import zlib
from functools import cached_property
from typing import Any

from stcrm_pandas.contract.operations import Operation

from ..sandbox.service.conftest import Caller
from ..sandbox.service.test_operations import CASES, Book

WORDS: dict[str, dict[str, list[Any]]] = {
    "Bookings_Create": {"customerType": ["Commercial"]},
    "Bookings_CreateContact": {"type": ["MobilePhone"]},
    "ContactPreferences_UpdateContactMethodPreference": {"value": ["false"]},
}
"""Free text of which only some words are known."""


def tossed(*seen: Any) -> bool:
    """Three times out of four, and always the same for the same."""
    return zlib.crc32(repr(seen).encode("utf-8", "surrogatepass")) % 4 > 0


class Standing:
    """What is there for one operation."""

    def __init__(self, caller: Caller, operation: Operation) -> None:
        self._book = Book(caller)
        self._operation = operation
        self._path: dict[str, str] | None = None

    @property
    def path(self) -> dict[str, str]:
        """The parts of the path, the tenant too, of a row that is there."""
        if self._path is None:
            self._path = {"tenant": str(self._book.caller.sandbox.tenant)}
            if self._operation.path_names:
                below, _ = CASES[self._operation.id](self._book)
                pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self._operation.path.partition("{tenant}/")[2])
                match = re.fullmatch(pattern, below)
                assert match is not None
                self._path |= match.groupdict()
        return self._path

    def used_up(self) -> None:
        """The row is gone: the next path is that of another."""
        self._path = None

    @cached_property
    def references(self) -> dict[str, list[Any]]:
        """What bodies refer to, by its name in them: ids, and known words; a location goes with its customer."""
        book = self._book
        location = book.first("locations")
        single = {
            **book.work(),
            "customerId": location["customerId"],
            "locationId": location["id"],
            "callReasonId": book.id("jbce:call-reasons"),
            "bookingId": book.id("bookings", status="New"),
            "typeId": book.id("customers/custom-fields"),
        }
        many = {"customerIds": book.id("customers"), "tagTypeIds": book.tag}
        return {name: [value] for name, value in (single | many).items()} | WORDS.get(self._operation.id, {})


def pointed(value: Any, known: dict[str, list[Any]]) -> Any:
    """A body with its references replaced by ones that lead somewhere; nulls and all else as they are."""
    if isinstance(value, list):
        return [pointed(part, known) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _reference(inner, known[name]) if name in known else pointed(inner, known)
        for name, inner in value.items()
    }


def _reference(value: Any, known: list[Any]) -> Any:
    if isinstance(value, list):
        return known if value else value
    return value if value is None else known[0]
