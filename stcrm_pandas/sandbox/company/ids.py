"""Ids of the rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stcrm_pandas.sandbox.company.chance import Ints


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
