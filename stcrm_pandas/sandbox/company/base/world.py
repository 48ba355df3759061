"""The tables of a company as columns of numbers, before they become rows, and the ids of their rows.

Tables refer to each other by index; -1 is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from stcrm_pandas.sandbox.company.base.cells import Codes, Ids, Texts
from stcrm_pandas.sandbox.company.base.chance import (
    Chance,
    Flags,
    Ints,
)
from stcrm_pandas.sandbox.company.base.design import (
    MATURE_DAYS,
    PlantedTruths,
    Sizes,
)
from stcrm_pandas.sandbox.company.base.people import People
from stcrm_pandas.sandbox.company.base.times import DAY, Seasons, TimeFormat


@dataclass(frozen=True, slots=True)
class Bookings:
    """Bookings in order of creation; other columns refer to them by index."""

    created: Ints
    decided: Ints
    """Time of the outcome; of creation for undecided ones."""
    source: Ints
    unit: Ints
    campaign: Ints
    """-1 without a campaign."""
    outcome: Ints
    became_lead: Flags
    twin_of: Ints
    """The earlier booking of the same person, or -1."""

    @property
    def size(self) -> int:
        return self.created.size


# Groups of leads: planted, recent (of a planted cell, but not mature), from a booking, ordinary, repeat.
PLANTED, RECENT, BORN, ORDINARY, REPEAT = range(5)


@dataclass(frozen=True, slots=True)
class Leads:
    """Leads in order of creation; other columns refer to them by index."""

    created: Ints
    campaign: Ints
    unit: Ints
    creator: Ints
    group: Ints
    cell: Ints
    """Index of its planted cell, or -1."""
    booking: Ints
    """The booking that became this lead, or -1."""
    repeat_of: Ints
    """The earlier lead of the same customer, less than 14 days before, or -1."""
    not_lead: Flags
    deleted: Flags

    @property
    def size(self) -> int:
        return self.created.size

    def clean(self) -> Flags:
        """Return which leads are not deleted, of a non-lead reason or repeats."""
        return ~self.deleted & ~self.not_lead & (self.repeat_of < 0)

    def mature(self, as_of: int) -> Flags:
        """Return which leads are old enough to have their final outcome."""
        return self.created <= as_of - MATURE_DAYS * DAY


# Outcomes of leads, and what dates a conversion: nothing, a booking, a call, or only the customer's jobs.
OPEN, CONVERTED, DISMISSED = range(3)
BY_NOTHING, BY_BOOKING, BY_CALL, BY_JOBS = range(4)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcome of each lead at `as_of`, its time (of creation while open), and what dates it."""

    status: Ints
    time: Ints
    dated_by: Ints
    has_call: Flags
    has_customer: Flags


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs in order of creation; other columns refer to them by index."""

    created: Ints
    unit: Ints
    campaign: Ints
    kind: Ints
    """Index of the job type."""
    user: Ints
    """Index of the user who booked it."""
    lead: Ints
    """The lead that led to it, or -1; the row may not refer to it."""
    booking: Ints
    """The booking that it refers to, or -1."""
    parent: Ints
    """The job during which it was sold, or -1."""

    @property
    def size(self) -> int:
        return self.created.size

    @property
    def first_contact(self) -> Flags:
        """Whether each job was booked at first contact, without a lead, booking or job before it."""
        return (self.lead < 0) & (self.booking < 0) & (self.parent < 0)


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers in order of creation, and whose each row is; -1 is no customer."""

    created: Ints
    merged_to: Ints
    inactive: Flags
    of_lead: Ints
    of_job: Ints
    new_with_job: Flags
    """By job: whether its customer is new with it."""
    person: Ints
    """By customer: the index in `People`; for a merged one, that of the customer it was merged into."""
    person_of_lead: Ints
    person_of_booking: Ints
    location: Locations
    people: People

    @property
    def size(self) -> int:
        return self.created.size


@dataclass(frozen=True, slots=True)
class Locations:
    """Locations in order of creation."""

    created: Ints
    customer: Ints
    person: Ints
    """The index in `People` of the address."""
    primary: Ints
    """By customer: its first location."""
    of_job: Ints


