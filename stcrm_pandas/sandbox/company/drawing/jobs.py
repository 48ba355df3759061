"""Draw jobs: from leads and bookings, booked at first contact, and second jobs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stcrm_pandas.sandbox.company.catalogue import (
    CAMPAIGNS,
    DEFAULT_CAMPAIGN,
    EMPLOYEES,
    HVAC_INSTALL,
    HVAC_SERVICE,
    INSTALL,
    SOURCES,
    TECHNICIANS,
    TRADE,
    WEBSITE,
    job_types,
)
from stcrm_pandas.sandbox.company.chance import Chance, Flags, Ints, pick, shared_out
from stcrm_pandas.sandbox.company.drawing.bookings import TO_JOB, Bookings
from stcrm_pandas.sandbox.company.drawing.leads import Leads, retired_on
from stcrm_pandas.sandbox.company.drawing.outcomes import BY_BOOKING, BY_CALL, BY_NOTHING, Outcomes
from stcrm_pandas.sandbox.company.ordering import by_creation
from stcrm_pandas.sandbox.company.planted import CELLS, FIRST_CONTACT_JOBS, PlantedTruths
from stcrm_pandas.sandbox.company.seasons import Seasons
from stcrm_pandas.sandbox.company.sizes import Sizes
from stcrm_pandas.sandbox.company.times import DAY

INSTALLS = 0.03
SECOND = 0.65
"""Share of the installs that are a second job, sold during the first."""
ON_DEFAULT = 0.12
RECREDITED = 0.06
"""Share of the jobs from leads and bookings that are booked on the default campaign."""
FIRST_CONTACT_UNITS = (0.46, 0.04, 0.28, 0.22)


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs in order of creation; other columns refer to them by index."""

    created: Ints
    unit: Ints
    campaign: Ints
    kind: Ints
    """Index of the job type."""
    user: Ints
    """Index of the user who booked it."""
    lead: Ints
    """The lead that led to it, or -1; the row may not refer to it."""
    booking: Ints
    """The booking that it refers to, or -1."""
    parent: Ints
    """The job during which it was sold, or -1."""

    @property
    def size(self) -> int:
        return self.created.size

    @property
    def first_contact(self) -> Flags:
        """Whether each job was booked at first contact, without a lead, booking or job before it."""
        return (self.lead < 0) & (self.booking < 0) & (self.parent < 0)


