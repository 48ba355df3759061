"""What the frames may look like, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.cleaning import duplicates
from stcrm_pandas.errors import UsageError

from .company import Entry, frames_of

TWICE = [Entry("Wanda Quist", "512-555-0101", "wanda7@home.com", "1 Elm St")] * 2


@pytest.mark.filterwarnings("ignore::stcrm_pandas.errors.DriftWarning")
def test_the_whole_way_from_the_service(sandbox: Any) -> None:
    with stcrm.connect(sandbox=sandbox) as crm:
        customers, contacts, locations = crm.customers.list(), crm.customers.list_contacts(), crm.locations.list()
        found = duplicates(customers, contacts, locations, jobs=crm.lookups.jobs.list())
    merged = int(customers["merged_to_id"].notna().sum())
    assert found.summary().startswith(f"{len(customers) - merged:,} customers compared ({merged:,} customers already")
    assert {*found.pairs["id_1"], *found.pairs["id_2"]} <= {*customers.loc[customers["merged_to_id"].isna(), "id"]}
    assert found.clusters.columns.tolist() == ["cluster", "customer_id", "customers", "confirmed", "active", "jobs"]


def test_no_value_of_a_customer_is_in_the_repr_or_the_tables() -> None:
    found = duplicates(*frames_of(TWICE))
    text = f"{found!r} {found.summary()} {found.pairs.to_string()} {found.clusters.to_string()} {found.decisions!r}"
    text += found._repr_html_()
    assert "1 sure pair" in text
    assert re.search(r"<td>same person</td>\s*<td>1</td>\s*<td></td>", text)
    for value in ("Wanda", "wanda", "Quist", "5550101", "0101", "Elm", "elm"):
        assert value not in text
    shown = found.explain(1, 2)
    assert shown.iloc[0].tolist()[:4] == ["name", "wanda quist", "wanda quist", "same name"]


def test_merged_customers_are_left_out_and_inactive_ones_are_not() -> None:
    customers, contacts, locations = frames_of([*TWICE, TWICE[0]])
    customers = customers.assign(merged_to_id=pd.array([None, None, 1], dtype="Int64"), active=[True, False, False])
    found = duplicates(customers, contacts, locations)
    assert found.clusters["customer_id"].tolist() == [1, 2]
    assert found.clusters["active"].tolist() == [True, False]
    assert "2 customers compared (1 customer already merged into another one left out)" in found.summary()
    with pytest.raises(UsageError, match="customer 3 was already merged"):
        found.explain(1, 3)


def test_a_merged_to_id_of_zero_is_not_merged() -> None:
    customers, contacts, locations = frames_of(TWICE)
    found = duplicates(customers.assign(merged_to_id=[0, 0]), contacts, locations)
    assert found.clusters["customer_id"].tolist() == [1, 2]
    assert found.summary().startswith("2 customers compared. ")


def test_jobs_are_counted() -> None:
    jobs = pd.DataFrame({"id": [1, 2, 3], "customer_id": [2, 2, 9]})
    assert duplicates(*frames_of(TWICE), jobs=jobs).clusters["jobs"].tolist() == [0, 2]


def test_contacts_of_locations_count_for_the_customer() -> None:
    customers, contacts, locations = frames_of(
        [Entry("Wanda Quist", "", "", "1 Elm St"), Entry("Wanda Quist", "512-555-0101")]
    )
    site = pd.DataFrame({"location_id": [10**9 + 1], "value": ["512-555-0101"]})
    found = duplicates(customers, pd.concat([contacts, site]), locations)
    assert found.pairs["phone"].tolist() == ["same"]


def test_ids_and_zip_codes_from_a_file_without_dtypes() -> None:
    customers, contacts, locations = frames_of([Entry("Wanda Quist", "512-555-0101", "", "1 Elm St;;Boston;02108")] * 2)
    loose = customers.assign(id=["1", "2"], address_zip=[2108.0, 2108.0])
    phones = contacts.assign(customer_id=contacts["customer_id"].astype(float), value=[5125550101.0, 5125550101.0])
    found = duplicates(loose, phones, locations)
    assert found.pairs[["id_1", "id_2", "phone", "address"]].to_numpy().tolist() == [[1, 2, "same", "same"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, k, p: (c.drop(columns="name"), k, p), "customers: the DataFrame has no columns name"),
        (lambda c, k, p: (c, k.drop(columns="value"), p), "contacts: the DataFrame has no columns value"),
        (lambda c, k, p: (c, k.drop(columns="customer_id"), p), "has no column customer_id"),
        (lambda c, k, p: (c.assign(id=1), k, p), "customers: the id 1 appears twice"),
        (lambda c, k, p: (c.assign(id=[1, None]), k, p), "customers: 1 row has no id"),
        (lambda c, k, p: (c.assign(id=["1", "x"]), k, p), "id must contain whole numbers"),
        (lambda c, k, p: (c.assign(tenant=[1, 2]), k, p), "customers: the rows are of several tenants"),
        (lambda c, k, p: ([1], k, p), "customers: a pandas DataFrame is required, not list"),
        (lambda c, k, p: (pd.concat([c, c[["name"]]], axis=1), k, p), "the column name appears twice"),
    ],
)
def test_frames_that_are_refused(change: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        stcrm.cleaning.duplicates(*change(*frames_of(TWICE)))


def test_unknown_ids_and_tiers() -> None:
    found = duplicates(*frames_of(TWICE))
    with pytest.raises(UsageError, match="customer 9 is not among"):
        found.decide(1, 9, "same")
    with pytest.raises(UsageError, match="tier must be 'sure', 'look' or None, not 'maybe'"):
        found.open_pairs("maybe")  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="no attribute 'dupes'"):
        stcrm.cleaning.dupes  # noqa: B018


@pytest.mark.parametrize("dtype", [object, "str"])
def test_ids_beyond_floats_keep_their_last_digit(dtype: Any) -> None:
    # Next to a missing value, pandas would read them as floats, and give a contact to another customer.
    customers, contacts, locations = frames_of([*TWICE, Entry("Otto Brandt", "512-555-0199", "", "9 Oak Ave")])
    ids = {1: 2**53 + 1, 2: 2**53 + 2, 3: 2**53 + 3}
    owners = pd.Series([str(ids[one]) if dtype == "str" else ids[one] for one in contacts["customer_id"]], dtype=dtype)
    loose = contacts.iloc[:1].assign(customer_id=pd.Series([None], dtype=dtype, index=contacts.index[:1]))
    contacts = pd.concat([contacts.assign(customer_id=owners.array), loose], ignore_index=True)
    customers = customers.assign(id=pd.array([*ids.values()], dtype="Int64"))
    found = duplicates(customers, contacts, locations.head(0))
    assert found.pairs[["id_1", "id_2", "phone"]].values.tolist() == [[ids[1], ids[2], "same"]]


def test_an_id_that_is_no_whole_number_is_named_by_its_row() -> None:
    customers, contacts, locations = frames_of(TWICE)
    with pytest.raises(UsageError, match=r"row 2 \(counted from 1\) is not a whole number"):
        duplicates(customers.assign(id=["1", "C-2"]), contacts, locations)


def test_decisions_on_customers_with_a_location_without_a_zip_code_or_a_city() -> None:
    customers, contacts, locations = frames_of(TWICE)
    more = locations.assign(id=locations["id"] + 10, address_street="2 Oak St", address_zip=None, address_city=None)
    blank = locations.assign(id=locations["id"] + 20, address_street=None, address_zip=None)
    for sites in ([locations, more], [more, blank], [locations, more, blank]):
        found = duplicates(customers, contacts, pd.concat(sites, ignore_index=True))
        found.decide(1, 2, "same")
        assert found.decision(1, 2) == "same"
        assert "2 oak" in found.explain(1, 2).loc[3, "value_1"]
