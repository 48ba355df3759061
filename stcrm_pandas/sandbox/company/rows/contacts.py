"""Rows of contacts of customers and locations: phone numbers, e-mail addresses and preferences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.sandbox.company.cells import booleans, from_codes, if_else, numbers, with_nulls
from stcrm_pandas.sandbox.company.chance import Flags, Floats, Ints, some
from stcrm_pandas.sandbox.company.drawing.contacts import EMAIL, TYPES, ContactColumns
from stcrm_pandas.sandbox.company.drawing.world import World
from stcrm_pandas.sandbox.company.ids import Ids
from stcrm_pandas.sandbox.company.ordering import narrow, wide
from stcrm_pandas.sandbox.company.phones import FORMATS, SLOTS, phone_cells
from stcrm_pandas.sandbox.company.rows.chunks import chunks
from stcrm_pandas.sandbox.company.times import NEVER
from stcrm_pandas.sandbox.store.columns import Cells, JsonColumns, json_objects, phone_digits

NO_PREFERENCES, NO_MARKETING = 0.22, 0.09
MEMOS = ("", "cell", "wife", "work", "Owner's daughter", "tenant", "gate code on file", "after 5 pm")


def customer_contact_rows(world: World, contacts: ContactColumns) -> Iterator[JsonColumns]:
    """Yield the contacts of customers."""
    everything = narrow(np.arange(contacts.customer.size))
    yield from _rows(world, contacts, everything, "customerId", contacts.customer, world.customer_contact_ids)


def location_contact_rows(world: World, contacts: ContactColumns) -> Iterator[JsonColumns]:
    """Yield the contacts of locations: usually a copy of the customer's first, sometimes also of the second."""
    rng = world.chance.of("location contacts")
    owner = world.customers.location.customer
    first = np.searchsorted(contacts.customer, owner)
    second = np.minimum(first + 1, contacts.customer.size - 1)
    use_first = rng.random(owner.size) < 0.75
    use_second = (contacts.customer[second] == owner) & (rng.random(owner.size) < 0.4)
    index = np.concatenate([first[use_first], second[use_second]])
    location = np.concatenate([np.flatnonzero(use_first), np.flatnonzero(use_second)])
    order = np.argsort(location, kind="stable")
    yield from _rows(
        world, contacts, narrow(index[order]), "locationId", narrow(location[order]), Ids(400_000_000, 3, order.size)
    )


def _rows(
    world: World, contacts: ContactColumns, indexes: Ints, parent: str, owners: Ints, ids: Ids
) -> Iterator[JsonColumns]:
    """Yield contacts by index, with the indexes of their customers or locations."""
    dirt = world.dirt
    rng = world.chance.of("contacts" if parent == "customerId" else "location contacts").spawn(1)[0]
    size = indexes.size
    kind, customer = contacts.kind[indexes], contacts.customer[indexes]
    born = world.customers.created[customer]
    if parent == "locationId":
        born = world.customers.location.created[owners]
    life = np.maximum(world.seasons.as_of - 1 - born, 0)
    created = born + np.where(rng.random(size) < 0.7, np.minimum(2, life), (rng.random(size) * life).astype(np.int64))
    del born, life  # millions of them
    later = np.where(rng.random(size) < 0.6, 0, (rng.random(size) * (world.seasons.as_of - created)))
    edited, created = narrow(created + later.astype(np.int64)), narrow(created)
    own = narrow(np.arange(size))
    # Ids are not unique across customers: one in three shared numbers keeps its old id.
    foreign = (contacts.whose[indexes] != customer) & (rng.random(size) < 0.35)
    if parent == "customerId":
        first = np.searchsorted(contacts.customer, contacts.whose[indexes])
        old = np.minimum(first + contacts.whose_slot[indexes], size - 1)
        own = narrow(np.where(foreign & (contacts.customer[old] != customer), old, own))
        del first, old
    legacy = some(rng, size, 0 if world.by_the_book else round(size * 0.003))
    preferences = _Preferences.of_records(world, rng, kind, customer)
    if not world.planted.effects:
        preferences = _Preferences.of_numbers(world, contacts, indexes)
    del customer, foreign
    active = rng.random(size) > 0.01
    no_settings = (kind == EMAIL) & (rng.random(size) < (0.0 if world.by_the_book else 0.01))
    no_memo = rng.random(size) < 0.3

    parents = world.customer_ids if parent == "customerId" else world.location_ids
    for part in chunks(size):
        at = indexes[part]
        phone = kind[part] != EMAIL
        no_number, no_address = contacts.blank[at] & phone, contacts.blank[at] & ~phone
        whose, slot = dirt.shared.whose.into(contacts.whose[at], at), dirt.shared.slot.into(contacts.whose_slot[at], at)
        mails = world.customers.people.emails(whose, slot)
        form = dirt.contacts.formats.into(contacts.spelling[at], at)
        value = if_else(phone, phone_cells(whose, slot, form), mails)
        value = if_else(no_number, '"000-000-0000"', if_else(no_address, '"none@none.com"', value))
        number = if_else(phone, phone_cells(whose, slot, 0), '""')
        settings = {
            "phoneNumber": dirt.contacts.digits.into(if_else(no_number, '"0000000000"', number), at),
            "doNotText": booleans(dirt.shared.do_not_text.into(contacts.do_not_text[at], at)),
        }
        columns = {
            "id": numbers(ids[own[part]]),
            "type": from_codes(TYPES, kind[part]),
            "value": dirt.contacts.values.into(value, at),
            "memo": from_codes(MEMOS, contacts.memo[at], no_memo[part]),
            "phoneSettings": with_nulls(json_objects(settings), no_settings[part]),
            "modifiedOn": world.times.cells(edited[part]),
            "createdOn": world.times.cells(np.where(legacy[part], NEVER, wide(created[part]))),
            "preferences": preferences.of(part),
            parent: numbers(parents[owners[part]]),
            "active": booleans(active[part]),
        }
        searches = {}
        if parent == "customerId":
            searches["phone"] = _digits(settings["phoneNumber"], value, phone, phone & (form >= FORMATS))
        yield JsonColumns({name: columns[name] for name in _ORDER[parent]}, searches)


