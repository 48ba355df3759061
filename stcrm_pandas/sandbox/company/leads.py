"""Leads: times, campaigns, creators and reasons, then their rows; `outcomes` draws how they end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stcrm_pandas.sandbox.company.base import catalogue
from stcrm_pandas.sandbox.company.base.catalogue import (
    CAMPAIGNS,
    DEFAULT_CAMPAIGN,
    OFFICE,
    OTHER_REASONS,
    PARTNERS,
    SOURCES,
    TRADE,
    UNIT_WEIGHTS,
    WEBSITE,
    drawn_tags,
    tag_lists,
)
from stcrm_pandas.sandbox.company.base.cells import booleans, chunks, from_codes, ids_of, numbers, to_json, with_nulls
from stcrm_pandas.sandbox.company.base.chance import Chance, Flags, Floats, Ints, by_creation, pick, some
from stcrm_pandas.sandbox.company.base.design import MATURE_DAYS, REPEAT_DAYS, PlantedTruths, Sizes
from stcrm_pandas.sandbox.company.base.people import phone_cells
from stcrm_pandas.sandbox.company.base.times import DAY, HOUR, WINDOW_DAYS, Seasons
from stcrm_pandas.sandbox.company.base.world import (
    BORN,
    DISMISSED,
    OPEN,
    ORDINARY,
    PLANTED,
    RECENT,
    REPEAT,
    Bookings,
    Leads,
    World,
)
from stcrm_pandas.sandbox.store.columns import JsonColumns

REPEATS, NOT_LEADS, DELETED = 0.08, 0.09, 0.008
RETIRED = np.array([not active for _, _, active in CAMPAIGNS])


def retired_on(seasons: Seasons) -> Ints:
    """Return the time after which each campaign has no more leads: `as_of` for active ones."""
    index = np.arange(RETIRED.size)
    return np.where(RETIRED, seasons.as_of - (MATURE_DAYS + 10 + index % 12 * 15) * DAY, seasons.as_of)


def draw_leads(chance: Chance, seasons: Seasons, sizes: Sizes, planted: PlantedTruths, bookings: Bookings) -> Leads:
    rng = chance.of("leads")
    repeats = round(sizes.leads * REPEATS)
    born = np.flatnonzero(bookings.became_lead)
    cell, group, not_lead = _planted(planted)
    spare = sizes.leads - repeats - cell.size - born.size
    cell = np.concatenate([cell, np.full(born.size + spare, -1)])
    group = np.concatenate([group, np.full(born.size, BORN), np.full(spare, ORDINARY)])
    size = cell.size

    ordinary = group == ORDINARY
    not_lead = np.concatenate([not_lead, np.zeros(size - not_lead.size, dtype=np.bool_)])
    missing = max(round(sizes.leads * NOT_LEADS) - int(not_lead.sum()), 0)
    not_lead[ordinary] = some(rng, spare, min(missing, spare))
    deleted = np.zeros(size, dtype=np.bool_)
    deleted[ordinary] = some(rng, spare, round(sizes.leads * DELETED))

    booking = np.where(group == BORN, 0, -1)
    booking[group == BORN] = born
    unit = _of_cell([c.unit for c in planted.cells], cell, pick(rng, UNIT_WEIGHTS, size))
    unit[group == BORN] = bookings.unit[born]
    weights = _campaign_weights(chance, planted)
    running = pick(rng, np.where(RETIRED, 0.0, weights), size)
    campaign = np.where(group == RECENT, running, pick(rng, weights, size))
    campaign = _of_cell([c.campaign for c in planted.cells], cell, campaign)
    of_source = np.array([s.campaign for s in SOURCES])[bookings.source[born]]
    campaign[group == BORN] = np.where(bookings.campaign[born] >= 0, bookings.campaign[born], of_source)
    creator = _of_cell([c.creator for c in planted.cells], cell, _creators(rng, planted, group))

    first = np.where(group == RECENT, seasons.as_of - MATURE_DAYS * DAY, seasons.start)
    last = np.where(group == PLANTED, seasons.as_of - MATURE_DAYS * DAY - HOUR, seasons.as_of)
    last = np.minimum(last, retired_on(seasons)[campaign])
    form = creator == WEBSITE
    created = seasons.arrivals(rng, TRADE[unit], web=form | (creator == PARTNERS), form=form, first=first, last=last)
    created[group == BORN] = bookings.decided[born]

    original = _originals(rng, np.flatnonzero(~not_lead & ~deleted), created, seasons, repeats)
    fresh = pick(rng, weights, repeats)
    own = np.isin(campaign[original], list(planted.campaigns)) | (rng.random(repeats) < 0.7)
    again = created[original] + rng.integers(HOUR // 2, REPEAT_DAYS * DAY - DAY, repeats)
    none = np.full(repeats, -1)
    drawn = Leads(
        np.concatenate([created, again]),
        np.concatenate([campaign, np.where(own, campaign[original], fresh)]),
        np.concatenate([unit, unit[original]]),
        np.concatenate([creator, pick(rng, np.ones(5), repeats)]),
        np.concatenate([group, np.full(repeats, REPEAT)]),
        np.concatenate([cell, none]),
        np.concatenate([booking, none]),
        np.concatenate([np.full(size, -1), original]),
        np.concatenate([not_lead, np.zeros(repeats, dtype=np.bool_)]),
        np.concatenate([deleted, np.zeros(repeats, dtype=np.bool_)]),
    )
    return by_creation(drawn, "repeat_of")


def _planted(planted: PlantedTruths) -> tuple[Ints, Ints, Flags]:
    """Return cell, group and non-lead flag of the leads whose numbers are fixed in advance.

    A cell's mature leads are accompanied by recent ones, if its campaign is active, and some of a non-lead reason.
    """
    cells, groups, others = [], [], []
    for index, cell in enumerate(planted.cells):
        runs = cell.campaign < 0 or not RETIRED[cell.campaign]
        recent = round(cell.size * MATURE_DAYS / (WINDOW_DAYS - MATURE_DAYS)) if runs else 0
        noise = round(cell.size * NOT_LEADS / (1 - NOT_LEADS - REPEATS))
        cells += [index] * (cell.size + recent + noise)
        groups += [PLANTED] * cell.size + [RECENT] * recent + [PLANTED] * noise
        others += [False] * (cell.size + recent) + [True] * noise
    return np.array(cells, dtype=np.int64), np.array(groups, dtype=np.int64), np.array(others, dtype=np.bool_)


def _of_cell(wanted: list[int], cell: Ints, drawn: Ints) -> Ints:
    """Return the fixed value of the cell, or else the drawn one."""
    fixed = np.array([*wanted, -1])[cell]
    return np.where(fixed >= 0, fixed, drawn)


def _campaign_weights(chance: Chance, planted: PlantedTruths) -> Floats:
    weights = chance.of("catalogue").uniform(0.7, 1.4, len(CAMPAIGNS)) * np.where(RETIRED, 0.75, 1.0)
    weights[DEFAULT_CAMPAIGN] = weights.sum() * 0.22
    weights[list(planted.campaigns)] = 0.0
    return weights


def _creators(rng: np.random.Generator, planted: PlantedTruths, group: Ints) -> Ints:
    """Draw creators: integrations create 30% of all leads, but none from a booking."""
    free = [index for index in OFFICE if index not in planted.creators]
    office = np.array(free)[rng.integers(0, len(free), group.size)]
    robots = np.where(rng.random(group.size) < 0.6, WEBSITE, PARTNERS)
    able = group != BORN
    share = min(0.30 / (1 - REPEATS) * group.size / max(int(able.sum()), 1), 0.9)
    share *= 1 / (1 - 0.08) if planted.creators else 1.0
    return np.where(able & (rng.random(group.size) < share), robots, office)


def _originals(rng: np.random.Generator, able: Ints, created: Ints, seasons: Seasons, count: int) -> Ints:
    """Draw the leads that are repeated, each once."""
    able = able[created[able] < seasons.as_of - REPEAT_DAYS * DAY]
    return rng.permutation(able)[:count]


# Rows

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
        person, unnamed = customers.person_of_lead[part], nameless[part]
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
                "leadCustomerName": with_nulls(people.names(person), unnamed),
                "leadPhone": with_nulls(phone_cells(person, np.zeros_like(person), spelling[part]), unnamed),
                "leadEmail": with_nulls(people.emails(person, np.ones_like(person)), unnamed),
                "leadStreet": with_nulls(people.streets(person), unnamed),
                "leadUnit": with_nulls(people.units(person), unnamed),
                "leadCity": with_nulls(people.cities(person), unnamed),
                "leadState": with_nulls(people.states(person), unnamed),
                "leadZip": with_nulls(people.zips(person), unnamed),
                "leadCountry": from_codes(("USA",), np.zeros_like(person), unnamed),
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
