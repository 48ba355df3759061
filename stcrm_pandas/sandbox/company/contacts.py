"""Contacts of customers and locations: kinds, whose number each is, which are written badly, and their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.sandbox.company.base.cells import (
    Codes,
    Ids,
    Texts,
    booleans,
    chunks,
    from_codes,
    if_else,
    numbers,
    to_json,
    with_nulls,
)
from stcrm_pandas.sandbox.company.base.chance import (
    Chance,
    Flags,
    Floats,
    Ints,
    compact,
    narrow,
    pick,
    pick_by_row,
    some,
    wide,
)
from stcrm_pandas.sandbox.company.base.design import PlantedTruths
from stcrm_pandas.sandbox.company.base.names import other_digit
from stcrm_pandas.sandbox.company.base.people import (
    ALL_FORMATS,
    FORMATS,
    OWN_SLOT,
    SLOTS,
    People,
    phone_cells,
    ten_digits,
)
from stcrm_pandas.sandbox.company.base.times import NEVER
from stcrm_pandas.sandbox.company.base.world import BadContacts, ContactColumns, Customers, SharedValues, World
from stcrm_pandas.sandbox.store.columns import Cells, JsonColumns, json_objects, phone_digits

TYPES = ("MobilePhone", "Phone", "Email", "Fax")
MOBILE, PHONE, EMAIL, FAX = range(4)
TYPES_BY_SLOT = np.array([[0.70, 0.29, 0.0, 0.01], *([[0.383, 0.142, 0.464, 0.011]] * 3)])
"""Overall: mobile 55%, phone 22%, e-mail 22%, fax 1%."""
PER_CUSTOMER = (0.35, 0.42, 0.21, 0.02)
DO_NOT_TEXT, SHARED, CONTRADICTED = 0.04, 0.03, 0.08
OF_ONE_MANAGER = 40
MANAGERS_SLOT = SLOTS - 1
NO_NUMBER, NO_MAIL = 0.003, 0.005
"""Shares of phone numbers that are 000-000-0000, and of e-mail addresses that are none@none.com."""


def draw_contacts(chance: Chance, planted: PlantedTruths, customers: Customers) -> ContactColumns:
    rng = chance.of("contacts")
    count = 1 + pick(rng, PER_CUSTOMER, customers.size)
    customer = narrow(np.repeat(np.arange(customers.size), count))
    first = np.cumsum(count) - count
    slot = narrow(np.arange(customer.size) - first[customer])
    kind = narrow(pick_by_row(rng, TYPES_BY_SLOT, slot))
    dialled = (kind == MOBILE) | (kind == PHONE)
    share = np.where(kind == MOBILE, 0.046, 0.025) if planted.effects else np.full(kind.size, DO_NOT_TEXT)
    do_not_text = dialled & (rng.random(kind.size) < share)
    spelling = narrow(rng.integers(0, FORMATS, kind.size))
    blank = rng.random(kind.size) < np.where(kind == EMAIL, NO_MAIL, np.where(dialled, NO_NUMBER, 0.0))
    # A number entered as a landline may have a note that it is a mobile phone.
    cell = (kind == PHONE) & (rng.random(kind.size) < 0.4)
    noted = cell & (rng.random(kind.size) < 0.5)
    memo = narrow(np.where(noted, 1, np.where(rng.random(kind.size) < 0.75, 0, rng.integers(2, 8, kind.size))))

    whose, whose_slot = customer.copy(), slot.copy()
    _share(rng, np.flatnonzero(dialled & ~blank), customer, whose, whose_slot, do_not_text)
    able = first[(kind[first] <= PHONE) & ~blank[first]]
    if planted.effects:  # without, the preferences of one number must not be those of many firms
        able = able[customers.people.firm[customers.person[whose[able]]] >= 0]
    _manage(rng, able, whose, whose_slot, do_not_text)
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


def _manage(rng: np.random.Generator, able: Ints, whose: Ints, whose_slot: Ints, do_not_text: Flags) -> None:
    """Give many of these contacts the number of one property manager."""
    chosen = np.sort(rng.permutation(able)[:OF_ONE_MANAGER])
    if chosen.size:
        whose[chosen], whose_slot[chosen], do_not_text[chosen] = whose[chosen[0]], MANAGERS_SLOT, False


# Values that are written badly

WRITTEN_UNUSUALLY = 0.06
_DUMMIES = ("999-999-9999", "111-111-1111", "123-456-7890", "555-555-5555")
_DUMMY_MAILS = ("noemail@noemail.com", "test@test.com", "na@na.com", "no@email.com", "x@x.com")
_TYPO_DOMAINS = ("gmial.com", "gmail.con", "yahooo.com", "hotmial.com")
_MASKS = ("XXX-XXX-", "***-***-", "(xxx) xxx-")


def _dashed(digits: str) -> str:
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


_OWN_NUMBER = _dashed(ten_digits(np.array([0]), np.array([OWN_SLOT]))[0])  # of the first business unit


def _two_numbers(rng: Random, digits: str) -> str:
    return _dashed(digits) + rng.choice((" / ", " or ", ", ")) + _dashed(other_digit(rng, digits))


def _letter_o(_: Random, digits: str) -> str:
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:8]}O{digits[9:]}"


def _two_addresses(rng: Random, mail: str) -> str:
    return f"{mail}{rng.choice(('; ', ', ', ' / '))}office.{mail}"


def _spaced(rng: Random, mail: str) -> str:
    return rng.choice((f" {mail}", f"{mail} ", mail.replace("@", " @ ")))


def _upper_domain(_: Random, mail: str) -> str:
    name, domain = mail.split("@")
    return f"{name}@{domain.upper()}"


Damage = tuple[str, float, Callable[[Random, str], str]]
OF_PHONES: tuple[Damage, ...] = (
    ("phones_dummy", 0.009, lambda rng, _: rng.choice(_DUMMIES)),
    ("phones_own", 0.003, lambda _, __: _OWN_NUMBER),
    ("phones_letter_o", 0.002, _letter_o),
    ("phones_two_numbers", 0.003, _two_numbers),
    ("phones_masked", 0.0015, lambda rng, digits: rng.choice(_MASKS) + digits[6:]),
    ("phones_exponent", 0.002, lambda _, digits: f"{digits[0]}.{digits[1:3]}E+09"),
    ("phones_seven_digits", 0.004, lambda _, digits: f"{digits[3:6]}-{digits[6:]}"),
    ("phones_nine_digits", 0.002, lambda _, digits: f"({digits[:3]}) {digits[3:6]}-{digits[6:9]}"),
    ("phones_eleven_digits", 0.001, lambda rng, digits: f"{digits}{rng.randrange(10)}"),
)
"""Defects of phone numbers: name, share, and the value made of ten digits."""
OF_MAILS: tuple[Damage, ...] = (
    ("emails_dummy", 0.007, lambda rng, _: rng.choice(_DUMMY_MAILS)),
    ("emails_spaces", 0.012, _spaced),
    ("emails_mailto", 0.005, lambda _, mail: f"mailto:{mail}"),
    ("emails_domain_upper", 0.01, _upper_domain),
    ("emails_typo_domain", 0.01, lambda rng, mail: f"{mail.split('@')[0]}@{rng.choice(_TYPO_DOMAINS)}"),
    ("emails_two_addresses", 0.004, _two_addresses),
)


def draw_bad_contacts(
    rng: np.random.Generator, people: People, contacts: ContactColumns, shared: SharedValues, mistyped: Ints
) -> BadContacts:
    """Write values badly, but of shared ones only those `mistyped`, in which one digit differs."""
    spell = Random(int(rng.integers(2**62)))
    able = (contacts.whose == contacts.customer) & ~contacts.blank
    able[shared.contacts] = False
    chance = rng.random(able.size)
    values: dict[int, str] = {}
    digits: dict[int, str] = {}
    defects = {
        "phones_zero": np.flatnonzero(contacts.blank & (contacts.kind != EMAIL)),
        "emails_none": np.flatnonzero(contacts.blank & (contacts.kind == EMAIL)),
    }
    for table, kind in ((OF_PHONES, contacts.kind < EMAIL), (OF_MAILS, contacts.kind == EMAIL)):
        share = sum(share for _, share, _ in table)
        rows = np.flatnonzero(able & kind & (chance < share))
        code = pick(rng, [share for _, share, _ in table], rows.size)
        whose, slot = contacts.whose[rows], contacts.whose_slot[rows]
        usual = (
            ten_digits(whose, slot) if table is OF_PHONES else [m[1:-1] for m in people.emails(whose, slot).to_pylist()]
        )
        for row, defect, text in zip(rows.tolist(), code.tolist(), usual, strict=True):
            value = table[defect][2](spell, text)
            values[row] = to_json(value)
            if table is OF_PHONES:
                digits[row] = to_json("".join(letter for letter in value if letter.isdigit()))
        defects |= {name: rows[code == defect] for defect, (name, *_) in enumerate(table)}
    own = (contacts.kind != EMAIL) & (contacts.whose == contacts.customer) & ~contacts.blank
    for row, number in zip(mistyped.tolist(), ten_digits(*shared.of(mistyped)), strict=True):
        value = other_digit(spell, number)
        values[row], digits[row] = to_json(_dashed(value)), to_json(value)
    unusual = np.setdiff1d(np.flatnonzero(own & (rng.random(own.size) < WRITTEN_UNUSUALLY)), list(values))
    formats = Codes(unusual, rng.integers(FORMATS, ALL_FORMATS, unusual.size))
    defects["phones_format"] = unusual
    named = {name: np.column_stack([contacts.customer[rows], rows]) for name, rows in defects.items()}
    return BadContacts(formats, Texts.of(values), Texts.of(digits), named)


# Rows

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
    digits = pc.ascii_trim(pc.if_else(pa.array(phone), numbers, None), '"')
    return pc.replace_with_mask(digits, pa.array(unusual), phone_digits(values.filter(pa.array(unusual))))


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
