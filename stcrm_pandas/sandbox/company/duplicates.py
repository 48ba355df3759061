"""Customers entered more than once, with what differs in the later records and what they share."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from stcrm_pandas.sandbox.company.base.cells import Codes, to_json
from stcrm_pandas.sandbox.company.base.chance import Flags, Ints, pick
from stcrm_pandas.sandbox.company.base.names import LAST, OF_FIRM, OF_PERSON, RENAMED, SAME_NAME, typo
from stcrm_pandas.sandbox.company.base.people import People
from stcrm_pandas.sandbox.company.base.world import ContactColumns, Customers, Groups, SharedValues
from stcrm_pandas.sandbox.company.contacts import CONTRADICTED, EMAIL, PHONE
from stcrm_pandas.sandbox.company.customers import COMMERCIAL

PER = 20_000
"""Customers for which the numbers of groups are stated."""


class Pool:
    """Active customers that are in no group yet."""

    def __init__(self, rng: np.random.Generator, customers: Customers, left_out: Ints) -> None:
        able = ~customers.inactive
        able[left_out] = False
        firm = customers.people.firm[: customers.size] >= 0
        self.scale = customers.size / PER
        self._people = rng.permutation(np.flatnonzero(able & ~firm))
        self._firms = rng.permutation(np.flatnonzero(able & firm))

    def pairs(self, per: int, *, firms: bool = False) -> Groups:
        """Take pairs, a number of them per 20,000 customers."""
        return self.groups(np.full(round(per * self.scale), 2), firms=firms)

    def groups(self, sizes: Ints, *, firms: bool = False) -> Groups:
        """Take groups of these sizes, fewer if not enough customers are left."""
        sizes = sizes[np.cumsum(sizes) <= (self._firms if firms else self._people).size]
        members = self.take(int(sizes.sum()), firms=firms)
        group = np.repeat(np.arange(sizes.size), sizes)
        return Groups(members[np.lexsort((members, group))], sizes)

    def take(self, count: int, *, firms: bool = False) -> Ints:
        """Take customers, fewer if not enough are left."""
        if firms:
            taken, self._firms = self._firms[:count], self._firms[count:]
        else:
            taken, self._people = self._people[:count], self._people[count:]
        return taken


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


CLUSTERS = 1_400
COPIES = (0.85, 0.12, 0.03)
"""Shares of those with one, two and three extra records."""
MOVED, NO_UNIT, STREET_TYPO, REFORMATTED = 0.15, 0.3, 0.06, 0.3
SAME_PHONE, SAME_MAIL, PHONE_TYPO = 0.68, 0.6, 0.04
SAME_PHONE_OF_MERGED, MISSPELT_OF_MERGED = 0.6, 0.4


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Groups of customers that are the same, and the later records by what differs in them."""

    groups: list[Groups]
    differences: dict[str, Ints]
    names: dict[int, str]
    """Names by customer, as JSON."""
    streets: dict[int, str]
    mistyped: Ints
    """Contacts whose number should be that of the first record, but has another digit."""


