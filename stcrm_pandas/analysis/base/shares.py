"""Shares with their 95% Wilson intervals, from counts, and the rows of such tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.statistics.estimates import wilson


def shares(lower: Any, upper: Any, n: Any) -> dict[str, pd.arrays.FloatingArray]:
    """Return both shares of `n`, with the lower limit of the lower share and the upper limit of the upper share.

    Parameters
    ----------
    lower, upper, n : array_like
        Counts: certain, possible, and total. All four results are missing where `n` is 0.

    Examples
    --------
    >>> {name: float(values[0].round(3)) for name, values in shares([30], [32], [100]).items()}
    {'share_lower': 0.3, 'share_upper': 0.32, 'interval_low': 0.219, 'interval_high': 0.417}
    """
    lower, upper, n = (np.asarray(part, dtype=np.float64) for part in (lower, upper, n))
    some = np.where(n > 0, n, 1)
    return {
        "share_lower": floats(np.where(n > 0, lower / some, np.nan)),
        "share_upper": floats(np.where(n > 0, upper / some, np.nan)),
        "interval_low": floats(wilson(lower, n)[0]),
        "interval_high": floats(wilson(upper, n)[1]),
    }


def with_shares(
    table: pd.DataFrame, lower: str, upper: str, n: str, *, prefix: str = "", min_group: int | None = None
) -> pd.DataFrame:
    """Add the `shares` of columns of counts, and `enough`: whether a row reaches `min_group`.

    Examples
    --------
    >>> counts = pd.DataFrame({"booked": [30], "calls": [100]})
    >>> with_shares(counts, "booked", "booked", "calls", min_group=30)[["share_lower", "enough"]].values.tolist()
    [[0.3, True]]
    """
    added: dict[str, Any] = {
        prefix + name: values for name, values in shares(table[lower], table[upper], table[n]).items()
    }
    if min_group is not None:
        added["enough"] = (table[n] >= min_group).astype("boolean")
    return table.assign(**added)


class Share(NamedTuple):
    """A row of `shares`, for `format_share`; all are NaN if there are no rows."""

    share_lower: float
    share_upper: float
    interval_low: float
    interval_high: float


def share_of(lower: int, upper: int, n: int) -> Share:
    """Return the `shares` of one row of counts.

    >>> share_of(30, 32, 100).share_lower
    0.3
    """
    if not n:
        return Share(*[float("nan")] * 4)
    low, high = wilson([lower, upper], n)
    return Share(lower / n, upper / n, float(low[0]), float(high[1]))


def floats(values: Any) -> pd.arrays.FloatingArray:
    """Return values as `Float64`, missing where they are not a number."""
    values = np.asarray(values, dtype=np.float64)
    return pd.arrays.FloatingArray(np.nan_to_num(values), np.isnan(values))


def extremes(table: pd.DataFrame, column: str) -> tuple[pd.Series, pd.Series]:
    """Return the first row with the lowest and the first with the highest value."""
    values = table[column].to_numpy(dtype=np.float64)
    return table.iloc[int(values.argmin())], table.iloc[int(values.argmax())]


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows as named tuples, without the index."""
    yield from frame.itertuples(index=False)
