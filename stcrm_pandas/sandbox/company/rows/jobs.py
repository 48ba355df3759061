"""Rows of jobs, with revenue and cancellations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stcrm_pandas.sandbox.company import catalogue
from stcrm_pandas.sandbox.company.catalogue import INSTALL, MARKETPLACE_A
from stcrm_pandas.sandbox.company.cells import (
    amounts,
    booleans,
    from_codes,
    ids_of,
    numbers,
    quoted,
    to_json,
    with_nulls,
)
from stcrm_pandas.sandbox.company.chance import Flags, Floats, Ints, pick
from stcrm_pandas.sandbox.company.drawing.jobs import names_call
from stcrm_pandas.sandbox.company.drawing.world import World
from stcrm_pandas.sandbox.company.ids import Ids
from stcrm_pandas.sandbox.company.ordering import narrow
from stcrm_pandas.sandbox.company.rows.chunks import chunks
from stcrm_pandas.sandbox.company.rows.tags import drawn_tags, tag_lists
from stcrm_pandas.sandbox.company.times import DAY, HOUR
from stcrm_pandas.sandbox.store.columns import JsonColumns, json_objects

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
