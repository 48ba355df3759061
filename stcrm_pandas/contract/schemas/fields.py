"""The words in which the contract's rows are written down: `Field`, `Row`, and the frame's `Column`.

A row is a table of fields under the contract's own names. Everything else that knows rows is derived from it: the
columns and dtypes of a frame, the pandera models, how a page is decoded, and what the sandbox may answer.

A name that ends in `?` may be absent and may be null, as most optional fields of the contract are; one that ends in
`~` may be absent, but never null, as in the bodies of changes:

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
"""What one value is. Whole numbers are signed and have 64 bits; times are moments in UTC."""

DTYPES: dict[Kind, str] = {
    "integer": "Int64",
    "boolean": "boolean",
    "double": "Float64",
    "decimal": "Float64",
    "text": "str",
    "guid": "str",
    "time": "datetime64[us, UTC]",
}
"""The pandas dtype of a column, by kind; lists are `object` columns of tuples."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the contract.

    `many` says that it is a list of such values, `values` lists the words of an enum, `fields` are the parts of an
    object, and `record` is the named tuple that a list of objects becomes in a frame. `required` and `nullable` are
    what the contract claims, not what the service always keeps.
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
    """A whole number of 64 bits: an id, a count."""
    return _field(name, "integer", many=many)


def boolean(name: str) -> Field:
    return _field(name, "boolean")


def double(name: str) -> Field:
    return _field(name, "double")


def decimal(name: str) -> Field:
    """An amount of money."""
    return _field(name, "decimal")


def text(name: str, *, many: bool = False) -> Field:
    return _field(name, "text", many=many)


def enum(name: str, values: tuple[str, ...], *, many: bool = False) -> Field:
    """Text out of a list of words; the list grows without notice."""
    return _field(name, "text", values=values, many=many)


def guid(name: str) -> Field:
    return _field(name, "guid")


def time(name: str) -> Field:
    return _field(name, "time")


def group(name: str, fields: tuple[Field, ...]) -> Field:
    """A nested object: a frame carries its parts as columns of their own (`address_city`)."""
    return _field(name, "object", fields=fields)


def records(name: str, fields: tuple[Field, ...], record: type[tuple[Any, ...]]) -> Field:
    """A list of small objects: a frame carries a tuple of named tuples, the parts in the order of `fields`."""
    return _field(name, "object", fields=fields, many=True, record=record)


def objects(name: str, fields: tuple[Field, ...]) -> Field:
    """A list of small objects in a body that is sent."""
    return _field(name, "object", fields=fields, many=True)


def snake(name: str) -> str:
    """A contract name as a column name.

    Examples
    --------
    >>> snake("tagTypeIds"), snake("createdOn"), snake("id")
    ('tag_type_ids', 'created_on', 'id')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a frame: where it stands in the contract's row, and its dtype."""

    name: str
    path: tuple[str, ...]
    field: Field
    required: bool
    """The contract promises that the value is there, and so are all objects around it."""
    parent: bool = False
    """It comes from the path of the call, not from the row."""

    @property
    def dtype(self) -> str:
        """The pandas dtype: `object` for lists, which are tuples."""
        return "object" if self.field.many else DTYPES[self.field.kind]


@dataclass(frozen=True)
class Row:
    """A kind of row: its name in the plural, the contract's name for it, its fields, what tells two rows apart.

    `parents` are columns that the rows themselves lack and that the path of the call supplies; `key` names columns of
    the frame.
    """

    name: str
    contract: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ("id",)
    parents: tuple[Field, ...] = ()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """All columns of the frame, parents first, then in the order of the contract."""
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
    """What is sent with a call that writes: the contract's name for it and its fields."""

    contract: str
    fields: tuple[Field, ...]
