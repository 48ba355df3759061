"""The customers for the benchmark of duplicates: frames as of the client, and a truth that fits them."""

from itertools import combinations

import pandas as pd
import phonenumbers
import pytest

from bench.duplicates import Known, make
from stcrm_pandas.contract.schemas.customers import CUSTOMER_CONTACTS, CUSTOMERS
from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.contract.schemas.locations import LOCATIONS
from stcrm_pandas.contract.schemas.lookups import JOBS


@pytest.fixture(scope="module")
def known() -> Known:
    return make(2_000, "a test")


def test_frames_are_those_of_the_client(known: Known) -> None:
    for frame, row in (
        (known.customers, CUSTOMERS),
        (known.contacts, CUSTOMER_CONTACTS),
        (known.locations, LOCATIONS),
        (known.jobs, JOBS),
    ):
        expected = pd.DataFrame({name: [] for name in dtypes_of(row)}).astype(dtypes_of(row))
        pd.testing.assert_series_equal(frame.dtypes, expected.dtypes)
        assert frame["id"].is_monotonic_increasing
        assert frame["id"].is_unique
    assert known.contacts["customer_id"].isin(known.customers["id"]).all()
    assert known.customers["id"].isin(known.locations["customer_id"]).all()
    assert known.jobs["location_id"].isin(known.locations["id"]).all()


def test_numbers_are_as_stated(known: Known) -> None:
    assert len(known.customers) == 2_000
    assert len(known.duplicates) == 140
    assert {len(group) for group in known.duplicates} <= {2, 3, 4}
    assert known.customers["merged_to_id"].notna().sum() == 20
    for kind, pairs in {"spouses": 60, "sold_house": 60, "housemates": 12, "owner_and_firm": 12}.items():
        assert len(known.traps[kind]) >= pairs  # more where one of them is a duplicate
    assert len(known.unlinked) < 10


def test_no_trap_is_a_duplicate(known: Known) -> None:
    same = {frozenset(pair) for group in known.duplicates for pair in combinations(group, 2)}
    ids = [id for group in known.duplicates for id in group]
    assert len(set(ids)) == len(ids)
    assert {frozenset(pair) for pairs in known.traps.values() for pair in pairs}.isdisjoint(same)
    later = {id for group in known.duplicates for id in group[1:]}
    assert known.unlinked <= later


def test_ids_do_not_tell_duplicates(known: Known) -> None:
    apart = [abs(group[0] - group[1]) for group in known.duplicates]
    assert pd.Series(apart).median() > 5_000


def test_numbers_belong_to_nobody(known: Known) -> None:
    numbers = known.contacts["phone_settings_phone_number"].dropna()
    real = numbers[(numbers.str[3:6] == "555") & (numbers != "5555555555")].unique()
    assert len(real) > 0.97 * numbers.nunique()
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(f"+1{number}")) for number in real[:300])


def test_the_same_seed_gives_the_same_company(known: Known) -> None:
    again, other = make(2_000, "a test"), make(2_000, "another test")
    pd.testing.assert_frame_equal(known.customers, again.customers)
    assert known.duplicates == again.duplicates
    assert not known.customers["name"].equals(other.customers["name"])


def test_a_harder_company_has_more_that_misleads() -> None:
    harder = make(2_000, "a test", harder=True)
    for kind in ("siblings", "couple_and_relative", "tenants", "phases", "one_name_on_two_streets", "placeholders"):
        assert harder.traps[kind], kind
    assert len(harder.customers) == 2_000
    assert len(harder.couples) > 100
    named = harder.customers.set_index("id")["name"]
    assert all("&" in named[id] or " and " in named[id].lower() for id in harder.couples)
