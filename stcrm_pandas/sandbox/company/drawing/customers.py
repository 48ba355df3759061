"""Draw customers and locations: when they are created, and which leads, bookings and jobs are theirs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stcrm_pandas.sandbox.company.chance import Chance, Flags, Ints, some
from stcrm_pandas.sandbox.company.drawing.bookings import Bookings
from stcrm_pandas.sandbox.company.drawing.jobs import Jobs
from stcrm_pandas.sandbox.company.drawing.leads import PLANTED, Leads
from stcrm_pandas.sandbox.company.drawing.outcomes import Outcomes
from stcrm_pandas.sandbox.company.ordering import compact, ranks
from stcrm_pandas.sandbox.company.people import People
from stcrm_pandas.sandbox.company.planted import crowded
from stcrm_pandas.sandbox.company.seasons import Seasons
from stcrm_pandas.sandbox.company.sizes import Sizes
from stcrm_pandas.sandbox.company.times import DAY

INACTIVE, MERGED, COMMERCIAL = 0.09, 0.025, 0.12
OLDEST_DAYS = 8 * 365
ODD = 5


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers in order of creation, and whose each row is; -1 is no customer."""

    created: Ints
    merged_to: Ints
    inactive: Flags
    of_lead: Ints
    of_job: Ints
    new_with_job: Flags
    """By job: whether its customer is new with it."""
    person: Ints
    """By customer: the index in `People`; for a merged one, that of the customer it was merged into."""
    person_of_lead: Ints
    person_of_booking: Ints
    location: Locations
    people: People

    @property
    def size(self) -> int:
        return self.created.size


@dataclass(frozen=True, slots=True)
class Locations:
    """Locations in order of creation."""

    created: Ints
    customer: Ints
    person: Ints
    """The index in `People` of the address."""
    primary: Ints
    """By customer: its first location."""
    of_job: Ints


