"""Customers entered more than once, with what differs in the later records."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from stcrm_pandas.sandbox.company.cells import to_json
from stcrm_pandas.sandbox.company.chance import Ints, pick
from stcrm_pandas.sandbox.company.dirt.groups import Groups, Pool
from stcrm_pandas.sandbox.company.dirt.misspellings import OF_FIRM, OF_PERSON, RENAMED, SAME_NAME, typo
from stcrm_pandas.sandbox.company.dirt.sharing import SharedContacts, share_address, share_name
from stcrm_pandas.sandbox.company.drawing.customers import COMMERCIAL, Customers
from stcrm_pandas.sandbox.company.names import LAST
from stcrm_pandas.sandbox.company.people import People

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
    for kind in dict.fromkeys(kind for found in kinds for kind in found):
        differences[kind] = np.sort(np.concatenate([found[kind] for found in kinds if kind in found]))
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
    found: dict[str, Ints] = {}
    for code, (name, _, write) in enumerate(table):
        mine = rows[kind == code]
        if name == RENAMED:
            people.last[mine] = rng.integers(0, len(LAST), mine.size)
        if write is not None:
            for row, first, last in zip(mine.tolist(), *people.name_parts(mine), strict=True):
                names[row] = to_json(write(spell, first, last))
        if name != SAME_NAME:
            found[name] = mine
    return found


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
