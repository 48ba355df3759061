"""Cells as JSON values, and names for parts of cells that are changed on their own. Pure.

Custom fields that were edited in a long or wide form are put back into their rows here, too.

>>> from stcrm_pandas.edits.columns import TARGETS
>>> current_value(TARGETS["customers"], {"tag_type_ids": (71, 72)}, "tag_type_ids.71")
True
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.contract.schemas.fields import Column, Field
from stcrm_pandas.contract.schemas.parts import CustomField
from stcrm_pandas.edits.columns import Target, target_of
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.customers import custom_fields, field_names
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.http.query import utc_text, whole_number

COLUMNS_WITH_PARTS = {"tag_type_ids", "custom_fields", "external_data"}
"""Columns whose parts are changed one by one: tags, custom fields by type, external data by key."""


def to_json(value: Any, column: Column) -> Any:
    """Return a cell of a frame as a JSON value: times as ISO text with Z, tuples as lists, records as objects.

    Examples
    --------
    >>> from stcrm_pandas.edits.columns import TARGETS
    >>> to_json(pd.Timestamp("2026-07-01T05:00Z"), TARGETS["customers"].columns["created_on"])
    '2026-07-01T05:00:00Z'
    """
    if is_missing(value):
        return None
    if column.field.many:
        return [_item(column.field, element) for element in value]
    return utc_text(value, "UTC") if column.field.kind == "time" else _plain(value)


def from_json(value: Any, column: Column) -> Any:
    """Return the cell of a frame from its JSON value; None if missing.

    Examples
    --------
    >>> from stcrm_pandas.edits.columns import TARGETS
    >>> from_json("2026-07-01T05:00:00Z", TARGETS["customers"].columns["created_on"])
    Timestamp('2026-07-01 05:00:00+0000', tz='UTC')
    """
    if value is None:
        return None
    if column.field.many:
        record = column.field.record
        parts = [part.name for part in column.field.fields]
        return tuple(record(*map(element.get, parts)) if record else element for element in value)
    return pd.Timestamp(value) if column.field.kind == "time" else value


def row_to_json(operation: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as JSON for the journal."""
    columns = target_of(operation).columns
    return {name: to_json(value, columns[name]) for name, value in row.items() if name in columns}


