"""From opportunities to tables: counts of each group, shares with their intervals, money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, Rows
from stcrm_pandas.analysis.base.money import unusual
from stcrm_pandas.analysis.base.names import heads
from stcrm_pandas.analysis.base.periods import Limits, Period
from stcrm_pandas.analysis.base.shares import floats, with_shares
from stcrm_pandas.analysis.base.worth import inactive_ids, pace_table, paces
from stcrm_pandas.analysis.campaigns.chains import STEPS, pairs
from stcrm_pandas.analysis.campaigns.records import BOOKING, JOB, LEAD
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult

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
    "bookings_mature",
    "bookings_booked",
    *(f"{step}_{bound}" for step in STEPS for bound in ("lower", "upper")),
    "inferred",
    "old",
    "old_booked",
    "paid",
)

Result = TypeVar("Result", bound=OpportunitiesResult)

_AMOUNTS = ["revenue", "follow_on_revenue", "median"]


def aged(rows: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Add columns that depend on the age of opportunities, and the local month and week of each.

    Parameters
    ----------
    rows : DataFrame
        As `chains.opportunities_of` gives them.
    limits : Limits
        From which age an opportunity enters shares, and from which age its money is counted. Without a zone there are
        no months or weeks.

    Returns
    -------
    DataFrame
        Besides, `mature`, `old`; `month` (12 x year + month - 1) and `week` (its local Monday), both missing without a
        zone or a date; and the columns of `COUNTS` as 0 or 1.
    """
    created = rows["created"].where(rows["created"].notna() & (limits.zone is not None))
    wall = (created if limits.zone is None else created.dt.tz_convert(limits.zone)).dt.tz_localize(None)
    ripe, old = (rows["created"] <= pd.Timestamp(limits.as_of) - age for age in (limits.mature, limits.old))
    began = {"leads": rows["first"] == LEAD, "bookings": rows["first"] == BOOKING, "direct_jobs": rows["first"] == JOB}
    columns = {
        "opportunities": pd.Series(1, index=rows.index),
        "phone": rows["phone"],
        **began,
        "mature": ripe,
        "leads_mature": began["leads"] & ripe,
        "leads_booked": began["leads"] & ripe & rows["booked_lower"],
        "bookings_mature": began["bookings"] & ripe,
        "bookings_booked": began["bookings"] & ripe & rows["booked_lower"],
        **{f"{step}_{bound}": rows[f"{step}_{bound}"] & ripe for step in STEPS for bound in ("lower", "upper")},
        "inferred": rows["inferred"] & ripe,
        "old": old,
        "old_booked": old & rows["booked_lower"],
        "paid": old & (rows["cents"] > 0),
    }
    return rows.assign(
        **{name: values.astype("int64") for name, values in columns.items()},
        cents=rows["cents"].where(old, 0),
        follow_on_cents=rows["follow_on_cents"].where(old, 0),
        month=(wall.dt.year * 12 + wall.dt.month - 1).astype("Int64"),
        week=wall.dt.normalize() - pd.to_timedelta(wall.dt.day_of_week, unit="D"),
    )


def began_in(rows: pd.DataFrame, period: Period | None) -> pd.DataFrame:
    """Return the opportunities that began in a period; all of them if there is none."""
    return rows if period is None else period.rows(rows, "created")


def grouped(rows: pd.DataFrame, by: Sequence[str], lookups: Mapping[str, Any], *, min_group: int) -> pd.DataFrame:
    """Return a row for each group of opportunities, in the order in which the groups first appear.

    Its columns: `id`, `name`, and what `measured` adds; for two dimensions also `<dimension>_id`, `<dimension>_name`.
    """
    number, count = pairs(rows, by)
    table = measured(_sums(rows, number, count), min_group=min_group)
    begins = rows.loc[~pd.Series(number, index=rows.index).duplicated(), list(by)]
    head = heads(begins, by, lookups, partly=True)
    if len(by) == 1:
        return head.join(table)
    parts = [
        heads(begins[[dimension]], [dimension], {})
        .assign(name=head[dimension])
        .add_prefix(f"{dimension}_")[[f"{dimension}_id", f"{dimension}_name"]]
        for dimension in by
    ]
    return head[["id", "name"]].join([table, *parts])


def total(rows: pd.DataFrame, name: str, *, min_group: int) -> pd.DataFrame:
    """Return one row with all opportunities."""
    table = measured(_sums(rows, np.zeros(len(rows), dtype=np.int64), 1), min_group=min_group)
    table.insert(0, "id", pd.Series([None], dtype="Int64"))
    table.insert(1, "name", pd.Series([name], dtype="str"))
    return table