def draw_jobs(
    chance: Chance,
    seasons: Seasons,
    sizes: Sizes,
    planted: PlantedTruths,
    bookings: Bookings,
    leads: Leads,
    outcomes: Outcomes,
) -> Jobs:
    rng = chance.of("jobs")
    booked = np.flatnonzero(bookings.outcome == TO_JOB)
    won = np.flatnonzero(outcomes.dated_by != BY_NOTHING)
    seconds = round(sizes.jobs * INSTALLS * SECOND)
    first = max(sizes.jobs - booked.size - won.size - seconds, 0)

    of_source = np.array([s.campaign for s in SOURCES])[bookings.source[booked]]
    credited = np.concatenate(
        [np.where(bookings.campaign[booked] < 0, of_source, bookings.campaign[booked]), leads.campaign[won]]
    )
    moved = (rng.random(credited.size) < RECREDITED) & ~np.isin(credited, list(planted.campaigns))
    credited = np.where(moved, DEFAULT_CAMPAIGN, credited)

    at_once = _campaigns_at_first_contact(rng, sizes, planted, leads, first, int((credited == DEFAULT_CAMPAIGN).sum()))
    unit_at_once = pick(rng, FIRST_CONTACT_UNITS, first)
    if not planted.effects:
        like = _calls_alike(chance.of("first contacts"), leads, first)
        at_once, unit_at_once = leads.campaign[like], leads.unit[like]
    no = np.zeros(first, dtype=np.bool_)
    arrived = seasons.arrivals(
        rng,
        TRADE[unit_at_once],
        web=no,
        form=no,
        first=np.full(first, seasons.start),
        last=retired_on(seasons)[at_once],
    )

    created = np.concatenate([bookings.decided[booked], outcomes.time[won], arrived])
    unit = np.concatenate([bookings.unit[booked], leads.unit[won], unit_at_once])
    campaign = np.concatenate([credited, at_once])
    user = pick(rng, (3, 3, 3, 2, 1, 1, 2), created.size)
    if not planted.effects:
        user[created.size - first :] = leads.creator[like]
    kind = job_types(rng, unit)
    installs = rng.permutation(np.flatnonzero(unit == HVAC_INSTALL))
    kind[installs] = INSTALL + 1
    kind[installs[: round(sizes.jobs * INSTALLS) - seconds]] = INSTALL

    able = np.flatnonzero((unit == HVAC_SERVICE) & (created < seasons.as_of - 35 * DAY))
    parent = rng.permutation(able)[:seconds]
    later = seasons.local(created[parent]) // DAY + rng.integers(5, 31, parent.size)
    none, follow = np.full(created.size, -1), np.full(parent.size, -1)
    lead = none.copy()
    lead[booked.size : booked.size + won.size] = won
    booking = none.copy()
    booking[: booked.size] = booked
    by_booking = outcomes.dated_by[won] == BY_BOOKING
    booking[booked.size : booked.size + won.size][by_booking] = leads.booking[won[by_booking]]
    drawn = Jobs(
        np.concatenate([created, seasons.at_work(rng, later)]),
        np.concatenate([unit, np.full(parent.size, HVAC_INSTALL)]),
        np.concatenate([campaign, campaign[parent]]),
        np.concatenate([kind, np.full(parent.size, INSTALL)]),
        np.concatenate([user, len(EMPLOYEES) + rng.integers(0, TECHNICIANS, parent.size)]),
        np.concatenate([lead, follow]),
        np.concatenate([booking, follow]),
        np.concatenate([none, parent]),
    )
    return by_creation(drawn, "parent")


def names_call(jobs: Jobs, outcomes: Outcomes) -> Flags:
    """Return whether each job refers to the call of its lead."""
    named: Flags = (jobs.lead >= 0) & (outcomes.dated_by[jobs.lead] == BY_CALL)
    return named


def _campaigns_at_first_contact(
    rng: np.random.Generator, sizes: Sizes, planted: PlantedTruths, leads: Leads, count: int, on_default: int
) -> Ints:
    """Draw campaigns in proportion to leads, except the default and the best one, which books nearly all at once."""
    weights = np.bincount(leads.campaign, minlength=len(CAMPAIGNS)) * rng.uniform(0.95, 1.05, len(CAMPAIGNS))
    fixed = {DEFAULT_CAMPAIGN: max(round(sizes.jobs * ON_DEFAULT) - on_default, 0)}
    if any(cell.truth == 1 for cell in planted.cells):
        fixed[_campaign_of(1)] = FIRST_CONTACT_JOBS
    if any(cell.truth == 7 for cell in planted.cells):
        fixed[_campaign_of(7)] = 2
    weights[list(fixed)] = 0.0
    parts = shared_out(max(count - sum(fixed.values()), 0), weights)
    for campaign, jobs in fixed.items():
        parts[campaign] = jobs
    return rng.permutation(np.repeat(np.arange(len(CAMPAIGNS)), parts))[:count]


def _calls_alike(rng: np.random.Generator, leads: Leads, count: int) -> Ints:
    """Draw a phone lead for each job booked at first contact, which takes its campaign, business unit and creator.

    So calls of all groups are booked equally often, except for chance. Exponential weights add that chance: a group has
    as many jobs as calls that are booked before its number of leads is not.
    """
    by_phone = np.flatnonzero(leads.clean() & (leads.booking < 0) & (leads.creator < WEBSITE))
    return by_phone[pick(rng, rng.exponential(1.0, by_phone.size), count)]


def _campaign_of(truth: int) -> int:
    return next(cell.campaign for cell in CELLS if cell.truth == truth)
