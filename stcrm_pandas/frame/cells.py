"""Turn Arrow columns into arrays of a frame, without loops over values except for lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.arrow import arrow_type, parts, to_tuples
from stcrm_pandas.contract.schemas.fields import ZERO_FOR_NULL, Column
from stcrm_pandas.contract.schemas.list_dtype import ListArray, ListDtype
from stcrm_pandas.frame.times import microseconds

TEXT: Any = pd.StringDtype(na_value=np.nan)
UTC_TIME = pd.DatetimeTZDtype(unit="us", tz="UTC")


def cells_of(column: Column, chunks: Sequence[Any], length: int) -> Any:
    """Return one column of all pages as an array of its dtype."""
    if column.field.many:
        return ListArray(to_tuples(column.field, chunks, length, moment=_moment), ListDtype(column.field))
    match column.dtype:
        case "str":
            whole = pa.chunked_array(chunks, arrow_type(column.field)).cast(pa.large_string()).combine_chunks()
            return TEXT.__from_arrow__(whole)
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


def _moment(time: Any) -> pd.Timestamp:
    """Return a time of a record, which is text as in the body unless the page was read value by value."""
    at = microseconds(time)[0] if isinstance(time, str) else time
    return pd.Timestamp(at, unit="us", tz="UTC") if isinstance(at, int) else pd.Timestamp(at)
