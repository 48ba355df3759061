"""Cells of many rows at once: columns of JSON text, made in Arrow without a Python object for each cell.

A column of cells holds what stands in a row's JSON for a field: `"Open"` with its quotes, `31`, `null`. So it has no
missing value, and a row is a join of its cells. Texts are as `orjson` writes them.
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
    """The JSON of some values, for `taken`."""
    return pa.array([to_json(value) for value in values], pa.string())


def take(texts: Cells, places: NDArray[Any]) -> Cells:
    """The texts at these places."""
    return texts.take(pa.array(places.astype(np.int32, copy=False)))


def from_codes(values: Sequence[Any], places: NDArray[Any], missing: Flags | None = None) -> Cells:
    """The values at these places; null where `missing`.

    >>> words(("a", None), np.array([1, 0])).to_pylist()
    ['null', '"a"']
    """
    return with_nulls(take(json_cells(values), places), missing)


def booleans(values: Flags, missing: Flags | None = None) -> Cells:
    """True and false."""
    return from_codes((False, True), values, missing)


def numbers(values: Ints, missing: Flags | None = None) -> Cells:
    """Whole numbers; null where `missing`."""
    cells = pa.array(values, mask=missing).cast(pa.string())
    return cells if missing is None else cells.fill_null(NULL)


def ids_of(ids: Ids | Ints, places: Ints) -> Cells:
    """The ids at these places; null for a place of -1."""
    return numbers(ids[places], places < 0)


def amounts(values: Floats, missing: Flags | None = None) -> Cells:
    """Floats, in as few digits as tell them apart.

    >>> amounts(np.array([420.0, 0.1])).to_pylist()
    ['420.0', '0.1']
    """
    written = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return with_nulls(pc.list_flatten(pc.split_pattern(pa.array([written[1:-1]]), ",")), missing)


def quoted(texts: Cells | Sequence[str]) -> Cells:
    """Texts of which no sign needs an escape."""
    return concatenate('"', texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string()), '"')


def with_nulls(cells: Cells, missing: Flags | None) -> Cells:
    """The same cells, null where `missing`."""
    return cells if missing is None else if_else(missing, NULL, cells)


def if_else(first: Flags, one: Cells | str, other: Cells | str) -> Cells:
    """One column's cell where `first`, else the other's."""
    return pc.if_else(pa.array(first), one, other)
