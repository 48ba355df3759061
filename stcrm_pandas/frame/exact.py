"""Exact JSON: numbers keep their text, duplicate fields are rejected, lone surrogates are replaced."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import InvalidResponse

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


def to_json_value(found: Any) -> Any:
    """Return undocumented values as JSON values: numbers as numbers, NaN and Infinity as text."""
    match found:
        case Number():
            return _pythonic(found)
        case str():
            return without_surrogates(found)
        case list():
            return [to_json_value(item) for item in found]
        case dict():
            return {name: to_json_value(item) for name, item in found.items()}
        case _:
            return found


def _pythonic(number: Number) -> int | float | str:
    """Return a number, or text for integers beyond 64 bits and for infinite numbers."""
    if not NUMBER.fullmatch(number):
        return str(number)
    if not number.lstrip("-").isdigit():
        near = float(number)
        return str(number) if math.isinf(near) else near
    return int(number) if len(number) < 21 and int(number) in INTEGERS else str(number)
