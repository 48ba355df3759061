"""A query's parameters, read as the kinds that the contract gives them. Those it does not know are ignored."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from stcrm_pandas.contract.operations import IDS_PER_CALL
from stcrm_pandas.contract.schemas.fields import Field, boolean, integer, text
from stcrm_pandas.sandbox.service.responses import Refusal
from stcrm_pandas.sandbox.store.clock import moment

Pairs = Sequence[tuple[str, str]]

PAGE = integer("page")
PAGE_SIZE = integer("pageSize")
INCLUDE_TOTAL = boolean("includeTotal")
SORT = text("sort")
FROM = text("from")
ORDER_BY = text("orderBy")
ORDER_BY_DIRECTION = text("orderByDirection")
SHORT = {"page", "pageSize", "minDuration", "maxDuration"}
"""Whole numbers of 32 bits; all others have 64."""

_GUID = re.compile(r"\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?")


def whole_number(value: str) -> int:
    """A whole number that fits into 64 bits.

    Raises
    ------
    ValueError
        It is none.
    """
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", value.strip()):
        raise ValueError(value)
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return number


def _truth(value: str) -> bool:
    return {"true": True, "false": False}[value.strip().lower()]


def guid(value: str) -> str:
    """A GUID as rows write it: in small letters, with dashes.

    Raises
    ------
    ValueError
        It is none.

    Examples
    --------
    >>> guid("{6F1D3C52A0B84E7D9C15E2F480AB37D6}")
    '6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6'
    """
    if not _GUID.fullmatch(value.strip()):
        raise ValueError(value)
    return str(UUID(re.sub("[{}-]", "", value.strip())))


def _number(value: str) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": whole_number,
    "boolean": _truth,
    "double": _number,
    "decimal": _number,
    "text": str,
    "guid": guid,
    "time": moment,
}


def _one(field: Field, value: str, *, strict: bool) -> Any:
    if field.values:
        return {word if strict else word.lower(): word for word in field.values}[value if strict else value.lower()]
    read = _READERS[field.kind](value)
    if field.name in SHORT and not -(2**31) <= read < 2**31:
        raise ValueError(value)
    return read


def read(pairs: Pairs, fields: Iterable[Field], *, strict: bool = False) -> dict[str, Any]:
    """The parameters that are there and not empty, by name: times as ticks, lists as lists.

    `strict` takes words to the letter, and refuses an empty one that the contract does not have as free text.

    Raises
    ------
    Refusal
        Some cannot be read, or are too many; it says so for each of them.
    """
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    lists = True
    for field in fields:
        free = field.many or (field.kind == "text" and not field.values)
        texts = [value for name, value in pairs if name == field.name and (value or (strict and not free))]
        if not texts:
            continue
        try:
            if field.many:
                values[field.name] = [
                    _one(field, one, strict=strict) for one in ",".join(texts).split(",") if one.strip()
                ]
                if len(values[field.name]) > IDS_PER_CALL:
                    errors[field.name] = [f"At most {IDS_PER_CALL} values are allowed."]
            else:
                values[field.name] = _one(field, texts[0], strict=strict)
        except (KeyError, ValueError):
            errors[field.name] = [f"The value '{','.join(texts)[:80]}' is not valid."]
            lists = lists and field.many
    if errors:
        raise Refusal(400, errors=errors, rule="lists of values" if lists else None)
    return values
