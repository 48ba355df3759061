"""The average revenue of a booked job by kind of work: what a lead or booking is worth if it is booked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, collected, lazy, micros, true
from stcrm_pandas.analysis.base.money import UNKNOWN, in_use, money, of_units

__all__ = ["JobValues", "about", "job_values"]

_KIND = ("business_unit_id", "job_type_id")
_LATER = ("job_generated_lead_source_job_id", "recall_for_id", "warranty_id", "created_from_estimate_id")
_OLD = dt.timedelta(days=60)
_YEAR = dt.timedelta(days=365)


@dataclass(frozen=True)
class JobValues:
    """The average revenue of a booked job of each business unit and job type; canceled jobs count as 0.

    `kinds` and `units` have the averages of those with enough jobs, `overall` that of all jobs (missing if they are in
    several currencies). `currencies` are those of the business units, by id.
    """

    kinds: Mapping[Any, float]
    units: Mapping[Any, float]
    overall: float | None
    currencies: Mapping[int, str]
    in_use: tuple[str, ...]
    dates: str

    @property
    def currency(self) -> str | None:
        """The currency of all amounts; None if it is unknown."""
        return self.in_use[0] if len(self.in_use) == 1 else None

    @property
    def comparable(self) -> bool:
        """Whether all amounts are in one currency."""
        return len(self.in_use) < 2

    @property
    def basis(self) -> str:
        """What an amount at stake is, in a sentence."""
        return (
            "At stake: the average revenue of a booked job of the same business unit and job type, else of the "
            f"business unit or of all (jobs created {self.dates}; canceled jobs count as 0)."
        )

    def of(self, rows: pd.DataFrame) -> pd.Series:
        """Return the amount at stake of leads or bookings, missing if unknown."""
        unit, kind = (rows[name] if name in rows else pd.Series(pd.NA, index=rows.index) for name in _KIND)
        amounts = [
            self.kinds.get(pair, self.units.get(pair[0], self.overall))
            for pair in zip(unit.astype("Int64").astype(object), kind.astype("Int64").astype(object), strict=True)
        ]
        return pd.Series(pd.array(amounts, dtype="Float64"), index=rows.index)

    def shown(self, rows: pd.DataFrame, amounts: pd.Series) -> list[str]:
        """Return amounts as text, with the currencies of the rows' business units."""
        if self.comparable or "business_unit_id" not in rows:
            return [money(amount, self.currency) for amount in amounts]
        currencies = of_units(rows["business_unit_id"], self.currencies)
        return [money(amount, currency) for amount, currency in zip(amounts, currencies, strict=True)]


def job_values(jobs: Any, currencies: Mapping[int, str], *, as_of: dt.datetime, least: int) -> JobValues | None:
    """Return the average revenue of jobs created 60 days to 14 months before `as_of`; None if it is unknown.

    Jobs that follow another job (recalls, warranty work, jobs sold during one) are left out: they are not booked by
    calling. An average needs `least` jobs.
    """
    if jobs is None:
        return None
    rows = lazy(
        jobs, "jobs", ("id",), times=("created_on",), optional=("job_status", "total"), filled=(*_KIND, *_LATER)
    )
    names = rows.collect_schema().names()
    if TENANT in names or not {"job_status", "total"} <= {*names}:
        return None
    end, created = as_of - _OLD, nw.col("created_on")
    of_year = true(created <= micros(end)) & true(created > micros(end - _YEAR))
    first = nw.all_horizontal(*(nw.col(name).is_null() for name in _LATER), ignore_nulls=False)
    paid = nw.when(nw.col("job_status") == "Completed").then(nw.col("total")).otherwise(nw.lit(0.0))
    counted = rows.filter(of_year & first).with_columns(paid=paid.fill_null(0.0)).group_by(*_KIND)
    table = collected(
        counted.agg(nw.len().alias("jobs"), nw.col("paid").sum()),
        {**dict.fromkeys((*_KIND, "jobs"), "Int64"), "paid": "Float64"},
    )
    paying = of_units(table.loc[table["paid"] != 0, "business_unit_id"], currencies)
    used = in_use(paying[paying != UNKNOWN])  # a job without a business unit is in the only currency there is

    def averages(by: list[str]) -> dict[Any, float]:
        sums = table.groupby(by)[["jobs", "paid"]].sum()
        sums = sums[sums["jobs"] >= least]
        return dict(zip(sums.index, (sums["paid"] / sums["jobs"]).astype(float), strict=True))

    total = int(table["jobs"].sum())
    if total < least:
        return None
    overall = float(table["paid"].sum()) / total if len(used) < 2 else None
    dates = f"{end - _YEAR:%b %Y}–{end:%b %Y}"
    return JobValues(averages([*_KIND]), averages(["business_unit_id"]), overall, currencies, used, dates)


def about(amount: float, currency: str | None) -> str:
    """Return an estimated amount with two significant digits.

    >>> about(74321.0, "USD"), about(469.2, None)
    ('$74,000', '470 in revenue')
    """
    digits = len(str(int(abs(amount)))) - 2
    words = money(float(round(amount, -digits)) if digits > 0 else amount, currency)
    return words if currency else f"{words} in revenue"
