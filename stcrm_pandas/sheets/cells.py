"""One cell of a sheet, read by the type of its column: what is certain, what is suspect, what is no value at all.

A spreadsheet that opens a file and saves it may bend what it shows: a zip loses its zero, a phone becomes `5.55E+09`,
an id is rounded beyond 15 digits, a time takes a local form. Such a cell is suspect: nothing in it says what was meant.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from stcrm_pandas.contract.schemas.fields import Column
from stcrm_pandas.frame.foreign_cells import Doubt, reader
from stcrm_pandas.sheets.text import MARK, armed

DIGITS = 15
"""What a spreadsheet keeps of a number."""

_DIGITS = re.compile(r"[+-]?(\d+)", re.ASCII)
_POINT_ZERO = re.compile(r"[+-]?(\d+)[.,]0+", re.ASCII)
_EXPONENT = re.compile(r"[+-]?\d([.,]\d*)?E[+-]?\d+", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
_LOCAL_NUMBER = re.compile(r"[+-]?\d{1,3}([.,'  ]\d{3})*([.,]\d+)?|[+-]?\d+,\d+", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,'  ]\d{3})+", re.ASCII)
_SHORT_DATE = re.compile(r"\d{1,2}[-. ]{1,2}[^\W\d]{3,4}\.?|[^\W\d]{3,4}[-. ]{1,2}\d{2}")
_DATE = re.compile(r"[\d./:,\- ]*\d[./:\-]\s?\d.*")
_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!)|#{2,}|Err:\d+")
_LOST_ZERO = re.compile(r"\d{3,4}|\d{7,8}", re.ASCII)
_LOST_LETTER = re.compile(r"\?\w|�")
_TRUE = {"true", "wahr", "vrai", "verdadero", "vero", "waar", "verdadeiro"}
_FALSE = {"false", "falsch", "faux", "falso", "onwaar"}


class Suspect(Exception):
    """The cell may not be what was meant; `value` is what it seems to say, None where it says nothing certain."""

    def __init__(self, why: str, value: Any = None) -> None:
        super().__init__(why)
        self.why = why
        self.value = value


@dataclass(frozen=True)
class Broken:
    """A cell of a workbook that holds no value: an error, or a formula whose result was not saved."""

    text: str
    why: str


@dataclass(frozen=True)
class File:
    """What is known of the file that a cell stands in.

    Parameters
    ----------
    untouched : bool, default False
        It is as `write_sheet` left it, to the letter: nothing is suspect.
    letters_lost : bool, default False
        Its encoding cannot hold every letter: `?` may stand for one.
    """

    untouched: bool = False
    letters_lost: bool = False


def cell_reader(column: Column, file: File) -> Callable[[Any], Any]:
    """How the cells of a column are read: text, or what a workbook has (a number, a time, true or false).

    It raises `Suspect`, and `ValueError` where the cell is no value of the column.
    """
    if column.field.many:
        read_list = reader(column.field)
        return lambda cell: _list(read_list, _sound(cell))
    match column.field.kind:
        case "text" | "guid":
            is_zip = column.name.endswith("zip")
            return lambda cell: _text(_sound(cell, text=file.untouched), file, is_zip=is_zip)
        case "integer":
            return lambda cell: _integer(_sound(cell), file)
        case "boolean":
            return lambda cell: _boolean(_sound(cell))
        case "time":
            read_time = reader(column.field)
            return lambda cell: _time(read_time, _sound(cell))
        case _:
            return lambda cell: _number(_sound(cell))


def _sound(cell: Any, *, text: bool = False) -> Any:
    """The cell, if it is not an error that a spreadsheet left in its place."""
    if isinstance(cell, Broken):
        raise Suspect(cell.why)
    if isinstance(cell, str) and not text and _ERROR.fullmatch(cell.strip()):
        raise Suspect("is an error of the spreadsheet")
    return cell


def _text(cell: Any, file: File, *, is_zip: bool) -> str:
    if isinstance(cell, bool):
        raise Suspect("is true or false, where text belongs")
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        raise Suspect("is a date or a time, where text belongs")
    if isinstance(cell, (int, float)):
        if cell != int(cell) or abs(cell) >= 10**DIGITS:
            raise Suspect("is a number, where text belongs")
        cell = str(int(cell))
    text = armed(cell)
    if file.untouched:
        return text
    if _EXPONENT.fullmatch(text):
        raise Suspect("is a number with an exponent: digits are lost", text)
    if is_zip and _LOST_ZERO.fullmatch(text):
        raise Suspect("may have lost a leading zero", text)
    if _rounded(text):
        raise Suspect(f"is a number of more than {DIGITS} digits that may have been rounded", text)
    if _SHORT_DATE.fullmatch(text):
        raise Suspect("may have been made a date by a spreadsheet", text)
    if "\ufffd" in text or (file.letters_lost and _LOST_LETTER.search(text)):
        raise Suspect("may have lost letters", text)
    return text


def _rounded(digits: str) -> bool:
    found = _DIGITS.fullmatch(digits)
    return found is not None and len(found[1]) > DIGITS and not found[1][DIGITS:].strip("0")


def _integer(cell: Any, file: File) -> int:
    if isinstance(cell, str):
        text = cell.strip().removeprefix(MARK)
        if _DIGITS.fullmatch(text):
            whole = _in_64_bits(int(text))
            if _rounded(text) and not file.untouched:
                raise Suspect(f"is a number of more than {DIGITS} digits that may have been rounded", whole)
            return whole
        if _EXPONENT.fullmatch(text):
            raise Suspect("is a number with an exponent: digits are lost")
        if (found := _POINT_ZERO.fullmatch(text)) and len(found[1]) <= DIGITS:
            return int(re.split("[.,]", text)[0])
        if _THOUSANDS.fullmatch(text):
            raise Suspect("is a number in a local form")
        raise ValueError("is not a whole number")
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
            raise Suspect("is a date or a time, where a whole number belongs")
        raise ValueError("is not a whole number")
    if cell != int(cell):
        raise ValueError("is not a whole number")
    if abs(cell) >= 10**DIGITS:
        raise Suspect(f"is a number of more than {DIGITS} digits that may have been rounded")
    return int(cell)


def _in_64_bits(whole: int) -> int:
    if not -(2**63) <= whole < 2**63:
        raise ValueError("is more than 64 bits hold")
    return whole


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
            raise Suspect("is a number with an exponent: digits may be lost", _finite(float(text.replace(",", "."))))
        if _LOCAL_NUMBER.fullmatch(text):
            raise Suspect("is a number in a local form")
        raise ValueError("is not a number")
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        raise Suspect("is a date or a time, where a number belongs")
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
    except Doubt as doubt:
        raise Suspect("has no time zone", doubt.value) from None
    except ValueError:
        if isinstance(cell, str) and _DATE.fullmatch(cell.strip()):
            raise Suspect("is a time in a local form") from None
        if isinstance(cell, (int, float, dt.time, dt.timedelta)) and not isinstance(cell, bool):
            raise Suspect("is a number: a spreadsheet's time") from None
        raise


def _list(read_list: Callable[[Any], Any], cell: Any) -> Any:
    try:
        value = orjson.loads(cell) if isinstance(cell, str) else None
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, list):
        raise ValueError("is not a list in JSON")
    return read_list(value)
