"""A `mergedToId` of 0 means the same as null, also in files that an earlier version wrote."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.mirror import queries, versions
from stcrm_pandas.mirror.derived import current_rows

AT = pd.Timestamp("2026-03-01T12:00:00Z").as_unit("us")


def customers(*merged_to: int | None) -> pd.DataFrame:
    size = len(merged_to)
    frame = pd.DataFrame({name: pd.Series([None] * size, dtype=kind) for name, kind in dtypes_of(CUSTOMERS).items()})
    ids = pd.array([*range(1, size + 1)], dtype="Int64")
    return frame.assign(id=ids, merged_to_id=pd.array(merged_to, dtype="Int64"))


@pytest.fixture
def stored() -> pa.Table:
    """Versions with zeros, as the table in a file of an earlier version."""
    first = versions.incoming(CUSTOMERS, customers(0, 1, None), np.zeros(3, bool))
    new = versions.new_versions(CUSTOMERS, current_rows(CUSTOMERS, None), first, AT)
    return versions.to_table(CUSTOMERS, new)


def test_stored_zeros_are_missing_and_make_no_new_versions(stored: pa.Table) -> None:
    assert stored.column("merged_to_id").to_pylist() == [0, 1, None]
    current = versions.to_frame(CUSTOMERS, stored, own=list(versions.VERSION_COLUMNS))
    assert current["merged_to_id"].tolist() == [pd.NA, 1, pd.NA]
    again = versions.incoming(CUSTOMERS, customers(None, 1, None), np.zeros(3, bool))
    assert versions.new_versions(CUSTOMERS, current, again, AT + pd.Timedelta(hours=1)).empty


def test_stored_zeros_are_null_in_sql(stored: pa.Table, tmp_path) -> None:
    folder = tmp_path / "tenant=7" / "customers" / "current"
    folder.mkdir(parents=True)
    pq.write_table(stored.append_column("_seq", pa.array([1] * 3)), folder / "1.parquet")
    found = queries.run("SELECT id, merged_to_id FROM customers ORDER BY id", {"customers": [folder / "1.parquet"]})
    assert found["merged_to_id"].isna().tolist() == [True, False, True]
