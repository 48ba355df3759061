"""All that is wrong with the company's records, and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stcrm_pandas.sandbox.company import catalogue
from stcrm_pandas.sandbox.company.chance import Chance, Ints
from stcrm_pandas.sandbox.company.dirt.bad_contacts import BadContacts, draw_bad_contacts
from stcrm_pandas.sandbox.company.dirt.bad_records import defects_of, draw_bad_records, draw_first_names
from stcrm_pandas.sandbox.company.dirt.duplicates import draw_duplicates
from stcrm_pandas.sandbox.company.dirt.groups import Groups, Pool
from stcrm_pandas.sandbox.company.dirt.related import RelatedCustomers, sharing_numbers
from stcrm_pandas.sandbox.company.dirt.sharing import SharedContacts, SharedValues
from stcrm_pandas.sandbox.company.dirt.sparse import Codes, Texts
from stcrm_pandas.sandbox.company.drawing.contacts import ContactColumns
from stcrm_pandas.sandbox.company.drawing.customers import Customers
from stcrm_pandas.sandbox.company.ids import Ids

DEFINITIONS = {
    "duplicates": "groups of customers that are the same person or firm, merged ones left out, oldest record first",
    "differences": "the later records of duplicates, by what differs from the first one",
    "traps": "groups of customers that look alike, of which no two are the same, by kind",
    "tombstones": "customers that were merged, each with the one it was merged into",
    "defects": "values that are written badly, by kind: customers, or pairs of customer and contact; those of a "
    "customer are also in its main location, those of a contact in copies of it",
    "not_defects": "values that only look like defects",
}


@dataclass(frozen=True, slots=True)
class Dirt:
    """What replaces names, streets and contacts when they become rows. People are changed in place."""

    names: Texts
    name_case: Codes
    streets: Texts
    shared: SharedValues
    contacts: BadContacts
    duplicates: list[Groups]
    differences: dict[str, Ints]
    traps: dict[str, list[Groups]]
    defects: dict[str, Ints]
    couples: Ints
    tags: dict[str, Any]

    @classmethod
    def none(cls) -> Dirt:
        codes, texts = Codes.none(), Texts.of({})
        contacts = BadContacts(codes, texts, texts, {})
        return cls(texts, codes, texts, SharedValues.none(), contacts, [], {}, {}, {}, codes.rows, {})

    def truth(self, customers: Customers, ids: Ids, contact_ids: Ids) -> dict[str, Any]:
        """Return which records are the same, which are not, and which values are wrong, ready for JSON."""
        merged = np.flatnonzero(customers.merged_to >= 0)
        of_contacts = {
            kind: _pairs(ids[rows[:, 0]], contact_ids[rows[:, 1]]) for kind, rows in self.contacts.defects.items()
        }
        return {
            "duplicates": [group for part in self.duplicates for group in part.ids(ids)],
            "differences": {kind: ids[rows].tolist() for kind, rows in self.differences.items()},
            "traps": {kind: [group for part in parts for group in part.ids(ids)] for kind, parts in self.traps.items()},
            "tombstones": _pairs(ids[merged], ids[customers.merged_to[merged]]),
            "defects": {kind: ids[rows].tolist() for kind, rows in self.defects.items()} | of_contacts | self.tags,
            "not_defects": {"names_of_couples": ids[self.couples].tolist()},
        }


def _pairs(one: Ints, other: Ints) -> list[list[int]]:
    pairs: list[list[int]] = np.column_stack([one, other]).tolist()
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
            "tags_twins": _pairs(catalogue.TAG_IDS[catalogue.TWINS_OF], catalogue.TWIN_IDS),
            "tags_unused": [catalogue.UNUSED_TAG_ID],
        },
    )
