"""Moments: whole seconds since 1970 in UTC, and the text that an answer holds for them."""

from __future__ import annotations

import numpy as np

from stcrm_pandas.sandbox.company.chance import Flags, Ints

DAY = 86_400
HOUR = 3_600
NEVER = -62_135_596_800
"""The first second of the year 1, which stands for 'never'."""


class Texts:
    """Writes moments as the service does: UTC with `Z`, and 0 to 7 fractional digits.

    The fraction follows from the second, so that one moment reads alike wherever it stands. `by_the_book` writes
    whole seconds.

    Examples
    --------
    >>> Texts(by_the_book=True).of(np.array([0, NEVER]))
    ['1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z']
    """

    def __init__(self, *, by_the_book: bool = False) -> None:
        seconds = np.arange(DAY).astype("datetime64[s]")
        self._clock = [text[10:] for text in np.datetime_as_string(seconds).tolist()]
        self._fractions = ["Z"] if by_the_book else _fractions()
        self._days: dict[int, str] = {}

    def of(self, moments: Ints, missing: Flags | None = None) -> list[str | None]:
        """The text of each; None where `missing`."""
        days, seconds = np.divmod(moments, DAY)
        self._learn(days)
        known, clock, fractions = self._days, self._clock, self._fractions
        kinds = np.where(moments == NEVER, 0, (moments * 7_919 + moments // DAY) % len(fractions))
        texts: list[str | None] = [
            known[day] + clock[second] + fractions[kind]
            for day, second, kind in zip(days.tolist(), seconds.tolist(), kinds.tolist(), strict=True)
        ]
        if missing is not None:
            for place in np.flatnonzero(missing).tolist():
                texts[place] = None
        return texts

    def _learn(self, days: Ints) -> None:
        new = [day for day in np.unique(days).tolist() if day not in self._days]
        if new:
            texts = np.datetime_as_string(np.array(new).astype("datetime64[D]")).tolist()
            self._days.update(zip(new, texts, strict=True))


def _fractions() -> list[str]:
    """Endings of a time: none first, then mostly seven digits, and all other lengths; as in .NET, no zero ends them."""
    digits = np.random.default_rng(4_096).integers(0, 10_000_000, 4_096).tolist()
    lengths = (7, 7, 7, 6, 7, 3, 7, 7, 2, 7, 7, 5, 7, 1, 4, 0)
    endings = [f".{number:07d}"[: 1 + lengths[i % 16]].rstrip("0.") + "Z" for i, number in enumerate(digits)]
    return ["Z", *endings]
