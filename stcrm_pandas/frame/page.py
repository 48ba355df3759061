"""One decoded page, and the arrow types that its columns have."""

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
"""Times arrive as text: arrow's reader knows neither the year 1 in nanoseconds nor seven digits in microseconds."""

PLAIN = {b"unknown": b"plain"}
"""Marks a column of an unknown field that holds the values themselves."""
JSON = {b"unknown": b"json"}
"""Marks a column of an unknown field that holds each value as a piece of JSON."""


@dataclass(frozen=True)
class DecodedPage:
    """What one body held.

    Parameters
    ----------
    rows : int
        How many rows the page had.
    has_more, total, continue_from : bool or None
        What the envelope said; None where it said nothing, or has no such field.
    table : pa.Table
        The rows, flattened, in the columns of the kind of row, parents first; columns of unknown fields follow.
    drift : tuple of Drift
        Where the page departs from the contract.
    misfit : bool
        It did not fit, and was read the slow way.
    """

    rows: int
    has_more: bool | None
    total: int | None
    continue_from: str | None
    table: pa.Table
    drift: tuple[Drift, ...]
    misfit: bool


def mark(row: Row, page: DecodedPage) -> Hashable:
    """Return what tells one page from another: how many rows it has, and the keys of its first and last."""
    if page.rows == 0:
        return (0,)
    ends = [(page.table.column(name)[0].as_py(), page.table.column(name)[-1].as_py()) for name in row.key]
    return (page.rows, *ends)


def arrow_type(field: Field, *, raw: bool = False) -> pa.DataType:
    """The arrow type of a field's values; `raw` as the body has them, with times as text."""
    if field.kind == "object":
        one: pa.DataType = pa.struct([(part.name, arrow_type(part, raw=raw)) for part in field.fields])
    elif field.kind == "time" and raw:
        one = TIME_AS_TEXT
    else:
        one = TYPES[field.kind]
    return pa.list_(one) if field.many else one
