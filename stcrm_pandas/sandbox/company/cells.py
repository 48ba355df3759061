"""Columns of JSON text, created in Arrow without a Python object for each cell.

A cell is the JSON of a field: `"Open"` with its quotes, `31`, `null`. So a column has no missing values, and a row is a
concatenation of its cells. Text is as `orjson` writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stcrm_pandas.sandbox.company.chance import Flags, Floats, Ints
from stcrm_pandas.sandbox.company.ids import Ids
from stcrm_pandas.sandbox.store.columns import Cells, concatenate

NULL = "null"


def to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def json_cells(values: Sequence[Any]) -> Cells:
    """Return the JSON of each value."""
    return pa.array([to_json(value) for value in values], pa.string())


def take(texts: Cells, indexes: NDArray[Any]) -> Cells:
    """Return the cells at these indexes."""
    return texts.take(pa.array(indexes.astype(np.int32, copy=False)))


def from_codes(values: Sequence[Any], indexes: NDArray[Any], missing: Flags | None = None) -> Cells:
    """Return the JSON of the values at these codes; null where `missing`.

    >>> from_codes(("a", None), np.array([1, 0])).to_pylist()
    ['null', '"a"']
    """
    return with_nulls(take(json_cells(values), indexes), missing)


def booleans(values: Flags, missing: Flags | None = None) -> Cells:
    """Return JSON booleans; null where `missing`."""
    return from_codes((False, True), values, missing)


def numbers(values: Ints, missing: Flags | None = None) -> Cells:
    """Return whole numbers; null where `missing`."""
    cells = pa.array(values, mask=missing).cast(pa.string())
    return cells if missing is None else cells.fill_null(NULL)


def ids_of(ids: Ids | Ints, indexes: Ints) -> Cells:
    """Return the ids at these indexes; null for -1."""
    return numbers(ids[indexes], indexes < 0)


def amounts(values: Floats, missing: Flags | None = None) -> Cells:
    """Return floats in the shortest form; null where `missing`.

    >>> amounts(np.array([420.0, 0.1])).to_pylist()
    ['420.0', '0.1']
    """
    written = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return with_nulls(pc.list_flatten(pc.split_pattern(pa.array([written[1:-1]]), ",")), missing)


def quoted(texts: Cells | Sequence[str]) -> Cells:
    """Return JSON strings of text without characters to escape."""
    return concatenate('"', texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string()), '"')


def with_nulls(cells: Cells, missing: Flags | None) -> Cells:
    """Return the cells, null where `missing`."""
    return cells if missing is None else if_else(missing, NULL, cells)


def if_else(first: Flags, one: Cells | str, other: Cells | str) -> Cells:
    """Return cells of one column where `first`, else of the other."""
    return pc.if_else(pa.array(first), one, other)
