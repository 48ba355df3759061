"""Rows of the newer contacts, keyed by GUID: contacts, their methods, and the preferences of each method."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.sandbox.company.base import catalogue
from stcrm_pandas.sandbox.company.base.cells import (
    booleans,
    chunks,
    from_codes,
    if_else,
    numbers,
    quoted,
    take,
    to_json,
    with_nulls,
)
from stcrm_pandas.sandbox.company.base.chance import Ints, pick
from stcrm_pandas.sandbox.company.base.names import DRAWN_FIRST, FIRST, LAST
from stcrm_pandas.sandbox.company.base.people import NUMBERS, SLOTS, phone_cells
from stcrm_pandas.sandbox.company.base.times import DAY
from stcrm_pandas.sandbox.company.base.world import World
from stcrm_pandas.sandbox.store.columns import Cells, JsonColumns, concatenate

TYPES = ("MobilePhone", "Phone", "Email")
EMAIL = 2
TITLES = ("Owner", "Property Manager", "Tenant", "Accountant", "Facility Manager")
PREFERENCES = ("Marketing", "JobReminders", "Invoices")


@dataclass(frozen=True, slots=True)
class NewerContacts:
    """Contacts and their methods; `contact` is the index of a method's contact."""

    ids: list[str]
    first: Ints
    last: Ints
    created: Ints
    edited: Ints
    method_ids: list[str]
    contact: Ints
    kind: Ints
    method_created: Ints
    seed: int


def draw_newer_contacts(world: World) -> NewerContacts:
    rng = world.chance.of("newer contacts")
    size = max(world.sizes.customers // 14, 20)
    created = world.seasons.as_of - 1 - (rng.random(size) * 400 * DAY).astype(np.int64)
    edited = created + (rng.random(size) ** 2 * (world.seasons.as_of - 1 - created)).astype(np.int64)
    contact = np.repeat(np.arange(size), 1 + pick(rng, (5, 4, 1), size))
    return NewerContacts(
        guids(rng, size),
        rng.integers(0, DRAWN_FIRST, size),
        rng.integers(0, len(LAST), size),
        created,
        edited,
        guids(rng, contact.size),
        contact,
        pick(rng, (0.5, 0.15, 0.35), contact.size),
        np.minimum(created[contact] + rng.integers(0, 3, contact.size), world.seasons.as_of - 1),
        int(rng.integers(0, 2**31)),
    )


def guids(rng: np.random.Generator, size: int) -> list[str]:
    """Return random GUIDs of version 4.

    >>> len(guids(np.random.default_rng(1), 2)[0])
    36
    """
    text = rng.bytes(16 * size).hex()
    parts = (text[index : index + 32] for index in range(0, 32 * size, 32))
    return [f"{t[:8]}-{t[8:12]}-4{t[13:16]}-a{t[17:20]}-{t[20:]}" for t in parts]


def newer_contact_rows(world: World, newer: NewerContacts) -> Iterator[JsonColumns]:
    rng = np.random.default_rng([newer.seed, 1])
    size = len(newer.ids)
    untitled, unreferenced, archived = rng.random(size) < 0.4, rng.random(size) < 0.7, rng.random(size) < 0.05
    user = catalogue.USER_IDS[rng.integers(0, 7, size)]
    nameless, title = rng.random(size) < 0.03, rng.integers(0, len(TITLES), size)
    firsts, lasts = pa.array([f'"{name} ' for name in FIRST]), pa.array([f'{name}"' for name in LAST])
    for part in chunks(size):
        names = concatenate(take(firsts, newer.first[part]), take(lasts, newer.last[part]))
        by = numbers(user[part])
        yield JsonColumns(
            {
                "id": quoted(newer.ids[part]),
                "referenceId": with_nulls(_references("R", part), unreferenced[part]),
                "name": with_nulls(names, nameless[part]),
                "title": from_codes(TITLES, title[part], untitled[part]),
                "isArchived": booleans(archived[part]),
                "createdOn": world.times.cells(newer.created[part]),
                "createdBy": by,
                "modifiedOn": world.times.cells(newer.edited[part]),
                "modifiedBy": by,
            }
        )


def _references(kind: str, part: slice) -> Cells:
    return concatenate(f'"{kind}-', pc.utf8_lpad(numbers(np.arange(part.start, part.stop)), 6, "0"), '"')


def contact_method_rows(world: World, newer: NewerContacts) -> Iterator[JsonColumns]:
    rng = np.random.default_rng([newer.seed, 2])
    size = len(newer.method_ids)
    spelling = rng.integers(0, 4, size)
    user = catalogue.USER_IDS[rng.integers(0, 7, size)]
    edited = np.maximum(newer.method_created, newer.edited[newer.contact])
    unreferenced, memo = rng.random(size) < 0.8, rng.integers(0, 2, size)
    no_memo = rng.random(size) < 0.7
    heads = pa.array([f'"{name.lower()}.'.encode("ascii", "ignore").decode().replace("'", "") for name in LAST])
    for part in chunks(size):
        index, contact = np.arange(part.start, part.stop), newer.contact[part]
        # From the last number down, since numbers of customers go up from the first.
        phones = phone_cells(NUMBERS // SLOTS - 1 - index, np.zeros_like(index), spelling[part])
        mails = concatenate(take(heads, newer.last[contact]), numbers(index), '@example.net"')
        by = numbers(user[part])
        yield JsonColumns(
            {
                "id": quoted(newer.method_ids[part]),
                "contactId": quoted([newer.ids[index] for index in contact.tolist()]),
                "referenceId": with_nulls(_references("M", part), unreferenced[part]),
                "type": from_codes(TYPES, newer.kind[part]),
                "value": if_else(newer.kind[part] == EMAIL, mails, phones),
                "memo": from_codes(("work", "home"), memo[part], no_memo[part]),
                "createdOn": world.times.cells(newer.method_created[part]),
                "createdBy": by,
                "modifiedOn": world.times.cells(edited[part]),
                "modifiedBy": by,
            }
        )


def contact_preference_rows(newer: NewerContacts) -> Iterator[JsonColumns]:
    rng = np.random.default_rng([newer.seed, 3])
    kinds = len(PREFERENCES)
    values = pick(rng, (0.8, 0.12, 0.08), len(newer.method_ids) * kinds)
    for part in chunks(values.size):
        index = np.arange(part.start, part.stop)
        methods = (index // kinds).tolist()
        contacts = newer.contact[index // kinds].tolist()
        yield JsonColumns(
            {
                "contactId": quoted([newer.ids[contact] for contact in contacts]),
                "contactMethodId": quoted([newer.method_ids[method] for method in methods]),
                "name": from_codes(PREFERENCES, index % kinds),
                "dataType": to_json("Bool"),
                "value": from_codes(("true", "false", None), values[part]),
            }
        )
