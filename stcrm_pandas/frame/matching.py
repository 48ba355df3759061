"""Match the rows of two frames by their keys."""

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
from stcrm_pandas.output.printable import plural

SHOWN = 10
"""Number of rows that an error names."""

Positions = npt.NDArray[np.intp]
_Numbers = npt.NDArray[np.int64]


def match(row: Row, before: pd.DataFrame, after: pd.DataFrame) -> tuple[Positions | None, Positions | None]:
    """Return the positions of common rows in `before` and `after`, in the order of `before`.

    Returns
    -------
    tuple[Positions | None, Positions | None]
        The positions in `before` and in `after`; None if all rows match in order.

    Raises
    ------
    UsageError
        A key is missing, appears twice, or is not in `before`.
    """
    keys = {name: key_columns(row, frame, name) for name, frame in (("before", before), ("after", after))}
    old, new = _as_numbers(list(zip(keys["before"], keys["after"], strict=True)))
    rising, same = bool((old[1:] > old[:-1]).all()), np.array_equal(old, new)
    if same and rising:
        return None, None
    find = _index(old)
    if not rising:
        _raise_if_any(row, before, find(old) != np.arange(len(old)), "appears twice in `before`")
    if same:
        return None, None
    places = find(new)
    _raise_if_any(row, after, places < 0, "is in `after`, but not in `before`: rows cannot be added")
    in_after = np.full(len(old), -1, np.intp)
    in_after[places] = np.arange(len(new))
    common = np.flatnonzero(in_after >= 0)
    if len(common) < len(new):
        _raise_if_any(row, after, in_after[places] != np.arange(len(new)), "appears twice in `after`")
    return None if len(common) == len(old) else common, in_after[common]


def with_key(row: Row, frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a frame with its key as columns instead of in the index.

    Raises
    ------
    UsageError
        A column appears twice.
    """
    in_index = [key for key in row.key if key in frame.index.names and key not in frame.columns]
    if in_index:
        frame = frame.reset_index(in_index)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise UsageError(f"{row.name}: {name} has the column {twice[0]!r} twice.")
    return frame


def key_columns(row: Row, frame: pd.DataFrame, name: str) -> list[Any]:
    """Return the key columns with their documented dtypes, without missing values."""
    arrays = []
    for column in row.columns:
        if column.name not in row.key:
            continue
        if column.name not in frame.columns:
            raise UsageError(f"{row.name}: `{name}` has no column {column.name!r}, which identifies its rows.")
        reading = read(column, frame[column.name])
        if reading.unreadable:
            position, why = next(iter(reading.unreadable.items()))
            raise UsageError(
                f"{row.name}: {column.name} of `{name}` cannot be read in {plural(len(reading.unreadable), 'row')}: "
                f"the {'first' if len(reading.unreadable) > 1 else 'one'} is row {position + 1}, which {why}."
            )
        missing = np.flatnonzero(pd.isna(reading.cells))
        if len(missing):
            rows = ", ".join(str(position + 1) for position in missing[:SHOWN])
            more = ", …" if len(missing) > SHOWN else ""
            raise UsageError(
                f"{row.name}: {plural(len(missing), 'row')} of `{name}` without {column.name}, which identifies "
                f"rows: row {rows}{more} (counted from 1)."
            )
        arrays.append((column.name, reading.cells))
    order = {key: place for place, key in enumerate(row.key)}
    return [cells for _, cells in sorted(arrays, key=lambda array: order[array[0]])]


def key_texts(row: Row, frame: pd.DataFrame, positions: Sequence[int] | Positions) -> list[str]:
    """Return keys as text; parts are joined by `/`."""
    parts = [frame[name].iloc[list(positions)].tolist() for name in row.key]
    return ["/".join(map(str, key)) for key in zip(*parts, strict=True)]


def _raise_if_any(row: Row, frame: pd.DataFrame, faulty: npt.NDArray[np.bool_], why: str) -> None:
    positions = np.flatnonzero(faulty)
    if len(positions):
        keys = ", ".join(key_texts(row, frame, positions[:SHOWN]))
        more = f", … ({len(positions):,} in all)" if len(positions) > SHOWN else ""
        raise UsageError(f"{row.name}: {' / '.join(row.key)} {keys}{more} {why}.")


def _as_numbers(pairs: list[tuple[Any, Any]]) -> tuple[_Numbers, _Numbers]:
    """Return the keys of both frames as integers that are equal if the keys are."""
    (old, new), *others = pairs
    if not others and isinstance(old, pd.arrays.IntegerArray):
        return old.to_numpy(dtype=np.int64), new.to_numpy(dtype=np.int64)
    codes = np.zeros(len(old) + len(new), np.int64)
    for old_keys, new_keys in pairs:
        both = pd.concat([pd.Series(old_keys), pd.Series(new_keys)], ignore_index=True)
        part, values = pd.factorize(both)
        codes = pd.factorize(codes * max(len(values), 1) + part)[0].astype(np.int64)
    return codes[: len(old)], codes[len(old) :]


def _index(numbers: _Numbers) -> Callable[[_Numbers], Positions]:
    """Return a function that finds positions in `numbers`, -1 if absent; for duplicates any position."""

    def by_hash(wanted: _Numbers) -> Positions:
        places = pc.index_in(pa.array(wanted), value_set=pa.array(numbers))
        return np.asarray(places.fill_null(-1), dtype=np.intp)

    low, high = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, 0)
    if high - low >= 8 * len(numbers) + 1024:
        return by_hash
    # Ids are assigned in order, so a table of all numbers from the smallest to the largest is the fastest index.
    table: Positions = np.full(high - low + 1, -1, np.intp)
    table[numbers - low] = np.arange(len(numbers))

    def by_table(wanted: _Numbers) -> Positions:
        places = wanted - low
        strange = (wanted < low) | (wanted > high)
        if strange.any():
            places[strange] = 0
        positions: Positions = table[places]
        positions[strange] = -1
        return positions

    return by_table
