"""What a person changed: the difference between a frame as it was read and the same frame after a repair. Pure.

A cell is in one of three states: untouched, set to another value, or cleared. Rows are never deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.edits.cells import DOUBT, is_missing, read
from stcrm_pandas.edits.differing import differing, python_values
from stcrm_pandas.edits.matching import key_columns, match
from stcrm_pandas.errors import UsageError
from stcrm_pandas.schemas.fields import Column, Row

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, repr=False)
class Changes:
    """The cells that differ.

    Parameters:
        row: the kind of row.
        frame: a row for each changed cell, in the order of `before` and of its columns: the columns of the key,
            `column`, `old`, `new` (values as a frame has them, in `object` columns; None where missing), and `state`:
            `"set"`, or `"cleared"` where a value gave way to none.
        unreadable: a row for each cell that is no value of its column: the key, `column` and `why`. Such a cell counts
            as untouched.
        unknown_columns: columns of `after` that cannot be compared: `before` lacks them, or they are none of the
            contract's and differ.
    """

    row: Row
    frame: pd.DataFrame
    unreadable: pd.DataFrame
    unknown_columns: tuple[str, ...]

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
        if self.unknown_columns:
            told.append(f"columns that cannot be compared: {', '.join(self.unknown_columns)}")
        return f"<Changes of {'; '.join(told)}>"


def _cells(count: int) -> str:
    return f"{count:,} cell{'' if count == 1 else 's'}"


def diff(before: pd.DataFrame, after: pd.DataFrame, *, row: Row) -> Changes:
    """The cells of `after` that are not those of `before`.

    Rows are matched by `row.key`, whatever their order; the key may stand in the index. What `after` lacks, a column
    or a row, is untouched. Dtypes that a repair changed without meaning to are no change; the empty text is a value;
    the ids of a list are a set.

    Parameters:
        before: the frame as it was read.
        after: the same, repaired.
        row: the kind of row, as `stcrm_pandas.schemas.customers.CUSTOMERS`.

    Raises:
        UsageError: a row without a key, a key that stands twice in either frame, a key that `before` lacks, or a
            column that stands twice; the message names ids, never what else is in the row.

    >>> from stcrm_pandas.schemas.contacts import CONTACTS
    >>> before = pd.DataFrame({"id": ["a", "b"], "name": ["ANN", "Bob"], "title": ["Dr", None]}, dtype="str")
    >>> after = before.assign(name=["Ann", "Bob"], title=[None, ""])
    >>> changes = diff(before, after, row=CONTACTS)
    >>> changes
    <Changes of contacts: 3 cells in 2 rows>
    >>> changes.frame.values.tolist()
    [['a', 'name', 'ANN', 'Ann', 'set'], ['a', 'title', 'Dr', None, 'cleared'], ['b', 'title', None, '', 'set']]
    """
    before, after = _with_key(row, before, "before"), _with_key(row, after, "after")
    old_places, new_places = match(row, before, after)
    known = {column.name: column for column in row.columns}
    found = _Found(row)
    unknown = [str(name) for name in after.columns if name not in before.columns]
    for name in before.columns:
        if name in row.key or name not in after.columns:
            continue
        old, new = _taken(before[name], old_places), _taken(after[name], new_places)
        if name in known:
            found.compare(known[name], old, new)
        elif _differs(old, new):
            unknown.append(str(name))
    return Changes(row, *found.frames(before, old_places), tuple(unknown))


def _with_key(row: Row, frame: pd.DataFrame, name: str) -> pd.DataFrame:
    in_index = [key for key in row.key if key in frame.index.names and key not in frame.columns]
    if in_index:
        frame = frame.reset_index(in_index)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise UsageError(f"{row.name}: `{name}` has the column {twice[0]!r} twice.")
    return frame


def _taken(series: Any, places: Positions | None) -> Any:
    return series if places is None else series.take(places)


def _differs(old: Any, new: Any) -> bool:
    """Whether a column of which nothing is known differs anywhere."""
    pairs = zip(old.astype(object), new.astype(object), strict=True)
    return any(
        not (one is other or (is_missing(one) and is_missing(other)) or _equal(one, other)) for one, other in pairs
    )


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except (TypeError, ValueError):
        return repr(one) == repr(other)


class _Found:
    """Changed and unreadable cells, column by column; put together at the end."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._changed: list[tuple[str, Positions, npt.NDArray[np.object_], npt.NDArray[np.object_]]] = []
        self._unreadable: list[tuple[int, str, str]] = []

    def compare(self, column: Column, old_given: Any, new_given: Any) -> None:
        """Add what differs in one column."""
        if column.field.many:
            old_given, new_given, places = _unlike_lists(old_given, new_given)
        else:
            places = None
        old, new = read(column, old_given), read(column, new_given)
        where = differing(column, old.cells, new.cells)
        faults = {**{p: f"of `before` {why}" for p, why in old.unreadable.items()}, **new.unreadable}
        if new.doubtful:
            doubtful = set(new.doubtful)
            faults |= {p: DOUBT[column.field.kind] for p in where.tolist() if p in doubtful}
        values = python_values(new.cells, where)
        if column.dtype == "Float64":
            faults |= {
                p: "is not a finite number"
                for p, value in zip(where.tolist(), values, strict=True)
                if value is not None and not np.isfinite(value)
            }
        if faults:
            kept = ~np.isin(where, list(faults))
            where, values = where[kept], values[kept]
        if len(where):
            rows = where if places is None else places[where]
            self._changed.append((column.name, rows, python_values(old.cells, where), values))
        for position, why in faults.items():
            at = position if places is None else int(places[position])
            self._unreadable.append((at, column.name, why))

    def frames(self, before: pd.DataFrame, places: Positions | None) -> tuple[pd.DataFrame, pd.DataFrame]:
        """All changes, and all cells that cannot be read, with their keys."""
        names = [name for name, _, _, _ in self._changed]
        sizes = [len(rows) for _, rows, _, _ in self._changed]
        columns = np.repeat(np.arange(len(names)), sizes)
        rows = _joined([rows for _, rows, _, _ in self._changed], np.intp)
        order = np.lexsort((columns, rows))
        new = _joined([values for _, _, _, values in self._changed], np.object_)[order]
        changed = self._keys(before, rows[order], places)
        changed["column"] = _words(names, columns[order])
        changed["old"] = pd.Series(_joined([old for _, _, old, _ in self._changed], np.object_)[order], dtype=object)
        changed["new"] = pd.Series(new, dtype=object)
        changed["state"] = _words(["set", "cleared"], np.fromiter((value is None for value in new), np.intp, len(new)))
        self._unreadable.sort(key=lambda one: one[0])
        unreadable = self._keys(before, np.array([at for at, _, _ in self._unreadable], np.intp), places)
        unreadable["column"] = pd.Series([name for _, name, _ in self._unreadable], dtype="str")
        unreadable["why"] = pd.Series([why for _, _, why in self._unreadable], dtype="str")
        return changed, unreadable

    def _keys(self, before: pd.DataFrame, rows: Positions, places: Positions | None) -> pd.DataFrame:
        at = rows if places is None else places[rows]
        keys = before[list(self._row.key)].iloc[at]
        cells = key_columns(self._row, keys, "before")
        return pd.DataFrame(dict(zip(self._row.key, cells, strict=True)))


def _unlike_lists(old: Any, new: Any) -> tuple[Any, Any, Positions]:
    """The cells that are not equal as they stand: only these have to be read."""
    one, other = old.to_numpy(dtype=object), new.to_numpy(dtype=object)
    try:
        unlike = one != other
    except (TypeError, ValueError):  # a cell that does not compare: an array, or NA
        unlike = np.fromiter((not _alike(a, b) for a, b in zip(one, other, strict=True)), np.bool_, len(one))
    places = np.flatnonzero(unlike)
    return old.take(places), new.take(places), places


def _alike(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, tuple) and isinstance(other, tuple) and one == other)


def _joined(parts: list[Any], dtype: Any) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype)


def _words(words: list[str], codes: Positions) -> pd.Series[str]:
    """Few words, many times."""
    return pd.Series(pd.array(np.array(words, dtype=object)[codes], dtype="str"))
