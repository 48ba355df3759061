"""The tables of lead conversion: shares with bounds and intervals, from the counts of the reduction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.engine import month_name
from stcrm_pandas.analysis.base.names import NONE
from stcrm_pandas.analysis.base.periods import Bounds, month_start, whole_month
from stcrm_pandas.analysis.base.shares import shares
from stcrm_pandas.analysis.leads.keys import LOCAL, categories, named_groups
from stcrm_pandas.analysis.leads.reduction import COUNTS, HORIZONS, Reduced

__all__ = ["by_category", "cohorts", "groups", "measured", "months", "overall", "strata", "sums_of"]


def measured(sums: pd.DataFrame, ids: Sequence[Any], names: Sequence[str], min_group: int) -> pd.DataFrame:
    """Return a row per group: `id`, `name`, counts, the share within the window with its interval, `enough`."""
    counts = {name: sums[name].to_numpy(dtype=np.int64) for name in COUNTS}
    mature, lower, upper = counts["mature"], counts["lower"], counts["upper"]
    kept = [name for name in COUNTS if name not in ("undated", "lower", "upper")]
    return pd.DataFrame(
        {
            "id": pd.Series(list(ids), dtype=_dtype(ids)),
            "name": pd.array(list(names), dtype="str"),
            **{name: pd.array(counts[name], dtype="Int64") for name in kept},
            "within_lower": pd.array(lower, dtype="Int64"),
            "within_upper": pd.array(upper, dtype="Int64"),
            **shares(lower, upper, mature),
            "enough": pd.array(mature >= min_group, dtype="boolean"),
        }
    )


def sums_of(cells: pd.DataFrame, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Return the counts by these columns; a single row if there are none."""
    counts = cells[list(COUNTS)]
    if not columns:
        return counts.sum().to_frame().T
    return counts.groupby([cells[column] for column in columns], dropna=False).sum()


def overall(days: pd.DataFrame, min_group: int) -> pd.DataFrame:
    """All inquiries together."""
    return measured(sums_of(days), [None], ["All inquiries"], min_group)


def by_category(reduced: Reduced, place: int, campaigns: Any) -> tuple[Reduced, dict[int, str]]:
    """Return the counts by category instead of campaign, and the names of categories."""
    of_campaign, texts = categories(campaigns)
    key = f"key_{place}"

    def of_categories(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{key: frame[key].map(of_campaign).astype("Int64")})

    return replace(reduced, cells=of_categories(reduced.cells), event_times=of_categories(reduced.event_times)), texts


def groups(cells: pd.DataFrame, by: Sequence[str], lookup: Mapping[str, Any], min_group: int) -> pd.DataFrame:
    """Return a row per group, ranked by the certain share; months, weekdays and hours stay in order.

    Groups of two dimensions have a tuple as `id`, and a column of names for each.
    """
    sums = sums_of(cells, [f"key_{place}" for place in range(len(by))]).reset_index()
    ids, names, parts = named_groups(sums, by, lookup)
    table = measured(sums, ids, names, min_group)
    if len(by) > 1:
        for place, one in reversed(list(enumerate(by))):
            table.insert(2, one, pd.Series(parts[place], dtype="str"))
    if by[0] in LOCAL:
        in_time = np.argsort(sums["key_0"].to_numpy(dtype=np.float64, na_value=np.inf), kind="stable")
        return table.iloc[in_time].reset_index(drop=True)
    # groups that are too small, and inquiries without a group, come last
    table["named"] = ~table["name"].str.startswith(NONE)
    order = ["enough", "named", "interval_low", "mature", "name"]
    ranked = table.sort_values(order, ascending=[False, False, False, False, True], na_position="last")
    return ranked.drop(columns="named").reset_index(drop=True)


def strata(cells: pd.DataFrame, by: Sequence[str], lookup: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return the counts of each group by business unit and month, unless these are the groups."""
    finer = [column for column, one in (("unit", "business_unit"), ("month", "month")) if one not in by]
    if not by or not finer or (finer == ["month"] and cells["month"].isna().all()):
        return None
    keys = [f"key_{place}" for place in range(len(by))]
    sums = sums_of(cells, [*keys, *finer]).reset_index()
    ids, _, _ = named_groups(sums, by, lookup)
    stratum = sums[finer].astype("Float64").fillna(-1.0).astype(int)
    return pd.DataFrame(
        {
            "id": pd.Series(ids, dtype=_dtype(ids)),
            "stratum": [tuple(row) for row in stratum.itertuples(index=False)],
            "n": sums["mature"],
            "lower": sums["lower"],
            "upper": sums["upper"],
        }
    )


def months(
    days: pd.DataFrame, mature_until: dt.datetime, local: dt.tzinfo, read: Bounds, min_group: int
) -> pd.DataFrame:
    """Return a row for every month from the first inquiry to the last; `whole` if all of it is measured."""
    sums = _monthly(days)
    table = measured(sums, [month_name(number) for number in sums.index], _labels(sums), min_group)
    table["whole"] = _whole(sums, read, mature_until, local)
    return table


def cohorts(days: pd.DataFrame, as_of: dt.datetime, local: dt.tzinfo, read: Bounds) -> pd.DataFrame:
    """Return a row per month of creation and number of days: how many were converted by then.

    `mature` is False where part of the month is younger than that, or was not read.
    """
    sums = _monthly(days)
    parts = []
    for since in HORIZONS:
        lower, upper, n = sums[f"lower_{since}"], sums[f"upper_{since}"], sums["inquiries"]
        until = as_of - dt.timedelta(days=since)
        part = {
            "id": pd.array([month_name(number) for number in sums.index], dtype="str"),
            "name": pd.array(_labels(sums), dtype="str"),
            "days": pd.array([since] * len(sums), dtype="Int64"),
            "inquiries": pd.array(n.to_numpy(), dtype="Int64"),
            "lower": pd.array(lower.to_numpy(), dtype="Int64"),
            "upper": pd.array(upper.to_numpy(), dtype="Int64"),
            **shares(lower, upper, n),
            "mature": _whole(sums, read, until, local),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True).sort_values(["id", "days"], ignore_index=True)


def _monthly(days: pd.DataFrame) -> pd.DataFrame:
    dated = days[days["month"].notna()]
    columns = [name for name in days.columns if name not in ("date", "month")]
    sums = dated.groupby("month")[columns].sum()
    numbers = list(range(int(sums.index.min()), int(sums.index.max()) + 1)) if len(sums) else []
    return sums.reindex(numbers, fill_value=0)


def _labels(sums: pd.DataFrame) -> list[str]:
    return [f"{month_start(number, dt.UTC):%b %Y}" for number in sums.index]


def _whole(sums: pd.DataFrame, read: Bounds, until: dt.datetime, local: dt.tzinfo) -> pd.arrays.BooleanArray:
    return pd.array([whole_month(number, read, until, local) for number in sums.index], dtype="boolean")


def _dtype(ids: Sequence[Any]) -> str:
    if any(isinstance(id, tuple) for id in ids):
        return "object"
    return "str" if any(isinstance(id, str) for id in ids) else "Int64"
