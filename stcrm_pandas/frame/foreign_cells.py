"""Read cells of edited frames by the documented type of their column.

Edits in pandas change dtypes unintentionally: integers next to a missing value become floats, text becomes objects,
tuples become lists. Such cells are read as what they mean, or rejected with a reason. No value is changed silently.

>>> from stcrm_pandas.contract.schemas.leads import LEADS
>>> campaign = next(column for column in LEADS.columns if column.name == "campaign_id")
>>> read(campaign, pd.Series([7.0, None, 7.5]))
Reading(cells=<IntegerArray>
[7, <NA>, <NA>]
Length: 3, dtype: Int64, unreadable={2: 'is not a whole number'}, uncertain=())
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.contract.schemas.arrow import microseconds
from stcrm_pandas.contract.schemas.fields import Column, Field, Kind, snake

LARGEST_EXACT_FLOAT = 2**53
"""Beyond this, one float stands for several integers."""
_INT64 = 2**63
_NONE = type(None)
_NAT = np.datetime64("NaT", "us")
_NUMBERS = (int, float, np.integer, np.floating)
_WHOLE = re.compile(r"[+-]?\d{1,400}(\.0+)?", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

UNCERTAIN: dict[Kind, str] = {
    "text": "is a number instead of text: leading zeros may be lost",
    "guid": "is a number instead of text",
    "time": "has no time zone: add it with `.dt.tz_localize(…)`",
}
"""Why the value of a cell is uncertain."""


class Uncertain(Exception):
    """The likely value of a cell that could mean something else."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


@dataclass(frozen=True)
class Reading:
    """A column as read.

    Parameters
    ----------
    cells : object
        An array of the column's own dtype.
    unreadable : dict
        Position to reason, for values that do not fit the column; they are missing in `cells`.
    uncertain : iterable of int, default ()
        Positions of cells whose value is a guess (`UNCERTAIN`): good enough to see that nothing changed, but not sent.
    """

    cells: Any
    unreadable: dict[int, str] = field(default_factory=dict)
    uncertain: Iterable[int] = ()


def is_missing(value: Any) -> bool:
    """Return whether a cell is missing, in any representation of pandas or numpy."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, (float, np.floating, np.datetime64)) and bool(pd.isna(value))


def read(column: Column, cells: Any) -> Reading:
    """Read a column of a frame by its documented type.

    Parameters
    ----------
    column : Column
        The documented column.
    cells : object
        A series of any dtype.
    """
    if not column.field.many:
        if str(cells.dtype) == column.dtype:
            return Reading(cells.array)
        quick = _read_fast(column, cells)
        if quick is not None:
            return quick
    else:
        listed = cells.to_numpy(dtype=object)
        if _are_lists(column.field, listed):
            return Reading(listed)
    values: list[Any] = []
    unreadable: dict[int, str] = {}
    uncertain: list[int] = []
    read_one = reader(column.field)
    for position, value in enumerate(cells.astype(object).tolist()):
        cell = None
        if not is_missing(value):
            try:
                cell = read_one(value)
            except Uncertain as doubt:
                cell = doubt.value
                uncertain.append(position)
            except ValueError as error:
                unreadable[position] = str(error)
        values.append(cell)
    return Reading(array(column, values), unreadable, tuple(uncertain))


def array(column: Column, values: list[Any]) -> Any:
    """Return Python values, None if missing, as an array of the column's dtype."""
    if column.field.many:
        cells = np.empty(len(values), dtype=object)
        cells[:] = values
        return cells
    if column.dtype == "str":
        # Lone surrogates were rejected before.
        return pd.array(values, dtype="str")
    if column.field.kind == "time":
        return as_utc(np.array([_NAT if moment is None else moment.asm8 for moment in values], "M8[us]"))
    return pd.array(values, dtype=column.dtype)  # type: ignore[call-overload]


def as_utc(naive: Any) -> Any:
    """Return numpy times (`M8[us]`) in UTC as an array of a frame."""
    return pd.Series(naive, copy=False).dt.tz_localize("UTC").array


