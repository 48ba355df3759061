"""What the jobs of bookings brought: how many brought anything, how much, and how little of it is chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.bookings.table import shares
from stcrm_pandas.analysis.statistics.estimates import bca_mean

__all__ = ["ENOUGH_FOR_A_MEAN", "revenue"]

ENOUGH_FOR_A_MEAN = 100
"""With fewer jobs a mean says more about one large job than about the group."""

Floats = npt.NDArray[np.float64]


def revenue(groups: Mapping[str, tuple[Floats, Floats]]) -> pd.DataFrame:
    """What the jobs of each group brought.

    Parameters
    ----------
    groups : mapping
        For each name the amounts of its jobs, without and with those of the jobs sold during them.

    Returns
    -------
    DataFrame
        A row per group: `name`, `jobs`, `above_zero`, the four columns of its share, `median` (of those above zero),
        and, from 100 jobs up, `mean` (of all) with `mean_low` and `mean_high` (95 %, bias-corrected and accelerated
        bootstrap); the same three `with_follow` for the jobs and those sold during them; `largest` (the share of all
        revenue that the largest hundredth of the jobs makes, at least one job).

    Examples
    --------
    >>> revenue({"Radio": (np.array([0.0, 100.0, 300.0]), np.array([0.0, 100.0, 300.0]))})["median"].tolist()
    [200.0]
    """
    rows = [{"name": name, **_of_group(own, total)} for name, (own, total) in groups.items()]
    amounts = ("median", "mean", "mean_low", "mean_high", "largest")
    followed = ("mean_with_follow", "mean_low_with_follow", "mean_high_with_follow")
    kinds = {"name": "str", "jobs": "Int64", "above_zero": "Int64", **dict.fromkeys((*amounts, *followed), "Float64")}
    table = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    return table.assign(**shares(table["above_zero"], table["above_zero"], table["jobs"]))


def _of_group(own: Floats, total: Floats) -> dict[str, Any]:
    paid = own[own > 0]
    sure, sure_total = own.size >= ENOUGH_FOR_A_MEAN, total.size >= ENOUGH_FOR_A_MEAN
    mean, low, high = bca_mean(own) if sure else (None, None, None)
    mean_total, low_total, high_total = bca_mean(total) if sure_total else (None, None, None)
    largest = np.sort(own)[::-1][: max(1, -(-own.size // 100))].sum()
    return {
        "jobs": own.size,
        "above_zero": paid.size,
        "median": float(np.median(paid)) if paid.size else None,
        "mean": mean,
        "mean_low": low,
        "mean_high": high,
        "mean_with_follow": mean_total,
        "mean_low_with_follow": low_total,
        "mean_high_with_follow": high_total,
        "largest": float(largest / own.sum()) if own.sum() > 0 else None,
    }
