"""The columns of a grid: which can be edited, and their cells as text, there and back.

Cells travel as text: null is None, and every other value is text that `parse` reads back exactly. Times are in the
time zone of the tenant.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.contract.schemas.fields import Column, Field, Kind, Row
from stcrm_pandas.contract.schemas.list_dtype import ListArray, ListDtype
from stcrm_pandas.edits.columns import Target
from stcrm_pandas.edits.plan.consent import BLOCKING_FLAGS, FLAGS
from stcrm_pandas.edits.plan.steps import PlanOptions
from stcrm_pandas.frame.foreign_cells import is_missing, read, reader
from stcrm_pandas.sheets.cells import FileState, Suspect, cell_reader
from stcrm_pandas.sheets.text import any_json, json, number, to_cell_text

KINDS: Mapping[Kind, str] = {"double": "number", "decimal": "number"}
"""Names of kinds for people, where they differ from the API's."""
_FIRST, _LAST = np.datetime64("1884-01-01", "us"), np.datetime64("9999-01-01", "us")
"""Times outside of these are shown in UTC: before, offsets have seconds, and after, a local time may have no year."""
_MEASURED, _LEAST = 200, 22
"""How many cells are measured, and how many characters a column of texts shows at least."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_OFFSET = re.compile(r"(?<=[\d.]) ?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)$", re.ASCII | re.IGNORECASE)
_IN_KEY = "it identifies the row"
_UNKNOWN = "the API does not document this column, so it cannot be edited"
_OFF = "You can switch it off, but not on: that is an opt-in."
_ON = "You can switch it on, but not off: that is an opt-in."


class Rejected(ValueError):
    """A text that is no value of its column; the message continues "the text …"."""


@dataclass(frozen=True)
class GridColumn:
    """One column of a grid.

    Parameters
    ----------
    column : Column
        Its name and type.
    dtype : object
        Its dtype in the frame.
    zone : str, optional
        The time zone in which times are shown; None for times without one.
    locked : str, default ''
        Why the column cannot be edited; empty if it can.
    note : str, default ''
        What to know before editing it.
    consent : bool, default False
        Whether it can only be switched off.
    """

    column: Column
    dtype: Any
    zone: str | None = "UTC"
    locked: str = ""
    note: str = ""
    consent: bool = False

    @property
    def name(self) -> str:
        """The name in the frame."""
        return self.column.name

    @property
    def kind(self) -> str:
        """The kind of its values: `integer`, `number`, `boolean`, `text`, `guid`, `time` or `list`."""
        field = self.column.field
        return "list" if field.many else KINDS.get(field.kind, field.kind)

    @property
    def nullable(self) -> bool:
        """Whether the dtype has a missing value."""
        return not (isinstance(self.dtype, np.dtype) and self.dtype.kind in "iub")

    def texts(self, cells: Any) -> Any:
        """Return the cells of a series as an Arrow array of texts, null if missing."""
        field = self.column.field
        if field.kind == "object" and not field.many:  # of an unknown type
            return pa.array([None if _is_null(cell) else _any_text(cell) for cell in cells], pa.string())
        if field.many:
            return pa.array([None if _is_null(cell) else json(field, cell) for cell in cells], pa.string())
        match self.kind:
            case "boolean":
                return pc.if_else(pa.array(cells.astype("boolean")), "true", "false")
            case "integer":
                return pa.array(cells.array, from_pandas=True).cast(pa.string())
            case "time":
                return _time_texts(cells, self.zone)
            case "number":
                return pa.array([None if is_missing(cell) else number(cell) for cell in cells], pa.string())
            case _:
                try:
                    return pa.array(cells, pa.string(), from_pandas=True)
                except UnicodeEncodeError:  # half of a character, which an `object` column may hold
                    return pa.array([None if _is_null(cell) else _any_text(cell) for cell in cells], pa.string())

    def text(self, value: Any) -> str | None:
        """Return the text of one value, as `texts` does."""
        field = self.column.field
        if _is_null(value):
            return None
        if field.many:
            return json(field, value)
        match self.kind:
            case "boolean":
                return "true" if value else "false"
            case "integer":
                return str(int(value))
            case "time":
                return _time_text(value, self.zone)
            case "number":
                return number(value)
            case _:
                return str(value)

    def parse(self, text: str | None) -> tuple[Any, str]:
        """Return the value of a text, and why it is suspect (empty if it is not).

        Raises
        ------
        Rejected
            The text is no value of the column.
        """
        if text is None:
            if not self.nullable:
                raise Rejected(f"this column cannot be empty: its dtype is {self.dtype}")
            return None, ""
        try:
            return self._read(text)
        except Rejected:
            raise
        except (ValueError, OverflowError) as error:
            raise Rejected(f"the text {error}") from None

    @cached_property
    def _read(self) -> Callable[[str], tuple[Any, str]]:
        field = self.column.field
        if self.kind == "time":
            return lambda text: (_time_of(text, self.zone), "")
        read_cell, read_value = cell_reader(self.column, FileState()), reader(field)
        if self.kind in ("text", "guid"):
            words = {word.casefold(): word for word in field.values}

            def read_text(text: str) -> tuple[Any, str]:
                value = words.get(text.casefold(), read_value(text))
                if isinstance(self.dtype, pd.CategoricalDtype) and value not in field.values:
                    raise ValueError(f"is none of: {', '.join(field.values)}")
                try:
                    read_cell(to_cell_text(value))
                except Suspect as suspect:
                    return value, suspect.why
                return value, ""

            return read_text
        low, high = _limits(self.dtype)

        def read_other(text: str) -> tuple[Any, str]:
            why = ""
            try:
                value = read_cell(text)
            except Suspect as suspect:
                if suspect.value is None:
                    raise ValueError(suspect.why) from None
                value, why = suspect.value, "" if self.kind == "boolean" else suspect.why
            if self.kind == "integer" and not low <= value <= high:
                raise ValueError(f"is too large or too small for the dtype {self.dtype}")
            return value, why

        return read_other

    def put(self, cells: Any, positions: list[int], values: list[Any]) -> Any:
        """Return a series with some values replaced; None is missing. All other cells are the same."""
        array = cells.array.copy()
        if isinstance(array, ListArray):
            for position, value in zip(positions, values, strict=True):
                array[position] = value
        elif isinstance(self.dtype, np.dtype) and self.dtype.kind == "O":
            plain = array.to_numpy(copy=True)
            for position, value in zip(positions, values, strict=True):
                plain[position] = value
            array = plain
        elif self.kind == "time":
            moments = pd.Series(values, dtype="datetime64[us]" if self.zone is None else "datetime64[us, UTC]")
            array[positions] = moments.astype(self.dtype).array
        else:
            array[positions] = pd.array(values, dtype=self.dtype)
        return pd.Series(array, index=cells.index, name=cells.name, dtype=self.dtype, copy=False)

    def letters(self, cells: Any) -> int | None:
        """Return how many characters nearly all cells of a column of texts have, judged by the first ones."""
        if self.kind != "text":
            return None
        lengths = pc.utf8_length(self.texts(cells.head(_MEASURED))).drop_null()
        return max(_LEAST, pc.quantile(lengths, 0.9, interpolation="higher")[0].as_py()) if len(lengths) else None

    def as_json(self, cells: Any) -> dict[str, Any]:
        """Return what a view shows of the column, given its cells."""
        return {
            "name": self.name,
            "kind": "text" if self.kind == "object" else self.kind,
            "enum": list(self.column.field.values) or None,
            "locked": bool(self.locked),
            "reason": self.locked or None,
            "consent": self.consent,
            "note": self.note or None,
            "nullable": self.nullable,
            "zone": self.zone,
            "width": self.letters(cells),
        }


def columns_of_target(target: Target, frame: pd.DataFrame, zone: str, options: PlanOptions) -> list[GridColumn]:
    """Return the columns of a frame of rows that the API can change, those of the key first."""
    columns = []
    for name in _key_first(target.row.key, frame):
        column = target.columns.get(name)
        if name in target.row.key and column is not None:
            columns.append(GridColumn(column, frame[name].dtype, zone, _IN_KEY))
            continue
        misfit = _UNKNOWN if column is None else _misfit(column, frame[name])
        if column is None or misfit:
            columns.append(replace(_from_dtype(name, frame[name], zone), locked=misfit))
            continue
        rule = target.rules[name]
        locked = "" if rule.field else "; ".join(filter(None, (rule.reason, rule.instead)))
        ratchet = not (locked or options.allow_opt_in)
        consent = ratchet and (name in FLAGS or (target.resource, name) == ("contact_preferences", "value"))
        blocks = ratchet and name in BLOCKING_FLAGS.get(target.resource, ())
        note = _OFF if consent else _ON if blocks else ""
        columns.append(GridColumn(column, frame[name].dtype, zone, locked, note, consent))
    return columns


def columns_of_frame(key: tuple[str, ...], frame: pd.DataFrame) -> list[GridColumn]:
    """Return the columns of any frame, those of the key first; types follow from the dtypes."""
    columns = [_from_dtype(name, frame[name], "UTC") for name in _key_first(key, frame)]
    return [replace(column, locked=_IN_KEY) if column.name in key else column for column in columns]


def row_of_frame(key: tuple[str, ...], columns: list[GridColumn]) -> Row:
    """Return the kind of row of any frame, so that its rows can be matched by key."""
    return Row("frame", "", tuple(column.column.field for column in columns), key)


def _key_first(key: tuple[str, ...], frame: pd.DataFrame) -> list[str]:
    return [*key, *(name for name in frame.columns if name not in key)]


def _misfit(column: Column, cells: Any) -> str:
    """Return why the cells of a documented column cannot be edited in place; empty if they can."""
    dtype, types = cells.dtype, pd.api.types
    if column.field.many:
        fits = isinstance(dtype, ListDtype) or types.is_object_dtype(dtype)
    elif column.dtype == "str":
        fits = isinstance(dtype, pd.StringDtype) or types.is_object_dtype(dtype)
    else:
        fits = str(dtype) == column.dtype
    if not fits:
        documented = "lists" if column.field.many else column.dtype
        return f"its dtype is {dtype}, not {documented} as it was read; convert it and open the grid again"
    reading = read(column, cells)
    if reading.unreadable or list(reading.uncertain):
        return "it has values that do not fit the type of the column; correct them in pandas and open the grid again"
    return ""


def _from_dtype(name: str, cells: Any, zone: str) -> GridColumn:
    dtype, types = cells.dtype, pd.api.types
    kind: Kind = "object"
    locked = f"columns of the dtype {dtype} cannot be edited here"
    many, values, record = False, (), None
    fields: tuple[Field, ...] = ()
    own_zone: str | None = zone
    if isinstance(dtype, ListDtype):
        kind, many, record, fields = dtype.field.kind, True, dtype.field.record, dtype.field.fields
    elif isinstance(dtype, pd.CategoricalDtype) and all(isinstance(category, str) for category in dtype.categories):
        kind, values = "text", tuple(dtype.categories)
    elif isinstance(dtype, pd.ArrowDtype | pd.CategoricalDtype):
        pass
    elif types.is_bool_dtype(dtype):
        kind = "boolean"
    elif types.is_integer_dtype(dtype):
        kind = "object" if str(dtype).lower() == "uint64" else "integer"
    elif str(dtype).lower() in ("float64", "float32"):
        kind = "double"
    elif types.is_datetime64_any_dtype(dtype):
        exact = cells.isna() | (cells == cells.dt.floor("us"))
        own_zone = None if getattr(dtype, "tz", None) is None else str(dtype.tz)
        kind = "time" if exact.all() and (own_zone is None or _zone(own_zone)) else "object"
    elif isinstance(dtype, pd.StringDtype) or (
        types.is_object_dtype(dtype) and types.infer_dtype(cells, skipna=True) in ("string", "empty")
    ):
        kind = "text"
    field = Field(name, kind, many=many, values=values, fields=fields, record=record)
    column = Column(name, (name,), field, required=False)
    return GridColumn(column, dtype, own_zone, locked if kind == "object" and not many else "")


def _zone(name: str) -> dt.tzinfo | None:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None


def _limits(dtype: Any) -> tuple[int, int]:
    plain = getattr(dtype, "numpy_dtype", dtype)
    if isinstance(plain, np.dtype) and plain.kind in "iu":
        return int(np.iinfo(plain).min), int(np.iinfo(plain).max)
    return -(2**63), 2**63 - 1


def _is_null(cell: Any) -> bool:
    return not isinstance(cell, tuple | list) and is_missing(cell)


def _any_text(cell: Any) -> str:
    """Return the text of a cell of any type; halves of characters, which UTF-8 does not have, are question marks."""
    try:
        text = cell if isinstance(cell, str) else any_json(cell)
    except TypeError:
        text = str(cell)
    return text.encode("utf-8", "replace").decode()


# Times


def _time_texts(cells: Any, zone: str | None) -> Any:
    """Return times as texts with the offset of a zone, without one if the zone is None."""
    moments = cells.dt.as_unit("us")
    utc = (moments if zone is None else moments.dt.tz_convert("UTC").dt.tz_localize(None)).to_numpy()
    missing = np.isnat(utc)
    local, minutes = utc, np.zeros(len(utc), np.int64)
    if zone is not None and zone != "UTC":
        shifted = ~missing & (utc >= _FIRST) & (utc < _LAST)
        there = moments[shifted].dt.tz_convert(zone).dt.tz_localize(None).to_numpy()
        seconds = (there - utc[shifted]).astype("m8[s]").astype(np.int64)
        odd = seconds % 60 != 0
        local = utc.copy()
        local[shifted] = np.where(odd, utc[shifted], there)
        minutes[shifted] = np.where(odd, 0, seconds // 60)
    texts = pc.replace_substring_regex(
        pa.array(local, pa.timestamp("us"), from_pandas=True).cast(pa.string()), r"\.000000$", ""
    )
    if zone is None:
        return texts
    known, codes = np.unique(minutes, return_inverse=True)
    offsets = pa.array([_offset_text(int(offset)) for offset in known], pa.string()).take(pa.array(codes))
    return pc.binary_join_element_wise(texts, offsets, " ")


def _time_text(moment: Any, zone: str | None) -> str:
    at = pd.Timestamp(moment).to_pydatetime(warn=False)
    if zone is None:
        return at.replace(tzinfo=None).isoformat(" ")
    local, minutes = at.astimezone(dt.UTC), 0
    if zone != "UTC" and _FIRST <= np.datetime64(local.replace(tzinfo=None), "us") < _LAST:
        there = local.astimezone(zoneinfo.ZoneInfo(zone))
        seconds = int((there.utcoffset() or dt.timedelta()).total_seconds())
        local, minutes = (local, 0) if seconds % 60 else (there, seconds // 60)
    return f"{local.replace(tzinfo=None).isoformat(' ')} {_offset_text(minutes)}"


def _offset_text(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def _time_of(text: str, zone: str | None) -> pd.Timestamp:
    """Return the time in a text. Without an offset it is in the zone."""
    text = text.strip()
    if _DATE.fullmatch(text):
        text = f"{text} 00:00"
    has_offset = _OFFSET.search(text) is not None
    if has_offset and zone is None:
        raise ValueError("has an offset, but the times of this column have no time zone")
    try:
        moment = reader(Field("", "time"))(_OFFSET.sub(r"\1", text) if has_offset else f"{text}Z")
    except (ValueError, OverflowError):
        raise ValueError("is not a time: write it as 2026-11-25 09:30") from None
    if zone is None:
        return pd.Timestamp(moment).tz_localize(None)
    if has_offset or zone == "UTC":
        return pd.Timestamp(moment)
    naive = moment.tz_localize(None).to_pydatetime()
    first, second = (naive.replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise ValueError("is an hour in which the clock changes: add the offset, as in 2026-11-01 01:30 -06:00")
    try:
        return pd.Timestamp(first.astimezone(dt.UTC)).as_unit("us")
    except OverflowError:
        raise ValueError("is before the year 1") from None
