"""Cells as text, there and back."""

from __future__ import annotations

import zoneinfo
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import stcrm_pandas as stcrm
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.contract.schemas.list_dtype import dtype_of
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.grid.columns import GridColumn, Rejected, columns_of_frame
from stcrm_pandas.grid.messages import encoded

from ..frame.random_frames import ROWS, frames
from .view import View, decoded

ZONES = ["UTC", "America/Chicago", "Asia/Kolkata", "Pacific/Kiritimati"]
CREATED = next(column for column in LEADS.columns if column.name == "created_on")


@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate], max_examples=settings().max_examples // 2)
@given(row=st.sampled_from(ROWS), zone=st.sampled_from(ZONES), data=st.data())
def test_texts_are_read_back_exactly(row: Row, zone: str, data: st.DataObject) -> None:
    frame = data.draw(frames(row, least=1))
    for one in row.columns:
        column = GridColumn(one, dtype_of(one), zone)
        texts = column.texts(frame[one.name])
        assert decoded({"rows": len(frame), **encoded(texts)[0]}, encoded(texts)[1]) == texts.to_pylist()
        read = []
        for cell, text in zip(frame[one.name].tolist(), texts.to_pylist(), strict=True):
            assert column.text(cell) == text
            value, _ = column.parse(text)
            read.append(value)
            assert (value is None) == (not isinstance(cell, tuple) and is_missing(cell))
        if not one.field.values:  # words of an enum are read in any case
            put = column.put(frame[one.name], list(range(len(frame))), read)
            pd.testing.assert_series_equal(put, frame[one.name], check_exact=True)


@given(
    times=st.lists(st.none() | st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999), min_size=1, max_size=8),
    zone=st.sampled_from(sorted(zoneinfo.available_timezones())[::7]),
)
def test_times_are_read_back_exactly_in_every_zone(times: list[int | None], zone: str) -> None:
    column = GridColumn(CREATED, dtype_of(CREATED), zone)
    cells = pd.Series(pd.array(times, dtype="Int64").astype("datetime64[us]")).dt.tz_localize("UTC")
    texts = column.texts(cells).to_pylist()
    assert [column.text(cell) for cell in cells] == texts
    found = [column.parse(text)[0] for text in texts]
    assert found == [None if cell is pd.NaT else cell for cell in cells]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-25 09:30", "2026-11-25T15:30Z"),
        ("2026-07-01T09:30:15.5", "2026-07-01T14:30:15.5Z"),
        ("2026-11-25", "2026-11-25T06:00Z"),
        (" 2026-11-25 09:30 +01:00 ", "2026-11-25T08:30Z"),
        ("2026-11-25 09:30Z", "2026-11-25T09:30Z"),
        ("2026-11-01 01:30 -05:00", "2026-11-01T06:30Z"),
    ],
)
def test_time_without_an_offset_is_in_the_tenants_zone(text: str, utc: str) -> None:
    column = GridColumn(CREATED, dtype_of(CREATED), "America/Chicago")
    assert column.parse(text)[0] == pd.Timestamp(utc)
    assert column.parse(column.text(column.parse(text)[0]))[0] == pd.Timestamp(utc)


@pytest.mark.parametrize("text", ["2026-11-01 01:30", "2026-03-08 02:30", "11/25/2026", "25", "", "2026-02-30 10:00"])
def test_time_that_is_none_or_occurs_twice_is_rejected(text: str) -> None:
    column = GridColumn(CREATED, dtype_of(CREATED), "America/Chicago")
    with pytest.raises(Rejected, match="the text is"):
        column.parse(text)


OTHERS: dict[str, Any] = {
    "id": pd.Series([1, 2], dtype="int64"),
    "small": pd.Series([1, -5], dtype="int8"),
    "whole": pd.Series([2**63 + 5, 0], dtype="uint64"),
    "maybe": pd.Series([2**53 + 1, None], dtype="Int64"),
    "plain": pd.Series([1.5, None], dtype="float64"),
    "yes": pd.Series([True, False]),
    "word": pd.Series(["a", None], dtype="str"),
    "object": pd.Series(["a", None], dtype=object),
    "choice": pd.Series(["low", None], dtype=pd.CategoricalDtype(["low", "high"])),
    "naive": pd.Series([pd.Timestamp("2026-01-01 10:00:00.5"), None], dtype="datetime64[ns]"),
    "aware": pd.Series([pd.Timestamp("2026-07-01", tz="America/Denver"), None], dtype="datetime64[us, America/Denver]"),
    "fine": pd.Series([pd.Timestamp("2026-01-01 10:00:00.000000001"), None], dtype="datetime64[ns]"),
    "mixed": pd.Series([{"a": 1}, 5], dtype=object),
    "period": pd.Series(pd.period_range("2026-01", periods=2, freq="M")),
}


