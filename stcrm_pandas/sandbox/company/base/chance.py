"""Random numbers in streams, one per purpose, so that another draw in one table does not change the others.

>>> float(Chance(7).of("leads").random()) == float(Chance(7).of("leads").random())
True
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# A stream is identified by its index: add new ones at the end, or every company changes.
STREAMS = (
    "catalogue",
    "bookings",
    "leads",
    "lead outcomes",
    "jobs",
    "customers",
    "locations",
    "people",
    "lead rows",
    "booking rows",
    "job rows",
    "customer rows",
    "location rows",
    "contacts",
    "location contacts",
    "booking contacts",
    "newer contacts",
    "first contacts",
    "lead notes",
    "customer notes",
    "location notes",
    "customers not merged",
    "locations not merged",
    "first names",
    "related customers",
    "shared contacts",
    "duplicates",
    "bad records",
    "bad contacts",
    "odd customers",
    "spellings of customers",
    "spellings of locations",
)


@dataclass(frozen=True, slots=True)
class Chance:
    """The random streams of one company."""

    seed: int

    def of(self, stream: str) -> np.random.Generator:
        """Return a new generator at the start of a stream."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(STREAMS.index(stream),)))


def pick(rng: np.random.Generator, weights: ArrayLike, size: int) -> Ints:
    """Draw indexes 0, 1, 2 … with these weights."""
    cumulative = np.cumsum(np.asarray(weights, dtype=np.float64))
    indexes: Ints = np.searchsorted(cumulative, rng.random(size) * cumulative[-1], side="right").astype(np.int64)
    return indexes


def pick_by_row(rng: np.random.Generator, weights: Floats, rows: Ints) -> Ints:
    """Draw an index for each element, with the weights in its row of a table."""
    picked = np.zeros(rows.size, dtype=np.int64)
    for row in range(weights.shape[0]):
        mine = rows == row
        picked[mine] = pick(rng, weights[row], int(mine.sum()))
    return picked


def some(rng: np.random.Generator, size: int, count: int) -> Flags:
    """Draw flags of which exactly `count` are true."""
    flags = np.zeros(size, dtype=np.bool_)
    flags[rng.permutation(size)[:count]] = True
    return flags


def shared_out(total: int, weights: Sequence[float] | Floats) -> Ints:
    """Return whole parts of a total, by weight, that add up to it.

    >>> shared_out(10, [1, 1, 2]).tolist()
    [2, 3, 5]
    """
    edges = np.rint(np.cumsum(np.asarray(weights, dtype=np.float64)) / np.sum(weights) * total).astype(np.int64)
    parts: Ints = np.diff(edges, prepend=0)
    return parts


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
