"""From opportunities to tables: counts of each group, shares with their intervals, money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, month_number
from stcrm_pandas.analysis.base.names import heads
from stcrm_pandas.analysis.base.periods import Bounds, whole_month
from stcrm_pandas.analysis.base.shares import floats, shares
from stcrm_pandas.analysis.campaigns.chains import STEPS, pairs
from stcrm_pandas.analysis.campaigns.records import BOOKING, JOB, LEAD

__all__ = [
    "BY",
    "COUNTS",
    "aged",
    "by_week",
    "grouped",
    "measured",
    "strata_of",
    "whole",
    "whole_months",
]

BY = ("campaign", "category", "business_unit", "month", TENANT)
"""The dimensions that group opportunities."""

COUNTS = (
    "opportunities",
    "phone",
    "leads",
    "bookings",
    "direct_jobs",
    "mature",
    "leads_mature",
    "leads_booked",
    *(f"{step}_{bound}" for step in STEPS for bound in ("lower", "upper")),
    "inferred",
    "old",
    "paid",
)

SEPARATOR = " · "


def aged(
    rows: pd.DataFrame, *, as_of: dt.datetime, mature: dt.timedelta, old: dt.timedelta, zone: dt.tzinfo | None
) -> pd.DataFrame:
    """Add columns that depend on the age of opportunities, and the local month and week of each.

    Parameters
    ----------
    rows : DataFrame
        As `chains.opportunities_of` gives them.
    as_of : dt.datetime
        The time up to which they are known.
    mature : dt.timedelta
        The age from which an opportunity enters shares.
    old : dt.timedelta
        The age from which its money is counted.
    zone : dt.tzinfo or None
        The company's time zone; None: there are no months or weeks.

    Returns
    -------
    DataFrame
        Besides, `mature`, `old`; `month` (12 x year + month - 1) and `week` (its local Monday), both missing without a
        zone or a date; and the columns of `COUNTS` as 0 or 1.
    """
    created = rows["created"]
    ripe = (created <= pd.Timestamp(as_of) - mature).to_numpy(dtype=bool)
    aged_enough = (created <= pd.Timestamp(as_of) - old).to_numpy(dtype=bool)
    wall = (created if zone is None else created.dt.tz_convert(zone)).dt.tz_localize(None)
    month = (wall.dt.year * 12 + wall.dt.month - 1).astype("Int64")
    week = wall.dt.normalize() - pd.to_timedelta(wall.dt.day_of_week, unit="D")
    local = np.full(len(rows), zone is not None)
    columns = {
        "opportunities": np.ones(len(rows)),
        "phone": rows["phone"],
        "leads": rows["first"] == LEAD,
        "bookings": rows["first"] == BOOKING,
        "direct_jobs": rows["first"] == JOB,
        "mature": ripe,
        "leads_mature": (rows["first"] == LEAD) & ripe,
        "leads_booked": (rows["first"] == LEAD) & ripe & rows["booked_lower"],
        **{f"{step}_{bound}": rows[f"{step}_{bound}"] & ripe for step in STEPS for bound in ("lower", "upper")},
        "inferred": rows["inferred"] & ripe,
        "old": aged_enough,
        "paid": aged_enough & (rows["cents"] > 0),
    }
    return rows.assign(
        **{name: np.asarray(values).astype(np.int64) for name, values in columns.items()},
        cents=rows["cents"].where(aged_enough, 0),
        follow_on_cents=rows["follow_on_cents"].where(aged_enough, 0),
        month=month.where(local),
        week=week.where(local),
    )


def grouped(rows: pd.DataFrame, by: Sequence[str], lookups: Mapping[str, Any], *, min_group: int) -> pd.DataFrame:
    """Return a row for each group of opportunities, in the order in which the groups first appear.

    Its columns: `id`, `name`, and what `measured` adds; for two dimensions also `<dimension>_id`, `<dimension>_name`.
    """
    number, count = pairs(rows, by)
    table = measured(_sums(rows, number, count), min_group=min_group)
    begins = rows.loc[~pd.Series(number, index=rows.index).duplicated(), list(by)]
    named = [heads(begins[[one]], [one], lookups) for one in by]
    if len(by) == 1:
        return named[0].join(table)
    first, second = (one.astype("string") for one in named)
    parts = [one.add_prefix(f"{dimension}_") for dimension, one in zip(by, named, strict=True)]
    return (first + SEPARATOR + second).astype("str").join([table, *parts])


def whole(rows: pd.DataFrame, name: str, *, min_group: int) -> pd.DataFrame:
    """Return one row with all opportunities."""
    table = measured(_sums(rows, np.zeros(len(rows), dtype=np.int64), 1), min_group=min_group)
    table.insert(0, "id", pd.Series([None], dtype="Int64"))
    table.insert(1, "name", pd.Series([name], dtype="str"))
    return table


def by_week(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts and revenue of each local week: `week` (its Monday), the columns of `COUNTS`, `revenue`."""
    weeks = rows.dropna(subset=["week"]).groupby("week", as_index=False)[[*COUNTS, "cents"]].sum()
    return weeks.assign(revenue=weeks["cents"] / 100).drop(columns="cents")


