"""Cities against the company's own: each row with the result that a careful person would choose."""

from __future__ import annotations

import pandas as pd
import pytest

import stcrm_pandas as stcrm

COMPANY = (
    [("Austin", "78701")] * 20
    + [("Austin", "78702-1234")] * 6
    + [("Fort Worth", "76102")] * 12
    + [("Saint Louis", "63101")] * 8
    + [("McAllen", "78501")] * 5
    + [("De Soto", "75115")] * 5
    + [("Lakeway", "78734")] * 6
    + [("Lakeview", "78734")] * 4
)
CONFIRM = "! may be misspelled; the ZIP code does not confirm it"
ROWS = [
    ("Austin", "78701", "="),
    ("AUSTIN", "78701", "Austin"),
    ("austin", "78701-9999", "Austin"),
    ("AUSTIN", "99501", "Austin"),
    (" Austin ", "78701", "Austin"),
    ("Austin.", "78701", "Austin"),
    ("Austn", "78701", "Austin"),
    ("Asutin", "78701", "Austin"),
    ("Austinn", "78702", "Austin"),
    ("Austn", "76102", f"{CONFIRM} → Austin"),
    ("Austn", None, f"{CONFIRM} → Austin"),
    ("Ft Worth", "76102", "Fort Worth"),
    ("Ft. Worth", "76102", "Fort Worth"),
    ("FT WORTH", "76102", "Fort Worth"),
    ("Fort Wroth", "76102", "Fort Worth"),
    ("Frot Wroth", "76102", "Fort Worth"),
    ("Fortworth", "76102", "Fort Worth"),
    ("Ft Worth", "99501", "! a short form, and few rows have this ZIP code → Fort Worth"),
    ("St. Louis", "63101", "Saint Louis"),
    ("St Louis", "63101", "Saint Louis"),
    ("MCALLEN", "78501", "McAllen"),
    ("Mcallen", "78501", "McAllen"),
    ("DE SOTO", "75115", "De Soto"),
    ("Lakewey", "78734", "Lakeway"),
    ("Plano", "78701", "="),
    ("PLANO", "99502", "Plano"),
    ("LA GRANGE", "78945", "La Grange"),
    ("FOND DU LAC", "54935", "! a part such as De or La is written both with a capital and without → Fond Du Lac"),
    ("DEKALB", "60115", "! a part such as De or La is written both with a capital and without → DeKalb"),
    ("WEST LASALLE", "61301", "! a part such as De or La is written both with a capital and without → West LaSalle"),
    ("EL PASO", "79901", "El Paso"),
    ("WINSTON-SALEM", "27101", "Winston-Salem"),
    ("ISLE OF PALMS", "29451", "Isle of Palms"),
    ("Rome", "78701", "="),
    ("Cañon City", "81212", "="),
    ("unknown", "78701", "! not a city"),
    ("n/a", "78701", "! not a city"),
    ("78701", "78701", "! not a city"),
    ("-", "78701", "! not a city"),
    ("Austin, TX", "78701", "! the state is part of the city → Austin"),
    ("Dallas, TX", "75201", "! the state is part of the city → Dallas"),
    (None, "78701", "="),
    ("", "78701", "="),
]


def company():
    cities = [*COMPANY, *((city, code) for city, code, _ in ROWS)]
    frame = pd.DataFrame(cities, columns=["address_city", "address_zip"], dtype="str")
    return frame.assign(id=range(len(frame)), address_state="TX")


def test_cities_of_a_company():
    fix = stcrm.cleaning.cities(company())
    changed = dict(zip(fix.changes["id"], fix.changes["new"], strict=True))
    skipped = {row.id: (row.reason, row.suggestion) for row in fix.skipped.itertuples()}
    wrong = []
    for place, (city, code, expected) in enumerate(ROWS, len(COMPANY)):
        got = changed.get(place, "=")
        if place in skipped:
            reason, suggestion = skipped[place]
            got = f"! {reason}" + ("" if pd.isna(suggestion) else f" → {suggestion}")
        if got != expected:
            wrong.append(f"{city!r}, {code}: {got}, not {expected}")
    assert not wrong, "\n".join(wrong)
    assert not set(changed) & set(range(len(COMPANY))), "the company's own cities stay"
    assert stcrm.cleaning.cities(fix.after).changes.empty


@pytest.mark.parametrize("seed", range(3))
def test_order_of_the_rows_does_not_matter(seed):
    frame = company()
    mixed = frame.sample(frac=1, random_state=seed)
    ordered, other = stcrm.cleaning.cities(frame).after, stcrm.cleaning.cities(mixed).after
    pd.testing.assert_frame_equal(other.sort_index(), ordered)
