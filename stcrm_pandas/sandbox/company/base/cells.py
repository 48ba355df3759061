"""Columns of JSON text, created in Arrow without a Python object for each cell.

A cell is the JSON of a field: `"Open"` with its quotes, `31`, `null`. So a column has no missing values, and a row is a
concatenation of its cells. Text is as `orjson` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stcrm_pandas.sandbox.company.base.chance import Flags, Floats, Ints
from stcrm_pandas.sandbox.store.columns import Cells, concatenate

Row = dict[str, Any]
CHUNK = 10_000
"""Rows whose cells are in memory at the same time."""


def chunks(size: int) -> Iterator[slice]:
    """Yield slices that cover `size` rows."""
    return (slice(first, min(first + CHUNK, size)) for first in range(0, size, CHUNK))


@dataclass(frozen=True, slots=True)
class Ids:
    """Evenly spaced ids by index, without an array of them.

    Examples
    --------
    >>> Ids(51_000_211, 3, size=10)[np.array([0, 2])].tolist()
    [51000211, 51000217]
    """

    first: int
    step: int
    size: int

    def __getitem__(self, indexes: Ints | slice) -> Ints:
        if isinstance(indexes, slice):
            indexes = np.arange(*indexes.indices(self.size))
        return self.first + self.step * indexes.astype(np.int64)


NULL = "null"


def to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def json_cells(values: Sequence[Any]) -> Cells:
    """Return the JSON of each value."""
    return pa.array([to_json(value) for value in values], pa.string())


def take(texts: Cells, indexes: NDArray[Any]) -> Cells:
    """Return the cells at these indexes."""
    return texts.take(pa.array(indexes.astype(np.int32, copy=False)))


def from_codes(values: Sequence[Any], indexes: NDArray[Any], missing: Flags | None = None) -> Cells:
    """Return the JSON of the values at these codes; null where `missing`.

    >>> from_codes(("a", None), np.array([1, 0])).to_pylist()
    ['null', '"a"']
    """
    return with_nulls(take(json_cells(values), indexes), missing)


def booleans(values: Flags, missing: Flags | None = None) -> Cells:
    """Return JSON booleans; null where `missing`."""
    return from_codes((False, True), values, missing)


def numbers(values: Ints, missing: Flags | None = None) -> Cells:
    """Return whole numbers; null where `missing`."""
    cells = pa.array(values, mask=missing).cast(pa.string())
    return cells if missing is None else cells.fill_null(NULL)


def ids_of(ids: Ids | Ints, indexes: Ints) -> Cells:
    """Return the ids at these indexes; null for -1."""
    return numbers(ids[indexes], indexes < 0)


def amounts(values: Floats, missing: Flags | None = None) -> Cells:
    """Return floats in the shortest form; null where `missing`.

    >>> amounts(np.array([420.0, 0.1])).to_pylist()
    ['420.0', '0.1']
    """
    written = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return with_nulls(pc.list_flatten(pc.split_pattern(pa.array([written[1:-1]]), ",")), missing)


def quoted(texts: Cells | Sequence[str]) -> Cells:
    """Return JSON strings of text without characters to escape."""
    return concatenate('"', texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string()), '"')


def with_nulls(cells: Cells, missing: Flags | None) -> Cells:
    """Return the cells, null where `missing`."""
    return cells if missing is None else if_else(missing, NULL, cells)


def if_else(condition: Flags, cells: Cells | str, others: Cells | str) -> Cells:
    """Return cells of one column where `first`, else of the other."""
    return pc.if_else(pa.array(condition), cells, others)


Values = TypeVar("Values", Cells, NDArray[Any])


@dataclass(frozen=True, slots=True)
class _Sparse(Generic[Values]):
    """Rows in ascending order, and the new value of each."""

    rows: Ints
    values: Values

    def _find(self, indexes: NDArray[Any]) -> tuple[Flags, Ints]:
        """Return which of these rows have a new value, and where the values are."""
        at = np.minimum(np.searchsorted(self.rows, indexes), max(self.rows.size - 1, 0))
        replaced: Flags = self.rows[at] == indexes if self.rows.size else np.zeros(len(indexes), np.bool_)
        return replaced, at[replaced]


class Texts(_Sparse[Cells]):
    """Cells that replace those of a few rows."""

    @classmethod
    def of(cls, cells: Mapping[int, str]) -> Self:
        rows = np.array(sorted(cells), dtype=np.int64)
        return cls(rows, pa.array([cells[row] for row in rows.tolist()], pa.string()))

    def into(self, cells: Cells, indexes: NDArray[Any]) -> Cells:
        """Return cells of the rows at these indexes, some of them replaced.

        >>> Texts.of({5: '"b"'}).into(pa.array(['"a"', '"a"']), np.array([4, 5])).to_pylist()
        ['"a"', '"b"']
        """
        replaced, at = self._find(indexes)
        return pc.replace_with_mask(cells, pa.array(replaced), self.values.take(pa.array(at))) if at.size else cells


class Codes(_Sparse[NDArray[Any]]):
    """Numbers or flags that replace those of a few rows."""

    @classmethod
    def of(cls, rows: Ints, values: NDArray[Any]) -> Self:
        """Return the values by row; the last one counts if a row appears twice."""
        order = np.argsort(rows, kind="stable")
        last = np.diff(rows[order], append=-1) != 0
        return cls(rows[order][last].astype(np.int64), values[order][last])

    @classmethod
    def none(cls) -> Self:
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))

    def into(self, codes: NDArray[Any], indexes: NDArray[Any]) -> NDArray[Any]:
        """Return values of the rows at these indexes, some of them replaced."""
        replaced, at = self._find(indexes)
        if not at.size:
            return codes
        codes = codes.astype(np.result_type(codes, self.values))
        codes[replaced] = self.values[at]
        return codes
