"""Customers that look like duplicates and are not: households, sold houses, branches, shared buildings and numbers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np

from stcrm_pandas.sandbox.company.base.cells import to_json
from stcrm_pandas.sandbox.company.base.chance import Ints
from stcrm_pandas.sandbox.company.base.names import DRAWN_FIRST, LAST
from stcrm_pandas.sandbox.company.base.people import CITIES
from stcrm_pandas.sandbox.company.base.world import ContactColumns, Customers, Groups
from stcrm_pandas.sandbox.company.contacts import MANAGERS_SLOT
from stcrm_pandas.sandbox.company.duplicates import Pool, SharedContacts, share_address

SPOUSES, PARENTS, SOLD_HOUSES, OWNERS, HOUSEMATES = 600, 80, 600, 120, 120
BLOCKS, OFFICES, CHAINS, MANAGERS = 8, 16, 15, 5
WITHOUT_SUFFIX = 0.25
APARTMENT, SUITE = 1, 4
_SUFFIXES = ("Jr.", "Jr", "II", "III", "jr")


class RelatedCustomers:
    """Draws groups of customers of which no two are the same, with the groups by kind in `kinds`."""

    def __init__(
        self,
        rng: np.random.Generator,
        pool: Pool,
        customers: Customers,
        shared: SharedContacts,
    ) -> None:
        self._rng, self._pool, self._shared = rng, pool, shared
        self._customers, self._people = customers, customers.people
        self._spell = Random(int(rng.integers(2**62)))
        self.names: dict[int, str] = {}
        self.kinds: dict[str, list[Groups]] = {}
        for kind, draw in _DRAWN.items():
            self.kinds[kind] = [draw(self)]
        self._property_managers()

    def _spouses(self) -> Groups:
        people, pairs = self._people, self._pool.pairs(SPOUSES)
        first, second = pairs.first, pairs.others
        share_address(people, first, second)
        people.last[second] = people.last[first]
        alike = second[people.first[second] == people.first[first]]
        people.first[alike] = (people.first[alike] + 1) % DRAWN_FIRST
        self._shared.phones(first, second, 0.4)
        self._shared.mails(first, second, 0.2)
        return pairs

    def _parents(self, per: float, *, suffix: bool) -> Groups:
        people, pairs = self._people, self._pool.pairs(round(per))
        parent, child = pairs.first, pairs.others
        share_address(people, parent, child)
        people.first[child], people.last[child] = people.first[parent], people.last[parent]
        self._shared.phones(parent, child, 0.4)
        if suffix:
            for old, young, first, last in zip(parent.tolist(), child.tolist(), *people.name_parts(child), strict=True):
                self.names[young] = to_json(f"{first} {last} {self._spell.choice(_SUFFIXES)}")
                if self._spell.random() < 0.4:
                    self.names[old] = to_json(f"{first} {last} Sr.")
        return pairs

    def _sold_houses(self) -> Groups:
        pairs = self._pool.pairs(SOLD_HOUSES)
        share_address(self._people, pairs.first, pairs.others)
        self._unlike(pairs)
        return pairs

    def _housemates(self) -> Groups:
        pairs = self._pool.pairs(HOUSEMATES)
        share_address(self._people, pairs.first, pairs.others)
        self._unlike(pairs)
        self._shared.phones(pairs.first, pairs.others, 0.15)
        return pairs

    def _unlike(self, pairs: Groups) -> None:
        """Let the two of a pair have different last names."""
        last, other = self._people.last, pairs.others
        alike = other[last[other] == last[pairs.first]]
        last[alike] = (last[alike] + 1) % len(LAST)

    def _owners_and_firms(self) -> Groups:
        people = self._people
        count = round(OWNERS * self._pool.scale)
        firms = self._pool.take(count, firms=True)
        owners = self._pool.take(firms.size)
        firms = firms[: owners.size]
        people.last[firms] = people.last[owners]
        at_home = self._rng.random(firms.size) < 0.4
        share_address(people, owners[at_home], firms[at_home])
        self._shared.phones(owners, firms, 0.8)
        self._shared.mails(owners, firms, 0.5)
        return Groups(np.column_stack([owners, firms]).ravel(), np.full(firms.size, 2))

    def _apartment_blocks(self) -> Groups:
        blocks = self._pool.groups(self._sizes(BLOCKS, 15, 40))
        share_address(self._people, blocks.before, blocks.others)
        self._units(blocks, 101, APARTMENT)
        return blocks

    def _office_buildings(self) -> Groups:
        offices = self._pool.groups(self._sizes(OFFICES, 4, 12), firms=True)
        share_address(self._people, offices.before, offices.others)
        self._units(offices, 200, SUITE)
        self._shared.phones(offices.before, offices.others, 0.25)
        return offices

    def _chains(self) -> Groups:
        people, chains = self._people, self._pool.groups(self._sizes(CHAINS, 6, 16), firms=True)
        before, others = chains.before, chains.others
        people.last[others], people.firm[others] = people.last[before], people.firm[before]
        self._shared.phones(before, others, 0.25)
        for row, number, owner, trade in zip(others.tolist(), _within(chains), *people.name_parts(others), strict=True):
            form = self._spell.randrange(4)
            if form == 0:
                self.names[row] = to_json(f"{owner} {trade} #{number}")
            elif form == 1:
                self.names[row] = to_json(f"{owner} {trade} - {CITIES[people.city[row]][0]}")
        return chains

    def _sizes(self, per: int, least: int, most: int) -> Ints:
        return self._rng.integers(least, most + 1, round(per * self._pool.scale))

    def _units(self, groups: Groups, lowest: int, form: int) -> None:
        """Give each member of a group a unit of its own, four to a floor."""
        number = np.concatenate([np.arange(size) for size in groups.sizes]) if groups.sizes.size else groups.members
        self._people.unit[groups.members] = lowest + number // 4 * 100 % 700 + number % 4 + number // 28 * 10
        self._people.unit_form[groups.members] = form

    def _property_managers(self) -> None:
        """Give some firms the locations of others, some of whose tenants are customers with the manager's number."""
        location, people = self._customers.location, self._people
        used = np.zeros(location.created.size, np.bool_)
        used[location.primary] = used[location.of_job] = True
        free = self._rng.permutation(np.flatnonzero(~used))
        managed = []
        for manager, size in zip(
            self._pool.take(round(MANAGERS * self._pool.scale), firms=True).tolist(),
            self._sizes(MANAGERS, 15, 50).tolist(),
            strict=False,
        ):
            able = free[location.created[free] > self._customers.created[manager]][:size]
            if able.size < 15:
                continue
            free = np.setdiff1d(free, able, assume_unique=True)
            location.customer[able] = manager
            tenants = self._pool.take(round(0.4 * able.size))
            share_address(people, location.person[able[: tenants.size]], tenants)
            location.person[able[: tenants.size]] = tenants
            self._shared.phones(np.full(tenants.size, manager), tenants, 0.7)
            managed.append(np.array([manager, *tenants]))
        self.kinds["property_manager"] = (
            [Groups(np.concatenate(managed), np.array([part.size for part in managed]))] if managed else []
        )


