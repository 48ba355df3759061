"""The newer store of contacts, keyed by GUID: contacts, their methods, and the preferences of each method."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stcrm_pandas.sandbox.company import catalogue
from stcrm_pandas.sandbox.company.chance import Ints, pick
from stcrm_pandas.sandbox.company.moments import DAY
from stcrm_pandas.sandbox.company.names import FIRST, LAST
from stcrm_pandas.sandbox.company.people import NUMBERS, SLOTS, digits, spelt
from stcrm_pandas.sandbox.company.rows import Row, holed, rows_of, words
from stcrm_pandas.sandbox.company.world import World

TYPES = ("MobilePhone", "Phone", "Email")
EMAIL = 2
TITLES = ("Owner", "Property Manager", "Tenant", "Accountant", "Facility Manager")
PREFERENCES = ("Marketing", "JobReminders", "Invoices")


@dataclass(frozen=True, slots=True)
class NewerContacts:
    """Contacts and their methods; `contact` is the place of a method's contact."""

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
        rng.integers(0, len(FIRST), size),
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
    """Random GUIDs of version 4.

    Examples
    --------
    >>> len(guids(np.random.default_rng(1), 2)[0])
    36
    """
    text = rng.bytes(16 * size).hex()
    parts = (text[place : place + 32] for place in range(0, 32 * size, 32))
    return [f"{t[:8]}-{t[8:12]}-4{t[13:16]}-a{t[17:20]}-{t[20:]}" for t in parts]


def newer_contact_rows(world: World, newer: NewerContacts) -> Iterator[Row]:
    rng = np.random.default_rng([newer.seed, 1])
    size = len(newer.ids)
    untitled, unreferenced, archived = rng.random(size) < 0.4, rng.random(size) < 0.7, rng.random(size) < 0.05
    user = catalogue.USER_IDS[rng.integers(0, 7, size)]
    names = [f"{FIRST[a]} {LAST[b]}" for a, b in zip(newer.first.tolist(), newer.last.tolist(), strict=True)]
    yield from rows_of(
        {
            "id": newer.ids,
            "referenceId": holed([f"R-{place:06d}" for place in range(size)], unreferenced),
            "name": holed(names, rng.random(size) < 0.03),
            "title": holed(words(TITLES, rng.integers(0, len(TITLES), size)), untitled),
            "isArchived": archived.tolist(),
            "createdOn": world.texts.of(newer.created),
            "createdBy": user.tolist(),
            "modifiedOn": world.texts.of(newer.edited),
            "modifiedBy": user.tolist(),
        }
    )


def contact_method_rows(world: World, newer: NewerContacts) -> Iterator[Row]:
    rng = np.random.default_rng([newer.seed, 2])
    size = len(newer.method_ids)
    # Counted down from the last number, since those of customers go up from the first.
    numbers = spelt(digits(NUMBERS // SLOTS - 1 - np.arange(size), np.zeros(size, np.int64)), rng.integers(0, 4, size))
    mails = [f"{LAST[place].lower()}.{n}@example.net" for n, place in enumerate(newer.last[newer.contact].tolist())]
    mails = [mail.encode("ascii", "ignore").decode().replace("'", "") for mail in mails]
    values = [m if k == EMAIL else n for k, m, n in zip(newer.kind.tolist(), mails, numbers, strict=True)]
    user = catalogue.USER_IDS[rng.integers(0, 7, size)]
    edited = np.maximum(newer.method_created, newer.edited[newer.contact])
    yield from rows_of(
        {
            "id": newer.method_ids,
            "contactId": [newer.ids[place] for place in newer.contact.tolist()],
            "referenceId": holed([f"M-{place:06d}" for place in range(size)], rng.random(size) < 0.8),
            "type": words(TYPES, newer.kind),
            "value": values,
            "memo": holed(words(("work", "home"), rng.integers(0, 2, size)), rng.random(size) < 0.7),
            "createdOn": world.texts.of(newer.method_created),
            "createdBy": user.tolist(),
            "modifiedOn": world.texts.of(edited),
            "modifiedBy": user.tolist(),
        }
    )


def contact_preference_rows(newer: NewerContacts) -> Iterator[Row]:
    rng = np.random.default_rng([newer.seed, 3])
    values = pick(rng, (0.8, 0.12, 0.08), len(newer.method_ids) * len(PREFERENCES)).reshape(-1, len(PREFERENCES))
    for contact, method, chosen in zip(newer.contact.tolist(), newer.method_ids, values.tolist(), strict=True):
        for name, value in zip(PREFERENCES, chosen, strict=True):
            yield {
                "contactId": newer.ids[contact],
                "contactMethodId": method,
                "name": name,
                "dataType": "Bool",
                "value": ("true", "false", None)[value],
            }
