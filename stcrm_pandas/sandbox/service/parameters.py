"""Query parameters, parsed as the types that the contract gives them; unknown ones are ignored."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from stcrm_pandas.contract.operations import IDS_PER_REQUEST
from stcrm_pandas.contract.schemas.fields import Field, boolean, integer, text
from stcrm_pandas.sandbox.service.responses import HttpError
from stcrm_pandas.sandbox.store.clock import parse_time

QueryPairs = Sequence[tuple[str, str]]

PAGE = integer("page")
PAGE_SIZE = integer("pageSize")
INCLUDE_TOTAL = boolean("includeTotal")
SORT = text("sort")
FROM = text("from")
ORDER_BY = text("orderBy")
ORDER_BY_DIRECTION = text("orderByDirection")
SHORT = {"page", "pageSize", "minDuration", "maxDuration"}
"""Whole numbers of 32 bits; all others are of 64."""

_GUID = re.compile(r"\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?")


def parse_integer(value: str) -> int:
    """Return a whole number of at most 64 bits, or raise ValueError."""
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", value.strip()):
        raise ValueError(value)
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return number


def _boolean(value: str) -> bool:
    return {"true": True, "false": False}[value.strip().lower()]


def parse_guid(value: str) -> str:
    """Return a GUID as rows hold it, in lower case with dashes, or raise ValueError.

    >>> parse_guid("{6F1D3C52A0B84E7D9C15E2F480AB37D6}")
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


_PARSERS: dict[str, Callable[[str], Any]] = {
    "integer": parse_integer,
    "boolean": _boolean,
    "double": _number,
    "decimal": _number,
    "text": str,
    "guid": parse_guid,
    "time": parse_time,
}


def _parse(field: Field, value: str, *, strict: bool) -> Any:
    if field.values:
        return {word if strict else word.lower(): word for word in field.values}[value if strict else value.lower()]
    parsed = _PARSERS[field.kind](value)
    if field.name in SHORT and not -(2**31) <= parsed < 2**31:
        raise ValueError(value)
    return parsed


def parse_query(pairs: QueryPairs, fields: Iterable[Field], *, strict: bool = False) -> dict[str, Any]:
    """Return the parameters that are present and not empty, by name, or raise a 400; times are ticks.

    `strict` compares enum values case-sensitively, and rejects an empty value unless the parameter is free text.
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
                    _parse(field, item, strict=strict) for item in ",".join(texts).split(",") if item.strip()
                ]
                if len(values[field.name]) > IDS_PER_REQUEST:
                    errors[field.name] = [f"At most {IDS_PER_REQUEST} values are allowed."]
            else:
                values[field.name] = _parse(field, texts[0], strict=strict)
        except (KeyError, ValueError):
            errors[field.name] = [f"The value '{','.join(texts)[:80]}' is not valid."]
            lists = lists and field.many
    if errors:
        raise HttpError(400, errors=errors, rule="lists of values" if lists else None)
    return values
