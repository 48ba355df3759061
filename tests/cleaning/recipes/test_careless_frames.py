"""Frames as people have them: categories, lists, columns twice, long texts. Nothing is lost, and nothing hangs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.cleaning.recipes.fix import LONGEST
from stcrm_pandas.errors import UsageError

CLEANING = stcrm.cleaning
TEXTS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "value": (CLEANING.phones, ["512-555-0101", None, "512-555-0101"], ["+15125550101", None, "+15125550101"]),
    "address_zip": (CLEANING.zips, ["78701 6789", None, "78701"], ["78701-6789", None, "78701"]),
    "name": (CLEANING.names, ["ANN EXAMPLE", None, "Bob Example"], ["Ann Example", None, "Bob Example"]),
    "address_street": (CLEANING.addresses, ["12 NORTH MAIN STREET", None, "9"], ["12 North Main Street", None, "9"]),
}
TYPES = pd.DataFrame({"id": [7, 8], "name": ["Member", "member "]})


@pytest.mark.parametrize("column", TEXTS)
def test_a_new_value_becomes_a_category(column):
    recipe, typed, wanted = TEXTS[column]
    frame = pd.DataFrame({"id": [1, 2, 3], column: pd.Series(typed).astype("category")})
    after = recipe(frame).after[column]
    assert isinstance(after.dtype, pd.CategoricalDtype)
    assert after.astype(object).where(after.notna(), None).tolist() == wanted


@pytest.mark.parametrize("recipe", [CLEANING.phones, CLEANING.emails, CLEANING.names])
def test_a_column_twice_is_an_error(recipe):
    frame = pd.DataFrame([[1, "Ann", "Bob", "a", "b"]], columns=["id", "name", "name", "value", "value"])
    with pytest.raises(UsageError, match="'name' twice"):
        recipe(frame)


@pytest.mark.parametrize("kind", [list, set, np.array])
def test_tags_are_read_from_lists(kind):
    cells = pd.Series([kind([8, 7]), kind([9, 10]), None], dtype=object)
    fix = CLEANING.tags(pd.DataFrame({"id": [1, 2, 3], "tag_type_ids": cells}), TYPES, confirmed={8: 7})
    assert fix.after["tag_type_ids"].iat[0] == (7,)
    assert fix.changes["id"].tolist() == [1]


@pytest.mark.parametrize("cell", ["18", 8])
def test_text_or_a_number_is_no_list_of_tags(cell):
    frame = pd.DataFrame({"id": [1], "tag_type_ids": pd.Series([cell], dtype=object)})
    with pytest.raises(UsageError, match="row 1"):
        CLEANING.tags(frame, TYPES, confirmed={8: 7})


@pytest.mark.parametrize("cell", ["[]", [{"type_id": 1, "name": "Color", "value": "red"}]])
def test_custom_fields_are_records(cell):
    frame = pd.DataFrame({"id": [1], "custom_fields": pd.Series([cell], dtype=object)})
    with pytest.raises(UsageError, match="custom_fields"):
        CLEANING.custom_fields(frame)


@pytest.mark.parametrize("recipe", [CLEANING.emails, CLEANING.names, CLEANING.addresses, CLEANING.cities])
def test_a_megabyte_of_text_is_skipped(recipe):
    # The text repeats what the patterns look for, so without a limit they would need hours.
    text = "apt 5 MC" * 130_000
    columns = ("value", "name", "address_street", "address_city", "address_zip")
    fix = recipe(pd.DataFrame({"id": [1], **dict.fromkeys(columns, text)}))
    assert fix.skipped["reason"].tolist() == [f"a text of more than {LONGEST:,} characters"]
    assert fix.after.equals(fix.before)
