"""Jobs from leads and bookings, booked at first contact, and second jobs; then rows with revenue and cancellations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stcrm_pandas.sandbox.company.base import catalogue
from stcrm_pandas.sandbox.company.base.catalogue import (
    CAMPAIGNS,
    DEFAULT_CAMPAIGN,
    EMPLOYEES,
    HVAC_INSTALL,
    HVAC_SERVICE,
    INSTALL,
    MARKETPLACE_A,
    SOURCES,
    TECHNICIANS,
    TRADE,
    WEBSITE,
    drawn_tags,
    job_types,
    tag_lists,
)
from stcrm_pandas.sandbox.company.base.cells import (
    Ids,
    amounts,
    booleans,
    chunks,
    from_codes,
    ids_of,
    numbers,
    quoted,
    to_json,
    with_nulls,
)
from stcrm_pandas.sandbox.company.base.chance import Chance, Flags, Floats, Ints, by_creation, narrow, pick, shared_out
from stcrm_pandas.sandbox.company.base.design import CELLS, FIRST_CONTACT_JOBS, PlantedTruths, Sizes
from stcrm_pandas.sandbox.company.base.times import DAY, HOUR, Seasons
from stcrm_pandas.sandbox.company.base.world import (
    BY_BOOKING,
    BY_CALL,
    BY_NOTHING,
    Bookings,
    Jobs,
    Leads,
    Outcomes,
    World,
)
from stcrm_pandas.sandbox.company.bookings import TO_JOB
from stcrm_pandas.sandbox.company.leads import retired_on
from stcrm_pandas.sandbox.store.columns import JsonColumns, json_objects

INSTALLS = 0.03
SECOND = 0.65
"""Share of the installs that are a second job, sold during the first."""
ON_DEFAULT = 0.12
RECREDITED = 0.06
"""Share of the jobs from leads and bookings that are booked on the default campaign."""
FIRST_CONTACT_UNITS = (0.46, 0.04, 0.28, 0.22)


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


# Rows

STATUS = ("Scheduled", "Dispatched", "InProgress", "Hold", "Completed", "Canceled")
COMPLETED, CANCELED = 4, 5
PRIORITY = ("Low", "Normal", "High", "Urgent")
CANCELED_ALIKE, CANCELED_EXISTING, CANCELED_NEW, CANCELED_MARKETPLACE = 0.11, 0.07, 0.165, 0.19
ZERO = 0.18
MEDIAN, SPREAD = 420.0, 0.86
MEDIAN_OF_UNIT = np.array([445.0, 600.0, 415.0, 375.0])
INSTALL_PRICES = 9_000.0, 14_000.0


def _canceled(world: World, rng: np.random.Generator) -> Flags:
    jobs = world.jobs
    chance = np.where(world.customers.new_with_job, CANCELED_NEW, CANCELED_EXISTING)
    booked = jobs.booking >= 0
    chance[booked & (world.bookings.source[jobs.booking] == MARKETPLACE_A)] = CANCELED_MARKETPLACE
    chance[jobs.parent[jobs.parent >= 0]] = 0.0  # something was sold there
    if not world.planted.effects:
        chance[:] = CANCELED_ALIKE
    canceled: Flags = rng.random(jobs.size) < chance
    return canceled


def _totals(world: World, rng: np.random.Generator) -> Floats:
    """Draw totals in dollars; a few installs make up nearly half of the revenue."""
    jobs = world.jobs
    effects = world.planted.effects
    median = MEDIAN_OF_UNIT[jobs.unit] if effects else np.full(jobs.size, MEDIAN)
    usual = np.exp(rng.normal(np.log(median), SPREAD))
    dear = jobs.kind == INSTALL if effects else rng.random(jobs.size) < 0.03
    total = np.where(dear, rng.uniform(*INSTALL_PRICES, jobs.size), usual)
    free = (rng.random(jobs.size) < ZERO) & ~dear
    totals: Floats = np.where(free, 0.0, total).round(2)
    return totals


def job_rows(world: World) -> Iterator[JsonColumns]:
    rng = world.chance.of("job rows")
    jobs, customers, as_of = world.jobs, world.customers, world.seasons.as_of
    size = jobs.size
    canceled, total = _canceled(world, rng), _totals(world, rng)
    done = world.seasons.at_work(rng, world.seasons.local(jobs.created) // DAY + 1 + pick(rng, (5, 3, 2, 1, 1), size))
    young = jobs.created > as_of - 6 * DAY
    waiting = np.where(young & (rng.random(size) < 0.9), pick(rng, (7, 1, 1, 0.5), size), 3)
    completed = ~canceled & (done < as_of) & (rng.random(size) < 0.995)
    status = np.select([canceled, completed], [CANCELED, COMPLETED], waiting)
    status = narrow(status)
    ended = np.where(completed, done, jobs.created + HOUR // 3)
    touched = ended + rng.exponential(2 * DAY, size).astype(np.int64)
    edited = np.where((rng.random(size) < 0.5) & (touched < as_of), touched, np.minimum(ended, as_of - 1))
    edited, ended = narrow(np.maximum(edited, jobs.created)), narrow(ended)
    del done, young, waiting, touched  # millions of each
    total = np.where(canceled, 0.0, total)
    by_lead = names_call(jobs, world.outcomes)
    by_phone = jobs.first_contact & (rng.random(size) < 0.9)
    call = np.where(by_lead, world.call_ids_of_leads[jobs.lead], world.call_ids_of_jobs)
    no_call = ~by_lead & ~by_phone
    del by_lead, by_phone
    tags, priority = drawn_tags(rng, size, none=0.6), narrow(pick(rng, (1, 7, 1.5, 0.5), size))
    visits = narrow(pick(rng, (0, 8, 2, 1), size))
    appointments, invoices = Ids(12_000_000, 4, size), Ids(95_000_000, 2, size)
    technician = narrow(rng.integers(0, catalogue.TECHNICIANS, size))
    sold = completed & (jobs.kind == INSTALL)
    recall = _recalls(world, rng)

    for part in chunks(size):
        ids = world.job_ids[part]
        ones, visit = appointments[part], visits[part]
        parent, seller = jobs.parent[part], catalogue.TECHNICIAN_IDS[technician[part]]
        none, empty = to_json(None), to_json([])
        sold_at = {"jobId": numbers(world.job_ids[parent]), "employeeId": numbers(seller)}
        yield JsonColumns(
            {
                "id": numbers(ids),
                "jobNumber": quoted(numbers(ids - 73_000_000)),
                "projectId": none,
                "customerId": numbers(world.customer_ids[customers.of_job[part]]),
                "locationId": numbers(world.location_ids[customers.location.of_job[part]]),
                "jobStatus": from_codes(STATUS, status[part]),
                "completedOn": world.times.cells(ended[part], ~completed[part]),
                "businessUnitId": numbers(catalogue.BUSINESS_UNIT_IDS[jobs.unit[part]]),
                "jobTypeId": numbers(catalogue.JOB_TYPE_IDS[jobs.kind[part]]),
                "priority": from_codes(PRIORITY, priority[part]),
                "campaignId": numbers(catalogue.CAMPAIGN_IDS[jobs.campaign[part]]),
                "appointmentCount": numbers(visit),
                "firstAppointmentId": numbers(ones),
                "lastAppointmentId": numbers(ones + visit - 1),
                "recallForId": ids_of(world.job_ids, recall[part]),
                "warrantyId": none,
                "jobGeneratedLeadSource": with_nulls(json_objects(sold_at), parent < 0),
                "noCharge": booleans((total[part] == 0) & completed[part]),
                "notificationsEnabled": to_json(True),
                "createdOn": world.times.cells(jobs.created[part]),
                "createdById": numbers(catalogue.USER_IDS[jobs.user[part]]),
                "modifiedOn": world.times.cells(edited[part]),
                "tagTypeIds": tag_lists(tags[part]),
                "leadCallId": numbers(call[part], no_call[part]),
                "partnerLeadCallId": none,
                "bookingId": ids_of(world.booking_ids, jobs.booking[part]),
                "soldById": numbers(seller, ~sold[part]),
                "customerPo": to_json(""),
                "invoiceId": numbers(invoices[part]),
                "membershipId": none,
                "total": amounts(total[part], ~completed[part] & ~canceled[part]),
                "createdFromEstimateId": none,
                "estimateIds": empty,
                "equipmentIds": empty,
                "isAutoDispatched": to_json(False),
                "summary": from_codes(tuple(kind[0] for kind in catalogue.JOB_TYPES), jobs.kind[part]),
                "customFields": empty,
                "externalData": empty,
                "summaryOfWork": none,
            }
        )


def _recalls(world: World, rng: np.random.Generator) -> Ints:
    """Draw recalls: 0.5% of jobs fix an earlier job of the same customer and location."""
    jobs, customers = world.jobs, world.customers
    order = np.lexsort((jobs.created, customers.of_job))
    before = np.full(jobs.size, -1)
    same = customers.of_job[order][1:] == customers.of_job[order][:-1]
    same &= customers.location.of_job[order][1:] == customers.location.of_job[order][:-1]
    before[order[1:][same]] = order[:-1][same]
    free = jobs.first_contact & ~np.isin(jobs.campaign, list(world.planted.campaigns))
    chosen = free & (before >= 0) & (rng.random(jobs.size) < 0.01)
    return narrow(np.where(chosen, before, -1))
