"""Every frame of every method, written for other programs and read back: equal, or as docs/guide/frames.md has it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import openpyxl
import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.contract.operations import OPERATIONS, by_name
from stcrm_pandas.contract.schemas.arrow import arrow_type, plain
from stcrm_pandas.errors import UsageError

from .cases import CASES
from .test_cases import BEFORE

SENT = [case for case in CASES if by_name(case.name).row is not None]
LOOKUPS = [op.name for op in OPERATIONS.values() if op.name.startswith("lookups.") and op.returns == "page"]


@pytest.fixture(params=[*SENT, *LOOKUPS], ids=lambda one: getattr(one, "name", one))
def read(request, box, crm, call):
    """The row and the frame of a method."""
    name = getattr(request.param, "name", request.param)
    if name in BEFORE:
        first, args = BEFORE[name]
        call(crm, first, *args)
    answer = call(crm, name) if name in LOOKUPS else call(crm, name, *request.param.args, **request.param.given)
    frame = answer.frame if isinstance(answer, stcrm.Feed) else answer
    return by_name(name).row, frame


def test_a_frame_is_written_and_read_back(read, tmp_path):
    row, whole = read
    for frame in (whole, whole.iloc[:0]):
        back = written(frame, tmp_path)
        pd.testing.assert_frame_equal(back["parquet"], frame)
        assert back["parquet"].attrs == frame.attrs
        pd.testing.assert_frame_equal(back["feather"], frame)
        by_others(row, frame)
        in_sqlite(row, frame)
        in_csv(frame, tmp_path / "frame.csv")
        in_excel(frame, tmp_path / "frame.xlsx")


def written(frame: pd.DataFrame, folder: Path) -> dict[str, pd.DataFrame]:
    frame.to_parquet(folder / "frame.parquet")
    frame.to_feather(folder / "frame.feather")
    return {
        "parquet": pd.read_parquet(folder / "frame.parquet"),
        "feather": pd.read_feather(folder / "frame.feather"),
    }


def api_values(row, frame):
    """The rows as Arrow has them: lists of dictionaries with the API's names."""
    fields = {column.name: column.field for column in row.columns}
    return [
        {
            name: plain(fields[name], one, times_as_text=False)
            if name in fields and fields[name].many
            else None
            if pd.isna(one)
            else one
            for name, one in line.items()
        }
        for line in frame.astype(object).to_dict("records")
    ]


def by_others(row, frame):
    types = pa.schema([(column.name, arrow_type(column.field)) for column in row.columns])
    expected = pa.Table.from_pylist(api_values(row, frame), types)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("registered", frame)
    for found in (connection.table("registered"), duckdb.sql("SELECT * FROM frame"), pl.from_pandas(frame)):
        table = found.to_arrow() if isinstance(found, pl.DataFrame) else found.to_arrow_table()
        assert table.column_names == frame.columns.tolist()
        assert table.cast(types).to_pylist() == expected.to_pylist()
    lists = [column for column in row.columns if column.field.many]
    assert all(pl.from_pandas(frame).schema[column.name].base_type() is pl.List for column in lists)


def in_sqlite(row, frame):
    database = sqlite3.connect(":memory:")
    stcrm.to_sql(frame, "frame", database)
    back = pd.read_sql("SELECT * FROM frame", database)
    assert back.columns.tolist() == frame.columns.tolist()
    assert len(back) == len(frame)
    for column in row.columns:
        cells = [None if pd.isna(one) else one for one in back[column.name].astype(object)]
        mine = values(frame[column.name])
        if column.field.many:
            cells = [one if one is None else orjson.loads(one) for one in cells]
            assert cells == [plain(column.field, one) for one in mine]
        elif column.field.kind == "time":
            assert [one and pd.Timestamp(one) for one in cells] == mine
        else:
            assert cells == mine


def values(cells):
    """The cells as Python has them, None if missing."""
    return [None if gone else one for gone, one in zip(cells.isna(), cells, strict=True)]


def in_csv(frame, path):
    frame.to_csv(path, index=False)
    back = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name in frame.columns:
        mine = frame[name].dropna()
        texts = back.loc[frame[name].notna().to_numpy(), name]
        if isinstance(mine.dtype, pd.DatetimeTZDtype):
            assert [pd.Timestamp(one) for one in texts] == mine.tolist()
        else:
            assert texts.tolist() == mine.astype(object).map(str).tolist()
        assert set(back.loc[frame[name].isna().to_numpy(), name]) <= {""}


def in_excel(frame, path):
    stcrm.to_excel(frame, path)
    assert path.stat().st_mode & 0o777 == 0o600
    book = openpyxl.load_workbook(path)
    sheet = book["Data"]
    heads, *lines = sheet.iter_rows()
    assert [cell.value for cell in heads] == frame.columns.tolist()
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", sheet.dimensions)
    assert len(lines) == len(frame)
    for name, cells in zip(frame.columns, zip(*lines, strict=True) if lines else (), strict=False):
        held = [cell.value for cell in cells]
        mine = values(frame[name])
        if isinstance(frame[name].dtype, pd.DatetimeTZDtype):
            local = frame[name].dt.tz_convert("America/Chicago").dt.tz_localize(None)
            # Excel keeps days as a floating-point number: half a millisecond may go either way.
            apart = [abs(pd.Timestamp(cell) - time) for cell, time in zip(held, local, strict=True)]
            assert all(difference <= pd.Timedelta(milliseconds=1) for difference in apart)
        elif str(name) == "id" or str(name).endswith("_id"):
            assert held == [one if one is None else str(one) for one in mine]
        elif str(frame[name].dtype) in ("Int64", "Float64", "boolean", "str"):
            assert held == [None if one == "" else one for one in mine]


@pytest.mark.parametrize("family", ["leads", "bookings", "customers", "locations", "contacts"])
def test_the_plan_of_a_saved_frame_is_empty(family, standing, join, tmp_path):
    resource = getattr(join(standing), family)
    frame = resource.list()
    frame.to_parquet(tmp_path / "frame.parquet")
    plain = pa.parquet.read_table(tmp_path / "frame.parquet").to_pandas(ignore_metadata=True)
    for back in (pd.read_parquet(tmp_path / "frame.parquet"), plain):
        assert len(resource.plan_changes(frame, back).changes) == 0
        assert len(resource.plan_changes(frame, back).refused) == 0


def test_without_this_package_lists_are_read_as_pandas_reads_lists(standing, join, tmp_path):
    join(standing).customers.list().to_parquet(tmp_path / "frame.parquet")
    read = "import sys, pandas as pd; frame = pd.read_parquet(sys.argv[1]); print(frame.dtypes['custom_fields'])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", read, tmp_path / "frame.parquet"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "object\n"


def test_what_a_database_cannot_hold_is_an_error(standing, join):
    leads = join(standing).leads.list()
    with pytest.raises(pd.errors.DatabaseError) as error:
        leads.to_sql("leads", sqlite3.connect(":memory:"))
    assert "tuple" in str(error.value.__cause__)
    with pytest.raises(UsageError, match="register"):
        stcrm.to_sql(leads, "leads", duckdb.connect())
