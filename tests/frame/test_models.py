"""The models take a frame only in the dtypes of the contract."""

from __future__ import annotations

import pandas as pd
import pytest
from pandera.errors import SchemaErrors

from stcrm_pandas.contract.schemas import CallReasons, CustomerContacts


@pytest.fixture
def reasons() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": pd.array([1, 2], "Int64"),
            "name": pd.Series(["a", "b"], dtype="str"),
            "is_lead": pd.array([True, False], "boolean"),
            "active": pd.array([True, True], "boolean"),
            "created_on": pd.Series([0, 1], dtype="datetime64[us, UTC]"),
            "modified_on": pd.Series([0, 1], dtype="datetime64[us, UTC]"),
        }
    )


def test_valid_frame_passes_with_additional_columns(reasons):
    pd.testing.assert_frame_equal(CallReasons.validate(reasons.assign(more=1)), reasons.assign(more=1))


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        ("id", "int64"),
        ("id", "Int32"),
        ("id", "Float64"),
        ("id", "int64[pyarrow]"),
        ("name", "object"),
        ("name", "string"),
        ("name", "category"),
        ("is_lead", "bool"),
        ("is_lead", "object"),
        ("created_on", "datetime64[ns, UTC]"),
        ("created_on", "datetime64[us, America/Chicago]"),
    ],
)
def test_other_dtype_fails(reasons, column, dtype):
    with pytest.raises(SchemaErrors) as caught:
        CallReasons.validate(reasons.astype({column: dtype}), lazy=True)
    assert caught.value.failure_cases["column"].tolist() == [column]


def test_text_storage_may_be_python_or_arrow(reasons):
    python = pd.StringDtype("python", na_value=float("nan"))
    CallReasons.validate(reasons.astype({"name": python}), lazy=True)


def test_keys_are_unique_except_missing_ones(reasons):
    CallReasons.validate(reasons.assign(id=pd.array([None, None], "Int64")), lazy=True)
    with pytest.raises(SchemaErrors, match="no duplicate keys"):
        CallReasons.validate(reasons.assign(id=pd.array([1, 1], "Int64")), lazy=True)


def test_missing_key_part_is_reported_once():
    with pytest.raises(SchemaErrors) as caught:
        CustomerContacts.validate(CustomerContacts.empty().drop(columns="id"), lazy=True)
    assert caught.value.failure_cases["failure_case"].tolist() == ["id"]