def row_from_json(operation: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the journal with values as in a frame."""
    columns = target_of(operation).columns
    return {name: from_json(value, columns[name]) for name, value in row.items()}


def current_value(target: Target, row: Mapping[str, Any], name: str) -> Any:
    """Return the JSON value of a plan's cell in a row of a frame.

    Parameters
    ----------
    target : Target
        The kind of row.
    row : mapping
        Column to value, as in a frame.
    name : str
        A column, or a part of one (`custom_fields.91`).
    """
    column, _, part = name.partition(".")
    if column in COLUMNS_WITH_PARTS and part:
        return parts_of(column, row.get(column)).get(part, missing_part(column))
    return to_json(row.get(column), target.columns[column])


def missing_part(column: str) -> Any:
    """Return the value of a part that a row lacks: False for a tag, else None."""
    return False if column == "tag_type_ids" else None


def parts_of(column: str, value: Any, *, strict: bool = False) -> dict[str, Any]:
    """Return the parts of a cell by name: a tag's id to True, a custom field's type to its text, a key to its value.

    Parameters
    ----------
    column : str
        The column of the frame.
    value : object
        The cell.
    strict : bool, default False
        Raise for a part without a name and for duplicates, in edited cells. In cells as read, parts without a name are
        left out, and the last duplicate is kept.

    Raises
    ------
    ValueError
        With `strict`, a part has no name, or a name appears twice.
    """
    contents: dict[str, Any] = {}
    for name, content in _pairs(column, () if is_missing(value) else value):
        if strict and name is None:
            raise ValueError(f"one of its parts has no {'key' if column == 'external_data' else 'type'}")
        if strict and name in contents and column != "tag_type_ids":
            raise ValueError(f"{name} appears twice")
        if name is not None:
            contents[name] = content
    return contents


def _pairs(column: str, value: Any) -> Iterator[tuple[str | None, Any]]:
    for part in value:
        if column == "tag_type_ids":
            yield None if is_missing(part) else str(int(part)), True
        elif column == "custom_fields":
            yield (
                None if is_missing(part.type_id) else str(int(part.type_id)),
                None if is_missing(part.value) else part.value,
            )
        else:
            yield None if is_missing(part.key) else str(part.key), None if is_missing(part.value) else part.value


def _item(field: Field, element: Any) -> Any:
    if field.kind != "object":
        return _plain(element)
    return {part.name: _plain(value) for part, value in zip(field.fields, element, strict=True)}


def _plain(value: Any) -> Any:
    if is_missing(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


_BY_ID = re.compile(r"(?:.*\()?([0-9]+)\)?")
"""The type id in the heading of a new column: `91`, or `Gate code (91)`."""


def put_back_custom_fields(before: pd.DataFrame, after: pd.DataFrame, *, key: str = "id") -> pd.DataFrame:
    """Return the rows of `before` that are in `after`, with the custom fields of `after`. Other fields are kept.

    Parameters
    ----------
    before : DataFrame
        Rows with `custom_fields`, as read.
    after : DataFrame
        `stcrm.custom_fields(before)`, edited: long (`key, type_id, value`) or wide (a column for each type). A missing
        value clears the field. A new type is a new row in the long form, or a column named by its id in the wide form.

    Raises
    ------
    UsageError
        A column is no field type, a row is not in `before`, or a field appears twice.

    Examples
    --------
    >>> before = pd.DataFrame({"id": [1], "custom_fields": [(CustomField(7, "Gate code", "12"),)]})
    >>> put_back_custom_fields(before, pd.DataFrame({"id": [1], "Gate code": ["34"]}))["custom_fields"].item()
    (CustomField(type_id=7, name='Gate code', value='34'),)
    """
    for column in (key, "custom_fields"):
        if column not in before.columns:
            raise UsageError(
                f"plan_custom_fields: `before` has no column {column!r}. Keep it when you read and edit the rows."
            )
    if key not in after.columns:
        raise UsageError(f"plan_custom_fields: `after` has no column {key!r}. It identifies the rows.")
    edited: dict[int, dict[int, Any]] = {}
    form = _long if {"type_id", "value"} <= set(after.columns) else _wide
    for id, type_id, value in form(before, after, key):
        fields = edited.setdefault(id, {})
        if type_id in fields:
            raise UsageError(f"plan_custom_fields: {key} {id} has field {type_id} twice in `after`. Keep one of them.")
        fields[type_id] = None if is_missing(value) else value
    known = {int(id) for id in before[key].dropna()}
    if unknown := [id for id in edited if id not in known]:
        raise UsageError(
            f"plan_custom_fields: {key} {unknown[0]} is in `after`, but not in `before`. Rows cannot be added."
        )
    rows = before[before[key].isin(list(edited))].copy()
    rows["custom_fields"] = pd.Series(
        [_with_values(fields, edited[int(id)]) for id, fields in zip(rows[key], rows["custom_fields"], strict=True)],
        index=rows.index,
        dtype=object,
    )
    return rows


def _with_values(fields: Any, edited: dict[int, Any]) -> tuple[CustomField, ...]:
    kept = [
        field if is_missing(field.type_id) else field._replace(value=edited.get(int(field.type_id), field.value))
        for field in fields or ()
    ]
    there = {int(field.type_id) for field in kept if not is_missing(field.type_id)}
    return (*kept, *(CustomField(type_id, None, value) for type_id, value in edited.items() if type_id not in there))


def _long(before: pd.DataFrame, after: pd.DataFrame, key: str) -> Iterator[tuple[int, int, Any]]:
    to_id = _id_reader(key)
    for id, type_id, value in zip(after[key], after["type_id"], after["value"], strict=True):
        yield to_id(id), to_id(type_id), value


def _wide(before: pd.DataFrame, after: pd.DataFrame, key: str) -> Iterator[tuple[int, int, Any]]:
    names = {name: type_id for type_id, name in field_names(custom_fields(before, key=key), key).items()}
    to_id = _id_reader(key)
    for column in after.columns:
        if column == key:
            continue
        chosen = names.get(str(column))
        if chosen is None and (by_id := _BY_ID.fullmatch(str(column))):
            chosen = int(by_id[1])
        if chosen is None:
            raise UsageError(
                f"plan_custom_fields: no row has a field {str(column)!r}. Name a new field by the id of its type "
                f"(list_custom_field_types lists them). Existing fields: {', '.join(names)}."
            )
        for id, value in zip(after[key], after[column], strict=True):
            yield to_id(id), chosen, value


def _id_reader(key: str) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        try:
            return whole_number(value)
        except ValueError as error:
            raise UsageError(f"plan_custom_fields: {key} or type_id: {error}.") from None

    return read
