"""Erasing people, dropping old versions, and copies without personal data, over HTTP with a sandbox."""

from __future__ import annotations

import datetime as dt
import os
import stat
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
        sandbox.change("bookings", int(mirror.bookings()["id"].iloc[0]), source="Jane Roe, neighbor of Rita")
        sandbox.change("leads", int(mirror.leads()["id"].iloc[0]), captureSource="Jane Roe's son")
        for table, id in (("campaigns", 999_001), ("tag_types", 999_002)):
            row = sandbox.row(table, int(mirror.read(table)["id"].iloc[0]))
            sandbox.put(table, {**row, "id": id})
            sandbox.change(table, id, name=f"Jane Roe tells {table}")  # with the date of the change
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


RARE = """
with uses as (
    select campaign_id as id, 'leads' as resource, id as row from leads
    union select campaign_id, 'bookings', id from bookings
    union select campaign_id, 'jobs', id from jobs
), tags as (
    select unnest(tag_type_ids) as id, 'customers' as resource, id as row from customers
    union select unnest(tag_type_ids), 'locations', id from locations
    union select unnest(tag_type_ids), 'leads', id from leads
    union select unnest(tag_type_ids), 'jobs', id from jobs
)
select 'bookings.source' as column, source as value, count(distinct id) as rows from bookings group by 2
union all select 'leads.capture_source', capture_source, count(distinct id) from leads group by 2
union all select 'campaigns.name', name, count(uses.row) from campaigns left join uses using (id) group by 2
union all select 'campaigns.category_name', category_name, count(uses.row) from campaigns left join uses using (id)
    group by 2
union all select 'tag_types.name', name, count(tags.row) from tag_types left join tags using (id) group by 2
"""


def test_an_anonymous_copy_keeps_only_frequent_sources_and_names(synced, tmp_path):
    folder = synced.export(tmp_path, anonymous=True)
    copy = stcrm.mirrors(folder.parent)
    counted = synced.sql(RARE).dropna()
    assert {
        "Jane Roe, neighbor of Rita",
        "Jane Roe's son",
        "Jane Roe tells campaigns",
        "Jane Roe tells tag_types",
    } <= set(counted["value"])
    kept = 0
    for name, rows in counted.groupby("column"):
        resource, column = name.split(".")
        frequent = set(rows.loc[rows["rows"] >= 5, "value"])
        kept += len(frequent)
        assert set(copy.read(resource)[column].dropna()) == frequent | {"other"} or frequent == set(rows["value"])
        before, after = synced.read(resource)[column], copy.read(resource)[column]
        assert before.isna().equals(after.isna())
        assert (before[after.notna() & (after != "other")] == after[after.notna() & (after != "other")]).all()
    assert kept > 10
    assert not [text for text in texts_of(folder) if "Jane Roe" in text]


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")  # of duckdb, after a pivot
def test_a_query_reads_only_the_mirror(mirror, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nhush\n")
    frame = pd.DataFrame({"word": ["hush"]})  # noqa: F841 (a query could read it by its name)
    current = mirror.current_files()["leads"]
    before = current.read_bytes()
    for query in (
        f"select * from '{secret}'",
        f"select * from read_text('{secret}')",
        f"select * from glob('{tmp_path}/*')",
        "select * from frame",
        f"select * from '{current.parents[2]}/history/leads/*.parquet'",
        f"copy leads to '{tmp_path}/out.csv'",
        f"copy (select 1 as id) to '{current}' (use_tmp_file false)",
        f"explain analyze copy (select 1 as id) to '{current}' (use_tmp_file false)",
        f"attach '{tmp_path}/out.db'",
        "set enable_external_access = true",
        "reset lock_configuration",
        "install httpfs",
        "create table t as select 1",
        "create view t as from leads",
        "select 1; create temp table t as select 1",
    ):
        with pytest.raises(UsageError) as caught:
            mirror.sql(query)
        assert "hush" not in str(caught.value)
    assert current.read_bytes() == before
    assert not list(tmp_path.glob("out*"))
    assert len(mirror.sql("with l as (from leads) select id from l order by id")) == len(mirror.leads())
    assert len(mirror.sql("pivot (select status from leads) on status using count(*)")) == 1


@pytest.fixture
def careless():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless")
@pytest.mark.filterwarnings("ignore::stcrm_pandas.errors.DriftWarning")
def test_all_folders_are_private_whatever_the_umask(sandbox, tmp_path):
    root = tmp_path / "root"
    with stcrm.connect(sandbox=sandbox, state_dir=root / "a" / "state", cache_dir=root / "b" / "cache") as crm:
        before = crm.customers.list().head(1)
        result = crm.customers.plan_changes(before, before.assign(name="Somebody Else")).apply()
        result.save(root / "c" / "result")
        crm.customers.edit(before)
        crm.mirror(root / "d" / "titan").sync(only=["campaigns"])
    folders = [path for path in (root, *root.rglob("*")) if path.is_dir()]
    assert len(folders) > 10
    assert {path.name for path in folders} >= {"journals", "grids", "cache", "current", "history"}
    assert {path: stat.S_IMODE(path.stat().st_mode) for path in folders} == dict.fromkeys(folders, 0o700)
    files = [path for path in root.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


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
    digest, number = store.digest(), store.last().number
    read_before = current_table(store, MIRRORED["customers"].row)
    mirror.forget(customer)
    stale = store.current.save(read_before, number, digest)
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
