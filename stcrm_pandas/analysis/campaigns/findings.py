"""Tiles, actions, check and lists of opportunities."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from stcrm_pandas.analysis.base.chosen_period import read_in
from stcrm_pandas.analysis.base.differences import beside, versus
from stcrm_pandas.analysis.base.findings import Action, Check, Count, WorkList, steps
from stcrm_pandas.analysis.base.format import format_counts, format_share
from stcrm_pandas.analysis.base.headline import Measured, Tile, measured_count, measured_share, weekly_tile
from stcrm_pandas.analysis.base.money import amounts, money
from stcrm_pandas.analysis.base.names import named_within
from stcrm_pandas.analysis.base.periods import Period, four_weeks
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.campaigns.records import KINDS
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult
from stcrm_pandas.analysis.campaigns.sentences import strata_words
from stcrm_pandas.analysis.job_values import about
from stcrm_pandas.analysis.statistics.prediction import gap

__all__ = ["actions", "check", "differing", "tiles", "work_lists"]

_WEEKS_OF_MONTH = 4 * 7 * 12 / 365.25
"""The part of a month that four weeks are, so that all actions are ranked by the same span."""

_SCREENS = {
    "leads": ("Leads", "Follow Up > Leads"),
    "bookings": ("Bookings", "Calls > Bookings"),
    "jobs": ("Jobs", "Search > Jobs"),
}


def actions(result: OpportunitiesResult, lists: object) -> list[Action]:
    """Return groups that are clearly booked less often, campaigns that cost clearly more, and missing campaigns."""
    return _booked_less(result) + _more_expensive(result) + _uncredited(result)


def tiles(result: OpportunitiesResult, lists: object) -> list[Tile]:
    """Return tiles of opportunities, booked and completed ones, and their revenue."""
    if result.weeks is None or result.time_zone is None:
        return []
    zone = ZoneInfo(result.time_zone)

    def tile(title: str, days: int, number: Callable[[pd.Series], Measured]) -> Tile:
        def over(period: Period) -> Measured | None:
            row = _sums(result, period)
            return None if row is None else number(row)

        return weekly_tile(title, four_weeks(result.as_of, zone, mature_days=days), over)

    def share(step: str) -> Callable[[pd.Series], Measured]:
        sides = (f"{step}_lower", f"{step}_upper", "mature")
        return lambda row: measured_share(*(row[side] for side in sides), min_group=result.min_group)

    return [
        tile("Opportunities", 0, lambda row: measured_count(row["opportunities"])),
        tile("Opportunities that were booked", result.mature_days, share("booked")),
        tile("Opportunities with a completed job", result.mature_days, share("completed")),
        tile(
            "Revenue of completed jobs",
            result.revenue_days,
            lambda row: Measured(_revenue(result, row), row.get("revenue")),
        ),
    ]


def _sums(result: OpportunitiesResult, period: Period) -> pd.Series | None:
    """Return the sums of a period's weeks; None if its start was not read."""
    weeks = result.weeks
    if weeks is None or weeks.empty:
        return None
    read = result.began is None or result.began <= period.starts
    first, end = (pd.Timestamp(day) for day in (period.first, period.end))
    if not read or first < weeks["week"].min():
        return None
    return weeks[(weeks["week"] >= first) & (weeks["week"] < end)].drop(columns="week").sum()


def _revenue(result: OpportunitiesResult, row: pd.Series) -> str:
    if result.money is None:
        return money(row["revenue"], result.currency)
    return amounts([(currency, row[f"revenue {currency}"]) for currency in result.currencies])


def check(result: OpportunitiesResult) -> Check:
    """Return the records by status before any exclusion, and the steps to the opportunities that are measured."""
    counts = [
        Count(
            f"{_SCREENS[name][0]}, status {status}", rows, _SCREENS[name][1], f"Status: {status}; created in the period"
        )
        for name, statuses in result.read.items()
        for status, rows in statuses.items()
    ]
    read, out = sum(count.rows for count in counts), result.left_out
    overall: Any = next(rows_of(result.overall))
    untraced = int(result.untraced["opportunities"].iloc[0])
    outside = sum(count for reason, count in out.items() if reason.startswith("began"))
    excluded = out["deleted"] + out["not a lead"] + out["after another job"]
    joined = read - excluded - overall.opportunities - untraced - outside
    left_out = [
        ("Deleted records", out["deleted"]),
        ("Leads whose call reason is no lead", out["not a lead"]),
        ("Jobs that came after another job", out["after another job"]),
        ("Joined to earlier records of their chain", joined),
        *([("Chains that began outside the period", outside)] if result.period is None else []),
        ("Jobs that name neither call nor booking", untraced),
        (f"Younger than {result.mature_days} days, or undated", overall.opportunities - overall.mature),
    ]
    note = f"{overall.inferred:,} opportunities have a job only because it alone fits customer and time."
    notes = {"Inferred jobs": note} if overall.inferred else {}
    return Check(counts, steps(read_in(result, "Records"), read, left_out), notes)


