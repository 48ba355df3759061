"""A company in which a few numbers stand in several places, some of them with a no."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...resources.company import CONTACTS, CUSTOMERS, LOCATIONS, METHODS, Company, Rows, below, made

YES = {
    "jobRemindersEnabled": True,
    "marketingUpdatesEnabled": True,
    "invoiceStatementNotification": True,
    "invoiceNotification": True,
    "statementNotification": True,
}
NO = {**YES, "marketingUpdatesEnabled": False}
SHARED, TEXTLESS, FREE = "(512) 555-0101", "512-555-0102", "512-555-0103"
MAIL = "Ann@Example.com"


def line(value: str, preferences: dict[str, bool] | None, *, text: bool = True, kind: str = "MobilePhone") -> Any:
    return {
        "type": kind,
        "value": value,
        "preferences": preferences,
        "phoneSettings": {"phoneNumber": "", "doNotText": not text},
        "active": True,
    }


class People(Company):
    """Customer 1 said yes to 0101, location 12 no; 0102 gets no texts; 0103 is free, but off with customer 3."""

    def tables(self) -> Iterator[tuple[str, Rows]]:
        for name, rows in super().tables():
            yield name, self._own(name, rows)

    def _own(self, name: str, rows: Rows) -> Rows:
        if name == "customer_contacts":
            lines = (line(SHARED, NO), line(TEXTLESS, NO, text=False), line(FREE, NO))
            return self._lines("customers.list_contacts", "customerId", CUSTOMERS, lines, 101)
        if name == "location_contacts":
            lines = (line(MAIL, None, kind="Email"), line("+1 512.555.0101", NO), line(FREE, YES))
            return self._lines("locations.list_contacts", "locationId", LOCATIONS, lines, 111)
        if name == "contact_methods":
            values = (MAIL, "5125550103", "nobody@example.net")
            return [
                {**row, "value": value, "type": "Email" if "@" in value else "Phone"}
                for row, value in zip(
                    below(made("contact_methods.search", METHODS), "contactId", CONTACTS), values, strict=True
                )
            ]
        if name == "locations":
            return [{**row, "active": row["customerId"] != 3, "mergedToId": None} for row in rows]
        if name == "customers":
            return [{**row, "balance": 0.0} for row in rows]
        return rows

    def _lines(self, method: str, parent: str, parents: Any, lines: Any, first: int) -> Rows:
        rows = made(method, range(first, first + len(lines)))
        return [{**row, **own, parent: id} for row, own, id in zip(rows, lines, parents, strict=True)]
