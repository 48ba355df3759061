"""Sentences of lead conversion, computed from its numbers."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.analysis.base.differences import CLEARLY_DIFFERENT, Wording, differences, versus
from stcrm_pandas.analysis.base.format import format_range, format_share, has_or_have, is_or_are, listed, plural
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.leads.result import LeadConversionResult

__all__ = ["definitions", "summary", "wording"]

_UNIT = {"lead": ("lead", "leads"), "inquiry": ("inquiry", "inquiries")}
_WHY = {"deleted": "deleted", "not a lead": "the call reason says that it was no lead"}


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
        sentences.append("Part of the rows is missing: the read that gave them was not complete.")
    if row["mature"] >= result.min_group:
        sentences.append(_speed(result))
        sentences += _differences(result) if result.by else []
    return sentences + _dates(result, row) + _left_out(result, row)


def _headline(result: LeadConversionResult, row: pd.Series) -> str:
    mature, days = int(row["mature"]), result.window_days
    if mature == 0:
        return f"No {result.unit} is {days} days old yet: nothing can be said about conversion within {days} days."
    sentence = (
        f"Of {counted(result, mature)} at least {days} days old, {format_share(row, label='95% CI')} "
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
    if not result.dated_by_jobs:
        return ["Jobs were not read, so no conversion is dated exactly: each lies between creation and latest change."]
    return [
        f"{exact:,} of {converted:,} conversions are dated exactly by a booking or a call, {inferred:,} by the only "
        f"job of the customer that fits; {bounded:,} lie between the lead's creation and latest change."
    ]


def _left_out(result: LeadConversionResult, row: pd.Series) -> list[str]:
    young = int(row["inquiries"]) - int(row["mature"]) - result.undated
    repeats = int(row["leads"]) - int(row["inquiries"])
    unknown, undated, odd = int(row["unknown_status"]), result.undated, result.linked_not_converted
    counts = [
        (
            young,
            f"{counted(result, young)} {is_or_are(young)} younger than {result.window_days} days and not measured yet.",
        ),
        (
            repeats,
            f"{plural(repeats, 'lead')} {is_or_are(repeats)} from the same person within {result.within_days} days of "
            "an earlier one: repeat leads count once.",
        ),
        *(
            (
                count,
                f"{plural(count, 'lead')} {is_or_are(count)} left out: {_WHY.get(reason, f'dismissed as {reason}')}.",
            )
            for reason, count in result.left_out.items()
        ),
        (
            not result.call_reasons_known,
            "Call reasons were not read: inquiries whose reason says that they are no leads are still counted.",
        ),
        (
            unknown,
            f"{counted(result, unknown)} {has_or_have(unknown)} a status that ServiceTitan does not document: counted "
            "as possibly converted.",
        ),
        (
            undated,
            f"{counted(result, undated)} {has_or_have(undated)} no date of creation and {is_or_are(undated)} not "
            "measured.",
        ),
        (
            odd,
            f"{plural(odd, 'lead')} {has_or_have(odd)} a linked job, but not the status Converted: counted by status.",
        ),
    ]
    return [sentence for count, sentence in counts if count]


def definitions(result: LeadConversionResult) -> dict[str, str]:
    """Return what each number means, by its name."""
    days, zone = result.window_days, result.time_zone
    terms = {
        "Lead": "A request that was not booked at first contact, or was entered as a lead. So the share converted is a "
        "rescue rate: a campaign that books most calls at once has only its hard cases here."
    }
    if result.unit == "inquiry":
        terms["Inquiry"] = (
            f"Repeat leads from the same customer or phone within {result.within_days} days count once. An inquiry is "
            "dated and credited at its first lead; its outcome is the best of its leads: converted, then open, then "
            "dismissed. A phone joins leads to a customer if only one customer gave it."
        )
    terms |= {
        "Old enough": f"Created at least {days} days of 24 hours before the leads were read "
        f"({result.as_of:%Y-%m-%d %H:%M %Z}). Younger ones are counted, but not measured.",
        f"Converted within {days} days": "Dated exactly by the first job that names the lead's call or booking and is "
        "not older than the lead. Otherwise inferred, if exactly one job of the customer fits: created between the "
        "lead's creation and its latest change, no recall or warranty job, and of no other lead. Otherwise some time "
        "between creation and latest change: surely in time if all of that span is, else possibly.",
        "29–33%": "From the conversions that are surely in time to those that possibly are.",
        "(27–35%)": "The 95% confidence interval (Wilson): how far the number may be off by chance alone.",
        "Converted by each day": "Aalen-Johansen: dismissal competes, and open leads are followed until they were "
        "read, in whole days. The band goes from all uncertain conversions as late as possible to all as early as "
        "possible; where the two are more than 5 points apart, no speed is given.",
        "About 13 jobs": "How many open inquiries will convert within 30 days if they are handled like earlier ones "
        "that were open as long; the effect of calling is not included. The actual number lies within the 95% "
        "prediction interval in 19 of 20 cases. For groups: the difference over four weeks, if as many inquiries come.",
        "Reasons for dismissal": _describe_reasons(result),
        "Clearly different": CLEARLY_DIFFERENT.format(
            min_group=result.min_group, units=_UNIT[result.unit][1], strata=wording(result).strata
        ),
    }
    terms["Month"] = f"By local time of creation ({zone})." if zone else "Not shown: no time zone is known."
    if "tag" in result.by:
        terms["Tag"] = "An inquiry counts in each tag of its first lead, so the groups overlap."
    if "creator" in result.by:
        terms["Creator"] = "The user who entered the first lead, a person or an integration: who had which cases."
    return terms


def _describe_reasons(result: LeadConversionResult) -> str:
    if not result.dismissing_reasons:
        return (
            "The API does not tell what their numbers mean, and no list was given, so none is left out. Name them with "
            "dismissing_reasons={644: 'spam'}; duplicate, spam, wrong number and out of area are left out."
        )
    names = ", ".join(f"{id} {text}" for id, text in result.dismissing_reasons.items())
    return f"As given: {names}. Duplicate, spam, wrong number and out of area are left out."
