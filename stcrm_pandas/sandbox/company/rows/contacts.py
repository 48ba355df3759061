"""Rows of contacts of customers and locations: phone numbers, e-mail addresses and preferences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.sandbox.company.cells import booleans, from_codes, if_else, numbers, with_nulls
from stcrm_pandas.sandbox.company.chance import Flags, Ints, pick, pick_by_row, some
from stcrm_pandas.sandbox.company.drawing.world import World
from stcrm_pandas.sandbox.company.ids import Ids
from stcrm_pandas.sandbox.company.ordering import compact, narrow
from stcrm_pandas.sandbox.company.people import SLOTS, phone_cells, wide
from stcrm_pandas.sandbox.company.rows.chunks import chunks
from stcrm_pandas.sandbox.company.times import NEVER
from stcrm_pandas.sandbox.store.columns import Cells, JsonColumns, json_objects

TYPES = ("MobilePhone", "Phone", "Email", "Fax")
MOBILE, PHONE, EMAIL, FAX = range(4)
TYPES_BY_SLOT = np.array([[0.70, 0.29, 0.0, 0.01], *([[0.383, 0.142, 0.464, 0.011]] * 3)])
"""Overall: mobile 55%, phone 22%, e-mail 22%, fax 1%."""
PER_CUSTOMER = (0.35, 0.42, 0.21, 0.02)
DO_NOT_TEXT, SHARED, CONTRADICTED = 0.04, 0.03, 0.08
NO_PREFERENCES, NO_MARKETING = 0.22, 0.09
OF_ONE_MANAGER = 40
MANAGERS_SLOT = SLOTS - 1
NO_NUMBER, NO_MAIL = 0.003, 0.005
"""Shares of phone numbers that are 000-000-0000, and of e-mail addresses that are none@none.com."""
MEMOS = ("", "cell", "wife", "work", "Owner's daughter", "tenant", "gate code on file", "after 5 pm")


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


def draw_contacts(world: World) -> ContactColumns:
    rng = world.chance.of("contacts")
    customers = world.customers
    count = 1 + pick(rng, PER_CUSTOMER, customers.size)
    customer = narrow(np.repeat(np.arange(customers.size), count))
    first = np.cumsum(count) - count
    slot = narrow(np.arange(customer.size) - first[customer])
    kind = narrow(pick_by_row(rng, TYPES_BY_SLOT, slot))
    dialled = (kind == MOBILE) | (kind == PHONE)
    share = np.where(kind == MOBILE, 0.046, 0.025) if world.planted.effects else np.full(kind.size, DO_NOT_TEXT)
    do_not_text = dialled & (rng.random(kind.size) < share)
    spelling = narrow(rng.integers(0, 4, kind.size))
    blank = rng.random(kind.size) < np.where(kind == EMAIL, NO_MAIL, np.where(dialled, NO_NUMBER, 0.0))
    # A number entered as a landline may have a note that it is a mobile phone.
    cell = (kind == PHONE) & (rng.random(kind.size) < 0.4)
    noted = cell & (rng.random(kind.size) < 0.5)
    memo = narrow(np.where(noted, 1, np.where(rng.random(kind.size) < 0.75, 0, rng.integers(2, 8, kind.size))))

    whose, whose_slot = customer.copy(), slot.copy()
    _share(rng, np.flatnonzero(dialled & ~blank), customer, whose, whose_slot, do_not_text)
    _manage(rng, world, first[(kind[first] <= PHONE) & ~blank[first]], whose, whose_slot, do_not_text)
    return compact(ContactColumns(customer, slot, kind, whose, whose_slot, do_not_text, spelling, blank, memo))


def _share(
    rng: np.random.Generator, numbers: Ints, customer: Ints, whose: Ints, whose_slot: Ints, do_not_text: Flags
) -> None:
    """Share some numbers with a second customer; for some opt-outs, the second record contradicts the first."""
    order = rng.permutation(numbers)
    pairs = round(numbers.size * SHARED / (1 + SHARED))
    seconds, firsts = order[:pairs], order[pairs:]
    opted_out = firsts[do_not_text[firsts]]
    contradicted = opted_out[: round(opted_out.size * CONTRADICTED)]
    firsts = np.concatenate([contradicted, firsts[~np.isin(firsts, contradicted)]])[:pairs]
    unlike = customer[firsts] != customer[seconds]
    firsts, seconds = firsts[unlike], seconds[unlike]
    whose[seconds], whose_slot[seconds] = whose[firsts], whose_slot[firsts]
    do_not_text[seconds] = do_not_text[firsts] & ~np.isin(firsts, contradicted)


def _manage(
    rng: np.random.Generator, world: World, able: Ints, whose: Ints, whose_slot: Ints, do_not_text: Flags
) -> None:
    """Give many customers the number of one property manager."""
    firms = able[world.customers.people.firm[world.customers.person[whose[able]]] >= 0]
    chosen = np.sort(rng.permutation(firms)[:OF_ONE_MANAGER])
    if chosen.size:
        whose[chosen], whose_slot[chosen], do_not_text[chosen] = whose[chosen[0]], MANAGERS_SLOT, False


def customer_contact_rows(world: World, contacts: ContactColumns) -> Iterator[JsonColumns]:
    """Yield the contacts of customers."""
    everything = narrow(np.arange(contacts.customer.size))
    yield from _rows(world, contacts, everything, "customerId", contacts.customer, 300_000_000)


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
    yield from _rows(world, contacts, narrow(index[order]), "locationId", narrow(location[order]), 400_000_000)


def _rows(
    world: World, contacts: ContactColumns, indexes: Ints, parent: str, owners: Ints, base: int
) -> Iterator[JsonColumns]:
    """Yield contacts by index, with the indexes of their customers or locations."""
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
    ids, own = Ids(base, 3, size), narrow(np.arange(size))
    # Ids are not unique across customers: one in three shared numbers keeps its old id.
    foreign = (contacts.whose[indexes] != customer) & (rng.random(size) < 0.35)
    if parent == "customerId":
        first = np.searchsorted(contacts.customer, contacts.whose[indexes])
        old = np.minimum(first + contacts.whose_slot[indexes], size - 1)
        own = narrow(np.where(foreign & (contacts.customer[old] != customer), old, own))
        del first, old
    legacy = some(rng, size, 0 if world.by_the_book else round(size * 0.003))
    preferences = _Preferences(world, rng, kind, customer)
    del customer, foreign
    active = rng.random(size) > 0.01
    no_settings = (kind == EMAIL) & (rng.random(size) < (0.0 if world.by_the_book else 0.01))
    no_memo = rng.random(size) < 0.3

    parents = world.customer_ids if parent == "customerId" else world.location_ids
    for part in chunks(size):
        at = indexes[part]
        phone = kind[part] != EMAIL
        no_number, no_address = contacts.blank[at] & phone, contacts.blank[at] & ~phone
        whose, slot = contacts.whose[at], contacts.whose_slot[at]
        mails = world.customers.people.emails(contacts.customer[at], contacts.slot[at])
        value = if_else(phone, phone_cells(whose, slot, contacts.spelling[at]), mails)
        value = if_else(no_number, '"000-000-0000"', if_else(no_address, '"none@none.com"', value))
        number = if_else(phone, phone_cells(whose, slot, 0), '""')
        settings = {
            "phoneNumber": if_else(no_number, '"0000000000"', number),
            "doNotText": booleans(contacts.do_not_text[at]),
        }
        columns = {
            "id": numbers(ids[own[part]]),
            "type": from_codes(TYPES, kind[part]),
            "value": value,
            "memo": from_codes(MEMOS, contacts.memo[at], no_memo[part]),
            "phoneSettings": with_nulls(json_objects(settings), no_settings[part]),
            "modifiedOn": world.times.cells(edited[part]),
            "createdOn": world.times.cells(np.where(legacy[part], NEVER, wide(created[part]))),
            "preferences": preferences.of(part),
            parent: numbers(parents[owners[part]]),
            "active": booleans(active[part]),
        }
        searches = {"phone": _digits(settings["phoneNumber"], phone)} if parent == "customerId" else {}
        yield JsonColumns({name: columns[name] for name in _ORDER[parent]}, searches)


def _digits(numbers: Cells, phone: Flags) -> Cells:
    """Return the ten digits of phone numbers, null for other contacts."""
    return pc.ascii_trim(pc.if_else(pa.array(phone), numbers, None), '"')


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


class _Preferences:
    """Preferences of each contact, or null; firms and e-mail addresses opt out of marketing more often."""

    def __init__(self, world: World, rng: np.random.Generator, kind: Ints, customer: Ints) -> None:
        size = kind.size
        self.none = rng.random(size) < NO_PREFERENCES
        off = np.full(size, NO_MARKETING / (1 - NO_PREFERENCES))
        if world.planted.effects:
            firm = world.customers.people.firm[world.customers.person[customer]] >= 0
            off *= np.where(kind == EMAIL, 1.7, 0.73) * np.where(firm, 1.4, 0.95)
        self.marketing = rng.random(size) >= off
        self.reminders = rng.random(size) >= 0.05
        self.invoice = rng.random(size) >= 0.04
        self.statement = rng.random(size) >= 0.06

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