def draw_duplicates(rng: np.random.Generator, pool: Pool, customers: Customers, shared: SharedContacts) -> Duplicates:
    """Make customers the same as others: later records of their name and address, with other spellings."""
    people = customers.people
    spell = Random(int(rng.integers(2**62)))
    copies = 1 + pick(rng, COPIES, round(CLUSTERS * pool.scale))
    firms = round(copies.size * COMMERCIAL)
    groups = [pool.groups(1 + copies[firms:]), pool.groups(1 + copies[:firms], firms=True)]
    before = np.concatenate([part.before for part in groups])
    others = np.concatenate([part.others for part in groups])
    share_name(people, before, others)
    same_phone = shared.phones(before, others, SAME_PHONE)
    same_mail = shared.mails(before, others, SAME_MAIL)
    typo_in_phone = same_phone & (rng.random(others.size) < PHONE_TYPO)
    moved = (rng.random(others.size) < MOVED) & (same_phone & ~typo_in_phone | same_mail)
    share_address(people, before[~moved], others[~moved])

    names: dict[int, str] = {}
    differences = {"moved": others[moved], "other phone": others[~same_phone], "typo in phone": others[typo_in_phone]}
    kinds = [
        _names(rng, spell, people, others[(people.firm[others] >= 0) == firm], names, firm=firm) for firm in (0, 1)
    ]
    for kind in dict.fromkeys(kind for part in kinds for kind in part):
        differences[kind] = np.sort(np.concatenate([part[kind] for part in kinds if kind in part]))
    streets = _streets(rng, spell, people, others[~moved], differences)
    _merged_names(rng, spell, customers, shared, names)
    return Duplicates(
        groups,
        {kind: np.sort(rows) for kind, rows in differences.items()},
        names,
        streets,
        shared.phone[others[typo_in_phone]],
    )


def _names(
    rng: np.random.Generator, spell: Random, people: People, rows: Ints, names: dict[int, str], *, firm: int
) -> dict[str, Ints]:
    """Write the names of these people or firms in other ways, and return who has which kind of difference."""
    table = OF_FIRM if firm else OF_PERSON
    kind = pick(rng, [share for _, share, _ in table], rows.size)
    by_kind: dict[str, Ints] = {}
    for code, (name, _, write) in enumerate(table):
        mine = rows[kind == code]
        if name == RENAMED:
            people.last[mine] = rng.integers(0, len(LAST), mine.size)
        if write is not None:
            for row, first, last in zip(mine.tolist(), *people.name_parts(mine), strict=True):
                names[row] = to_json(write(spell, first, last))
        if name != SAME_NAME:
            by_kind[name] = mine
    return by_kind


def _streets(
    rng: np.random.Generator, spell: Random, people: People, rows: Ints, differences: dict[str, Ints]
) -> dict[int, str]:
    """Write addresses in other ways, and return streets by customer, as JSON."""

    def some(share: float, of: Ints) -> Ints:
        return of[rng.random(of.size) < share]

    no_unit = some(NO_UNIT, rows[people.unit[rows] > 0])
    in_street = some(0.4, no_unit)
    typos = np.setdiff1d(some(STREET_TYPO, rows), in_street)
    streets = {
        row: to_json(f"{street[1:-1]} Apt {unit}")
        for row, street, unit in zip(
            in_street.tolist(), people.streets(in_street).to_pylist(), people.unit[in_street].tolist(), strict=True
        )
    }
    for row, street in zip(typos.tolist(), people.streets(typos).to_pylist(), strict=True):
        streets[row] = to_json(typo(spell, street[1:-1]))
    people.unit[no_unit] = 0
    restyled = some(REFORMATTED, rows)
    people.street_form[restyled] = rng.integers(1, 4, restyled.size)
    people.zip_form[some(REFORMATTED, rows)] = 1
    differences |= {
        "unit missing": np.setdiff1d(no_unit, in_street),
        "unit in street": in_street,
        "typo in street": typos,
        "reformatted street": np.setdiff1d(restyled, list(streets)),
    }
    return streets


def _merged_names(
    rng: np.random.Generator, spell: Random, customers: Customers, shared: SharedContacts, names: dict[int, str]
) -> None:
    """Write names of merged customers in other ways than those of the customers they were merged into."""
    merged = np.flatnonzero(customers.merged_to >= 0)
    shared.phones(customers.merged_to[merged], merged, SAME_PHONE_OF_MERGED)
    misspelt = merged[rng.random(merged.size) < MISSPELT_OF_MERGED]
    survivors = customers.merged_to[misspelt]
    firsts, lasts = customers.people.name_parts(survivors)
    for row, first, last in zip(misspelt.tolist(), firsts, lasts, strict=True):
        names[row] = to_json(f"{first} {typo(spell, last)}")
