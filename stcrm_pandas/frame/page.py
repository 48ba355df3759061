"""One decoded page, and the Arrow types of its columns."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Field, Kind, Row
from stcrm_pandas.frame.drift import Drift

TYPES: dict[Kind, pa.DataType] = {
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "decimal": pa.float64(),
    "text": pa.string(),
    "guid": pa.string(),
    "time": pa.timestamp("us", "UTC"),
}
TIME_AS_TEXT = pa.string()
"""Times are read as text: Arrow's reader supports neither the year 1 nor seven digits of a second."""

PLAIN = {b"unknown": b"plain"}
"""Marks a column of an undocumented field with plain values."""
JSON = {b"unknown": b"json"}
"""Marks a column of an undocumented field with values as JSON text."""


@dataclass(frozen=True)
class DecodedPage:
    """The contents of one response body.

    Parameters
    ----------
    rows : int
        Number of rows.
    has_more, total, continue_from : bool or None
        Values of the envelope; None if missing.
    table : pa.Table
        The flattened rows: parents first, documented columns, then undocumented fields.
    drift : tuple of Drift
        Schema drift of the page.
    misfit : bool
        The fast path rejected the page, and it was read value by value.
    """

    rows: int
    has_more: bool | None
    total: int | None
    continue_from: str | None
    table: pa.Table
    drift: tuple[Drift, ...]
    fallback: bool


def mark(row: Row, page: DecodedPage) -> Hashable:
    """Return what identifies a page: its number of rows, and the keys of the first and last row."""
    if page.rows == 0:
        return (0,)
    ends = [(page.table.column(name)[0].as_py(), page.table.column(name)[-1].as_py()) for name in row.key]
    return (page.rows, *ends)


def arrow_type(field: Field, *, raw: bool = False) -> pa.DataType:
    """Return the Arrow type of a field; with `raw` as in the body, with times as text."""
    if field.kind == "object":
        one: pa.DataType = pa.struct([(part.name, arrow_type(part, raw=raw)) for part in field.fields])
    elif field.kind == "time" and raw:
        one = TIME_AS_TEXT
    else:
        one = TYPES[field.kind]
    return pa.list_(one) if field.many else one
