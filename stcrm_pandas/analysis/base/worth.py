"""What an action may bring: the pace of a group, the revenue of a job, and both together.

A group that is inactive, or that got nothing for four weeks, has no pace: nothing that anybody does about it changes
the coming weeks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.conversion import condition
from stcrm_pandas.analysis.base.engine import TENANT, collected, micros, prepare_rows, true
from stcrm_pandas.analysis.base.money import UNKNOWN, in_use, money, of_units, unusual
from stcrm_pandas.analysis.statistics.prediction import Prediction


@dataclass(frozen=True)
class Worth:
    """Predicted jobs and their revenue.

    Parameters
    ----------
    jobs : Prediction
        The predicted jobs.
    revenue : float, default 0.0
        Their revenue, from the average revenue of earlier jobs; 0 if it is unknown.
    currency : str, optional
        The currency of the revenue, if it is known.
    unusual : sequence of str, default ()
        The jobs that move the average: `base.money.unusual`.
    """

    jobs: Prediction
    revenue: float = 0.0
    currency: str | None = None
    unusual: Sequence[str] = ()

    @property
    def amount(self) -> float:
        """The revenue; 0 below one job, which nobody may expect, and where the average is not positive."""
        return self.revenue if self.jobs.expected >= 1 and self.revenue > 0 else 0.0

    @property
    def money(self) -> str:
        """The revenue as text: '$1,900'; empty if there is none to show."""
        return about(self.amount, self.currency) if self.amount else ""

    @property
    def note(self) -> str:
        """The jobs that move the revenue, or due to which there is none; empty if there are none."""
        moved = self.unusual if self.amount or (self.revenue < 0 and self.jobs.expected >= 1) else ()
        return "".join(f"; {job}" for job in moved)

    def in_brief(self, unit: str = "job", units: str = "jobs") -> str:
        """Return 'about 13–15 jobs', or that it is less than one."""
        return self.jobs.in_brief(unit, units) if self.jobs.expected >= 1 else f"less than 1 {unit}"


def about(amount: float, currency: str | None) -> str:
    """Return an estimated amount with two significant digits.

    >>> about(74321.0, "USD"), about(469.2, None)
    ('$74,000', '470 in revenue')
    """
    digits = len(str(int(abs(amount)))) - 2
    words = money(float(round(amount, -digits)) if digits > 0 else amount, currency)
    return words if currency else f"{words} in revenue"


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
    rows = prepare_rows(
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


ACTIVE_WITHIN = dt.timedelta(days=28)
"""A group without a record for longer has no action."""

_SPAN = dt.timedelta(weeks=13)
_WEEK = dt.timedelta(weeks=1)
_COLUMNS = {"recent": "sum", "first": "min", "last": "max"}


def pace_table(
    rows: nw.LazyFrame[Any], by: Sequence[str], counted: nw.Expr, *, as_of: dt.datetime, mature: dt.timedelta
) -> pd.DataFrame:
    """Return for each group what `paces` needs.

    Parameters
    ----------
    rows : LazyFrame
        All records, with `created` in microseconds.
    by : sequence of str
        The columns of the groups.
    counted : Expr
        Which records are measured once they are old enough.
    as_of : datetime
        The time for which the rows are current.
    mature : timedelta
        From which age a record is measured.

    Returns
    -------
    DataFrame
        One row per group: the columns `by`; `recent`, the counted records of the last 13 weeks that are old enough;
        `first` and `last`, the times of the first and the last record, in microseconds. It is empty without groups.
    """
    if not by:
        return pd.DataFrame(columns=[*_COLUMNS])
    created, end = nw.col("created"), micros(as_of - mature)
    recent = counted & true(created > end - micros(_SPAN)) & true(created <= end)
    table = rows.select(*by, "created", recent=recent.cast(nw.Int64)).group_by(*by)
    return collected(table.agg(nw.col("recent").sum(), first=created.min(), last=created.max()))


def paces(
    table: pd.DataFrame,
    by: str | list[str],
    *,
    as_of: dt.datetime,
    mature: dt.timedelta,
    inactive: Collection[Any] = (),
) -> dict[Any, float]:
    """Return how many measured records each group gets in four weeks; without the groups that need no action.

    The pace is that of the group's last 13 weeks that are old enough, or of all of them since its first record if that
    is later, at least one week.

    Examples
    --------
    >>> noon = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    >>> ago = lambda weeks: micros(noon - weeks * _WEEK)
    >>> table = pd.DataFrame({"key": [7, 8, 9], "recent": [26, 12, 0], "first": [ago(60), ago(10), ago(60)],
    ...                       "last": [ago(1), ago(1), ago(30)]})
    >>> paces(table, "key", as_of=noon, mature=4 * _WEEK)
    {7: 8.0, 8: 8.0}
    """
    groups = table.groupby(by, dropna=True).agg(_COLUMNS)
    end, known = micros(as_of - mature), {}
    for row in groups.itertuples():
        recent, first, last = (None if pd.isna(cell) else int(cell) for cell in row[1:])
        if row.Index in inactive or first is None or last is None or last < micros(as_of - ACTIVE_WITHIN):
            continue
        weeks = max((end - max(first, end - micros(_SPAN))) / micros(_WEEK), 1.0)
        known[row.Index] = 4 * (recent or 0) / weeks
    return known


def inactive_ids(lookup: Any) -> set[int]:
    """Return the ids that a lookup calls inactive.

    >>> inactive_ids(pd.DataFrame({"id": [1, 2], "active": [True, False]}))
    {2}
    """
    if lookup is None or isinstance(lookup, Mapping) or not {"id", "active"} <= {*lookup.columns}:
        return set()
    gone = condition(pd.Series(lookup["active"]), "names", "active").eq(False).fillna(False).astype(bool)
    return {int(id) for id in pd.Series(lookup["id"])[gone.to_numpy()].dropna()}
