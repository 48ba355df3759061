"""Customers that share an address, a phone number or an e-mail address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from stcrm_pandas.sandbox.company.chance import Flags, Ints
from stcrm_pandas.sandbox.company.dirt.sparse import Codes
from stcrm_pandas.sandbox.company.drawing.contacts import CONTRADICTED, EMAIL, PHONE, ContactColumns
from stcrm_pandas.sandbox.company.people import People

_ADDRESS = ("house", "street", "city", "zip", "unit")


def share_address(people: People, owners: Ints, others: Ints) -> None:
    """Give the others the address of the owners."""
    for name in _ADDRESS:
        column = getattr(people, name)
        column[others] = column[owners]


def share_name(people: People, owners: Ints, others: Ints) -> None:
    """Give the others the name of the owners."""
    for column in (people.first, people.last, people.firm):
        column[others] = column[owners]


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


class SharedContacts:
    """The contacts that get the number or e-mail address of another customer."""

    def __init__(self, rng: np.random.Generator, contacts: ContactColumns, size: int) -> None:
        self._rng, self._contacts = rng, contacts
        usable = ~contacts.blank & (contacts.whose == contacts.customer)
        self.phone = _first(contacts, usable & (contacts.kind <= PHONE), size)
        self.mail = _first(contacts, usable & (contacts.kind == EMAIL), size)
        self._pairs: list[tuple[Ints, Ints]] = []

    def phones(self, owners: Ints, others: Ints, share: float) -> Flags:
        """Let a share of the others have the phone number of the owner, and return which."""
        return self._share(self.phone, owners, others, share)

    def mails(self, owners: Ints, others: Ints, share: float) -> Flags:
        """Let a share of the others have the e-mail address of the owner, and return which."""
        return self._share(self.mail, owners, others, share)

    def _share(self, first: Ints, owners: Ints, others: Ints, share: float) -> Flags:
        chosen: Flags = (first[owners] >= 0) & (first[others] >= 0) & (self._rng.random(others.size) < share)
        self._pairs.append((first[others[chosen]], first[owners[chosen]]))
        return chosen

    def values(self) -> SharedValues:
        """Return whose values the contacts have, and their opt-outs from texts: mostly those of the owners."""
        mine, theirs = (np.concatenate(columns) for columns in zip(*self._pairs, strict=True))
        whose, slot = self._contacts.whose[theirs], self._contacts.whose_slot[theirs]
        opted_out = self._contacts.do_not_text[theirs] & (self._rng.random(mine.size) >= CONTRADICTED)
        codes = Codes.of(mine, whose), Codes.of(mine, slot), Codes.of(mine, opted_out)
        return SharedValues(np.union1d(mine, theirs), *codes)


def _first(contacts: ContactColumns, chosen: Flags, size: int) -> Ints:
    """Return the first of the chosen contacts of each customer, or -1."""
    indexes = np.flatnonzero(chosen)
    customers, at = np.unique(contacts.customer[indexes], return_index=True)
    first = np.full(size, -1)
    first[customers] = indexes[at]
    return first
