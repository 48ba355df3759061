"""The body of a call that writes: read as JSON, and held against the table of its fields.

Names and words count to the letter. What comes out has only the fields of the table: times as the service writes
them, GUIDs in small letters.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

from stcrm_pandas.contract.schemas.fields import Body, Field
from stcrm_pandas.sandbox.service.parameters import guid
from stcrm_pandas.sandbox.service.responses import Refusal
from stcrm_pandas.sandbox.store.clock import LAST, moment, text_of

Errors = dict[str, list[str]]


def parse(raw: bytes, media: str) -> Any:
    """A body as JSON.

    Raises
    ------
    Refusal
        There is none, it is of another kind (415), or it is no JSON.
    """
    if not raw:
        raise Refusal(400, errors={"": ["A body is required."]}, rule="a call that writes has a body")
    kind = media.partition(";")[0].strip().lower()
    if kind not in {"application/json", "text/json"} and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise Refusal(415, "The body must be JSON.")
    try:
        return json.loads(raw.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refusal(400, errors={"": ["The body is no valid JSON."]}) from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def check(value: Any, body: Body, *, overlook: bool = False) -> dict[str, Any]:
    """A body with the fields of its table; `overlook` drops others without a word.

    Raises
    ------
    Refusal
        It has others, lacks some, or some are of the wrong kind; `errors` names each by its path, as `address.zip` or
        `contacts[0].type`.
    """
    errors: Errors = {}
    if not isinstance(value, dict):
        raise Refusal(400, errors={"": ["The body must be an object."]})
    unknown: Errors = {}
    read = _object(value, body.fields, "", errors, unknown)
    if not overlook:
        errors = unknown | errors
    if errors:
        raise Refusal(400, errors=errors)
    return read


def _object(
    given: dict[str, Any], fields: Iterable[Field], path: str, errors: Errors, unknown: Errors
) -> dict[str, Any]:
    known = {field.name: field for field in fields}
    for name in given.keys() - known.keys():
        unknown[f"{path}{_printable(name)}"] = ["There is no such field."]
    read: dict[str, Any] = {}
    for name, field in known.items():
        if name in given:
            read[name] = _value(given[name], field, path + name, errors, unknown)
        elif field.required:
            errors[path + name] = ["It is required."]
    return read


def _value(given: Any, field: Field, path: str, errors: Errors, unknown: Errors) -> Any:
    if given is None:
        if not field.nullable:
            errors[path] = ["It must not be null."]
        return None
    if not field.many:
        return _single(given, field, path, errors, unknown)
    if not isinstance(given, list):
        errors[path] = ["It must be a list."]
        return None
    return [_single(one, field, f"{path}[{place}]", errors, unknown) for place, one in enumerate(given)]


def _single(given: Any, field: Field, path: str, errors: Errors, unknown: Errors) -> Any:
    if field.kind == "object":
        if isinstance(given, dict):
            return _object(given, field.fields, f"{path}.", errors, unknown)
        errors[path] = ["It must be an object."]
        return None
    try:
        value = _READERS[field.kind](given)
    except (ValueError, OverflowError):
        errors[path] = [f"It must be {_KINDS[field.kind]}."]
        return None
    if field.values and value not in field.values:
        errors[path] = [f"It must be one of {', '.join(field.values)}."]
    return value


def _integer(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int | float) or given != int(given):
        raise ValueError
    if not -(2**63) <= given < 2**63:
        raise ValueError
    return int(given)


def _number(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise ValueError
    return given if abs(given) < 2**63 else float(given)


def _boolean(given: Any) -> bool:
    if not isinstance(given, bool):
        raise ValueError
    return given


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError
    given.encode()  # half a character cannot be kept
    return given


def _time(given: Any) -> str:
    return text_of(max(0, min(moment(_text(given)), LAST)))


_READERS = {
    "integer": _integer,
    "boolean": _boolean,
    "double": _number,
    "decimal": _number,
    "text": _text,
    "guid": lambda given: guid(_text(given)),
    "time": _time,
}
_KINDS = {
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
