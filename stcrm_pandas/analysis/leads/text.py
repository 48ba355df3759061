"""Sentences, definitions and tables of lead conversion, computed from the numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.differences import CLEARLY_DIFFERENT, Wording, differences, versus
from stcrm_pandas.analysis.base.display import Definitions, Shown, load_definitions, rows_shown, verdict_note
from stcrm_pandas.analysis.base.format import (
    count_range,
    format_percent,
    format_range,
    format_share,
    listed,
    with_count,
)
from stcrm_pandas.analysis.base.inputs import not_read
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.result import of_period
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.leads.reduction import REASONS_UNKNOWN
from stcrm_pandas.analysis.leads.result import LeadConversionResult, comparing
from stcrm_pandas.output.printable import plural

_UNIT = {"lead": ("lead", "leads"), "inquiry": ("inquiry", "inquiries")}
_WHY = {"deleted": "deleted", "not a lead": "the call reason is not marked as a lead"}


def wording(result: LeadConversionResult) -> Wording:
    """Return the words in which groups are compared."""
    return Wording(
        (group_word(result.by), group_word(result.by, many=True)),
        _UNIT[result.unit],
        ("converts more often", "convert more often"),
        ("converts less often", "convert less often"),
        "business unit and month",
    )


def counted(result: LeadConversionResult, count: int) -> str:
    """Return a count of inquiries, or of leads where each is one."""
    return plural(count, *_UNIT[result.unit])


def summary(result: LeadConversionResult) -> list[str]:
    """Return the sentences of `LeadConversion.summary`."""
    row = result.overall.iloc[0]
    sentences = [_headline(result, row)]
    if not result.complete:
        sentences.append("Some rows are missing because the data was not read completely.")
    if row["mature"] >= result.min_group:
        sentences.append(_speed(result))
        sentences += _differences(result) if result.by else []
    return sentences + _dates(result, row) + _left_out(result, row)


def _headline(result: LeadConversionResult, row: pd.Series) -> str:
    mature, days = int(row["mature"]), result.window_days
    when = of_period(result)
    if mature == 0:
        none = f"No {result.unit}{when} is {days} days old yet"
        return f"{none}: nothing can be said about conversion within {days} days."
    sentence = (
        f"Of {counted(result, mature)}{when} at least {days} days old, {format_share(row, label='95% CI')} "
        f"{'was' if mature == 1 else 'were'} converted within {days} days of coming in."
    )
    return sentence if mature >= result.min_group else f"{sentence} These are too few to tell."


def _speed(result: LeadConversionResult) -> str:
    speed = result.speed[result.speed["overall"] & result.speed["known"] & result.speed["day"].isin([1, 7, 90])]
    if speed.empty:
        return "How fast is unknown: too many dates of conversion are known only within wide bounds."
    first, *later = (f"within {plural(row.day, 'day')}" for row in rows_of(speed))
    shares = [format_range(row.share_lower, row.share_upper) for row in rows_of(speed)]
    parts = [f"{shares[0]} of {_UNIT[result.unit][1]} were converted {first}"]
    return f"{listed([*parts, *map(' '.join, zip(shares[1:], later, strict=True))])}."


def _differences(result: LeadConversionResult) -> list[str]:
    if missing := result.lacks(comparing(result.by)):
        return [f"{wording(result).group[1].capitalize()} are not compared: {not_read(missing)}."]
    sentences = differences(
        result.comparisons,
        wording(result),
        evidence=lambda row: versus(row, format_share(result.table.loc[row.Index])),
        instead=result.disagreements,
        min_group=result.min_group,
    )
    if "creator" in result.by:
        sentences.append("Who entered a lead did not choose it: this compares the cases, not the people.")
    return sentences


def _dates(result: LeadConversionResult, row: pd.Series) -> list[str]:
    converted, exact, inferred, bounded = (int(row[name]) for name in ("converted", "exact", "inferred", "bounded"))
    if converted == 0:
        return []
    without = with_count(
        int(row["contradictory"]),
        "[conversion has|conversions have] no date, because the status log contradicts the other dates of the lead: "
        "counted as possibly converted in time.",
    )
    if not result.dated_by_jobs:
        first = "Jobs were not read, so no conversion is dated exactly: each lies between creation and latest change."
        return [first, *filter(None, [without])]
    return [
        f"{exact:,} of {converted:,} conversions are dated exactly by a booking or a call, {inferred:,} by the only "
        f"job of the customer that fits; {bounded:,} lie between the lead's creation and latest change.",
        *filter(None, [without]),
    ]


def _left_out(result: LeadConversionResult, row: pd.Series) -> list[str]:
    unit, many = _UNIT[result.unit]
    sentences = [
        with_count(
            int(row["inquiries"]) - int(row["mature"]) - result.undated,
            f"[{unit} is|{many} are] younger than {result.window_days} days and not measured yet.",
        ),
        with_count(
            int(row["leads"]) - int(row["inquiries"]),
            f"[lead is|leads are] from the same person within {result.within_days} days of an earlier one: repeat "
            "leads count once.",
        ),
        *(
            with_count(count, f"[lead is|leads are] left out: {_WHY.get(reason, f'dismissed as {reason}')}.")
            for reason, count in result.left_out.items()
        ),
        "" if "call_reasons" in result.inputs else REASONS_UNKNOWN,
        with_count(
            int(row["unknown_status"]),
            f"[{unit} has|{many} have] a status that ServiceTitan does not document: counted as possibly converted.",
        ),
        with_count(result.undated, f"[{unit} has|{many} have] no date of creation and [is|are] not measured."),
        with_count(
            result.linked_not_converted,
            "[lead has|leads have] a linked job, but not the status Converted: counted by status.",
        ),
    ]
    return [*filter(None, sentences)]


def definitions(result: LeadConversionResult) -> Definitions:
    """Return what each number means, by its name."""
    words, reasons = wording(result), result.dismissing_reasons
    cases = {
        "period" if result.period else "",
        result.unit,
        *result.by,
        "zone" if result.time_zone else "no zone",
        "reasons" if reasons else "no reasons",
    }
    values = {
        **vars(result),
        "units": words.unit[1],
        "days_in": f"days in local time, {result.time_zone}" if result.time_zone else "days in UTC",
        "strata": words.strata,
        "clearly_different": CLEARLY_DIFFERENT.format(
            min_group=result.min_group, units=words.unit[1], strata=words.strata
        ),
        "reasons": ", ".join(f"{id} {text}" for id, text in reasons.items()),
    }
    return load_definitions(__package__, cases, values)


_BOTH = {
    "lower": "lower, but books more of all opportunities",
    "higher": "higher, but books fewer of all opportunities",
}


def main_table(result: LeadConversionResult) -> Shown:
    """Return the table of `LeadConversion`, all inquiries together in the last row."""
    inquiries = result.unit == "inquiry"
    columns = {
        group_word(result.by).capitalize(): "name",
        f"Within {result.window_days} days (95% CI)": lambda row: format_share(row) if row.mature else "",
        "": lambda row: _BOTH[row.verdict] if row.id in result.disagreements else verdict_note(row),
        f"Converted of those {result.window_days} days old": lambda row: (
            f"{count_range(row.within_lower, row.within_upper)} of {row.mature:,}"
        ),
        "Inquiries" if inquiries else "Leads": "inquiries",
        "Open": "open",
        "Dismissed": "dismissed",
        "Converted so far": "converted",
        **{name: name for name in ("exact", "inferred", "bounded")},
        **({"Leads": "leads"} if inquiries else {}),
    }
    shown = result.table.assign(verdict=result.comparisons["verdict"])
    if result.by:
        shown = pd.concat([shown, result.overall.assign(verdict="")], ignore_index=True)
    return rows_shown(rows_of(shown), columns, total=bool(result.by))


def format_speed(result: LeadConversionResult) -> pd.DataFrame:
    """Return the speeds as text: a row per group, a column per number of days."""
    rows: dict[Any, dict[str, str]] = {}
    for row in rows_of(result.speed):
        # a campaign may have the same name as the total
        cells = rows.setdefault((row.overall, row.name), {group_word(result.by).capitalize(): str(row.name)})
        share = "nobody followed so long"
        if not pd.isna(row.share_lower):
            share = format_range(row.share_lower, row.share_upper)
        cells[f"Within {plural(row.day, 'day')}"] = (
            format_share(row) if row.known else f"dates not known well enough ({share})"
        )
    return pd.DataFrame(list(rows.values()))


def format_reasons(result: LeadConversionResult) -> pd.DataFrame:
    """Return the reasons for dismissal as text."""
    reasons = result.reasons
    return pd.DataFrame(
        {
            "Reason": reasons["name"].tolist(),
            "Dismissed leads": [f"{count:,}" for count in reasons["leads"]],
            "Share": [format_percent(share) for share in reasons["share"]],
            "": ["left out of the analysis" if gone else "" for gone in reasons["left_out"]],
        }
    )
