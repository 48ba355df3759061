"""Sentences, definitions and tables of opportunities, computed from the numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.differences import CLEARLY_DIFFERENT, Wording, differences, versus
from stcrm_pandas.analysis.base.display import Definitions, Shown, load_definitions, rows_shown, verdict_note
from stcrm_pandas.analysis.base.format import (
    count_range,
    format_percent,
    format_range,
    format_share,
    whole_percent,
    with_count,
)
from stcrm_pandas.analysis.base.inputs import not_read
from stcrm_pandas.analysis.base.money import amounts, money
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.result import of_period
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult
from stcrm_pandas.analysis.leads.reduction import REASONS_UNKNOWN
from stcrm_pandas.analysis.statistics.comparison import SURE
from stcrm_pandas.analysis.statistics.estimates import wilson
from stcrm_pandas.output.printable import plural

_UNIT = ("opportunity", "opportunities")


def wording(result: OpportunitiesResult) -> Wording:
    """Return the words in which groups are compared."""
    return Wording(
        (group_word(result.by), group_word(result.by, many=True)),
        _UNIT,
        ("is booked more often", "are booked more often"),
        ("is booked less often", "are booked less often"),
        strata_words(result),
    )


def summary(result: OpportunitiesResult) -> list[str]:
    """Return the sentences of `Opportunities.summary`."""
    overall: Any = next(rows_of(result.overall))
    sentences = [_headline(result, overall)]
    if not result.complete:
        sentences.append("Some rows are missing because the data was not read completely.")
    if result.lacks("opportunities: rates"):
        return sentences + _unread_reasons(result)
    if overall.mature >= result.min_group:
        if overall.booked_lower:
            sentences.append(
                f"{format_range(overall.completed_share_lower, overall.completed_share_upper)} have a completed job, "
                f"and {format_range(overall.above_zero_share_lower, overall.above_zero_share_upper)} one with a total "
                "above zero."
            )
        if result.by == ("campaign",):
            sentences += _rescues(result, overall)
        if missing := result.lacks("opportunities: groups") if result.by else ():
            many = group_word(result.by, many=True)
            sentences.append(f"{many.capitalize()} are not compared: {not_read(missing)}.")
        elif result.by and result.ranked:
            sentences += differences(
                result.comparisons,
                wording(result),
                evidence=lambda row: _evidence(result, row),
                instead=result.disagreements,
                most=3,
                min_group=result.min_group,
            )
            sentences += _unseen(overall)
    if {"campaign", "category"} & {*result.by}:
        sentences += result.attribution.sentences()
    return sentences + _costs(result) + _left_out(result, overall)


def _headline(result: OpportunitiesResult, overall: Any) -> str:
    if missing := result.lacks("opportunities: rates"):
        return f"How many opportunities are booked is unknown: {not_read(missing)}."
    if not overall.mature:
        none = f"No opportunity{of_period(result)} is {result.mature_days} days old yet"
        return f"{none}: nothing can be said about what becomes of them."
    sentence = (
        f"Of {plural(overall.mature, *_UNIT)}{of_period(result)} at least {result.mature_days} days old, "
        f"{format_share(overall, 'booked_', label='95% CI')} {'was' if overall.mature == 1 else 'were'} booked."
    )
    return sentence if overall.mature >= result.min_group else f"{sentence} These are too few to tell."


def _evidence(result: OpportunitiesResult, row: Any) -> str:
    middle, half = abs(float(row.standardised)), SURE * float(row.error)
    points = whole_percent(middle)
    return (
        f"{versus(row, format_share(result.table.loc[row.Index], 'booked_'))}; {plural(points, 'point')} "
        f"({whole_percent(max(middle - half, 0.0))}–{whole_percent(middle + half)}) among opportunities of the same "
        f"{strata_words(result)}"
    )


def strata_words(result: OpportunitiesResult) -> str:
    """Return what the opportunities of a stratum have in common, see `counts.strata_of`."""
    finer = [words for name, words in (("business_unit", "business unit"), ("month", "month")) if name not in result.by]
    return f"{', '.join(finer)} and channel" if finer else "channel"


def _rescues(result: OpportunitiesResult, overall: Any) -> list[str]:
    """Return the campaign with good results by opportunities and the worst by leads, if there is one."""
    ranked: list[tuple[float, str]] = []
    for row in rows_of(result.table[(result.comparisons["verdict"] == "higher").to_numpy()]):
        others = overall.leads_mature - row.leads_mature
        if row.leads_mature < result.min_group or others < result.min_group or row.id in result.disagreements:
            continue
        _, high = wilson(row.leads_booked, row.leads_mature)
        rest = (overall.leads_booked - row.leads_booked) / others
        own = row.leads_booked / row.leads_mature
        if float(high) < rest:
            sentence = (
                f"{row.name} looks poor by its leads alone ({format_percent(own)} booked vs {format_percent(rest)}), "
                f"but of all its opportunities {format_share(row, 'booked_')} are booked: most of its customers are "
                "booked right away and never become leads."
            )
            ranked.append((own - rest, sentence))
    return [sentence for _, sentence in sorted(ranked)[:1]]


def _unseen(overall: Any) -> list[str]:
    calls, total = int(overall.phone), int(overall.opportunities)
    if not 0 < calls < total:
        return []
    return [
        f"{format_percent(calls / total)} of opportunities began by phone. A call that was neither booked nor entered "
        "as a lead left no record, an online request always does: compare two groups only if similar shares of theirs "
        "began by phone."
    ]


def _costs(result: OpportunitiesResult) -> list[str]:
    costs, currency = result.costs, result.currency
    if (missing := result.lacks("opportunities: costs")) and result.spend_given:
        return [f"What a job costs is unknown: {not_read(missing)}."]
    if costs is None:
        return []
    overall: Any = next(rows_of(costs.overall))
    if costs.first_month is None:
        sentences = [
            "No month is covered both by the spend and by opportunities that are old enough: no cost is given."
        ]
    elif overall.enough and overall.booked:
        sentences = [
            f"From {costs.first_month} to {costs.last_month}, {money(overall.spend, currency)} was spent on campaigns "
            f"with {overall.opportunities:,} opportunities: {money(overall.cost_per_opportunity, currency)} per "
            f"opportunity, {money(overall.cost_per_booked, currency)} per booked job."
        ]
        if not pd.isna(overall.revenue_per_unit):
            sentences.append(
                f"Each {money(1, currency)} spent came with a revenue of {money(overall.revenue_per_unit, currency)}"
                f"{''.join(f'; {job}' for job in costs.unusual)}."
            )
    else:
        sentences = ["The opportunities of months with spend are too few to tell what they cost."]
    for rows, why in (
        (costs.unknown, "name an unknown campaign"),
        (costs.uncovered, "are of a month that is not covered or not old enough"),
    ):
        if len(rows):
            total = money(rows["amount"].sum(), currency)
            sentences.append(f"Rows of the spend that {why}: {len(rows):,} ({total} in all), left out.")
    without = "[opportunity of these months is|opportunities of these months are] of campaigns without spend"
    return [*filter(None, [*sentences, with_count(costs.without, f"{without}, and left out of all costs.")])]


def _left_out(result: OpportunitiesResult, overall: Any) -> list[str]:
    sentences = [
        with_count(
            int(overall.opportunities - overall.mature) - result.undated,
            f"[opportunity is|opportunities are] younger than {result.mature_days} days and not included in any rate "
            "yet.",
        ),
        with_count(
            int(result.untraced["opportunities"].iloc[0]),
            "[job names|jobs name] neither a call nor a booking: listed in a separate row, and not included in any "
            "rate.",
        ),
        *_unread_reasons(result),
        with_count(
            result.undated,
            "[opportunity without a date of creation is|opportunities without a date of creation are] not included "
            "in any rate.",
        ),
    ]
    return [*filter(None, sentences)]


def _unread_reasons(result: OpportunitiesResult) -> list[str]:
    return [] if "call_reasons" in result.inputs else [REASONS_UNKNOWN]


def definitions(result: OpportunitiesResult) -> Definitions:
    """Return what each number means, by its name."""
    cases = {"costs" if result.costs else "no costs", "zone" if result.time_zone else "no zone"}
    strata = {"min_group": result.min_group, "units": _UNIT[1], "strata": strata_words(result)}
    values = {**vars(result), "clearly_different": CLEARLY_DIFFERENT.format(**strata)}
    return load_definitions(__package__, cases, values)


_COUNTS = {"Opportunities": "opportunities", "by phone": "phone"}


def main_table(result: OpportunitiesResult) -> Shown:
    """Return the table of the groups, the jobs that cannot be traced, and all together in the last row."""

    def step(name: str) -> Callable[[Any], str]:
        return lambda row: count_range(getattr(row, f"{name}_lower"), getattr(row, f"{name}_upper"))

    def revenue(*names: str) -> Callable[[Any], str]:
        return lambda row: _revenue(result, row, names)

    def booked(first: str) -> Callable[[Any], str]:
        """Return the booked share of the opportunities that began as a lead, or as a booking."""

        def share(row: Any) -> str:
            n = getattr(row, f"{first}_mature")
            return format_percent(getattr(row, f"{first}_booked") / n) if n else ""

        return share

    columns: dict[str, str | Callable[[Any], str]] = {
        group_word(result.by).capitalize(): "name",
        "Booked (95% CI)": lambda row: format_share(row, "booked_") if row.mature and row.compared else "",
        "": "note",
        **_COUNTS,
        "began as lead": "leads",
        "leads booked": booked("leads"),
        "as booking": "bookings",
        "bookings booked": booked("bookings"),
        "as job": "direct_jobs",
        f"At least {result.mature_days} days old": "mature",
        **{"Booked": step("booked"), "Completed": step("completed"), "Above zero": step("above_zero")},
        "Revenue": revenue("revenue"),
        "with follow-on jobs": revenue("revenue", "follow_on_revenue"),
        "Median above zero": revenue("median"),
    }
    groups = result.table.assign(verdict=result.comparisons["verdict"]) if result.by else result.table.iloc[:0]
    notes = pd.Series([*map(verdict_note, rows_of(groups))], index=groups.index, dtype="str")
    parts = [
        groups.assign(note=notes, compared=True),
        result.untraced.assign(note="not compared", compared=False, enough=True),
        result.overall.assign(note="", compared=True, enough=True),
    ]
    rows = (row for part in parts for row in rows_of(part))
    return rows_shown(rows, columns, total=bool(result.by))


def _revenue(result: OpportunitiesResult, row: Any, columns: Sequence[str]) -> str:
    """Return the sum of amounts, separate for each currency."""
    if result.money is None:
        return money(sum(getattr(row, name) for name in columns), result.currency)
    mine = result.money[result.money["name"] == row.name]
    return amounts([(row.currency, sum(getattr(row, name) for name in columns)) for row in rows_of(mine)])
