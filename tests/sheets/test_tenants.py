"""Frames of many tenants in one folder, and back through DuckDB."""

from __future__ import annotations

import stat

import duckdb
import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import StcrmWarning, UsageError


@pytest.fixture
def frame():
    """Two customers with lists and records, as a read gives them, of tenant 5."""
    frame = stcrm.schemas.Customers.empty()
    kinds = dict(frame.dtypes)
    one = {
        "id": [2**60 + 1, 2],
        "name": ["<b>Ann</b>", None],
        "active": [True, None],
        "balance": [12.5, None],
        "created_on": pd.to_datetime(["2026-01-02T03:04:05.678901Z", "0001-01-01T00:00Z"], format="ISO8601"),
        "tag_type_ids": [(1, 2**60 + 1), ()],
        "custom_fields": [((7, "Gate code", "12"),), None],
    }
    frame = pd.DataFrame({name: pd.Series(one.get(name, [None, None]), dtype=kind) for name, kind in kinds.items()})
    frame.attrs["stcrm"] = {
        "resource": "customers",
        "operation": "Customers_GetList",
        "tenant": 5,
        "environment": "production",
        "filters": {"active": True},
        "fetched_at": "2026-03-01T10:00:00Z",
        "complete": True,
    }
    return frame


def test_lists_and_records_round_trip(frame, tmp_path):
    path = stcrm.write_tenant(frame, tmp_path / "network")
    assert path == tmp_path / "network" / "tenant=5" / "customers.parquet"
    with duckdb.connect() as database:
        database.execute("set TimeZone = 'UTC'")
        glob = f"{tmp_path}/network/*/customers.parquet"
        found = database.sql(f"from read_parquet('{glob}', hive_partitioning = true)")
        query = "tenant, id, name, active, balance, epoch_us(created_on), tag_type_ids, custom_fields"
        rows = found.project(query).fetchall()
    first = (5, 2**60 + 1, "<b>Ann</b>", True, 12.5, 1767323045678901)
    assert rows[0] == (*first, [1, 2**60 + 1], [{"typeId": 7, "name": "Gate code", "value": "12"}])
    assert rows[1][:5] == (5, 2, None, None, None)
    assert rows[1][6:] == ([], None)


def test_empty_frame_has_the_same_types(frame, tmp_path):
    full = stcrm.write_tenant(frame, tmp_path)
    empty = frame.iloc[:0]
    empty.attrs["stcrm"] = {**frame.attrs["stcrm"], "tenant": 6}
    with duckdb.connect() as database:
        kinds = [database.read_parquet(str(path)).types for path in (full, stcrm.write_tenant(empty, tmp_path))]
    assert kinds[0] == kinds[1]


def test_tenant_file_is_replaced_and_private(frame, tmp_path):
    path = stcrm.write_tenant(frame, tmp_path / "network")
    assert stcrm.write_tenant(frame.iloc[:1], tmp_path / "network") == path
    assert [file.name for file in path.parent.iterdir()] == ["customers.parquet"]
    assert len(pd.read_parquet(path)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_failed_write_keeps_the_old_file(frame, tmp_path):
    path = stcrm.write_tenant(frame, tmp_path)
    before = path.read_bytes()
    strange = frame.assign(strange=[object(), 5])
    with pytest.warns(StcrmWarning, match="left out because Parquet cannot store them: strange"):
        stcrm.write_tenant(strange, tmp_path)
    assert "strange" not in pd.read_parquet(path)
    (path.parent / path.name).write_bytes(before)
    with pytest.raises(UsageError, match="tenants other than 5"):
        stcrm.write_tenant(frame.assign(tenant=[5, 6]), tmp_path)
    assert path.read_bytes() == before
    assert "tenant" not in pd.read_parquet(stcrm.write_tenant(frame.assign(tenant=5), tmp_path), partitioning=None)


def test_frame_without_a_tenant_raises(frame, tmp_path):
    frame.attrs = {}
    with pytest.raises(UsageError, match="does not name its tenant"):
        stcrm.write_tenant(frame, tmp_path)
    assert not list(tmp_path.iterdir())


def test_read_tenants_lists_a_folder(frame, tmp_path):
    assert stcrm.read_tenants(tmp_path / "nowhere").empty
    stcrm.write_tenant(frame, tmp_path)
    (found,) = stcrm.read_tenants(tmp_path).to_dict("records")
    assert (found["tenant"], found["rows_of"], found["rows"], found["complete"]) == (5, "customers", 2, True)
    assert (found["fetched_at"], found["filters"]) == (pd.Timestamp("2026-03-01T10:00Z"), "active True")
    assert stcrm.read_tenants(tmp_path).dtypes.equals(stcrm.read_tenants(tmp_path / "nowhere").dtypes)
