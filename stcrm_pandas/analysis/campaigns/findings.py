"""What opportunities give to a report's first screen, and what lets a reader check them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from stcrm_pandas.analysis.base.findings import Action, Check, Count, Step, Tile
from stcrm_pandas.analysis.base.format import per_hundred, span
from stcrm_pandas.analysis.base.money import amounts, money
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.periods import FourWeeks, Period, four_weeks
from stcrm_pandas.analysis.base.shares import share_of
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult
from stcrm_pandas.analysis.campaigns.sentences import likeness
from stcrm_pandas.analysis.campaigns.table import of_hundred
from stcrm_pandas.analysis.statistics.prediction import gap

__all__ = ["actions", "check", "tiles"]

_SCREENS = {
    "leads": ("Leads", "Follow Up > Leads"),
    "bookings": ("Bookings", "Calls > Bookings"),
    "jobs": ("Jobs", "Search > Jobs"),
}


def actions(result: OpportunitiesResult) -> list[Action]:
    """Groups that book clearly fewer, campaigns that cost clearly more, and credit that says nothing."""
    return _fewer(result) + _dearer(result) + _uncredited(result)


def tiles(result: OpportunitiesResult) -> list[Tile]:
    """How many opportunities came, how many were booked and completed, and what they brought."""
    if result.weeks is None or result.time_zone is None:
        return []
    zone = ZoneInfo(result.time_zone)
    all_of, ripe, old = (
        four_weeks(result.as_of, zone, mature_days=days) for days in (0, result.mature_days, result.revenue_days)
    )
    return [
        _tile(result, "Opportunities", all_of, lambda row: f"{int(row['opportunities']):,}"),
        _tile(result, "Opportunities that were booked", ripe, lambda row: _share(result, row, "booked")),
        _tile(result, "Opportunities with a completed job", ripe, lambda row: _share(result, row, "completed")),
        _tile(result, "Revenue of completed jobs", old, lambda row: _revenue(result, row)),
    ]


def check(result: OpportunitiesResult) -> Check:
    """The check of `Opportunities`."""
    counts = [
        Count(
            f"{_SCREENS[name][0]}, status {status}", rows, _SCREENS[name][1], f"Status: {status}; created in the period"
        )
        for name, statuses in result.read.items()
        for status, rows in statuses.items()
    ]
    remain = sum(rows for statuses in result.read.values() for rows in statuses.values())
    steps = [Step("Records that were read", 0, remain)]
    for reason, words in (
        ("deleted", "Deleted records"),
        ("not a lead", "Leads whose call reason is no lead"),
        ("after another job", "Jobs that came after another job"),
    ):
        remain -= result.left_out[reason]
        steps.append(Step(words, result.left_out[reason], remain))
    untraced = int(result.untraced["opportunities"].iloc[0])
    outside = result.left_out["began before the period"] + result.left_out["began after the period"]
    chains = int(result.overall["opportunities"].iloc[0]) + untraced + outside
    steps.append(Step("Joined to earlier records of their chain", remain - chains, chains))
    steps.append(Step("Chains that began outside of the period", outside, chains - outside))
    steps.append(Step("Jobs that name neither call nor booking", untraced, chains - outside - untraced))
    mature = int(result.overall["mature"].iloc[0])
    steps.append(
        Step(f"Younger than {result.mature_days} days, or undated", chains - outside - untraced - mature, mature)
    )
    inferred = int(result.overall["inferred"].iloc[0])
    notes = {"Tied by what fits": f"{inferred:,} opportunities have a job only as the one that fits customer and time."}
    return Check(counts, steps, notes if inferred else {})


def _fewer(result: OpportunitiesResult) -> list[Action]:
    """The group with which most bookings go missing, beside the share of all others."""
    if len(result.by) != 1 or result.by[0] in ("month", "tenant"):
        return []
    clear = result.comparisons[result.comparisons["verdict"] == "lower"]
    clear = clear.loc[[id not in result.disagreements for id in clear["id"]]]
    apart = clear["standardised"].fillna(clear["difference"])
    missing = (-apart * clear["n"]).astype(float)
    if missing.empty:
        return []
    largest = int(clear.index[int(missing.to_numpy().argmax())])
    this: Any = result.comparisons.loc[largest]
    row = result.table.loc[largest]
    weeks = 0 if result.weeks is None else int((result.weeks["mature"] > 0).sum())
    fewer = gap(this, 4 * float(this["n"]) / weeks) if weeks else None
    return [
        Action(
            f"Look at how inquiries of {group_word(result.by)} {this['name']} are answered: fewer of them are "
            f"booked than of all others ({span(this['others_lower'], this['others_upper'])} of 100).",
            of_hundred(row),
            f"{fewer.in_words()} fewer in four weeks than with the share of the others among opportunities of the "
            f"same {likeness(result)}"
            if fewer is not None
            else "",
            fewer.expected if fewer is not None else 0.0,
        )
    ]


def _dearer(result: OpportunitiesResult) -> list[Action]:
    if result.costs is None:
        return []
    overall: Any = next(result.costs.overall.itertuples(index=False))
    suggested = []
    row: Any
    for row in result.costs.table.itertuples(index=False):
        if row.last_month != result.costs.last_month:
            continue  # nothing is spent on it any more
        booked = overall.booked - row.booked
        if (
            not row.enough
            or overall.opportunities - row.opportunities < result.min_group
            or booked <= 0
            or not row.booked
        ):
            continue
        others = (overall.spend - row.spend) / booked
        # twice as dear even at the lucky end of its interval: a smaller gap may be the kind of work
        if row.cost_low > 2 * others:
            suggested.append(
                Action(
                    f"Ask what campaign {row.name} is to bring: a booked job costs more than twice as much "
                    "as elsewhere.",
                    f"{money(row.cost_per_booked, result.currency)} for each booked job "
                    f"({money(row.cost_low, result.currency)} to "
                    f"{money(row.cost_high, result.currency)}), against {money(others, result.currency)}",
                    f"{money(row.spend - others * row.booked, result.currency)} more over {row.months} months",
                    0.0,
                )
            )
    return suggested


def _uncredited(result: OpportunitiesResult) -> list[Action]:
    health = result.attribution
    if health.ranked or not health.rows:
        return []
    share = per_hundred(share_of(health.uncredited, health.uncredited, health.rows))
    return [
        Action(
            "Ask each caller what brought them and set the campaign: too many opportunities have none that says "
            "something, so campaigns cannot be ranked.",
            share,
        )
    ]


def _tile(result: OpportunitiesResult, title: str, spans: FourWeeks, format_number: Any) -> Tile:
    def over(period: Period) -> str:
        row = _of_weeks(result, period)
        return "" if row is None else str(format_number(row))

    return Tile(title, over(spans.now) or "not known", str(spans.now), over(spans.before), over(spans.year_ago))


def _of_weeks(result: OpportunitiesResult, period: Period) -> pd.Series | None:
    """The sums of a period's weeks; None where it was not read from its first moment."""
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


def _share(result: OpportunitiesResult, row: pd.Series, step: str) -> str:
    n = int(row["mature"])
    if n < result.min_group:
        return "too few to tell"
    return per_hundred(share_of(int(row[f"{step}_lower"]), int(row[f"{step}_upper"]), n))
