"""New rows, from what a request gives of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stcrm_pandas.contract.schemas.fields import Field
from stcrm_pandas.sandbox.service.request import Call


def given(body: Mapping[str, Any], *without: str) -> dict[str, Any]:
    """The fields of a body that are there and not null.

    Examples
    --------
    >>> given({"name": "Ann", "title": None, "contacts": []}, "contacts")
    {'name': 'Ann'}
    """
    return {name: value for name, value in body.items() if value is not None and name not in without}


def blank(fields: Iterable[Field]) -> dict[str, Any]:
    """All fields of a row, with nothing in them: lists are empty, whatever else is null."""
    return {field.name: [] if field.many else None for field in fields}


def made(call: Call, fields: Iterable[Field]) -> dict[str, Any]:
    """A blank row of whole-number id, made now by the calling application; it is alive."""
    row = blank(fields)
    known = {"createdOn": call.moment, "modifiedOn": call.moment, "createdById": call.user}
    return row | {name: value for name, value in known.items() if name in row} | {"active": True}


def picked(row: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    """The fields of a row, in their order, and no others."""
    return {field.name: row.get(field.name) for field in fields}


def distinct(ids: Iterable[int] | None) -> list[int]:
    """Each id once, in the order of their coming."""
    return list(dict.fromkeys(ids or ()))
