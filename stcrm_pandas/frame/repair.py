"""The exact fallback: read a page that the fast path rejected value by value, and report where it does not fit."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

import pyarrow as pa

from stcrm_pandas.contract.operations import Returned
from stcrm_pandas.contract.schemas.arrow import arrow_type, microseconds
from stcrm_pandas.contract.schemas.fields import Field, Row, snake
from stcrm_pandas.errors import InvalidResponse, UnreadableValue
from stcrm_pandas.frame.assemble import DecodedPage
from stcrm_pandas.frame.drift import MOST_VALUES, OTHERS, SHOWN, Kind, PageDrift, as_columns, to_drifts, unknown_fields

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BROKEN = re.compile("[\ud800-\udfff]")
INTEGERS = range(-(2**63), 2**63)


class Number(str):
    """A number as text."""

    __slots__ = ()


def raise_invalid(row: Row, why: str) -> NoReturn:
    """Raise for an invalid body, and say what to do."""
    raise InvalidResponse(
        f"{row.name}: the response {why}. Read again, with `refresh=True` if it came from the cache."
    ) from None


def parse(row: Row, body: bytes) -> Any:
    """Return the JSON of a body, with numbers as text."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = {without_surrogates(name): value for name, value in pairs}
        if len(values) != len(pairs):
            raise_invalid(row, "has a field twice in one object")
        return values

    try:
        text = body.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        raise_invalid(row, "is not UTF-8 text")
    start = text.lstrip()[:1]
    if not start:
        raise_invalid(row, "is empty")
    if start == "<":
        raise_invalid(row, "is a web page (HTML or XML), not JSON")
    try:
        return json.loads(text, object_pairs_hook=unique, parse_float=Number, parse_int=Number, parse_constant=Number)
    except json.JSONDecodeError as error:
        end = text.rstrip()
        if error.msg.startswith("Unterminated") or error.pos >= len(end) or (start in "{[" and end[-1] not in "}]"):
            raise_invalid(row, "is truncated in the middle of its JSON")
        raise_invalid(row, f"is not JSON (character {error.pos:,} of {len(text):,})")


def without_surrogates(text: str) -> str:
    """Return a text with lone surrogates replaced."""
    return _BROKEN.sub("\ufffd", text) if _BROKEN.search(text) else text


def to_json_value(value: Any) -> Any:
    """Return undocumented values as JSON values: numbers as numbers, NaN and Infinity as text."""
    match value:
        case Number():
            return _pythonic(value)
        case str():
            return without_surrogates(value)
        case list():
            return [to_json_value(item) for item in value]
        case dict():
            return {name: to_json_value(item) for name, item in value.items()}
        case _:
            return value


def _pythonic(number: Number) -> int | float | str:
    """Return a number, or text for integers beyond 64 bits and for infinite numbers."""
    if not NUMBER.fullmatch(number):
        return str(number)
    if not number.lstrip("-").isdigit():
        near = float(number)
        return str(number) if math.isinf(near) else near
    return int(number) if len(number) < 21 and int(number) in INTEGERS else str(number)


_DIGITS = 15
"""Significant digits that every double keeps."""


class _Unreadable(Exception):
    """Why a value cannot be read as its type."""


def repair(row: Row, returns: Returned, body: bytes, above: Mapping[str, pa.Scalar[Any]]) -> DecodedPage:
    """Decode a page that the fast path rejected."""
    try:
        return _repair(row, returns, parse(row, body), above)
    except RecursionError:
        raise_invalid(row, "is nested too deeply")


