"""Conversion over time: the share by each day, after 1, 7, 30 and 90 days, and from a given age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.names import heads
from stcrm_pandas.analysis.base.shares import floats, rows_of
from stcrm_pandas.analysis.leads.reduction import Reduced
from stcrm_pandas.analysis.statistics.estimates import aalen_johansen
from stcrm_pandas.analysis.statistics.prediction import Prediction, predict, share_of_earlier

__all__ = ["LAST_DAY", "SPEEDS", "UNSURE", "chances_of_ages", "curves", "later_conversion", "speeds"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LAST_DAY = 120
SPEEDS = (1, 7, 30, 90)
UNSURE = 0.05
"""If the bounds are further apart, the speed is not reported."""

_AGES = (0, 3, 7, 14, 21, 30, 45, 60, 90, 120, 180)


def curves(reduced: Reduced, by: Sequence[str], lookup: Mapping[str, Any], min_group: int) -> pd.DataFrame:
    """Return the share converted by each day since the inquiry, for the total and each group that is large enough.

    Returns
    -------
    DataFrame
        One row per group and day: `id`, `name`, `overall` (true for the total, whose `id` is missing like that of
        inquiries without one), `day` (0 to 120), `share_lower`, `share_upper`, `interval_low`, `interval_high` (from 0
        to 1), and `at_risk` (inquiries that were still open and observed on that day).
    """
    parts = [_curve(reduced.overall_event_times).assign(id=None, name="All inquiries", overall=True)]
    if by:
        keys = [f"key_{place}" for place in range(len(by))]
        groups = reduced.event_times.groupby(keys, dropna=False)
        large = [(key, part) for key, part in groups if part["inquiries"].sum() >= min_group]
        named = rows_of(heads(pd.DataFrame([key for key, _ in large], columns=keys), by, lookup))
        for (_, part), group in zip(large, named, strict=True):
            parts.append(_curve(part).assign(id=[group.id] * (LAST_DAY + 1), name=group.name, overall=False))
    frame = pd.concat([part.astype({"id": object}) for part in parts], ignore_index=True)
    front = ["id", "name", "overall", "day"]
    return frame[[*front, *(name for name in frame.columns if name not in front)]]


def _curve(event_times: pd.DataFrame) -> pd.DataFrame:
    late, early = (_incidence(event_times, side) for side in ("late", "early"))
    return pd.DataFrame(
        {
            "day": pd.array(range(LAST_DAY + 1), dtype="Int64"),
            "share_lower": floats(np.minimum(late["share"], early["share"])),
            "share_upper": floats(np.maximum(late["share"], early["share"])),
            "interval_low": floats(np.minimum(late["interval_low"], early["interval_low"])),
            "interval_high": floats(np.maximum(late["interval_high"], early["interval_high"])),
            "at_risk": late["at_risk"].astype("Int64"),
        }
    )


def _incidence(event_times: pd.DataFrame, side: str) -> pd.DataFrame:
    """Return by day the cumulative share converted, its limits, and the number at risk."""
    names = (f"{side}_day", f"{side}_event", "inquiries")
    day, event, count = (event_times[name].to_numpy(dtype=np.int64) for name in names)
    at_risk = count.sum() - np.append(0, np.cumsum(np.bincount(day, count, LAST_DAY + 1)[:LAST_DAY]))
    curve = aalen_johansen(day, event, count).astype("float64").set_index("day").rename_axis(None)
    shares = curve[["share", "interval_low", "interval_high"]].reindex(range(LAST_DAY + 1), method="ffill").fillna(0.0)
    return shares.where(pd.Series(at_risk > 0)).assign(at_risk=at_risk.astype(np.int64))


def speeds(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the rows for 1, 7, 30 and 90 days, with `known`: whether the bounds are within 5 percentage points."""
    rows = curve[curve["day"].isin(SPEEDS)].reset_index(drop=True)
    apart = rows["share_upper"] - rows["share_lower"]
    return rows.assign(known=(apart <= UNSURE).fillna(False).astype("boolean"))


def later_conversion(
    event_times: pd.DataFrame, ages: npt.ArrayLike, *, within: int = 30, least: int = 1
) -> Prediction | None:
    """Predict how many open inquiries of these ages convert within `within` days, if they behave like earlier ones.

    For each age group (from 0, 3, 7, 14 … 180 days), this uses the share of earlier inquiries still open on its first
    day that converted in the days after (Aalen-Johansen from that day). If a conversion date is not known, the earliest
    and the latest possible date are both used. Returns None if there are no ages, or if an age group has fewer than
    `least` earlier inquiries.
    """
    spans, which = np.unique(_span(ages), return_inverse=True)
    shares, rates, errors = _chances(event_times, spans, within, least)
    if not len(spans) or np.isnan(rates).any():
        return None
    waiting = np.bincount(which)
    sides = zip(shares, rates, errors, strict=True)
    (fewer, *lower), (more, *upper) = sorted(sides, key=lambda one: float(np.dot(waiting, one[0])))
    return predict(waiting, (lower[0], lower[1]), (upper[0], upper[1]), (fewer, more))


def chances_of_ages(event_times: pd.DataFrame, ages: npt.ArrayLike, *, within: int = 30, least: int = 1) -> Floats:
    """Return the chance of each open inquiry to convert, as `later_conversion` uses it, in the middle of its bounds.

    It is NaN if fewer than `least` earlier inquiries were open at that age, and 0 if none of them converted.
    """
    spans, which = np.unique(_span(ages), return_inverse=True)
    shares, _, _ = _chances(event_times, spans, within, least)
    chances: Floats = shares.mean(axis=0)[which]
    return chances


def _span(ages: npt.ArrayLike) -> Ints:
    return np.searchsorted(_AGES, np.asarray(ages, dtype=np.float64), side="right") - 1


def _chances(event_times: pd.DataFrame, spans: Ints, within: int, least: int) -> tuple[Floats, Floats, Floats]:
    """Return the share of each age group, its chance with the prior, and the error of that.

    Each is by the latest, then by the earliest possible dates.
    """
    known = np.full((3, 2, len(spans)), np.nan)
    for side, name in enumerate(("late", "early")):
        day, event, count = (
            event_times[column].to_numpy(dtype=np.int64) for column in (f"{name}_day", f"{name}_event", "inquiries")
        )
        for place, span in enumerate(spans):
            still = day > _AGES[span]
            if count[still].sum() >= least:
                known[:, side, place] = _chance(day[still] - _AGES[span], event[still], count[still], within)
    return known[0], known[1], known[2]


def _chance(day: Ints, event: Ints, count: Ints, within: int) -> tuple[float, float, float]:
    """Return the share that converted within this many days, the chance of another inquiry, and its standard error."""
    curve = aalen_johansen(day, event, count)
    until = curve[curve["day"] <= within]
    if until.empty:
        return 0.0, *share_of_earlier(0, int(count.sum()))
    share, error = float(until["share"].iloc[-1]), float(until["error"].iloc[-1])
    rows = share * (1 - share) / error**2 if error > 0 and 0 < share < 1 else float(until["at_risk"].iloc[-1])
    return share, *share_of_earlier(share * rows, rows)
