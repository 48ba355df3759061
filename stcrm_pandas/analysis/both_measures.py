"""Groups on which two measures disagree: the share of leads that is converted, and that of all opportunities booked.

A campaign whose calls are booked at once has only its hard cases among the leads. It is no problem that these convert
rarely, so both measures are named together, and nothing is to be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import pandas as pd

from stcrm_pandas.analysis.base.disagreement import Disagreement
from stcrm_pandas.analysis.base.format import per_hundred, span
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult
from stcrm_pandas.analysis.campaigns.table import of_hundred
from stcrm_pandas.analysis.leads.result import LeadConversionResult

__all__ = ["disagreements", "of_same_groups"]

Result = TypeVar("Result", OpportunitiesResult, LeadConversionResult)


def of_same_groups(by: Sequence[str], kind: type[Result], results: Sequence[Any]) -> Result | None:
    """Of results the first of this kind with the same groups; None where there is none."""
    return next((one for one in results if isinstance(one, kind) and one.by == tuple(by) and by), None)


def disagreements(leads: LeadConversionResult | None, booked: OpportunitiesResult | None) -> dict[Any, Disagreement]:
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
