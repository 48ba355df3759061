"""Tiles, actions, check and lists of opportunities."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from stcrm_pandas.analysis.base.differences import beside, versus
from stcrm_pandas.analysis.base.findings import Action, Check, Count, WorkList, steps
from stcrm_pandas.analysis.base.format import format_percent, format_share
from stcrm_pandas.analysis.base.headline import Measure, Measured, Tile, weekly_tile
from stcrm_pandas.analysis.base.money import amounts, money, unusual
from stcrm_pandas.analysis.base.names import named_within
from stcrm_pandas.analysis.base.periods import Period, four_weeks
from stcrm_pandas.analysis.base.result import read_in
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.base.worth import Worth, about
from stcrm_pandas.analysis.campaigns.records import KINDS
from stcrm_pandas.analysis.campaigns.result import BOOKED, COMPLETED, OpportunitiesResult
from stcrm_pandas.analysis.campaigns.text import strata_words
from stcrm_pandas.analysis.statistics.comparison import is_sure
from stcrm_pandas.analysis.statistics.prediction import Prediction, gap

_SCREENS = {
    "leads": ("Leads", "Follow Up > Leads"),
    "bookings": ("Bookings", "Calls > Bookings"),
    "jobs": ("Jobs", "Search > Jobs"),
}


def actions(result: OpportunitiesResult, lists: object) -> list[Action]:
    """Return groups that are clearly booked less often, campaigns that cost clearly more, and missing campaigns."""
    known = not result.lacks("opportunities: rates")
    return _booked_less(result) + _more_expensive(result) + (_uncredited(result) if known else [])


def tiles(result: OpportunitiesResult, lists: object) -> list[Tile]:
    """Return tiles of opportunities, booked and completed ones, and their revenue."""
    if result.weeks is None or result.time_zone is None or result.lacks("opportunities: rates"):
        return []
    zone = ZoneInfo(result.time_zone)

    sums = cache(partial(_sums, result))  # several tiles are of the same weeks

    def revenue(period: Period) -> Measured | None:
        row = sums(period)
        return None if row is None else Measured(_revenue(result, row), row.get("revenue"))

    weeks = four_weeks(result.as_of, zone, mature_days=result.revenue_days)
    measures = (
        Measure("Opportunities", "opportunities"),
        replace(BOOKED, days=result.mature_days),
        replace(COMPLETED, days=result.mature_days),
    )
    return [
        *(measure.tile(result.as_of, zone, sums, min_group=result.min_group) for measure in measures),
        weekly_tile("Revenue of completed jobs", weeks, revenue, note=_moved(result, weeks.now)),
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


def _moved(result: OpportunitiesResult, period: Period) -> str:
    """Return what moves the revenue of a period, as a sentence; empty if nothing does."""
    if result.weeks is None or "revenue" not in result.weeks:
        return ""
    of_weeks = result.weeks.set_index("week").loc[pd.Timestamp(period.first) : pd.Timestamp(period.end)]
    row = of_weeks[of_weeks.index < pd.Timestamp(period.end)].agg(
        {"revenue": "sum", "largest": "max", "negative": "sum"}
    )
    causes = unusual(row["revenue"], row["largest"], row["negative"], result.currency, "one opportunity")
    return "; ".join(causes).capitalize() + "." if causes else ""


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
    """Return the groups that are clearly booked less often, and what they would gain at the others' booked rate."""
    if len(result.by) != 1 or result.by[0] in ("month", "tenant"):
        return []
    suggested = []
    for place, this in enumerate(rows_of(result.comparisons)):
        if (
            this.verdict != "lower"
            or not is_sure(this)
            or this.id in result.disagreements
            or this.id not in result.paces
        ):
            continue
        fewer = gap(this, result.paces[this.id])
        worth = _worth(result, this.id, fewer)
        revenue = f"about {worth.money}" if worth.money else ""
        less = f"{revenue} less" if revenue else worth.in_brief("fewer job", "fewer jobs")
        size = (
            f"{fewer.in_words()} fewer in 4 weeks than at the share of the others among opportunities of the same "
            f"{strata_words(result)}"
        )
        size += f"; {revenue} at the average revenue of its booked jobs" if revenue else ""
        suggested.append(
            Action(
                f"Review how {this.name} inquiries are handled.",
                versus(this, format_share(result.table.iloc[place], "booked_")),
                f"{size}{worth.note}",
                fewer.expected,
                brief=f"{beside(this, 'booked')}: {less} in 4 weeks{worth.note}",
                amount=worth.amount,
            )
        )
    return suggested


def _worth(result: OpportunitiesResult, id: Any, jobs: Prediction) -> Worth:
    """Return what jobs are worth at the average revenue of a group's booked opportunities, of all if it has too few."""
    known = result.revenues if len(result.currencies) < 2 else {}
    key = id if id in known else None
    return Worth(jobs, jobs.expected * known.get(key, 0.0), result.currency, result.unusual.get(key, ()))


def _more_expensive(result: OpportunitiesResult) -> list[Action]:
    if result.costs is None:
        return []
    overall: Any = next(rows_of(result.costs.overall))
    suggested = []
    for row in rows_of(result.costs.table):
        running = row.last_month == result.costs.last_month and not pd.isna(row.in_four_weeks)
        booked, opportunities = overall.booked - row.booked, overall.opportunities - row.opportunities
        if not running or not row.enough or not row.booked or booked <= 0 or opportunities < result.min_group:
            continue
        others = (overall.spend - row.spend) / booked
        # twice as expensive even at the low end of its interval: a smaller gap may be the kind of work
        if row.cost_low > 2 * others:
            jobs = float(row.in_four_weeks * row.booked / row.opportunities)
            amount = float((row.cost_per_booked - others) * jobs) if jobs >= 1 else 0.0
            cost, low, high, elsewhere = (
                money(amount, result.currency) for amount in (row.cost_per_booked, row.cost_low, row.cost_high, others)
            )
            more = f"about {about(amount, result.currency)} more in 4 weeks" if amount else "less than 1 job in 4 weeks"
            suggested.append(
                Action(
                    f"Review the goal of campaign {row.name}: its jobs cost more than twice as much.",
                    f"{cost} per booked job ({low}–{high}) vs {elsewhere}",
                    more,
                    brief=f"{cost} per booked job vs {elsewhere}: {more}",
                    amount=amount,
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
            f"{format_percent(health.uncredited / health.rows)} of opportunities have no usable "
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
