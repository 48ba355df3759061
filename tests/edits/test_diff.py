"""What `diff` takes for a change, and what it does not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stcrm_pandas.contract.schemas.contacts import CONTACT_PREFERENCES
from stcrm_pandas.contract.schemas.customers import CUSTOMER_CONTACTS, CUSTOMERS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.contract.schemas.locations import LOCATIONS
from stcrm_pandas.contract.schemas.parts import CustomField, ExternalData
from stcrm_pandas.edits.diff import diff
from stcrm_pandas.errors import UsageError

from ..frame.random_frames import ROWS, frames, values

MOMENT = pd.Timestamp("2026-01-01T12:00:00.123456Z").as_unit("us")


def customers(**columns: list[Any]) -> pd.DataFrame:
    """A frame of customers of three rows with the columns named."""
    cells = {"id": [1, 2**60 + 1, 3], **columns}
    return pd.DataFrame({name: pd.Series(cells[name], dtype=dtypes_of(CUSTOMERS)[name]) for name in cells})


BEFORE = customers(
    active=[True, False, None],
    name=["Ann", "", None],
    address_zip=["02134", "60601", None],
    balance=[1.1, 0.0, None],
    tag_type_ids=[(1, 2), (), None],
    custom_fields=[(CustomField(7, "Gate", "12"),), (), None],
    created_on=[MOMENT, MOMENT, pd.NaT],
    merged_to_id=[2**60 + 3, 5, None],
)


def cells(changes: Any) -> list[tuple[Any, ...]]:
    return list(changes.frame[["id", "column", "old", "new", "state"]].itertuples(index=False, name=None))


@given(row=st.sampled_from(ROWS), data=st.data())
def test_only_edited_cells_are_detected(row: Row, data: st.DataObject) -> None:
    before = data.draw(frames(row, least=1))
    names = {column.name: column for column in row.columns if column.name not in row.key}
    after, expected = before.copy(), {}
    for _ in range(data.draw(st.integers(0, 6)) if names else 0):
        position = data.draw(st.integers(0, len(before) - 1))
        name = data.draw(st.sampled_from(sorted(names)))
        new = data.draw(values(names[name].field))
        cells = after[name].to_numpy(dtype=object, na_value=None) if names[name].dtype != "object_" else None
        cells = after[name].to_numpy(dtype=object).copy() if cells is None else cells.copy()
        cells[position] = new
        after[name] = pd.Series([*cells, None], dtype="object")[:-1]
        expected[position, name] = new
    order = data.draw(st.permutations(range(len(before))))
    changes = diff(before, after.iloc[order], row=row)
    assert not len(changes.unreadable)
    assert changes.unknown_columns == ()
    found = {
        (position, line["column"]): line["new"]
        for line in changes.frame.to_dict("records")
        for position in range(len(before))
        if all(before[key].iloc[position] == line[key] for key in row.key)
    }
    for (position, name), new in expected.items():
        old = before[name].array[position]
        if (position, name) in found:
            assert found.pop((position, name)) == new
        else:
            assert same(old, new), name
    assert found == {}


def same(old: Any, new: Any) -> bool:
    if old is None or isinstance(old, tuple):
        return old == new or (isinstance(old, tuple) and isinstance(new, tuple) and set(old) == set(new))
    return bool(pd.isna(old)) if new is None else bool(not pd.isna(old) and old == new)


@given(row=st.sampled_from(ROWS), data=st.data())
def test_frame_equals_its_copy(row: Row, data: st.DataObject) -> None:
    frame = data.draw(frames(row))
    assert len(diff(frame, frame.copy(), row=row)) == 0
    assert len(diff(frame, frame.iloc[::-1].astype(object), row=row)) == 0
    assert len(diff(frame, frame.iloc[:0], row=row)) == 0


def test_untouched_set_and_cleared() -> None:
    after = BEFORE.copy()
    after["name"] = [None, "Bob", ""]
    assert cells(diff(BEFORE, after, row=CUSTOMERS)) == [
        (1, "name", "Ann", None, "cleared"),
        (2**60 + 1, "name", "", "Bob", "set"),
        (3, "name", None, "", "set"),
    ]


def test_values_are_python_values_and_keys_keep_their_dtype() -> None:
    after = BEFORE.copy()
    after.loc[0, ["active", "balance", "merged_to_id", "created_on"]] = [False, 2.5, 2**60 + 5, MOMENT.floor("D")]
    after["tag_type_ids"] = [[3], (), None]
    changes = diff(BEFORE, after, row=CUSTOMERS)
    kinds = {line.column: (type(line.old), type(line.new)) for line in changes.frame.itertuples()}
    assert kinds == {
        "active": (bool, bool),
        "balance": (float, float),
        "tag_type_ids": (tuple, tuple),
        "created_on": (pd.Timestamp, pd.Timestamp),
        "merged_to_id": (int, int),
    }
    assert changes.frame.dtypes.astype(str).to_dict() == {
        **{"id": "Int64", "column": "str", "old": "object", "new": "object", "state": "str"}
    }
    assert changes.frame["column"].tolist() == [name for name in BEFORE if name in kinds]
    assert repr(changes) == "<Changes of customers: 5 cells in 1 row>"


MISTAKEN = {
    "active": [
        BEFORE["active"].astype(object),
        pd.Series([1.0, 0.0, np.nan]),
        pd.Series([np.True_, 0, None], dtype=object),
        pd.Series(["TRUE", "false", None]),
    ],
    "name": [
        BEFORE["name"].astype(object),
        BEFORE["name"].astype("string"),
        BEFORE["name"].astype("category"),
        pd.Series(["Ann", "", pd.NA], dtype=object),
        pd.Series(["Ann", "", pd.NaT], dtype=object),
        BEFORE["name"].astype(pd.ArrowDtype(pa.string())),
    ],
    "address_zip": [pd.Series(["02134", 60601, None], dtype=object), pd.Series(["02134", 60601.0, np.nan])],
    "balance": [
        BEFORE["balance"].astype("float64"),
        BEFORE["balance"].astype(object),
        pd.Series([Decimal("1.1"), 0, None], dtype=object),
        pd.Series(["1.10", "0", None]),
        BEFORE["balance"].astype("float64[pyarrow]"),
    ],
    "tag_type_ids": [
        pd.Series([[1, 2], [], None]),
        pd.Series([{2, 1}, set(), np.nan]),
        pd.Series([np.array([2, 1]), np.array([]), pd.NA]),
        pd.Series([(2.0, 1), (), None]),
    ],
    "custom_fields": [
        pd.Series([[(7, "Gate", "12")], [], None]),
        pd.Series([[{"typeId": 7, "name": "Gate", "value": "12"}], [], None]),
        pd.Series([({"type_id": 7, "name": "Gate", "value": "12"},), (), np.nan]),
    ],
    "created_on": [
        BEFORE["created_on"].astype("datetime64[ns, UTC]"),
        BEFORE["created_on"].dt.tz_convert("America/Chicago"),
        BEFORE["created_on"].dt.tz_localize(None),
        BEFORE["created_on"].astype(object),
        pd.Series([MOMENT.to_pydatetime(), MOMENT.isoformat(), None], dtype=object),
        pd.Series(["2026-01-01T12:00:00.123456Z", "2026-01-01T06:00:00.123456-06:00", None]),
        BEFORE["created_on"].astype("timestamp[us, tz=UTC][pyarrow]"),
    ],
    "merged_to_id": [
        BEFORE["merged_to_id"].astype(object),
        BEFORE["merged_to_id"].astype("str"),
        BEFORE["merged_to_id"].astype("int64[pyarrow]"),
        pd.Series([2**60 + 3, 5.0, pd.NA], dtype=object),
        pd.Series([np.int64(2**60 + 3), "5.0", np.nan], dtype=object),
    ],
}


@pytest.mark.parametrize(
    ("name", "series"),
    [(name, series) for name, many in MISTAKEN.items() for series in many],
    ids=lambda value: value if isinstance(value, str) else str(value.dtype),
)
def test_changed_dtype_is_not_a_change(name: str, series: pd.Series) -> None:
    changes = diff(BEFORE, BEFORE.assign(**{name: series}), row=CUSTOMERS)
    assert cells(changes) == []
    assert len(changes.unreadable) == 0


def test_other_numeric_dtypes_are_accepted() -> None:
    before = customers(merged_to_id=[4, 5, 6])
    for dtype in ("int64", "int32", "uint8", "float64", "Float64", "float32", "UInt64"):
        after = before.assign(merged_to_id=pd.Series([4, 5, 7]).astype(dtype))
        assert cells(diff(before, after, row=CUSTOMERS)) == [(3, "merged_to_id", 6, 7, "set")]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("merged_to_id", 5.5, "is not a whole number"),
        ("merged_to_id", float(2**60), "is a float above 2^53, which has lost its last digits"),
        ("merged_to_id", "soon", "is not a whole number"),
        ("merged_to_id", "", "is not a whole number"),
        ("merged_to_id", True, "is true or false instead of a whole number"),
        ("merged_to_id", 2**64, "is too large a number for 64 bits"),
        ("merged_to_id", float("inf"), "is not a whole number"),
        ("active", "yes", "is neither true nor false"),
        ("active", 2, "is neither true nor false"),
        ("balance", "1,000", "is not a number"),
        ("balance", "1_0", "is not a number"),
        ("balance", float("inf"), "is not a finite number"),
        ("name", ["Ann"], "is not text"),
        ("name", "\ud800", "has an invalid character (a lone surrogate)"),
        ("address_zip", 2134, "is a number instead of text: leading zeros may be lost"),
        ("created_on", "soon", "is not a time"),
        ("created_on", 1767225600, "is not a time"),
        ("created_on", dt.datetime(2026, 1, 2), "has no time zone: add it with `.dt.tz_localize(…)`"),
        ("tag_type_ids", "(1, 2)", "is not a list"),
        ("tag_type_ids", (1, None), "contains a value that is not a whole number"),
        ("tag_type_ids", (1.5,), "contains a value that is not a whole number"),
        ("custom_fields", ((7, "Gate"),), "contains a value that is not a record with the right parts"),
        ("custom_fields", ({"type": 7},), "contains a value that is a record with an unknown part"),
    ],
)
def test_invalid_values_are_reported(name: str, value: Any, why: str) -> None:
    mended = BEFORE[name].astype(object)
    mended.iat[2] = value
    changes = diff(BEFORE, BEFORE.assign(**{name: pd.Series(list(mended), dtype=object)}).iloc[::-1], row=CUSTOMERS)
    assert changes.unreadable.values.tolist() == [[3, name, why]]
    assert len(changes) == 0
    assert "1 cell that cannot be read" in repr(changes)


def test_infinity_is_reported() -> None:
    after = BEFORE.assign(balance=pd.array([np.inf, 0.0, None], dtype="Float64"))
    assert diff(BEFORE, after, row=CUSTOMERS).unreadable["why"].tolist() == ["is not a finite number"]


def test_nan_in_a_float_column_is_missing() -> None:
    nan = pd.array([0.0, 0.0, 0.0], dtype="Float64") / pd.array([0.0, 1.0, 0.0], dtype="Float64")
    after = BEFORE.assign(balance=nan)
    assert cells(diff(BEFORE, after, row=CUSTOMERS)) == [(1, "balance", 1.1, None, "cleared")]


def test_ids_of_a_list_are_a_set_and_records_are_in_order() -> None:
    before = customers(tag_type_ids=[(1, 2), (1, 2), ()], external_data=[(("a", "1"), ("b", "2")), (), ()])
    after = before.assign(tag_type_ids=[(2, 1), (2, 1, 3), None], external_data=[(("b", "2"), ("a", "1")), (), ()])
    assert cells(diff(before, after, row=CUSTOMERS)) == [
        (1, "external_data", before["external_data"][0], (ExternalData("b", "2"), ExternalData("a", "1")), "set"),
        (2**60 + 1, "tag_type_ids", (1, 2), (2, 1, 3), "set"),
        (3, "tag_type_ids", (), None, "cleared"),
    ]


def test_omitted_columns_and_rows_are_untouched() -> None:
    changes = diff(BEFORE, BEFORE[["id", "name"]].iloc[[2]], row=CUSTOMERS)
    assert len(changes) == 0
    assert changes.unknown_columns == ()


def test_incomparable_columns_are_listed() -> None:
    before = BEFORE.assign(mine=[1, 2, None], same=[{"a": 1}, np.nan, pd.NA])
    after = before.assign(extra="x", mine=[1, 3, None], same=[{"a": 1}, None, pd.NaT], tax_exempt=True)
    changes = diff(before, after, row=CUSTOMERS)
    assert changes.unknown_columns == ("extra", "tax_exempt", "mine")
    assert len(changes) == 0
    assert "columns that cannot be compared: extra, tax_exempt, mine" in repr(changes)


def test_key_may_be_the_index() -> None:
    before = customers(name=["a", "b", "c"])
    after = before.set_index("id").assign(name=["a", "b", "d"])
    assert cells(diff(before, after, row=CUSTOMERS)) == [(3, "name", "c", "d", "set")]


@pytest.mark.parametrize("ids", [pd.array([1, 2, 3], "Int64"), pd.array([1, 2**40, 2**50], "Int64")])
def test_keys_match_in_any_order(ids: Any) -> None:
    before = pd.DataFrame({"id": ids, "name": ["a", "b", "c"]})
    after = before.iloc[[2, 0]].assign(name=["z", "a"])
    assert cells(diff(before, after, row=CUSTOMERS)) == [(ids[2], "name", "c", "z", "set")]
    with pytest.raises(UsageError, match=f"customers: id {ids[1]} appears twice in `after`"):
        diff(before, before.iloc[[0, 1, 1]], row=CUSTOMERS)
    with pytest.raises(UsageError, match=f"customers: id {ids[1]} appears twice in `before`"):
        diff(before.iloc[[0, 1, 1]], before.iloc[[0, 1, 1]], row=CUSTOMERS)
    with pytest.raises(UsageError, match="customers: id 9 is in `after`, but not in `before`: rows cannot be added"):
        diff(before, before.assign(id=[1, 9, ids[2]]), row=CUSTOMERS)


def test_keys_of_several_columns() -> None:
    before = pd.DataFrame({"customer_id": [1, 1, 2], "id": [5, 6, 5], "memo": ["a", "b", "c"]})
    after = before.iloc[::-1].assign(memo=["c", "x", "a"])
    changes = diff(before, after, row=CUSTOMER_CONTACTS)
    assert changes.frame.values.tolist() == [[1, 6, "memo", "b", "x", "set"]]
    with pytest.raises(UsageError, match="customer_id / id 2/6 is in `after`, but not in `before`"):
        diff(before, after.assign(id=6), row=CUSTOMER_CONTACTS)


def test_text_keys_are_not_confused() -> None:
    keys = {"contact_id": ["a", "a/b"], "contact_method_id": ["b/c", "c"], "name": ["n", "n"]}
    before = pd.DataFrame({**keys, "value": ["1", "2"]}, dtype="str")
    changes = diff(before, before.iloc[::-1].assign(value=["2", "9"]), row=CONTACT_PREFERENCES)
    assert changes.frame["contact_id"].tolist() == ["a"]


def test_missing_or_malformed_keys_raise() -> None:
    before = customers(name=["a", "b", "c"])
    with pytest.raises(UsageError, match=r"2 rows of `after` without id, .*: row 1, 3 \(counted from 1\)"):
        diff(before, before.assign(id=[None, 2, None]), row=CUSTOMERS)
    with pytest.raises(UsageError, match="`after` has no column 'id'"):
        diff(before, before[["name"]], row=CUSTOMERS)
    with pytest.raises(UsageError, match=r"id of `after` cannot be read in 1 row: the one is row 2, which is a float"):
        diff(before, before.assign(id=before["id"].astype("float64")), row=CUSTOMERS)
    with pytest.raises(UsageError, match="has the column 'name' twice"):
        diff(before, before[["id", "name", "name"]], row=CUSTOMERS)


def test_many_invalid_keys_are_counted() -> None:
    before = pd.DataFrame({"id": range(30), "name": "a"})
    with pytest.raises(UsageError, match=r"id 100, 101, .*109, … \(30 in all\) is in `after`"):
        diff(before, before.assign(id=range(100, 130)), row=LOCATIONS)


def test_values_under_missing_cells_are_ignored() -> None:
    """Arrays are compared as they lie in memory; where a cell is missing, anything may lie there."""
    texts = pa.array(["one", "two", "six", "ten"], pa.large_string())
    _, ends, letters = texts.buffers()
    gaps = pa.array([True, False, True, False]).buffers()[1]  # a bit for each cell: `two` and `ten` lie below gaps
    garbage = pa.LargeStringArray.from_buffers(4, ends, letters, gaps)
    clean = pa.array(["one", None, "six", None], pa.large_string())
    before = pd.DataFrame({"id": pd.array([1, 2, 3, 4], "Int64"), "name": pd.array(garbage, dtype="str")})
    before["credit_limit"] = pd.arrays.FloatingArray(
        np.array([1.0, 2, 3, np.nan]), np.array([False, True, False, True])
    )
    after = before.assign(name=pd.array(clean, dtype="str"))
    after["credit_limit"] = pd.arrays.FloatingArray(np.array([1.0, 7, 3, 8]), np.array([False, True, False, True]))
    assert before["name"].isna().tolist() == [False, True, False, True]
    for order in ([0, 1, 2, 3], [3, 1, 0, 2], [2, 1]):
        assert not len(diff(before, after.iloc[order], row=CUSTOMERS))
    after["name"] = pd.array(["one", "", "six", None], dtype="str")
    after.loc[3, "credit_limit"] = 0.0
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        found = diff(before, after.iloc[order], row=CUSTOMERS).frame
        assert found[["id", "column", "new"]].values.tolist() == [[2, "name", ""], [4, "credit_limit", 0.0]]
    sliced = diff(before.iloc[1:], after.iloc[[3, 2, 1]], row=CUSTOMERS).frame
    assert sliced["id"].tolist() == [2, 4]
