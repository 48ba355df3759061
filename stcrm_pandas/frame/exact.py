"""JSON as it was written: numbers keep their text, a field named twice is refused, half characters are found."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import NotAnAnswer

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BROKEN = re.compile("[\ud800-\udfff]")
INTEGERS = range(-(2**63), 2**63)


class Number(str):
    """A number as it was written."""

    __slots__ = ()


def refuse(row: Row, why: str) -> NoReturn:
    """Say that a body is no answer, and what to do."""
    raise NotAnAnswer(
        f"{row.name}: the answer {why}; ask again, with `refresh=True` if it came from the cache"
    ) from None


def parse(row: Row, body: bytes) -> Any:
    """The JSON of a body, with numbers as they were written."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = {whole_text(name): value for name, value in pairs}
        if len(values) != len(pairs):
            refuse(row, "names a field twice in one object")
        return values

    try:
        text = body.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        refuse(row, "is not UTF-8 text")
    start = text.lstrip()[:1]
    if not start:
        refuse(row, "is empty")
    if start == "<":
        refuse(row, "is a web page (HTML or XML), not JSON")
    try:
        return json.loads(text, object_pairs_hook=once, parse_float=Number, parse_int=Number, parse_constant=Number)
    except json.JSONDecodeError as error:
        end = text.rstrip()
        if error.msg.startswith("Unterminated") or error.pos >= len(end) or (start in "{[" and end[-1] not in "}]"):
            refuse(row, "is cut off in the middle of its JSON")
        refuse(row, f"is not JSON (character {error.pos:,} of {len(text):,})")


def whole_text(text: str) -> str:
    """The text without halves of characters, which no encoding knows."""
    return _BROKEN.sub("\ufffd", text) if _BROKEN.search(text) else text


def plain(found: Any) -> Any:
    """Unknown values as JSON has them: numbers are numbers again, words that JSON lacks are text."""
    match found:
        case Number():
            return _pythonic(found)
        case str():
            return whole_text(found)
        case list():
            return [plain(item) for item in found]
        case dict():
            return {name: plain(item) for name, item in found.items()}
        case _:
            return found


def _pythonic(number: Number) -> int | float | str:
    """Python's number; as text where it has none: a whole number beyond 64 bits, an infinite one."""
    if not NUMBER.fullmatch(number):
        return str(number)
    if not number.lstrip("-").isdigit():
        near = float(number)
        return str(number) if math.isinf(near) else near
    return int(number) if len(number) < 21 and int(number) in INTEGERS else str(number)