def by_week(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts and revenue of each local week.

    Its columns: `week` (its Monday), those of `COUNTS`, `revenue`, the `largest` of an opportunity, and the sum of the
    `negative` ones.
    """
    dated = rows.dropna(subset=["week"])
    dated = dated.assign(revenue=dated["cents"] / 100, negative=dated["cents"].clip(upper=0) / 100)
    weeks = dated.groupby("week")
    sums = weeks[[*COUNTS, "revenue", "negative"]].sum()
    return sums.assign(largest=weeks["revenue"].max()).reset_index()


def measured(sums: pd.DataFrame, *, min_group: int) -> pd.DataFrame:
    """Counts with shares and intervals, and money.

    Returns
    -------
    DataFrame
        The columns of `COUNTS`; of each step the shares of `mature` (`booked_share_lower` …, 0 to 1) with their 95 %
        Wilson limits (`booked_interval_low` …); `revenue` and `follow_on_revenue`, of `old` opportunities, in the
        company's money; `median`, of those of them that brought any; `enough`, `mature` reaches `min_group`.
    """
    table = sums[[*COUNTS]].astype("Int64").reset_index(drop=True)
    for step in STEPS:
        table = with_shares(table, f"{step}_lower", f"{step}_upper", "mature", prefix=f"{step}_")
    amounts = {"revenue": "cents", "follow_on_revenue": "follow_on_cents", "median": "median"}
    table = table.assign(**{name: floats(sums[cents].to_numpy() / 100) for name, cents in amounts.items()})
    return table.assign(enough=(table["mature"] >= min_group).astype("boolean"))


def without_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table without its shares: what failed was not read."""
    names = [name for name in table if "_share_" in str(name) or "_interval_" in str(name)]
    return table.assign(**{str(name): pd.array([pd.NA] * len(table), dtype="Float64") for name in names})


def revenues_of(
    rows: pd.DataFrame, dimension: str, currency: str | None, *, min_group: int
) -> tuple[dict[Any, float], dict[Any, list[str]]]:
    """Return the average revenue of a booked opportunity, and what moves it, by group, and by None of all.

    Groups with too few booked opportunities are left out.
    """
    averages, moved = {}, {}
    for id, part in [*rows.groupby(dimension), (None, rows)]:
        booked, amounts = int(part["old_booked"].sum()), part["cents"] / 100
        if booked >= min_group:
            averages[id] = float(amounts.sum()) / booked
            moved[id] = _unusual(amounts, currency)
    return averages, moved


def _unusual(amounts: pd.Series, currency: str | None) -> list[str]:
    negative = float(amounts.clip(upper=0).sum())
    return unusual(float(amounts.sum()), float(amounts.max()), negative, currency, "one opportunity")


def paces_of(rows: pd.DataFrame, dimension: str, limits: Limits, lookup: Any) -> dict[Any, float]:
    """Return how many opportunities each group has in four weeks, from its own last weeks; see `base.pace.paces`."""
    stamps = rows["created"].dt.tz_convert(None).astype("datetime64[us]").astype("int64").astype("Int64")
    dated = rows[[dimension]].assign(created=stamps.mask(rows["created"].isna())).dropna()
    rows_of_group: Rows = nw.from_native(dated).lazy()
    table = pace_table(rows_of_group, [dimension], nw.lit(value=True), as_of=limits.as_of, mature=limits.mature)
    return paces(table, dimension, as_of=limits.as_of, mature=limits.mature, inactive=inactive_ids(lookup))


def strata_of(rows: pd.DataFrame, by: Sequence[str], ids: pd.Series) -> pd.DataFrame:
    """Return the counts of booked opportunities by channel, and by business unit and month unless these are the groups.

    The channel is that of the first contact, phone or online. The kind of the first record would depend on the outcome,
    because a job booked on first contact is always booked.
    """
    finer = [
        "phone",
        *(
            dimension
            for dimension in ("business_unit", "month")
            if dimension not in by and rows[dimension].notna().any()
        ),
    ]
    if tuple(by) == (TENANT,) and "business_unit" in finer:
        finer.remove("business_unit")  # no two tenants have a business unit in common
    elif TENANT in by:
        finer.append(TENANT)
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


def apart(result: Result, paid: Mapping[str, pd.DataFrame], by: Sequence[str], lookup: Mapping[str, Any]) -> Result:
    """Return the result with its amounts by currency, and no amount that would add up several currencies."""
    parts, weeks = [], result.weeks
    for currency, rows in paid.items():
        shown, every = began_in(rows, result.period), rows[~rows["untraced"]]
        traced = shown[~shown["untraced"]]
        tables = [grouped(traced, by, lookup, min_group=result.min_group)] if by else []
        tables += [
            total(traced, str(result.overall["name"].iloc[0]), min_group=result.min_group),
            total(shown[shown["untraced"]], str(result.untraced["name"].iloc[0]), min_group=result.min_group),
        ]
        for part in tables:
            chosen = part[["id", "name", *_AMOUNTS]].astype({"id": object})
            parts.append(chosen.assign(currency=pd.array([currency] * len(part), dtype="str")))
        if weeks is not None:
            weeks = weeks.assign(**{f"revenue {currency}": by_week(every)["revenue"].to_numpy()})

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
        weeks=weeks if weeks is None else weeks.drop(columns=["revenue", "largest", "negative"]),
        costs=costs,
        money=pd.concat(parts, ignore_index=True),
    )
