"""Values that replace those of a few rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stcrm_pandas.sandbox.company.chance import Flags, Ints
from stcrm_pandas.sandbox.store.columns import Cells

Values = TypeVar("Values", Cells, NDArray[Any])


@dataclass(frozen=True, slots=True)
class _Sparse(Generic[Values]):
    """Rows in ascending order, and the new value of each."""

    rows: Ints
    values: Values

    def _find(self, indexes: NDArray[Any]) -> tuple[Flags, Ints]:
        """Return which of these rows have a new value, and where the values are."""
        at = np.minimum(np.searchsorted(self.rows, indexes), max(self.rows.size - 1, 0))
        found: Flags = self.rows[at] == indexes if self.rows.size else np.zeros(len(indexes), np.bool_)
        return found, at[found]


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
        found, at = self._find(indexes)
        return pc.replace_with_mask(cells, pa.array(found), self.values.take(pa.array(at))) if at.size else cells


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
        found, at = self._find(indexes)
        if not at.size:
            return codes
        codes = codes.astype(np.result_type(codes, self.values))
        codes[found] = self.values[at]
        return codes
