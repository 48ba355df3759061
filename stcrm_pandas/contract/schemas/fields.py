"""The types that describe the API's rows and request bodies: `Field`, `Row`, `Body`, and `Column` of a DataFrame.

A row is a table of fields by the API's names. From it follow the columns and dtypes of a DataFrame, the pandera models,
how a page is decoded, and what the sandbox may respond.

A field whose name ends in `?` may be absent or null, like most optional fields of the API; one that ends in `~` may be
absent but never null, as in the request bodies of updates:

>>> integer("customerId?")
Field(name='customerId', kind='integer', required=False, nullable=True, many=False, values=(), fields=(), record=None)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Kind = Literal["integer", "boolean", "double", "decimal", "text", "guid", "time", "object"]
"""The kind of a value. Integers are signed and have 64 bits; times are in UTC."""

DTYPES: dict[Kind, str] = {
    "integer": "Int64",
    "boolean": "boolean",
    "double": "Float64",
    "decimal": "Float64",
    "text": "str",
    "guid": "str",
    "time": "datetime64[us, UTC]",
}
"""The pandas dtype of each kind."""
LIST_DTYPE_NAME = "object_"
"""The name of the dtype of lists: see `list_dtype`."""
ZERO_FOR_NULL = frozenset({"mergedToId"})
"""Fields in which the service also writes 0 where the API documents null; in a DataFrame, both are missing."""
RECORDS: dict[tuple[str, ...], Field] = {}
"""The field of each kind of records in lists, by the names of their parts."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the API.

    `many` marks a list of such values, `values` are the values of an enum, `fields` are the parts of an object, and
    `record` is the named tuple for each object of a list. `required` and `nullable` are what the API documents; the
    service does not always comply.
    """

    name: str
    kind: Kind
    required: bool = True
    nullable: bool = False
    many: bool = False
    values: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    record: type[tuple[Any, ...]] | None = None


def _field(name: str, kind: Kind, **more: Any) -> Field:
    if name.endswith("?"):
        return Field(name[:-1], kind, required=False, nullable=True, **more)
    if name.endswith("~"):
        return Field(name[:-1], kind, required=False, **more)
    return Field(name, kind, **more)


def integer(name: str, *, many: bool = False) -> Field:
    """Return a field for an integer of 64 bits, such as an id or a count."""
    return _field(name, "integer", many=many)


def boolean(name: str) -> Field:
    return _field(name, "boolean")


def double(name: str) -> Field:
    return _field(name, "double")


def decimal(name: str) -> Field:
    """Return a field for an amount of money."""
    return _field(name, "decimal")


def text(name: str, *, many: bool = False) -> Field:
    return _field(name, "text", many=many)


def enum(name: str, values: tuple[str, ...], *, many: bool = False) -> Field:
    """Return a field for one of a list of values, to which the service may add."""
    return _field(name, "text", values=values, many=many)


def guid(name: str) -> Field:
    return _field(name, "guid")


def time(name: str) -> Field:
    return _field(name, "time")


def group(name: str, fields: tuple[Field, ...]) -> Field:
    """Return a field for a nested object, whose parts become columns (`address_city`)."""
    return _field(name, "object", fields=fields)


def records(name: str, fields: tuple[Field, ...], record: type[tuple[Any, ...]]) -> Field:
    """Return a field for a list of objects, which become a tuple of named tuples with `fields` in order."""
    field = _field(name, "object", fields=fields, many=True, record=record)
    RECORDS.setdefault(tuple(part.name for part in fields), field)
    return field


def objects(name: str, fields: tuple[Field, ...]) -> Field:
    """Return a field for a list of objects in a request body."""
    return _field(name, "object", fields=fields, many=True)


def snake(name: str) -> str:
    """Return the column name for a name of the API.

    Examples
    --------
    >>> snake("tagTypeIds"), snake("createdOn"), snake("id")
    ('tag_type_ids', 'created_on', 'id')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a DataFrame: its place in the API's row, and its dtype."""

    name: str
    path: tuple[str, ...]
    field: Field
    required: bool
    """The API documents that the value and all objects around it are present."""
    parent: bool = False
    """It comes from the path of the request, not from the row."""

    @property
    def dtype(self) -> str:
        """The name of the pandas dtype."""
        return LIST_DTYPE_NAME if self.field.many else DTYPES[self.field.kind]


@dataclass(frozen=True)
class Row:
    """A kind of row: its name in the plural, its name in the API, its fields, and the columns of its key.

    `parents` are columns that come from the path of the request, because the rows do not have them.
    """

    name: str
    schema: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ("id",)
    parents: tuple[Field, ...] = ()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """All columns of the DataFrame, parents first, then in the order of the API."""
        parents = tuple(Column(snake(f.name), (f.name,), f, required=True, parent=True) for f in self.parents)
        return parents + tuple(_flatten(self.fields, (), required=True))

    @cached_property
    def dtypes(self) -> dict[str, str]:
        """Column name to pandas dtype."""
        return {column.name: column.dtype for column in self.columns}


def _flatten(fields: tuple[Field, ...], path: tuple[str, ...], *, required: bool) -> Iterator[Column]:
    for field in fields:
        here = (*path, field.name)
        promised = required and field.required and not field.nullable
        if field.kind == "object" and not field.many:
            yield from _flatten(field.fields, here, required=promised)
        else:
            yield Column("_".join(map(snake, here)), here, field, required=promised)


@dataclass(frozen=True)
class Body:
    """A request body: its name in the API and its fields."""

    schema: str
    fields: tuple[Field, ...]
