"""Where two columns of one length differ. Missing equals missing; a set of ids has no order."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.schemas.fields import Column

Positions = npt.NDArray[np.intp]


def differing(column: Column, old: Any, new: Any) -> Positions:
    """The positions at which two arrays of the column's dtype differ."""
    if column.field.many:
        return _lists(old, new, as_sets=column.field.kind == "integer")
    if column.dtype == "str":
        return _texts(pa.array(old), pa.array(new))
    if column.field.kind == "time":
        return np.flatnonzero(_numbers(old) != _numbers(new))
    gone_old, gone_new = old.isna(), new.isna()
    dtype = old.dtype.numpy_dtype
    unlike = old.to_numpy(dtype=dtype, na_value=dtype.type(0)) != new.to_numpy(dtype=dtype, na_value=dtype.type(0))
    found = np.flatnonzero(unlike | (gone_old != gone_new))
    if dtype.kind == "f" and len(found):  # arithmetic leaves NaN in a frame where we would say NA
        both = pd.isna(python_values(old, found)) & pd.isna(python_values(new, found))
        found = found[~both]
    return found


def _numbers(moments: Any) -> npt.NDArray[np.int64]:
    return moments.asi8  # type: ignore[no-any-return]


def _texts(old: Any, new: Any) -> Positions:
    found = [pc.indices_nonzero(pc.not_equal(old, new))]  # beside a null there is neither yes nor no
    if old.null_count or new.null_count:
        found.append(pc.indices_nonzero(pc.xor(pc.is_null(old), pc.is_null(new))))
    return np.sort(np.concatenate([np.asarray(one, dtype=np.intp) for one in found]))


def _lists(old: Any, new: Any, *, as_sets: bool) -> Positions:
    unlike = np.flatnonzero(old != new)
    if not as_sets:
        return unlike
    kept = [not _same_set(old[position], new[position]) for position in unlike]
    return np.asarray(unlike[np.array(kept, bool)], dtype=np.intp)


def _same_set(old: Any, new: Any) -> bool:
    return old is not None and new is not None and set(old) == set(new)


def python_values(cells: Any, positions: Any) -> npt.NDArray[np.object_]:
    """Some cells of an array as Python values, None where they are missing."""
    values: npt.NDArray[np.object_] = np.asarray(cells.take(positions), dtype=object)
    gone = pd.isna(values) if values.ndim == 1 else None
    if gone is not None and gone.any():
        values = values.copy()
        values[gone] = None
    return values
