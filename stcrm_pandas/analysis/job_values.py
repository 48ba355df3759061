"""The average revenue of a booked job by kind of work: what a lead or booking is worth if it is booked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, collected, lazy, micros, true
from stcrm_pandas.analysis.base.money import UNKNOWN, in_use, money, of_units, unusual

__all__ = ["JobValues", "job_values"]

_KIND = ("business_unit_id", "job_type_id")
_LATER = ("job_generated_lead_source_job_id", "recall_for_id", "warranty_id", "created_from_estimate_id")
_OLD = dt.timedelta(days=60)
_YEAR = dt.timedelta(days=365)


@dataclass(frozen=True)
class JobValues:
    """The average revenue of a booked job of each business unit and job type; canceled jobs count as 0.

    `averages` has those with enough jobs: of pairs of business unit and job type, of business units, and, under None,
    of all jobs (missing if they are in several currencies). `unusual` says by the same keys what moves an average.
    `currencies` are those of the business units, by id.
    """

    averages: Mapping[Any, float]
    unusual: Mapping[Any, Sequence[str]]
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
        amounts = [self.averages.get(key) for key in self._nearest(rows)]
        return pd.Series(pd.array(amounts, dtype="Float64"), index=rows.index)

    def moved(self, rows: pd.DataFrame) -> list[str]:
        """Return what moves the averages that these leads or bookings take."""
        return [
            *dict.fromkeys(words for key in dict.fromkeys(self._nearest(rows)) for words in self.unusual.get(key, ()))
        ]

    def _nearest(self, rows: pd.DataFrame) -> list[Any]:
        """Return the key of each row's average: its business unit and job type, its business unit, or None."""
        unit, kind = (rows[name] if name in rows else pd.Series(pd.NA, index=rows.index) for name in _KIND)
        pairs = zip(unit.astype("Int64").astype(object), kind.astype("Int64").astype(object), strict=True)
        return [next((key for key in (pair, pair[0]) if key in self.averages), None) for pair in pairs]

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
    counted = rows.filter(of_year & first).with_columns(paid=paid.fill_null(0.0))
    counted = counted.with_columns(negative=nw.min_horizontal("paid", nw.lit(0.0)), largest=nw.col("paid"))
    sums = (nw.len().alias("jobs"), nw.col("paid").sum(), nw.col("negative").sum(), nw.col("largest").max())
    amounts = dict.fromkeys(("paid", "negative", "largest"), "Float64")
    table = collected(counted.group_by(*_KIND).agg(*sums), {**dict.fromkeys((*_KIND, "jobs"), "Int64"), **amounts})
    paying = of_units(table.loc[table["paid"] != 0, "business_unit_id"], currencies)
    used = in_use(paying[paying != UNKNOWN])  # a job without a business unit is in the only currency there is

    if int(table["jobs"].sum()) < least:
        return None
    averages: dict[Any, float] = {}
    moved: dict[Any, Sequence[str]] = {}
    everything = [(None, table)] if len(used) < 2 else []
    for key, part in [*table.groupby([*_KIND]), *table.groupby("business_unit_id"), *everything]:
        number, total = int(part["jobs"].sum()), float(part["paid"].sum())
        if number >= least:
            averages[key] = total / number
            unit = key[0] if isinstance(key, tuple) else key
            currency = used[0] if len(used) == 1 else currencies.get(unit)
            moved[key] = unusual(total, float(part["largest"].max()), float(part["negative"].sum()), currency)
    return JobValues(averages, moved, currencies, used, f"{end - _YEAR:%b %Y}–{end:%b %Y}")
