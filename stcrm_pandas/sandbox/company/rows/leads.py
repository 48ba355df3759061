"""Rows of leads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stcrm_pandas.sandbox.company import catalogue
from stcrm_pandas.sandbox.company.catalogue import OTHER_REASONS
from stcrm_pandas.sandbox.company.cells import booleans, from_codes, ids_of, numbers, to_json, with_nulls
from stcrm_pandas.sandbox.company.chance import Flags, Ints, pick
from stcrm_pandas.sandbox.company.drawing.outcomes import DISMISSED, OPEN
from stcrm_pandas.sandbox.company.drawing.world import World
from stcrm_pandas.sandbox.company.phones import phone_cells
from stcrm_pandas.sandbox.company.rows.chunks import chunks
from stcrm_pandas.sandbox.company.rows.tags import drawn_tags, tag_lists
from stcrm_pandas.sandbox.company.times import DAY, HOUR
from stcrm_pandas.sandbox.store.columns import JsonColumns

STATUS = ("Open", "Converted", "Dismissed")
PRIORITY = ("Low", "Normal", "High", "Urgent", "Emergency")
UNKNOWN_PRIORITY = 4
SUMMARIES = (
    "Wants a price before anybody comes.",
    "System is 15 years old, asks for an estimate.",
    "Slow drain in the kitchen.",
    "No hot water since this morning.",
    "Compares three offers.",
    "Call back after 5 pm.",
    "Second opinion on a compressor.",
    "Asks about financing & rebates.",
)
NO_FOLLOW_UP, OVERDUE, NO_REASON = 0.22, 0.40, 0.08
BULK_EDITED = 0.05


def modified(world: World, rng: np.random.Generator) -> Ints:
    """Draw times of the last edit: at the outcome or later, and one day of bulk edits."""
    leads, outcomes, as_of = world.leads, world.outcomes, world.seasons.as_of
    touched = rng.random(leads.size) < np.array([0.5, 0.3, 0.1])[outcomes.status]
    later = outcomes.time + HOUR + rng.exponential(8 * DAY, leads.size).astype(np.int64)
    edited = np.where(touched & (later < as_of), later, outcomes.time)
    afternoon = int(world.seasons.utc(np.array([world.seasons.bulk_edit * DAY + 15 * HOUR]))[0])
    able = rng.permutation(np.flatnonzero(edited < afternoon))[: round(leads.size * BULK_EDITED)]
    edited[np.sort(able)] = afternoon + np.arange(able.size) // 40
    return edited


def lead_rows(world: World) -> Iterator[JsonColumns]:
    rng = world.chance.of("lead rows")
    leads, outcomes, customers = world.leads, world.outcomes, world.customers
    size, status = leads.size, outcomes.status
    edited = modified(world, rng)
    reason = np.where(
        leads.not_lead, OTHER_REASONS[0] + rng.integers(0, 3, size), pick(rng, (9, 6, 8, 4, 4, 2, 1), size)
    )
    reason[~leads.not_lead & (rng.random(size) < NO_REASON)] = -1
    follow_up, no_follow_up = _follow_up(world, rng, reason)
    manual = ~outcomes.has_call & (leads.booking < 0) & (leads.creator < catalogue.WEBSITE)
    kind = np.where(rng.random(size) < 0.8, catalogue.job_types(rng, leads.unit), -1)
    unit_hidden = (leads.cell < 0) & (rng.random(size) < 0.03)
    priority = pick(rng, (1, 7, 1.5, 0.5), size)
    if not world.by_the_book:
        priority[rng.permutation(np.flatnonzero(leads.cell < 0))[: 1 + size // 6_000]] = UNKNOWN_PRIORITY
    dismissing = np.where(status == DISMISSED, rng.integers(0, catalogue.DISMISSING_REASON_IDS.size, size), -1)
    tags = drawn_tags(rng, size, none=0.7)
    spelling, summary = rng.integers(0, 4, size), rng.integers(0, len(SUMMARIES) + 3, size)
    no_location = (customers.of_lead < 0) | (rng.random(size) < 0.04)
    location = customers.location.primary[customers.of_lead]
    nameless = (customers.of_lead >= 0) & (leads.creator < catalogue.WEBSITE)

    for part in chunks(size):
        who, unnamed = customers.person_of_lead[part], nameless[part]
        people = customers.people
        yield JsonColumns(
            {
                "id": numbers(world.lead_ids[part]),
                "status": from_codes(STATUS, status[part]),
                "priority": from_codes(PRIORITY, priority[part]),
                "customerId": ids_of(world.customer_ids, customers.of_lead[part]),
                "locationId": numbers(world.location_ids[location[part]], no_location[part]),
                "businessUnitId": numbers(catalogue.BUSINESS_UNIT_IDS[leads.unit[part]], unit_hidden[part]),
                "jobTypeId": ids_of(catalogue.JOB_TYPE_IDS, kind[part]),
                "campaignId": numbers(catalogue.CAMPAIGN_IDS[leads.campaign[part]]),
                "followUpDate": world.times.cells(follow_up[part], no_follow_up[part]),
                "createdById": numbers(catalogue.USER_IDS[leads.creator[part]]),
                "createdOn": world.times.cells(leads.created[part]),
                "modifiedOn": world.times.cells(edited[part]),
                "tagTypeIds": tag_lists(tags[part]),
                "dismissingReasonId": ids_of(catalogue.DISMISSING_REASON_IDS, dismissing[part]),
                "summary": from_codes((*SUMMARIES, "", "", ""), summary[part]),
                "callReasonId": ids_of(catalogue.CALL_REASON_IDS, reason[part]),
                "callId": numbers(world.call_ids_of_leads[part], ~outcomes.has_call[part]),
                "bookingId": ids_of(world.booking_ids, leads.booking[part]),
                "manualCallId": numbers(world.lead_ids[part] * 2 + 1, ~manual[part]),
                "leadUrl": to_json(None),
                "leadCustomerName": with_nulls(people.names(who), unnamed),
                "leadPhone": with_nulls(phone_cells(who, np.zeros_like(who), spelling[part]), unnamed),
                "leadEmail": with_nulls(people.emails(who, np.ones_like(who)), unnamed),
                "leadStreet": with_nulls(people.streets(who), unnamed),
                "leadUnit": with_nulls(people.units(who), unnamed),
                "leadCity": with_nulls(people.cities(who), unnamed),
                "leadState": with_nulls(people.states(who), unnamed),
                "leadZip": with_nulls(people.zips(who), unnamed),
                "leadCountry": from_codes(("USA",), np.zeros_like(who), unnamed),
                "captureSource": from_codes((*[None] * 7, "Website", "Partner", *[None] * 8), leads.creator[part]),
                "active": booleans(~leads.deleted[part]),
            }
        )


def _follow_up(world: World, rng: np.random.Generator, reason: Ints) -> tuple[Ints, Flags]:
    """Draw follow-up dates and which leads have none; many open ones are overdue.

    A lead without a call reason has a date, since the service requires one of the two.
    """
    leads = world.leads
    today = int(world.seasons.days[-1])
    since = world.seasons.local(leads.created) // DAY
    chance = rng.random(leads.size)
    none_of_open = NO_FOLLOW_UP / (1 - NO_REASON)
    past = since + 1 + (rng.random(leads.size) ** 3 * np.maximum(today - 1 - since, 0)).astype(np.int64)
    soon = since + rng.integers(1, 8, leads.size)
    coming = today + rng.integers(1, 22, leads.size)
    still_open = world.outcomes.status == OPEN
    day = np.where(still_open, np.where(chance < none_of_open + OVERDUE, past, coming), soon)
    time = world.seasons.utc(day * DAY + rng.integers(16, 36, leads.size) * (HOUR // 2))
    none = np.where(still_open, chance < none_of_open, chance < 0.45) & (reason >= 0)
    return time, none
