"""Compare a frame as read with the edited frame. Pure.

A cell is unchanged, set to another value, or cleared. Rows are never deleted. Missing equals missing; lists of ids are
compared as sets. Copies are avoided: numbers and times are compared in place, texts by Arrow, and lists only if they
are not the same object.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.contract.schemas.fields import Column, Row
from stcrm_pandas.frame.foreign_cells import UNCERTAIN, is_missing, read
from stcrm_pandas.frame.matching import key_columns, match, with_key
from stcrm_pandas.output.printable import plural
from stcrm_pandas.sheets.sheet import Sheet


@dataclass(frozen=True, repr=False)
class Changes:
    """The cells that differ.

    Parameters
    ----------
    row : Row
        The kind of row.
    frame : DataFrame
        A row for each changed cell, in the order of `before` and of its columns: the columns of the key, `column`,
        `old`, `new` (values as in a frame, in `object` columns; None if missing), and `state`: `"set"` or `"cleared"`.
    unreadable : DataFrame
        A row for each cell whose value does not fit its column: the key, `column` and `why`. Such a cell counts as
        unchanged.
    unknown_columns : tuple of str
        Columns of `after` that cannot be compared: `before` lacks them, or the API does not document them and they
        differ.
    suspects : DataFrame
        Cells of a sheet that a spreadsheet may have altered and that differ from `before`; they count as unchanged
        (columns as in `Sheet.suspects`).
    """

    row: Row
    frame: pd.DataFrame
    unreadable: pd.DataFrame
    unknown_columns: tuple[str, ...]
    suspects: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def rows(self) -> int:
        """How many rows have a changed cell."""
        return len(self.frame[list(self.row.key)].drop_duplicates())

    def __repr__(self) -> str:
        counts = [f"{self.row.name}: {plural(len(self), 'cell')} in {plural(self.rows, 'row')}"]
        if len(self.unreadable):
            counts.append(f"{plural(len(self.unreadable), 'cell')} that cannot be read")
        if len(self.suspects):
            counts.append(f"{plural(len(self.suspects), 'cell')} that a spreadsheet may have altered")
        if self.unknown_columns:
            counts.append(f"columns that cannot be compared: {', '.join(self.unknown_columns)}")
        return f"<Changes of {'; '.join(counts)}>"


def diff(before: pd.DataFrame, after: pd.DataFrame | Sheet, *, row: Row) -> Changes:
    """Return the cells of `after` that differ from `before`.

    Rows are matched by `row.key` in any order; the key may be in the index. Columns and rows that `after` lacks are
    unchanged. A different dtype alone is no change; the empty text is a value; lists of ids are sets.

    Parameters
    ----------
    before : DataFrame
        The frame as read.
    after : DataFrame or Sheet
        The edited frame, or a sheet from `read_sheet`.
    row : Row
        The kind of row, for example `stcrm_pandas.contract.schemas.customers.CUSTOMERS`.

    Raises
    ------
    UsageError
        A key is missing, appears twice, or is not in `before`, or a column appears twice. The message names ids only,
        no other values of the row.

    Examples
    --------
    >>> from stcrm_pandas.contract.schemas.contacts import CONTACTS
    >>> before = pd.DataFrame({"id": ["a", "b"], "name": ["ANN", "Bob"], "title": ["Dr", None]}, dtype="str")
    >>> after = before.assign(name=["Ann", "Bob"], title=[None, ""])
    >>> changes = diff(before, after, row=CONTACTS)
    >>> changes
    <Changes of contacts: 3 cells in 2 rows>
    >>> changes.frame.values.tolist()
    [['a', 'name', 'ANN', 'Ann', 'set'], ['a', 'title', 'Dr', None, 'cleared'], ['b', 'title', None, '', 'set']]
    """
    suspects = pd.DataFrame()
    before = with_key(row, before, "`before`")
    if isinstance(after, Sheet):
        suspects, after = after.suspects_over(before), after.over(before)
    after = with_key(row, after, "`after`")
    old_places, new_places = match(row, before, after)
    known = {column.name: column for column in row.columns}
    common = [name for name in before.columns if name in after.columns and name not in row.key]

    def of_column(name: str) -> _Difference | bool:
        old, new = Side(before[name], old_places), Side(after[name], new_places)
        return _compared(known[name], old, new) if name in known else _differs(old, new)

    compared = dict(zip(common, _in_threads(of_column, common, cells=len(after) * len(common)), strict=True))
    differences = [difference for difference in compared.values() if isinstance(difference, _Difference)]
    unknown = [name for name in after.columns if name not in before.columns]
    unknown += [name for name, difference in compared.items() if difference is True]
    changed, unreadable = _frames(row, before, old_places, differences)
    return Changes(row, changed, unreadable, tuple(map(str, unknown)), suspects)


def _in_threads(work: Callable[[str], Any], names: list[str], *, cells: int) -> list[Any]:
    """Compare columns in threads if there are many cells: Arrow and numpy release Python's lock."""
    if cells < 200_000:
        return list(map(work, names))
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return list(pool.map(work, names))


