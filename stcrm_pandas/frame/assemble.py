"""Combine pages into one frame: without duplicates, in order, with the documented dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.frame.cells import cells_of
from stcrm_pandas.frame.drift import Drift, merge
from stcrm_pandas.frame.page import JSON, DecodedPage

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Assembled:
    """One frame from many pages.

    Parameters
    ----------
    frame : DataFrame
        The rows: parents first, documented columns, then undocumented fields; a default index.
    drift : tuple of Drift
        Schema drift of the read.
    repeats : int
        Number of rows dropped because another row had the same key.
    """

    frame: pd.DataFrame
    drift: tuple[Drift, ...]
    repeats: int


def assemble(
    row: Row,
    pages: Sequence[DecodedPage],
    *,
    keep: Literal["first", "last"] = "first",
    order: tuple[str, ...] | None = None,
) -> Assembled:
    """Combine pages into one frame.

    Parameters
    ----------
    row : Row
        The kind of row.
    pages : sequence of DecodedPage
        The decoded pages in order. A list is emptied, so that pages do not stay in memory beside the frame.
    keep : {"first", "last"}, default 'first'
        Which of two rows with the same key to keep; for a feed the last, which is the latest version. Rows without a
        key are never duplicates.
    order : tuple of str, optional
        Columns to sort by, missing values last; None keeps the order of the pages.
    """
    drift = merge(d for page in pages for d in page.drift)
    tables = [page.table for page in pages]
    if isinstance(pages, list):
        pages.clear()
    length = sum(table.num_rows for table in tables)
    pieces: dict[str, list[tuple[int, Any, bool]]] = {column.name: [] for column in row.columns}
    start = 0
    while tables:
        table = tables.pop(0)
        for field, column in zip(table.schema, table.columns, strict=True):
            as_json = field.metadata == JSON
            pieces.setdefault(field.name, []).extend((start, chunk, as_json) for chunk in column.chunks)
        start += table.num_rows
        del table, column
    keys = {column.name: column for column in row.columns if column.name in {*row.key, *(order or ())}}
    sorted_by = {
        name: cells_of(column, [chunk for _, chunk, _ in pieces[name]], length) for name, column in keys.items()
    }
    positions = _selection(row, sorted_by, length, keep, order)
    columns: dict[str, Any] = dict.fromkeys(row.dtypes)
    # Text last: arrays of the same size are side by side in memory, which is freed only when all of them are.
    for column in sorted(row.columns, key=lambda column: (column.dtype == "str", column.field.many)):
        chunks = [chunk for _, chunk, _ in pieces.pop(column.name)]
        cells = sorted_by.pop(column.name) if column.name in sorted_by else cells_of(column, chunks, length)
        del chunks
        columns[column.name] = cells if positions is None else cells.take(positions)
        del cells
        pa.default_memory_pool().release_unused()
    for name in list(pieces):
        cells = _unknown(pieces.pop(name), length)
        columns[name] = cells if positions is None else cells.take(positions)
    rows = length if positions is None else len(positions)
    index = pd.RangeIndex(rows)
    # State the object dtype, or pandas would convert an array of text only to a text dtype.
    series = {
        name: pd.Series(cells, index=index, dtype=object, copy=False) if isinstance(cells, np.ndarray) else cells
        for name, cells in columns.items()
    }
    return Assembled(pd.DataFrame(series, index=index, copy=False), drift, length - rows)


def _selection(
    row: Row, keys: dict[str, Any], length: int, keep: Literal["first", "last"], order: tuple[str, ...] | None
) -> Positions | None:
    """Return the positions of the rows to keep, in order; None if all rows stay as they are."""
    if order in (None, row.key) and len(row.key) == 1 and _rising(keys[row.key[0]]):
        return None
    frame = pd.DataFrame(keys, copy=False)
    on = frame[[name for name in row.key if name in frame]]
    repeated = on.duplicated(keep=keep) & on.notna().all(axis="columns")
    positions = np.flatnonzero(~repeated.to_numpy())
    if order:
        by = frame.iloc[positions].sort_values(list(order), kind="stable", na_position="last", ignore_index=False)
        positions = by.index.to_numpy()
    return None if len(positions) == length and (positions == np.arange(length)).all() else positions


def _rising(keys: Any) -> bool:
    """Return whether integers are strictly increasing and none is missing: no duplicates, nothing to sort."""
    if not isinstance(keys, pd.arrays.IntegerArray) or keys.isna().any():
        return False
    numbers = keys.to_numpy(dtype=np.int64)
    return bool((numbers[1:] > numbers[:-1]).all())


def _unknown(pieces: Sequence[tuple[int, Any, bool]], length: int) -> npt.NDArray[np.object_]:
    """Return an unknown field as Python values; None where a page or a row lacks it."""
    values: npt.NDArray[np.object_] = np.full(length, None, dtype=object)
    for start, chunk, as_json in pieces:
        cells = chunk.to_pylist()
        if as_json:
            cells = [None if cell is None else frozen(orjson.loads(cell)) for cell in cells]
        values[start : start + len(cells)] = np.fromiter(cells, dtype=object, count=len(cells))
    return values


def frozen(value: Any) -> Any:
    """Return JSON lists as tuples, as everywhere in a frame."""
    if isinstance(value, dict):
        return {name: frozen(item) for name, item in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list) else value
