"""The numbers of booking sources: counts, shares, revenue and times, and the rows that lists are made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.engine import Rows
from stcrm_pandas.analysis.bookings.hours import Clock
from stcrm_pandas.analysis.bookings.outcomes import USED
from stcrm_pandas.analysis.bookings.table import revenue
from stcrm_pandas.analysis.campaigns.attribution import Attribution

__all__ = ["BookingSourcesResult"]


@dataclass(frozen=True, repr=False)
class BookingSourcesResult:
    """The numbers of `booking_sources`; `BookingSources` describes each of them."""

    table: pd.DataFrame
    overall: pd.DataFrame
    speed: pd.DataFrame
    leakage: pd.DataFrame
    first_time: pd.DataFrame
    spellings: pd.DataFrame
    silences: pd.DataFrame
    attribution: Attribution
    comparisons: Mapping[str, pd.DataFrame]
    left_out: Mapping[str, int]
    by: tuple[str, ...]
    as_of: dt.datetime
    time_zone: str
    mature_days: int
    revenue_days: int
    min_group: int
    leads_known: bool
    jobs_known: bool
    customers_known: bool
    log_known: bool
    jobs_from: dt.datetime | None
    complete: bool
    clock: Clock = field(repr=False)
    amounts: pd.DataFrame = field(repr=False)
    rows: Rows = field(repr=False)
    bookings: Any = field(repr=False)
    cautions: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()

    @cached_property
    def hours(self) -> pd.DataFrame:
        """Bookings by weekday and local hour, and the number of such hours."""
        return self.clock.hours

    @cached_property
    def weeks(self) -> pd.DataFrame:
        """Bookings by local week and source."""
        return self.clock.weeks

    @cached_property
    def speed_by_hour(self) -> pd.DataFrame:
        """Still new after an hour, by the local hour in which they came in."""
        return self.clock.speed_by_hour()

    @cached_property
    def after_hours(self) -> pd.DataFrame:
        """Still new after an hour, by day and after hours."""
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

    @property
    def exact_dates(self) -> tuple[int, int]:
        """The number of bookings whose first action, or lack of one, is known; and the number of all."""
        every = self.overall.iloc[0]
        return sum(int(every[name]) for name in ("by_job", "by_lead", "waiting")), int(every["bookings"])

    @property
    def used_columns(self) -> dict[str, list[str]]:
        """The required columns, by frame."""
        return USED
