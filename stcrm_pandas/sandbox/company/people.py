"""Made-up people by number: names, addresses, telephone numbers that nobody can be given, mail at example.com."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stcrm_pandas.sandbox.company.chance import Chance, Ints

_FIRST = (
    "Ada Alma Amir Ana Arjun Bea Ben Carl Cora Dan Dina Eli Elsa Emil Eva Finn Gail Gus Hana Hugo Ida "
    "Ines Ivan Jade Joel Juan Kara Kofi Lara Leo Lina Luis Mae Marco Mina Nadia Nils Nora Omar Otto Paula "
    "Pia Quinn Rafael Rita Rosa Sam Selma Siri Tara Theo Tia Uma Vera Victor Wanda Will Xenia Yara Zoe"
)
FIRST = _FIRST.split()
_LAST = (
    "Abbott Alvarez Anders Baird Banks Bell Benson Blum Boyd Brandt Cano Castillo Chen Clay Cole Cruz "
    "Dahl Diaz Doyle Duarte Engel Ewing Faber Flores Frost Garza Gibbs Grant Hale Haas Holt Ibarra Ingram "
    "Jansen Jimenez Kaur Keller Khan Klein Lang Lopez Lund Marsh Mendez Meyer Moreno Nash Nguyen Novak "
    "Oakes Ochoa Olsen Ortega Park Patel Perez Quist Ramos Reyes Rhodes Salas Sato Schmidt Silva Stone "
    "Tran Ueda Vance Vega Wolff Yates Zamora O'Neil D'Souza Müller Núñez"
)
LAST = _LAST.split()
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
_STREETS = (
    "Oak Elm Maple Cedar Pecan Juniper Willow Main Lake Park River Hill Prairie Mesa Lone Star Bluebonnet "
    "Mockingbird Magnolia Sunset Ridge Meadow Spring Church Mill"
)
STREETS = _STREETS.split()
WAYS = ("St", "Ave", "Dr", "Ln", "Rd", "Ct", "Blvd")
CITIES = (
    ("Austin", "TX", 78700, 30.27, -97.74),
    ("Round Rock", "TX", 78600, 30.51, -97.68),
    ("Dallas", "TX", 75200, 32.78, -96.80),
    ("Plano", "TX", 75000, 33.02, -96.70),
    ("Fort Worth", "TX", 76100, 32.76, -97.33),
    ("Houston", "TX", 77000, 29.76, -95.37),
    ("Chicago", "IL", 60600, 41.88, -87.63),
    ("Evanston", "IL", 60200, 42.05, -87.69),
    ("Naperville", "IL", 60500, 41.75, -88.15),
    ("Joliet", "IL", 60400, 41.53, -88.08),
)
AREA_CODES = (512, 737, 214, 469, 972, 817, 713, 281, 312, 773, 847, 630)
NUMBERS = len(AREA_CODES) * 1_000_000
SLOTS = 6
"""Telephone numbers and mail addresses that one person can have."""


@dataclass(frozen=True)
class People:
    """So many people; whoever has a number below that of the customers is that customer."""

    first: Ints
    last: Ints
    house: Ints
    street: Ints
    city: Ints
    zip: Ints
    firm: Ints
    """Place in `FIRMS`, or -1 for somebody at home."""

    @classmethod
    def draw(cls, chance: Chance, size: int, commercial: float) -> People:
        rng = chance.of("people")

        def upto(limit: int) -> Ints:
            return rng.integers(0, limit, size)

        return cls(
            upto(len(FIRST)),
            upto(len(LAST)),
            upto(9_800) + 100,
            upto(len(STREETS) * len(WAYS)),
            upto(len(CITIES)),
            upto(100_000),
            np.where(rng.random(size) < commercial, upto(len(FIRMS)), -1),
        )

    def names(self, who: Ints) -> list[str]:
        """First and last name, or that of the firm."""
        return [
            f"{FIRST[first]} {LAST[last]}" if firm < 0 else f"{LAST[last]} {FIRMS[firm]}"
            for first, last, firm in zip(
                self.first[who].tolist(), self.last[who].tolist(), self.firm[who].tolist(), strict=True
            )
        ]

    def streets(self, who: Ints) -> list[str]:
        names = [f" {street} {way}" for street in STREETS for way in WAYS]
        return [
            str(house) + names[street]
            for house, street in zip(self.house[who].tolist(), self.street[who].tolist(), strict=True)
        ]

    def units(self, who: Ints) -> list[str | None]:
        """A unit for one in six."""
        return [f"# {house % 40 + 1}" if house % 6 == 0 else None for house in self.house[who].tolist()]

    def cities(self, who: Ints) -> list[str]:
        return [CITIES[city][0] for city in self.city[who].tolist()]

    def states(self, who: Ints) -> list[str]:
        return [CITIES[city][1] for city in self.city[who].tolist()]

    def zips(self, who: Ints) -> list[str]:
        """Five digits, and for three in ten the other four, too."""
        return [
            f"{CITIES[city][2] + code % 90 + 1}-{code % 9_000 + 1_000}"
            if code % 10 < 3
            else str(CITIES[city][2] + code % 90 + 1)
            for city, code in zip(self.city[who].tolist(), self.zip[who].tolist(), strict=True)
        ]

    def places(self, who: Ints) -> tuple[list[float], list[float]]:
        """Latitude and longitude, in degrees."""
        centre = np.array([city[3:] for city in CITIES])[self.city[who]]
        spread = np.stack([self.house[who] * 37 % 2_003, self.zip[who] * 53 % 2_003], axis=1) / 10_000 - 0.1
        latitude, longitude = np.round(centre + spread, 6).T
        return latitude.tolist(), longitude.tolist()

    def mail(self, who: Ints, slot: Ints) -> list[str]:
        """Unlike for each person and slot."""
        hosts = ("example.com", "example.net")
        return [
            f"{FIRST[first]}.{LAST[last]}{number}".lower().translate(_PLAIN) + f"@{hosts[number % 2]}"
            for first, last, number in zip(
                self.first[who].tolist(), self.last[who].tolist(), (who * SLOTS + slot).tolist(), strict=True
            )
        ]


_PLAIN = str.maketrans("üúñ", "uun", "'")


def digits(who: Ints, slot: Ints) -> list[str]:
    """Ten digits, unlike for each person and slot as far as there are numbers.

    The exchange begins with 1, which no number of North America's plan does: none of these can be dialled.
    """
    number = (who * SLOTS + slot) * 7_654_321 % NUMBERS
    area, rest = np.divmod(number, 1_000_000)
    codes = np.asarray(AREA_CODES)[area]
    return list(map(str, (codes * 10_000_000 + 1_000_000 + rest).tolist()))


def spelt(numbers: list[str], how: Ints) -> list[str]:
    """Telephone numbers as people type them."""
    return [_SPELLINGS[kind](text) for text, kind in zip(numbers, how.tolist(), strict=True)]


_SPELLINGS = (
    lambda t: t,
    lambda t: f"({t[:3]}) {t[3:6]}-{t[6:]}",
    lambda t: f"{t[:3]}-{t[3:6]}-{t[6:]}",
    lambda t: f"+1{t}",
)