def _digits(numbers: Cells, values: Cells, phone: Flags, unusual: Flags) -> Cells:
    """Return the digits of phone numbers, null for other contacts; of `unusual` values all digits."""
    found = pc.ascii_trim(pc.if_else(pa.array(phone), numbers, None), '"')
    return pc.replace_with_mask(found, pa.array(unusual), phone_digits(values.filter(pa.array(unusual))))


_ORDER = {
    "customerId": (
        "modifiedOn",
        "phoneSettings",
        "createdOn",
        "preferences",
        "id",
        "type",
        "value",
        "memo",
        "customerId",
        "active",
    ),
    "locationId": (
        "id",
        "type",
        "value",
        "memo",
        "phoneSettings",
        "modifiedOn",
        "createdOn",
        "preferences",
        "locationId",
        "active",
    ),
}


@dataclass(frozen=True, slots=True)
class _Preferences:
    """Preferences of each contact, or null."""

    none: Flags
    marketing: Flags
    reminders: Flags
    invoice: Flags
    statement: Flags

    @classmethod
    def _draw(cls, rng: np.random.Generator, no_marketing: Floats) -> Self:
        size = no_marketing.size
        none, marketing = rng.random(size) < NO_PREFERENCES, rng.random(size) >= no_marketing
        return cls(none, marketing, *(rng.random(size) >= off for off in (0.05, 0.04, 0.06)))

    @classmethod
    def of_records(cls, world: World, rng: np.random.Generator, kind: Ints, customer: Ints) -> Self:
        """Draw the preferences of each record; firms and e-mail addresses opt out of marketing more often."""
        firm = world.customers.people.firm[world.customers.person[customer]] >= 0
        off = np.full(kind.size, NO_MARKETING / (1 - NO_PREFERENCES))
        return cls._draw(rng, off * np.where(kind == EMAIL, 1.7, 0.73) * np.where(firm, 1.4, 0.95))

    @classmethod
    def of_numbers(cls, world: World, contacts: ContactColumns, indexes: Ints) -> Self:
        """Draw the preferences of each number and address, alike on all its records and for everybody.

        An opt-out on any record counts, so people with more records, such as firms, would opt out more often.
        """
        shared = world.dirt.shared
        whose = shared.whose.into(contacts.whose[indexes], indexes)
        number = wide(whose) * SLOTS + shared.slot.into(contacts.whose_slot[indexes], indexes)
        rng = world.chance.of("contacts").spawn(2)[1]
        every = cls._draw(rng, np.full(world.customers.size * SLOTS, NO_MARKETING / (1 - NO_PREFERENCES)))
        return cls(*(getattr(every, flag)[number] for flag in cls.__slots__))

    def of(self, part: slice) -> Cells:
        """Return preferences; the legacy flag is the AND of the two flags that replace it."""
        index = 8 * self.reminders[part] + 4 * self.marketing[part] + 2 * self.invoice[part] + self.statement[part]
        return from_codes(_PREFERENCES, index, self.none[part])


_PREFERENCES = tuple(
    {
        "jobRemindersEnabled": reminders,
        "marketingUpdatesEnabled": marketing,
        "invoiceStatementNotification": invoice and statement,
        "invoiceNotification": invoice,
        "statementNotification": statement,
    }
    for reminders, marketing, invoice, statement in product((False, True), repeat=4)
)
