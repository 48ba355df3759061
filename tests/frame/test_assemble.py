"""Pages put together: columns, dtypes, order, repeats, memory."""

from __future__ import annotations

import gc
import random
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from pandera.errors import SchemaErrors

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.contract.schemas.contacts import CONTACTS
from stcrm_pandas.contract.schemas.customers import CUSTOMER_CONTACTS, CUSTOMERS
from stcrm_pandas.contract.schemas.fields import LIST_DTYPE_NAME, Field, Row, snake
from stcrm_pandas.contract.schemas.leads import EXPORTED_LEADS, LEADS
from stcrm_pandas.contract.schemas.models import model_of
from stcrm_pandas.errors import ResponseError
from stcrm_pandas.frame import assemble, decode, validate

ROWS = sorted({operation.row for operation in OPERATIONS.values() if operation.row}, key=lambda row: row.name)
SAMPLES = {
    "integer": 7,
    "boolean": True,
    "double": 1.5,
    "decimal": 2.25,
    "text": "x",
    "guid": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "time": "2026-01-01T00:00:00.1234567Z",
}


def full(fields: tuple[Field, ...]) -> dict[str, object]:
    """A row in which every field has a value."""
    row: dict[str, object] = {}
    for field in fields:
        one = full(field.fields) if field.kind == "object" else field.values[0] if field.values else SAMPLES[field.kind]
        row[field.name] = [one, one] if field.many else one
    return row


def parents_of(row: Row) -> dict[str, object]:
    return {snake(field.name): SAMPLES[field.kind] for field in row.parents}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_empty_response_has_the_same_columns_and_dtypes(row, body):
    parents = parents_of(row)
    page = decode(row, "page", body([full(row.fields)]), parents=parents)
    assert (page.fallback, page.drift) == (False, ())
    frames = [
        assemble(row, [page]).frame,
        assemble(row, [decode(row, "page", body([]), parents=parents)]).frame,
        assemble(row, []).frame,
    ]
    for frame in frames:
        validate(row, frame)
        model_of(row).validate(frame, lazy=True)
        assert list(frame.columns) == list(row.dtypes)
        assert frame.dtypes.astype(str).to_dict() == row.dtypes
        assert isinstance(frame.index, pd.RangeIndex)
    assert not frames[0].isna().any(axis=None)
    assert [len(frame) for frame in frames] == [1, 0, 0]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_null_row_has_missing_cells(row, body):
    page = decode(row, "page", body([dict.fromkeys(field.name for field in row.fields)]), parents=parents_of(row))
    frame = assemble(row, [page]).frame
    validate(row, frame)
    given = set(parents_of(row))
    assert set(frame.columns[~frame.iloc[0].isna()]) == given
    assert frame.dtypes.astype(str).to_dict() == row.dtypes


def pages_of(lead, body, *ids):
    return [
        decode(LEADS, "page", body([lead(id=n, summary=f"{place}:{n}") for n in page]))
        for place, page in enumerate(ids)
    ]


def test_rows_are_sorted_and_duplicates_counted(lead, body):
    assembled = assemble(LEADS, pages_of(lead, body, [5, 1, 9], [9, 3], [1, 2]), order=("id",))
    assert assembled.frame["id"].tolist() == [1, 2, 3, 5, 9]
    assert assembled.frame["summary"].tolist() == ["0:1", "2:2", "1:3", "0:5", "0:9"]
    assert assembled.repeats == 2
    assert assembled.frame.index.equals(pd.RangeIndex(5))


def test_page_order_is_kept_without_a_sort(lead, body):
    assembled = assemble(LEADS, pages_of(lead, body, [5, 1], [5, 3]))
    assert assembled.frame["summary"].tolist() == ["0:5", "0:1", "1:3"]


