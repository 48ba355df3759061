"""Columns as stored bytes: every frame comes back equal, with its dtypes, and in memory of its own."""

from __future__ import annotations

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.reads.decoded import column_from_bytes, column_to_bytes, shape_of

from ..frame.random_frames import ROWS, frames

LISTED = list(dict.fromkeys(op.row for op in OPERATIONS.values() if op.row and op.returns in ("page", "array")))


def there_and_back(column: pd.Series) -> pd.Series:
    return pd.Series(column_from_bytes(column.dtype, column_to_bytes(column)), dtype=column.dtype, name=column.name)


@pytest.mark.hypothesis
@hypothesis.given(data=st.data())
def test_every_frame_comes_back_equal(data):
    row = data.draw(st.sampled_from(LISTED))
    frame = data.draw(frames(row))
    back = pd.DataFrame({name: there_and_back(frame[name]) for name in frame})
    pd.testing.assert_frame_equal(back, frame)
    assert back.dtypes.to_dict() == dtypes_of(row)


def test_undocumented_fields_come_back_as_the_same_values():
    cells = [None, True, 7, 2**63, 0.5, "x", ("a", None, (1,)), {"part": (1, 2), "other": None}]
    column = pd.Series(cells, dtype=object)
    assert there_and_back(column).tolist() == cells
    assert [type(cell) for cell in there_and_back(column)] == [type(cell) for cell in cells]


def test_a_number_beyond_64_bits_in_an_undocumented_field_cannot_be_stored():
    with pytest.raises((TypeError, ValueError)):
        column_to_bytes(pd.Series([2**64], dtype=object))


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([1, 2, 3], dtype="Int64"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([0.5, None, -0.0], dtype="Float64"),
        pd.Series(["a", None, ""], dtype="str"),
        pd.Series(["2026-01-01", None, "0001-01-01"], dtype="datetime64[us, UTC]"),
    ],
    ids=lambda column: str(column.dtype),
)
def test_columns_are_writable_and_independent(column):
    stored = column_to_bytes(column)
    one, two = (pd.Series(column_from_bytes(column.dtype, stored), dtype=column.dtype) for _ in range(2))
    one.iloc[0] = column.iloc[2]
    one.iloc[2] = None
    pd.testing.assert_series_equal(two, column)
    assert one.isna().tolist() == [False, bool(column.isna()[1]), True]


def test_negative_zero_and_the_smallest_numbers_keep_their_bits():
    column = pd.Series([-0.0, 5e-324, np.nextafter(1, 2)], dtype="Float64")
    assert column_from_bytes(column.dtype, column_to_bytes(column)).to_numpy(float).tobytes() == (
        column.to_numpy(float).tobytes()
    )


def test_equal_lists_are_stored_once():
    tags = next(row for row in ROWS if row.name == "leads")
    dtype = dtypes_of(tags)["tag_type_ids"]
    many = pd.Series([(71, 72, 73), None, ()] * 10_000, dtype=dtype)
    assert len(column_to_bytes(many)) < 3_000
    pd.testing.assert_series_equal(there_and_back(many), many)


def test_the_shape_is_different_for_each_kind_of_row():
    assert len({shape_of(row) for row in ROWS}) == len({tuple(dtypes_of(row).items()) for row in ROWS})
