"""Bookings and their contacts: times, sources and outcomes, then their rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stcrm_pandas.sandbox.company.base import catalogue
from stcrm_pandas.sandbox.company.base.catalogue import (
    MARKETPLACE_A,
    MARKETPLACE_B,
    SOURCES,
    TRADE,
    UNIT_WEIGHTS,
    VOICE_AGENT,
    WEB_FORM,
)
from stcrm_pandas.sandbox.company.base.cells import (
    booleans,
    chunks,
    from_codes,
    ids_of,
    if_else,
    numbers,
    to_json,
    with_nulls,
)
from stcrm_pandas.sandbox.company.base.chance import Chance, Flags, Ints, by_creation, pick, shared_out, some
from stcrm_pandas.sandbox.company.base.design import LEADS_OF_DISMISSED, LEADS_OF_VOICE_DISMISSED, PlantedTruths, Sizes
from stcrm_pandas.sandbox.company.base.people import phone_cells
from stcrm_pandas.sandbox.company.base.times import DAY, HOUR, NEVER, Seasons
from stcrm_pandas.sandbox.company.base.world import Bookings, World
from stcrm_pandas.sandbox.store.columns import JsonColumns, concatenate, json_objects

UNDECIDED, TO_JOB, DISMISSED = range(3)
TWINS = 0.03
"""Share of the bookings that are the second request of a person, through another source."""
BOOKED_ALIKE = 0.33
"""Without effects, the share of bookings that lead to a job, directly or through a lead: that of other web leads."""


def draw_bookings(chance: Chance, seasons: Seasons, sizes: Sizes, planted: PlantedTruths) -> Bookings:
    rng = chance.of("bookings")
    size = sizes.bookings
    source = rng.permutation(np.repeat(np.arange(len(SOURCES)), shared_out(size, [s.share for s in SOURCES])))
    unit = pick(rng, UNIT_WEIGHTS, size)
    always = np.ones(size, dtype=np.bool_)
    first, last = np.full(size, seasons.start), np.full(size, seasons.as_of)
    created = seasons.arrivals(rng, TRADE[unit], web=always, form=source == WEB_FORM, first=first, last=last)
    outcome = _outcomes(rng, source, effects=planted.effects)
    wait = np.minimum(np.exp(rng.normal(np.log(3 * HOUR), 1.3, size)), 6 * DAY).astype(np.int64) + 20

    twin_of = _twins(rng, seasons, source, created, outcome)
    again = created[twin_of] + rng.integers(HOUR, 7 * DAY, size)
    twin_of[(source == WEB_FORM) & seasons.broken(again)] = -1
    created = np.where(twin_of >= 0, again, created)

    late = created + wait >= seasons.as_of
    outcome[late] = UNDECIDED
    decided = np.where(outcome == UNDECIDED, created, created + wait)
    became_lead = _became_lead(rng, source, outcome == DISMISSED, twin_of < 0, sizes, planted)
    campaign = np.where(rng.random(size) < 0.92, np.array([s.campaign for s in SOURCES])[source], -1)

    drawn = Bookings(created, decided, source, unit, campaign, outcome, became_lead, twin_of)
    return by_creation(drawn, "twin_of")


def _outcomes(rng: np.random.Generator, source: Ints, *, effects: bool) -> Ints:
    shares = np.array([(100 - s.to_job - s.dismissed, s.to_job, s.dismissed) for s in SOURCES])
    if not effects:
        undecided, _, dismissed = np.array([s.share for s in SOURCES]) @ shares / sum(s.share for s in SOURCES) / 100
        to_job = BOOKED_ALIKE * (1 - dismissed * LEADS_OF_DISMISSED)
        return pick(rng, (undecided, to_job, 1 - undecided - to_job), source.size)
    outcome = np.zeros(source.size, dtype=np.int64)
    for index, row in enumerate(shares):
        mine = np.flatnonzero(source == index)
        outcome[mine] = rng.permutation(np.repeat(np.arange(3), shared_out(mine.size, row)))
    return outcome


def _twins(rng: np.random.Generator, seasons: Seasons, source: Ints, created: Ints, outcome: Ints) -> Ints:
    """Return the earlier booking of the same person, or -1; a second request is never the one that is booked."""
    twin_of = np.full(source.size, -1)
    indexes = rng.permutation(source.size)
    firsts = indexes[created[indexes] < seasons.as_of - 9 * DAY]
    seconds = indexes[outcome[indexes] != TO_JOB][: round(source.size * TWINS)]
    firsts = firsts[~np.isin(firsts, seconds)][: seconds.size]
    seconds = seconds[: firsts.size]
    unlike = source[firsts] != source[seconds]
    twin_of[seconds[unlike]] = firsts[unlike]
    return twin_of


def _became_lead(
    rng: np.random.Generator, source: Ints, dismissed: Flags, able: Flags, sizes: Sizes, planted: PlantedTruths
) -> Flags:
    """Draw exact shares of the dismissed, from those that are able."""
    count = dismissed.sum()
    if not planted.effects:  # more are dismissed, but as many leads come of them
        count = round(source.size * sum(s.share * s.dismissed for s in SOURCES) / 10_000)
    total = min(round(count * LEADS_OF_DISMISSED), sizes.leads // 5)
    flags = np.zeros(source.size, dtype=np.bool_)
    voice = source == VOICE_AGENT
    shares = [(np.ones_like(voice), total)]
    if planted.holds(6):
        mine = round((dismissed & voice).sum() * LEADS_OF_VOICE_DISMISSED)
        shares = [(voice, mine), (~voice, max(total - mine, 0))]
    for group, count in shares:
        indexes = np.flatnonzero(group & dismissed & able)
        flags[indexes] = some(rng, indexes.size, count)
    return flags


# Rows

STATUS = ("New", "Accepted", "Converted", "Dismissed")
KINDS = ("Residential", "Commercial", "PropertyManager")
UNKNOWN_KIND = 2
PRIORITY = ("Low", "Normal", "High", "Urgent")
SUMMARIES = (
    "Please call before you come.",
    "Air conditioner blows warm air.",
    "Water under the sink.",
    "Yearly maintenance.",
    "Furnace makes a noise.",
    "Toilet runs all the time.",
)
WRONGLY_FIRST = 0.15
ODD_START = 0.04


def booking_rows(world: World) -> Iterator[JsonColumns]:
    rng = world.chance.of("booking rows")
    bookings, people = world.bookings, world.customers.people
    size, as_of = bookings.size, world.seasons.as_of
    job = np.full(size, -1)
    led = np.flatnonzero((world.jobs.booking >= 0) & (bookings.outcome[world.jobs.booking] == TO_JOB))
    job[world.jobs.booking[led]] = led
    fresh = bookings.created > as_of - 3 * DAY
    accepted = ~fresh & (rng.random(size) < 0.6)
    status = np.select([bookings.outcome == TO_JOB, bookings.outcome == DISMISSED, accepted], [2, 3, 1], 0)
    dismissing = np.where(status == 3, rng.integers(0, catalogue.DISMISSING_REASON_IDS.size, size), -1)
    deleted = (status != 2) & ~bookings.became_lead & (rng.random(size) < 0.015)
    first_time = _is_new(world, job) ^ (rng.random(size) < WRONGLY_FIRST)
    unknown_first_time = rng.random(size) < 0.02
    start = _starts(world, rng)
    respelled = world.seasons.local(bookings.created) // DAY >= world.seasons.respelling
    respelled &= rng.random(size) < 0.93
    names = tuple(s.name for s in SOURCES) + tuple(s.respelled for s in SOURCES)
    provider = catalogue.PROVIDER_IDS[bookings.source]
    kind = np.where(people.firm[world.customers.person_of_booking] >= 0, 1, 0)
    if not world.by_the_book:
        kind[some(rng, size, 1 + size // 6_000)] = UNKNOWN_KIND
    unknown_kind, no_address = rng.random(size) < 0.05, rng.random(size) < 0.01
    bare = some(rng, size, 0 if world.by_the_book else round(size * 0.004))
    job_type = np.where(rng.random(size) < 0.7, catalogue.job_types(rng, bookings.unit), -1)
    unit = np.where(rng.random(size) < 0.85, bookings.unit, -1)
    priority, summary = pick(rng, (1, 7, 1.5, 0.5), size), rng.integers(0, len(SUMMARIES), size)
    pictures, confirm = rng.random(size) < 0.06, rng.random(size) < 0.8

    for part in chunks(size):
        person, ids = world.customers.person_of_booking[part], numbers(world.booking_ids[part])
        address = {
            "street": people.streets(person),
            "unit": people.units(person),
            "city": people.cities(person),
            "state": people.states(person),
            "zip": with_nulls(people.zips(person), bare[part]),
            "country": to_json("USA"),
        }
        yield JsonColumns(
            {
                "id": ids,
                "source": from_codes(names, bookings.source[part] + respelled[part] * len(SOURCES)),
                "createdOn": world.times.cells(bookings.created[part]),
                "name": people.names(person),
                "address": with_nulls(json_objects(address), no_address[part]),
                "customerType": from_codes(KINDS, kind[part], unknown_kind[part]),
                "start": world.times.cells(start[part]),
                "campaignId": ids_of(catalogue.CAMPAIGN_IDS, bookings.campaign[part]),
                "businessUnitId": ids_of(catalogue.BUSINESS_UNIT_IDS, unit[part]),
                "isFirstTimeClient": booleans(first_time[part], unknown_first_time[part]),
                "uploadedImages": with_nulls(
                    concatenate('["https://images.example.com/', ids, '.jpg"]'), ~pictures[part]
                ),
                "isSendConfirmationEmail": booleans(confirm[part]),
                "status": from_codes(STATUS, status[part]),
                "dismissingReasonId": ids_of(catalogue.DISMISSING_REASON_IDS, dismissing[part]),
                "jobId": ids_of(world.job_ids, job[part]),
                "externalId": concatenate('"', numbers(provider[part]), "-", ids, '"'),
                "priority": from_codes(PRIORITY, priority[part]),
                "jobTypeId": ids_of(catalogue.JOB_TYPE_IDS, job_type[part]),
                "bookingProviderId": numbers(provider[part]),
                "modifiedOn": world.times.cells(bookings.decided[part]),
                "summary": from_codes(SUMMARIES, summary[part]),
                "active": booleans(~deleted[part]),
            }
        )


def _is_new(world: World, job: Ints) -> Flags:
    """Return whether the person was not a customer before; people without a job usually were not."""
    customers, bookings = world.customers, world.bookings
    person = customers.person_of_booking
    known = person < customers.size
    created = customers.created[np.where(known, person, 0)]
    return ~known | (created > bookings.created - HOUR) | ((job >= 0) & customers.new_with_job[job])


def _starts(world: World, rng: np.random.Generator) -> Ints:
    """Draw requested times within the next days; for some never, or before the booking."""
    created = world.bookings.created
    day = world.seasons.local(created) // DAY + rng.integers(1, 8, created.size)
    start = world.seasons.utc(day * DAY + rng.integers(8, 18, created.size) * HOUR)
    if not world.by_the_book:
        odd = rng.permutation(created.size)[: round(created.size * ODD_START)]
        never, before = odd[::2], odd[1::2]
        start[never] = NEVER
        start[before] = created[before] - rng.integers(1, 30, before.size) * DAY
    return start


def booking_contact_rows(world: World) -> Iterator[JsonColumns]:
    """Yield a phone number and an e-mail address for each booking."""
    rng = world.chance.of("booking contacts")
    bookings, people = world.bookings, world.customers.people
    size = bookings.size
    mobile, spelling, memo = rng.random(size) < 0.75, rng.integers(0, 4, size), rng.integers(0, 12, size)
    active = rng.random((size, 2)) > 0.01
    active[:, 0] |= ~active[:, 1]  # an address may be missing, so that a contact has to be there
    no_mail = np.isin(bookings.source, (MARKETPLACE_A, MARKETPLACE_B)) & (rng.random(size) < 0.1)
    for part in chunks(size):
        # Both contacts of each booking in turn; one without a value is omitted.
        twice = np.repeat(np.arange(part.start, part.stop), 2)
        second = np.tile([False, True], part.stop - part.start)
        kept = ~(second & no_mail[twice])
        index, is_mail = twice[kept], second[kept]
        person = world.customers.person_of_booking[index]
        phones = phone_cells(person, np.zeros_like(person), spelling[index])
        yield JsonColumns(
            {
                "bookingProviderId": numbers(catalogue.PROVIDER_IDS[bookings.source[index]]),
                "bookingId": numbers(world.booking_ids[index]),
                "id": numbers(81_000_000 + 2 * index + is_mail),
                "type": from_codes(("Phone", "MobilePhone", "Email"), np.where(is_mail, 2, mobile[index])),
                "value": if_else(is_mail, people.emails(person, np.ones_like(person)), phones),
                "memo": from_codes(("evenings", "work", *[""] * 10), memo[index]),
                "modifiedOn": world.times.cells(bookings.created[index]),
                "active": booleans(active[index, is_mail.astype(np.int64)]),
            }
        )
