"""Everything drawn about a company, before it becomes rows, and the ids of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stcrm_pandas.sandbox.company.chance import Chance, Ints
from stcrm_pandas.sandbox.company.dirt.dirt import Dirt, draw_dirt
from stcrm_pandas.sandbox.company.drawing.bookings import Bookings, draw_bookings
from stcrm_pandas.sandbox.company.drawing.contacts import ContactColumns, draw_contacts
from stcrm_pandas.sandbox.company.drawing.customers import Customers, draw_customers, odd_customers
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
"""Above this (a multiple of seven), floats cannot represent all whole numbers."""


@dataclass(frozen=True)
class World:
    """A company, drawn but not yet in rows."""

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
    dirty: bool
    dirt: Dirt

    @classmethod
    def draw(cls, sizes: Sizes, *, seed: int, as_of: int, by_the_book: bool, effects: bool, dirty: bool) -> World:
        chance, seasons, planted = Chance(seed), Seasons(as_of), PlantedTruths.of(sizes, effects=effects)
        bookings = draw_bookings(chance, seasons, sizes, planted)
        leads = draw_leads(chance, seasons, sizes, planted, bookings)
        outcomes = draw_outcomes(chance, seasons, sizes, planted, leads, bookings)
        jobs = compact(draw_jobs(chance, seasons, sizes, planted, bookings, leads, outcomes))
        customers = compact(draw_customers(chance, seasons, sizes, bookings, leads, outcomes, jobs))
        bookings, leads = compact(bookings), compact(leads)
        dirt = Dirt.none()
        if dirty:
            contacts = draw_contacts(chance, planted, customers)
            dirt = draw_dirt(chance, customers, contacts, odd_customers(chance, customers.size))
        return cls(
            chance, seasons, sizes, planted, by_the_book, bookings, leads, outcomes, jobs, customers, dirty, dirt
        )

    def draw_contacts(self) -> ContactColumns:
        return draw_contacts(self.chance, self.planted, self.customers)

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

    @property
    def customer_contact_ids(self) -> Ids:
        return Ids(300_000_000, 3, 0)

    @cached_property
    def call_ids_of_leads(self) -> Ints:
        return self._call_ids(self.leads.created, 0)

    @cached_property
    def call_ids_of_jobs(self) -> Ints:
        """The ids of calls of jobs booked at first contact: never those of leads."""
        return self._call_ids(self.jobs.created, 3)

    def _call_ids(self, times: Ints, remainder: int) -> Ints:
        """Return call ids; those of the second year are too large for a float."""
        large = (times > self.seasons.start + 365 * 86_400) & (not self.by_the_book)
        return np.where(large, BEYOND_FLOAT, 3_500_000_007 // 7 * 7) + 7 * np.arange(times.size) + remainder
