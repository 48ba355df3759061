"""Fields as Arrow types; times and lists between Arrow and the cells of a frame.

The cell of a list is a tuple of values or of named tuples. Times are moments in UTC with microseconds.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

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
        kind: pa.DataType = pa.struct([(part.name, arrow_type(part, raw=raw)) for part in field.fields])
    elif field.kind == "time" and raw:
        kind = TIME_AS_TEXT
    else:
        kind = TYPES[field.kind]
    return pa.list_(kind) if field.many else kind


def parts(values: npt.NDArray[Any], chunks: Iterable[Any]) -> Iterable[tuple[npt.NDArray[Any], Any]]:
    """Yield each chunk with the part of an array that it fills."""
    start = 0
    for chunk in chunks:
        yield values[start : start + len(chunk)], chunk
        start += len(chunk)


def to_tuples(field: Field, chunks: Sequence[Any], length: int) -> npt.NDArray[np.object_]:
    """Return Arrow lists as tuples, None if missing, by offsets into one flat tuple of values.

    Parameters
    ----------
    field : Field
        The field of the list.
    chunks : sequence of pa.ListArray
        The lists.
    length : int
        Number of lists.
    """
    cells: npt.NDArray[np.object_] = np.full(length, None, dtype=object)
    with _gc_paused():
        for part, chunk in parts(cells, chunks):
            values = chunk.flatten()
            items = _records(field, values) if field.kind == "object" else _interned(values)
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


def _records(field: Field, values: Any) -> tuple[Any, ...]:
    """Return named tuples; equal ones are the same object."""
    if any(part.many or part.kind in ("object", "time") for part in field.fields):
        return tuple(None if record is None else _nested(field, record) for record in values.to_pylist())
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


def _nested(field: Field, value: Any) -> Any:
    """Return a record that contains records: lists as tuples, objects as dictionaries."""
    values: list[Any] = []
    for part in field.fields:
        cell = value[part.name]
        if cell is None:
            values.append(None)
        elif part.many:
            values.append(tuple(_nested(part, item) if part.fields else item for item in cell))
        elif part.kind == "object":
            values.append({snake(name): item for name, item in cell.items()})
        else:
            values.append(_moment(cell) if part.kind == "time" else cell)
    return cast("type[tuple[Any, ...]]", field.record)._make(values)  # type: ignore[attr-defined]


def _moment(time: Any) -> pd.Timestamp:
    """Return a time of a record, which is text as in the body unless the page was read value by value."""
    at = microseconds(time)[0] if isinstance(time, str) else time
    return pd.Timestamp(at, unit="us", tz="UTC") if isinstance(at, int) else pd.Timestamp(at)


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
            part.name: plain(part, item, times_as_text=times_as_text)
            if part.many
            else _plain(part, item, times_as_text)
            for part, item in zip(field.fields, values, strict=True)
        }
    if isinstance(value, pd.Timestamp) and times_as_text:
        return value.isoformat().replace("+00:00", "Z")
    return value


MOMENT = pa.timestamp("us", "UTC")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII | re.IGNORECASE,
)


class FastPathFailed(Exception):
    """The page has to be read value by value."""


def parse_times(texts: Any) -> Any:
    """Parse many UTC times at once, with up to 7 fractional digits, including the year 1.

    A seventh digit is cut off. Anything else, such as an offset or a missing `Z`, raises `FastPathFailed` or Arrow's
    error.
    """
    filled = len(texts) - texts.null_count
    if filled:
        _, offsets, data = texts.buffers()
        ends = np.frombuffer(offsets, np.int32, count=texts.offset + len(texts) + 1)[texts.offset :]
        lengths = np.diff(ends)
        stops = ends[1:][lengths > 0]
        octets = np.frombuffer(data, np.uint8)
        known = lengths[lengths > 0]
        if len(stops) != filled or known.min() < 20 or known.max() > 28:
            raise FastPathFailed
        # Everything after 26 bytes is cut off below: it must be a digit and `Z`, or only `Z`.
        if (octets[stops - 1] != ord("Z")).any() or ((octets[stops - 2] - np.uint8(ord("0"))) > 9).any():
            raise FastPathFailed
    short = pc.ascii_rtrim(pc.binary_slice(texts.cast(pa.binary()), 0, 26).cast(pa.string()), characters="Z")
    return short.cast(pa.timestamp("us")).view(MOMENT)


def microseconds(text: str) -> tuple[int, str]:
    """Return a time as microseconds since 1970, and its deviation from the API's format (empty if none).

    Raises `ValueError` if the text is not a time.

    Examples
    --------
    >>> microseconds("2026-01-01T00:00:00.1234567Z")
    (1767225600123456, '')
    >>> microseconds("2026-01-01T01:00:00+01:00")
    (1767225600000000, 'offset')
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError("is not a time")
    *parts, fraction, zone = match.groups()
    micro = int((fraction or "0").ljust(6, "0")[:6])
    at = datetime(*(int(part or 0) for part in parts), micro, tzinfo=UTC)  # type: ignore[arg-type, misc]
    deviation = "" if zone == "Z" and parts[-1] and len(fraction or "") <= 7 and text[10] == "T" else "form"
    if zone is None:
        deviation = "no zone"
    elif zone.upper() != "Z":
        sign = -1 if zone[0] == "-" else 1
        at -= sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        deviation = "offset"
    return (at - _EPOCH) // timedelta(microseconds=1), deviation
