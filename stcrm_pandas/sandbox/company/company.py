"""A whole company: its tables, and the truth about it."""

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
from stcrm_pandas.sandbox.company.drawing.world import World
from stcrm_pandas.sandbox.company.rows.bookings import booking_contact_rows, booking_rows
from stcrm_pandas.sandbox.company.rows.catalogue import CATALOGUE, COMPANY
from stcrm_pandas.sandbox.company.rows.chunks import Row
from stcrm_pandas.sandbox.company.rows.contacts import customer_contact_rows, draw_contacts, location_contact_rows
from stcrm_pandas.sandbox.company.rows.customers import custom_field_rows, customer_rows, location_rows
from stcrm_pandas.sandbox.company.rows.jobs import job_rows
from stcrm_pandas.sandbox.company.rows.leads import lead_rows
from stcrm_pandas.sandbox.company.rows.newer_contacts import (
    contact_method_rows,
    contact_preference_rows,
    draw_newer_contacts,
    newer_contact_rows,
)
from stcrm_pandas.sandbox.company.rows.notes import customer_note_rows, lead_note_rows, location_note_rows
from stcrm_pandas.sandbox.company.seasons import TIME_ZONE
from stcrm_pandas.sandbox.company.sizes import Sizes
from stcrm_pandas.sandbox.company.truths import truth_of
from stcrm_pandas.sandbox.store.columns import JsonColumns


@dataclass(frozen=True)
class Company:
    """A made-up company that sells home services.

    The same arguments to `make_company` give the same rows to the byte.
    """

    name: str
    time_zone: str
    _world: World = field(repr=False)

    def tables(self) -> Iterator[tuple[str, Iterable[Row]]]:
        """Each table's name and rows, which are made while they are read, so take one table after the other.

        A row is a dict under the contract's names, ready to be written as JSON: times are text in UTC, amounts
        are floats in dollars. Rows of leads, bookings and contacts also carry `active`, and rows of contacts their
        parents.
        """
        for name, many in self.json_tables():
            yield name, chain.from_iterable(rows.rows() if isinstance(rows, JsonColumns) else (rows,) for rows in many)

    def json_tables(self) -> Iterator[tuple[str, Iterable[Row | JsonColumns]]]:
        """The same tables as they are written: of large ones, thousands of rows at once."""
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
        contacts = draw_contacts(world)
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
        """How many rows all tables have together, to within some percent."""
        return self._world.sizes.rows

    @cached_property
    def truth(self) -> dict[str, Any]:
        """What an analysis of this company should find, ready to be written as JSON.

        `planted` has one entry per planted truth: its number, kind, the ids it is about, the numbers planted.
        `left_out` says which are missing, and why. `definitions` says what is counted; `events` what happened when.
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
) -> Company:
    """Make a company as it stands at `as_of` (aware), with the 24 months before it.

    `leads` scales everything; `customers` (3.5 for each lead unless given) sets how many there are, and with them
    bookings and jobs. `by_the_book` leaves out whatever the contract does not allow. `effects=False` draws outcome,
    speed, cancellation, revenue and preferences alike for everything.

    Raises `UsageError` for a naive `as_of`, and for less than 100 leads or customers.

    Examples
    --------
    >>> company = make_company(leads=300, as_of=dt.datetime(2026, 7, 1, tzinfo=dt.UTC))
    >>> sum(1 for _ in dict(company.tables())["leads"])
    300
    """
    if as_of.tzinfo is None:
        raise UsageError("as_of needs a time zone, as in datetime(2026, 7, 1, tzinfo=UTC).")
    sizes = Sizes.of(leads, customers)
    world = World.draw(sizes, seed=seed, as_of=int(as_of.timestamp()), by_the_book=by_the_book, effects=effects)
    _return_memory()
    return Company(COMPANY, TIME_ZONE, world)


def _return_memory() -> None:
    """Give the system back what the C library keeps of freed arrays, where it can: half of it, of a large company."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
        if trim is not None:
            trim(0)