def _repair(row: Row, returns: Returned, response: Any, above: Mapping[str, pa.Scalar[Any]]) -> DecodedPage:
    reader = _Reader(row)
    envelope: dict[str, Any] = {}
    rows: Any = [response] if returns == "row" else response
    if returns in {"page", "feed"}:
        if not isinstance(response, dict) or "data" not in response:
            raise InvalidResponse(
                f"{row.name}: the response is JSON without rows (`data`), so it is not from this operation"
            )
        envelope = reader.envelope(returns, response)
        rows = response["data"]
    if not isinstance(rows, list) or not all(isinstance(item, dict) for item in rows):
        raise InvalidResponse(
            f"{row.name}: the response is JSON of another structure: its rows are not a list of objects"
        )
    columns: dict[str, pa.Array] = {name: pa.repeat(value, len(rows)) for name, value in above.items()}
    columns |= reader.columns(row.fields, rows)
    fields = [pa.field(name, array.type) for name, array in columns.items()]
    arrays = list(columns.values())
    further = {path: to_json_value(values) for path, values in unknown_fields(row, rows).items()}
    for extra, array, finding in as_columns(row, further, len(rows)):
        fields.append(extra)
        arrays.append(array)
        reader.findings.append(finding)
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    return DecodedPage(
        rows=len(rows),
        has_more=envelope.get("hasMore"),
        total=envelope.get("totalCount"),
        continue_from=envelope.get("continueFrom"),
        table=table,
        drift=to_drifts(row, table, [*reader.findings, *reader.collected()]),
        fallback=True,
    )