def whole_months(months: pd.Series, period: Bounds, ripe: dt.datetime, zone: dt.tzinfo) -> pd.arrays.BooleanArray:
    """Return whether months ("2026-03") were read completely and are old enough as a whole."""
    complete = [not pd.isna(month) and whole_month(month_number(month), period, ripe, zone) for month in months]
    return pd.array(complete, dtype="boolean")


def measured(sums: pd.DataFrame, *, min_group: int) -> pd.DataFrame:
    """Counts with shares and intervals, and money.

    Returns
    -------
    DataFrame
        The columns of `COUNTS`; of each step the shares of `mature` (`booked_share_lower` …, 0 to 1) with their 95 %
        Wilson limits (`booked_interval_low` …); `revenue` and `follow_on_revenue`, of `old` opportunities, in the
        company's money; `median`, of those of them that brought any; `enough`, `mature` reaches `min_group`.
    """
    columns: dict[str, Any] = {name: pd.array(sums[name].to_numpy(np.int64), dtype="Int64") for name in COUNTS}
    n = sums["mature"].to_numpy(np.int64)
    for step in STEPS:
        lower, upper = (sums[f"{step}_{bound}"].to_numpy(np.int64) for bound in ("lower", "upper"))
        columns |= {f"{step}_{name}": values for name, values in shares(lower, upper, n).items()}
    columns["revenue"] = floats(sums["cents"].to_numpy(np.int64) / 100)
    columns["follow_on_revenue"] = floats(sums["follow_on_cents"].to_numpy(np.int64) / 100)
    columns["median"] = floats(sums["median"].to_numpy(np.float64) / 100)
    columns["enough"] = pd.array(n >= min_group, dtype="boolean")
    return pd.DataFrame(columns)


def strata_of(rows: pd.DataFrame, by: Sequence[str], ids: pd.Series) -> pd.DataFrame:
    """Return the counts of booked opportunities by channel, and by business unit and month unless these are the groups.

    The channel is that of the first contact, phone or online. The kind of the first record would depend on the outcome,
    because a job booked on first contact is always booked.

    Parameters: opportunities as `aged` gives them; one or two of `BY`; the ids of the groups as `grouped` gave them.
    Returns: `id`, `stratum`, `n`, `lower`, `upper` for `comparison.compare`.
    """
    finer = ["phone", *(one for one in ("business_unit", "month") if one not in by and rows[one].notna().any())]
    group, stratum = pairs(rows, by)[0], pairs(rows, finer)[0]
    cut = rows.groupby([group, stratum])[["mature", "booked_lower", "booked_upper"]].sum()
    return pd.DataFrame(
        {
            "id": ids.iloc[cut.index.get_level_values(0)].reset_index(drop=True),
            "stratum": cut.index.get_level_values(1),
            "n": cut["mature"].to_numpy(),
            "lower": cut["booked_lower"].to_numpy(),
            "upper": cut["booked_upper"].to_numpy(),
        }
    )


def _sums(rows: pd.DataFrame, number: npt.NDArray[np.int64], count: int) -> pd.DataFrame:
    numbers = range(count)
    sums = rows.groupby(number)[[*COUNTS, "cents", "follow_on_cents"]].sum().reindex(numbers, fill_value=0)
    paid = rows["paid"].to_numpy() == 1
    return sums.assign(median=rows.loc[paid, "cents"].groupby(number[paid]).median().reindex(numbers))
