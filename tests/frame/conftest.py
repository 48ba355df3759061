"""Rows and bodies as the service sends them, for the tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.frame import Assembled, assemble, decode, validate

LEAD = {
    "id": 1,
    "status": "Open",
    "priority": "Low",
    "campaignId": 3,
    "createdById": 4,
    "createdOn": "2026-01-01T00:00:00Z",
    "modifiedOn": "2026-01-02T00:00:00Z",
}
CUSTOMER = {
    "id": 1,
    "active": True,
    "name": "Ann",
    "type": "Residential",
    "address": {"street": "1 Oak St", "city": "Springfield", "state": "IL", "zip": "60601", "country": "USA"},
    "customFields": [{"typeId": 7, "name": "Source", "value": None}],
    "balance": 12.34,
    "taxExempt": False,
    "tagTypeIds": [5, 6],
    "doNotMail": False,
    "doNotService": False,
    "nationalAccount": False,
    "createdOn": "2026-01-01T00:00:00Z",
    "createdById": 4,
    "modifiedOn": "2026-01-02T00:00:00Z",
    "externalData": [],
}


def body_of(rows: list[dict[str, Any]], **envelope: Any) -> bytes:
    return json.dumps(
        {"page": 1, "pageSize": 50, "hasMore": False, "totalCount": None, **envelope, "data": rows}
    ).encode()


def read_rows(row: Row, *rows: dict[str, Any]) -> Assembled:
    """One page, all the way to a validated frame."""
    assembled = assemble(row, [decode(row, "page", body_of(list(rows)))], order=row.key)
    validate(row, assembled.frame)
    return assembled


@pytest.fixture
def lead() -> Callable[..., dict[str, Any]]:
    return lambda **changes: {**LEAD, **changes}


@pytest.fixture
def customer() -> Callable[..., dict[str, Any]]:
    return lambda **changes: {**CUSTOMER, **changes}


@pytest.fixture
def body() -> Callable[..., bytes]:
    return body_of


@pytest.fixture
def read() -> Callable[..., Assembled]:
    return read_rows


@pytest.fixture
def cell(read: Callable[..., Assembled]) -> Callable[..., Any]:
    """The value of one column of one row, read on its own."""

    def one(row: Row, values: dict[str, Any], column: str) -> Any:
        frame: pd.DataFrame = read(row, values).frame
        return frame[column].iloc[0]

    return one
