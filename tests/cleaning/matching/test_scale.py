"""One customer with very many locations costs little more than the company without it."""

from __future__ import annotations

import pandas as pd
import pytest

from bench import scale
from bench.duplicates import make
from stcrm_pandas.cleaning.matching.candidates import create_pairs
from stcrm_pandas.cleaning.matching.features import create_features
from stcrm_pandas.cleaning.matching.records import read_records
from stcrm_pandas.mirror.queries import private_duckdb


def test_each_location_adds_about_one_pair() -> None:
    company = make(1_000, "many locations")
    houses = company.locations.sample(800, random_state=7)
    houses = houses.assign(id=range(1, 801), customer_id=int(company.customers["id"].iloc[0]))
    more = pd.concat([company.locations, houses.astype(company.locations.dtypes)], ignore_index=True)
    counts = []
    for locations in (company.locations, more):
        with private_duckdb("cleaning") as db:
            create_features(db, read_records(company.customers, company.contacts, locations, None))
            create_pairs(db)
            counts += db.execute("SELECT count(*) FROM pairs").fetchone()
    assert 700 < counts[1] - counts[0] < 1.2 * 800


@pytest.mark.deep
def test_many_locations_take_at_most_half_as_long_again() -> None:
    rounds = [(scale.measured(scale.matching, False), scale.measured(scale.matching, True)) for _ in range(2)]
    usual, extreme = zip(*rounds, strict=True)
    for figures in (0, 1):  # seconds of the processor, and memory
        assert min(run[figures] for run in extreme) <= 1.5 * min(run[figures] for run in usual)
