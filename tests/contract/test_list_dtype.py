"""Columns of lists: what pandas does with tuples works, and each step keeps the dtype."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from stcrm_pandas.contract.schemas.arrow import plain
from stcrm_pandas.contract.schemas.fields import LIST_DTYPE_NAME, integer, records, snake, text
from stcrm_pandas.contract.schemas.list_dtype import ListDtype
from stcrm_pandas.contract.schemas.locations import CREATED_LOCATIONS, CreatedLocation
from stcrm_pandas.contract.schemas.parts import CUSTOM_FIELD, CustomField

TAGS = ListDtype(integer("tagTypeIds", many=True))
FIELDS = ListDtype(records("customFields", CUSTOM_FIELD, CustomField))
GATE = CustomField(7, "Gate code", "12")


@pytest.fixture
def frame():
    tags = pd.Series([(1, 2), (), None, (2,)], dtype=TAGS)
    return pd.DataFrame({"id": [1, 2, 3, 4], "tags": tags, "fields": pd.Series([(GATE,), (), None, ()], dtype=FIELDS)})


def test_cells_are_compared_grouped_and_counted(frame):
    tags = frame["tags"]
    assert tags.isna().tolist() == [False, False, True, False]
    assert (tags == (1, 2)).tolist() == [True, False, False, False]
    assert (tags != tags.copy()).tolist() == [False, False, True, False]
    assert frame.groupby("tags", dropna=False).size().tolist() == [1, 1, 1, 1]
    assert tags.value_counts().to_dict() == {(1, 2): 1, (): 1, (2,): 1}
    assert len(pd.concat([frame, frame]).drop_duplicates()) == 4
    assert not (tags == "Open").any()
    assert frame.assign(status="Open").replace("Open", "O")["status"].eq("O").all()
    assert frame.sort_values("tags")["id"].tolist() == [2, 1, 4, 3]


def test_pandas_reaches_into_lists(frame):
    tags = frame["tags"]
    assert tags.str.len().tolist() == [2, 0, pd.NA, 1]
    assert tags.str[0].dropna().tolist() == [1, 2]
    assert tags.str[:1].tolist() == [(1,), (), None, (2,)]
    assert tags.map(bool).tolist() == [True, False, False, True]
    assert not tags[:0].map(bool).any()
    exploded = frame.explode("tags")["tags"]
    assert (exploded.dtype, exploded.dropna().tolist()) == ("Int64", [1, 2, 2])
    assert frame.explode("fields")["fields"].tolist() == [GATE, None, None, None]
    assert frame[["tags"]].apply(lambda row: len(row["tags"] or ()), axis="columns").tolist() == [2, 0, 0, 1]


@pytest.mark.parametrize(
    "step",
    [
        pd.DataFrame.copy,
        lambda frame: frame.merge(frame[["id"]], on="id"),
        lambda frame: frame.merge(frame),
        lambda frame: pd.concat([frame[:2], frame[2:]]),
        lambda frame: frame[::-1].sort_index(),
        lambda frame: frame.reset_index(drop=True),
        lambda frame: pickle.loads(pickle.dumps(frame)),
        lambda frame: frame.assign(tags=frame["tags"].map(lambda cell: cell)),
        lambda frame: pa.Table.from_pandas(frame).to_pandas(),
    ],
    ids=["copy", "merge", "merge on all", "concat", "sort", "reset", "pickle", "map", "arrow"],
)
def test_a_step_keeps_cells_and_dtypes(step, frame):
    pd.testing.assert_frame_equal(step(frame), frame)


def test_rows_without_a_match_have_missing_lists(frame):
    found = frame[["id"]].merge(frame[:1], on="id", how="left")
    assert found["tags"].tolist() == [(1, 2), None, None, None]
    assert (found.dtypes["tags"], found.dtypes["fields"]) == (TAGS, FIELDS)
    assert frame["tags"].shift(1)[0] is None


def test_cells_are_set(frame):
    before = frame.copy()
    frame.at[0, "tags"] = [7]
    frame.loc[frame["id"] == 3, "tags"] = pd.Series([(8, 9)], index=[2], dtype=TAGS)
    frame.loc[1, "tags"] = None
    assert frame["tags"].tolist() == [(7,), None, (8, 9), (2,)]
    assert before["tags"].tolist() == [(1, 2), (), None, (2,)]
    with pytest.raises(TypeError, match="a tuple or a list"):
        frame["tags"].array[0] = "text"


def test_what_numpy_sees_is_not_the_column_to_write_into(frame):
    with pytest.raises(ValueError, match="read-only"):
        frame["tags"].to_numpy()[0] = ()
    objects = frame.astype({"tags": object})
    objects.at[0, "tags"] = ()
    assert (objects["tags"].tolist(), objects["tags"].dtype) == ([(), (), None, (2,)], np.dtype(object))
    assert frame["tags"].tolist() == [(1, 2), (), None, (2,)]


def test_the_dtype_is_one_of_its_field():
    assert ListDtype(integer("roleIds", many=True)) == TAGS
    assert ListDtype(text("skills", many=True)) != TAGS
    assert np.dtype(object) != TAGS
    assert TAGS == LIST_DTYPE_NAME == str(TAGS) == str(FIELDS)
    assert pd.Series([(), (GATE,)], dtype=LIST_DTYPE_NAME).dtype == FIELDS
    assert pd.Series([None, ("a",)], dtype=LIST_DTYPE_NAME).dtype == ListDtype(text("skills", many=True))


def test_arrow_gets_the_names_of_the_api(frame):
    assert pa.array(frame["fields"]).to_pylist()[0] == [{"typeId": 7, "name": "Gate code", "value": "12"}]
    assert pa.array(frame["tags"][:0]).type == pa.list_(pa.int64())


def test_parts_of_a_nested_record_are_taken_by_name():
    address = next(field.fields for field in CREATED_LOCATIONS.fields if field.name == "address")
    given = {snake(part.name): part.name for part in reversed(address)}
    place = CreatedLocation(*[None] * len(CreatedLocation._fields))._replace(address=given)
    (written,) = plain(records("locations", CREATED_LOCATIONS.fields, CreatedLocation), (place,)) or []
    assert written["address"] == {part.name: part.name for part in address}


def test_lists_of_another_program_are_left_to_pandas():
    mine = pd.DataFrame({"tags": pd.Series([(1,)], dtype=TAGS)})
    table = pa.Table.from_pandas(mine)
    floats = table.set_column(0, "tags", pa.array([[0.5]])).replace_schema_metadata(table.schema.metadata)
    assert floats.to_pandas()["tags"].tolist() == [[0.5]]


def test_memory_usage_counts_tuples_as_pandas_does():
    column = pd.Series([(1, 2), (), None], dtype=TAGS)
    plain = pd.Series([(1, 2), (), None], dtype=object)
    assert column.memory_usage(deep=True) == plain.memory_usage(deep=True)
    assert column.memory_usage() == plain.memory_usage()