@dataclass(frozen=True, slots=True)
class ContactColumns:
    """Contacts in order of customer; `whose` and `whose_slot` identify a phone number by its first owner."""

    customer: Ints
    slot: Ints
    kind: Ints
    whose: Ints
    whose_slot: Ints
    do_not_text: Flags
    spelling: Ints
    blank: Flags
    memo: Ints


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups one after the other, with the members of each in order of creation."""

    members: Ints
    sizes: Ints

    @property
    def starts(self) -> Ints:
        starts: Ints = np.cumsum(self.sizes) - self.sizes
        return starts

    @property
    def first(self) -> Ints:
        """The first member of each group."""
        return self.members[self.starts]

    @property
    def others(self) -> Ints:
        """All members but the first of each group."""
        return np.delete(self.members, self.starts)

    @property
    def before(self) -> Ints:
        """The first member of the group of each of the others."""
        return np.repeat(self.first, self.sizes - 1)

    def ids(self, ids: Ids) -> list[list[int]]:
        """Return the ids of each group."""
        return [part.tolist() for part in np.split(ids[self.members], self.starts[1:])] if self.sizes.size else []


@dataclass(frozen=True, slots=True)
class SharedValues:
    """Contacts that share a value, and by contact what replaces whose it is, in which slot, and its opt-out."""

    contacts: Ints
    whose: Codes
    slot: Codes
    do_not_text: Codes

    @classmethod
    def none(cls) -> Self:
        return cls(np.zeros(0, np.int64), Codes.none(), Codes.none(), Codes.none())

    def of(self, contacts: Ints) -> tuple[Ints, Ints]:
        """Return whose value these contacts share, and its slot."""
        nobody = np.full(contacts.size, -1)
        return self.whose.into(nobody, contacts), self.slot.into(nobody, contacts)


@dataclass(frozen=True, slots=True)
class BadContacts:
    """What is written badly, by contact."""

    formats: Codes
    """Formats of phone numbers."""
    values: Texts
    digits: Texts
    """The digits of the values that are phone numbers."""
    defects: dict[str, Ints]
    """Customer and index of the contacts with each defect, as two columns."""


@dataclass(frozen=True, slots=True)
class Dirt:
    """What replaces names, streets and contacts when they become rows. People are changed in place."""

    names: Texts
    name_case: Codes
    streets: Texts
    shared: SharedValues
    contacts: BadContacts
    duplicates: list[Groups]
    differences: dict[str, Ints]
    traps: dict[str, list[Groups]]
    defects: dict[str, Ints]
    couples: Ints
    tags: dict[str, Any]

    @classmethod
    def none(cls) -> Dirt:
        codes, texts = Codes.none(), Texts.of({})
        contacts = BadContacts(codes, texts, texts, {})
        return cls(texts, codes, texts, SharedValues.none(), contacts, [], {}, {}, {}, codes.rows, {})


BEYOND_FLOAT = 9_007_199_254_741_036
"""Above this (a multiple of seven), floats cannot represent all whole numbers."""


@dataclass(frozen=True)
class World:
    """A company, drawn but not yet in rows."""

    chance: Chance
    seasons: Seasons
    sizes: Sizes
    planted: PlantedTruths
    by_the_book: bool
    bookings: Bookings
    leads: Leads
    outcomes: Outcomes
    jobs: Jobs
    customers: Customers
    dirty: bool
    dirt: Dirt

    @cached_property
    def times(self) -> TimeFormat:
        return TimeFormat(by_the_book=self.by_the_book)

    @property
    def lead_ids(self) -> Ids:
        return Ids(51_000_211, 3, self.leads.size)

    @property
    def booking_ids(self) -> Ids:
        return Ids(62_000_017, 5, self.bookings.size)

    @property
    def job_ids(self) -> Ids:
        return Ids(73_000_101, 9, self.jobs.size)

    @property
    def customer_ids(self) -> Ids:
        return Ids(2_000_003, 4, self.customers.size)

    @property
    def location_ids(self) -> Ids:
        return Ids(8_000_009, 6, self.customers.location.created.size)

    @property
    def customer_contact_ids(self) -> Ids:
        return Ids(300_000_000, 3, 0)

    @cached_property
    def call_ids_of_leads(self) -> Ints:
        return self._call_ids(self.leads.created, 0)

    @cached_property
    def call_ids_of_jobs(self) -> Ints:
        """The ids of calls of jobs booked at first contact: never those of leads."""
        return self._call_ids(self.jobs.created, 3)

    def _call_ids(self, times: Ints, remainder: int) -> Ints:
        """Return call ids; those of the second year are too large for a float."""
        large = (times > self.seasons.start + 365 * 86_400) & (not self.by_the_book)
        return np.where(large, BEYOND_FLOAT, 3_500_000_007 // 7 * 7) + 7 * np.arange(times.size) + remainder
