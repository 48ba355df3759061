"""People by number: names, addresses, unassigned phone numbers, e-mail addresses at example.com."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from stcrm_pandas.sandbox.company import addresses
from stcrm_pandas.sandbox.company.addresses import CITIES, STREETS, WAYS
from stcrm_pandas.sandbox.company.cells import json_cells, numbers, take
from stcrm_pandas.sandbox.company.chance import Chance, Ints
from stcrm_pandas.sandbox.company.names import DRAWN_FIRST, FIRST, LAST
from stcrm_pandas.sandbox.company.ordering import compact, wide
from stcrm_pandas.sandbox.company.phones import SLOTS
from stcrm_pandas.sandbox.store.columns import Cells, concatenate

FIRMS = (
    "Bakery",
    "Dental",
    "Property Group",
    "Storage",
    "Church",
    "Diner",
    "Auto Repair",
    "Apartments",
    "School",
    "Salon",
)


@dataclass(frozen=True)
class People:
    """People by index; the first ones are the customers."""

    first: Ints
    last: Ints
    house: Ints
    street: Ints
    city: Ints
    zip: Ints
    firm: Ints
    """Index in `FIRMS`, or -1 for a private person."""
    unit: Ints
    """The number of the apartment or suite, or 0."""
    unit_form: Ints
    """How unit, street, city and ZIP code are written: 0 is as usual, others are indexes in `addresses`."""
    street_form: Ints
    city_form: Ints
    zip_form: Ints

    @classmethod
    def draw(cls, chance: Chance, size: int, commercial: float) -> People:
        rng = chance.of("people")

        def up_to(limit: int) -> Ints:
            return rng.integers(0, limit, size)

        first, last, house = up_to(DRAWN_FIRST), up_to(len(LAST)), up_to(9_800) + 100
        drawn = cls(
            first,
            last,
            house,
            up_to(len(STREETS) * len(WAYS)),
            up_to(len(CITIES)),
            up_to(100_000),
            np.where(rng.random(size) < commercial, up_to(len(FIRMS)), -1),
            np.where(house % 6 == 0, house % 40 + 1, 0),
            *(np.zeros(size, dtype=np.int64) for _ in range(4)),
        )
        drawn = compact(drawn)
        return replace(drawn, unit=drawn.unit.astype(np.int16))  # an apartment may get a higher number than these

    def names(self, who: Ints) -> Cells:
        """Return first and last names, or names of firms."""
        first, last, firm = wide(self.first[who]), wide(self.last[who]), wide(self.firm[who])
        heads = take(_HEADS, np.where(firm < 0, first, len(FIRST) + last))
        return concatenate(heads, take(_TAILS, np.where(firm < 0, last, len(LAST) + firm)))

    def name_parts(self, who: Ints) -> tuple[list[str], list[str]]:
        """Return first and last names, or last names and trades of firms."""
        columns = self.first[who].tolist(), self.last[who].tolist(), self.firm[who].tolist()
        parts = [
            (LAST[last], FIRMS[firm]) if firm >= 0 else (FIRST[first], LAST[last])
            for first, last, firm in zip(*columns, strict=True)
        ]
        return [head for head, _ in parts], [tail for _, tail in parts]

    def streets(self, who: Ints) -> Cells:
        return concatenate(take(_HOUSES, self.house[who]), addresses.ways(self.street[who], self.street_form[who]))

    def units(self, who: Ints) -> Cells:
        """Return units, for one in six."""
        return addresses.units(self.unit[who], self.unit_form[who])

    def cities(self, who: Ints) -> Cells:
        return addresses.cities(self.city[who], self.city_form[who])

    def states(self, who: Ints) -> Cells:
        return take(_STATES, self.city[who])

    def zips(self, who: Ints) -> Cells:
        """Return ZIP codes, three in ten as ZIP+4."""
        return addresses.zips(wide(self.city[who]), wide(self.zip[who]), self.zip_form[who])

    def coordinates(self, who: Ints) -> tuple[Cells, Cells]:
        """Return latitudes and longitudes in degrees."""
        base = wide(self.city[who]) * _SPREAD
        return (
            take(_LATITUDES, base + wide(self.house[who]) * 37 % _SPREAD),
            take(_LONGITUDES, base + wide(self.zip[who]) * 53 % _SPREAD),
        )

    def emails(self, who: Ints, slot: Ints) -> Cells:
        """Return e-mail addresses, unique for each person and slot."""
        number = wide(who) * SLOTS + slot
        first, last = take(_MAIL_FIRST, self.first[who]), take(_MAIL_LAST, self.last[who])
        return concatenate(first, last, numbers(number), take(_HOSTS, number % 2))


_PLAIN = str.maketrans("üúñ", "uun", "'")
_HEADS = pa.array([f'"{name} ' for name in (*FIRST, *LAST)])
_TAILS = pa.array([f'{name}"' for name in (*LAST, *FIRMS)])
_HOUSES = pa.array([f'"{house}' for house in range(9_900)])
_STATES = json_cells([city[1] for city in CITIES])
_SPREAD = 2_003
_DEGREES = np.round(
    np.array([city[3:] for city in CITIES])[:, :, None] + (np.arange(_SPREAD) / 10_000 - 0.1)[None, None, :], 6
)
_LATITUDES, _LONGITUDES = (json_cells(_DEGREES[:, axis, :].ravel().tolist()) for axis in range(2))
_MAIL_FIRST = pa.array([f'"{name}.'.lower().translate(_PLAIN) for name in FIRST])
_MAIL_LAST = pa.array([name.lower().translate(_PLAIN) for name in LAST])
_HOSTS = pa.array(['@example.com"', '@example.net"'])
