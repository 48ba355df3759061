"""The money of opportunities whose jobs are in several currencies: summed within each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pandas as pd

from stcrm_pandas.analysis.base.money import UNKNOWN, currencies_of, of_units
from stcrm_pandas.analysis.campaigns.counts import by_week, grouped, whole
from stcrm_pandas.analysis.campaigns.records import JOB
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult

__all__ = ["apart", "in_currencies"]

Result = TypeVar("Result", bound=OpportunitiesResult)

_AMOUNTS = ["revenue", "follow_on_revenue", "median"]


def in_currencies(records: pd.DataFrame, business_units: Any) -> tuple[pd.Series, tuple[str, ...]]:
    """Return the currency of each record by its business unit, and those of completed jobs with a total, in order.

    If none of these jobs has a currency, the result is empty.
    """
    of_record = of_units(records["business_unit"], currencies_of(business_units))
    paying = (records["kind"] == JOB) & records["completed"] & (records["total"].fillna(0) != 0)
    names = tuple(sorted(of_record[paying].unique()))
    return of_record, () if names == (UNKNOWN,) else names


def apart(result: Result, paid: Mapping[str, pd.DataFrame], by: Sequence[str], lookup: Mapping[str, Any]) -> Result:
    """Return the result with its amounts by currency, and none where currencies would be added up.

    Parameters: the result; by currency the opportunities with the money of that currency alone; groups and names.
    """
    parts, weeks = [], result.weeks
    for currency, rows in paid.items():
        traced = rows[~rows["untraced"]]
        tables = [grouped(traced, by, lookup, min_group=result.min_group)] if by else []
        tables += [
            whole(traced, str(result.overall["name"].iloc[0]), min_group=result.min_group),
            whole(rows[rows["untraced"]], str(result.untraced["name"].iloc[0]), min_group=result.min_group),
        ]
        for part in tables:
            chosen = part[["id", "name", *_AMOUNTS]].astype({"id": object})
            parts.append(chosen.assign(currency=pd.array([currency] * len(part), dtype="str")))
        if weeks is not None:
            weeks = weeks.assign(**{f"revenue {currency}": by_week(traced)["revenue"].to_numpy()})

    def without(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
        return frame.assign(**{name: pd.array([pd.NA] * len(frame), dtype="Float64") for name in columns})

    costs = result.costs
    if costs is not None:
        spent = ["revenue", "revenue_per_unit"]
        costs = replace(costs, table=without(costs.table, spent), overall=without(costs.overall, spent))
    return replace(
        result,
        table=without(result.table, _AMOUNTS),
        overall=without(result.overall, _AMOUNTS),
        untraced=without(result.untraced, _AMOUNTS),
        weeks=weeks if weeks is None else weeks.drop(columns="revenue"),
        costs=costs,
        money=pd.concat(parts, ignore_index=True),
    )
