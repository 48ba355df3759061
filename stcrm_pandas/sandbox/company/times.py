"""Times as whole seconds since 1970 in UTC, and their text in responses."""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow as pa

from stcrm_pandas.sandbox.company.cells import take, with_nulls
from stcrm_pandas.sandbox.company.chance import Flags, Ints
from stcrm_pandas.sandbox.store.columns import Cells, concatenate

DAY = 86_400
HOUR = 3_600
NEVER = -62_135_596_800
"""The first second of the year 1, which means 'never'."""


class TimeFormat:
    """The service's format of times: UTC with `Z` and 0 to 7 decimals, by the book without decimals.

    The decimals follow from the second, so that the same time has the same text everywhere.

    Examples
    --------
    >>> TimeFormat(by_the_book=True).of(np.array([0, NEVER]))
    ['1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z']
    """

    def __init__(self, *, by_the_book: bool = False) -> None:
        seconds = np.datetime_as_string(np.arange(DAY).astype("datetime64[s]")).tolist()
        self._clock = pa.array([text[10:] for text in seconds])
        self._first_day, self._dates = 0, pa.array([], pa.string())
        suffixes = ["Z"] if by_the_book else _fractions()
        self._suffixes = pa.array([f'{suffix}"' for suffix in suffixes])

    def of(self, times: Ints, missing: Flags | None = None) -> list[str | None]:
        """Return the text of each time; None where `missing`."""
        return [orjson.loads(cell) for cell in self.cells(times, missing).to_pylist()]

    def cells(self, times: Ints, missing: Flags | None = None) -> Cells:
        """Return the JSON of each time; null where `missing`."""
        times = times.astype(np.int64)
        days, seconds = np.divmod(times, DAY)
        never = times == NEVER
        self._know(days[~never])
        dates = take(self._dates, np.where(never, 0, days - self._first_day + 1))
        kinds = np.where(never, 0, (times * 7_919 + days) % len(self._suffixes))
        return with_nulls(concatenate(dates, take(self._clock, seconds), take(self._suffixes, kinds)), missing)

    def _know(self, days: Ints) -> None:
        """Extend the texts of days to these, after that of the first day of the year 1."""
        low, high = (int(days.min()), int(days.max())) if days.size else (0, 0)
        known = range(self._first_day, self._first_day + len(self._dates) - 1)
        if low in known and high in known:
            return
        low, high = (min(low, known.start), max(high, known.stop - 1)) if known else (low, high)
        texts = np.datetime_as_string(np.arange(low, high + 1).astype("datetime64[D]")).tolist()
        self._first_day, self._dates = low, pa.array([f'"{text}' for text in ("0001-01-01", *texts)])


def _fractions() -> list[str]:
    """Return decimals of times: none first, then mostly seven, and all other lengths; no final zeros, as in .NET."""
    digits = np.random.default_rng(4_096).integers(0, 10_000_000, 4_096).tolist()
    lengths = (7, 7, 7, 6, 7, 3, 7, 7, 2, 7, 7, 5, 7, 1, 4, 0)
    suffixes = [f".{number:07d}"[: 1 + lengths[i % 16]].rstrip("0.") + "Z" for i, number in enumerate(digits)]
    return ["Z", *suffixes]
