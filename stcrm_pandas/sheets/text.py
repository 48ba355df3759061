"""Convert cells to text that survives a spreadsheet, and back.

| cell | text |
| --- | --- |
| missing | nothing: a blank cell |
| the empty text | `<empty>` |
| text that a spreadsheet would run as a formula (its first visible character is `=`, `+`, `-` or `@`, or it starts with
a tab or a line end) | with a leading `'` |
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

import re
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
_INVISIBLE = (
    "\\x00-\x20\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u1680\u17b4\u17b5"
    "\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Spaces, control characters and those without a width, as in a character class."""
# Full-width and small signs, too: East Asian spreadsheets run them.
_SIGNS = "=+@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\\-"
_FORMULA = f"^(?:[{_INVISIBLE}]*[{_SIGNS}]|[\t\r\n])"
JSON_COLUMN = "json:"
"""Prefix of the name of an undocumented column that has other values than text."""


def to_cell_text(text: str) -> str:
    """Return text for a cell."""
    if not text:
        return EMPTY
    return MARK + text if text.startswith(MARK) or text == EMPTY or is_formula(text) else text


def is_formula(text: str) -> bool:
    r"""Return whether a spreadsheet might run a text as a formula.

    Examples
    --------
    >>> [is_formula(text) for text in ("=1+1", " \u200b=1+1", "a=1")]
    [True, True, False]
    """
    return re.match(_FORMULA, text) is not None


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
    risky = pc.match_substring_regex(values, f"{_FORMULA}|^{MARK}")
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
