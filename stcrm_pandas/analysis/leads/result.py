"""The numbers of lead conversion, from which sentences, actions, lists, tables and figures are computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from stcrm_pandas.analysis.base.money import currencies_of
from stcrm_pandas.analysis.base.periods import Limits
from stcrm_pandas.analysis.base.result import Result
from stcrm_pandas.analysis.job_values import JobValues, job_values
from stcrm_pandas.analysis.leads import curves as lead_curves
from stcrm_pandas.analysis.leads import tables as lead_tables
from stcrm_pandas.analysis.leads.keys import columns_of
from stcrm_pandas.analysis.leads.reduction import USED, Reduced

__all__ = ["LeadConversionResult"]


@dataclass(frozen=True, repr=False, kw_only=True)
class LeadConversionResult(Result):
    """The numbers of `lead_conversion`.

    `table` has one row per group, `overall` one row for all groups together, `months` one row per local month of
    creation (None without a time zone). Their columns:

    - `id`, `name`: of the group; `id` is missing for inquiries that have none
    - `leads`, `inquiries`; `mature`, the inquiries that are old enough to be measured
    - `converted`, `open`, `dismissed`, `unknown_status`: the statuses of the inquiries; these add up to `inquiries`
    - `exact`, `inferred`, `bounded`: how the dates of `converted` are known
    - `within_lower`, `within_upper`: how many of `mature` certainly and possibly converted within the window
    - `share_lower`, `share_upper`: the same as shares of `mature`, from 0 to 1; missing if that is 0
    - `interval_low`, `interval_high`: 95% Wilson limits, the lower one of `share_lower`, the upper of `share_upper`
    - `enough`: `mature` reaches `min_group`
    - `whole` (months only): the month was read completely, and all of it is old enough

    `curve` has the share converted by each day (0 to 120) after an inquiry, for all groups together (`overall`) and for
    each group that is large enough. `speed` has the same after 1, 7, 30 and 90 days; `known` is False if the bounds are
    more than 5 points apart. `cohorts` has one row per month of creation and number of days since (None without a time
    zone), and `reasons` has one per reason for dismissal. `comparisons` compares each group with all others together
    (see `analysis.comparison.compare`). `left_out` counts the leads that were not analyzed, by reason. `disagreements`
    has the groups on which leads and opportunities disagree, by id, if both results were passed to `analysis.together`.
    """

    months: pd.DataFrame | None
    comparisons: pd.DataFrame
    window_days: int
    unit: Literal["inquiry", "lead"]
    within_days: int
    stale_days: int
    dismissing_reasons: Mapping[int, str]
    not_leads: tuple[int, ...]
    dated_by_jobs: bool
    call_reasons_known: bool
    linked_not_converted: int
    undated: int
    limits: Limits = field(compare=False)
    reduced: Reduced = field(compare=False)
    source: Any = field(compare=False)
    names: Mapping[str, Any] = field(compare=False)
    jobs: Any = field(default=None, compare=False)
    contacts: pd.DataFrame | None = field(default=None, compare=False)
    disagreements: Mapping[Any, str] = field(default_factory=dict, compare=False)

    @cached_property
    def curve(self) -> pd.DataFrame:
        """The share of inquiries converted by each day; see `lead_curves.curves`."""
        return lead_curves.curves(self.reduced, self.by, self.names, self.min_group)

    @cached_property
    def speed(self) -> pd.DataFrame:
        """The share of inquiries converted within 1, 7, 30 and 90 days; see `lead_curves.speeds`."""
        return lead_curves.speeds(self.curve)

    @cached_property
    def cohorts(self) -> pd.DataFrame | None:
        """The share of inquiries converted by month of creation and days since; see `lead_tables.cohorts`."""
        if self.limits.zone is None:
            return None
        return lead_tables.cohorts(lead_tables.trend(self.reduced), self.limits)

    @cached_property
    def reasons(self) -> pd.DataFrame:
        """Why leads were dismissed; see `lead_tables.reasons`."""
        return lead_tables.reasons(self.reduced.read, self.dismissing_reasons)

    @cached_property
    def job_values(self) -> JobValues | None:
        """The average revenue of jobs by kind; None without jobs."""
        currencies = currencies_of(self.names.get("business_unit"))
        return job_values(self.jobs, currencies, as_of=self.as_of, least=self.min_group)

    @property
    def exact_dates(self) -> tuple[int, int]:
        """The number of exact conversion dates, and the number of conversions."""
        row = self.overall.iloc[0]
        return int(row["exact"] + row["inferred"]), int(row["converted"])

    @property
    def used_columns(self) -> dict[str, list[str]]:
        """The required columns, by frame."""
        return USED | {"leads": [*USED["leads"], *columns_of(self.by)]}
