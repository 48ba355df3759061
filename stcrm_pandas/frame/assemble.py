"""Decoded pages, and the one validated frame made of them: no duplicates, in order, with the documented dtypes.

Arrow columns become arrays of a frame without loops over values, except for lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.arrow import arrow_type, parts, to_tuples
from stcrm_pandas.contract.schemas.fields import ZERO_FOR_NULL, Column, Row
from stcrm_pandas.contract.schemas.list_dtype import ListArray, ListDtype
from stcrm_pandas.errors import ResponseError
from stcrm_pandas.frame.drift import JSON, Drift, merge


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
    fallback : bool
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


TEXT: Any = pd.StringDtype(na_value=np.nan)
UTC_TIME = pd.DatetimeTZDtype(unit="us", tz="UTC")


def cells_of(column: Column, chunks: Sequence[Any], length: int) -> Any:
    """Return one column of all pages as an array of its dtype."""
    if column.field.many:
        return ListArray(to_tuples(column.field, chunks, length), ListDtype(column.field))
    match column.dtype:
        case "str":
            text = pa.chunked_array(chunks, arrow_type(column.field)).cast(pa.large_string()).combine_chunks()
            return TEXT.__from_arrow__(text)
        case "boolean":
            values, missing = np.empty(length, np.bool_), _missing(chunks, length)
            for part, chunk in parts(values, chunks):
                part[:] = chunk.fill_null(False).to_numpy(zero_copy_only=False)
            return pd.arrays.BooleanArray(values, missing)
        case "Int64":
            whole_numbers, missing = _numbers(chunks, length, np.int64), _missing(chunks, length)
            if column.field.name in ZERO_FOR_NULL:
                missing |= whole_numbers == 0
            return pd.arrays.IntegerArray(whole_numbers, missing)
        case "Float64":
            return pd.arrays.FloatingArray(_numbers(chunks, length, np.float64), _missing(chunks, length))
        case _:
            moments = _numbers(chunks, length, np.int64)
            moments[_missing(chunks, length)] = np.iinfo(np.int64).min
            naive = pd.Series(moments.view("M8[us]"), copy=False)
            return naive.dt.tz_localize("UTC").array


def _numbers(chunks: Sequence[Any], length: int, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """Return the concatenated value buffers, with arbitrary values for nulls."""
    values = np.empty(length, dtype)
    for part, chunk in parts(values, chunks):
        if len(chunk):
            part[:] = np.frombuffer(chunk.buffers()[1], dtype, count=chunk.offset + len(chunk))[chunk.offset :]
    return values


def _missing(chunks: Sequence[Any], length: int) -> npt.NDArray[np.bool_]:
    missing = np.zeros(length, np.bool_)
    for part, chunk in parts(missing, chunks):
        if chunk.null_count:
            part[:] = chunk.is_null().to_numpy(zero_copy_only=False)
    return missing


def validate(row: Row, frame: pd.DataFrame) -> None:
    """Check a frame by its model: all columns, their dtypes, and unique keys. Nothing is changed.

    Raises
    ------
    ResponseError
        The frame does not match; the message names columns, checks and counts, never values.
    """
    if _fits(row, frame):
        return
    # Before pandera itself: two threads that load it from two places wait for each other.
    from stcrm_pandas.contract.schemas.models import model_of

    # isort: split
    from pandera.errors import SchemaErrors

    try:
        model_of(row).to_schema().validate(frame, lazy=True, inplace=True)
    except SchemaErrors as errors:
        failed = Counter(
            (str(case["failure_case"] if missing else case["column"]), "is missing" if missing else str(case["check"]))
            for case in errors.failure_cases.to_dict("records")
            for missing in [case["check"] == "column_in_dataframe"]
        )
        problems = "; ".join(f"{column}: {check} ({count:,})" for (column, check), count in failed.items())
        raise ResponseError(
            f"The frame of {row.name} does not match its model: {problems}. Please report this as a bug."
        ) from None


def _fits(row: Row, frame: pd.DataFrame) -> bool:
    """Return whether the model certainly accepts a frame, as it does nearly every one, without loading pandera."""
    dtypes = frame.dtypes.to_dict()
    if any(str(dtypes.get(name)) != dtype for name, dtype in row.dtypes.items()):
        return False
    if len(row.key) == 1 and _rising(frame[row.key[0]].array):
        return True
    keys = frame[list(row.key)]
    return not (keys.duplicated() & keys.notna().all(axis="columns")).any()
