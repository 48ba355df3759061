"""What a person changed: the difference between a frame as it was read and the same frame after a repair. Pure.

A cell is in one of three states: untouched, set to another value, or cleared. Rows are never deleted.
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

from stcrm_pandas.contract.schemas.fields import Column, Row
from stcrm_pandas.edits.diff.compare import Positions, Side, differing, unlike_objects
from stcrm_pandas.frame.foreign_cells import DOUBT, is_missing, read
from stcrm_pandas.frame.matching import key_columns, match, with_key
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
        `old`, `new` (values as a frame has them, in `object` columns; None where missing), and `state`: `"set"`, or
        `"cleared"` where a value gave way to none.
    unreadable : DataFrame
        A row for each cell that is no value of its column: the key, `column` and `why`. Such a cell counts as
        untouched.
    unknown_columns : tuple of str
        Columns of `after` that cannot be compared: `before` lacks them, or they are none of the contract's and differ.
    suspects : DataFrame
        Cells of a sheet that a spreadsheet may have bent and that are not what `before` has; they count as untouched
        (`Sheet.suspects` has the columns).
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
        told = [f"{self.row.name}: {_cells(len(self))} in {self.rows:,} row{'' if self.rows == 1 else 's'}"]
        if len(self.unreadable):
            told.append(f"{_cells(len(self.unreadable))} that cannot be read")
        if len(self.suspects):
            told.append(f"{_cells(len(self.suspects))} that a spreadsheet may have bent")
        if self.unknown_columns:
            told.append(f"columns that cannot be compared: {', '.join(self.unknown_columns)}")
        return f"<Changes of {'; '.join(told)}>"


def _cells(count: int) -> str:
    return f"{count:,} cell{'' if count == 1 else 's'}"


def diff(before: pd.DataFrame, after: pd.DataFrame | Sheet, *, row: Row) -> Changes:
    """The cells of `after` that are not those of `before`.

    Rows are matched by `row.key`, whatever their order; the key may stand in the index. What `after` lacks, a column
    or a row, is untouched. Dtypes that a repair changed without meaning to are no change; the empty text is a value;
    the ids of a list are a set.

    Parameters
    ----------
    before : DataFrame
        The frame as it was read.
    after : DataFrame or Sheet
        The same, repaired: a frame, or a sheet as `read_sheet` gives it.
    row : Row
        The kind of row, as `stcrm_pandas.contract.schemas.customers.CUSTOMERS`.

    Raises
    ------
    UsageError
        A row without a key, a key that stands twice in either frame, a key that `before` lacks, or a column that stands
        twice; the message names ids, never what else is in the row.

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

    found = dict(zip(common, _side_by_side(of_column, common, cells=len(after) * len(common)), strict=True))
    differences = [one for one in found.values() if isinstance(one, _Difference)]
    unknown = [name for name in after.columns if name not in before.columns]
    unknown += [name for name, one in found.items() if one is True]
    changed, unreadable = _frames(row, before, old_places, differences)
    return Changes(row, changed, unreadable, tuple(map(str, unknown)), suspects)


def _side_by_side(work: Callable[[str], Any], names: list[str], *, cells: int) -> list[Any]:
    """Columns in threads where there are many cells: arrow and numpy compare without Python's lock."""
    if cells < 200_000:
        return list(map(work, names))
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return list(pool.map(work, names))


def _differs(old: Side, new: Side) -> bool:
    """Whether a column of which nothing is known differs anywhere."""
    pairs = zip(*(side.paired(side.cells.astype(object).to_numpy()) for side in (old, new)), strict=True)
    return any(
        not (one is other or (is_missing(one) and is_missing(other)) or _equal(one, other)) for one, other in pairs
    )


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except (TypeError, ValueError):
        return repr(one) == repr(other)


@dataclass(frozen=True)
class _Difference:
    """What differs in one column: positions among the common rows, values, and what could not be read."""

    column: str
    rows: Positions
    old: npt.NDArray[np.object_]
    new: npt.NDArray[np.object_]
    faults: dict[int, str]