def test_latest_duplicate_of_a_feed_is_kept(lead, body):
    assembled = assemble(LEADS, pages_of(lead, body, [5, 1], [5, 3]), keep="last")
    assert assembled.frame["summary"].tolist() == ["0:1", "1:5", "1:3"]
    assert assembled.repeats == 1


def test_contacts_are_identified_by_customer_and_id(body):
    rows = [{"id": i, "customerId": c} for i, c in [(1, 7), (1, 8), (2, 7), (1, 7)]]
    assembled = assemble(
        CUSTOMER_CONTACTS, [decode(CUSTOMER_CONTACTS, "page", body(rows))], order=("customer_id", "id")
    )
    assert assembled.frame[["customer_id", "id"]].to_numpy().tolist() == [[7, 1], [7, 2], [8, 1]]
    assert assembled.repeats == 1
    validate(CUSTOMER_CONTACTS, assembled.frame)


def test_text_keys_are_distinct(body):
    rows = [{"id": text} for text in ("b", "a", "b")]
    assembled = assemble(CONTACTS, [decode(CONTACTS, "page", body(rows))], order=("id",))
    assert (assembled.frame["id"].tolist(), assembled.repeats) == (["a", "b"], 1)


@pytest.mark.parametrize("seed", range(3))
def test_columns_stay_aligned(customer, body, seed):
    chance = random.Random(seed)
    ids = [chance.randrange(60) for _ in range(100)]
    rows = [
        customer(
            id=n,
            name=f"n{n}",
            active=bool(n % 2),
            balance=n / 4,
            createdOn=f"2026-01-01T00:00:{n:02}Z",
            tagTypeIds=[n] * (n % 3),
            customFields=[{"typeId": n, "name": "f", "value": None}],
            mergedToId=n if n % 5 else None,
            extra=f"e{n}",
        )
        for n in ids
    ]
    pages = [decode(CUSTOMERS, "page", body(rows[start : start + 9])) for start in range(0, 100, 9)]
    frame = assemble(CUSTOMERS, pages, order=("id",)).frame
    assert frame["id"].tolist() == sorted(set(ids))
    for values in frame.to_dict("records"):
        n = values["id"]
        assert (values["name"], values["active"], values["balance"]) == (f"n{n}", bool(n % 2), n / 4)
        assert (values["created_on"].second, values["tag_type_ids"]) == (n, (n,) * (n % 3))
        assert (values["custom_fields"][0].type_id, values["extra"]) == (n, f"e{n}")
        assert pd.isna(values["merged_to_id"]) if n % 5 == 0 else values["merged_to_id"] == n


def test_a_new_field_on_one_page_of_many_is_missing_on_the_others(lead, body):
    pages = [decode(LEADS, "page", body([lead(id=n, **({"tier": "gold"} if n == 2 else {}))])) for n in range(4)]
    frame = assemble(LEADS, pages).frame
    assert frame["tier"].dtype == object
    assert frame["tier"].tolist() == [None, None, "gold", None]


def test_frame_is_writable(customer, body):
    frame = assemble(CUSTOMERS, [decode(CUSTOMERS, "page", body([customer(), customer(id=2)]))]).frame
    for name, value in {
        "id": 9,
        "active": False,
        "name": "Bo",
        "balance": 1.0,
        "created_on": pd.Timestamp("2020-01-01", tz="UTC"),
    }.items():
        frame.loc[0, name] = value
        assert frame[name][0] == value


def test_equal_records_are_one_object(customer, body):
    frame = assemble(CUSTOMERS, [decode(CUSTOMERS, "page", body([customer(id=n) for n in range(3)]))]).frame
    assert len({id(fields[0]) for fields in frame["custom_fields"]}) == 1


def test_page_list_is_consumed_and_a_tuple_is_not(lead, body):
    pages = pages_of(lead, body, [1], [2])
    kept = tuple(pages)
    gone = weakref.ref(pages_of(lead, body, [3])[0])
    assert assemble(LEADS, pages).frame.equals(assemble(LEADS, kept).frame)
    gc.collect()
    assert (pages, len(kept), gone()) == ([], 2, None)


