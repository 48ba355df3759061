"""Fields as Arrow types, and lists between Arrow and the cells of a frame: tuples of values or of named tuples."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Field, Kind, snake

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


def arrow_type(field: Field, *, raw: bool = False) -> pa.DataType:
    """Return the Arrow type of a field; with `raw` as in the body, with times as text."""
    if field.kind == "object":
        one: pa.DataType = pa.struct([(part.name, arrow_type(part, raw=raw)) for part in field.fields])
    elif field.kind == "time" and raw:
        one = TIME_AS_TEXT
    else:
        one = TYPES[field.kind]
    return pa.list_(one) if field.many else one


def parts(values: npt.NDArray[Any], chunks: Iterable[Any]) -> Iterable[tuple[npt.NDArray[Any], Any]]:
    """Yield each chunk with the part of an array that it fills."""
    start = 0
    for chunk in chunks:
        yield values[start : start + len(chunk)], chunk
        start += len(chunk)


def to_tuples(
    field: Field, chunks: Sequence[Any], length: int, *, moment: Callable[[Any], Any] = pd.Timestamp
) -> npt.NDArray[np.object_]:
    """Return Arrow lists as tuples, None if missing, by offsets into one flat tuple of values.

    Parameters
    ----------
    field : Field
        The field of the list.
    chunks : sequence of pa.ListArray
        The lists.
    length : int
        Number of lists.
    moment : callable, default pd.Timestamp
        Converts a time in a record.
    """
    cells: npt.NDArray[np.object_] = np.full(length, None, dtype=object)
    with _gc_paused():
        for part, chunk in parts(cells, chunks):
            values = chunk.flatten()
            items = _records(field, values, moment) if field.kind == "object" else _interned(values)
            sizes = np.diff(chunk.offsets.to_numpy())
            if chunk.null_count:  # a null may have a range of values, which `flatten` leaves out
                sizes[chunk.is_null().to_numpy(zero_copy_only=False)] = 0
            stops = np.cumsum(sizes)
            filled = sizes > 0
            part.fill(())
            slices = map(slice, (stops - sizes)[filled].tolist(), stops[filled].tolist())
            part[filled] = np.fromiter(map(items.__getitem__, slices), dtype=object, count=int(filled.sum()))
            if chunk.null_count:
                part[chunk.is_null().to_numpy(zero_copy_only=False)] = None
    return cells


def _records(field: Field, values: Any, moment: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Return named tuples; equal ones are the same object."""
    if any(part.many or part.kind in ("object", "time") for part in field.fields):
        return tuple(None if one is None else _nested(field, one, moment) for one in values.to_pylist())
    columns_of = [values.field(part.name).dictionary_encode() for part in field.fields]
    which = np.zeros(len(values), np.int64)  # one number for each combination of parts
    for part in columns_of:
        which = which * (len(part.dictionary) + 1) + part.indices.fill_null(len(part.dictionary)).to_numpy()
    different = pa.array(which).dictionary_encode()
    left = different.dictionary.to_numpy()
    columns: list[list[Any]] = []
    for part in reversed(columns_of):
        left, codes = np.divmod(left, len(part.dictionary) + 1)
        columns.append(_object_array([*part.dictionary.to_pylist(), None])[codes].tolist())
    make = partial(tuple.__new__, cast("type[tuple[Any, ...]]", field.record))
    records = _object_array(list(map(make, zip(*reversed(columns), strict=True))))[different.indices.to_numpy()]
    if values.null_count:
        records[values.is_null().to_numpy(zero_copy_only=False)] = None
    return tuple(records.tolist())


def _nested(field: Field, value: Any, moment: Callable[[Any], Any]) -> Any:
    """Return a record that contains records: lists as tuples, objects as dictionaries."""
    values: list[Any] = []
    for part in field.fields:
        one = value[part.name]
        if one is None:
            values.append(None)
        elif part.many:
            values.append(tuple(_nested(part, item, moment) if part.fields else item for item in one))
        elif part.kind == "object":
            values.append({snake(name): item for name, item in one.items()})
        else:
            values.append(moment(one) if part.kind == "time" else one)
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


def to_arrow(field: Field, cells: Sequence[Any]) -> Any:
    """Return tuples, None if missing, as an Arrow array of lists."""
    if any(part.many or part.kind == "object" for part in field.fields):
        return pa.array([plain(field, cell, times_as_text=False) for cell in cells], arrow_type(field))
    missing = np.fromiter((cell is None for cell in cells), bool, len(cells))
    sizes = np.fromiter((len(cell) if cell else 0 for cell in cells), np.int32, len(cells))
    offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(sizes, dtype=np.int32)])
    items = list(chain.from_iterable(filter(None, cells)))
    values = _structs(field, items) if field.fields else pa.array(items, arrow_type(field).value_type)
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=arrow_type(field), mask=pa.array(missing))


def _structs(field: Field, items: list[Any]) -> Any:
    """Return records as Arrow structs; equal ones, of which there are many, are converted once."""
    different = {item: place for place, item in enumerate(dict.fromkeys(items))}
    rows = [item or (None,) * len(field.fields) for item in different]
    columns = list(zip(*rows, strict=True)) or [()] * len(field.fields)
    arrays = [pa.array(column, arrow_type(part)) for part, column in zip(field.fields, columns, strict=True)]
    missing = pa.array([item is None for item in different], pa.bool_())
    structs = pa.StructArray.from_arrays(arrays, fields=list(arrow_type(field).value_type), mask=missing)
    return structs.take(pa.array(list(map(different.__getitem__, items)), pa.int64()))


def plain(field: Field, cells: tuple[Any, ...] | None, *, times_as_text: bool = True) -> list[Any] | None:
    """Return a list for JSON or Arrow: records as dictionaries with the API's names."""
    if cells is None:
        return None
    return list(cells) if field.kind != "object" else [_plain(field, cell, times_as_text) for cell in cells]


def _plain(field: Field, value: Any, times_as_text: bool) -> Any:
    if value is None:
        return None
    if field.kind == "object":
        values = [value[snake(part.name)] for part in field.fields] if isinstance(value, dict) else value
        return {
            part.name: plain(part, one, times_as_text=times_as_text) if part.many else _plain(part, one, times_as_text)
            for part, one in zip(field.fields, values, strict=True)
        }
    if isinstance(value, pd.Timestamp) and times_as_text:
        return value.isoformat().replace("+00:00", "Z")
    return value
