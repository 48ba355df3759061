"""The shares of booking sources and the revenue of their jobs: how soon, how many canceled, how much; each compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.bookings.hours import Clock
from stcrm_pandas.analysis.bookings.outcomes import SPANS
from stcrm_pandas.analysis.bookings.table import shared, shares
from stcrm_pandas.analysis.statistics.comparison import compare
from stcrm_pandas.analysis.statistics.estimates import bca_mean

__all__ = ["ENOUGH_FOR_A_MEAN", "MEASURES", "comparisons", "first_time", "leakage", "revenue", "speed", "whole"]

MEASURES = {
    "work": ("work_lower", "work_upper", "mature"),
    "dismissed_leads": ("dismissed_leads", "dismissed_leads", "dismissed_status"),
    "new_hour": ("new_lower_hour", "new_upper_hour", "aged_hour"),
    "canceled": ("old_canceled", "old_canceled", "old_booked"),
}
"""What groups are compared by: the lower count, the upper one, and of what."""


def comparisons(cells: pd.DataFrame, table: pd.DataFrame, whole: pd.Series, min_group: int) -> dict[str, pd.DataFrame]:
    """Each group against all others, by each measure, like compared with like within business unit and month."""
    parts = [cells[name].astype(object).where(cells[name].notna(), None) for name in ("unit", "stratum_month")]
    stratum = pd.Series(list(zip(*parts, strict=True)), index=cells.index, dtype=object)
    found = {}
    for measure, (lower, upper, n) in MEASURES.items():
        counts = {"n": n, "lower": lower, "upper": upper}
        groups = pd.DataFrame(
            {
                "id": table["id"],
                "name": table["name"],
                "whole": whole,
                **{to: table[name] for to, name in counts.items()},
            }
        )
        strata = pd.DataFrame(
            {"id": cells["id"], "stratum": stratum, **{to: cells[name] for to, name in counts.items()}}
        )
        found[measure] = compare(groups, strata, min_group=min_group)
    return found


def whole(table: pd.DataFrame, by: Sequence[str], clock: Clock, mature: dt.timedelta) -> pd.Series:
    """Whether a group is more than a part of a month; months that are not are never compared."""
    if by != ("month",):
        return pd.Series(True, index=table.index)
    months = pd.to_datetime(table["id"], format="%Y-%m")
    begin = clock.first.astimezone(clock.zone).replace(tzinfo=None)
    close = (clock.end - mature).astimezone(clock.zone).replace(tzinfo=None)
    return (months >= begin) & (months + pd.offsets.MonthBegin(1) <= close)


def speed(cells: pd.DataFrame, order: pd.Series, min_group: int) -> pd.DataFrame:
    """A row per group and span: of those that old, still new then."""
    parts = []
    for span, lasts in SPANS.items():
        part = shared(cells, (f"new_lower_{span}", f"new_upper_{span}", f"aged_{span}"), min_group=min_group)
        part = part.set_index("name").reindex(order).reset_index()
        minutes = pd.array([int(lasts.total_seconds() // 60)] * len(part), dtype="Int64")
        parts.append(part.assign(minutes=minutes, not_known=part["upper"] - part["lower"]))
    table = pd.concat(parts, ignore_index=True)
    first = ["id", "name", "minutes", "n", "lower", "upper", "not_known"]
    return table[[*first, *(name for name in table if name not in first)]]


def leakage(table: pd.DataFrame) -> pd.DataFrame:
    """From bookings to jobs that brought something; the share is of jobs, those that were canceled."""
    steps = pd.DataFrame(
        {
            "id": table["id"],
            "name": table["name"],
            "bookings": table["old"],
            "booked": table["old_booked"],
            "not_canceled": table["old_booked"] - table["old_canceled"],
            "completed": table["old_completed"],
            "above_zero": table["old_paid"],
            "canceled": table["old_canceled"],
            "job_not_read": table["old_unseen"],
        }
    )
    return steps.assign(**shares(steps["canceled"], steps["canceled"], steps["booked"]))


def first_time(table: pd.DataFrame) -> pd.DataFrame:
    """Customers without a job before; the share is of them among those that are known."""
    found = pd.DataFrame(
        {
            "id": table["id"],
            "name": table["name"],
            "known": table["client_known"],
            "first_time": table["client_first"],
            "claims": table["claim_known"],
            "claimed_first": table["claim_first"],
            "claims_right": table["claim_right"],
        }
    )
    return found.assign(**shares(found["first_time"], found["first_time"], found["known"]))


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
