"""Put custom fields edited in long or wide form back into their rows. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from stcrm_pandas.contract.schemas.parts import CustomField
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.customers import custom_fields, field_names
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.http.query import whole_number

_BY_ID = re.compile(r"(?:.*\()?([0-9]+)\)?")
"""The type id in the heading of a new column: `91`, or `Gate code (91)`."""


def put_back(before: pd.DataFrame, after: pd.DataFrame, *, key: str = "id") -> pd.DataFrame:
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
    >>> put_back(before, pd.DataFrame({"id": [1], "Gate code": ["34"]}))["custom_fields"].item()
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
        [_changed(fields, edited[int(id)]) for id, fields in zip(rows[key], rows["custom_fields"], strict=True)],
        index=rows.index,
        dtype=object,
    )
    return rows


def _changed(fields: Any, edited: dict[int, Any]) -> tuple[CustomField, ...]:
    kept = [
        field if is_missing(field.type_id) else field._replace(value=edited.get(int(field.type_id), field.value))
        for field in fields or ()
    ]
    there = {int(field.type_id) for field in kept if not is_missing(field.type_id)}
    return (*kept, *(CustomField(type_id, None, value) for type_id, value in edited.items() if type_id not in there))


def _long(before: pd.DataFrame, after: pd.DataFrame, key: str) -> Iterator[tuple[int, int, Any]]:
    read = _ids(key)
    for id, type_id, value in zip(after[key], after["type_id"], after["value"], strict=True):
        yield read(id), read(type_id), value


def _wide(before: pd.DataFrame, after: pd.DataFrame, key: str) -> Iterator[tuple[int, int, Any]]:
    names = {name: type_id for type_id, name in field_names(custom_fields(before, key=key), key).items()}
    read = _ids(key)
    for column in after.columns:
        if column == key:
            continue
        found = names.get(str(column))
        if found is None and (by_id := _BY_ID.fullmatch(str(column))):
            found = int(by_id[1])
        if found is None:
            raise UsageError(
                f"plan_custom_fields: no row has a field {str(column)!r}. Name a new field by the id of its type "
                f"(list_custom_field_types lists them). Existing fields: {', '.join(names)}."
            )
        for id, value in zip(after[key], after[column], strict=True):
            yield read(id), found, value


def _ids(key: str) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        try:
            return whole_number(value)
        except ValueError as error:
            raise UsageError(f"plan_custom_fields: {key} or type_id: {error}.") from None

    return read