def _differs(old: Side, new: Side) -> bool:
    """Return whether a column that the API does not document differs anywhere."""
    pairs = zip(*(side.paired(side.cells.astype(object).to_numpy()) for side in (old, new)), strict=True)
    return any(
        not (cell is other or (is_missing(cell) and is_missing(other)) or _equal(cell, other)) for cell, other in pairs
    )


def _equal(cell: Any, other: Any) -> bool:
    try:
        return bool(cell == other)
    except (TypeError, ValueError):
        return repr(cell) == repr(other)


@dataclass(frozen=True)
class _Difference:
    """The differences in one column: positions among the common rows, values, and unreadable cells."""

    column: str
    rows: Positions
    old: npt.NDArray[np.object_]
    new: npt.NDArray[np.object_]
    faults: dict[int, str]


def _compared(column: Column, old_side: Side, new_side: Side) -> _Difference:
    places = None
    if column.field.many:
        old_side, new_side, places = _differing_lists(old_side, new_side)
    (old, old_faults, _), (new, new_faults, uncertain) = _read(column, old_side), _read(column, new_side)
    where = differing(column, old, new)
    values = new.at(where)
    faults = {**{place: f"{why} (in `before`)" for place, why in old_faults.items()}, **new_faults}
    if uncertain:
        faults |= {place: UNCERTAIN[column.field.kind] for place in where.tolist() if place in uncertain}
    if column.dtype == "Float64":
        pairs = zip(where.tolist(), values, strict=True)
        faults |= {
            place: "is not a finite number" for place, value in pairs if value is not None and not np.isfinite(value)
        }
    if faults:
        kept = ~np.isin(where, list(faults))
        where, values = where[kept], values[kept]
    rows = where
    if places is not None:
        rows, faults = places[where], {int(places[place]): why for place, why in faults.items()}
    return _Difference(column.name, rows, old.at(where), values, faults)


def _read(column: Column, side: Side) -> tuple[Side, dict[int, str], set[int]]:
    """Read a column by its documented type; also return unreadable pairs, and pairs that are a guess."""
    if not column.field.many and str(side.cells.dtype) == column.dtype:
        return Side(side.cells.array, side.places), {}, set()
    reading = read(column, side.cells if side.places is None else side.cells.take(side.places))
    return Side(reading.cells), reading.unreadable, set(reading.uncertain)