_DRAWN: dict[str, Callable[[RelatedCustomers], Groups]] = {
    "spouses": RelatedCustomers._spouses,
    "parent_and_child": lambda drawn: drawn._parents(PARENTS * (1 - WITHOUT_SUFFIX), suffix=True),
    "parent_and_child_without_suffix": lambda drawn: drawn._parents(PARENTS * WITHOUT_SUFFIX, suffix=False),
    "sold_house": RelatedCustomers._sold_houses,
    "owner_and_firm": RelatedCustomers._owners_and_firms,
    "housemates": RelatedCustomers._housemates,
    "apartment_block": RelatedCustomers._apartment_blocks,
    "office_building": RelatedCustomers._office_buildings,
    "chain": RelatedCustomers._chains,
}


def _within(groups: Groups) -> list[int]:
    """Return the number of each of the others in its group, from 2."""
    return [number for size in groups.sizes.tolist() for number in range(2, size + 1)]


def sharing_numbers(customers: Customers, contacts: ContactColumns, same: list[Groups]) -> dict[str, list[Groups]]:
    """Return who has the number of somebody else by chance, and who all have the number of one manager."""
    cluster = np.arange(customers.size)
    for groups in same:
        cluster[groups.others] = groups.before
    managed = contacts.whose_slot == MANAGERS_SLOT
    other = (contacts.whose != contacts.customer) & ~managed
    pairs = np.column_stack([contacts.whose, contacts.customer])[other].astype(np.int64)
    pairs = np.unique(np.sort(pairs), axis=0)
    unlike = (customers.merged_to[pairs] < 0).all(axis=1) & (cluster[pairs[:, 0]] != cluster[pairs[:, 1]])
    of_one = contacts.customer[managed].astype(np.int64)
    return {
        "number_of_somebody_else": [Groups(pairs[unlike].ravel(), np.full(int(unlike.sum()), 2))],
        "number_of_one_manager": [Groups(of_one, np.array([of_one.size]))] if of_one.size > 1 else [],
    }
