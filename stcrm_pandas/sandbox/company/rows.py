"""From columns to the rows that a page holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcrm_pandas.sandbox.company.chance import Flags, Ints

Row = dict[str, Any]
Columns = Mapping[str, Iterable[Any]]
CHUNK = 10_000
"""Rows whose cells are in memory at once."""


def rows_of(columns: Columns) -> Iterator[Row]:
    """One dict per place in the columns, which are of one length.

    Examples
    --------
    >>> list(rows_of({"id": [1, 2], "name": ["a", None]}))
    [{'id': 1, 'name': 'a'}, {'id': 2, 'name': None}]
    """
    names = tuple(columns)
    return (dict(zip(names, cells, strict=True)) for cells in zip(*columns.values(), strict=True))


def chunks(size: int) -> Iterator[slice]:
    """Slices that cover `size` rows."""
    return (slice(first, min(first + CHUNK, size)) for first in range(0, size, CHUNK))


def ids_of(ids: Ints, places: Ints) -> list[int | None]:
    """The ids at these places; None for a place of -1."""
    return holed(ids[places].tolist(), places < 0)


def holed(values: list[Any], missing: Flags) -> list[Any]:
    """The same list, None where `missing`."""
    for place in np.flatnonzero(missing).tolist():
        values[place] = None
    return values


def nothing(size: int) -> list[None]:
    return [None] * size


def lists(size: int) -> list[list[Any]]:
    """So many empty lists, each its own."""
    return [[] for _ in range(size)]


def words(values: Sequence[Any], places: NDArray[Any]) -> list[Any]:
    """The words at these places."""
    return list(map(values.__getitem__, places.tolist()))
