"""What lead conversion says in words, computed from its numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.format import has_or_have, is_or_are, per_hundred, plural, span
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.leads.result import LeadConversionResult

__all__ = ["definitions", "summary"]

_MOST_NAMED = 5


def counted(result: LeadConversionResult, count: int) -> str:
    """A number of inquiries, or of leads where each is one."""
    return plural(count, "lead", "leads") if result.unit == "lead" else plural(count, "inquiry", "inquiries")


def summary(result: LeadConversionResult) -> list[str]:
    """The sentences of `LeadConversion.summary`."""
    row = result.overall.iloc[0]
    sentences = [_headline(result, row)]
    if not result.complete:
        sentences.append("Part of the rows is missing: the read that gave them was not complete.")
    if row["mature"] >= result.min_group:
        sentences += _speed(result)
        sentences += _differences(result)
    return sentences + _dates(result, row) + _left_out(result, row)


def _headline(result: LeadConversionResult, row: pd.Series) -> str:
    mature, days = int(row["mature"]), result.window_days
    if mature == 0:
        return f"No {result.unit} is {days} days old yet: nothing can be said about conversion within {days} days."
    sentence = (
        f"Of {counted(result, mature)} at least {days} days old, {per_hundred(row)} "
        f"{'was' if mature == 1 else 'were'} converted within {days} days of coming in."
    )
    return sentence if mature >= result.min_group else f"{sentence} These are too few to tell."


def _speed(result: LeadConversionResult) -> list[str]:
    whole = result.speed[result.speed["overall"]]
    known = whole[whole["known"] & whole["day"].isin([1, 7, 90])]
    if known.empty:
        return ["How fast is not told: too many dates of conversion are known only within wide bounds."]
    parts = [f"{span(r.share_lower, r.share_upper)} within {plural(int(r.day), 'day', 'days')}" for r in rows_of(known)]
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return [f"Of 100 {_units(result)}, {listed} were converted."]


def _differences(result: LeadConversionResult) -> list[str]:
    one, many = group_word(result.by), group_word(result.by, many=True)
    verdicts = result.comparisons["verdict"]
    compared = result.comparisons[result.comparisons["p_value"].notna()]
    sentences = []
    alone = result.comparisons[verdicts == "others too few"]
    if result.by and compared.empty and alone.empty:
        sentences.append(f"No {one} can be compared with the others: too few {_units(result)} that are old enough.")
    for verdict, more in (("higher", "more"), ("lower", "fewer")):
        clear = compared[compared["verdict"] == verdict].sort_values("difference", key=abs, ascending=False)
        sentences += [
            _difference(result, this, more) for this in list(rows_of(clear.assign(place=clear.index)))[:_MOST_NAMED]
        ]
        if len(clear) > _MOST_NAMED:
            sentences.append(f"{len(clear) - _MOST_NAMED} more {many} go with {more} conversions: see the table.")
    mix = int((verdicts == "explained by the mix").sum())
    if mix:
        sentences.append(
            f"{plural(mix, one, many).capitalize()} {'differs' if mix == 1 else 'differ'} from all others together, "
            "but not clearly among inquiries of the same business unit and month: the mix may explain it."
        )
    if len(compared) and not verdicts.isin(["higher", "lower"]).any():
        sentences.append(f"No {one} is clearly different from all others together.")
    few = int((verdicts == "too few").sum())
    if few:
        sentences.append(
            f"{plural(few, one, many)} {has_or_have(few)} fewer than {result.min_group} {_units(result)} "
            "that are old enough: too few to tell."
        )
    sentences += [_alone(result, this) for this in rows_of(alone)]
    if "creator" in result.by:
        sentences.append("Who entered a lead did not choose it: this compares the cases, not the people.")
    return sentences


def _difference(result: LeadConversionResult, this: Any, more: str) -> str:
    if this.id in result.disagreements:
        return result.disagreements[this.id].sentence(group_word(result.by))
    row = result.table.iloc[int(this.place)]
    return (
        f"{group_word(result.by).capitalize()} {this.name} goes with {more} conversions: {per_hundred(row)}, "
        f"against {span(this.others_lower, this.others_upper)} of 100 for all others together."
    )


def _alone(result: LeadConversionResult, this: Any) -> str:
    """That a large group has no others to be compared with."""
    one, many, others = group_word(result.by), group_word(result.by, many=True), int(this.others_n)
    if not others:
        return f"There is no other {one} to compare {one} {this.name} with."
    return (
        f"All other {many} together have {counted(result, others)} that {is_or_are(others)} old enough, fewer than "
        f"{result.min_group}: too few to compare {one} {this.name} with."
    )


def _dates(result: LeadConversionResult, row: pd.Series) -> list[str]:
    converted, exact, inferred = int(row["converted"]), int(row["exact"]), int(row["inferred"])
    if converted == 0:
        return []
    if not result.dated_by_jobs:
        return ["Jobs were not read, so no conversion is dated exactly: each lies between creation and latest change."]
    return [
        f"{exact:,} of {converted:,} conversions are dated exactly by a booking or a call, {inferred:,} by the one job "
        f"of the customer that fits; {int(row['bounded']):,} lie between the lead's creation and latest change."
    ]


def _left_out(result: LeadConversionResult, row: pd.Series) -> list[str]:
    sentences = []
    young = int(row["inquiries"]) - int(row["mature"]) - result.undated
    if young:
        sentences.append(
            f"{counted(result, young)} {is_or_are(young)} younger than {result.window_days} days and not measured yet."
        )
    repeats = int(row["leads"]) - int(row["inquiries"])
    if repeats:
        sentences.append(
            f"{plural(repeats, 'lead asks', 'leads ask')} again within {result.within_days} days: "
            "one inquiry with the earlier one."
        )
    for reason, count in result.left_out.items():
        if count:
            sentences.append(
                f"{plural(count, 'lead', 'leads')} {is_or_are(count)} left out: "
                f"{_WHY.get(reason, f'dismissed as {reason}')}."
            )
    if not result.call_reasons_known:
        sentences.append("Call reasons were not read: inquiries whose reason says that they are no leads are still in.")
    unknown = int(row["unknown_status"])
    if unknown:
        sentences.append(
            f"{counted(result, unknown)} {has_or_have(unknown)} a status that the contract does not know: "
            "counted as possibly converted."
        )
    if result.undated:
        sentences.append(
            f"{counted(result, result.undated)} {has_or_have(result.undated)} no date of creation and "
            f"{is_or_are(result.undated)} not measured."
        )
    odd = result.linked_not_converted
    if odd:
        sentences.append(
            f"{plural(odd, 'lead', 'leads')} {has_or_have(odd)} a linked job, but not the status Converted; "
            "the status is believed."
        )
    return sentences


_WHY = {"deleted": "deleted", "not a lead": "the call reason says that it was no lead"}


def definitions(result: LeadConversionResult) -> dict[str, str]:
    """What each number means, by its name."""
    days, zone = result.window_days, result.time_zone
    listed = {
        "Lead": "An inquiry that was not booked at first contact, or one that was entered as a lead. The share "
        "converted is therefore a rescue rate: a campaign that books most calls at once has only its hard cases here."
    }
    if result.unit == "inquiry":
        listed["Inquiry"] = (
            f"All leads of one customer, or of one phone, of which each came less than {result.within_days} days after "
            "the one before it. It is dated and credited at its first lead. Its outcome is the best of its leads: "
            "converted, then open, then dismissed. A phone joins leads to a customer if only one customer gave it."
        )
    listed |= {
        "Old enough": f"Created at least {days} days of 24 hours before the leads were read "
        f"({result.as_of:%Y-%m-%d %H:%M %Z}). Younger ones are counted, and not measured.",
        f"Converted within {days} days": "Dated exactly by the first job that names the lead's call or booking, if "
        "that job is not older than the lead. Else inferred, where exactly one job of the customer was created between "
        "creation and latest change of the lead, names no lead, is no recall and no warranty job, and fits no other "
        "lead. Else it lies somewhere between creation and latest change: surely in time if all of that span is, else "
        "possibly.",
        "29 to 33 of 100": "From the conversions that are surely in time to those that possibly are. One number: "
        "both round to the same.",
        "(27 to 35)": "The 95 % Wilson interval: what chance alone could make of the lower and of the upper number.",
        "Converted by each day": "Aalen-Johansen: who is dismissed can no longer be converted, who is open is followed "
        "until the leads were read. Dismissals are taken at the latest change. Only whole days are looked at. The band "
        "goes from all unsure conversions as late as possible to all as early as possible. Where the two are more than "
        "5 points apart, no speed is told.",
        "Clearly different": "Compared with all others together: 5 points or more apart even where unknown dates are "
        f"taken against it, {result.min_group} or more on both sides, a p-value below 0.05 after Benjamini-Hochberg "
        "over all that could be named, and the same among inquiries of the same business unit and month.",
        "About 13 jobs": "How many open inquiries will be converted within 30 days if they are handled like "
        "earlier ones that were open for as long: not what calling adds. In 19 of 20 cases the number that comes lies "
        "within the 95 % prediction interval. Where groups differ: what the difference "
        "comes to in four weeks, among inquiries of the "
        "same business unit and month, if as many come.",
        "Explained by the mix": "Apart from all others together, but not clearly so among inquiries of the same "
        "business unit and month.",
        "Month": f"By local time of creation ({zone})." if zone else "Not shown: no time zone is known.",
        "Reasons for dismissal": _map_in_words(result),
    }
    if "tag" in result.by:
        listed["Tag"] = "An inquiry counts in each tag of its first lead, so the groups overlap."
    if "creator" in result.by:
        listed["Creator"] = (
            "The user who entered the first lead, a person or an integration. It says who had which cases."
        )
    return listed


def _map_in_words(result: LeadConversionResult) -> str:
    if not result.dismissing_reasons:
        return (
            "No operation tells what their numbers mean, and no list was given: none is left out. "
            "dismissing_reasons={644: 'spam'} names them; duplicate, spam, wrong number and out of area are left out."
        )
    names = ", ".join(f"{id} {text}" for id, text in result.dismissing_reasons.items())
    return f"As given: {names}. Duplicate, spam, wrong number and out of area are left out."


def _units(result: LeadConversionResult) -> str:
    return "leads" if result.unit == "lead" else "inquiries"
