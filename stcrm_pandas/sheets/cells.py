"""Read one cell of a sheet by the type of its column: its value is certain, suspect, or invalid.

A spreadsheet that opens and saves a file may change cells: a ZIP code loses its leading zero, a phone number becomes
`5.55E+09`, an id is rounded beyond 15 digits, a time gets a local format. Such a cell is suspect, because its original
value is unknown.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from stcrm_pandas.contract.schemas.fields import Column
from stcrm_pandas.frame.foreign_cells import Uncertain, reader
from stcrm_pandas.sheets.text import MARK, from_cell_text

DIGITS = 15
"""Digits that a spreadsheet keeps of a number."""

_DIGITS = re.compile(r"[+-]?(\d{1,400})", re.ASCII)
_POINT_ZERO = re.compile(r"[+-]?(\d{1,400})[.,]0+", re.ASCII)
_EXPONENT = re.compile(r"[+-]?\d([.,]\d*)?E[+-]?\d+", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
_LOCAL_NUMBER = re.compile(r"[+-]?\d{1,3}([.,'  ]\d{3})*([.,]\d+)?|[+-]?\d+,\d+", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,'  ]\d{3})+", re.ASCII)
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|fév|fev|avr|mai|jui|aoû|déc|mär|mrz|okt|dez|"
    r"gen|mag|giu|lug|set|ott|out|mrt|mei)[^\W\d]?"
)
"""Months as spreadsheets shorten them in English, Spanish, French, German, Italian, Portuguese and Dutch."""
_SHORT_DATE = re.compile(rf"\d{{1,2}}[-. ]{{1,2}}{_MONTH}\.?|{_MONTH}[-. ]{{1,2}}\d{{2}}", re.IGNORECASE)
_DATE = re.compile(r"[\d./:,\- ]*\d[./:\-]\s?\d.*")
_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!)|#{2,}|Err:\d+")
_LOST_ZERO = re.compile(r"\d{3,4}|\d{7,8}", re.ASCII)
_LOST_LETTER = re.compile(r"\?\w|�")
_TRUE = {"true", "wahr", "vrai", "verdadero", "vero", "waar", "verdadeiro"}
_FALSE = {"false", "falsch", "faux", "falso", "onwaar"}


class Suspect(Exception):
    """The cell may have been changed; `value` is its likely value, or None."""

    def __init__(self, why: str, value: Any = None) -> None:
        super().__init__(why)
        self.why = why
        self.value = value


@dataclass(frozen=True)
class BrokenCell:
    """A cell of a workbook without a value: an error, or a formula without a saved result."""

    text: str
    why: str


@dataclass(frozen=True)
class FileState:
    """What is known about the file of a cell.

    Parameters
    ----------
    untouched : bool, default False
        The file is exactly as `write_sheet` wrote it, so nothing is suspect.
    letters_lost : bool, default False
        The encoding cannot represent every letter: `?` may stand for one.
    """

    untouched: bool = False
    letters_lost: bool = False


def cell_reader(column: Column, file: FileState) -> Callable[[Any], Any]:
    """Return a function that reads cells of a column: text, or values of a workbook (numbers, times, booleans).

    It raises `Suspect`, and `ValueError` if the cell does not fit the column.
    """
    if column.field.many:
        read_list = reader(column.field)
        return lambda cell: _list(read_list, _without_error(cell))
    match column.field.kind:
        case "text" | "guid":
            is_zip = column.name.endswith("zip")
            return lambda cell: _text(_without_error(cell, text=file.untouched), file, is_zip=is_zip)
        case "integer":
            return lambda cell: _integer(_without_error(cell), file)
        case "boolean":
            return lambda cell: _boolean(_without_error(cell))
        case "time":
            read_time = reader(column.field)
            return lambda cell: _time(read_time, _without_error(cell))
        case _:
            return lambda cell: _number(_without_error(cell))


def _without_error(cell: Any, *, text: bool = False) -> Any:
    """Return the cell unless it is an error value of a spreadsheet."""
    if isinstance(cell, BrokenCell):
        raise Suspect(cell.why)
    if isinstance(cell, str) and not text and _ERROR.fullmatch(cell.strip()):
        raise Suspect("is an error value of the spreadsheet")
    return cell


def _text(cell: Any, file: FileState, *, is_zip: bool) -> str:
    if isinstance(cell, bool):
        raise Suspect("is true or false instead of text")
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        raise Suspect("is a date or a time instead of text")
    if isinstance(cell, (int, float)):
        if cell != int(cell) or abs(cell) >= 10**DIGITS:
            raise Suspect("is a number instead of text")
        cell = str(int(cell))
    text = from_cell_text(cell)
    if file.untouched:
        return text
    if _EXPONENT.fullmatch(text):
        raise Suspect("is a number with an exponent, which has lost digits", text)
    if is_zip and _LOST_ZERO.fullmatch(text):
        raise Suspect("may have lost a leading zero", text)
    if _rounded(text):
        raise Suspect(f"is a number with more than {DIGITS} digits that may have been rounded", text)
    if _SHORT_DATE.fullmatch(text):
        raise Suspect("may have been changed to a date by a spreadsheet", text)
    if "\ufffd" in text or (file.letters_lost and _LOST_LETTER.search(text)):
        raise Suspect("may have lost letters", text)
    return text


def _rounded(digits: str) -> bool:
    match = _DIGITS.fullmatch(digits)
    return match is not None and len(match[1]) > DIGITS and not match[1][DIGITS:].strip("0")


def _integer(cell: Any, file: FileState) -> int:
    if isinstance(cell, str):
        text = cell.strip().removeprefix(MARK)
        if _DIGITS.fullmatch(text):
            number = _in_64_bits(int(text))
            if _rounded(text) and not file.untouched:
                raise Suspect(f"is a number with more than {DIGITS} digits that may have been rounded", number)
            return number
        if _EXPONENT.fullmatch(text):
            raise Suspect("is a number with an exponent, which has lost digits")
        if (match := _POINT_ZERO.fullmatch(text)) and len(match[1]) <= DIGITS:
            return int(re.split("[.,]", text)[0])
        if _THOUSANDS.fullmatch(text):
            raise Suspect("is a number in a local format")
        raise ValueError("is not a whole number")
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
            raise Suspect("is a date or a time instead of a whole number")
        raise ValueError("is not a whole number")
    if cell != int(cell):
        raise ValueError("is not a whole number")
    if abs(cell) >= 10**DIGITS:
        raise Suspect(f"is a number with more than {DIGITS} digits that may have been rounded")
    return int(cell)


def _in_64_bits(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise ValueError("is too large a number for 64 bits")
    return number


def _boolean(cell: Any) -> bool:
    if isinstance(cell, bool):
        return cell
    word = cell.strip().lower() if isinstance(cell, str) else cell
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if word in (0, 1, "0", "1", "yes", "no"):
        raise Suspect("is neither TRUE nor FALSE", word in (1, "1", "yes"))
    raise ValueError("is neither TRUE nor FALSE")


def _number(cell: Any) -> float:
    if isinstance(cell, str):
        text = cell.strip().removeprefix(MARK)
        if _NUMBER.fullmatch(text):
            return _finite(float(text))
        if _EXPONENT.fullmatch(text):
            raise Suspect(
                "is a number with an exponent, which may have lost digits", _finite(float(text.replace(",", ".")))
            )
        if _LOCAL_NUMBER.fullmatch(text):
            raise Suspect("is a number in a local format")
        raise ValueError("is not a number")
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        raise Suspect("is a date or a time instead of a number")
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        raise ValueError("is not a number")
    return float(cell)


def _finite(number: float) -> float:
    if number in (float("inf"), float("-inf")):
        raise ValueError("is too large a number")
    return number


def _time(read_time: Callable[[Any], Any], cell: Any) -> Any:
    try:
        return read_time(cell)
    except Uncertain as doubt:
        raise Suspect("has no time zone", doubt.value) from None
    except ValueError:
        if isinstance(cell, str) and _DATE.fullmatch(cell.strip()):
            raise Suspect("is a time in a local format") from None
        if isinstance(cell, (int, float, dt.time, dt.timedelta)) and not isinstance(cell, bool):
            raise Suspect("is a number instead of a time") from None
        raise


def _list(read_list: Callable[[Any], Any], cell: Any) -> Any:
    try:
        value = orjson.loads(cell) if isinstance(cell, str) else None
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, list):
        raise ValueError("is not a list in JSON")
    return read_list(value)
