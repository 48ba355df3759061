"""All that is wrong with the company's records, above all names and addresses that are written badly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

import numpy as np

from stcrm_pandas.sandbox.company.base import catalogue
from stcrm_pandas.sandbox.company.base.cells import Codes, Texts, to_json
from stcrm_pandas.sandbox.company.base.chance import Chance, Ints
from stcrm_pandas.sandbox.company.base.names import DRAWN_FIRST, FIRST
from stcrm_pandas.sandbox.company.base.people import CITY_FORMS, NO_HYPHEN, STREET_FORMS, People
from stcrm_pandas.sandbox.company.base.world import ContactColumns, Customers, Dirt
from stcrm_pandas.sandbox.company.contacts import draw_bad_contacts
from stcrm_pandas.sandbox.company.customers import LOWER, UPPER
from stcrm_pandas.sandbox.company.duplicates import Pool, SharedContacts, draw_duplicates
from stcrm_pandas.sandbox.company.related import RelatedCustomers, sharing_numbers

SPANISH = 0.04
NAMES_UPPER, NAMES_LOWER, NAMES_SPACES, COUPLES = 0.04, 0.01, 0.005, 0.005
STREETS, CITIES, ZIPS = 0.08, 0.03, 0.004
_STREETS_BY_FORM = {
    1: "streets_long_suffix",
    2: "streets_dotted",
    3: "streets_spaces",
    4: "streets_upper",
    5: "streets_lower",
}
_CITIES_BY_FORM = {1: "cities_upper", 2: "cities_lower", 3: "cities_variant", 4: "cities_misspelled"}


@dataclass(frozen=True, slots=True)
class BadRecords:
    """What is written badly, by customer."""

    name_case: Codes
    """1 for names in capitals, 2 for names without any."""
    names: dict[int, str]
    couples: Ints
    """Customers named after two people, which is not a defect."""


def draw_first_names(rng: np.random.Generator, people: People) -> None:
    """Give some people a Spanish first name that has a nickname."""
    rows = np.flatnonzero(rng.random(people.first.size) < SPANISH)
    people.first[rows] = rng.integers(DRAWN_FIRST, len(FIRST), rows.size)


def draw_bad_records(
    rng: np.random.Generator, pool: Pool, customers: Customers, odd: Ints, taken: Iterable[int]
) -> BadRecords:
    """Write names and addresses badly; names of customers `taken` only in another case, and of `odd` ones not."""
    people, size = customers.people, customers.size
    spell = Random(int(rng.integers(2**62)))

    def some(share: float) -> Ints:
        return np.flatnonzero(rng.random(size) < share)

    couples = np.sort(pool.take(round(COUPLES * size)))
    cases = np.setdiff1d(some(NAMES_UPPER + NAMES_LOWER), [*couples, *odd])
    case = np.where(rng.random(cases.size) < NAMES_UPPER / (NAMES_UPPER + NAMES_LOWER), UPPER, LOWER)
    names = {
        row: to_json(f"{FIRST[partner]} & {first} {last}")
        for row, partner, first, last in zip(
            couples.tolist(),
            rng.integers(0, DRAWN_FIRST, couples.size).tolist(),
            *people.name_parts(couples),
            strict=True,
        )
    }
    spaced = np.setdiff1d(some(NAMES_SPACES), [*taken, *odd, *names, *cases])
    for row, first, last in zip(spaced.tolist(), *people.name_parts(customers.person[spaced]), strict=True):
        names[row] = to_json(spell.choice((" {} {}", "{} {} ", "{}  {}")).format(first, last))
    for column, share, most in ((people.street_form, STREETS, STREET_FORMS), (people.city_form, CITIES, CITY_FORMS)):
        rows = some(share)
        column[rows] = rng.integers(1, most, rows.size)
    people.zip_form[some(ZIPS)] = NO_HYPHEN
    return BadRecords(Codes(cases, case), names, couples)


def defects_of(customers: Customers, bad: BadRecords, names: dict[int, str], streets: Iterable[int]) -> dict[str, Ints]:
    """Return the customers with each defect; those with a street of their own in `streets` have it as usual."""
    people, person = customers.people, customers.person
    street, city = people.street_form[person].copy(), people.city_form[person]
    street[list(streets)] = 0
    case = bad.name_case
    return {
        "names_upper": case.rows[case.values == UPPER],
        "names_lower": case.rows[case.values == LOWER],
        "names_spaces": np.array(
            sorted(row for row, name in names.items() if name != f'"{" ".join(name[1:-1].split())}"')
        ),
        **{name: np.flatnonzero(street == form) for form, name in _STREETS_BY_FORM.items()},
        **{name: np.flatnonzero(city == form) for form, name in _CITIES_BY_FORM.items()},
        "zips_no_hyphen": np.flatnonzero(people.zip_form[person] == NO_HYPHEN),
    }


DEFINITIONS = {
    "duplicates": "groups of customers that are the same person or firm, merged ones left out, oldest record first",
    "differences": "the later records of duplicates, by what differs from the first one",
    "traps": "groups of customers that look alike, of which no two are the same, by kind",
    "tombstones": "customers that were merged, each with the one it was merged into",
    "defects": "values that are written badly, by kind: customers, or pairs of customer and contact; those of a "
    "customer are also in its main location, those of a contact in copies of it",
    "not_defects": "values that only look like defects",
}


def id_pairs(first: Ints, second: Ints) -> list[list[int]]:
    """Return pairs of ids, ready for JSON."""
    pairs: list[list[int]] = np.column_stack([first, second]).tolist()
    return pairs


def draw_dirt(chance: Chance, customers: Customers, contacts: ContactColumns, odd: Ints) -> Dirt:
    """Turn customers into duplicates of others or make them look so, and write values badly; `odd` keep their names."""
    people = customers.people
    draw_first_names(chance.of("first names"), people)
    pool = Pool(chance.of("related customers"), customers, odd)
    shared = SharedContacts(chance.of("shared contacts"), contacts, customers.size)
    same = draw_duplicates(chance.of("duplicates"), pool, customers, shared)
    related = RelatedCustomers(chance.of("related customers").spawn(1)[0], pool, customers, shared)
    traps = related.kinds | sharing_numbers(customers, contacts, same.groups)
    names = same.names | related.names
    bad = draw_bad_records(chance.of("bad records"), pool, customers, odd, names)
    names |= bad.names
    for row in odd.tolist():
        names.pop(row, None)
    values = shared.values()
    return Dirt(
        Texts.of(names),
        bad.name_case,
        Texts.of(same.streets),
        values,
        draw_bad_contacts(chance.of("bad contacts"), people, contacts, values, same.mistyped),
        same.groups,
        same.differences,
        traps,
        defects_of(customers, bad, names, same.streets),
        bad.couples,
        {
            "tags_twins": id_pairs(catalogue.TAG_IDS[catalogue.TWINS_OF], catalogue.TWIN_IDS),
            "tags_unused": [catalogue.UNUSED_TAG_ID],
        },
    )
