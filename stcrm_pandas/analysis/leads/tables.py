"""The tables of lead conversion: shares with bounds and intervals, from the counts of the reduction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.names import NONE, heads
from stcrm_pandas.analysis.base.periods import Limits
from stcrm_pandas.analysis.base.shares import with_shares
from stcrm_pandas.analysis.leads.keys import LOCAL, categories_of, category_names
from stcrm_pandas.analysis.leads.reduction import COUNTS, HORIZONS, Reduced

__all__ = ["by_category", "cohorts", "groups", "measured", "months", "overall", "reasons", "strata", "sums_of", "trend"]


def measured(sums: pd.DataFrame, heads: pd.DataFrame, min_group: int) -> pd.DataFrame:
    """Return a row per group: its head, counts, the share within the window with its interval, `enough`."""
    counts = sums[list(COUNTS)].astype("Int64").reset_index(drop=True).drop(columns="undated")
    table = heads.join(counts.rename(columns={"lower": "within_lower", "upper": "within_upper"}))
    return with_shares(table, "within_lower", "within_upper", "mature", min_group=min_group)


def sums_of(cells: pd.DataFrame, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Return the counts by these columns; a single row if there are none."""
    counts = cells[list(COUNTS)]
    if not columns:
        return counts.sum().to_frame().T
    return counts.groupby([cells[column] for column in columns], dropna=False).sum()


def overall(days: pd.DataFrame, min_group: int) -> pd.DataFrame:
    """All inquiries together."""
    head = pd.DataFrame({"id": pd.array([None], dtype="Int64"), "name": ["All inquiries"]})
    return measured(sums_of(days), head, min_group)


def by_category(reduced: Reduced, by: Sequence[str], campaigns: Any) -> tuple[Reduced, pd.DataFrame]:
    """Return the counts by category instead of campaign, and the names of categories."""
    key = f"key_{[*by].index('category')}"
    tenant = f"key_{[*by].index(TENANT)}" if TENANT in by else None
    texts = category_names(campaigns)

    def of_categories(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{key: categories_of(frame[key], frame[tenant] if tenant else None, campaigns)})

    cells, event_times, recent = map(of_categories, (reduced.cells, reduced.event_times, reduced.recent))
    return replace(reduced, cells=cells, event_times=event_times, recent=recent), texts


def groups(cells: pd.DataFrame, by: Sequence[str], lookup: Mapping[str, Any], min_group: int) -> pd.DataFrame:
    """Return a row per group, ranked by the certain share; months, weekdays and hours stay in order.

    Groups of two dimensions have a tuple as `id`, and a column of names for each.
    """
    keys = [f"key_{place}" for place in range(len(by))]
    sums = sums_of(cells, keys).reset_index()
    if by[0] in LOCAL:
        sums = sums.sort_values("key_0", kind="stable", ignore_index=True)
    table = measured(sums, heads(sums[keys], by, lookup), min_group)
    if by[0] in LOCAL:
        return table
    # groups that are too small, and inquiries without a group, come last
    table["named"] = ~table["name"].str.startswith(NONE)
    order = ["enough", "named", "interval_low", "mature", "name"]
    ranked = table.sort_values(order, ascending=[False, False, False, False, True], na_position="last")
    return ranked.drop(columns="named").reset_index(drop=True)


def strata(cells: pd.DataFrame, by: Sequence[str], lookup: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return the counts of each group by business unit and month within its tenant, unless these are the groups."""
    finer = [column for column, one in (("unit", "business_unit"), ("month", "month")) if one not in by]
    if tuple(by) == (TENANT,):
        finer.remove("unit")  # no two tenants have a business unit in common
    if not by or not finer or (finer == ["month"] and cells["month"].isna().all()):
        return None
    keys = [f"key_{place}" for place in range(len(by))]
    if TENANT in by and len(by) > 1:
        finer.append(keys[[*by].index(TENANT)])
    sums = sums_of(cells, list(dict.fromkeys([*keys, *finer]))).reset_index()
    stratum = sums[finer].astype("Float64").fillna(-1.0).astype(int)
    found = heads(sums[keys], by, lookup)[["id"]].assign(stratum=pd.MultiIndex.from_frame(stratum).to_flat_index())
    return found.join(sums[["mature", "lower", "upper"]].rename(columns={"mature": "n"}))


def months(days: pd.DataFrame, limits: Limits, min_group: int) -> pd.DataFrame:
    """Return a row for every month from the first inquiry to the last; `whole` if all of it is measured."""
    sums = _monthly(days)
    table = measured(sums, heads(sums.index.to_frame(), ["month"], {}), min_group)
    return table.assign(whole=pd.array([*map(limits.whole, sums.index)], dtype="boolean"))


def trend(reduced: Reduced) -> pd.DataFrame:
    """Return the days whose months are shown: all, or those of the period and of the year up to its end."""
    days = reduced.every_day
    return days if reduced.period is None else days[days["month"].isin([*reduced.period.trend])]


def cohorts(days: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Return one row per month of creation and number of days: how many inquiries were converted by then.

    `mature` is False if part of the month is more recent than that number of days, or was not read.
    """
    sums = _monthly(days)
    head = heads(sums.index.to_frame(), ["month"], {})
    parts = []
    for since in HORIZONS:
        counts = sums[["inquiries", f"lower_{since}", f"upper_{since}"]].astype("Int64").reset_index(drop=True)
        part = head.assign(days=pd.array([since] * len(sums), dtype="Int64"))
        part = part.join(counts.set_axis(["inquiries", "lower", "upper"], axis=1))
        part = with_shares(part, "lower", "upper", "inquiries")
        whole = [limits.whole(month, dt.timedelta(days=since)) for month in sums.index]
        parts.append(part.assign(mature=pd.array(whole, dtype="boolean")))
    return pd.concat(parts, ignore_index=True).sort_values(["id", "days"], ignore_index=True)


def _monthly(days: pd.DataFrame) -> pd.DataFrame:
    dated = days[days["month"].notna()]
    columns = [name for name in days.columns if name not in ("date", "month")]
    sums = dated.groupby("month")[columns].sum()
    numbers = list(range(int(sums.index.min()), int(sums.index.max()) + 1)) if len(sums) else []
    return sums.reindex(numbers, fill_value=0)


def reasons(read: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    """Return a row per reason for dismissal, the most frequent first.

    Its columns are `id` (missing if no reason was given), `name`, `leads`, `share` (of all dismissed leads, from 0 to
    1), and `left_out` (whether these leads are left out of the analysis).
    """
    rows = read[(read["status"] == "Dismissed") & ~read["left_out"].isin(["deleted", "not a lead"])]
    table = rows.groupby(["dismissal", "left_out"], dropna=False)["leads"].sum().reset_index()
    table = table.sort_values(["leads", "dismissal"], ascending=[False, True], ignore_index=True)
    ids = table["dismissal"].astype("Int64")
    return pd.DataFrame(
        {
            "id": ids,
            "name": pd.array(["(no reason)" if pd.isna(i) else names.get(i, f"reason {i}") for i in ids], dtype="str"),
            "leads": table["leads"].astype("Int64"),
            "share": (table["leads"] / max(int(table["leads"].sum()), 1)).astype("Float64"),
            "left_out": (table["left_out"] != "").astype("boolean"),
        }
    )
