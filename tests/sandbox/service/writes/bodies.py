"""Request bodies and ids that the tests of writes share."""

from __future__ import annotations

from typing import Any

ADDRESS = {"street": "1 Elm St", "unit": "", "city": "Plano", "state": "TX", "zip": "75023", "country": "USA"}
PLACED = {**ADDRESS, "latitude": 33.1, "longitude": -96.7}
PHONE = {"type": "MobilePhone", "value": "(972) 555-0101"}
FLAGS = {
    "jobRemindersEnabled": True,
    "marketingUpdatesEnabled": False,
    "invoiceStatementNotification": False,
    "invoiceNotification": True,
    "statementNotification": False,
}
OURS = "0a0a0a0a-0000-4000-8000-000000000001"
COMPANYS = "6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6"
METHOD = "00000002-0000-4000-8000-{:012x}"


def pairs(row: dict[str, Any]) -> dict[str, str]:
    return {entry["key"]: entry["value"] for entry in row["externalData"]}


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]
