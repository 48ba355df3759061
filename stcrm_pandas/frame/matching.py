"""Rows of two frames by their keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import read

SHOWN = 10
"""How many rows an error names."""

Positions = npt.NDArray[np.intp]
_Numbers = npt.NDArray[np.int64]


def match(row: Row, before: pd.DataFrame, after: pd.DataFrame) -> tuple[Positions | None, Positions | None]:
    """Which rows of `before` stand in `after`, in the order of `before`, and where.

    Returns
    -------
    tuple[Positions | None, Positions | None]
        The positions in `before` and those in `after`, one for each common row; None for all, as they stand.

    Raises
    ------
    UsageError
        A row without a key, a key twice, a key that `before` lacks.
    """
    keys = {name: key_columns(row, frame, name) for name, frame in (("before", before), ("after", after))}
    old, new = _as_numbers(list(zip(keys["before"], keys["after"], strict=True)))
    rising, same = bool((old[1:] > old[:-1]).all()), np.array_equal(old, new)
    if same and rising:
        return None, None
    find = _index(old)
    if not rising:
        _refuse(row, before, find(old) != np.arange(len(old)), "stands twice in `before`")
    if same:
        return None, None
    places = find(new)
    _refuse(row, after, places < 0, "is in `after`, but not in `before`: no row can be added")
    in_after = np.full(len(old), -1, np.intp)
    in_after[places] = np.arange(len(new))
    common = np.flatnonzero(in_after >= 0)
    if len(common) < len(new):
        _refuse(row, after, in_after[places] != np.arange(len(new)), "stands twice in `after`")
    return None if len(common) == len(old) else common, in_after[common]


def with_key(row: Row, frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The frame with its key as columns, wherever it stands.

    Raises
    ------
    UsageError
        A column stands twice.
    """
    in_index = [key for key in row.key if key in frame.index.names and key not in frame.columns]
    if in_index:
        frame = frame.reset_index(in_index)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise UsageError(f"{row.name}: {name} has the column {twice[0]!r} twice.")
    return frame


def key_columns(row: Row, frame: pd.DataFrame, name: str) -> list[Any]:
    """The columns of the key, in their own dtypes, none of them missing."""
    arrays = []
    for column in row.columns:
        if column.name not in row.key:
            continue
        if column.name not in frame.columns:
            raise UsageError(f"{row.name}: `{name}` has no column {column.name!r}, which tells its rows apart.")
        reading = read(column, frame[column.name])
        if reading.unreadable:
            position, why = next(iter(reading.unreadable.items()))
            raise UsageError(
                f"{row.name}: {column.name} of `{name}` cannot be read in {_count(len(reading.unreadable))}: the "
                f"{'first' if len(reading.unreadable) > 1 else 'one'} is row {position + 1}, which {why}."
            )
        missing = np.flatnonzero(pd.isna(reading.cells))
        if len(missing):
            rows = ", ".join(str(position + 1) for position in missing[:SHOWN])
            more = ", …" if len(missing) > SHOWN else ""
            raise UsageError(
                f"{row.name}: {_count(len(missing))} of `{name}` without {column.name}, which tells rows apart: "
                f"row {rows}{more}, counted from 1."
            )
        arrays.append((column.name, reading.cells))
    order = {key: place for place, key in enumerate(row.key)}
    return [cells for _, cells in sorted(arrays, key=lambda one: order[one[0]])]


def key_texts(row: Row, frame: pd.DataFrame, positions: Sequence[int] | Positions) -> list[str]:
    """Keys as text; the parts of one of several columns are joined by `/`."""
    parts = [frame[name].iloc[list(positions)].tolist() for name in row.key]
    return ["/".join(map(str, key)) for key in zip(*parts, strict=True)]


def _count(rows: int) -> str:
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def _refuse(row: Row, frame: pd.DataFrame, faulty: npt.NDArray[np.bool_], why: str) -> None:
    positions = np.flatnonzero(faulty)
    if len(positions):
        told = ", ".join(key_texts(row, frame, positions[:SHOWN]))
        more = f", … ({len(positions):,} in all)" if len(positions) > SHOWN else ""
        raise UsageError(f"{row.name}: {' / '.join(row.key)} {told}{more} {why}.")


def _as_numbers(pairs: list[tuple[Any, Any]]) -> tuple[_Numbers, _Numbers]:
    """The keys of both frames as whole numbers: equal ones where the keys are equal."""
    (old, new), *others = pairs
    if not others and isinstance(old, pd.arrays.IntegerArray):
        return old.to_numpy(dtype=np.int64), new.to_numpy(dtype=np.int64)
    codes = np.zeros(len(old) + len(new), np.int64)
    for one, other in pairs:
        both = pd.concat([pd.Series(one), pd.Series(other)], ignore_index=True)
        part, values = pd.factorize(both)
        codes = pd.factorize(codes * max(len(values), 1) + part)[0].astype(np.int64)
    return codes[: len(old)], codes[len(old) :]


def _index(numbers: _Numbers) -> Callable[[_Numbers], Positions]:
    """What tells where wanted numbers stand in `numbers`; -1 where they do not. Of repeats any one place is told."""

    def by_hash(wanted: _Numbers) -> Positions:
        places = pc.index_in(pa.array(wanted), value_set=pa.array(numbers))
        return np.asarray(places.fill_null(-1), dtype=np.intp)

    low, high = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, 0)
    if high - low >= 8 * len(numbers) + 1024:
        return by_hash
    # Ids are given out in order: a table of all numbers between the least and the largest is the quickest index.
    table: Positions = np.full(high - low + 1, -1, np.intp)
    table[numbers - low] = np.arange(len(numbers))

    def by_table(wanted: _Numbers) -> Positions:
        places = wanted - low
        strange = (wanted < low) | (wanted > high)
        if strange.any():
            places[strange] = 0
        found: Positions = table[places]
        found[strange] = -1
        return found

    return by_table
