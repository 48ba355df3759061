"""Turn Arrow columns into arrays of a frame, without loops over values except for lists."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Column, Field, snake
from stcrm_pandas.frame.page import arrow_type
from stcrm_pandas.frame.times import microseconds

TEXT: Any = pd.StringDtype(na_value=np.nan)
UTC_TIME = pd.DatetimeTZDtype(unit="us", tz="UTC")


def cells_of(column: Column, chunks: Sequence[Any], length: int) -> Any:
    """Return one column of all pages as an array of its dtype."""
    if column.field.many:
        return _tuples(column.field, chunks, length)
    match column.dtype:
        case "str":
            whole = pa.chunked_array(chunks, arrow_type(column.field)).cast(pa.large_string()).combine_chunks()
            return TEXT.__from_arrow__(whole)
        case "boolean":
            values, missing = np.empty(length, np.bool_), _missing(chunks, length)
            for part, chunk in _parts(values, chunks):
                part[:] = chunk.fill_null(False).to_numpy(zero_copy_only=False)
            return pd.arrays.BooleanArray(values, missing)
        case "Int64":
            whole_numbers = _numbers(chunks, length, np.int64)
            return pd.arrays.IntegerArray(whole_numbers, _missing(chunks, length))
        case "Float64":
            return pd.arrays.FloatingArray(_numbers(chunks, length, np.float64), _missing(chunks, length))
        case _:
            moments = _numbers(chunks, length, np.int64)
            moments[_missing(chunks, length)] = np.iinfo(np.int64).min
            naive = pd.Series(moments.view("M8[us]"), copy=False)
            return naive.dt.tz_localize("UTC").array


def _parts(values: npt.NDArray[Any], chunks: Iterable[Any]) -> Iterable[tuple[npt.NDArray[Any], Any]]:
    start = 0
    for chunk in chunks:
        yield values[start : start + len(chunk)], chunk
        start += len(chunk)


def _numbers(chunks: Sequence[Any], length: int, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """Return the concatenated value buffers, with arbitrary values for nulls."""
    values = np.empty(length, dtype)
    for part, chunk in _parts(values, chunks):
        if len(chunk):
            part[:] = np.frombuffer(chunk.buffers()[1], dtype, count=chunk.offset + len(chunk))[chunk.offset :]
    return values


def _missing(chunks: Sequence[Any], length: int) -> npt.NDArray[np.bool_]:
    missing = np.zeros(length, np.bool_)
    for part, chunk in _parts(missing, chunks):
        if chunk.null_count:
            part[:] = chunk.is_null().to_numpy(zero_copy_only=False)
    return missing


def _tuples(field: Field, chunks: Sequence[Any], length: int) -> npt.NDArray[np.object_]:
    """Return lists as tuples, by offsets into one flat tuple of values."""
    cells: npt.NDArray[np.object_] = np.full(length, None, dtype=object)
    with _gc_paused():
        for part, chunk in _parts(cells, chunks):
            values = chunk.flatten()
            items = _records(field, values) if field.kind == "object" else _interned(values)
            sizes = np.diff(chunk.offsets.to_numpy())
            stops = np.cumsum(sizes)
            filled = sizes > 0
            part.fill(())
            slices = map(slice, (stops - sizes)[filled].tolist(), stops[filled].tolist())
            part[filled] = np.fromiter(map(items.__getitem__, slices), dtype=object, count=int(filled.sum()))
            if chunk.null_count:
                part[chunk.is_null().to_numpy(zero_copy_only=False)] = None
    return cells


def _records(field: Field, values: Any) -> tuple[Any, ...]:
    """Return named tuples; equal ones are the same object."""
    if any(part.many or part.kind in ("object", "time") for part in field.fields):
        return tuple(None if one is None else _nested(field, one) for one in values.to_pylist())
    parts = [values.field(part.name).dictionary_encode() for part in field.fields]
    which = np.zeros(len(values), np.int64)  # one number for each combination of parts
    for part in parts:
        which = which * (len(part.dictionary) + 1) + part.indices.fill_null(len(part.dictionary)).to_numpy()
    different = pa.array(which).dictionary_encode()
    left = different.dictionary.to_numpy()
    columns: list[list[Any]] = []
    for part in reversed(parts):
        left, codes = np.divmod(left, len(part.dictionary) + 1)
        columns.append(_object_array([*part.dictionary.to_pylist(), None])[codes].tolist())
    make = partial(tuple.__new__, cast("type[tuple[Any, ...]]", field.record))
    records = _object_array(list(map(make, zip(*reversed(columns), strict=True))))[different.indices.to_numpy()]
    if values.null_count:
        records[values.is_null().to_numpy(zero_copy_only=False)] = None
    return tuple(records.tolist())


def _nested(field: Field, value: Any) -> Any:
    """Return a record that contains records: lists as tuples, objects as dictionaries."""
    values: list[Any] = []
    for part in field.fields:
        one = value[part.name]
        if one is None:
            values.append(None)
        elif part.many:
            values.append(tuple(_nested(part, item) if part.fields else item for item in one))
        elif part.kind == "object":
            values.append({snake(name): item for name, item in one.items()})
        elif part.kind == "time":
            at = microseconds(one)[0] if isinstance(one, str) else one
            values.append(pd.Timestamp(at, unit="us", tz="UTC") if isinstance(at, int) else pd.Timestamp(at))
        else:
            values.append(one)
    return cast("type[tuple[Any, ...]]", field.record)._make(values)  # type: ignore[attr-defined]


def _interned(values: Any) -> tuple[Any, ...]:
    """Return values as Python objects; equal ones are the same object, because tags and names repeat often."""
    encoded = values.dictionary_encode()
    words = _object_array([*encoded.dictionary.to_pylist(), None])
    codes = encoded.indices.fill_null(len(words) - 1).to_numpy()
    return tuple(words[codes].tolist())


def _object_array(values: list[Any]) -> npt.NDArray[np.object_]:
    return np.fromiter(values, dtype=object, count=len(values))


@contextmanager
def _gc_paused() -> Iterator[None]:
    """Pause the garbage collector, which would scan hundreds of thousands of new tuples again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
