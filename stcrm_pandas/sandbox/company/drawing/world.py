"""Everything drawn about one company, before it is written out as rows, and the ids under which the rows know it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stcrm_pandas.sandbox.company.chance import Chance, Ints
from stcrm_pandas.sandbox.company.drawing.bookings import Bookings, draw_bookings
from stcrm_pandas.sandbox.company.drawing.customers import Customers, draw_customers
from stcrm_pandas.sandbox.company.drawing.jobs import Jobs, draw_jobs
from stcrm_pandas.sandbox.company.drawing.leads import Leads, draw_leads
from stcrm_pandas.sandbox.company.drawing.outcomes import Outcomes, draw_outcomes
from stcrm_pandas.sandbox.company.ids import Ids
from stcrm_pandas.sandbox.company.ordering import compact
from stcrm_pandas.sandbox.company.planted import PlantedTruths
from stcrm_pandas.sandbox.company.seasons import Seasons
from stcrm_pandas.sandbox.company.sizes import Sizes
from stcrm_pandas.sandbox.company.times import TimeFormat

BEYOND_FLOAT = 9_007_199_254_741_036
"""The first whole numbers above this cannot all be told apart as floats; a multiple of seven."""


@dataclass(frozen=True)
class World:
    """One company, drawn but not written out."""

    chance: Chance
    seasons: Seasons
    sizes: Sizes
    planted: PlantedTruths
    by_the_book: bool
    bookings: Bookings
    leads: Leads
    outcomes: Outcomes
    jobs: Jobs
    customers: Customers

    @classmethod
    def draw(cls, sizes: Sizes, *, seed: int, as_of: int, by_the_book: bool, effects: bool) -> World:
        chance, seasons, planted = Chance(seed), Seasons(as_of), PlantedTruths.of(sizes, effects=effects)
        bookings = draw_bookings(chance, seasons, sizes, planted)
        leads = draw_leads(chance, seasons, sizes, planted, bookings)
        outcomes = draw_outcomes(chance, seasons, sizes, planted, leads, bookings)
        jobs = compact(draw_jobs(chance, seasons, sizes, planted, bookings, leads, outcomes))
        customers = compact(draw_customers(chance, seasons, sizes, bookings, leads, outcomes, jobs))
        bookings, leads = compact(bookings), compact(leads)
        return cls(chance, seasons, sizes, planted, by_the_book, bookings, leads, outcomes, jobs, customers)

    @cached_property
    def times(self) -> TimeFormat:
        return TimeFormat(by_the_book=self.by_the_book)

    @property
    def lead_ids(self) -> Ids:
        return Ids(51_000_211, 3, self.leads.size)

    @property
    def booking_ids(self) -> Ids:
        return Ids(62_000_017, 5, self.bookings.size)

    @property
    def job_ids(self) -> Ids:
        return Ids(73_000_101, 9, self.jobs.size)

    @property
    def customer_ids(self) -> Ids:
        return Ids(2_000_003, 4, self.customers.size)

    @property
    def location_ids(self) -> Ids:
        return Ids(8_000_009, 6, self.customers.location.created.size)

    @cached_property
    def call_ids_of_leads(self) -> Ints:
        return self._call_ids(self.leads.created, 0)

    @cached_property
    def call_ids_of_jobs(self) -> Ints:
        """Calls of jobs at first contact: never one of a lead."""
        return self._call_ids(self.jobs.created, 3)

    def _call_ids(self, moments: Ints, remainder: int) -> Ints:
        """Since the telephones were changed, a year ago, ids are too large for a float."""
        large = (moments > self.seasons.start + 365 * 86_400) & (not self.by_the_book)
        return np.where(large, BEYOND_FLOAT, 3_500_000_007 // 7 * 7) + 7 * np.arange(moments.size) + remainder
