"""Columns of a frame as bytes, shaped so that they become a frame again without work on single values.

Numbers and times are stored as values and byte masks, text as Arrow strings, and each distinct tuple of a column of
lists once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.list_dtype import ListArray, ListDtype, dtypes_of
from stcrm_pandas.frame.assemble import frozen
from stcrm_pandas.frame.cells import TEXT, UTC_TIME

_MASKED: dict[str, tuple[type[np.generic], Any]] = {
    "Int64": (np.int64, pd.arrays.IntegerArray),
    "Float64": (np.float64, pd.arrays.FloatingArray),
    "boolean": (np.bool_, pd.arrays.BooleanArray),
}
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


def shape_of(row: Row) -> str:
    """Return what must be equal for stored columns to be read: the documented columns and their dtypes."""
    return repr([(name, repr(dtype)) for name, dtype in dtypes_of(row).items()])


def column_to_bytes(column: pd.Series) -> bytes:
    """Return one column as an Arrow IPC stream, compressed with zstd.

    Raises
    ------
    ValueError
        The column has values that cannot be stored, such as an undocumented field with a number beyond 64 bits.
    """
    cells: Any = column.array
    if isinstance(cells, ListArray):
        codes, distinct = _factorized(cells)
        lists = ListArray(distinct, cells.dtype).__arrow_array__()
        return _streams(
            pa.record_batch([pa.array(codes.astype(np.int32))], ["codes"]), pa.record_batch([lists], ["lists"])
        )
    if column.dtype == TEXT:
        return _streams(pa.record_batch([pa.array(cells, pa.large_string())], ["text"]))
    if column.dtype == UTC_TIME:
        return _streams(pa.record_batch([pa.array(cells.asi8)], ["times"]))
    if isinstance(column.dtype, np.dtype):
        text = [None if cell is None else orjson.dumps(cell).decode() for cell in cells]
        return _streams(pa.record_batch([pa.array(text, pa.large_string())], ["json"]))
    kind, _ = _MASKED[str(column.dtype)]
    values, mask = cells.to_numpy(kind, na_value=kind()), column.isna().to_numpy()
    arrays = {"values": pa.array(values.view(np.uint8) if kind is np.bool_ else values)}
    if mask.any():
        arrays["mask"] = pa.array(mask.view(np.uint8))
    return _streams(pa.record_batch(arrays))


def column_from_bytes(dtype: Any, stored: bytes) -> Any:
    """Return one column as an array of a dtype; it shares no memory with others and is writable."""
    batches = _batches(stored)
    if isinstance(dtype, ListDtype):
        codes, lists = batches[0].column(0).to_numpy(), batches[1].column(0)
        distinct = dtype.__from_arrow__(pa.chunked_array([lists]))
        return distinct.take(codes, allow_fill=True)
    (batch,) = batches
    if dtype == TEXT:
        return TEXT.__from_arrow__(batch.column(0))
    if dtype == UTC_TIME:
        naive = pd.Series(_values(batch.column(0), np.int64).view("M8[us]"), copy=False)
        return naive.dt.tz_localize("UTC").array
    if isinstance(dtype, np.dtype):  # an undocumented field
        cells = [None if cell is None else frozen(orjson.loads(cell)) for cell in batch.column(0).to_pylist()]
        return np.fromiter(cells, dtype=object, count=len(cells))
    kind, array = _MASKED[str(dtype)]
    values = _values(batch.column(0), kind)
    masked = batch.num_columns > 1
    return array(values, _values(batch.column(1), np.bool_) if masked else np.zeros(len(values), np.bool_))


def _factorized(lists: ListArray) -> tuple[npt.NDArray[np.int64], Any]:
    """Return the positions of lists among their distinct values, -1 where missing, and the values."""
    try:
        return pd.factorize(lists.to_numpy())
    except TypeError:  # records with objects in them cannot be hashed
        there = ~lists.isna()
        return np.where(there, np.cumsum(there) - 1, -1), lists.to_numpy()[there]


def _streams(*batches: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    for batch in batches:
        with pa.ipc.new_stream(sink, batch.schema, options=_OPTIONS) as stream:
            stream.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def _batches(stored: bytes) -> list[pa.RecordBatch]:
    source = pa.BufferReader(stored)
    found = []
    while source.tell() < len(stored):
        with pa.ipc.open_stream(source) as stream:
            found.append(stream.read_next_batch())
            stream.read_all()  # up to the end of this stream
    return found


def _values(column: Any, kind: type[np.generic]) -> npt.NDArray[Any]:
    """Return the values in their own memory: that of the decompressed buffer, if nothing else may write to it."""
    values = np.frombuffer(column.buffers()[1], kind, count=len(column))
    return values if values.flags.writeable else values.copy()
