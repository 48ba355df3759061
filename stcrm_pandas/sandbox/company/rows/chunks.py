"""Convert columns to rows for small tables, and split large tables into parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = dict[str, Any]
Columns = Mapping[str, Iterable[Any]]
CHUNK = 10_000
"""Rows whose cells are in memory at the same time."""


def rows_of(columns: Columns) -> Iterator[Row]:
    """Yield a dict for each row of columns of equal length.

    >>> list(rows_of({"id": [1, 2], "name": ["a", None]}))
    [{'id': 1, 'name': 'a'}, {'id': 2, 'name': None}]
    """
    names = tuple(columns)
    return (dict(zip(names, cells, strict=True)) for cells in zip(*columns.values(), strict=True))


def chunks(size: int) -> Iterator[slice]:
    """Yield slices that cover `size` rows."""
    return (slice(first, min(first + CHUNK, size)) for first in range(0, size, CHUNK))


def nulls(size: int) -> list[None]:
    return [None] * size


def empty_lists(size: int) -> list[list[Any]]:
    """Return empty lists that are separate objects."""
    return [[] for _ in range(size)]
