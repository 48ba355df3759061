"""The numbers of opportunities, from which sentences, actions, lists, tables and figures are computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.result import Result
from stcrm_pandas.analysis.campaigns.attribution import Attribution
from stcrm_pandas.analysis.campaigns.costs import Costs

__all__ = ["OpportunitiesResult"]


@dataclass(frozen=True, repr=False, kw_only=True)
class OpportunitiesResult(Result):
    """The numbers of `opportunities`.

    `table` has one row per group, `overall` one row with the total, `untraced` one row with the jobs without a call or
    booking (which no other row includes). Their columns:

    - `id`, `name`: of the group. `id` is missing for opportunities without one. With two dimensions, it is a pair,
      and `<dimension>_id`, `<dimension>_name` have them separately
    - `opportunities`; `leads`, `bookings`, `direct_jobs`: by the kind of their first record, which add up to
      `opportunities`; `phone`: those whose first contact was a call; the others are online
    - `mature`: those old enough to be measured; `leads_mature`, `leads_booked`: those that started as a lead, and how
      many of these are booked; `bookings_mature`, `bookings_booked`: the same for those that started as a booking
    - `booked_lower`, `booked_upper`, `completed_…`, `above_zero_…`: how many of `mature` certainly and possibly are
    - `inferred`: of `mature`, those whose job is known only because it is the only match
    - `booked_share_lower` …: the same as shares of `mature`, from 0 to 1, missing if that is 0;
      `booked_interval_low` …: 95% Wilson limits, the lower one of the lower share, the upper one of the upper share
    - `old`: those old enough for revenue; `old_booked`, `paid`: of these, certainly booked, and above zero; `revenue`:
      the totals of their completed jobs without follow-on jobs; `follow_on_revenue`: those of follow-on jobs; `median`:
      the median revenue of `paid`
    - `currencies` has the currencies of the business units; if there are several, the three columns of revenue are
      missing, and `money` has them by `id`, `name` and `currency`
    - `enough`: `mature` reaches `min_group`
    - `whole` (months only): the month was read completely, and all of it is old enough

    `comparisons` compares the booked rate of each group with all others together (`analysis.comparison.compare`),
    within business unit, month and the channel of the first contact. `attribution` shows how reliably records are
    credited to campaigns. `costs` has the costs (None without `spend`). `weeks` has the counts by local week.
    `differing` lists the chains whose records have different campaigns. `revenues` has the average revenue of a booked
    opportunity by group, of all that was read (None: of all groups). `left_out` counts the rows left out, by reason.
    `disagreements` lists the groups on which leads and opportunities disagree, by id, if `analysis.together` was given
    both.
    """

    untraced: pd.DataFrame
    comparisons: pd.DataFrame
    weeks: pd.DataFrame | None
    differing: pd.DataFrame
    attribution: Attribution
    costs: Costs | None
    read: Mapping[str, Mapping[str, int]]
    began: dt.datetime | None
    mature_days: int
    revenue_days: int
    repeat_days: int
    bookings_known: bool
    call_reasons_known: bool
    undated: int
    currencies: tuple[str, ...] = ()
    money: pd.DataFrame | None = None
    revenues: Mapping[Any, float] = field(default_factory=dict, compare=False)
    disagreements: Mapping[Any, str] = field(default_factory=dict, compare=False)

    @property
    def currency(self) -> str | None:
        """The currency of all amounts, or None if it is unknown or there are several."""
        return self.currencies[0] if len(self.currencies) == 1 else None

    @property
    def ranked(self) -> bool:
        """Whether the groups are ranked."""
        return self.attribution.ranked or not {"campaign", "category"} & {*self.by}
