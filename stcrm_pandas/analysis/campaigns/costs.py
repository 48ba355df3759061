"""What campaigns cost per opportunity and per booked job, and the revenue per amount spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.display import rows_shown
from stcrm_pandas.analysis.base.engine import month_name, month_number
from stcrm_pandas.analysis.base.money import money, unusual
from stcrm_pandas.analysis.base.names import named
from stcrm_pandas.analysis.base.periods import Limits
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.campaigns.spend import checked_spend
from stcrm_pandas.analysis.statistics.estimates import wilson
from stcrm_pandas.errors import UsageError

__all__ = ["Costs", "costs_of"]

_CENTS = 100
_COUNTED = ("opportunities", "booked_lower", "cents", "negative")


@dataclass(frozen=True, repr=False)
class Costs:
    """Spend and its results, over the months that both cover.

    `table` has a row per campaign, `overall` one row of all of them. A month of a campaign is covered if the spend
    names it, it was read from its first to its last moment, and all of it is old enough. Their columns:

    - `id`, `name`; `months`, how many are covered; `last_month`, the latest of them ("2026-03"); `spend`
    - `opportunities`, `booked` (certainly) of those months
    - `cost_per_opportunity`, `cost_per_booked`; `cost_low`, `cost_high`: the latter, if the share booked were at the
      upper or lower end of its 95% Wilson interval
    - `spend_paid`, `revenue`: of the covered months that are old enough for revenue; `revenue_per_unit`, one by the
      other
    - `enough`: `opportunities` reaches `min_group`
    - `in_four_weeks` (`table` only): its opportunities in four weeks, by `base.pace.paces`; missing if it is not active

    `currency` is that of the amounts, if it is one and known. `unknown` holds the rows of the spend whose campaign is
    not known, `uncovered` those whose month is not covered; `without` counts opportunities of covered months whose
    campaign has no spend there; `unusual` says what moves the revenue of all.
    """

    table: pd.DataFrame
    overall: pd.DataFrame
    unknown: pd.DataFrame
    uncovered: pd.DataFrame
    without: int
    first_month: str | None
    last_month: str | None
    currency: str | None
    unusual: Sequence[str]

    def _repr_html_(self) -> str:
        return costs_table(self)

    def __repr__(self) -> str:
        return f"<Costs of {len(self.table)} campaigns, {self.first_month} to {self.last_month}>"


def costs_table(costs: Costs) -> str:
    """Return the HTML of the campaigns with spend, with the total in the last row."""

    def paid(of: Callable[[Any], Any], currency: str | None = costs.currency) -> Callable[[Any], str]:
        return lambda row: money(of(row), currency) if row.enough else "too few"

    def per_job(row: Any) -> str:
        if not row.enough or not row.booked:
            return "none booked" if row.enough else "too few"
        cost, low, high = (money(x, costs.currency) for x in (row.cost_per_booked, row.cost_low, row.cost_high))
        return f"{cost} ({low}–{high})"

    columns: dict[str, str | Callable[[Any], str]] = {
        "Campaign": "name",
        "Cost per booked job (95% CI)": per_job,
        "Cost per opportunity": paid(lambda row: row.cost_per_opportunity),
        "Revenue per 1 spent": paid(lambda row: row.revenue_per_unit, None),
        "Spend": lambda row: money(row.spend, costs.currency),
        "Months": "months",
        "Opportunities": "opportunities",
        "Booked": "booked",
    }
    rows = (row for part in (costs.table, costs.overall) for row in rows_of(part))
    return rows_shown(rows, columns, total=True)._repr_html_()


def costs_of(
    rows: pd.DataFrame,
    spend: pd.DataFrame,
    campaigns: Mapping[int, str] | pd.DataFrame | None,
    limits: Limits,
    *,
    min_group: int,
    currency: str | None,
    paces: Mapping[int, float],
) -> Costs:
    """Divide spend by the opportunities of its campaign and month, as `counts.aged` returns them.

    `paces` are the opportunities of each campaign in four weeks.
    """
    given = checked_spend(spend)
    given["id"] = _ids(given["campaign"], campaigns, rows["campaign"])
    given["number"] = given["month"].map(month_number)
    known = given["id"].notna()
    amounts_of = rows.assign(negative=rows["cents"].clip(upper=0), largest=rows["cents"])
    sums = dict.fromkeys(_COUNTED, "sum") | {"largest": "max"}
    cells = amounts_of.groupby(["campaign", "month"], as_index=False).agg(sums)
    numbers = sorted({*given["number"], *(int(month) for month in cells["month"])})
    begins = cells["month"].min()  # where the read has no first moment, everything was read from the first record on
    covered = [number for number in numbers if limits.whole(number) and not pd.isna(begins) and number >= begins]
    paid = [number for number in covered if limits.whole(number, limits.old)]
    fits = known & given["number"].isin(covered)
    amounts = given[fits].groupby(["id", "number"], as_index=False)["amount"].sum()
    joined = amounts.merge(cells, left_on=["id", "number"], right_on=["campaign", "month"], how="left")
    for name in sums:
        joined[name] = joined[name].fillna(0).astype("int64")
    joined["spend_paid"] = joined["amount"].where(joined["number"].isin(paid), 0.0)
    for name in ("cents", "negative", "largest"):
        joined[name] = joined[name].where(joined["number"].isin(paid), 0)
    ids = sorted(joined["id"].unique())
    months = sorted(joined["number"].unique())
    first = cells[cells["month"].isin(months)]
    table = _table(joined.groupby("id"), ids, named([int(id) for id in ids], campaigns), min_group)
    return Costs(
        table.assign(in_four_weeks=pd.array([paces.get(int(id)) for id in ids], dtype="Float64")),
        _table(joined.groupby(np.zeros(len(joined), dtype=int)), [0], ["All with spend"], min_group).assign(
            id=pd.array([pd.NA], dtype="Int64")
        ),
        given.loc[~known, ["campaign", "month", "amount"]].reset_index(drop=True),
        given.loc[known & ~fits, ["campaign", "month", "amount"]].reset_index(drop=True),
        int(first["opportunities"].sum() - joined["opportunities"].sum()),
        month_name(int(months[0])) if months else None,
        month_name(int(months[-1])) if months else None,
        currency,
        _unusual(joined, currency),
    )


def _table(groups: Any, ids: list[Any], names: list[str], min_group: int) -> pd.DataFrame:
    counts = ["amount", "opportunities", "booked_lower", "spend_paid", "cents"]
    sums = groups[counts].sum().reindex(ids, fill_value=0)
    n, booked = sums["opportunities"].to_numpy(np.int64), sums["booked_lower"].to_numpy(np.int64)
    spent, paid = (sums[name].to_numpy(np.float64) for name in ("amount", "spend_paid"))
    low, high = wilson(booked, n)
    revenue = sums["cents"].to_numpy(np.int64) / _CENTS
    return pd.DataFrame(
        {
            "id": pd.array(ids, dtype="Int64"),
            "name": pd.array(names, dtype="str"),
            "months": pd.array(groups["number"].nunique().reindex(ids, fill_value=0).to_numpy(), dtype="Int64"),
            "last_month": pd.array(
                [month_name(int(last)) for last in groups["number"].max().reindex(ids)], dtype="str"
            ),
            "spend": pd.array(spent, dtype="Float64"),
            "opportunities": pd.array(n, dtype="Int64"),
            "booked": pd.array(booked, dtype="Int64"),
            "cost_per_opportunity": _ratio(spent, n),
            "cost_per_booked": _ratio(spent, booked),
            "cost_low": _ratio(spent, n * high),
            "cost_high": _ratio(spent, n * low),
            "spend_paid": pd.array(paid, dtype="Float64"),
            "revenue": pd.array(revenue, dtype="Float64"),
            "revenue_per_unit": _ratio(revenue, paid),
            "enough": pd.array(n >= min_group, dtype="boolean"),
        }
    )


def _unusual(joined: pd.DataFrame, currency: str | None) -> list[str]:
    if joined.empty:
        return []
    total, largest, negative = joined["cents"].sum(), joined["largest"].max(), joined["negative"].sum()
    return unusual(total / _CENTS, largest / _CENTS, negative / _CENTS, currency, "one opportunity")


def _ratio(above: Any, below: Any) -> pd.arrays.FloatingArray:
    below = np.nan_to_num(np.asarray(below, dtype=np.float64))
    values = np.divide(above, below, out=np.zeros(len(below)), where=below > 0)
    return pd.arrays.FloatingArray(values, below <= 0)


def _ids(
    texts: pd.Series, campaigns: Mapping[int, str] | pd.DataFrame | None, met: pd.Series
) -> pd.arrays.IntegerArray:
    """Return the id that each text is or names; missing if neither."""
    if isinstance(campaigns, pd.DataFrame):
        listed = campaigns[["id", "name"]].dropna()
        names = dict(zip(listed["id"].astype(int), listed["name"].astype(str), strict=True))
    else:
        names = {int(id): str(name) for id, name in (campaigns or {}).items()}
    numbers = {str(id): id for id in {*names, *(int(id) for id in met.dropna().unique())}}
    folded = {id: name.strip().casefold() for id, name in names.items()}
    often = Counter(folded.values())
    by_name = {name: id for id, name in folded.items()}
    ids: list[int | None] = []
    for text in texts:
        name = text.casefold()
        if text not in numbers and often[name] > 1:
            raise UsageError(f"spend: {often[name]} campaigns have the name {text!r}; give the id instead")
        ids.append(numbers.get(text, by_name.get(name)))
    return pd.array(ids, dtype="Int64")
