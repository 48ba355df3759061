"""Small companies for the tests: customers, contacts and locations from a few words each. All names are made up."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
_FIRSTS = [
    "Orla",
    "Bram",
    "Cleo",
    "Dario",
    "Edda",
    "Faro",
    "Gwen",
    "Hugo",
    "Ilsa",
    "Jorn",
    "Kira",
    "Ludo",
    "Mina",
    "Nils",
    "Odin",
    "Petra",
    "Quin",
    "Rhea",
    "Sven",
    "Tara",
]
_LASTS = [
    "Ablewhite",
    "Brackenbury",
    "Cholmondeley",
    "Dittisham",
    "Entwhistle",
    "Featherstone",
    "Gislingham",
    "Hawksworth",
]


class Entry(NamedTuple):
    """One customer; `street` may have a unit after a semicolon, and other parts of the address after further ones."""

    name: str
    phones: str = ""
    email: str = ""
    street: str = ""
    type: str = "Residential"


def frames_of(entries: Iterable[Entry], ids: Iterable[int] | None = None) -> Frames:
    """Return customers, contacts and locations; ids count from 1 by default."""
    customers, contacts, locations = [], [], []
    rows = list(entries)
    for number, entry in zip(ids if ids is not None else range(1, len(rows) + 1), rows, strict=True):
        street, unit, city, zip_code = ([*entry.street.split(";"), "", "", ""])[:4]
        address = {
            "address_street": street or None,
            "address_unit": unit or None,
            "address_city": city or ("Austin" if street else None),
            "address_state": "TX" if street else None,
            "address_zip": zip_code or ("78701" if street else None),
        }
        customers.append({"id": number, "name": entry.name, "type": entry.type, "active": True, **address})
        if street:
            locations.append({"id": number + 10**9, "customer_id": number, **address})
        contacts += [
            {"customer_id": number, "type": "Email" if "@" in value else "MobilePhone", "value": value}
            for value in (*filter(None, entry.phones.split(",")), entry.email)
            if value
        ]
    columns = [*("address_street", "address_unit", "address_city", "address_state", "address_zip")]
    return (
        pd.DataFrame(customers, columns=["id", "name", "type", "active", *columns]),
        pd.DataFrame(contacts, columns=["customer_id", "type", "value"]),
        pd.DataFrame(locations, columns=["id", "customer_id", *columns]),
    )


def others(count: int) -> list[Entry]:
    """Return customers with nothing in common but some names: they make the company large enough to judge by."""
    draw = random.Random(7)
    return [
        Entry(
            f"{_FIRSTS[n % 10]} {_LASTS[n // 10 % 7]}",
            f"{draw.choice((737, 830, 915))}-{draw.randrange(200, 1000)}-{draw.randrange(10_000):04}",
            f"box{draw.randrange(10**6)}@mail{n % 7}.com",
            f"{draw.randrange(10**5)} {draw.choice(_LASTS)} Way;;Leander;78641",
        )
        for n in range(count)
    ]
