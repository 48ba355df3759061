"""New rows from request bodies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stcrm_pandas.contract.schemas.fields import Field
from stcrm_pandas.sandbox.service.request import ApiRequest


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
