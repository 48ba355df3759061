"""The numbers of booking sources: counts, shares, revenue and times, and the rows of the call lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.engine import Rows
from stcrm_pandas.analysis.base.money import Currencies
from stcrm_pandas.analysis.base.result import Result
from stcrm_pandas.analysis.base.worth import JobValues, job_values
from stcrm_pandas.analysis.bookings.hours import Clock
from stcrm_pandas.analysis.bookings.outcomes import USED
from stcrm_pandas.analysis.bookings.table import revenue
from stcrm_pandas.analysis.bookings.waiting import Earlier, earlier_bookings
from stcrm_pandas.analysis.campaigns.attribution import Attribution


@dataclass(frozen=True, repr=False, kw_only=True)
class BookingSourcesResult(Result):
    """The numbers of `booking_sources`.

    `table` has one row per group, and `overall` has one row for all bookings. They have these columns:

    - `id`, `name`: the id and the name of the group. `id` is missing for bookings that have none; with two dimensions,
      it is a tuple
    - `bookings`: the number of bookings; `undated`: how many of them have no creation time
    - the number of bookings by outcome. Each booking has one outcome: `job` (it has a job) or `converted` (it was
      converted, but has no job); otherwise, the status of its lead: `lead_won` (booked), `lead_open`, `lead_lost` or
      `lead_unknown`; otherwise, its own status: `dismissed`, `accepted`, `new` or `unknown`. The unknown statuses are
      those that the API does not document
    - `mature`: the bookings at least `mature_days` days old. The next seven columns count only these
    - `work_lower`: those that certainly became jobs (`job`, `converted`, `lead_won`); `work_upper`: those that
      certainly or possibly did (also `unknown`, `lead_unknown`, and without leads `dismissed`)
    - `direct`: `job` and `converted`; `dropped`: `dismissed`
    - `dismissed_status`: those with the status Dismissed and without a job; `dismissed_leads`: those of them that
      became a lead; `dismissed_won`: those of them whose lead was booked
    - `share_lower`, `share_upper`: `work_lower` and `work_upper` as shares of `mature`, from 0 to 1
    - `interval_low`, `interval_high`: 95% Wilson limits, the lower one of `share_lower`, the upper one of `share_upper`
    - `enough`: whether `mature` reaches `min_group`
    - `aged_quarter`, `aged_hour`, `aged_day`: bookings at least 15 minutes, an hour or a day old; `new_lower_*` and
      `new_upper_*`: those of them that were certainly, and possibly, still new at that age
    - `by_job`, `by_lead`, `by_log`, `by_change`, `waiting`: bookings by what dates the first action: their job, their
      lead, the status log, or only their last change; for `waiting`, there was no action yet. `contradictory`: those
      whose first action has no date, because the status log contradicts their last change
    - `no_start`: bookings without a start time (or with one in the year 1); `early_start`: bookings whose start time is
      before their creation
    - `old`: the bookings at least `revenue_days` days old. The next five columns count only these
    - `old_booked`: those whose job was read; `old_canceled`, `old_completed`: those whose job is canceled or completed;
      `old_paid`: those whose job is completed and has a total above zero; `old_unseen`: those that refer to a job that
      was not read
    - `client_known`: bookings whose customer is known from the job or the lead; `client_first`: those of them whose
      customer had no job and no customer record before the booking
    - `claim_known`: those of `client_known` whose sender stated whether the customer is a first-time customer;
      `claim_first`: those stated to be first-time; `claim_right`: those whose statement is right
    - `asked_hours`, `waited_hours` (`table` only): the median hours from creation to the requested start, and to the
      creation of the job

    The other tables are:

    - `speed`: one row per group and age (15 minutes, an hour, a day), with the share still new at that age
    - `leakage`, `first_time`: one row per group, with the share of canceled jobs and of first-time customers
    - `revenue`: one row per group and currency, with the revenue of the jobs
    - `hours`, `weeks`, `speed_by_hour`, `after_hours`: when bookings come in, and how soon they are handled
    - `silences`: one row per period in which a source sent nothing for unusually long
    - `spellings`: one row per spelling of a source. Edit its column `group` and pass it as `groups=`
    - `attribution`: how reliably bookings are credited to campaigns
    - `paces`: how many bookings with a job each group has in four weeks, by its name; see `analysis.base.worth.paces`
    - `comparisons`: the results of `analysis.statistics.comparison.compare` by measure: "work" (became jobs),
      "dismissed_leads" (dismissed bookings that became a lead), "new_hour" (still new after an hour), "canceled"
      (canceled jobs)
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
    log_known: bool
    jobs_from: dt.datetime | None
    clock: Clock = field(repr=False)
    every_hour: Clock = field(repr=False)
    amounts: pd.DataFrame = field(repr=False)
    every_amount: pd.DataFrame = field(repr=False)
    paces: Mapping[Any, float] = field(repr=False)
    rows: Rows = field(repr=False)
    bookings: Any = field(repr=False)
    currencies: tuple[str, ...] = ()
    jobs: Any = field(default=None, repr=False)
    currency_of_units: Currencies = field(default_factory=dict, repr=False)
    names: Mapping[str, Any] = field(default_factory=dict, repr=False)
    contacts: pd.DataFrame | None = field(default=None, repr=False)
    customers: pd.DataFrame | None = field(default=None, repr=False)

    @cached_property
    def hours(self) -> pd.DataFrame:
        """Bookings by weekday and local hour: one row for each of the 168 hours of the week.

        Its columns are `weekday` (1 is Monday), `day` (its name), `hour` (0 to 23), `bookings`, `hours` (the number of
        such hours in the period), and `per_hour` (bookings divided by hours).
        """
        return self.clock.hours

    @cached_property
    def weeks(self) -> pd.DataFrame:
        """Bookings by week and source, one row for each pair.

        Its columns are `week` (its Monday, in local time), `source`, `bookings`, and `whole` (whether the week was read
        completely).
        """
        return self.clock.weeks

    @cached_property
    def speed_by_hour(self) -> pd.DataFrame:
        """The share of bookings still new after an hour, one row per local hour of creation."""
        return self.clock.speed_by_hour()

    @cached_property
    def after_hours(self) -> pd.DataFrame:
        """The share of bookings still new after an hour: one row for the day, and one for after hours."""
        return self.clock.after_hours()

    @cached_property
    def revenue(self) -> pd.DataFrame:
        """The revenue of the jobs, one row per group and currency; see `analysis.bookings.table.revenue`.

        It is computed on first use.
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
    def earlier(self) -> Earlier:
        """How often earlier bookings that waited became jobs; see `analysis.bookings.waiting.earlier_bookings`."""
        return earlier_bookings(self.rows, as_of=self.as_of, mature_days=self.mature_days, min_group=self.min_group)

    @cached_property
    def job_values(self) -> JobValues | None:
        """The average revenue of jobs by business unit and job type; None without jobs."""
        return job_values(self.jobs, self.currency_of_units, as_of=self.as_of, least=self.min_group)

    @property
    def currency(self) -> str | None:
        """The currency of all amounts; None if it is unknown or there are several."""
        return self.currencies[0] if len(self.currencies) == 1 else None

    @property
    def exact_dates(self) -> tuple[int, int]:
        """The number of bookings known to have a first action at an exact time, or none yet, and the number of all."""
        every = self.overall.iloc[0]
        return sum(int(every[name]) for name in ("by_job", "by_lead", "waiting")), int(every["bookings"])

    @property
    def used_columns(self) -> dict[str, list[str]]:
        """The columns that the analysis uses, by frame."""
        return USED