def _booked_less(result: OpportunitiesResult) -> list[Action]:
    """Return the group that would gain most bookings at the others' booked rate."""
    if len(result.by) != 1 or result.by[0] in ("month", "tenant"):
        return []
    clear = result.comparisons[result.comparisons["verdict"] == "lower"]
    clear = clear.loc[[id not in result.disagreements for id in clear["id"]]]
    missing = (-clear["standardised"].fillna(clear["difference"]) * clear["n"]).astype(float)
    if missing.empty:
        return []
    largest = int(clear.index[int(missing.to_numpy().argmax())])
    this: Any = clear.loc[largest]
    weeks = _weeks(result)
    size, worth, amount, brief = "", 0.0, 0.0, beside(this, "booked")
    if weeks:
        fewer = gap(this, 4 * float(this["n"]) / weeks)
        worth, amount = fewer.expected, fewer.expected * _average_revenue(result, this["id"])
        revenue = f"about {about(amount, result.currency)}" if amount else ""
        brief += f": {f'{revenue} less' if revenue else fewer.in_brief('fewer job', 'fewer jobs')} in 4 weeks"
        size = (
            f"{fewer.in_words()} fewer in 4 weeks than at the share of the others among opportunities of the same "
            f"{strata_words(result)}"
        )
        size += f"; {revenue} at the average revenue of its booked jobs" if revenue else ""
    return [
        Action(
            f"Review how {this['name']} inquiries are handled.",
            versus(this, format_share(result.table.loc[largest], "booked_")),
            size,
            worth,
            brief=brief,
            amount=amount,
        )
    ]


def _weeks(result: OpportunitiesResult) -> int:
    """Return in how many weeks the measured opportunities began."""
    if result.weeks is None:
        return 0
    weeks = result.weeks[result.weeks["mature"] > 0]
    if result.period is not None:
        first, end = (pd.Timestamp(day) for day in (result.period.first, result.period.end))
        weeks = weeks[(weeks["week"] > first - pd.Timedelta(days=7)) & (weeks["week"] < end)]
    return len(weeks)


def _average_revenue(result: OpportunitiesResult, id: Any) -> float:
    """Return the average revenue of a group's booked opportunities, of all if it has too few; 0 if it is unknown."""
    known = result.revenues if len(result.currencies) < 2 else {}
    return known.get(id, known.get(None, 0.0))


def _more_expensive(result: OpportunitiesResult) -> list[Action]:
    if result.costs is None:
        return []
    overall: Any = next(rows_of(result.costs.overall))
    suggested = []
    for row in rows_of(result.costs.table):
        running = row.last_month == result.costs.last_month
        booked, opportunities = overall.booked - row.booked, overall.opportunities - row.opportunities
        if not running or not row.enough or not row.booked or booked <= 0 or opportunities < result.min_group:
            continue
        others = (overall.spend - row.spend) / booked
        # twice as expensive even at the low end of its interval: a smaller gap may be the kind of work
        if row.cost_low > 2 * others:
            spent = float(row.spend - others * row.booked)
            cost, low, high, elsewhere, more = (
                money(amount, result.currency)
                for amount in (row.cost_per_booked, row.cost_low, row.cost_high, others, spent)
            )
            suggested.append(
                Action(
                    f"Review the goal of campaign {row.name}: its jobs cost more than twice as much.",
                    f"{cost} per booked job ({low}–{high}) vs {elsewhere}",
                    f"{more} more over {row.months} months",
                    brief=f"{cost} per booked job vs {elsewhere}: {more} more over {row.months} months",
                    amount=spent / row.months * _WEEKS_OF_MONTH,
                )
            )
    return suggested


def _uncredited(result: OpportunitiesResult) -> list[Action]:
    health = result.attribution
    if health.ranked or not health.rows:
        return []
    return [
        Action(
            "Ask each caller what brought them, and set the campaign.",
            f"{format_counts(health.uncredited, health.uncredited, health.rows)} of opportunities have no usable "
            "campaign, so campaigns cannot be ranked",
        )
    ]


def differing(rows: pd.DataFrame, campaigns: Any, zone: dt.tzinfo | None) -> pd.DataFrame:
    """Return the chains whose records have different campaigns, the latest first; days are local."""
    chains = rows[rows["differing"]].sort_values(["created", "id"], ascending=False, na_position="last")
    other = chains["highest_campaign"].where(
        chains["highest_campaign"] != chains["campaign"], chains["lowest_campaign"]
    )
    wall = chains["created"].dt.tz_convert(zone or dt.UTC).dt.strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "Began as": pd.array([KINDS[kind] for kind in chains["first"]], dtype="str"),
            "Number": chains["id"].to_numpy(),
            "Day": wall.astype("str").to_numpy(),
            "Credited to": pd.array(named_within(chains, "campaign", campaigns), dtype="str"),
            "Also named": pd.array(named_within(chains.assign(campaign=other), "campaign", campaigns), dtype="str"),
        }
    )


def work_lists(result: OpportunitiesResult) -> list[WorkList]:
    """Return the list of chains whose records have different campaigns."""
    return [
        WorkList(
            "campaigns-that-differ",
            "Chains of records that name different campaigns",
            "Open the booking or lead by its number and the job that it led to, and set the campaign that brought the "
            "customer on both.",
            result.differing,
            by_hand=True,
        )
    ]
