"""Cells as JSON values, and names for parts of cells that are changed on their own. Pure.

>>> from stcrm_pandas.edits.diff.columns import TARGETS
>>> current_value(TARGETS["customers"], {"tag_type_ids": (71, 72)}, "tag_type_ids.71")
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.contract.schemas.fields import Column, Field
from stcrm_pandas.edits.diff.columns import Target, target_of
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.http.query import utc_text

COLUMNS_WITH_PARTS = {"tag_type_ids", "custom_fields", "external_data"}
"""Columns whose parts are changed one by one: tags, custom fields by type, external data by key."""


def to_json(value: Any, column: Column) -> Any:
    """Return a cell of a frame as a JSON value: times as ISO text with Z, tuples as lists, records as objects.

    Examples
    --------
    >>> to_json(pd.Timestamp("2026-07-01T05:00Z"), _column("created_on"))
    '2026-07-01T05:00:00Z'
    """
    if is_missing(value):
        return None
    if column.field.many:
        return [_item(column.field, one) for one in value]
    return utc_text(value, "UTC") if column.field.kind == "time" else _plain(value)


def from_json(value: Any, column: Column) -> Any:
    """Return the cell of a frame from its JSON value; None if missing.

    Examples
    --------
    >>> from_json("2026-07-01T05:00:00Z", _column("created_on"))
    Timestamp('2026-07-01 05:00:00+0000', tz='UTC')
    """
    if value is None:
        return None
    if column.field.many:
        record = column.field.record
        parts = [part.name for part in column.field.fields]
        return tuple(record(*map(one.get, parts)) if record else one for one in value)
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
    found: dict[str, Any] = {}
    for name, one in _pairs(column, () if is_missing(value) else value):
        if strict and name is None:
            raise ValueError(f"one of its parts has no {'key' if column == 'external_data' else 'type'}")
        if strict and name in found and column != "tag_type_ids":
            raise ValueError(f"{name} appears twice")
        if name is not None:
            found[name] = one
    return found


def _pairs(column: str, value: Any) -> Iterator[tuple[str | None, Any]]:
    for one in value:
        if column == "tag_type_ids":
            yield None if is_missing(one) else str(int(one)), True
        elif column == "custom_fields":
            yield (
                None if is_missing(one.type_id) else str(int(one.type_id)),
                None if is_missing(one.value) else one.value,
            )
        else:
            yield None if is_missing(one.key) else str(one.key), None if is_missing(one.value) else one.value


def _item(field: Field, one: Any) -> Any:
    if field.kind != "object":
        return _plain(one)
    return {part.name: _plain(value) for part, value in zip(field.fields, one, strict=True)}


def _plain(value: Any) -> Any:
    if is_missing(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _column(name: str) -> Column:
    from stcrm_pandas.edits.diff.columns import TARGETS

    return TARGETS["customers"].columns[name]
