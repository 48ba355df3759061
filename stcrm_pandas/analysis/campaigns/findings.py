"""What opportunities give to a report's first screen, and what lets a reader check them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from stcrm_pandas.analysis.base.dimensions import group_word
from stcrm_pandas.analysis.base.findings import Action, Check, Count, Step, Tile
from stcrm_pandas.analysis.base.money import amounts, money
from stcrm_pandas.analysis.base.periods import FourWeeks, Period, four_weeks
from stcrm_pandas.analysis.base.sentences import per_hundred, span
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


def actions(found: OpportunitiesResult) -> list[Action]:
    """Groups that book clearly fewer, campaigns that cost clearly more, and credit that says nothing."""
    return _fewer(found) + _dearer(found) + _uncredited(found)


def tiles(found: OpportunitiesResult) -> list[Tile]:
    """How many opportunities came, how many were booked and completed, and what they brought."""
    if found.weeks is None or found.time_zone is None:
        return []
    zone = ZoneInfo(found.time_zone)
    all_of, ripe, old = (
        four_weeks(found.as_of, zone, mature_days=days) for days in (0, found.mature_days, found.revenue_days)
    )
    return [
        _tile(found, "Opportunities", all_of, lambda row: f"{int(row['opportunities']):,}"),
        _tile(found, "Opportunities that were booked", ripe, lambda row: _share(found, row, "booked")),
        _tile(found, "Opportunities with a completed job", ripe, lambda row: _share(found, row, "completed")),
        _tile(found, "Revenue of completed jobs", old, lambda row: _revenue(found, row)),
    ]


def check(found: OpportunitiesResult) -> Check:
    """The check of `Opportunities`."""
    counts = [
        Count(
            f"{_SCREENS[name][0]}, status {status}", rows, _SCREENS[name][1], f"Status: {status}; created in the period"
        )
        for name, statuses in found.read.items()
        for status, rows in statuses.items()
    ]
    remain = sum(rows for statuses in found.read.values() for rows in statuses.values())
    steps = [Step("Records that were read", 0, remain)]
    for reason, words in (
        ("deleted", "Deleted records"),
        ("not a lead", "Leads whose call reason is no lead"),
        ("after another job", "Jobs that came after another job"),
    ):
        remain -= found.left_out[reason]
        steps.append(Step(words, found.left_out[reason], remain))
    untraced = int(found.untraced["opportunities"].iloc[0])
    outside = found.left_out["began before the period"] + found.left_out["began after the period"]
    chains = int(found.overall["opportunities"].iloc[0]) + untraced + outside
    steps.append(Step("Joined to earlier records of their chain", remain - chains, chains))
    steps.append(Step("Chains that began outside of the period", outside, chains - outside))
    steps.append(Step("Jobs that name neither call nor booking", untraced, chains - outside - untraced))
    mature = int(found.overall["mature"].iloc[0])
    steps.append(
        Step(f"Younger than {found.mature_days} days, or undated", chains - outside - untraced - mature, mature)
    )
    inferred = int(found.overall["inferred"].iloc[0])
    notes = {"Tied by what fits": f"{inferred:,} opportunities have a job only as the one that fits customer and time."}
    return Check(counts, steps, notes if inferred else {})


def _fewer(found: OpportunitiesResult) -> list[Action]:
    """The group with which most bookings go missing, beside the share of all others."""
    if len(found.by) != 1 or found.by[0] in ("month", "tenant"):
        return []
    clear = found.comparisons[found.comparisons["verdict"] == "lower"]
    clear = clear.loc[[id not in found.disagreements for id in clear["id"]]]
    apart = clear["standardised"].fillna(clear["difference"])
    missing = (-apart * clear["n"]).astype(float)
    if missing.empty:
        return []
    largest = int(clear.index[int(missing.to_numpy().argmax())])
    this: Any = found.comparisons.loc[largest]
    row = found.table.loc[largest]
    weeks = 0 if found.weeks is None else int((found.weeks["mature"] > 0).sum())
    fewer = gap(this, 4 * float(this["n"]) / weeks) if weeks else None
    return [
        Action(
            f"Look at how inquiries of {group_word(found.by)} {this['name']} are answered: fewer of them are "
            f"booked than of all others ({span(this['others_lower'], this['others_upper'])} of 100).",
            of_hundred(row),
            f"{fewer.in_words()} fewer in four weeks than with the share of the others among opportunities of the "
            f"same {likeness(found)}"
            if fewer is not None
            else "",
            fewer.expected if fewer is not None else 0.0,
        )
    ]


def _dearer(found: OpportunitiesResult) -> list[Action]:
    if found.costs is None:
        return []
    overall: Any = next(found.costs.overall.itertuples(index=False))
    said = []
    row: Any
    for row in found.costs.table.itertuples(index=False):
        if row.last_month != found.costs.last_month:
            continue  # nothing is spent on it any more
        booked = overall.booked - row.booked
        if (
            not row.enough
            or overall.opportunities - row.opportunities < found.min_group
            or booked <= 0
            or not row.booked
        ):
            continue
        others = (overall.spend - row.spend) / booked
        # twice as dear even at the lucky end of its interval: a smaller gap may be the kind of work
        if row.cost_low > 2 * others:
            said.append(
                Action(
                    f"Ask what campaign {row.name} is to bring: a booked job costs more than twice as much "
                    "as elsewhere.",
                    f"{money(row.cost_per_booked, found.currency)} for each booked job "
                    f"({money(row.cost_low, found.currency)} to "
                    f"{money(row.cost_high, found.currency)}), against {money(others, found.currency)}",
                    f"{money(row.spend - others * row.booked, found.currency)} more over {row.months} months",
                    0.0,
                )
            )
    return said


def _uncredited(found: OpportunitiesResult) -> list[Action]:
    health = found.attribution
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


def _tile(found: OpportunitiesResult, title: str, spans: FourWeeks, told: Any) -> Tile:
    def over(period: Period) -> str:
        row = _of_weeks(found, period)
        return "" if row is None else str(told(row))

    return Tile(title, over(spans.now) or "not known", str(spans.now), over(spans.before), over(spans.year_ago))


def _of_weeks(found: OpportunitiesResult, period: Period) -> pd.Series | None:
    """The sums of a period's weeks; None where it was not read from its first moment."""
    weeks = found.weeks
    if weeks is None or weeks.empty:
        return None
    read = found.began is None or found.began <= period.starts
    first, end = (pd.Timestamp(day) for day in (period.first, period.end))
    if not read or first < weeks["week"].min():
        return None
    return weeks[(weeks["week"] >= first) & (weeks["week"] < end)].drop(columns="week").sum()


def _revenue(found: OpportunitiesResult, row: pd.Series) -> str:
    if found.money is None:
        return money(row["revenue"], found.currency)
    return amounts([(currency, row[f"revenue {currency}"]) for currency in found.currencies])


def _share(found: OpportunitiesResult, row: pd.Series, step: str) -> str:
    n = int(row["mature"])
    if n < found.min_group:
        return "too few to tell"
    return per_hundred(share_of(int(row[f"{step}_lower"]), int(row[f"{step}_upper"]), n))
