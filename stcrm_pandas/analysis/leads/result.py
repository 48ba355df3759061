"""The numbers of lead conversion, from which sentences, actions, lists, tables and figures are computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from stcrm_pandas.analysis.base.headline import Measure
from stcrm_pandas.analysis.base.money import currencies_of
from stcrm_pandas.analysis.base.periods import Limits
from stcrm_pandas.analysis.base.result import Result
from stcrm_pandas.analysis.base.worth import JobValues, inactive_ids, job_values, paces
from stcrm_pandas.analysis.leads import tables as lead_tables
from stcrm_pandas.analysis.leads.keys import columns_of
from stcrm_pandas.analysis.leads.reduction import USED, Reduced

_OF_OPPORTUNITIES = {"campaign", "category", "business_unit"}
"""The dimensions that opportunities have, too."""


def comparing(by: Sequence[str]) -> str:
    """Return the key in `base.inputs` of the comparison of these groups."""
    return "leads: groups that opportunities have" if _OF_OPPORTUNITIES & {*by} else "leads: groups"


def measure(window_days: int) -> Measure:
    """Return what lead conversion measures: the share booked within the window."""
    return Measure(f"Booked within {window_days} days", "mature", "within_lower", "within_upper", window_days)


def measure_of(result: LeadConversionResult) -> Measure:
    """Return what a result measures."""
    return measure(result.window_days)


@dataclass(frozen=True, repr=False, kw_only=True)
class LeadConversionResult(Result):
    """The numbers of `lead_conversion`.

    `table` has one row per group, `overall` has one row for all groups together, and `months` has one row per local
    month of creation (it is None without a time zone). They have these columns:

    - `id`, `name`: the id and the name of the group; `id` is missing for inquiries that have none
    - `leads`, `inquiries`: the numbers of both; `mature`: the number of inquiries that are old enough to be measured
    - `converted`, `open`, `dismissed`, `unknown_status`: the inquiries by status; these add up to `inquiries`
    - `exact`, `inferred`, `bounded`, `contradictory`: the inquiries in `converted`, by how their date is known.
      `contradictory` ones have no date, because the status log contradicts their other dates
    - `within_lower`, `within_upper`: how many of `mature` certainly and possibly converted within the window
    - `share_lower`, `share_upper`: the same as shares of `mature`, from 0 to 1; missing if `mature` is 0
    - `interval_low`, `interval_high`: 95% Wilson limits, the lower one of `share_lower`, the upper of `share_upper`
    - `enough`: whether `mature` reaches `min_group`
    - `whole` (months only): whether the month was read completely, and all of it is old enough

    `curve` has one row per group and day (0 to 120) since the inquiry, with the share converted by that day; it covers
    all groups together (`overall`) and each group that is large enough. `speed` has the rows for 1, 7, 30 and 90 days;
    `known` is False if the bounds are more than 5 percentage points apart. `cohorts` has one row per month of creation
    and number of days since (it is None without a time zone), and `reasons` has one row per reason for dismissal.
    `comparisons` has one row per group, which compares it with all others together (see
    `analysis.statistics.comparison.compare`). `left_out` counts the leads that were not analyzed, by reason.
    `disagreements` has a sentence on each group, by id, on which leads and opportunities disagree, if both results were
    passed to `analysis.together`.
    """

    months: pd.DataFrame | None
    comparisons: pd.DataFrame
    window_days: int
    unit: Literal["inquiry", "lead"]
    within_days: int
    stale_days: int
    dismissing_reasons: Mapping[int, str]
    not_leads: Mapping[int | None, Sequence[int]]
    dated_by_jobs: bool
    linked_not_converted: int
    undated: int
    limits: Limits = field(compare=False)
    reduced: Reduced = field(compare=False)
    source: Any = field(compare=False)
    names: Mapping[str, Any] = field(compare=False)
    jobs: Any = field(default=None, compare=False)
    bookings: Any = field(default=None, compare=False)
    contacts: pd.DataFrame | None = field(default=None, compare=False)
    disagreements: Mapping[Any, str] = field(default_factory=dict, compare=False)

    @cached_property
    def curve(self) -> pd.DataFrame:
        """The share of inquiries converted by each day; see `analysis.leads.tables.curves`."""
        return lead_tables.curves(self.reduced, self.by, self.names, self.min_group)

    @cached_property
    def speed(self) -> pd.DataFrame:
        """The share of inquiries converted within 1, 7, 30 and 90 days; see `analysis.leads.tables.speeds`."""
        return lead_tables.speeds(self.curve)

    @cached_property
    def cohorts(self) -> pd.DataFrame | None:
        """The share of inquiries converted, by month and days since creation; see `analysis.leads.tables.cohorts`."""
        if self.limits.zone is None:
            return None
        return lead_tables.cohorts(lead_tables.trend(self.reduced), self.limits)

    @cached_property
    def reasons(self) -> pd.DataFrame:
        """The reasons for which leads were dismissed; see `analysis.leads.tables.reasons`."""
        return lead_tables.reasons(self.reduced.read, self.dismissing_reasons)

    @cached_property
    def chances(self) -> lead_tables.Chances:
        """How often inquiries still open at an age converted within 30 days; see `analysis.leads.tables.Chances`."""
        return lead_tables.Chances(self.reduced.every_event_time, least=self.min_group)

    @cached_property
    def paces(self) -> dict[Any, float]:
        """The inquiries of each group in four weeks, if one dimension groups them; see `analysis.base.worth.paces`."""
        if len(self.by) != 1:
            return {}
        inactive = inactive_ids(self.names.get(self.by[0]))
        return paces(self.reduced.recent, "key_0", as_of=self.as_of, mature=self.limits.mature, inactive=inactive)

    @cached_property
    def job_values(self) -> JobValues | None:
        """The average revenue of jobs by business unit and job type; None without jobs."""
        currencies = currencies_of(self.names.get("business_unit"))
        return job_values(self.jobs, currencies, as_of=self.as_of, least=self.min_group)

    @property
    def exact_dates(self) -> tuple[int, int]:
        """The number of conversions with an exact or inferred date, and the number of all conversions."""
        row = self.overall.iloc[0]
        return int(row["exact"] + row["inferred"]), int(row["converted"])

    @property
    def used_columns(self) -> dict[str, list[str]]:
        """The columns that the analysis uses, by frame."""
        return USED | {"leads": [*USED["leads"], *columns_of(self.by)]}
