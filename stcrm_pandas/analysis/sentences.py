"""What lead conversion says in words, computed from its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from stcrm_pandas.analysis.lead_conversion import By, LeadConversion

__all__ = ["GROUP_WORDS", "definitions", "per_hundred", "summary"]

GROUP_WORDS: dict[By | None, tuple[str, str]] = {
    "campaign": ("campaign", "campaigns"),
    "business_unit": ("business unit", "business units"),
    "month": ("month", "months"),
    None: ("group", "groups"),
}
_MOST_NAMED = 5


def per_hundred(row: Any) -> str:
    """A share with its interval, as a reader says it.

    Parameters: a row with `share_lower`, `share_upper`, `interval_low`, `interval_high`, from 0 to 1.
    Returns: one number where the bounds round to the same, else both; the interval in brackets.

    >>> from types import SimpleNamespace as Row
    >>> per_hundred(Row(share_lower=0.31, share_upper=0.31, interval_low=0.27, interval_high=0.35))
    '31 of 100 (27 to 35)'
    >>> per_hundred(Row(share_lower=0.29, share_upper=0.33, interval_low=0.27, interval_high=0.35))
    '29 to 33 of 100 (27 to 35)'
    """
    if pd.isna(row.share_lower):
        return "no share"
    interval = f"{_hundred(row.interval_low)} to {_hundred(row.interval_high)}"
    return f"{span(row.share_lower, row.share_upper)} of 100 ({interval})"


def span(lower: float, upper: float) -> str:
    """'31', or '29 to 33' where the bounds differ."""
    low, high = _hundred(lower), _hundred(upper)
    return str(low) if low == high else f"{low} to {high}"


def summary(found: LeadConversion) -> list[str]:
    """The sentences of `LeadConversion.summary`."""
    overall = found.overall.iloc[0]
    said = [_headline(found, overall)]
    if not found.complete:
        said.append("Part of the rows is missing: the read that gave them was not complete.")
    if overall["mature"] >= found.min_group:
        said += _differences(found)
    said += _dates(found, overall)
    said += _left_out(found, overall)
    return said


def definitions(found: LeadConversion) -> dict[str, str]:
    """What each number means, by its name."""
    days, zone = found.window_days, found.time_zone
    listed = {
        "Lead": "An inquiry that was not booked at first contact, or one that was entered as a lead. The share "
        "converted is therefore a rescue rate: a campaign that books most calls at once has only its hard cases here.",
        "Old enough": f"Created at least {days} days of 24 hours before the leads were read "
        f"({found.as_of:%Y-%m-%d %H:%M %Z}). Younger leads are counted, and not measured.",
        f"Converted within {days} days": "Dated by the first job that names the lead's call or booking, if that job "
        "is not older than the lead. Where no job does, the conversion lies between the lead's creation and its "
        f"latest change: surely within {days} days if that span is, else possibly.",
        "29 to 33 of 100": "From the conversions that are surely in time to those that possibly are. One number: "
        "both round to the same.",
        "(27 to 35)": "The 95 % Wilson interval: what chance alone could make of the lower and of the upper number.",
        "Clearly different": "Compared with all others together: 5 points or more apart even where unknown dates are "
        f"taken against it, {found.min_group} leads or more on both sides, and a p-value below 0.05 after "
        "Benjamini-Hochberg over all that could be named.",
        "Goes with": "The two occur together. Season, kind of work and kind of customer may be the reason.",
    }
    if zone is not None:
        listed["Month"] = f"The month of creation in {zone}, from its first moment up to the next month's."
    return listed


def _headline(found: LeadConversion, overall: pd.Series) -> str:
    mature, days = int(overall["mature"]), found.window_days
    if mature == 0:
        return f"No lead is {days} days old yet: nothing can be said about conversion within {days} days."
    told = (
        f"Of {_leads(mature)} at least {days} days old, {per_hundred(overall)} "
        f"{'was' if mature == 1 else 'were'} converted within {days} days of coming in."
    )
    return told if mature >= found.min_group else f"{told} These are too few to tell."


def _dates(found: LeadConversion, overall: pd.Series) -> list[str]:
    converted, exact = int(overall["converted"]), int(overall["exact"])
    if converted == 0:
        return []
    if not found.dated_by_jobs:
        return ["Jobs were not read, so no conversion is dated exactly: each lies between creation and latest change."]
    return [
        f"{exact:,} of {converted:,} conversions are dated exactly by a job; {int(overall['bounded']):,} lie between "
        "the creation of the lead and its latest change."
    ]


def _differences(found: LeadConversion) -> list[str]:
    one, many = GROUP_WORDS[found.by]
    compared = found.comparisons[found.comparisons["p_value"].notna()]
    few = found.comparisons[found.comparisons["verdict"] == "too few"]
    said = []
    if found.by is not None and compared.empty:
        said.append(f"No {one} can be compared with the others: too few leads that are old enough.")
    for verdict, more in (("higher", "more"), ("lower", "fewer")):
        clear = compared[compared["verdict"] == verdict].sort_values("difference", key=abs, ascending=False)
        said += [_difference(found, this, more) for this in list(clear.itertuples())[:_MOST_NAMED]]
        if len(clear) > _MOST_NAMED:
            said.append(f"{len(clear) - _MOST_NAMED} more {many} go with {more} conversions: see the table.")
    if len(compared) and not compared["verdict"].isin(["higher", "lower"]).any():
        said.append(f"No {one} is clearly different from all others together.")
    if len(few):
        said.append(
            f"{len(few):,} {one if len(few) == 1 else many} {'has' if len(few) == 1 else 'have'} fewer than "
            f"{found.min_group} leads that are old enough: too few to tell."
        )
    return said


def _difference(found: LeadConversion, this: Any, more: str) -> str:
    row = found.table.loc[this.Index]
    return (
        f"{GROUP_WORDS[found.by][0].capitalize()} {this.name} goes with {more} conversions: {per_hundred(row)}, "
        f"against {span(this.others_lower, this.others_upper)} of 100 for all others together."
    )


def _left_out(found: LeadConversion, overall: pd.Series) -> list[str]:
    said = []
    young = int(overall["leads"]) - int(overall["mature"]) - found.undated
    if young:
        said.append(f"{_leads(young)} {_is(young)} younger than {found.window_days} days and not measured yet.")
    no_leads = found.left_out.get("not a lead", 0)
    if no_leads:
        said.append(f"{_leads(no_leads)} {_is(no_leads)} left out: the call reason says that it was no lead.")
    if not found.call_reasons_known:
        said.append("Call reasons were not read: inquiries whose reason says that they are no leads are still in.")
    deleted = found.left_out.get("deleted", 0)
    if deleted:
        said.append(f"{_leads(deleted)} {_is(deleted)} left out as deleted.")
    unknown = int(overall["unknown_status"])
    if unknown:
        said.append(
            f"{_leads(unknown)} {_has(unknown)} a status that the contract does not know: "
            "counted as possibly converted."
        )
    if found.undated:
        said.append(
            f"{_leads(found.undated)} {_has(found.undated)} no date of creation and {_is(found.undated)} not measured."
        )
    odd = found.linked_not_converted
    if odd:
        said.append(f"{_leads(odd)} {_has(odd)} a linked job, but not the status Converted; the status is believed.")
    return said


def _leads(count: int) -> str:
    return f"{count:,} lead" if count == 1 else f"{count:,} leads"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def _hundred(share: float) -> int:
    # halves away from zero, as a reader does it, not to the even neighbour
    return int(100 * float(share) + 0.5)
