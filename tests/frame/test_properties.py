"""Random rows, well-formed and not: the frame equals a slow reading of the same JSON, cell by cell."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.contract.schemas.fields import ZERO_FOR_NULL, Field
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.contract.schemas.lookups import BUSINESS_UNITS, TECHNICIANS
from stcrm_pandas.errors import ResponseError
from stcrm_pandas.frame import assemble, decode, validate

ROWS = st.sampled_from([LEADS, CUSTOMERS, BUSINESS_UNITS, TECHNICIANS])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def times(draw):
    at = draw(st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31))).replace(microsecond=0)
    digits = draw(st.text("0123456789", max_size=7))
    return at.isoformat() + ("." + digits if digits else "") + "Z"


SCALARS = {
    "integer": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
    "double": st.floats(-1e15, 1e15, allow_nan=False),
    "decimal": st.decimals(-(10**11), 10**11, places=4).map(float),
    "text": TEXT,
    "guid": st.uuids().map(str),
    "time": times(),
}


def values_of(field: Field):
    if field.kind == "object":
        one = rows_of(field.fields)
    else:
        one = st.sampled_from(field.values) if field.values else SCALARS[field.kind]
    return st.none() | (st.lists(one, max_size=3) if field.many else one)


def rows_of(fields):
    return st.fixed_dictionaries({}, optional={field.name: values_of(field) for field in fields})


@st.composite
def pages(draw, row, *, spoil=False):
    """A page of rows with ids of their own; `spoil` puts anything at all in one place."""
    data = draw(st.lists(rows_of(row.fields), max_size=6))
    for number, one in enumerate(data):
        one["id"] = 2**53 + number * 7 + 1
    if spoil and data:
        anything = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | times(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=5,
        )
        names = st.sampled_from([field.name for field in row.fields if field.name != "id"]) | st.text(max_size=5)
        draw(st.sampled_from(data))[draw(names.filter(lambda name: name != "id"))] = draw(anything)
    return data


def sent(data, **envelope):
    return json.dumps({"hasMore": False, **envelope, "data": data}, ensure_ascii=len(data) % 2 == 0).encode(
        errors="surrogatepass"
    )


def expected(field: Field, value):
    if value is None or (value == 0 and field.name in ZERO_FOR_NULL):
        return None
    if field.many:
        one = Field(field.name, field.kind, fields=field.fields, record=field.record)
        return tuple(expected(one, item) for item in value)
    match field.kind:
        case "object":
            return None if value is None else field.record(*(expected(p, value.get(p.name)) for p in field.fields))
        case "time":
            whole, _, fraction = value.removesuffix("Z").partition(".")
            return dt.datetime.fromisoformat(whole).replace(microsecond=int((fraction + "000000")[:6]), tzinfo=dt.UTC)
        case "decimal":
            return float(value)
        case _:
            return value


def reference(row, data):
    """The rows by hand: a dictionary of lists."""
    columns = {}
    for column in row.columns:
        cells = columns[column.name] = []
        for one in data:
            value = one
            for step in column.path:
                value = None if value is None else value.get(step)
            cells.append(expected(column.field, value))
    return columns


def actual(series):
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return [
            None if missing else epoch for missing, epoch in zip(series.isna(), series.astype("int64"), strict=True)
        ]
    return [None if missing else value for missing, value in zip(series.isna(), series.tolist(), strict=True)]


def microseconds(cells):
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return [(cell - epoch) // dt.timedelta(microseconds=1) if isinstance(cell, dt.datetime) else cell for cell in cells]


@given(st.data())
def test_conforming_rows_use_the_fast_path(data):
    row = data.draw(ROWS)
    rows = data.draw(pages(row))
    page = decode(row, "page", sent(rows, totalCount=len(rows)))
    assert (page.rows, page.fallback) == (len(rows), False)
    assert {drift.kind for drift in page.drift} <= {"null"}
    frame = assemble(row, [page]).frame
    validate(row, frame)
    assert frame.dtypes.astype(str).to_dict() == row.dtypes
    for name, cells in reference(row, rows).items():
        assert actual(frame[name]) == microseconds(cells), name


@given(st.data())
def test_amounts_with_15_digits_are_exact(data):
    texts = data.draw(st.lists(st.decimals(-(10**11), 10**11, places=4).map(str), max_size=5))
    rows = ",".join(f'{{"id": {n}, "balance": {text}}}' for n, text in enumerate(texts))
    page = decode(CUSTOMERS, "page", f'{{"hasMore": false, "data": [{rows}]}}'.encode())
    assert [Decimal(repr(value)) for value in page.table["balance"].to_pylist()] == [Decimal(text) for text in texts]
    assert "digits" not in {drift.kind for drift in page.drift}


@given(st.data())
def test_any_value_is_kept_reported_or_rejected(data):
    """One spoilt place: no crash, no row lost, no other cell changed; and the slow way agrees with the quick."""
    from stcrm_pandas.frame.decode import parent_columns
    from stcrm_pandas.frame.repair import repair

    row = data.draw(ROWS)
    rows = data.draw(pages(row, spoil=True))
    body = sent(rows)
    try:
        page = decode(row, "page", body)
    except ResponseError:
        return
    frame = assemble(row, (page,)).frame
    validate(row, frame)
    assert len(frame) == len(rows)
    assert list(frame.columns[: len(row.dtypes)]) == list(row.dtypes)
    slow = repair(row, "page", body, parent_columns(row, None))
    pd.testing.assert_frame_equal(frame, assemble(row, (slow,)).frame)
    assert sorted(page.drift, key=repr) == sorted(slow.drift, key=repr)


@given(st.data())
def test_damaged_bodies_never_crash(data):
    row = data.draw(ROWS)
    body = sent(data.draw(pages(row)))
    at = data.draw(st.integers(0, len(body)))
    bent = body[:at] + data.draw(st.binary(max_size=3)) + body[at + data.draw(st.integers(0, 3)) :]
    for one in (body[:at], bent):
        try:
            page = decode(row, "page", one)
        except ResponseError:
            continue
        assert page.table.num_rows == page.rows
        validate(row, assemble(row, (page,)).frame)
