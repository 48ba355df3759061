"""Convert cells to text that survives a spreadsheet, and back.

| cell | text |
| --- | --- |
| missing | nothing: a blank cell |
| the empty text | `<empty>` |
| text that a spreadsheet would run as a formula (it starts with `=`, `+`, `-`, `@`, tab, line end) | with a leading `'`
|
| the text `<empty>`, or text that starts with `'` | with a leading `'` |
| whole number | its digits |
| number | its digits, never an exponent |
| true, false | `TRUE`, `FALSE` |
| time | `2026-01-01T12:00:00.123456Z` |
| list | JSON, records with the API's names |

>>> to_cell_text("=1+1"), to_cell_text(""), to_cell_text("'quoted'"), to_cell_text("Ann")
("'=1+1", '<empty>', "''quoted'", 'Ann')
>>> [from_cell_text(to_cell_text(text)) for text in ("=1+1", "", "'", "<empty>", "Ann")]
['=1+1', '', "'", '<empty>', 'Ann']
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.contract.schemas.arrow import TYPES, plain
from stcrm_pandas.contract.schemas.fields import Column, Field
from stcrm_pandas.frame.foreign_cells import is_missing

EMPTY = "<empty>"
MARK = "'"
# The last four are full-width signs, which East Asian spreadsheets run, too.
_TO_MARK = (MARK, *"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
JSON_COLUMN = "json:"
"""Prefix of the name of an undocumented column that has other values than text."""


def to_cell_text(text: str) -> str:
    """Return text for a cell."""
    if not text:
        return EMPTY
    return MARK + text if text.startswith(_TO_MARK) or text == EMPTY else text


def from_cell_text(cell: str) -> str:
    """Return the text that `to_cell_text` converted."""
    if cell == EMPTY:
        return ""
    return cell[1:] if cell.startswith(MARK) else cell


def texts(column: Column, cells: Any) -> Any:
    """Return a column as an Arrow array of cell texts, null if missing."""
    if column.field.many:
        return pa.array([None if cell is None else json(column.field, cell) for cell in cells], pa.string())
    match column.field.kind:
        case "text" | "guid":
            return _to_cell_texts(pa.array(cells, pa.large_string(), from_pandas=True))
        case "boolean":
            return pc.if_else(pa.array(cells, pa.bool_(), from_pandas=True), "TRUE", "FALSE")
        case "integer":
            return pa.array(cells, TYPES["integer"], from_pandas=True).cast(pa.string())
        case "time":
            iso = (
                pa.array(cells, pa.timestamp("us", "UTC"), from_pandas=True).cast(pa.timestamp("us")).cast(pa.string())
            )
            iso = pc.replace_substring(pc.replace_substring(iso, " ", "T"), ".000000", "")
            return pc.binary_join_element_wise(iso, "Z", "")
        case _:
            numbers = (None if is_missing(cell) else number(cell) for cell in cells)
            return pa.array(numbers, pa.string())


def _to_cell_texts(values: Any) -> Any:
    word = partial(pa.scalar, type=pa.large_string())
    risky = pc.is_in(pc.utf8_slice_codeunits(values, 0, 1), value_set=pa.array(_TO_MARK, pa.large_string()))
    risky = pc.or_(risky, pc.equal(values, word(EMPTY)))
    marked = pc.if_else(risky, pc.binary_join_element_wise(word(MARK), values, word("")), values)
    return pc.if_else(pc.equal(values, word("")), word(EMPTY), marked)


def number(value: float) -> str:
    """Return the shortest decimal text of a number, without an exponent.

    Examples
    --------
    >>> number(1e22), number(-89.65), number(5.0)
    ('10000000000000000000000', '-89.65', '5')
    """
    return np.format_float_positional(value, trim="-")


def json(field: Field, cells: tuple[Any, ...]) -> str:
    """Return a list as JSON."""
    return orjson.dumps(plain(field, cells)).decode()


def unknown_texts(cells: Any) -> tuple[str, Any]:
    """Return the prefix of an undocumented column's name, and its cells as text.

    Text stays text; other values become JSON, or their Python text if JSON cannot represent them.
    """
    values = [None if not isinstance(cell, (tuple, list, dict)) and is_missing(cell) else cell for cell in cells]
    if all(value is None or isinstance(value, str) for value in values):
        return "", pa.array([None if value is None else to_cell_text(value) for value in values], pa.string())
    return JSON_COLUMN, pa.array([None if value is None else any_json(value) for value in values], pa.string())


def any_json(value: Any) -> str:
    """Return any value as JSON, its Python text where JSON cannot represent it."""
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(value, default=str, option=options).decode()
