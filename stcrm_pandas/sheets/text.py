"""Cells as text that survives a spreadsheet, and back.

| cell | text |
| --- | --- |
| missing | nothing: a blank cell |
| the empty text | `<empty>` |
| text that a spreadsheet would run (it starts with `=`, `+`, `-`, `@`, tab, a line's end) | with `'` before it |
| text that is `<empty>`, or starts with `'` | with `'` before it |
| whole number | its digits |
| number | its digits, never an exponent |
| true, false | `TRUE`, `FALSE` |
| time | `2026-01-01T12:00:00.123456Z` |
| list | JSON, records under the contract's names |

>>> disarmed("=1+1"), disarmed(""), disarmed("'quoted'"), disarmed("Ann")
("'=1+1", '<empty>', "''quoted'", 'Ann')
>>> [armed(disarmed(text)) for text in ("=1+1", "", "'", "<empty>", "Ann")]
['=1+1', '', "'", '<empty>', 'Ann']
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.contract.schemas.fields import Column, Field
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.frame.page import TYPES

EMPTY = "<empty>"
MARK = "'"
# The last four are the wide forms of the signs, which spreadsheets of East Asia run, too.
_TO_MARK = (MARK, *"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
JSON_COLUMN = "json:"
"""Before the name of a column that the contract does not know and that holds more than text."""


def disarmed(text: str) -> str:
    """Text as it stands in a cell."""
    if not text:
        return EMPTY
    return MARK + text if text.startswith(_TO_MARK) or text == EMPTY else text


def armed(cell: str) -> str:
    """What `disarmed` was given."""
    if cell == EMPTY:
        return ""
    return cell[1:] if cell.startswith(MARK) else cell


def texts(column: Column, cells: Any) -> Any:
    """A column in its own dtype as an arrow array of text, null where missing."""
    if column.field.many:
        return pa.array([None if cell is None else json(column.field, cell) for cell in cells], pa.string())
    match column.field.kind:
        case "text" | "guid":
            return _disarmed(pa.array(cells, pa.large_string(), from_pandas=True))
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


def _disarmed(values: Any) -> Any:
    word = partial(pa.scalar, type=pa.large_string())
    risky = pc.is_in(pc.utf8_slice_codeunits(values, 0, 1), value_set=pa.array(_TO_MARK, pa.large_string()))
    risky = pc.or_(risky, pc.equal(values, word(EMPTY)))
    marked = pc.if_else(risky, pc.binary_join_element_wise(word(MARK), values, word("")), values)
    return pc.if_else(pc.equal(values, word("")), word(EMPTY), marked)


def number(value: float) -> str:
    """The shortest digits that are this number, without an exponent.

    Examples
    --------
    >>> number(1e22), number(-89.65), number(5.0)
    ('10000000000000000000000', '-89.65', '5')
    """
    return np.format_float_positional(value, trim="-")


def json(field: Field, cells: tuple[Any, ...]) -> str:
    """A list as JSON."""
    return orjson.dumps(plain(field, cells)).decode()


def plain(field: Field, cells: tuple[Any, ...] | None, *, times_as_text: bool = True) -> list[Any] | None:
    """A list as JSON or arrow has it: records as dictionaries under the contract's names."""
    if cells is None:
        return None
    return [_plain(field, cell, times_as_text) for cell in cells]


def _plain(field: Field, value: Any, times_as_text: bool) -> Any:
    if value is None:
        return None
    if field.kind == "object":
        values = value.values() if isinstance(value, dict) else value
        return {
            part.name: plain(part, one, times_as_text=times_as_text) if part.many else _plain(part, one, times_as_text)
            for part, one in zip(field.fields, values, strict=True)
        }
    if isinstance(value, pd.Timestamp) and times_as_text:
        return value.isoformat().replace("+00:00", "Z")
    return value


def unknown_texts(cells: Any) -> tuple[str, Any]:
    """A column that the contract does not know: what to write before its name, and its cells as text.

    Text stays text; all else is JSON, or, where JSON has no word for it, how Python shows it.
    """
    values = [None if not isinstance(cell, (tuple, list, dict)) and is_missing(cell) else cell for cell in cells]
    if all(value is None or isinstance(value, str) for value in values):
        return "", pa.array([None if value is None else disarmed(value) for value in values], pa.string())
    return JSON_COLUMN, pa.array([None if value is None else _any_json(value) for value in values], pa.string())


def _any_json(value: Any) -> str:
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(value, default=str, option=options).decode()
