"""Request bodies: parsed as JSON and validated against the table of their fields.

Names and enum values are case-sensitive. The result holds only fields of the table, with times as the service formats
them and GUIDs in lower case.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from stcrm_pandas.contract.schemas.fields import Body, Field
from stcrm_pandas.sandbox.service.request import ApiRequest, parse_guid
from stcrm_pandas.sandbox.service.responses import HttpError
from stcrm_pandas.sandbox.store.clock import LAST, format_time, parse_time

Errors = dict[str, list[str]]


def parse(raw: bytes, media: str) -> Any:
    """Return a body's JSON, or raise a 400, or a 415 for another media type."""
    if not raw:
        raise HttpError(400, errors={"": ["A body is required."]}, rule="a write has a body")
    kind = media.partition(";")[0].strip().lower()
    if kind not in {"application/json", "text/json"} and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise HttpError(415, "The body must be JSON.")
    try:
        return json.loads(raw.decode(), parse_constant=_reject)
    except (ValueError, RecursionError):
        raise HttpError(400, errors={"": ["The body is not valid JSON."]}) from None


def _reject(constant: str) -> NoReturn:
    raise ValueError(constant)


def validate(value: Any, body: Body, *, drop_unknown: bool = False) -> dict[str, Any]:
    """Return the fields of a body, or raise a 400 that names each error by its path, as in `contacts[0].type`."""
    errors: Errors = {}
    if not isinstance(value, dict):
        raise HttpError(400, errors={"": ["The body must be an object."]})
    unknown: Errors = {}
    read = _object(value, body.fields, "", errors, unknown)
    if not drop_unknown:
        errors = unknown | errors
    if errors:
        raise HttpError(400, errors=errors)
    return read


def _object(
    value: dict[str, Any], fields: Iterable[Field], path: str, errors: Errors, unknown: Errors
) -> dict[str, Any]:
    known = {field.name: field for field in fields}
    for name in value.keys() - known.keys():
        unknown[f"{path}{_printable(name)}"] = ["There is no such field."]
    read: dict[str, Any] = {}
    for name, field in known.items():
        if name in value:
            read[name] = _value(value[name], field, path + name, errors, unknown)
        elif field.required:
            errors[path + name] = ["It is required."]
    return read


def _value(value: Any, field: Field, path: str, errors: Errors, unknown: Errors) -> Any:
    if value is None:
        if not field.nullable:
            errors[path] = ["It must not be null."]
        return None
    if not field.many:
        return _single(value, field, path, errors, unknown)
    if not isinstance(value, list):
        errors[path] = ["It must be a list."]
        return None
    return [_single(part, field, f"{path}[{index}]", errors, unknown) for index, part in enumerate(value)]


def _single(value: Any, field: Field, path: str, errors: Errors, unknown: Errors) -> Any:
    if field.kind == "object":
        if isinstance(value, dict):
            return _object(value, field.fields, f"{path}.", errors, unknown)
        errors[path] = ["It must be an object."]
        return None
    try:
        value = _PARSERS[field.kind](value)
    except (ValueError, OverflowError):
        errors[path] = [f"It must be {_TYPE_NAMES[field.kind]}."]
        return None
    if field.values and value not in field.values:
        errors[path] = [f"It must be one of {', '.join(field.values)}."]
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError
    if not -(2**63) <= value < 2**63:
        raise ValueError
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return value if abs(value) < 2**63 else float(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    value.encode()  # raises for a lone surrogate, which cannot be stored
    return value


def _time(value: Any) -> str:
    return format_time(max(0, min(parse_time(_text(value)), LAST)))


_PARSERS = {
    "integer": _integer,
    "boolean": _boolean,
    "double": _number,
    "decimal": _number,
    "text": _text,
    "guid": lambda value: parse_guid(_text(value)),
    "time": _time,
}
_TYPE_NAMES = {
    "integer": "a whole number of 64 bits",
    "boolean": "true or false",
    "double": "a number",
    "decimal": "a number",
    "text": "text",
    "guid": "a GUID",
    "time": "a date and time",
}


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


def non_null(body: Mapping[str, Any], *without: str) -> dict[str, Any]:
    """Return the fields of a body that are not null.

    >>> non_null({"name": "Ann", "title": None, "contacts": []}, "contacts")
    {'name': 'Ann'}
    """
    return {name: value for name, value in body.items() if value is not None and name not in without}


def empty_row(fields: Iterable[Field]) -> dict[str, Any]:
    """Return a row in which lists are empty and everything else is null."""
    return {field.name: [] if field.many else None for field in fields}


def new_row(request: ApiRequest, fields: Iterable[Field]) -> dict[str, Any]:
    """Return an empty active row, created now by the calling application."""
    row = empty_row(fields)
    known = {"createdOn": request.timestamp, "modifiedOn": request.timestamp, "createdById": request.user}
    return row | {name: value for name, value in known.items() if name in row} | {"active": True}


def select(row: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    """Return the given fields of a row, in their order."""
    return {field.name: row.get(field.name) for field in fields}


def unique(ids: Iterable[int] | None) -> list[int]:
    """Return each id once, in the order of first appearance."""
    return list(dict.fromkeys(ids or ()))
