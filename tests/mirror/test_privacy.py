"""Erasing people, dropping old versions, and copies without personal data, over HTTP with a sandbox."""

from __future__ import annotations

import datetime as dt
import warnings
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import MirrorError, UsageError
from stcrm_pandas.mirror.derived import current_table
from stcrm_pandas.mirror.resources import MIRRORED
from stcrm_pandas.mirror.store import Store

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def sandbox():
    with stcrm.Sandbox(leads=300, seed=7, as_of=AS_OF, rate_limit=None) as running:
        yield running


@pytest.fixture(scope="module")
def synced(sandbox, tmp_path_factory):
    """A mirror with two versions of some rows."""
    with warnings.catch_warnings(), stcrm.connect(sandbox=sandbox) as crm:
        warnings.simplefilter("ignore")
        mirror = crm.mirror(tmp_path_factory.mktemp("mirror"))
        mirror.sync()
        sandbox.advance(3600)
        for id in mirror.customers()["id"].head(5):
            crm.customers.update(int(id), name="Renamed")
        sandbox.advance(3600)
        mirror.sync()
        yield mirror


@pytest.fixture
def mirror(synced, tmp_path):
    """A copy that a test may change."""
    return stcrm.Mirror(synced.export(tmp_path).parent, tenant=synced.tenant, time_zone="America/Chicago")


def texts_of(folder: Path) -> set[str]:
    """All texts in all Parquet files, read without this package."""
    found: set[str] = set()
    for path in folder.rglob("*.parquet"):
        table = duckdb.sql(f"select * from '{path}'").arrow().read_all()
        for name in table.column_names:
            found |= {str(one) for one in table.column(name).to_pylist() if one not in (None, "", [])}
    return found


def test_a_copy_is_equal(synced, mirror):
    for resource in synced.status()["resource"]:
        pd.testing.assert_frame_equal(mirror.read(resource), synced.read(resource))
    customer = int(synced.customers()["id"].iloc[0])
    pd.testing.assert_frame_equal(mirror.history("customers", customer), synced.history("customers", customer))
    with pytest.raises(UsageError, match="has a mirror"):
        synced.export(mirror.folder.parent)


def test_an_anonymous_copy_has_no_text_of_a_person(synced, tmp_path):
    folder = synced.export(tmp_path, anonymous=True)
    personal: set[str] = set()
    for resource, columns in {
        "customers": ["name", "address_street", "address_zip"],
        "locations": ["name", "address_street"],
        "leads": ["summary", "lead_customer_name", "lead_phone", "lead_email", "lead_street"],
        "bookings": ["name", "summary", "address_street"],
        "customer_contacts": ["value", "memo", "phone_settings_phone_number"],
        "location_contacts": ["value"],
        "contact_methods": ["value"],
        "contacts": ["name"],
        "employees": ["name", "email", "login_name"],
        "technicians": ["name", "email"],
        "jobs": ["summary"],
    }.items():
        frame = synced.history(resource, synced.read(resource)["id"].tolist())
        personal |= {value for name in columns for value in frame[name].dropna() if len(value) > 3}
    personal -= set(synced.read("job_types")["name"])  # some summaries are only the kind of job
    assert len(personal) > 1_000
    assert personal & texts_of(folder) == set()
    copy = stcrm.mirrors(folder.parent)
    columns = ["status", "campaign_id", "created_on", "customer_id"]
    pd.testing.assert_frame_equal(copy.leads()[columns], synced.leads()[columns])
    assert copy.read("campaigns")["name"].tolist() == synced.read("campaigns")["name"].tolist()


def test_a_forgotten_customer_is_in_no_file(mirror):
    jobs = mirror.jobs()
    customer = int(jobs["customer_id"].value_counts().index[0])
    own = {
        "customers": mirror.history("customers", customer)["id"].nunique(),
        **{name: int((mirror.read(name)["customer_id"] == customer).sum()) for name in ("locations", "leads", "jobs")},
    }
    locations = mirror.locations().query("customer_id == @customer")["id"].tolist()
    others = len(mirror.read("customer_contacts").query("customer_id != @customer"))
    found = mirror.forget(customer).set_index("resource")
    assert {name: int(found["rows"].get(name, 0)) for name in own} == own
    assert min(own["jobs"], own["locations"]) > 0
    for path in mirror.folder.rglob("*.parquet"):
        table = duckdb.sql(f"select * from '{path}'")
        for column in {"customer_id", "location_id"} & set(table.columns):
            ids = [customer] if column == "customer_id" else locations
            if path.parent.name in ("locations", "customer_contacts", "location_contacts", "leads", "jobs"):
                assert table.filter(f"{column} in ({', '.join(map(str, ids))})").fetchall() == [], path
        if path.parent.name == "customers":
            assert table.filter(f"id = {customer}").fetchall() == []
    assert len(mirror.read("customer_contacts")) == others
    assert mirror.forget(customer).empty


def test_rows_that_a_slow_reader_stores_again_are_never_used(mirror):
    """It read the history before the customer was erased, and stores the current rows after."""
    customer = int(mirror.customers()["id"].iloc[0])
    store = Store(mirror.folder, "customers")
    epoch, number = store.epoch(), store.last().number
    read_before = current_table(store, MIRRORED["customers"].row)
    mirror.forget(customer)
    stale = store.save_current(read_before, number, epoch)
    assert customer not in mirror.customers()["id"].tolist()
    assert mirror.sql(f"select id from customers where id = {customer}").empty
    store.sweep(0)
    assert not stale.exists()


def test_dropped_versions_are_gone_and_their_time_is_no_longer_known(mirror):
    customer = int(mirror.customers()["id"].iloc[0])
    now, before = mirror.customers(), mirror.history("customers", customer)
    first = mirror.status()["known_from"].max()
    assert len(before) == 2
    assert mirror.drop_versions(older_than="30d") == 0
    assert mirror.drop_versions(older_than="0s") > 5
    assert mirror.history("customers", customer)["name"].tolist() == ["Renamed"]
    pd.testing.assert_frame_equal(mirror.customers(), now)
    with pytest.raises(MirrorError, match="no data before"):
        mirror.customers(as_of=first, by="seen")
    assert mirror.changes("customers").empty
    assert mirror.status_log("leads")["id"].nunique() == len(mirror.leads())
    with pytest.raises(UsageError, match="older_than"):
        mirror.drop_versions(older_than="long")
