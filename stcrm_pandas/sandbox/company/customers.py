"""Customers and locations: when they are created, which leads, bookings and jobs are theirs, and their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from stcrm_pandas.sandbox.company.base import catalogue
from stcrm_pandas.sandbox.company.base.catalogue import RESPELLED, drawn_tags, respelled, tag_lists
from stcrm_pandas.sandbox.company.base.cells import (
    Codes,
    Ids,
    Row,
    amounts,
    booleans,
    chunks,
    from_codes,
    if_else,
    json_cells,
    numbers,
    take,
    to_json,
    with_nulls,
)
from stcrm_pandas.sandbox.company.base.chance import Chance, Flags, Floats, Ints, compact, pick, ranks, some
from stcrm_pandas.sandbox.company.base.design import Sizes, crowded
from stcrm_pandas.sandbox.company.base.people import People
from stcrm_pandas.sandbox.company.base.times import DAY, Seasons
from stcrm_pandas.sandbox.company.base.world import (
    PLANTED,
    Bookings,
    Customers,
    Jobs,
    Leads,
    Locations,
    Outcomes,
    World,
)
from stcrm_pandas.sandbox.store.columns import Cells, JsonColumns, json_objects
from stcrm_pandas.sandbox.store.filling import custom_field_type

INACTIVE, MERGED, COMMERCIAL = 0.09, 0.025, 0.12
OLDEST_DAYS = 8 * 365
ODD = 5


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


# Rows

UPPER, LOWER = 1, 2
"""Names in capitals, and names without any."""
DO_NOT_MAIL, DO_NOT_SERVICE = 0.03, 0.006
ZERO = 0.03
"""Share of the unmerged rows with a `mergedToId` of 0."""
KINDS = ("Residential", "Commercial", "Municipal")
UNKNOWN_KIND = 2
ANSWERS = 3
"""Usual answers to a custom field; as many follow that mean the same."""
FIELDS = (
    (1_501, "Preferred window", ("Morning", "Afternoon", "Any", "morning ", "AFTERNOON", "any")),
    (1_502, "Gate code", ("#1234", "on file", "", "# 1234", "On File", "")),
)
ODD_NAMES = ("Bell & Sons <Office>", '"The" Lake House', "=Park Rental", "Garza, Ines\tand Otto", "Núñez & Second Home")


def customer_rows(world: World) -> Iterator[JsonColumns]:
    rng = world.chance.of("customer rows")
    customers, people = world.customers, world.customers.people
    size = customers.size
    firm = people.firm[customers.person] >= 0
    kind = firm.astype(np.int64)
    missing = MissingValues(rng, world, size)
    if not world.by_the_book:
        kind[some(rng, size, 1 + size // 15_000)] = UNKNOWN_KIND
    edited = _edited(world, rng, customers.created)
    owes: Floats = np.where(rng.random(size) < 0.85, 0.0, rng.lognormal(5.0, 1.0, size) - 60).round(2)
    limit = np.where(firm, rng.integers(1, 20, size) * 500.0, 0.0)
    left: Floats = (limit - np.maximum(owes, 0)).round(2)
    more = rng.random(size)
    mail, service = more < DO_NOT_MAIL, (more > 0.5) & (more < 0.5 + DO_NOT_SERVICE)
    if world.planted.effects:
        mail = rng.random(size) < np.where(firm, DO_NOT_MAIL * 1.6, DO_NOT_MAIL * 0.92)
    exempt, national = rng.random(size) < np.where(firm, 0.2, 0.01), firm & (rng.random(size) < 0.05)
    tags, fields = drawn_tags(rng, size, none=0.65), pick(rng, (18, 1, 1), size)
    answer, data = rng.integers(0, 3, size), rng.random(size) < 0.03
    creator = pick(rng, (3, 3, 3, 1, 1, 1, 2, 2, 1), size)
    odd = odd_customers(world.chance, size).tolist()
    if world.dirty:
        tags, answer = _respelled(world.chance.of("spellings of customers"), tags, answer)
    zero = _zeros(world, "customers not merged", size)

    for part in chunks(size):
        person, own = customers.person[part], np.arange(part.start, part.stop)
        names = _in_case(world.dirt.names.into(people.names(person), own), world.dirt.name_case, own)
        for index, name in zip(odd, ODD_NAMES, strict=True):
            if part.start <= index < part.stop:
                names = if_else(own == index, to_json(name), names)
        yield JsonColumns(
            {
                "id": numbers(world.customer_ids[part]),
                "active": booleans(~customers.inactive[part]),
                "name": names,
                "type": from_codes(KINDS, kind[part], missing.kind[part]),
                "address": addresses(world, person, own, missing, part),
                "customFields": _fields(fields[part], answer[part]),
                "balance": amounts(owes[part]),
                "taxExempt": booleans(exempt[part]),
                "tagTypeIds": tag_lists(tags[part]),
                "doNotMail": booleans(mail[part]),
                "doNotService": booleans(service[part]),
                "nationalAccount": booleans(national[part]),
                "createdOn": world.times.cells(customers.created[part]),
                "createdById": numbers(catalogue.USER_IDS[creator[part]]),
                "modifiedOn": world.times.cells(edited[part]),
                "mergedToId": _merged_into(world.customer_ids, customers.merged_to, zero, part),
                "paymentTermId": from_codes((320,), np.zeros_like(person), ~firm[part]),
                "creditLimit": amounts(limit[part], ~firm[part]),
                "creditLimitBalance": amounts(left[part], ~firm[part]),
                "externalData": _external(world.customer_ids[part], data[part], missing.data[part]),
            }
        )


def location_rows(world: World) -> Iterator[JsonColumns]:
    rng = world.chance.of("location rows")
    customers, locations, people = world.customers, world.customers.location, world.customers.people
    size = locations.created.size
    missing = MissingValues(rng, world, size)
    edited = _edited(world, rng, locations.created)
    first = locations.primary[locations.customer] == np.arange(size)
    gone = customers.inactive[locations.customer]
    survivor = customers.merged_to[locations.customer]
    merged_to = np.where((survivor >= 0) & first, locations.primary[survivor], -1)
    tags, fields = drawn_tags(rng, size, none=0.8), pick(rng, (18, 1, 1), size)
    answer, data = rng.integers(0, 3, size), rng.random(size) < 0.02
    creator = pick(rng, (3, 3, 3, 1, 1, 1, 2, 2, 1), size)
    zone, exempt = rng.integers(0, 9, size), rng.random(size) < 0.02
    taxed = rng.integers(0, 4, size)
    person_of_location = np.where(first, customers.person[locations.customer], locations.person)
    own = np.where(first, locations.customer, -1)
    zero = _zeros(world, "locations not merged", size)
    if world.dirty:
        tags, answer = _respelled(world.chance.of("spellings of locations"), tags, answer)

    for part in chunks(size):
        person = person_of_location[part]
        yield JsonColumns(
            {
                "id": numbers(world.location_ids[part]),
                "customerId": numbers(world.customer_ids[locations.customer[part]]),
                "active": booleans(~gone[part]),
                "name": world.dirt.names.into(people.names(person), own[part]),
                "address": addresses(world, person, own[part], missing, part),
                "customFields": _fields(fields[part], answer[part]),
                "createdOn": world.times.cells(locations.created[part]),
                "createdById": numbers(catalogue.USER_IDS[creator[part]]),
                "modifiedOn": world.times.cells(edited[part]),
                "mergedToId": _merged_into(world.location_ids, merged_to, zero, part),
                "zoneId": numbers(410 + zone[part], zone[part] == 8),
                "taxExempt": booleans(exempt[part]),
                "tagTypeIds": tag_lists(tags[part]),
                "externalData": _external(world.location_ids[part], data[part], missing.data[part]),
                "taxZoneId": numbers(530 + taxed[part], taxed[part] == 3),
            }
        )


class MissingValues:
    """Values that are null although the contract requires them; none by the book."""

    def __init__(self, rng: np.random.Generator, world: World, size: int) -> None:
        def few(share: float) -> Flags:
            return some(rng, size, 0 if world.by_the_book else round(size * share))

        self.street, self.city, self.state, self.zip, self.country = map(few, (0.002, 0.001, 0.001, 0.003, 0.004))
        self.kind, self.data = few(0.003), few(0.005)
        self.unplaced = rng.random(size) < 0.04


def _respelled(rng: np.random.Generator, tags: Ints, answer: Ints) -> tuple[Ints, Ints]:
    """Return tags and answers, some of them in another spelling."""
    return respelled(rng, tags), np.where(rng.random(answer.size) < RESPELLED, answer + ANSWERS, answer)


def _in_case(names: Cells, case: Codes, indexes: Ints) -> Cells:
    """Return names, some of them in capitals or without any."""
    drawn = case.into(np.zeros_like(indexes), indexes)
    names = if_else(drawn == UPPER, pc.utf8_upper(names), names) if (drawn == UPPER).any() else names
    return if_else(drawn == LOWER, pc.utf8_lower(names), names) if (drawn == LOWER).any() else names


def addresses(world: World, person: Ints, own: Ints, missing: MissingValues, part: slice) -> Cells:
    """Return addresses of people, with coordinates; `own` are the customers whose main addresses they are, or -1.

    A street, city or ZIP code that is written badly is not missing.
    """
    people = world.customers.people
    latitude, longitude = people.coordinates(person)
    unplaced = missing.unplaced[part]
    return json_objects(
        {
            "street": world.dirt.streets.into(
                with_nulls(people.streets(person), missing.street[part] & (people.street_form[person] == 0)), own
            ),
            "unit": people.units(person),
            "city": with_nulls(people.cities(person), missing.city[part] & (people.city_form[person] == 0)),
            "state": with_nulls(people.states(person), missing.state[part]),
            "zip": with_nulls(people.zips(person), missing.zip[part] & (people.zip_form[person] == 0)),
            "country": from_codes(("USA",), np.zeros_like(person), missing.country[part]),
            "latitude": with_nulls(latitude, unplaced),
            "longitude": with_nulls(longitude, unplaced),
        }
    )


def _edited(world: World, rng: np.random.Generator, created: Ints) -> Ints:
    """Draw times of the last edit, mostly recent; one in five was never edited."""
    since = np.maximum(world.seasons.as_of - 1 - created, 0)
    moved = (rng.random(created.size) ** 0.6 * since).astype(np.int64)
    return np.where(rng.random(created.size) < 0.2, created, created + moved)


def _zeros(world: World, stream: str, size: int) -> Flags:
    """Draw the rows whose `mergedToId` is 0 instead of null, unless they were merged."""
    return some(world.chance.of(stream), size, 0 if world.by_the_book else round(size * ZERO))


def _merged_into(ids: Ids, merged_to: Ints, zero: Flags, part: slice) -> Cells:
    into = merged_to[part]
    return numbers(np.where(into >= 0, ids[into], 0), (into < 0) & ~zero[part])


def custom_field_rows() -> Iterator[Row]:
    """Yield the types of custom fields, which customers and locations share."""
    return (custom_field_type(type_id, name) for type_id, name, _ in FIELDS)


def _fields(chosen: Ints, answer: Ints) -> Cells:
    """Return custom fields, usually none."""
    filled = [
        [{"typeId": type_id, "name": name, "value": answers[index] or None}]
        for type_id, name, answers in FIELDS
        for index in range(len(answers))
    ]
    return from_codes(([], *filled), np.where(chosen > 0, 1 + (chosen - 1) * len(FIELDS[0][2]) + answer, 0))


def _external(ids: Ints, some_data: Flags, missing: Flags) -> Cells:
    return with_nulls(take(_EXTERNAL, np.where(some_data, ids % 100_000, 100_000)), missing)


_EXTERNAL = json_cells([*([{"key": "crmNumber", "value": f"X{number:05d}"}] for number in range(100_000)), []])
