"""Numbers as a reader says them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

__all__ = ["hundred", "per_hundred", "rows_of", "span"]


def per_hundred(row: Any) -> str:
    """A share with its interval, as a reader says it.

    Parameters: a row with `share_lower`, `share_upper`, `interval_low`, `interval_high`, from 0 to 1.
    Returns: one number where the bounds round to the same, else both; the interval in brackets.

    >>> from types import SimpleNamespace as Row
    >>> per_hundred(Row(share_lower=0.31, share_upper=0.31, interval_low=0.27, interval_high=0.35))
    '31 of 100 (27 to 35)'
    >>> per_hundred(Row(share_lower=0.29, share_upper=0.33, interval_low=0.27, interval_high=0.35))
    '29 to 33 of 100 (27 to 35)'
    """
    if pd.isna(row.share_lower):
        return "no share"
    interval = f"{hundred(row.interval_low)} to {hundred(row.interval_high)}"
    return f"{span(row.share_lower, row.share_upper)} of 100 ({interval})"


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Its rows as named tuples, without the index."""
    yield from frame.itertuples(index=False)


def span(lower: float, upper: float) -> str:
    """'31', or '29 to 33' where the bounds differ."""
    low, high = hundred(lower), hundred(upper)
    return str(low) if low == high else f"{low} to {high}"


def hundred(share: float) -> int:
    """A share from 0 to 1 as a whole number of 100."""
    # halves away from zero, as a reader does it, not to the even neighbour
    return int(100 * float(share) + 0.5)
