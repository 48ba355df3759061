"""Rows of notes, on 10% of leads, customers and locations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stcrm_pandas.sandbox.company.base import catalogue
from stcrm_pandas.sandbox.company.base.cells import Ids, booleans, chunks, from_codes, numbers
from stcrm_pandas.sandbox.company.base.chance import Ints, pick, some
from stcrm_pandas.sandbox.company.base.times import DAY
from stcrm_pandas.sandbox.company.base.world import World
from stcrm_pandas.sandbox.store.columns import JsonColumns

NOTED = 0.1
PINNED, EDITED = 0.08, 0.15
OF_LEADS = (
    "Left a voicemail.",
    "Called back, no answer.",
    "Wants two dates to choose from.",
    "Asked for the price by e-mail.",
    "Husband decides, call after 6 pm.",
    "Has an offer from somebody else.",
)
OF_CUSTOMERS = (
    "Prefers texts to calls.",
    "Pays by check.",
    "Asked about a maintenance plan.",
    "Please call the daughter first.",
    "Invoice goes to the office.",
    "Moved here last year.",
)
OF_LOCATIONS = (
    "Gate code at the office.",
    "Dog in the yard.",
    "Shutoff valve behind the water heater.",
    "Park in the alley.",
    "Attic access through the garage.",
    "Tenant on site, owner lives elsewhere.",
)


def lead_note_rows(world: World) -> Iterator[JsonColumns]:
    """Return the notes of leads."""
    yield from _rows(world, "lead notes", "leadId", world.lead_ids, world.leads.created, OF_LEADS)


def customer_note_rows(world: World) -> Iterator[JsonColumns]:
    """Return the notes of customers."""
    born = world.customers.created
    yield from _rows(world, "customer notes", "customerId", world.customer_ids, born, OF_CUSTOMERS)


def location_note_rows(world: World) -> Iterator[JsonColumns]:
    """Return the notes of locations."""
    born = world.customers.location.created
    yield from _rows(world, "location notes", "locationId", world.location_ids, born, OF_LOCATIONS)


def _rows(
    world: World, stream: str, parent: str, ids: Ids, born: Ints, texts: tuple[str, ...]
) -> Iterator[JsonColumns]:
    rng = world.chance.of(stream)
    noted = np.flatnonzero(some(rng, ids.size, round(ids.size * NOTED)))
    index = np.repeat(noted, 1 + pick(rng, (8, 1.5, 0.5), noted.size))
    size, as_of = index.size, world.seasons.as_of
    # Most are written within days of the creation of their row, if those days are over.
    written = born[index] + rng.exponential(5 * DAY, size).astype(np.int64)
    written = np.where(written < as_of, written, np.minimum(born[index] + 1, as_of - 1))
    later = written + rng.exponential(10 * DAY, size).astype(np.int64)
    edited = np.where((rng.random(size) < EDITED) & (later < as_of), later, written)
    user, text = rng.integers(0, len(catalogue.OFFICE), size), rng.integers(0, len(texts), size)
    pinned = rng.random(size) < PINNED
    for part in chunks(size):
        yield JsonColumns(
            {
                "id": numbers(1 + np.arange(part.start, part.stop)),
                "text": from_codes(texts, text[part]),
                "isPinned": booleans(pinned[part]),
                "createdById": numbers(catalogue.USER_IDS[user[part]]),
                "createdOn": world.times.cells(written[part]),
                "modifiedOn": world.times.cells(edited[part]),
                parent: numbers(ids[index[part]]),
                "active": booleans(np.ones(part.stop - part.start, np.bool_)),
            }
        )
