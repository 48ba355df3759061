"""Rows of customers and locations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from stcrm_pandas.sandbox.company import catalogue
from stcrm_pandas.sandbox.company.chance import Flags, Ints, pick, some
from stcrm_pandas.sandbox.company.rows import Row, chunks, holed, ids_of, lists, rows_of, words
from stcrm_pandas.sandbox.company.tags import drawn_tags, tag_lists
from stcrm_pandas.sandbox.company.world import World

DO_NOT_MAIL, DO_NOT_SERVICE = 0.03, 0.006
SHOUTED = 0.04
"""Share of the names in capitals."""
ZERO = 0.03
"""Share of the rows whose `mergedToId` is 0 where they were not merged."""
KINDS = ("Residential", "Commercial", "Municipal")
UNKNOWN_KIND = 2
FIELDS = ((1_501, "Preferred window", ("Morning", "Afternoon", "Any")), (1_502, "Gate code", ("#1234", "on file", "")))
ODD_NAMES = ("Bell & Sons <Office>", '"The" Lake House', "=Park Rental", "Garza, Ines\tand Otto", "Núñez & Second Home")


def customer_rows(world: World) -> Iterator[Row]:
    rng = world.chance.of("customer rows")
    customers, people = world.customers, world.customers.people
    size = customers.size
    firm = people.firm[customers.person] >= 0
    kind = firm.astype(np.int64)
    holes = Holes(rng, world, size)
    if not world.by_the_book:
        kind[some(rng, size, 1 + size // 15_000)] = UNKNOWN_KIND
    edited = _edited(world, rng, customers.created)
    owes = np.round(np.where(rng.random(size) < 0.85, 0.0, rng.lognormal(5.0, 1.0, size) - 60), 2)
    limit = np.where(firm, rng.integers(1, 20, size) * 500.0, 0.0)
    more = rng.random(size)
    mail, service = more < DO_NOT_MAIL, (more > 0.5) & (more < 0.5 + DO_NOT_SERVICE)
    if world.plan.effects:
        mail = rng.random(size) < np.where(firm, DO_NOT_MAIL * 1.6, DO_NOT_MAIL * 0.92)
    exempt, national = rng.random(size) < np.where(firm, 0.2, 0.01), firm & (rng.random(size) < 0.05)
    tags, fields = drawn_tags(rng, size, none=0.65), pick(rng, (18, 1, 1), size)
    answer, data = rng.integers(0, 3, size), rng.random(size) < 0.03
    creator = pick(rng, (3, 3, 3, 1, 1, 1, 2, 2, 1), size)
    shouted = rng.random(size) < SHOUTED
    odd = rng.permutation(size)[: len(ODD_NAMES)].tolist()
    zero = _zeros(world, "customers not merged", size)

    for part in chunks(size):
        who, here = customers.person[part], customers.created[part].size
        names = [
            name.upper() if loud else name for name, loud in zip(people.names(who), shouted[part].tolist(), strict=True)
        ]
        for place, name in zip(odd, ODD_NAMES, strict=True):
            if part.start <= place < part.stop:
                names[place - part.start] = name
        ids = world.customer_ids[part].tolist()
        yield from rows_of(
            {
                "id": ids,
                "active": (~customers.inactive[part]).tolist(),
                "name": names,
                "type": holed(words(KINDS, kind[part]), holes.kind[part]),
                "address": addresses(world, who, holes, part),
                "customFields": _fields(fields[part], answer[part]),
                "balance": owes[part].tolist(),
                "taxExempt": exempt[part].tolist(),
                "tagTypeIds": tag_lists(tags[part]),
                "doNotMail": mail[part].tolist(),
                "doNotService": service[part].tolist(),
                "nationalAccount": national[part].tolist(),
                "createdOn": world.texts.of(customers.created[part]),
                "createdById": catalogue.USER_IDS[creator[part]].tolist(),
                "modifiedOn": world.texts.of(edited[part]),
                "mergedToId": _merged_into(world.customer_ids, customers.merged_to, zero, part),
                "paymentTermId": holed([320] * here, ~firm[part]),
                "creditLimit": holed(limit[part].tolist(), ~firm[part]),
                "creditLimitBalance": holed((limit - np.maximum(owes, 0))[part].round(2).tolist(), ~firm[part]),
                "externalData": _external(ids, data[part], holes.data[part]),
            }
        )


def location_rows(world: World) -> Iterator[Row]:
    rng = world.chance.of("location rows")
    customers, locations, people = world.customers, world.customers.location, world.customers.people
    size = locations.created.size
    holes = Holes(rng, world, size)
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
    person = np.where(first, customers.person[locations.customer], locations.person)
    zero = _zeros(world, "locations not merged", size)

    for part in chunks(size):
        who = person[part]
        ids = world.location_ids[part].tolist()
        yield from rows_of(
            {
                "id": ids,
                "customerId": world.customer_ids[locations.customer[part]].tolist(),
                "active": (~gone[part]).tolist(),
                "name": people.names(who),
                "address": addresses(world, who, holes, part),
                "customFields": _fields(fields[part], answer[part]),
                "createdOn": world.texts.of(locations.created[part]),
                "createdById": catalogue.USER_IDS[creator[part]].tolist(),
                "modifiedOn": world.texts.of(edited[part]),
                "mergedToId": _merged_into(world.location_ids, merged_to, zero, part),
                "zoneId": holed((410 + zone[part]).tolist(), zone[part] == 8),
                "taxExempt": exempt[part].tolist(),
                "tagTypeIds": tag_lists(tags[part]),
                "externalData": _external(ids, data[part], holes.data[part]),
                "taxZoneId": holed((530 + taxed[part]).tolist(), taxed[part] == 3),
            }
        )


class Holes:
    """Where null stands though the contract promises a value: nowhere by the book."""

    def __init__(self, rng: np.random.Generator, world: World, size: int) -> None:
        def few(share: float) -> Flags:
            return some(rng, size, 0 if world.by_the_book else round(size * share))

        self.street, self.city, self.state, self.zip, self.country = map(few, (0.002, 0.001, 0.001, 0.003, 0.004))
        self.kind, self.data = few(0.003), few(0.005)
        self.unplaced = rng.random(size) < 0.04


def addresses(world: World, who: Ints, holes: Holes, part: slice) -> list[Row]:
    """Addresses with coordinates, of people by number."""
    people = world.customers.people
    latitude, longitude = people.places(who)
    unplaced = holes.unplaced[part]
    return list(
        rows_of(
            {
                "street": holed(list(people.streets(who)), holes.street[part]),
                "unit": people.units(who),
                "city": holed(list(people.cities(who)), holes.city[part]),
                "state": holed(list(people.states(who)), holes.state[part]),
                "zip": holed(list(people.zips(who)), holes.zip[part]),
                "country": holed(["USA"] * who.size, holes.country[part]),
                "latitude": holed(list(latitude), unplaced),
                "longitude": holed(list(longitude), unplaced),
            }
        )
    )


def _edited(world: World, rng: np.random.Generator, created: Ints) -> Ints:
    """Rather lately; for one in five never since it was made."""
    since = np.maximum(world.seasons.as_of - 1 - created, 0)
    moved = (rng.random(created.size) ** 0.6 * since).astype(np.int64)
    return np.where(rng.random(created.size) < 0.2, created, created + moved)


def _zeros(world: World, stream: str, size: int) -> Flags:
    """Rows whose `mergedToId` is 0 instead of null, if they were not merged."""
    return some(world.chance.of(stream), size, 0 if world.by_the_book else round(size * ZERO))


def _merged_into(ids: Ints, merged_to: Ints, zero: Flags, part: slice) -> list[int | None]:
    into = ids_of(ids, merged_to[part])
    for place in np.flatnonzero(zero[part] & (merged_to[part] < 0)).tolist():
        into[place] = 0
    return into


def _fields(chosen: Ints, answer: Ints) -> list[list[dict[str, Any]]]:
    fields = lists(chosen.size)
    for place in np.flatnonzero(chosen).tolist():
        type_id, name, answers = FIELDS[int(chosen[place]) - 1]
        fields[place].append({"typeId": type_id, "name": name, "value": answers[int(answer[place])] or None})
    return fields


def _external(ids: list[int], some_data: Flags, missing: Flags) -> list[Any]:
    data = lists(len(ids))
    for place in np.flatnonzero(some_data).tolist():
        data[place].append({"key": "crmNumber", "value": f"X{ids[place] % 100_000:05d}"})
    return holed(data, missing)