def _read_fast(column: Column, cells: Any) -> Reading | None:
    """Read a column of a common dtype at once; None if each cell has to be read."""
    kind, dtype = column.field.kind, cells.dtype
    types = pd.api.types
    if kind in ("text", "guid"):
        known = isinstance(dtype, pd.StringDtype) or (
            types.is_object_dtype(dtype) and types.infer_dtype(cells, skipna=True) in ("string", "empty")
        )
        try:
            return Reading(cells.array.astype(pd.StringDtype(na_value=np.nan))) if known else None
        except (ValueError, UnicodeError):
            return None
    if kind == "time":
        if isinstance(dtype, pd.ArrowDtype) or not types.is_datetime64_any_dtype(dtype):
            return None
        naive = getattr(dtype, "tz", None) is None
        utc = (cells.dt.tz_localize("UTC") if naive else cells.dt.tz_convert("UTC")).dt.as_unit("us").array
        return Reading(utc, uncertain=np.flatnonzero(~utc.isna()).tolist() if naive else ())
    if isinstance(dtype, pd.ArrowDtype) or not (types.is_numeric_dtype(dtype) or types.is_bool_dtype(dtype)):
        return None
    if types.is_bool_dtype(dtype):
        return Reading(cells.array.astype("boolean")) if kind == "boolean" else None
    if kind == "integer" and types.is_signed_integer_dtype(dtype):
        return Reading(cells.array.astype("Int64"))
    numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(numbers)
    fits = missing | (
        (np.abs(numbers) <= LARGEST_EXACT_FLOAT) & ((np.rint(numbers) == numbers) | (kind in ("double", "decimal")))
    )
    if kind == "boolean":
        fits &= missing | (numbers == 0) | (numbers == 1)
    if not fits.all():
        return None
    filled = np.where(missing, 0, numbers)
    match kind:
        case "integer":
            return Reading(pd.arrays.IntegerArray(filled.astype(np.int64), missing))
        case "boolean":
            return Reading(pd.arrays.BooleanArray(filled.astype(np.bool_), missing))
        case _:
            return Reading(pd.arrays.FloatingArray(filled, missing))


def _are_lists(field: Field, listed: Any) -> bool:
    """Return whether all cells are certainly tuples of integers, texts, or records of these."""
    if not set(map(type, listed)) <= {tuple, _NONE}:
        return False
    items = list(chain.from_iterable(filter(None, listed)))
    if field.kind != "object":
        return _are_plain(field, items, set(map(type, items)))
    if field.record is None or not set(map(type, items)) <= {field.record}:
        return False
    for part, values in zip(field.fields, zip(*items, strict=True), strict=bool(items)):
        there = [value for value in values if value is not None]
        if part.many or not _are_plain(part, there, set(map(type, there))):
            return False
    return True


def _are_plain(field: Field, values: list[Any], types: set[type]) -> bool:
    if field.kind == "integer":
        return types <= {int} and (not values or (min(values) >= -_INT64 and max(values) < _INT64))
    return field.kind in ("text", "guid") and types <= {str} and not _SURROGATE.search("".join(values))


def reader(field: Field) -> Callable[[Any], Any]:
    """Return a function that reads one cell that is not missing.

    It raises `Uncertain` with the likely value, and `ValueError` if the value does not fit.
    """
    return partial(_list, field) if field.many else _ONE[field.kind]