class _Reader:
    """Reads rows column by column, and collects schema drift."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.findings: list[PageDrift] = []
        self._seen: dict[tuple[str, Kind, str], list[int]] = {}
        self._rows: Sequence[Mapping[str, Any]] = ()
        self._column = ""
        self._position = 0

    def collected(self) -> list[PageDrift]:
        """Return the collected drift, one finding per column, kind and value."""
        return [
            PageDrift(column, kind, len(where), where[:SHOWN], detail)
            for (column, kind, detail), where in self._seen.items()
        ]

    def envelope(self, returns: Returned, response: Mapping[str, Any]) -> dict[str, Any]:
        more, total, token = response.get("hasMore"), response.get("totalCount"), response.get("continueFrom")
        if not isinstance(more, bool):
            raise InvalidResponse(f"{self.row.name}: the response does not say whether more pages follow (`hasMore`)")
        if total is not None and returns == "page":
            if not isinstance(total, str) or not re.fullmatch("-?[0-9]{1,18}", total):
                raise InvalidResponse(f"{self.row.name}: `totalCount` of the response is not a whole number")
            if not isinstance(total, Number):
                self.findings.append(PageDrift("totalCount", "response", 1, ()))
            total = int(total)
        if token is not None and not isinstance(token, str):
            raise InvalidResponse(f"{self.row.name}: `continueFrom` of the response is not text")
        known = {"page": {"page", "pageSize", "totalCount"}, "feed": {"continueFrom"}}[returns] | {"hasMore", "data"}
        for name in sorted(response.keys() - known):
            self.findings.append(PageDrift(name[:60], "response", 1, ()))
        return {
            "hasMore": more,
            "totalCount": total if returns == "page" else None,
            "continueFrom": str(token) if token is not None and returns == "feed" else None,
        }

    def columns(self, fields: Sequence[Field], rows: Sequence[Mapping[str, Any]]) -> dict[str, pa.Array]:
        self._rows = rows
        return self._columns(fields, rows, ())

    def _columns(
        self, fields: Sequence[Field], groups: Sequence[Mapping[str, Any] | None], path: tuple[str, ...]
    ) -> dict[str, pa.Array]:
        columns: dict[str, pa.Array] = {}
        for field in fields:
            here = (*path, field.name)
            self._column = "_".join(map(snake, here))
            cells: list[Any] = []
            read = self._group if field.kind == "object" and not field.many else self._value(field)
            for self._position, around in enumerate(groups):
                value = None if around is None else around.get(field.name)
                if value is not None:
                    try:
                        value = read(value)
                    except (_Unreadable, ValueError, OverflowError) as why:
                        self._refuse(str(why))
                elif around is not None and field.required and not field.nullable:
                    self._note("null")
                cells.append(value)
            if field.kind == "object" and not field.many:
                columns |= self._columns(field.fields, cells, here)
            else:
                columns[self._column] = _array(field, cells)
        return columns

    def _note(self, kind: Kind, detail: str = "") -> None:
        words = [key for key in self._seen if key[:2] == (self._column, kind)]
        if len(words) >= MOST_VALUES and (self._column, kind, detail) not in words:
            detail = OTHERS
        where = self._seen.setdefault((self._column, kind, detail), [])
        if not where or where[-1] != self._position:
            where.append(self._position)

    def _refuse(self, why: str) -> NoReturn:
        values = self._rows[self._position]
        keys = {snake(name): value for name, value in values.items()}
        parts = [str(keys[name]) for name in self.row.key if isinstance(keys.get(name), str)]
        key = "/".join(parts) or f"unknown, row {self._position + 1} of its page"
        raise UnreadableValue(
            f"{self.row.name}: {self._column} {why} (id {key})",
            resource=self.row.name,
            column=self._column,
            id=int(key) if re.fullmatch("-?[0-9]{1,19}", key) else key,
        ) from None

    def _group(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise _Unreadable(f"is {_kind(value)} instead of an object")
        return value

    def _value(self, field: Field) -> Callable[[Any], Any]:
        if field.many:
            return lambda value: self._list(field, value)
        return lambda value: self._scalar(field, value)

    def _list(self, field: Field, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise _Unreadable(f"is {_kind(value)} instead of a list")
        if any(item is None for item in value):
            self._note("null", "an item of the list")
        read = self._record if field.kind == "object" else self._scalar
        return [None if item is None else read(field, item) for item in value]

    def _record(self, field: Field, value: Any) -> dict[str, Any]:
        self._group(value)
        record: dict[str, Any] = {}
        for part in field.fields:
            item = value.get(part.name)
            if item is None and part.required and not part.nullable:
                self._note("null", part.name)
            record[part.name] = None if item is None else self._part(part, item)
        return record

    def _part(self, part: Field, item: Any) -> Any:
        if part.many:
            return self._list(part, item)
        return self._record(part, item) if part.kind == "object" else self._scalar(part, item)

    def _scalar(self, field: Field, value: Any) -> Any:
        if isinstance(value, (dict, list)):
            raise _Unreadable(f"is {_kind(value)} instead of a single value")
        match field.kind:
            case "integer":
                return self._integer(value)
            case "double" | "decimal":
                return self._float(value, amount=field.kind == "decimal")
            case "boolean":
                return self._boolean(value)
            case "time":
                return self._time(value)
            case _:
                return self._text(field, value)

    def _number(self, value: Any) -> Decimal:
        if isinstance(value, bool) or not NUMBER.fullmatch(value):
            raise _Unreadable(f"is {_kind(value)} instead of a number")
        if not isinstance(value, Number):
            self._note("text number")
        return Decimal(value)

    def _integer(self, value: Any) -> int:
        number = self._number(value)
        if number.adjusted() > 19 or int(number) not in INTEGERS:
            raise _Unreadable("is a whole number with more than 64 bits")
        if number != int(number):
            raise _Unreadable("is a number with a fraction instead of a whole number")
        if not re.fullmatch("-?[0-9]+", value):
            self._note("whole number")
        return int(number)

    def _float(self, value: Any, *, amount: bool) -> float:
        number = self._number(value)
        near = float(value)
        if math.isinf(near):
            raise _Unreadable("is too large a number")
        if amount and (len(number.normalize().as_tuple().digits) > _DIGITS or (near == 0) != (number == 0)):
            self._note("digits")
        return near

    def _boolean(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, Number) or value.lower() not in {"true", "false"}:
            raise _Unreadable(f"is {_kind(value)} instead of true or false")
        self._note("text number")
        return bool(value.lower() == "true")

    def _time(self, value: Any) -> int:
        if isinstance(value, (bool, Number)):
            raise _Unreadable(f"is {_kind(value)} instead of a time")
        try:
            at, problem = microseconds(value)
        except (ValueError, OverflowError):
            raise _Unreadable("is not a valid time") from None
        if problem:
            self._note("time", problem)
        return at

    def _text(self, field: Field, value: Any) -> str:
        if isinstance(value, bool):
            self._note("number text")
            return "true" if value else "false"
        if isinstance(value, Number):
            self._note("number text")
            return str(value)
        text = without_surrogates(value)
        if text is not value:
            self._note("text")
        if field.values and text not in field.values:
            self._note("value", text[:60])
        return text


def _array(field: Field, cells: list[Any]) -> pa.Array:
    kind = arrow_type(field)
    if field.kind == "time":
        return pa.array(cells, pa.int64()).cast(kind)
    return pa.array(cells, kind)


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "true or false"
        case Number():
            return "a number" if NUMBER.fullmatch(value) else "not a number (NaN or infinite)"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"
