"""Order and compact dataclasses of columns."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from stcrm_pandas.sandbox.company.chance import Ints

Table = TypeVar("Table")


def ranks(order: Ints) -> Ints:
    """Return the new index of each row after sorting in this order.

    Examples
    --------
    >>> ranks(np.array([2, 0, 1])).tolist()
    [1, 2, 0]
    """
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    return rank


def by_creation(table: Table, link: str) -> Table:
    """Return the columns ordered by `created`; the column `link` holds row indexes, or -1."""
    columns: dict[str, Any] = {f.name: getattr(table, f.name) for f in dataclasses.fields(table)}  # type: ignore[arg-type]
    order = np.argsort(columns["created"], kind="stable")
    ordered = {name: column[order] for name, column in columns.items()}
    ordered[link] = np.where(ordered[link] >= 0, ranks(order)[ordered[link]], -1)
    return type(table)(**ordered)


def compact(table: Table) -> Table:
    """Return the columns with indexes in as few bytes as possible; times keep their type."""
    columns: dict[str, Any] = {f.name: getattr(table, f.name) for f in dataclasses.fields(table)}  # type: ignore[arg-type]
    indexes = {
        name: narrow(column)
        for name, column in columns.items()
        if isinstance(column, np.ndarray) and column.dtype == np.int64 and name not in _TIMES
    }
    return type(table)(**columns | indexes)


_TIMES = {"created", "decided", "time"}


def narrow(column: Ints) -> Ints:
    """Return whole numbers in as few bytes as possible; `wide` widens them for calculations."""
    low, high = (int(column.min()), int(column.max())) if column.size else (0, 0)
    kinds: tuple[type[np.signedinteger[Any]], ...] = (np.int8, np.int16, np.int32)
    kind = next((kind for kind in kinds if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max), np.int64)
    return column.astype(kind)


def wide(indexes: ArrayLike) -> Ints:
    """Return numbers as 64-bit integers, for calculations."""
    return np.asarray(indexes, dtype=np.int64)