def draw_customers(
    chance: Chance, seasons: Seasons, sizes: Sizes, bookings: Bookings, leads: Leads, outcomes: Outcomes, jobs: Jobs
) -> Customers:
    rng = chance.of("customers")
    has_customer = outcomes.has_customer
    chains = _Chains.of(leads, jobs, has_customer)
    new = some(rng, chains.time.size, min(sizes.new_customers, chains.time.size))
    created = np.concatenate(
        [
            chains.time[new] - rng.integers(5, 120, int(new.sum())),
            seasons.start - DAY - (rng.random(sizes.customers - new.sum()) ** 1.3 * OLDEST_DAYS * DAY).astype(np.int64),
        ]
    )
    order = np.argsort(created, kind="stable")
    rank = ranks(order)
    created = created[order]
    customer = np.full(chains.time.size, -1)
    customer[new] = rank[: int(new.sum())]

    old = rng.permutation(int((created < seasons.start - DAY // 2).sum()))
    of_lead = np.full(leads.size, -1)
    of_lead[chains.lead] = customer[: chains.lead.size]
    of_lead = _existing_of_leads(rng, leads, has_customer, of_lead, old, crowded=crowded(sizes))
    of_lead = np.where(leads.repeat_of >= 0, of_lead[leads.repeat_of], of_lead)
    of_job = np.full(jobs.size, -1)
    of_job[chains.job] = customer[chains.lead.size :]
    new_with_job = (of_job >= 0) | (
        (jobs.lead >= 0) & (created[of_lead[jobs.lead]] > leads.created[jobs.lead] - DAY // 2)
    )
    known_then = np.searchsorted(created, jobs.created - DAY)
    of_job = np.where(of_job >= 0, of_job, (rng.random(jobs.size) * known_then).astype(np.int64))
    of_job = np.where(jobs.lead >= 0, of_lead[jobs.lead], of_job)
    of_job = np.where(jobs.parent >= 0, of_job[jobs.parent], of_job)

    inactive, merged_to = _gone(rng, created.size, np.concatenate([of_lead[of_lead >= 0], of_job]))
    person = np.where(merged_to >= 0, merged_to, np.arange(created.size))
    person_of_lead, person_of_booking, spare = _persons(leads, bookings, jobs, of_lead, of_job, created.size)
    extra = sizes.locations - created.size
    people = People.draw(chance, spare + extra, COMMERCIAL)
    location = _locations(chance, seasons, created, of_job, jobs, people, spare, extra)
    return Customers(
        created,
        merged_to,
        inactive,
        of_lead,
        of_job,
        new_with_job,
        person,
        person_of_lead,
        person_of_booking,
        location,
        people,
    )


def odd_customers(chance: Chance, size: int) -> Ints:
    """Draw the customers with odd names."""
    return chance.of("odd customers").choice(size, ODD, replace=False)


@dataclass(frozen=True, slots=True)
class _Chains:
    """Records that can create a customer: leads, then jobs without a lead or an earlier job."""

    lead: Ints
    job: Ints
    time: Ints

    @classmethod
    def of(cls, leads: Leads, jobs: Jobs, has_customer: Flags) -> _Chains:
        lead = np.flatnonzero(has_customer & (leads.repeat_of < 0))
        job = np.flatnonzero((jobs.lead < 0) & (jobs.parent < 0))
        return cls(lead, job, np.concatenate([leads.created[lead], jobs.created[job]]))


def _existing_of_leads(
    rng: np.random.Generator, leads: Leads, has_customer: Flags, of_lead: Ints, old: Ints, *, crowded: bool
) -> Ints:
    """Draw customers from before the 24 months, each once if possible, so that no lead is a repeat by chance."""
    wanting = np.flatnonzero(has_customer & (of_lead < 0) & (leads.repeat_of < 0))
    wanting = np.concatenate([wanting[leads.group[wanting] == PLANTED], wanting[leads.group[wanting] != PLANTED]])
    of_lead = of_lead.copy()
    if crowded:
        of_lead[wanting] = rng.choice(old, wanting.size)
    else:
        of_lead[wanting] = old[: wanting.size]
    return of_lead


def _gone(rng: np.random.Generator, size: int, used: Ints) -> tuple[Flags, Ints]:
    """Draw inactive customers and those merged into another, preferably without leads or jobs."""
    idle = np.flatnonzero(np.bincount(used, minlength=size) == 0)
    order = np.concatenate([rng.permutation(idle), rng.permutation(np.setdiff1d(np.arange(size), idle))])
    merged, inactive = order[: round(size * MERGED)], np.zeros(size, dtype=np.bool_)
    inactive[merged] = True
    others = np.concatenate([order[merged.size : merged.size + round(size * 0.03)], order[::-1]])
    inactive[others[: round(size * INACTIVE) - merged.size]] = True
    staying = np.flatnonzero(~inactive)
    merged_to = np.full(size, -1)
    merged_to[merged] = rng.choice(staying, merged.size)
    return inactive, merged_to


def _persons(
    leads: Leads, bookings: Bookings, jobs: Jobs, of_lead: Ints, of_job: Ints, customers: int
) -> tuple[Ints, Ints, int]:
    """Return the person of each lead and booking (the customer or somebody new), and the number of people."""
    spare = customers
    person_of_lead = of_lead.copy()
    unknown = np.flatnonzero(of_lead < 0)
    person_of_lead[unknown] = spare + np.arange(unknown.size)
    spare += unknown.size
    person_of_booking = np.full(bookings.size, -1)
    booked = jobs.booking >= 0
    person_of_booking[jobs.booking[booked]] = of_job[booked]
    born = leads.booking >= 0
    person_of_booking[leads.booking[born]] = person_of_lead[born]
    unknown = np.flatnonzero((person_of_booking < 0) & (bookings.twin_of < 0))
    person_of_booking[unknown] = spare + np.arange(unknown.size)
    spare += unknown.size
    twins = bookings.twin_of >= 0
    person_of_booking[twins] = person_of_booking[bookings.twin_of[twins]]
    return person_of_lead, person_of_booking, spare


def _locations(
    chance: Chance, seasons: Seasons, created: Ints, of_job: Ints, jobs: Jobs, people: People, spare: int, extra: int
) -> Locations:
    """Draw a location for each customer, and more, preferably for firms."""
    rng = chance.of("locations")
    firms = np.where(people.firm[: created.size] >= 0, 4.0, 1.0)
    owner = rng.choice(created.size, extra, p=firms / firms.sum())
    later = created[owner] + 600 + (rng.random(extra) * (seasons.as_of - created[owner] - 600)).astype(np.int64)
    customer = np.concatenate([np.arange(created.size), owner])
    time = np.concatenate([created + 1, np.minimum(later, seasons.as_of - 1)])
    person = np.concatenate([np.arange(created.size), spare + np.arange(extra)])
    order = np.argsort(time, kind="stable")
    rank = ranks(order)
    other = np.full(created.size, -1)
    other[owner] = rank[created.size :]
    time = time[order]
    mine = other[of_job]
    use = (mine >= 0) & (time[mine] < jobs.created - DAY) & (rng.random(jobs.size) < 0.6)
    of_job = np.where(use, mine, rank[of_job])
    return compact(Locations(time, customer[order], person[order], rank[: created.size], of_job))
