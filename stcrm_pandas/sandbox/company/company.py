"""The demo company: its tables, and the truth about it."""

from __future__ import annotations

import ctypes
import datetime as dt
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox.company.base.cells import Row
from stcrm_pandas.sandbox.company.base.chance import Chance, compact
from stcrm_pandas.sandbox.company.base.design import PlantedTruths, Sizes
from stcrm_pandas.sandbox.company.base.times import TIME_ZONE, Seasons
from stcrm_pandas.sandbox.company.base.world import Dirt, World
from stcrm_pandas.sandbox.company.bookings import booking_contact_rows, booking_rows, draw_bookings
from stcrm_pandas.sandbox.company.contacts import customer_contact_rows, draw_contacts, location_contact_rows
from stcrm_pandas.sandbox.company.customers import (
    custom_field_rows,
    customer_rows,
    draw_customers,
    location_rows,
    odd_customers,
)
from stcrm_pandas.sandbox.company.dirt import draw_dirt
from stcrm_pandas.sandbox.company.jobs import draw_jobs, job_rows
from stcrm_pandas.sandbox.company.leads import draw_leads, lead_rows
from stcrm_pandas.sandbox.company.newer_contacts import (
    contact_method_rows,
    contact_preference_rows,
    draw_newer_contacts,
    newer_contact_rows,
)
from stcrm_pandas.sandbox.company.notes import customer_note_rows, lead_note_rows, location_note_rows
from stcrm_pandas.sandbox.company.outcomes import draw_outcomes
from stcrm_pandas.sandbox.company.reference import CATALOGUE, COMPANY
from stcrm_pandas.sandbox.company.truths import truth_of
from stcrm_pandas.sandbox.store.columns import JsonColumns


@dataclass(frozen=True)
class Company:
    """A demo company that sells home services.

    The same arguments to `make_company` create the same rows, byte for byte.
    """

    name: str
    time_zone: str
    _world: World = field(repr=False)

    def tables(self) -> Iterator[tuple[str, Iterable[Row]]]:
        """Yield the name and rows of each table; read one table after the other, since rows are created while read.

        A row is a dict by the API's names, ready for JSON: times are text in UTC, amounts are dollars. Rows of leads,
        bookings and contacts also have `active`, and contacts the id of their parent.
        """
        for name, many in self.json_tables():
            yield name, chain.from_iterable(rows.rows() if isinstance(rows, JsonColumns) else (rows,) for rows in many)

    def json_tables(self) -> Iterator[tuple[str, Iterable[Row | JsonColumns]]]:
        """Yield the same tables, the large ones as columns of thousands of rows at once."""
        world = self._world
        for name, make in CATALOGUE.items():
            yield name, make(world)
        yield "customers", customer_rows(world)
        yield "locations", location_rows(world)
        for name in ("customer_custom_field_types", "location_custom_field_types"):
            yield name, custom_field_rows()
        yield "leads", lead_rows(world)
        yield "bookings", booking_rows(world)
        yield "booking_contacts", booking_contact_rows(world)
        yield "jobs", job_rows(world)
        contacts = draw_contacts(world.chance, world.planted, world.customers)
        yield "customer_contacts", customer_contact_rows(world, contacts)
        yield "location_contacts", location_contact_rows(world, contacts)
        newer = draw_newer_contacts(world)
        yield "lead_notes", lead_note_rows(world)
        yield "customer_notes", customer_note_rows(world)
        yield "location_notes", location_note_rows(world)
        yield "contacts", newer_contact_rows(world, newer)
        yield "contact_methods", contact_method_rows(world, newer)
        yield "contact_preferences", contact_preference_rows(newer)

    @property
    def expected_rows(self) -> int:
        """The approximate number of rows in all tables."""
        return self._world.sizes.rows

    @cached_property
    def truth(self) -> dict[str, Any]:
        """What an analysis of this company should find, ready for JSON.

        `planted` has an entry for each planted truth: its number, kind, ids, and planted numbers. `left_out` lists the
        missing ones with reasons, `definitions` what is counted, and `events` what happened when.
        """
        return truth_of(self._world)


def make_company(
    *,
    leads: int = 12_000,
    customers: int | None = None,
    seed: int = 1,
    as_of: dt.datetime,
    by_the_book: bool = False,
    effects: bool = True,
    dirt: bool = True,
) -> Company:
    """Create the company as of an aware time, with the 24 months before it, or raise UsageError.

    `leads` scales everything; `customers` (3.5 per lead by default) also scales bookings and jobs. `by_the_book` omits
    what the contract does not allow. `effects=False` gives outcomes, speed, cancellations, revenue and preferences the
    same chances everywhere. `dirt=False` omits duplicates, related customers and values that are written badly.

    Examples
    --------
    >>> company = make_company(leads=300, as_of=dt.datetime(2026, 7, 1, tzinfo=dt.UTC))
    >>> sum(1 for _ in dict(company.tables())["leads"])
    300
    """
    if as_of.tzinfo is None:
        raise UsageError("as_of needs a time zone, as in datetime(2026, 7, 1, tzinfo=UTC).")
    sizes = Sizes.of(leads, customers)
    world = draw_world(
        sizes, seed=seed, as_of=int(as_of.timestamp()), by_the_book=by_the_book, effects=effects, dirty=dirt
    )
    _return_memory()
    return Company(COMPANY, TIME_ZONE, world)


def draw_world(sizes: Sizes, *, seed: int, as_of: int, by_the_book: bool, effects: bool, dirty: bool) -> World:
    """Draw everything; the order of the draws is part of each company."""
    chance, seasons, planted = Chance(seed), Seasons(as_of), PlantedTruths.of(sizes, effects=effects)
    bookings = draw_bookings(chance, seasons, sizes, planted)
    leads = draw_leads(chance, seasons, sizes, planted, bookings)
    outcomes = draw_outcomes(chance, seasons, sizes, planted, leads, bookings)
    jobs = compact(draw_jobs(chance, seasons, sizes, planted, bookings, leads, outcomes))
    customers = compact(draw_customers(chance, seasons, sizes, bookings, leads, outcomes, jobs))
    bookings, leads = compact(bookings), compact(leads)
    dirt = Dirt.none()
    if dirty:
        contacts = draw_contacts(chance, planted, customers)
        dirt = draw_dirt(chance, customers, contacts, odd_customers(chance, customers.size))
    return World(chance, seasons, sizes, planted, by_the_book, bookings, leads, outcomes, jobs, customers, dirty, dirt)


def _return_memory() -> None:
    """Return freed memory to the system, where the C library can: half of the memory of a large company."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
        if trim is not None:
            trim(0)
