"""The numbers of opportunities, from which sentences, actions, lists, tables and figures are computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.headline import Measure
from stcrm_pandas.analysis.base.result import Result
from stcrm_pandas.analysis.campaigns.attribution import Attribution
from stcrm_pandas.analysis.campaigns.costs import Costs

BOOKED = Measure("Opportunities that were booked", "mature", "booked_lower", "booked_upper", 30)
COMPLETED = Measure("Opportunities with a completed job", "mature", "completed_lower", "completed_upper", 30)
"""What is measured of opportunities."""


@dataclass(frozen=True, repr=False, kw_only=True)
class OpportunitiesResult(Result):
    """The numbers of `opportunities`.

    `table` has one row per group, `overall` has one row for all groups together, and `untraced` has one row for the
    jobs without a call or booking, which no other row includes. They have these columns:

    - `id`, `name`: the id and the name of the group. `id` is missing for opportunities without a group. With two
      dimensions, it is a pair, and `<dimension>_id` and `<dimension>_name` contain the parts
    - `opportunities`: their number; `leads`, `bookings`, `direct_jobs`: those whose first record is a lead, a booking
      or a job, which add up to `opportunities`; `phone`: those whose first contact was a call; the others are online
    - `mature`: the opportunities old enough to be measured; `leads_mature`, `leads_booked`: those of them that started
      as a lead, and how many of these are booked; `bookings_mature`, `bookings_booked`: the same for those that started
      as a booking
    - `booked_lower`, `booked_upper`, and the same for `completed_…` and `above_zero_…`: how many of `mature` are
      certainly, and possibly, booked (or completed, or above zero)
    - `inferred`: those of `mature` whose job is known only because no other job matches
    - `booked_share_lower`, `booked_share_upper` …: the same as shares of `mature`, from 0 to 1; missing if `mature` is
      0
    - `booked_interval_low`, `booked_interval_high` …: 95% Wilson limits, the lower one of the lower share, the upper
      one of the upper share
    - `old`: the opportunities old enough for revenue; `old_booked`: those of them that are certainly booked; `paid`:
      those of them that are above zero
    - `revenue`: the total of the completed jobs of `old`, without follow-on jobs; `follow_on_revenue`: the total of
      their follow-on jobs; `median`: the median revenue of `paid`. All three are missing if there are several
      currencies
    - `enough`: whether `mature` reaches `min_group`
    - `whole` (only for months): whether the month was read completely, and all of it is old enough

    The other results are:

    - `comparisons`: the booked rate of each group, compared with that of all others together within business unit,
      month and channel of the first contact (see `analysis.statistics.comparison.compare`)
    - `attribution`: how reliably records are credited to campaigns
    - `costs`: the costs of each campaign; None without `spend`
    - `weeks`: the counts by local week; None without a time zone
    - `currencies`: the currencies of the business units; `money`: if there are several, the three columns of revenue by
      `id`, `name` and `currency`
    - `revenues`: the average revenue of a booked opportunity in everything that was read, by group; the key None stands
      for all groups; `unusual`: what moves it, by the same keys (see `analysis.base.money.unusual`)
    - `paces`: the opportunities of each group in four weeks; see `analysis.base.worth.paces`
    - `differing`: the chains whose records have different campaigns
    - `left_out`: the number of rows that were not analyzed, by reason
    - `disagreements`: a sentence on each group, by id, on which leads and opportunities disagree, if both results were
      passed to `analysis.together`
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
    undated: int
    spend_given: bool
    currencies: tuple[str, ...] = ()
    money: pd.DataFrame | None = None
    revenues: Mapping[Any, float] = field(default_factory=dict, compare=False)
    unusual: Mapping[Any, Sequence[str]] = field(default_factory=dict, compare=False)
    paces: Mapping[Any, float] = field(default_factory=dict, compare=False)
    disagreements: Mapping[Any, str] = field(default_factory=dict, compare=False)

    @property
    def currency(self) -> str | None:
        """The currency of all amounts, or None if it is unknown or there are several."""
        return self.currencies[0] if len(self.currencies) == 1 else None

    @property
    def ranked(self) -> bool:
        """Whether the groups are ranked; campaigns are not if too few opportunities can be credited to them."""
        return self.attribution.ranked or not {"campaign", "category"} & {*self.by}
