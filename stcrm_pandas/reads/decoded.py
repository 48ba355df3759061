"""Decoded reads: a complete read from the cache becomes a frame without decoding its response bodies again.

The columns of the frame are stored as bytes, shaped so that they become a frame again without work on single values.
Numbers and times are stored as values and byte masks, text as lengths and characters, and each distinct tuple of a
column of lists once. Whole numbers take as few bytes as their range allows, because that saves more time when they are
decompressed than it takes to widen them again. LZ4 is used because it decompresses several times as fast as zstd.
"""

from __future__ import annotations

import datetime as dt
import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.list_dtype import ListArray, ListDtype, dtypes_of
from stcrm_pandas.errors import StcrmError
from stcrm_pandas.frame import Assembled, Drift
from stcrm_pandas.frame.assemble import TEXT, UTC_TIME, frozen
from stcrm_pandas.http.cache import Cache, Generation
from stcrm_pandas.reads.fetching import FetchedRead

SMALLEST = 1000
"""Frames of fewer rows are not stored: their pages decode in a few milliseconds."""
_UNDOCUMENTED = np.dtype(object)

_MASKED: dict[str, tuple[type[np.generic], Any]] = {
    "Int64": (np.int64, pd.arrays.IntegerArray),
    "Float64": (np.float64, pd.arrays.FloatingArray),
    "boolean": (np.bool_, pd.arrays.BooleanArray),
}
_LAYOUT = 3
"""Changes with the bytes below, so that columns which an earlier version stored are not read."""
_WRITING = pa.ipc.IpcWriteOptions(compression="lz4")
_READING = pa.ipc.IpcReadOptions(use_threads=False)  # columns are read in threads already


