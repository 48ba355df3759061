"""A request to one operation, as its handler sees it, and its query parameters.

Parameters are parsed as the types that the contract gives them; unknown ones are ignored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from stcrm_pandas.contract.operations import IDS_PER_REQUEST, Operation
from stcrm_pandas.contract.schemas.fields import Field, boolean, integer, text
from stcrm_pandas.sandbox.service.responses import HttpError, ResponseBody
from stcrm_pandas.sandbox.store.clock import format_time, parse_time
from stcrm_pandas.sandbox.store.store import ALL_ROWS, Store
from stcrm_pandas.sandbox.store.tables import Key

QueryPairs = Sequence[tuple[str, str]]

OF_LISTS = (
    integer("page"),
    integer("pageSize"),
    boolean("includeTotal"),
    text("sort"),
    text("orderBy"),
    text("orderByDirection"),
)
"""The parameters of every list, beside its filters."""
FROM = text("from")
SHORT = {"page", "pageSize", "minDuration", "maxDuration"}
"""Whole numbers of 32 bits; all others are of 64."""

_GUID = re.compile(r"\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?")


def parse_integer(value: str) -> int:
    """Return a whole number of at most 64 bits, or raise ValueError."""
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", value.strip()):
        raise ValueError(value)
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return number


def _boolean(value: str) -> bool:
    return {"true": True, "false": False}[value.strip().lower()]


def parse_guid(value: str) -> str:
    """Return a GUID as rows hold it, in lower case with dashes, or raise ValueError.

    >>> parse_guid("{6F1D3C52A0B84E7D9C15E2F480AB37D6}")
    '6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6'
    """
    if not _GUID.fullmatch(value.strip()):
        raise ValueError(value)
    return str(UUID(re.sub("[{}-]", "", value.strip())))


def _number(value: str) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


_PARSERS: dict[str, Callable[[str], Any]] = {
    "integer": parse_integer,
    "boolean": _boolean,
    "double": _number,
    "decimal": _number,
    "text": str,
    "guid": parse_guid,
    "time": parse_time,
}


def _parse(field: Field, value: str, *, strict: bool) -> Any:
    if field.values:
        return {word if strict else word.lower(): word for word in field.values}[value if strict else value.lower()]
    parsed = _PARSERS[field.kind](value)
    if field.name in SHORT and not -(2**31) <= parsed < 2**31:
        raise ValueError(value)
    return parsed


def parse_query(pairs: QueryPairs, fields: Iterable[Field], *, strict: bool = False) -> dict[str, Any]:
    """Return the parameters that are present and not empty, by name, or raise a 400; times are ticks.

    `strict` compares enum values case-sensitively, and rejects an empty value unless the parameter is free text.
    """
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    lists = True
    for parameter in fields:
        name, free = parameter.name, parameter.many or (parameter.kind == "text" and not parameter.values)
        texts = [value for sent, value in pairs if sent == name and (value or (strict and not free))]
        if not texts:
            continue
        try:
            if parameter.many:
                parts = [part for part in ",".join(texts).split(",") if part.strip()]
                values[name] = [_parse(parameter, part, strict=strict) for part in parts]
                if len(parts) > IDS_PER_REQUEST:
                    errors[name] = [f"At most {IDS_PER_REQUEST} values are allowed."]
            else:
                values[name] = _parse(parameter, texts[0], strict=strict)
        except (KeyError, ValueError):
            errors[name] = [f"The value '{','.join(texts)[:80]}' is not valid."]
            lists = lists and parameter.many
    if errors:
        raise HttpError(400, errors=errors, rule="lists of values" if lists else None)
    return values


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
