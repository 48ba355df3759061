"""Rows for the store, as columns of JSON text: the same as `Table.record`, for thousands of rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.sandbox.store.clock import ticks
from stcrm_pandas.sandbox.store.tables import FieldValue, SearchColumn, Table, digits, lower_case, unchanged

Cells: TypeAlias = pa.Array
_NULL = "null"
_EPOCH = ticks("1970-01-01T00:00:00Z")
_NEVER = "0001-01-01T00:00:00Z"
_BETWEEN_DIGITS = " ()-+"
"""The characters other than digits in most phone numbers."""


@dataclass(frozen=True)
class JsonColumns:
    """Rows as columns of JSON text; a field with the same value in all rows is one text.

    `searches` holds search columns that are known without the fields.
    """

    fields: Mapping[str, Cells | str]
    searches: Mapping[str, Cells] = field(default_factory=dict)

    def __len__(self) -> int:
        return next(len(cells) for cells in self.fields.values() if not isinstance(cells, str))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each row as a dict."""
        return map(orjson.loads, json_objects(self.fields).to_pylist())


def record_batch(table: Table, columns: JsonColumns) -> pa.RecordBatch:
    """Return what the table stores of rows, as `Table.record` does, without empty columns."""
    fields, size = columns.fields, len(columns)
    hidden = [name for name in table.hidden if name in fields and not (name == "active" and table.deletes_softly)]
    shown = [name for name in fields if name not in table.hidden]
    body = {**fields, **dict.fromkeys(table.computed & fields.keys(), _NULL)}
    modified = _ticks(fields.get("modifiedOn"))
    stored = (
        _plain(fields[table.id]),
        _plain(fields[table.parent]) if table.parent and table.parent in fields else None,
        _active(fields.get("active"), size),
        _ticks(fields.get("createdOn")),
        modified,
        modified,
        pa.repeat(0, size) if modified is None else modified.fill_null(0),
        *[_searched(search, columns) for search in table.searches],
        json_objects({name: fields[name] for name in hidden}) if hidden else None,
        json_objects({name: body[name] for name in shown}),
    )
    return _batch(table, stored)


def record_batch_of_rows(table: Table, rows: Iterable[Mapping[str, Any]]) -> pa.RecordBatch:
    """Return what the table stores of rows as dicts."""
    columns = zip(*map(table.record, rows), strict=True)
    return _batch(table, [pa.array(column) for column in columns])


def _batch(table: Table, columns: Iterable[Cells | None]) -> pa.RecordBatch:
    named = zip(table.columns, columns, strict=True)
    return pa.record_batch({name: column for name, column in named if column is not None and column.type != pa.null()})


def concatenate(*parts: Cells | str) -> Cells:
    """Concatenate text row by row."""
    merged: list[Cells | str] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return pc.binary_join_element_wise(*merged, "")


def json_objects(fields: Mapping[str, Cells | str]) -> Cells:
    """Return a JSON object for each row."""
    parts: list[Cells | str] = []
    for name, cells in fields.items():
        parts += [f'{"," if parts else "{"}"{name}":', cells]
    return concatenate(*parts, "}")


def _plain(cells: Cells) -> Cells:
    """Return ids as numbers or text."""
    if len(cells) and str(cells[0]).startswith('"'):
        return _text(cells)
    return _without_null(cells).cast(pa.int64())


def _without_null(cells: Cells) -> Cells:
    nulls = pc.equal(cells, _NULL)
    return pc.if_else(nulls, None, cells) if pc.any(nulls).as_py() else cells


def _text(cells: Cells) -> Cells:
    """Return text without quotes."""
    if isinstance(cells, pa.Array) and b"\\" in cells.buffers()[2].to_pybytes():
        return pa.array([orjson.loads(cell) for cell in cells.to_pylist()], pa.string())
    return pc.ascii_trim(_without_null(cells), '"')


def _ticks(cells: Cells | None) -> Cells | None:
    """Return times as ticks; null where missing or invalid."""
    if cells is None:
        return None
    texts = _text(cells)
    never = pc.equal(texts, _NEVER)
    try:
        times = pc.if_else(never, None, texts).cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
    except pa.ArrowInvalid:  # invalid on purpose
        return pa.array([_tick(text) for text in texts.to_pylist()], pa.int64())
    return pc.if_else(never, ticks(_NEVER), pc.add(pc.divide(times, 100), _EPOCH))


def _tick(text: Any) -> int | None:
    try:
        return ticks(text)
    except (TypeError, ValueError, IndexError):
        return None


def _active(cells: Cells | None, size: int) -> Cells:
    return pa.repeat(1, size) if cells is None else pc.if_else(pc.equal(cells, "false"), 0, 1)


def _searched(search: SearchColumn, columns: JsonColumns) -> Cells:
    """Return the values of a search column, as `SearchColumn.read` does for each row."""
    if search.column in columns.searches:
        return columns.searches[search.column]
    if (
        isinstance(search.read, FieldValue)
        and search.read.convert in _CONVERSIONS
        and search.read.field in columns.fields
    ):
        values = _CONVERSIONS[search.read.convert](_text(columns.fields[search.read.field]))
        if search.read.unless is None:
            return values
        field, excluded = search.read.unless
        return pc.if_else(pc.is_in(_text(columns.fields[field]), pa.array(excluded)), None, values)
    return pa.array([search.read(row) for row in columns.rows()], pa.string())


def phone_digits(texts: Cells) -> Cells:
    """Return the digits that a phone number is found by, without the country code."""
    for sign in _BETWEEN_DIGITS:
        texts = pc.replace_substring(texts, sign, "")
    texts = pc.replace_substring_regex(texts, "[^0-9]+", "") if pc.any(pc.invert(pc.ascii_is_decimal(texts))) else texts
    led = pc.and_(pc.equal(pc.binary_length(texts), 11), pc.starts_with(texts, "1"))
    return pc.if_else(led, pc.utf8_slice_codeunits(texts, 1), texts)


_CONVERSIONS = {unchanged: lambda texts: texts, lower_case: pc.utf8_lower, digits: phone_digits}