def _integer(value: Any) -> int:
    if isinstance(value, (bool, np.bool_)):
        raise ValueError("is true or false instead of a whole number")
    if isinstance(value, str):
        text = value.strip()
        if not _WHOLE.fullmatch(text):
            raise ValueError("is not a whole number")
        number = int(text.partition(".")[0])
    elif isinstance(value, (int, np.integer)):
        number = int(value)
    elif isinstance(value, (float, np.floating, Decimal)) and np.isfinite(float(value)) and value == int(value):
        number = int(value)
        if abs(number) > LARGEST_EXACT_FLOAT and not isinstance(value, Decimal):
            raise ValueError("is a float above 2^53, which has lost its last digits")
    else:
        raise ValueError("is not a whole number")
    if not -_INT64 <= number < _INT64:
        raise ValueError("is too large a number for 64 bits")
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        word = value.strip().lower()
        if word in ("true", "false"):
            return word == "true"
    elif isinstance(value, (bool, np.bool_)) or (isinstance(value, _NUMBERS) and value in (0, 1)):
        return bool(value)
    raise ValueError("is neither true nor false")


def _number(value: Any) -> float:
    if isinstance(value, (bool, np.bool_)):
        raise ValueError("is true or false instead of a number")
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        raise ValueError("is not a number")
    if not isinstance(value, (str, int, float, Decimal, np.integer, np.floating)):
        raise ValueError("is not a number")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("is too large a number") from None
    if not np.isfinite(number):
        raise ValueError("is not a finite number")
    return number


def _text(value: Any) -> str:
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise ValueError("has an invalid character (a lone surrogate)")
        return str(value)
    if isinstance(value, _NUMBERS) and not isinstance(value, bool):
        # pandas turns 60601 into 60601.0 next to a missing value.
        number = float(value)
        raise Uncertain(str(int(number)) if number.is_integer() and abs(number) <= LARGEST_EXACT_FLOAT else str(value))
    raise ValueError("is not text")


def _time(value: Any) -> pd.Timestamp:
    if isinstance(value, str):
        try:
            at, problem = microseconds(value.strip())
        except ValueError:
            raise ValueError("is not a time") from None
        moment = pd.Timestamp(at, unit="us", tz="UTC")
        if problem == "no zone":
            raise Uncertain(moment)
        return moment
    if isinstance(value, np.datetime64) or type(value) is dt.date:
        raise Uncertain(pd.Timestamp(value).as_unit("us").tz_localize("UTC"))
    if not isinstance(value, dt.datetime):
        raise ValueError("is not a time")
    stamp = pd.Timestamp(value).as_unit("us")
    if stamp.tzinfo is None:
        raise Uncertain(stamp.tz_localize("UTC"))
    return stamp.tz_convert("UTC")


_ONE: dict[Kind, Callable[[Any], Any]] = {
    "integer": _integer,
    "boolean": _boolean,
    "double": _number,
    "decimal": _number,
    "text": _text,
    "guid": _text,
    "time": _time,
}


def _list(field: Field, value: Any) -> tuple[Any, ...]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise ValueError("is not a list")
    items = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else list(value)
    read_one = partial(_record, field) if field.kind == "object" else _ONE[field.kind]
    return tuple(map(partial(_item, read_one), items))


def _item(read_one: Callable[[Any], Any], item: Any) -> Any:
    try:
        return read_one(item)
    except Uncertain:
        raise ValueError("contains a number instead of text") from None
    except ValueError as error:
        raise ValueError(f"contains a value that {error}") from None


def _record(field: Field, value: Any) -> Any:
    """Return a record from a record, a dictionary by our names or the API's, or its parts in order."""
    parts = field.fields
    if isinstance(value, Mapping):
        names = {name: part for part in parts for name in (part.name, snake(part.name))}
        if not all(name in names for name in value):
            raise ValueError("is a record with an unknown part")
        by_name = {names[name].name: item for name, item in value.items()}
        values = [by_name.get(part.name) for part in parts]
    elif isinstance(value, (tuple, list)) and len(value) == len(parts):
        values = list(value)
    else:
        raise ValueError("is not a record with the right parts")
    if field.record is None:
        return {snake(part.name): _part(part, item) for part, item in zip(parts, values, strict=True)}
    return field.record(*(_part(part, item) for part, item in zip(parts, values, strict=True)))


def _part(part: Field, value: Any) -> Any:
    if is_missing(value):
        return None
    if part.kind == "object" and not part.many:
        return _record(part, value)
    return _item(reader(part), value)