def _compared(column: Column, old_given: Side, new_given: Side) -> _Difference:
    places = None
    if column.field.many:
        old_given, new_given, places = _unlike_lists(old_given, new_given)
    (old, old_faults, _), (new, new_faults, doubtful) = _read(column, old_given), _read(column, new_given)
    where = differing(column, old, new)
    values = new.at(where)
    faults = {**{place: f"of `before` {why}" for place, why in old_faults.items()}, **new_faults}
    if doubtful:
        faults |= {place: DOUBT[column.field.kind] for place in where.tolist() if place in doubtful}
    if column.dtype == "Float64":
        pairs = zip(where.tolist(), values, strict=True)
        faults |= {place: "is not a finite number" for place, one in pairs if one is not None and not np.isfinite(one)}
    if faults:
        kept = ~np.isin(where, list(faults))
        where, values = where[kept], values[kept]
    rows = where
    if places is not None:
        rows, faults = places[where], {int(places[place]): why for place, why in faults.items()}
    return _Difference(column.name, rows, old.at(where), values, faults)


def _read(column: Column, given: Side) -> tuple[Side, dict[int, str], set[int]]:
    """A column by the type that it should have, and the pairs of which it cannot be read, or is a guess."""
    if not column.field.many and str(given.cells.dtype) == column.dtype:
        return Side(given.cells.array, given.places), {}, set()
    reading = read(column, given.cells if given.places is None else given.cells.take(given.places))
    return Side(reading.cells), reading.unreadable, set(reading.doubtful)


def _frames(
    row: Row, before: pd.DataFrame, places: Positions | None, found: list[_Difference]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All changes, and all cells that cannot be read, with their keys, row by row."""
    rows = _joined([one.rows for one in found], np.intp)
    columns = np.repeat(np.arange(len(found)), [len(one.rows) for one in found])
    order = np.argsort(rows, kind="stable")  # of one row, the columns stand in their order already
    old, new = (_joined([getattr(one, side) for one in found], np.object_)[order] for side in ("old", "new"))
    changed = _keys(row, before, rows[order], places)
    changed["column"] = _words([one.column for one in found], columns[order])
    changed["old"] = pd.Series(old, dtype=object)
    changed["new"] = pd.Series(new, dtype=object)
    changed["state"] = _words(["set", "cleared"], pd.isna(new).astype(np.intp))
    faults = [(place, one.column, why) for one in found for place, why in one.faults.items()]
    faults.sort(key=lambda fault: fault[0])
    unreadable = _keys(row, before, np.array([place for place, _, _ in faults], np.intp), places)
    unreadable["column"] = pd.Series([name for _, name, _ in faults], dtype="str")
    unreadable["why"] = pd.Series([why for _, _, why in faults], dtype="str")
    return changed, unreadable


def _keys(row: Row, before: pd.DataFrame, rows: Positions, places: Positions | None) -> pd.DataFrame:
    keys = before[list(row.key)].iloc[rows if places is None else places[rows]]
    return pd.DataFrame(dict(zip(row.key, key_columns(row, keys, "before"), strict=True)))


def _unlike_lists(old: Side, new: Side) -> tuple[Side, Side, Positions]:
    """The cells that are not equal as they stand: only these have to be read."""
    one, other = (Side(side.cells.to_numpy(dtype=object), side.places) for side in (old, new))
    pairs = unlike_objects(one, other)
    one, other = (Side(pd.Series(side.cells[side.of(pairs)], dtype=object)) for side in (one, other))
    return one, other, pairs


def _joined(parts: list[Any], dtype: Any) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype)


def _words(words: list[str], codes: Positions) -> pd.Series[str]:
    """Few words, many times."""
    found = pa.array(words, pa.large_string()).take(pa.array(codes))
    return pd.Series(pd.array(found, dtype="str"))
