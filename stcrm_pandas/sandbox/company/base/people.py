"""People by number: names, addresses as usual and as people also write them, phone numbers, e-mail addresses.

E-mail addresses are at example.com, and phone numbers are not assigned to people.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from stcrm_pandas.sandbox.company.base.cells import json_cells, numbers, take
from stcrm_pandas.sandbox.company.base.chance import Chance, Ints, compact, wide
from stcrm_pandas.sandbox.company.base.names import DRAWN_FIRST, FIRST, LAST
from stcrm_pandas.sandbox.store.columns import Cells, concatenate

_STREETS = (
    "Oak Elm Maple Cedar Pecan Juniper Willow Main Lake Park River Hill Prairie Mesa Lone Star Bluebonnet "
    "Mockingbird Magnolia Sunset Ridge Meadow Spring Church Mill"
)
STREETS = _STREETS.split()
STREET_TYPES = ("St", "Ave", "Dr", "Ln", "Rd", "Ct", "Blvd")
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
_LONG = {"St": "Street", "Ave": "Avenue", "Dr": "Drive", "Ln": "Lane", "Rd": "Road", "Ct": "Court", "Blvd": "Boulevard"}
_CITY_FORMS = (
    ("Austin", "AUSTIN", "austin", "Austin ", "Autsin"),
    ("Round Rock", "ROUND ROCK", "round rock", "RoundRock", "Round Rcok"),
    ("Dallas", "DALLAS", "dallas", " Dallas", "Dalas"),
    ("Plano", "PLANO", "plano", "Plano,", "Palno"),
    ("Fort Worth", "FORT WORTH", "fort worth", "Ft. Worth", "Ft Worth"),
    ("Houston", "HOUSTON", "houston", "Houston ", "Huoston"),
    ("Chicago", "CHICAGO", "chicago", "Chicago,", "Chcago"),
    ("Evanston", "EVANSTON", "evanston", " Evanston", "Evanstn"),
    ("Naperville", "NAPERVILLE", "naperville", "Naperville ", "Napervile"),
    ("Joliet", "JOLIET", "joliet", "Joliet,", "Jolliet"),
)
"""By city: the usual form first."""
CITY_FORMS = len(_CITY_FORMS[0])
SHOUTED, LOWERED = 4, 5
STREET_FORMS, UNIT_FORMS, ZIP_FORMS = 6, 5, 4
WITHOUT_FOUR, NO_HYPHEN = 1, 2
MOST_UNITS = 1_000


def _street_forms(street: str, kind: str) -> tuple[str, ...]:
    usual, long = f"{street} {kind}", f"{street} {_LONG[kind]}"
    return usual, long, f"{usual}.", f"{street}  {kind}", long.upper(), usual.lower()


_STREET_NAMES = pa.array(
    [
        f' {_street_forms(street, kind)[form]}"'
        for form in range(STREET_FORMS)
        for street in STREETS
        for kind in STREET_TYPES
    ]
)
_UNITS = json_cells(
    [
        form.format(unit) if unit else None
        for form in ("# {}", "Apt {}", "Unit {}", "#{}", "Ste {}")
        for unit in range(MOST_UNITS)
    ]
)
_CITIES = json_cells([forms[form] for form in range(CITY_FORMS) for forms in _CITY_FORMS])
_ZIPS = pa.array([f'"{city[2] + code + 1}' for city in CITIES for code in range(90)])
_FOURS = pa.array(
    [*(f'-{code + 1_000}"' for code in range(9_000)), '"', *(f'{code + 1_000}"' for code in range(9_000))]
)


def street_cells(street: Ints, form: Ints) -> Cells:
    """Return the name of the street after the number of the house."""
    return take(_STREET_NAMES, wide(form) * len(STREETS) * len(STREET_TYPES) + street)


def unit_cells(unit: Ints, form: Ints) -> Cells:
    """Return units; null for 0."""
    return take(_UNITS, wide(form) * MOST_UNITS + unit)


def city_cells(city: Ints, form: Ints) -> Cells:
    return take(_CITIES, wide(form) * len(CITIES) + city)


def zip_cells(city: Ints, code: Ints, form: Ints) -> Cells:
    """Return ZIP codes, three in ten as ZIP+4 unless the form leaves that out."""
    four = np.select([form == WITHOUT_FOUR, form == NO_HYPHEN], [9_000, 9_001 + code % 9_000], code % 9_000)
    usual = (form != 0) | (code % 10 < 3)
    return concatenate(take(_ZIPS, city * 90 + code % 90), take(_FOURS, np.where(usual, four, 9_000)))


_AREA_CODES = (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 220 223 224 225 227 228 229 231 234 235 "
    "239 240 248 251 252 253 254 256 260 262 267 269 270 272 274 276 279 281 283 301 302 303 304 305 307 308 309 "
    "310 312 313 314 315 316 317 318 319 320 321 323 324 325 326 327 329 330 331 332 334 336 337 339 341 346 347 "
    "350 351 352 353 360 361 363 364 369 380 385 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 "
    "423 424 425 430 432 434 435 440 442 443 445 447 448 458 463 464 469 470 472 475 478 479 480 484 501 502 503 "
    "504 505 507 508 509 510 512 513 515 516 517 518 520 530 531 534 539 540 541 551 557 559 561 562 563 564 567 "
    "570 571 572 573 574 575 580 582 585 586 601 602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 "
    "623 626 628 629 630 631 636 640 641 645 646 650 651 656 657 659 660 661 662 667 669 678 680 681 682 686 689 "
    "701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 725 726 727 728 730 731 732 734 737 738 "
    "740 743 747 748 754 757 760 762 763 765 769 770 771 772 773 774 775 779 781 785 786 801 802 803 804 805 806 "
    "808 810 812 813 814 815 816 817 818 820 821 826 828 830 831 832 835 838 839 840 843 845 847 848 850 854 856 "
    "857 858 859 860 862 863 864 865 870 872 878 901 903 904 906 907 908 909 910 912 913 914 915 916 917 918 919 "
    "920 925 928 929 930 931 934 936 937 938 940 941 943 945 947 948 949 951 952 954 956 959 970 971 972 973 975 "
    "978 979 980 983 984 985 986 989"
)
AREA_CODES = tuple(map(int, _AREA_CODES.split()))
"""All of the United States: one area does not have enough numbers."""
LINES = 9_999
"""Numbers of exchange 555 in one area, without 555-1212, which is directory assistance."""
NUMBERS = len(AREA_CODES) * LINES
SLOTS = 6
"""Most phone numbers and e-mail addresses of a person."""
OWN_SLOT = 4
"""The slot of the numbers of business units, by index: no customer has so many contacts."""
FORMATS = 4
"""Formats in ordinary use, the first ones of all."""
_ALL_FORMATS = (
    ("{}555", ""),
    ("({}) 555-", ""),
    ("{}-555-", ""),
    ("+1{}555", ""),
    ("{}.555.", ""),
    ("1-{}-555-", ""),
    ("001 {} 555 ", ""),
    ("cell: {}-555-", ""),
    ("{}555", ".0"),
    ("({})555-", " x12"),
    ("{}-555-", " ext. 4"),
    ("{} - 555 - ", ""),
    ("({}) 555-", " (wife)"),
)
ALL_FORMATS = len(_ALL_FORMATS)
_ENDS = tuple(dict.fromkeys(end for _, end in _ALL_FORMATS))
_END_OF_FORMAT = np.array([_ENDS.index(end) for _, end in _ALL_FORMATS])
_AREAS = pa.array(['"' + start.format(area) for start, _ in _ALL_FORMATS for area in AREA_CODES])
_LINES = pa.array([f'{line:04d}{end}"' for end in _ENDS for line in range(10_000)])


def phone_cells(person: Ints, slot: Ints, form: Ints | int) -> Cells:
    """Return phone numbers in one of the formats; format 0 is the digits alone.

    They are unique for each person and slot, for some 600,000 people. They are valid, and of exchange 555, which is not
    assigned to people.
    """
    area, line = np.divmod((wide(person) * SLOTS + slot) * 7_654_321 % NUMBERS, LINES)
    line += line >= 1_212
    return concatenate(
        take(_AREAS, wide(form) * len(AREA_CODES) + area), take(_LINES, _END_OF_FORMAT[form] * 10_000 + line)
    )


def ten_digits(person: Ints, slot: Ints) -> list[str]:
    """Return the ten digits of phone numbers."""
    return [number[1:-1] for number in phone_cells(person, slot, 0).to_pylist()]


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
            up_to(len(STREETS) * len(STREET_TYPES)),
            up_to(len(CITIES)),
            up_to(100_000),
            np.where(rng.random(size) < commercial, up_to(len(FIRMS)), -1),
            np.where(house % 6 == 0, house % 40 + 1, 0),
            *(np.zeros(size, dtype=np.int64) for _ in range(4)),
        )
        drawn = compact(drawn)
        return replace(drawn, unit=drawn.unit.astype(np.int16))  # an apartment may get a higher number than these

    def names(self, person: Ints) -> Cells:
        """Return first and last names, or names of firms."""
        first, last, firm = wide(self.first[person]), wide(self.last[person]), wide(self.firm[person])
        heads = take(_HEADS, np.where(firm < 0, first, len(FIRST) + last))
        return concatenate(heads, take(_TAILS, np.where(firm < 0, last, len(LAST) + firm)))

    def name_parts(self, person: Ints) -> tuple[list[str], list[str]]:
        """Return first and last names, or last names and trades of firms."""
        columns = self.first[person].tolist(), self.last[person].tolist(), self.firm[person].tolist()
        parts = [
            (LAST[last], FIRMS[firm]) if firm >= 0 else (FIRST[first], LAST[last])
            for first, last, firm in zip(*columns, strict=True)
        ]
        return [head for head, _ in parts], [tail for _, tail in parts]

    def streets(self, person: Ints) -> Cells:
        return concatenate(
            take(_HOUSES, self.house[person]), street_cells(self.street[person], self.street_form[person])
        )

    def units(self, person: Ints) -> Cells:
        """Return units, for one in six."""
        return unit_cells(self.unit[person], self.unit_form[person])

    def cities(self, person: Ints) -> Cells:
        return city_cells(self.city[person], self.city_form[person])

    def states(self, person: Ints) -> Cells:
        return take(_STATES, self.city[person])

    def zips(self, person: Ints) -> Cells:
        """Return ZIP codes, three in ten as ZIP+4."""
        return zip_cells(wide(self.city[person]), wide(self.zip[person]), self.zip_form[person])

    def coordinates(self, person: Ints) -> tuple[Cells, Cells]:
        """Return latitudes and longitudes in degrees."""
        base = wide(self.city[person]) * _SPREAD
        return (
            take(_LATITUDES, base + wide(self.house[person]) * 37 % _SPREAD),
            take(_LONGITUDES, base + wide(self.zip[person]) * 53 % _SPREAD),
        )

    def emails(self, person: Ints, slot: Ints) -> Cells:
        """Return e-mail addresses, unique for each person and slot."""
        number = wide(person) * SLOTS + slot
        first, last = take(_MAIL_FIRST, self.first[person]), take(_MAIL_LAST, self.last[person])
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
