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
from stcrm_pandas.analysis.leads.keys import LOCAL, categories, ids_and_names
from stcrm_pandas.analysis.leads.reduction import COUNTS, HORIZONS, Reduced
from stcrm_pandas.analysis.statistics.estimates import wilson

__all__ = ["by_category", "cohorts", "groups", "measured", "months", "overall", "shares", "strata", "sums_of"]

Read = tuple[dt.datetime | None, dt.datetime | None]


def measured(sums: pd.DataFrame, ids: Sequence[Any], names: Sequence[str], min_group: int) -> pd.DataFrame:
    """A row per group: `id`, `name`, its counts, the share within the window with its interval, `enough`."""
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


def shares(lower: Any, upper: Any, n: Any) -> dict[str, pd.arrays.FloatingArray]:
    """The two shares of `n` and their 95 % Wilson limits: the lower one of the lower share, the upper of the upper."""
    lower, upper, n = (np.asarray(part, dtype=np.float64) for part in (lower, upper, n))
    low, _ = wilson(lower, n)
    _, high = wilson(upper, n)
    some = np.where(n > 0, n, 1)
    return {
        "share_lower": floats(np.where(n > 0, lower / some, np.nan)),
        "share_upper": floats(np.where(n > 0, upper / some, np.nan)),
        "interval_low": floats(low),
        "interval_high": floats(high),
    }


def floats(values: Any) -> pd.arrays.FloatingArray:
    """As `Float64`, missing where they are not a number."""
    values = np.asarray(values, dtype=np.float64)
    return pd.arrays.FloatingArray(np.nan_to_num(values), np.isnan(values))


def sums_of(cells: pd.DataFrame, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Counts by these columns; without one, a single row."""
    counts = cells[list(COUNTS)]
    if not columns:
        return counts.sum().to_frame().T
    return counts.groupby([cells[column] for column in columns], dropna=False).sum()


def overall(days: pd.DataFrame, min_group: int) -> pd.DataFrame:
    """All inquiries together."""
    return measured(sums_of(days), [None], ["All inquiries"], min_group)


def by_category(reduced: Reduced, place: int, campaigns: Any) -> tuple[Reduced, dict[int, str]]:
    """The same counts with the category in the place of the campaign, and the names of categories."""
    of_campaign, texts = categories(campaigns)
    key = f"key_{place}"

    def told(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{key: frame[key].map(of_campaign).astype("Int64")})

    return replace(reduced, cells=told(reduced.cells), event_times=told(reduced.event_times)), texts


def groups(cells: pd.DataFrame, by: Sequence[str], lookup: Mapping[str, Any], min_group: int) -> pd.DataFrame:
    """A row per group, by what is sure of them; times in their own order.

    Groups of two dimensions have a tuple as `id`, and a column of names for each.
    """
    sums = sums_of(cells, [f"key_{place}" for place in range(len(by))]).reset_index()
    parts = [ids_and_names(one, sums[f"key_{i}"].tolist(), lookup.get(one)) for i, one in enumerate(by)]
    if len(by) == 1:
        table = measured(sums, *parts[0], min_group)
    else:
        both = [None if None in pair else pair for pair in zip(parts[0][0], parts[1][0], strict=True)]
        table = measured(
            sums, both, [" · ".join(pair) for pair in zip(parts[0][1], parts[1][1], strict=True)], min_group
        )
        for place, one in reversed(list(enumerate(by))):
            table.insert(2, one, pd.Series(parts[place][1], dtype="str"))
    if by[0] in LOCAL:
        in_time = np.argsort(sums["key_0"].to_numpy(dtype=np.float64, na_value=np.inf), kind="stable")
        return table.iloc[in_time].reset_index(drop=True)
    # groups that are too small, and inquiries without a group, come last
    table["named"] = ~table["name"].str.startswith(NONE)
    order = ["enough", "named", "interval_low", "mature", "name"]
    ranked = table.sort_values(order, ascending=[False, False, False, False, True], na_position="last")
    return ranked.drop(columns="named").reset_index(drop=True)


def strata(cells: pd.DataFrame, by: Sequence[str], lookup: Mapping[str, Any]) -> pd.DataFrame | None:
    """The counts of each group by business unit and month, as far as it is not grouped by these."""
    finer = [column for column, one in (("unit", "business_unit"), ("month", "month")) if one not in by]
    if not by or not finer or (finer == ["month"] and cells["month"].isna().all()):
        return None
    keys = [f"key_{place}" for place in range(len(by))]
    sums = sums_of(cells, [*keys, *finer]).reset_index()
    parts = [ids_and_names(one, sums[key].tolist(), lookup.get(one))[0] for key, one in zip(keys, by, strict=True)]
    ids = parts[0] if len(by) == 1 else [None if None in pair else pair for pair in zip(*parts, strict=True)]
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


def months(days: pd.DataFrame, mature_until: dt.datetime, local: dt.tzinfo, read: Read, min_group: int) -> pd.DataFrame:
    """A row for each month, without gaps, from the first inquiry to the last; `whole` where all of it is measured."""
    sums, spans = _monthly(days, local)
    table = measured(sums, [month_name(number) for number in sums.index], [f"{s:%b %Y}" for s, _ in spans], min_group)
    table["whole"] = pd.array([_whole(span, mature_until, read) for span in spans], dtype="boolean")
    return table


def cohorts(days: pd.DataFrame, as_of: dt.datetime, local: dt.tzinfo, read: Read) -> pd.DataFrame:
    """A row per month of creation and number of days since: how many were converted by then.

    `mature` is False where part of the month is younger than that, or was not read.
    """
    sums, spans = _monthly(days, local)
    parts = []
    for since in HORIZONS:
        lower, upper, n = sums[f"lower_{since}"], sums[f"upper_{since}"], sums["inquiries"]
        until = as_of - dt.timedelta(days=since)
        part = {
            "id": pd.array([month_name(number) for number in sums.index], dtype="str"),
            "name": pd.array([f"{start:%b %Y}" for start, _ in spans], dtype="str"),
            "days": pd.array([since] * len(sums), dtype="Int64"),
            "inquiries": pd.array(n.to_numpy(), dtype="Int64"),
            "lower": pd.array(lower.to_numpy(), dtype="Int64"),
            "upper": pd.array(upper.to_numpy(), dtype="Int64"),
            **shares(lower, upper, n),
            "mature": pd.array([_whole(span, until, read) for span in spans], dtype="boolean"),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True).sort_values(["id", "days"], ignore_index=True)


def _monthly(days: pd.DataFrame, local: dt.tzinfo) -> tuple[pd.DataFrame, list[tuple[dt.datetime, dt.datetime]]]:
    dated = days[days["month"].notna()]
    columns = [name for name in days.columns if name not in ("date", "month")]
    sums = dated.groupby("month")[columns].sum()
    numbers = list(range(int(sums.index.min()), int(sums.index.max()) + 1)) if len(sums) else []
    spans = [(_first(number, local), _first(number + 1, local)) for number in numbers]
    return sums.reindex(numbers, fill_value=0), spans


def _first(number: int, local: dt.tzinfo) -> dt.datetime:
    return dt.datetime(number // 12, number % 12 + 1, 1, tzinfo=local)


def _whole(span: tuple[dt.datetime, dt.datetime], mature_until: dt.datetime, read: Read) -> bool:
    (start, end), (first, last) = span, read
    return end <= mature_until and (first is None or first <= start) and (last is None or last >= end)


def _dtype(ids: Sequence[Any]) -> str:
    if any(isinstance(id, tuple) for id in ids):
        return "object"
    return "str" if any(isinstance(id, str) for id in ids) else "Int64"
