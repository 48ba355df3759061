"""Groups of customers that belong together, each customer in at most one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stcrm_pandas.sandbox.company.chance import Ints
from stcrm_pandas.sandbox.company.drawing.customers import Customers
from stcrm_pandas.sandbox.company.ids import Ids

PER = 20_000
"""Customers for which the numbers of groups are stated."""


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
