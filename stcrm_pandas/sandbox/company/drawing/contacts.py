"""Draw contacts of customers: their kinds, whose number each is, and who shares it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stcrm_pandas.sandbox.company.chance import Chance, Flags, Ints, pick, pick_by_row
from stcrm_pandas.sandbox.company.drawing.customers import Customers
from stcrm_pandas.sandbox.company.ordering import compact, narrow
from stcrm_pandas.sandbox.company.phones import FORMATS, SLOTS
from stcrm_pandas.sandbox.company.planted import PlantedTruths

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
