"""Groups on which two measures disagree: the share of leads that is converted, and that of all opportunities booked.

A campaign whose calls are booked at once has only its hard cases among the leads. It is no problem that these convert
rarely, so both measures are told together, and nothing is to be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.analysis.base.sentences import per_hundred, rows_of, span
from stcrm_pandas.analysis.campaigns.table import of_hundred

if TYPE_CHECKING:
    from stcrm_pandas.analysis.campaigns.opportunities import Opportunities
    from stcrm_pandas.analysis.leads.lead_conversion import LeadConversion

__all__ = ["Disagreement", "disagreements", "of_same_groups"]


@dataclass(frozen=True)
class Disagreement:
    """One group, in words.

    Parameters: its name; whether its leads are converted less often than those of all others; of its leads and of all
    its opportunities the share, and that of all others together.
    """

    name: str
    fewer_leads: bool
    leads: str
    other_leads: str
    booked: str
    others_booked: str

    def sentence(self, one: str) -> str:
        """Both measures in one sentence; `one` is what the group is called: 'campaign'."""
        fewer, more = ("fewer", "more") if self.fewer_leads else ("more", "fewer")
        why = "what is booked at once never becomes a lead, so that the leads are" if self.fewer_leads else ""
        return (
            f"{one.capitalize()} {self.name} goes with {fewer} conversions of the leads that are left over "
            f"({self.leads}, against {self.other_leads} of 100 for all others together), but with {more} bookings of "
            f"all its opportunities ({self.booked}, against {self.others_booked} of 100)"
            + (f": {why} its hard cases." if why else ".")
        )


def of_same_groups(by: Sequence[str], kind: type[Any], results: Sequence[Any]) -> Any:
    """Of results the first of this kind with the same groups; None where there is none."""
    return next((one for one in results if isinstance(one, kind) and one.by == tuple(by) and by), None)


def disagreements(leads: LeadConversion | None, booked: Opportunities | None) -> dict[Any, Disagreement]:
    """By id, the groups whose leads are called lower while they book more of all opportunities, or the other way round.

    Lower by leads is enough of a reason not to trust the leads alone where the share booked of all opportunities is
    above that of all others, also where that is not clear; higher by leads, where the share booked is called lower.
    """
    if leads is None or booked is None:
        return {}
    whole: Any = next(booked.overall.itertuples(index=False))
    verdicts = dict(zip(_ids(booked.comparisons), booked.comparisons["verdict"], strict=True))
    rows: dict[Any, Any] = dict(zip(_ids(booked.table), booked.table.itertuples(index=False), strict=True))
    found = {}
    for place, (id, this) in enumerate(zip(_ids(leads.comparisons), rows_of(leads.comparisons), strict=True)):
        row = rows.get(id)
        if this.verdict not in ("higher", "lower") or id is None or row is None or row.mature >= whole.mature:
            continue
        others = whole.mature - row.mature
        lower = (whole.booked_lower - row.booked_lower) / others
        upper = (whole.booked_upper - row.booked_upper) / others
        above = row.mature > 0 and row.booked_share_lower > lower and verdicts[id] != "lower"
        if above if this.verdict == "lower" else verdicts[id] == "lower":
            found[id] = Disagreement(
                str(this.name),
                this.verdict == "lower",
                per_hundred(leads.table.iloc[place]),
                span(this.others_lower, this.others_upper),
                of_hundred(row),
                span(lower, upper),
            )
    return found


def _ids(frame: pd.DataFrame) -> list[Any]:
    return [id if isinstance(id, tuple) else None if pd.isna(id) else id for id in frame["id"]]