def test_columns_of_texts_are_as_wide_as_nearly_all_of_their_cells() -> None:
    texts = {"short": ["ab"] * 50, "long": ["a" * 30] * 48 + ["a" * 500, None], "empty": [None] * 50}
    frame = pd.DataFrame({"id": range(50)} | {name: pd.Series(cells, dtype="str") for name, cells in texts.items()})
    columns = {one.name: one.as_json(frame[one.name]) for one in columns_of_frame(("id",), frame)}
    assert {name: one["width"] for name, one in columns.items()} == {"id": None, "short": 22, "long": 30, "empty": None}


def test_types_of_any_frame_follow_from_its_dtypes() -> None:
    frame = pd.DataFrame(OTHERS)
    columns = {one.name: one for one in columns_of_frame(("id",), frame)}
    assert {name: one.kind for name, one in columns.items() if not one.locked} == {
        **{"small": "integer", "maybe": "integer", "plain": "number", "yes": "boolean"},
        **{"word": "text", "object": "text", "choice": "text", "naive": "time", "aware": "time"},
    }
    assert columns["choice"].as_json(frame["choice"])["enum"] == ["low", "high"]
    assert [columns[name].as_json(frame[name])["zone"] for name in ("naive", "aware")] == [None, "America/Denver"]
    for name, column in columns.items():
        texts = column.texts(frame[name]).to_pylist()
        assert len(texts) == 2
        if not column.locked:
            values = [column.parse(text)[0] for text in texts]
            pd.testing.assert_series_equal(column.put(frame[name], [0, 1], values), frame[name], check_exact=True)
    assert columns["naive"].texts(frame["naive"]).to_pylist() == ["2026-01-01 10:00:00.500000", None]
    assert columns["aware"].texts(frame["aware"]).to_pylist() == ["2026-07-01 00:00:00 -06:00", None]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("small", None, "this column cannot be empty: its dtype is int8"),
        ("small", "128", "the text is too large or too small for the dtype int8"),
        ("yes", None, "this column cannot be empty: its dtype is bool"),
        ("choice", "middle", "the text is none of: low, high"),
        ("naive", "2026-01-01 10:00Z", "the text has an offset, but the times of this column have no time zone"),
    ],
)
def test_value_that_the_dtype_cannot_hold_is_rejected(name: str, text: str | None, reason: str) -> None:
    columns = {one.name: one for one in columns_of_frame(("id",), pd.DataFrame(OTHERS))}
    with pytest.raises(Rejected) as caught:
        columns[name].parse(text)
    assert str(caught.value) == reason


def test_column_of_another_dtype_than_documented_is_locked(tmp_path: Any) -> None:
    from ..edits.plan.rows import frame
    from .sessions import open_session

    customers = frame("customers").astype({"tag_type_ids": object, "name": object, "credit_limit": "float64"})
    customers["shoe_size"] = np.array([42])
    customers["active"] = pd.Series(["yes"], dtype="str")
    customers["created_on"] = pd.Series(["yesterday"], dtype="str")
    customers["address_city"] = pd.Series([5], dtype=object)
    customers["id"] = customers["id"].astype("float64")
    session = open_session(tmp_path / "log.sqlite", "customers", customers)
    assert not session.columns["name"].locked
    assert not session.columns["tag_type_ids"].locked
    assert "float64" in session.columns["credit_limit"].locked
    assert "does not document" in session.columns["shoe_size"].locked
    shown = {name: session.texts(name).to_pylist() for name in ("id", "active", "created_on", "address_city")}
    assert shown == {"id": ["1"], "active": ["yes"], "created_on": ["yesterday"], "address_city": ["5"]}
    assert session.edit("tab", 1, "", [("1", "name", "ANN LEE", "Ann")])[0].verdicts[0].verdict == "accepted"


def test_column_that_cannot_identify_rows_is_named() -> None:
    frame = pd.DataFrame({"id": pd.period_range("2026-01", periods=2, freq="M")})
    with pytest.raises(UsageError, match="id cannot identify rows: its dtype is period"):
        stcrm.edit(frame, name="months")


@pytest.mark.parametrize("key", [["a", "b"], ["1", "x/y"], [1.5, 2.5], pd.to_datetime(["2026-01-01", "2026-01-02"])])
def test_keys_of_other_types_identify_rows(key: Any) -> None:
    frame = pd.DataFrame({"key": key, "name": ["x", "y"]})
    grid = stcrm.edit(frame, key="key", name="keys")
    view = View(grid)
    assert view.edit((str(view.column("key")[1]), "name", "y", "z"))[0][2] == "accepted"
    assert grid.after["name"].tolist() == ["x", "z"]
    assert str(grid.changes["key"].iloc[0]).removesuffix("+00:00") == str(frame["key"].iloc[1])
    assert grid.after["key"].equals(frame["key"])
