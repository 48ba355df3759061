"""The numbers of booking sources: counts, shares, revenue and times, and the rows of the call lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.engine import Rows
from stcrm_pandas.analysis.base.result import Result
from stcrm_pandas.analysis.bookings.hours import Clock
from stcrm_pandas.analysis.bookings.outcomes import USED
from stcrm_pandas.analysis.bookings.table import revenue
from stcrm_pandas.analysis.campaigns.attribution import Attribution
from stcrm_pandas.analysis.job_values import JobValues, job_values

__all__ = ["BookingSourcesResult"]


@dataclass(frozen=True, repr=False, kw_only=True)
class BookingSourcesResult(Result):
    """The numbers of `booking_sources`.

    `table` has one row per group, `overall` one row for all bookings. Their columns:

    - `id`, `name`: of the group. The id is missing for bookings without one; it is a tuple if `by` has two dimensions
    - `bookings`, `undated` (without a creation time)
    - the outcomes, exactly one per booking: `job` (it has a job), `converted` (without a job), then by its lead
      `lead_won`, `lead_open`, `lead_lost`, `lead_unknown`; else `dismissed`, `accepted`, `new`, `unknown` (a status
      that the API does not document)
    - `mature`: at least `mature_days` old; of them `work_lower` and `work_upper` certainly and possibly became jobs
      (`job`, `converted`, `lead_won`), `direct` (`job`, `converted`), `dropped` (`dismissed`); `dismissed_status` have
      the status Dismissed, of which `dismissed_leads` became a lead and `dismissed_won` a lead that was booked
    - `share_lower`, `share_upper`, `interval_low`, `interval_high`: of `mature`, those that became jobs, from 0 to 1,
      with 95% Wilson limits; `enough`: `mature` reaches `min_group`
    - `aged_*`, `new_lower_*`, `new_upper_*` (`quarter`, `hour`, `day`): bookings of at least this age, and those of
      them that were certainly or possibly still new at this age; `by_job`, `by_lead`, `by_log`, `by_change`, `waiting`:
      how the time of the first action is known
    - `no_start`, `early_start`: no start time (or the year 1), and a start time before the booking was created
    - `old`: at least `revenue_days` old; of them `old_booked` (its job was read), `old_canceled`, `old_completed`,
      `old_paid` (completed and above zero); `old_unseen`: it refers to a job that was not read
    - `client_known` (a customer is known by job or lead), `client_first` (no job and no customer record before the
      booking), `claim_known`, `claim_first`, `claim_right`: what the sender stated about that, and whether it is right
    - `asked_hours`, `waited_hours` (`table` only): medians from creation to the requested start, and to the job

    `speed` (one row per group and time span), `leakage` and `first_time` have the shares of these counts; `revenue` has
    the revenue of the jobs; `hours`, `weeks`, `speed_by_hour` and `after_hours` show when bookings come in; `silences`
    lists the times when a source sent nothing for unusually long; `spellings` has the source of each spelling (edit its
    column `group` and pass it as `groups=`); `attribution` shows how reliably bookings are credited to campaigns;
    `comparisons` has the frames of `statistics.comparison.compare` by measure: "work", "dismissed_leads", "new_hour",
    "canceled".
    """

    speed: pd.DataFrame
    leakage: pd.DataFrame
    first_time: pd.DataFrame
    spellings: pd.DataFrame
    silences: pd.DataFrame
    attribution: Attribution
    comparisons: Mapping[str, pd.DataFrame]
    by: tuple[str, ...]
    time_zone: str
    mature_days: int
    revenue_days: int
    leads_known: bool
    jobs_known: bool
    customers_known: bool
    log_known: bool
    jobs_from: dt.datetime | None
    clock: Clock = field(repr=False)
    every_hour: Clock = field(repr=False)
    amounts: pd.DataFrame = field(repr=False)
    every_amount: pd.DataFrame = field(repr=False)
    rows: Rows = field(repr=False)
    bookings: Any = field(repr=False)
    currencies: tuple[str, ...] = ()
    jobs: Any = field(default=None, repr=False)
    currency_of_units: Mapping[int, str] = field(default_factory=dict, repr=False)
    names: Mapping[str, Any] = field(default_factory=dict, repr=False)
    contacts: pd.DataFrame | None = field(default=None, repr=False)
    customers: pd.DataFrame | None = field(default=None, repr=False)

    @cached_property
    def hours(self) -> pd.DataFrame:
        """Bookings by weekday and local hour, with the number of such hours in the period."""
        return self.clock.hours

    @cached_property
    def weeks(self) -> pd.DataFrame:
        """Bookings by local week and source."""
        return self.clock.weeks

    @cached_property
    def speed_by_hour(self) -> pd.DataFrame:
        """Share still new after an hour, by local hour of creation."""
        return self.clock.speed_by_hour()

    @cached_property
    def after_hours(self) -> pd.DataFrame:
        """Share still new after an hour, during the day and after hours."""
        return self.clock.after_hours()

    @cached_property
    def revenue(self) -> pd.DataFrame:
        """The revenue of each group's jobs, by currency; see `analysis.bookings.table.revenue`.

        Computed on first use.
        """
        parts = [self.amounts]
        if len(self.currencies) > 1:
            parts = [self.amounts[self.amounts["currency"] == currency] for currency in self.currencies]
        tables = [
            table.assign(currency=pd.array([currency] * len(table), dtype="str"))
            for part, currency in zip(parts, self.currencies or (None,), strict=True)
            for table in (revenue(part),)
        ]
        return pd.concat(tables, ignore_index=True)

    @cached_property
    def job_values(self) -> JobValues | None:
        """The average revenue of jobs by kind; None without jobs."""
        return job_values(self.jobs, self.currency_of_units, as_of=self.as_of, least=self.min_group)

    @property
    def currency(self) -> str | None:
        """The currency of all amounts; None if it is unknown or there are several."""
        return self.currencies[0] if len(self.currencies) == 1 else None

    @property
    def exact_dates(self) -> tuple[int, int]:
        """The number of bookings whose first action, or lack of one, is known, and the number of all bookings."""
        every = self.overall.iloc[0]
        return sum(int(every[name]) for name in ("by_job", "by_lead", "waiting")), int(every["bookings"])

    @property
    def used_columns(self) -> dict[str, list[str]]:
        """The required columns, by frame."""
        return USED