def test_pages_can_be_decoded_in_parallel(lead, body):
    bodies = [
        body([lead(id=n, summary="é" * n, status="Odd" if n % 50 == 0 else "Open") for n in range(s, s + 100)])
        for s in range(0, 2000, 100)
    ]
    one_by_one = assemble(LEADS, [decode(LEADS, "page", b) for b in bodies])
    with ThreadPoolExecutor(8) as pool:
        together = assemble(LEADS, list(pool.map(lambda b: decode(LEADS, "page", b), bodies)))
    pd.testing.assert_frame_equal(one_by_one.frame, together.frame)
    assert one_by_one.drift == together.drift


def test_garbage_collector_state_is_restored(customer, body):
    pages = (decode(CUSTOMERS, "page", body([customer()])),)
    assemble(CUSTOMERS, pages)
    assert gc.isenabled()
    gc.disable()
    try:
        assemble(CUSTOMERS, pages)
        assert not gc.isenabled()
    finally:
        gc.enable()


def accepts(check, frame, error):
    try:
        check(frame)
    except error:
        return False
    return True


@pytest.mark.parametrize("row", [LEADS, CUSTOMERS, CUSTOMER_CONTACTS], ids=lambda row: row.name)
def test_validation_and_the_model_accept_the_same_frames(row, body):
    page = decode(row, "page", body([full(row.fields)]), parents=parents_of(row))
    frame = pd.concat([assemble(row, [page]).frame] * 2, ignore_index=True)
    lists = next((name for name, dtype in row.dtypes.items() if dtype == LIST_DTYPE_NAME), None)
    frames = {
        "repeated": frame,
        "one key is missing": frame.assign(**{name: frame[name].where([True, False]) for name in row.key}),
        "all keys are missing": frame.assign(**{name: frame[name].where([False, False]) for name in row.key}),
        "one part of the key differs": frame.assign(**{row.key[-1]: [1, 2]}).astype({row.key[-1]: "Int64"}),
        "without rows": frame.iloc[:0],
        "more columns": frame.iloc[:1].assign(more=1),
        "other order": frame.iloc[:1, ::-1],
        "no key": frame.iloc[:1].drop(columns=row.key[0]),
        "no column": frame.iloc[:1].drop(columns=frame.columns[-1]),
        **{f"{name} as object": frame.iloc[:1].astype({name: object}) for name in frame.columns[:6]},
        **({"plain lists": frame.iloc[:1].astype({lists: object})} if lists else {}),
        "plain integers": frame.iloc[:1].astype({row.key[0]: "int64"}),
        "text stored by Python": frame.iloc[:1].astype(
            {name: pd.StringDtype("python", na_value=np.nan) for name, dtype in row.dtypes.items() if dtype == "str"}
        ),
    }
    model = {
        name: accepts(lambda frame: model_of(row).validate(frame, lazy=True), each, SchemaErrors)
        for name, each in frames.items()
    }
    assert {
        name: accepts(lambda frame: validate(row, frame), each, ResponseError) for name, each in frames.items()
    } == (model)
    assert set(model.values()) == {True, False}


def test_validation_error_has_no_values(lead, body):
    frame = assemble(
        EXPORTED_LEADS, [decode(EXPORTED_LEADS, "page", body([lead(id=n, summary="secret") for n in (1, 2)]))]
    ).frame
    bent = frame.assign(
        id=pd.array([1, 1], "Int64"), campaign_id=np.array([1, 2]), summary=frame["summary"].astype(object)
    )
    with pytest.raises(ResponseError) as caught:
        validate(EXPORTED_LEADS, bent.drop(columns="active"))
    message = str(caught.value)
    for part in ("exported_leads", "campaign_id", "Int64", "summary", "active", "no duplicate keys"):
        assert part in message
    assert "secret" not in message