class DecodedReads:
    """Stores the frames of complete reads in the background, and loads them."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="stcrm-decoded")
        self._loaders = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="stcrm-load")
        self._last: Future[None] | None = None

    def load(self, row: Row, generation: Generation) -> tuple[FetchedRead, Assembled] | None:
        """Return a stored frame and where it comes from; None if there is none, or anything in it disagrees."""
        store = self._cache.decoded
        try:
            if (description := store.about(generation.id)) is None:
                return None
            about, checks = description
            if about["made_by"] != _made_by(row) or len(checks) != len(about["columns"]):
                return None
            dtypes = dtypes_of(row)

            def load(number: int, name: str, check: int) -> Any:
                return column_from_bytes(dtypes.get(name, _UNDOCUMENTED), store.column(generation.id, number, check))

            columns = list(self._loaders.map(load, range(1, len(checks) + 1), about["columns"], checks))
            index = pd.RangeIndex(about["rows"])
            series = {
                name: pd.Series(cells, index=index, dtype=dtypes.get(name, _UNDOCUMENTED), copy=False)
                for name, cells in zip(about["columns"], columns, strict=True)
            }
            drift = tuple(Drift(**{**drift, "ids": tuple(drift["ids"])}) for drift in about["drift"])
            counts = generation.parts or ()
            fetched: FetchedRead = FetchedRead(
                generation=generation,
                pages=[],
                counts=counts,
                total=None,
                fetched_at=_moment(about["fetched_at"]),
                stored_at=_moment(about["stored_at"]),
                from_cache=sum(counts),
                problem=None,
            )
            return fetched, Assembled(pd.DataFrame(series, index=index, copy=False), drift, about["repeats"])
        except (ValueError, KeyError, TypeError, pa.ArrowException):
            store.drop(generation.id)
            return None

    def save(self, row: Row, fetched: FetchedRead, assembled: Assembled) -> None:
        """Store the frame of a complete read, in another thread."""
        frame = assembled.frame
        if len(frame) < SMALLEST:
            return
        about = {
            "made_by": _made_by(row),
            "columns": list(frame.columns),
            "rows": len(frame),
            "repeats": assembled.repeats,
            "drift": [asdict(drift) for drift in assembled.drift],
            "fetched_at": fetched.fetched_at and fetched.fetched_at.isoformat(),
            "stored_at": fetched.stored_at and fetched.stored_at.isoformat(),
        }
        # Later writes to the frame go to a copy (pandas' copy on write).
        snapshot = frame.copy(deep=False)
        self._last = self._writer.submit(self._write, fetched.generation.id, about, snapshot)

    def _write(self, id: str, about: dict[str, Any], frame: pd.DataFrame) -> None:
        try:
            self._cache.decoded.save(id, about, (column_to_bytes(frame[name]) for name in frame))
            self._cache.shrink()
        except (ValueError, TypeError, OverflowError, pa.ArrowException, StcrmError):
            pass  # the pages stay, and the next read decodes them

    def wait(self) -> None:
        """Wait until the frames read so far are stored."""
        if self._last is not None:
            self._last.result()

    def close(self) -> None:
        """Store what waits, and end the threads."""
        self._writer.shutdown()
        self._loaders.shutdown()


@cache
def _made_by(row: Row) -> str:
    """Return what stored columns depend on besides the pages."""
    return f"stcrm-pandas {version('stcrm-pandas')} pandas {pd.__version__} pyarrow {pa.__version__} {shape_of(row)}"


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


def shape_of(row: Row) -> str:
    """Return what must be equal for stored columns to be read: the documented columns and their dtypes."""
    return repr([_LAYOUT, *((name, repr(dtype)) for name, dtype in dtypes_of(row).items())])


def column_to_bytes(column: pd.Series) -> bytes:
    """Return one column as Arrow IPC streams, compressed with LZ4.

    Raises
    ------
    ValueError
        The column has values that cannot be stored, such as an undocumented field with a number beyond 64 bits.
    """
    cells: Any = column.array
    if isinstance(cells, ListArray):
        codes, distinct = _factorized(cells)
        lists = ListArray(distinct, cells.dtype).__arrow_array__()
        return _streams(pa.record_batch([pa.array(_narrow(codes + 1))], ["codes"]), pa.record_batch([lists], ["lists"]))
    if column.dtype == TEXT:
        return _streams(*_text_batches(pa.array(cells, pa.large_string()), column.isna().to_numpy()))
    if column.dtype == UTC_TIME:
        return _streams(pa.record_batch([pa.array(cells.asi8)], ["times"]))
    if isinstance(column.dtype, np.dtype):
        text = [None if cell is None else orjson.dumps(cell).decode() for cell in cells]
        return _streams(pa.record_batch([pa.array(text, pa.large_string())], ["json"]))
    kind, _ = _MASKED[str(column.dtype)]
    values, mask = cells.to_numpy(kind, na_value=kind()), column.isna().to_numpy()
    if kind is np.int64:
        values = _narrow(values)
    arrays = {"values": pa.array(values.view(np.uint8) if kind is np.bool_ else values)}
    if mask.any():
        arrays["mask"] = pa.array(mask.view(np.uint8))
    return _streams(pa.record_batch(arrays))


def column_from_bytes(dtype: Any, stored: bytes) -> Any:
    """Return one column as an array of a dtype; it shares no memory with others and is writable."""
    batches = _batches(stored)
    if isinstance(dtype, ListDtype):
        codes, distinct = batches[0].column(0).to_numpy(), dtype.__from_arrow__(batches[1].column(0))
        cells = np.full(len(distinct) + 1, None, dtype=object)
        cells[1:] = distinct.to_numpy()
        return ListArray(cells.take(codes), dtype)
    if dtype == TEXT:
        return TEXT.__from_arrow__(_text(*batches))
    (batch,) = batches
    if dtype == UTC_TIME:
        return pd.array(_values(batch.column(0), np.int64), dtype=UTC_TIME, copy=False)
    if isinstance(dtype, np.dtype):  # an undocumented field
        parsed = [None if cell is None else frozen(orjson.loads(cell)) for cell in batch.column(0).to_pylist()]
        return np.fromiter(parsed, dtype=object, count=len(parsed))
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
        with pa.ipc.new_stream(sink, batch.schema, options=_WRITING) as stream:
            stream.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def _batches(stored: bytes) -> list[pa.RecordBatch]:
    source = pa.BufferReader(stored)
    batches = []
    while source.tell() < len(stored):
        with pa.ipc.open_stream(source, options=_READING) as stream:
            batches.append(stream.read_next_batch())
            stream.read_all()  # up to the end of this stream
    return batches


def _text_batches(text: Any, missing: npt.NDArray[np.bool_]) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Return the lengths of text, which are smaller than Arrow's offsets, and its characters."""
    _, offsets, characters = text.buffers()
    ends = np.frombuffer(offsets, np.int64)[text.offset :][: len(text) + 1] if len(text) else np.zeros(1, np.int64)
    arrays = {"lengths": pa.array(_narrow(np.diff(ends)))}
    if missing.any():
        arrays["mask"] = pa.array(missing.view(np.uint8))
    size = int(ends[-1] - ends[0])
    used = characters.slice(int(ends[0]), size) if size else pa.py_buffer(b"")
    return pa.record_batch(arrays), pa.record_batch([pa.Array.from_buffers(pa.uint8(), size, [None, used])], ["text"])


def _text(about: pa.RecordBatch, text: pa.RecordBatch) -> Any:
    """Return text from its lengths and characters."""
    ends = np.zeros(about.num_rows + 1, np.int64)
    np.cumsum(about.column(0).to_numpy(), out=ends[1:])
    there = None
    if about.num_columns > 1:
        there = pa.py_buffer(np.packbits(~_values(about.column(1), np.bool_), bitorder="little"))
    buffers = [there, pa.py_buffer(ends), text.column(0).buffers()[1] or pa.py_buffer(b"")]
    return pa.Array.from_buffers(pa.large_string(), about.num_rows, buffers)


def _narrow(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return whole numbers with as few bytes each as their range allows."""
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    fits = (kind for kind in (np.int8, np.int16, np.int32) if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    return values.astype(next(fits, np.int64))


def _values(column: Any, kind: type[np.generic]) -> npt.NDArray[Any]:
    """Return the values in their own memory: that of the decompressed buffer, if nothing else may write to it."""
    if kind is np.int64 and column.type != pa.int64():
        return np.asarray(column.to_numpy().astype(np.int64))
    values = np.frombuffer(column.buffers()[1], kind, count=len(column))
    return values if values.flags.writeable else values.copy()
