"""Find where two columns differ. Missing equals missing; lists of ids are compared as sets.

Copies are avoided: numbers and times are compared in place, texts by Arrow, and lists only if they are not the same
object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.contract.schemas.fields import Column

Positions = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
_TEXT = pa.large_string()


@dataclass(frozen=True)
class Side:
    """One of two columns that are compared.

    Parameters
    ----------
    cells : object
        An array of the column's dtype.
    places : Positions, optional
        Positions of the matched rows, in the order of the pairs; None if all rows match in order.
    """

    cells: Any
    places: Positions | None = None

    def paired(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return an array parallel to the cells in the order of the pairs."""
        return values if self.places is None else values[self.places]

    def of(self, pairs: Positions) -> Positions:
        """Return the positions of some pairs."""
        return pairs if self.places is None else self.places[pairs]

    def at(self, pairs: Positions) -> npt.NDArray[np.object_]:
        """Return the cells of some pairs as Python values."""
        return python_values(self.cells, self.of(pairs))


def differing(column: Column, old: Side, new: Side) -> Positions:
    """Return the pairs whose cells differ."""
    if column.field.many:
        return _lists(old.paired(old.cells), new.paired(new.cells), as_sets=column.field.kind == "integer")
    if column.field.kind == "time":
        return np.flatnonzero(old.paired(old.cells.asi8) != new.paired(new.cells.asi8))
    return _texts(old, new) if column.dtype == "str" else _numbers(old, new)


def _numbers(old: Side, new: Side) -> Positions:
    (one, gone), (other, gone_too) = _values(old.cells), _values(new.cells)
    unlike = old.paired(one) != new.paired(other)
    gone, gone_too = old.paired(gone), new.paired(gone_too)
    return np.flatnonzero((unlike & ~(gone | gone_too)) | (gone != gone_too))


def _values(cells: Any) -> tuple[npt.NDArray[Any], Flags]:
    """Return the raw values and a mask of missing ones."""
    # `to_numpy` would copy the column if a cell is missing; this is the memory itself.
    values, gone = cells._data, cells.isna()
    return values, gone | np.isnan(values) if values.dtype.kind == "f" else gone  # arithmetic leaves NaN, not NA


def _texts(old: Side, new: Side) -> Positions:
    one, other = _plain(old.cells), _plain(new.cells)
    if old.places is None and new.places is None and _same_memory(one, other):
        return np.empty(0, np.intp)
    # Arrow takes twice as long with missing cells, so compare the bytes as if none were missing.
    unlike = pc.not_equal(_paired(old, _filled(one)), _paired(new, _filled(other)))
    gone, gone_too = _paired(old, pc.is_null(one)), _paired(new, pc.is_null(other))
    unlike = pc.or_(pc.and_not(unlike, pc.or_(gone, gone_too)), pc.xor(gone, gone_too))
    return np.asarray(pc.indices_nonzero(unlike)).astype(np.intp)


def _plain(texts: Any) -> Any:
    found = pa.array(texts)
    found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    return found if found.type == _TEXT else found.cast(_TEXT)


def _same_memory(one: Any, other: Any) -> bool:
    """Return whether two columns share their memory: a copy of a frame shares unchanged texts."""
    places = [[one and one.address for one in texts.buffers()] for texts in (one, other)]
    return (one.offset, len(one), places[0]) == (other.offset, len(other), places[1])


def _filled(texts: Any) -> Any:
    """Return the texts without their mask of missing ones."""
    if not texts.null_count:
        return texts
    _, ends, letters = texts.buffers()
    return pa.Array.from_buffers(_TEXT, len(texts), [None, ends, letters or pa.py_buffer(b"")], 0, texts.offset)


def _paired(side: Side, beside: Any) -> Any:
    """Return an Arrow array in the order of the pairs."""
    return beside if side.places is None else beside.take(pa.array(side.places))


def differing_objects(old: Side, new: Side) -> Positions:
    """Return the pairs of objects that are not equal."""
    # Most pairs are the same object, which shows without reading the objects from memory.
    others = np.flatnonzero(old.paired(_addresses(old.cells)) != new.paired(_addresses(new.cells)))
    one, other = old.cells[old.of(others)], new.cells[new.of(others)]
    unlike: Flags
    try:
        unlike = one != other
    except (TypeError, ValueError):  # a cell that cannot be compared: an array, or NA
        unlike = np.fromiter((not _alike(a, b) for a, b in zip(one, other, strict=True)), np.bool_, len(one))
    return others[unlike]


def _addresses(objects: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
    """Return the addresses of the objects in an array: an edited frame usually has the objects of the original."""
    return np.asarray(_Memory(objects), dtype=np.intp)


class _Memory:
    """The memory of an array of objects, presented to numpy as integers."""

    def __init__(self, objects: npt.NDArray[np.object_]) -> None:
        kind = np.dtype(np.intp).str
        self.__array_interface__ = {**objects.__array_interface__, "typestr": kind, "descr": [("", kind)]}
        self.objects = objects  # keeps the memory alive


def _alike(one: Any, other: Any) -> bool:
    return isinstance(one, tuple) and isinstance(other, tuple) and one == other


def _lists(old: Any, new: Any, *, as_sets: bool) -> Positions:
    unlike = np.flatnonzero(old != new)
    if not as_sets:
        return unlike
    kept = [not _same_set(old[position], new[position]) for position in unlike]
    return np.asarray(unlike[np.array(kept, bool)], dtype=np.intp)


def _same_set(old: Any, new: Any) -> bool:
    return old is not None and new is not None and set(old) == set(new)


def python_values(cells: Any, positions: Any) -> npt.NDArray[np.object_]:
    """Return some cells of an array as Python values, None if missing."""
    values: npt.NDArray[np.object_] = np.asarray(cells.take(positions), dtype=object)
    gone = pd.isna(values) if values.ndim == 1 else None
    if gone is not None and gone.any():
        values = values.copy()
        values[gone] = None
    return values
