"""Groups on which two measures disagree: the conversion rate of leads and the booked rate of all opportunities.

If a campaign's calls are booked right away, only its difficult cases become leads. A low conversion rate is then not a
problem, so both measures are reported together, without an action.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from stcrm_pandas.analysis.base.differences import versus
from stcrm_pandas.analysis.base.format import format_range
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult
from stcrm_pandas.analysis.leads.result import LeadConversionResult
from stcrm_pandas.analysis.statistics.comparison import key_of

Result = TypeVar("Result", OpportunitiesResult, LeadConversionResult)


def of_same_groups(by: Sequence[str], kind: type[Result], results: Sequence[Any]) -> Result | None:
    """Return the first result of this kind with the same groups."""
    return next((result for result in results if isinstance(result, kind) and result.by == tuple(by) and by), None)


def disagreements(leads: LeadConversionResult | None, booked: OpportunitiesResult | None) -> dict[Any, str]:
    """Return by id a sentence on each group with a lower conversion rate but a higher booked rate, or the reverse.

    A lower conversion rate of leads is misleading if the booked rate of all opportunities is above that of the others,
    clearly or not; a higher conversion rate is misleading if the booked rate is clearly lower.
    """
    if leads is None or booked is None or booked.lacks("opportunities: groups"):
        return {}
    overall: Any = next(rows_of(booked.overall))
    groups: dict[Any, tuple[Any, str]] = {
        key_of(row.id): (row, verdict)
        for row, verdict in zip(rows_of(booked.table), booked.comparisons["verdict"], strict=True)
    }
    sentences = {}
    for this in rows_of(leads.comparisons):
        id = key_of(this.id)
        if this.verdict not in ("higher", "lower") or id is None or id not in groups:
            continue
        row, verdict = groups[id]
        others = overall.mature - row.mature
        if others <= 0:
            continue
        lower, upper = (
            (getattr(overall, side) - getattr(row, side)) / others for side in ("booked_lower", "booked_upper")
        )
        above = row.mature > 0 and row.booked_share_lower > lower and verdict != "lower"
        if above if this.verdict == "lower" else verdict == "lower":
            rarer, more = ("less", "more") if this.verdict == "lower" else ("more", "fewer")
            hard = "; what is booked right away never becomes a lead, so only the harder cases are leads"
            sentences[id] = (
                f"Leads of {group_word(leads.by)} {this.name} convert {rarer} often than those of the others "
                f"({versus(this)}), but {more} of all its opportunities are booked "
                f"({format_range(row.booked_share_lower, row.booked_share_upper)} vs {format_range(lower, upper)})"
                f"{hard if this.verdict == 'lower' else ''}."
            )
    return sentences
