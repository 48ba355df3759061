"""Random frames of every kind of row, in the dtypes that reads give."""

from __future__ import annotations

import importlib
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from stcrm_pandas.contract.schemas.fields import Field, Row, snake
from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.frame.foreign_cells import array


def all_rows() -> list[Row]:
    families = ("leads", "bookings", "customers", "locations", "contacts", "lookups")
    found: dict[str, Row] = {}
    for family in families:
        module = importlib.import_module(f"stcrm_pandas.contract.schemas.{family}")
        found.update({one.name: one for one in vars(module).values() if isinstance(one, Row)})
    return list(found.values())


ROWS = all_rows()

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(
        [
            *(
                "",
                "<empty>",
                "'<empty>",
                "'",
                "''",
                "=1+1",
                "'=1+1",
                "+1 555",
                "-",
                "@x",
                "\tx",
                "\rx",
                "\nx",
                "a\r\nb",
            ),
            *("02134", "2134", "5.55E+09", "#N/A", "NaN", "nan", "None", "TRUE", "null", '"', ",", ";", " x ", "?"),
            *("_x000D_", "_x005F_x000D_", "\x0b", "\x00", "\ufffe", "\ufeff", "1-2", "2026-01-01", "[1]", "None"),
        ]
    ),
)
INTEGERS = st.one_of(
    st.integers(-5, 5), st.integers(-(2**63), 2**63 - 1), st.sampled_from([2**53 + 1, 10**17, 123456789012345000])
)
FLOATS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(-10_000, 10_000, places=2).map(float),
)
MICROSECONDS = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)


def values(field: Field) -> st.SearchStrategy[Any]:
    """What one cell of a field may be, missing or not."""
    if field.many:
        return st.none() | st.lists(items(field), max_size=3).map(tuple)
    return st.none() | one(field)


def items(field: Field) -> st.SearchStrategy[Any]:
    if field.kind != "object":
        return one(field)
    parts = st.tuples(*map(part, field.fields))
    assert field.record is not None
    return parts.map(lambda values: field.record(*values))  # type: ignore[misc]


def part(field: Field) -> st.SearchStrategy[Any]:
    if field.kind == "object" and not field.many:
        return st.fixed_dictionaries({snake(f.name): part(f) for f in field.fields})
    return values(field)


def one(field: Field) -> st.SearchStrategy[Any]:
    match field.kind:
        case "integer":
            return INTEGERS
        case "boolean":
            return st.booleans()
        case "double" | "decimal":
            return FLOATS
        case "time":
            return MICROSECONDS.map(lambda at: pd.Timestamp(at, unit="us", tz="UTC"))
        case _:
            return TEXTS


@st.composite
def frames(draw: st.DrawFn, row: Row, *, least: int = 0, most: int = 6) -> pd.DataFrame:
    """A frame of a kind of row; no two rows have one key, and none lacks it."""
    count = draw(st.integers(least, most))
    keyed = {column.name: column for column in row.columns if column.name in row.key}
    keys = draw(
        st.lists(
            st.tuples(*(one(keyed[name].field) for name in row.key)),
            min_size=count,
            max_size=count,
            unique=True,
        )
    )
    cells: dict[str, Any] = {}
    for column in row.columns:
        if column.name in row.key:
            place = row.key.index(column.name)
            cells[column.name] = array(column, [key[place] for key in keys])
        else:
            cells[column.name] = array(column, draw(st.lists(values(column.field), min_size=count, max_size=count)))
    frame = pd.DataFrame({name: pd.Series(value, dtype=dtypes_of(row)[name]) for name, value in cells.items()})
    assert frame.dtypes.astype(str).to_dict() == row.dtypes
    return frame