def _frames(
    row: Row, before: pd.DataFrame, places: Positions | None, differences: list[_Difference]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all changes and all unreadable cells with their keys, row by row."""
    rows = _joined([difference.rows for difference in differences], np.intp)
    columns = np.repeat(np.arange(len(differences)), [len(difference.rows) for difference in differences])
    order = np.argsort(rows, kind="stable")  # the columns of one row are in order already
    old, new = (
        _joined([getattr(difference, side) for difference in differences], np.object_)[order] for side in ("old", "new")
    )
    changed = _keys(row, before, rows[order], places)
    changed["column"] = _repeated_texts([difference.column for difference in differences], columns[order])
    changed["old"] = pd.Series(old, dtype=object)
    changed["new"] = pd.Series(new, dtype=object)
    changed["state"] = _repeated_texts(["set", "cleared"], pd.isna(new).astype(np.intp))
    faults = [(place, difference.column, why) for difference in differences for place, why in difference.faults.items()]
    faults.sort(key=lambda fault: fault[0])
    unreadable = _keys(row, before, np.array([place for place, _, _ in faults], np.intp), places)
    unreadable["column"] = pd.Series([name for _, name, _ in faults], dtype="str")
    unreadable["why"] = pd.Series([why for _, _, why in faults], dtype="str")
    return changed, unreadable


def _keys(row: Row, before: pd.DataFrame, rows: Positions, places: Positions | None) -> pd.DataFrame:
    keys = before[list(row.key)].iloc[rows if places is None else places[rows]]
    return pd.DataFrame(dict(zip(row.key, key_columns(row, keys, "before"), strict=True)))


def _differing_lists(old: Side, new: Side) -> tuple[Side, Side, Positions]:
    """Return the cells that are not equal as they are: only these have to be read."""
    old_lists, new_lists = (Side(side.cells.to_numpy(dtype=object), side.places) for side in (old, new))
    pairs = differing_objects(old_lists, new_lists)
    old_lists, new_lists = (
        Side(pd.Series(side.cells[side.of(pairs)], dtype=object)) for side in (old_lists, new_lists)
    )
    return old_lists, new_lists, pairs


def _joined(parts: list[Any], dtype: Any) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype)


def _repeated_texts(words: list[str], codes: Positions) -> pd.Series[str]:
    """Return texts by their codes, without a Python object for each."""
    texts = pa.array(words, pa.large_string()).take(pa.array(codes))
    return pd.Series(pd.array(texts, dtype="str"))


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
    (old_values, gone), (new_values, gone_too) = _values(old.cells), _values(new.cells)
    unlike = old.paired(old_values) != new.paired(new_values)
    gone, gone_too = old.paired(gone), new.paired(gone_too)
    return np.flatnonzero((unlike & ~(gone | gone_too)) | (gone != gone_too))


def _values(cells: Any) -> tuple[npt.NDArray[Any], Flags]:
    """Return the raw values and a mask of missing ones."""
    # `to_numpy` would copy the column if a cell is missing; this is the memory itself.
    values, gone = cells._data, cells.isna()
    return values, gone | np.isnan(values) if values.dtype.kind == "f" else gone  # arithmetic leaves NaN, not NA


def _texts(old: Side, new: Side) -> Positions:
    old_texts, new_texts = _arrow(old.cells), _arrow(new.cells)
    if old.places is None and new.places is None and _same_memory(old_texts, new_texts):
        return np.empty(0, np.intp)
    # Arrow takes twice as long with missing cells, so compare the bytes as if none were missing.
    unlike = pc.not_equal(_paired(old, _filled(old_texts)), _paired(new, _filled(new_texts)))
    gone, gone_too = _paired(old, pc.is_null(old_texts)), _paired(new, pc.is_null(new_texts))
    unlike = pc.or_(pc.and_not(unlike, pc.or_(gone, gone_too)), pc.xor(gone, gone_too))
    return np.asarray(pc.indices_nonzero(unlike)).astype(np.intp)


def _arrow(texts: Any) -> Any:
    array = pa.array(texts)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return array if array.type == _TEXT else array.cast(_TEXT)


def _same_memory(old_texts: Any, new_texts: Any) -> bool:
    """Return whether two columns share their memory: a copy of a frame shares unchanged texts."""
    places = [[buffer and buffer.address for buffer in texts.buffers()] for texts in (old_texts, new_texts)]
    return (old_texts.offset, len(old_texts), places[0]) == (new_texts.offset, len(new_texts), places[1])


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
    others = np.flatnonzero(old.paired(_object_pointers(old.cells)) != new.paired(_object_pointers(new.cells)))
    old_cells, new_cells = old.cells[old.of(others)], new.cells[new.of(others)]
    unlike: Flags
    try:
        unlike = old_cells != new_cells
    except (TypeError, ValueError):  # a cell that cannot be compared: an array, or NA
        unlike = np.fromiter(
            (not _alike(a, b) for a, b in zip(old_cells, new_cells, strict=True)), np.bool_, len(old_cells)
        )
    return others[unlike]


def _object_pointers(objects: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
    """Return the addresses of the objects in an array: an edited frame usually has the objects of the original."""
    return np.asarray(_Memory(objects), dtype=np.intp)


class _Memory:
    """The memory of an array of objects, presented to numpy as integers."""

    def __init__(self, objects: npt.NDArray[np.object_]) -> None:
        kind = np.dtype(np.intp).str
        self.__array_interface__ = {**objects.__array_interface__, "typestr": kind, "descr": [("", kind)]}
        self.objects = objects  # keeps the memory alive


def _alike(cell: Any, other: Any) -> bool:
    return isinstance(cell, tuple) and isinstance(other, tuple) and cell == other


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
