"""Streets, units, cities and ZIP codes, as usual and as people also write them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from stcrm_pandas.sandbox.company.cells import json_cells, take
from stcrm_pandas.sandbox.company.chance import Ints
from stcrm_pandas.sandbox.company.ordering import wide
from stcrm_pandas.sandbox.store.columns import Cells, concatenate

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


def _way_forms(street: str, way: str) -> tuple[str, ...]:
    usual, long = f"{street} {way}", f"{street} {_LONG[way]}"
    return usual, long, f"{usual}.", f"{street}  {way}", long.upper(), usual.lower()


_WAYS = pa.array(
    [f' {_way_forms(street, way)[form]}"' for form in range(STREET_FORMS) for street in STREETS for way in WAYS]
)
_UNITS = json_cells(
    [
        how.format(unit) if unit else None
        for how in ("# {}", "Apt {}", "Unit {}", "#{}", "Ste {}")
        for unit in range(MOST_UNITS)
    ]
)
_CITIES = json_cells([forms[form] for form in range(CITY_FORMS) for forms in _CITY_FORMS])
_ZIPS = pa.array([f'"{city[2] + code + 1}' for city in CITIES for code in range(90)])
_FOURS = pa.array(
    [*(f'-{code + 1_000}"' for code in range(9_000)), '"', *(f'{code + 1_000}"' for code in range(9_000))]
)


def ways(street: Ints, form: Ints) -> Cells:
    """Return the name of the street after the number of the house."""
    return take(_WAYS, wide(form) * len(STREETS) * len(WAYS) + street)


def units(unit: Ints, form: Ints) -> Cells:
    """Return units; null for 0."""
    return take(_UNITS, wide(form) * MOST_UNITS + unit)


def cities(city: Ints, form: Ints) -> Cells:
    return take(_CITIES, wide(form) * len(CITIES) + city)


def zips(city: Ints, code: Ints, form: Ints) -> Cells:
    """Return ZIP codes, three in ten as ZIP+4 unless the form leaves that out."""
    four = np.select([form == WITHOUT_FOUR, form == NO_HYPHEN], [9_000, 9_001 + code % 9_000], code % 9_000)
    usual = (form != 0) | (code % 10 < 3)
    return concatenate(take(_ZIPS, city * 90 + code % 90), take(_FOURS, np.where(usual, four, 9_000)))
