"""Workbooks for people: what Excel shows of a cell."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.contract.schemas.fields import integer, records
from stcrm_pandas.contract.schemas.list_dtype import ListDtype
from stcrm_pandas.contract.schemas.parts import CUSTOM_FIELD, CustomField
from stcrm_pandas.errors import UsageError

ABOUT = {"resource": "customers", "tenant": 7, "time_zone": "America/Chicago", "filters": {"active": "Any"}}


@pytest.fixture
def frame():
    times = pd.Series(["2026-07-01T05:00:00.25Z", "0001-01-01T00:00:00Z"], dtype="datetime64[us, UTC]")
    frame = pd.DataFrame(
        {
            "id": pd.array([2**60 + 1, None], dtype="Int64"),
            "name": pd.array(["=1+1", "#N/A"], dtype="str"),
            "balance": pd.array([12.5, None], dtype="Float64"),
            "active": pd.array([True, None], dtype="boolean"),
            "created_on": times,
            "tag_type_ids": pd.Series([(71, 72), ()], dtype=ListDtype(integer("tagTypeIds", many=True))),
            "custom_fields": pd.Series(
                [(CustomField(9, "Gate code", "12"), CustomField(8, "Pets", None)), None],
                dtype=ListDtype(records("customFields", CUSTOM_FIELD, CustomField)),
            ),
        }
    )
    frame.attrs["stcrm"] = ABOUT
    return frame


def lines(path, title="Data"):
    return [[cell.value for cell in line] for line in openpyxl.load_workbook(path)[title].iter_rows()]


def test_cells_are_what_people_expect(frame, tmp_path):
    heads, first, second = lines(stcrm.to_excel(frame, tmp_path / "frame.xlsx"))
    assert heads == frame.columns.tolist()
    local = dt.datetime(2026, 7, 1, 0, 0, 0, 250_000)
    assert first == [str(2**60 + 1), "=1+1", 12.5, True, local, "71, 72", "Gate code: 12, Pets"]
    assert second == [None, "#N/A", None, None, "0001-01-01 00:00:00+00:00", None, None]
    sheet = openpyxl.load_workbook(tmp_path / "frame.xlsx")["Data"]
    assert [cell.data_type for cell in sheet[2]][:3] == ["s", "s", "n"]
    assert sheet["E2"].number_format == "yyyy-mm-dd hh:mm"
    assert sheet.column_dimensions["A"].width == len(str(2**60)) + 2


def test_the_second_sheet_names_the_source_and_the_time_zone(frame, tmp_path):
    path = stcrm.to_excel(frame, tmp_path / "frame.xlsx", time_zone="Europe/Berlin", title="Open")
    assert lines(path, "Open")[1][4] == dt.datetime(2026, 7, 1, 7, 0, 0, 250_000)
    assert lines(path, "About")[1:] == [
        ["resource", "customers"],
        ["tenant", "7"],
        ["filters", "active: Any"],
        ["time zone", "Europe/Berlin"],
    ]


def test_tables_with_an_index_and_several_levels_are_written(tmp_path):
    table = pd.DataFrame(
        {("leads", "all"): [1, 2], ("leads", "open"): [0.5, None]}, index=pd.Index(["a", "b"], name="campaign")
    )
    assert lines(stcrm.to_excel(table, tmp_path / "table.xlsx")) == [
        ["campaign", "leads all", "leads open"],
        ["a", 1, 0.5],
        ["b", 2, None],
    ]
    days = pd.DataFrame({"day": pd.to_datetime(["2026-07-01"])})
    assert lines(stcrm.to_excel(days, tmp_path / "days.xlsx"))[1] == [dt.datetime(2026, 7, 1)]


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("frame.csv", {}, "to_excel writes .xlsx"),
        ("frame.xlsx", {"time_zone": "Chicago"}, "no time zone 'Chicago'"),
        ("gone/frame.xlsx", {}, "does not exist"),
    ],
)
def test_what_cannot_be_written_is_an_error(name, given, message, frame, tmp_path):
    with pytest.raises(UsageError, match=message):
        stcrm.to_excel(frame, tmp_path / name, **given)
    assert not list(tmp_path.iterdir())
