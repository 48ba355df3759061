"""A company with many rows, created quickly, to measure filters."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

Row = dict[str, Any]
MOMENT = "2026-03-0{}T0{}:0{}:00Z"
STATUS = ("Open", "Converted", "Converted", "Converted", *["Dismissed"] * 6)
JOB_STATUS = ("Completed", "Completed", "Completed", "Canceled", "Scheduled")
FIRST = ("Ann", "Ben", "Cora", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo")
LAST = ("Stone", "Müller", "Garza", "Okafor", "Nguyen", "Lopez", "Baker")
LONG = "A summary of about as many letters as the other cells of such a row have together. " * 3


def name(n: int) -> str:
    return f"{FIRST[n % 10]} {LAST[n % 7]} {n // 9}"


def phone(n: int) -> str:
    """Return one of a million phone numbers, in one of three formats."""
    line = f"{n % 1_000_000:06}"
    return (f"(512) 5{line[:2]}-{line[2:]}", f"512-5{line[:2]}-{line[2:]}", f"+15125{line}")[n % 3]


@dataclasses.dataclass(frozen=True)
class Many:
    """A company with a number of leads, and of customers and contacts with them."""

    leads: int
    customers: int
    contacts: int
    jobs: int = 0
    name: str = "Many"
    time_zone: str = "America/Chicago"
    truth: dict[str, Any] = dataclasses.field(default_factory=dict)

    def tables(self) -> Iterator[tuple[str, Iterable[Row]]]:
        moments = [MOMENT.format(1 + n % 9, n % 10, n % 7) for n in range(630)]

        def dated(n: int) -> Row:
            return {"createdOn": moments[n % 630], "modifiedOn": moments[(n * 7) % 630]}

        yield (
            "leads",
            (
                {
                    "id": n,
                    "status": STATUS[n % 10],
                    "customerId": n % max(self.customers, 1) or None,
                    "summary": LONG,
                    "leadCustomerName": name(n) if n % 2 else None,
                    "leadPhone": phone(n) if n % 2 else None,
                    "active": n % 100 != 0,
                    **dated(n),
                }
                for n in range(1, self.leads + 1)
            ),
        )
        yield (
            "customers",
            (
                {
                    "id": n,
                    "active": n % 11 != 0,
                    "name": name(n),
                    "note": LONG,
                    "address": {"city": "Austin"},
                    **dated(n),
                }
                for n in range(1, self.customers + 1)
            ),
        )
        yield (
            "customer_contacts",
            (
                {
                    "id": n,
                    "customerId": 1 + n % self.customers,
                    "type": "Email" if n % 5 == 0 else "MobilePhone",
                    "value": f"c{n}@example.com" if n % 5 == 0 else phone(n),
                    "active": n % 50 != 0,
                    **dated(n),
                }
                for n in range(1, self.contacts + 1)
            ),
        )
        yield (
            "jobs",
            (
                {
                    "id": n,
                    "customerId": 1 + n % self.customers,
                    "jobStatus": JOB_STATUS[n % 5],
                    "text": LONG,
                    **dated(n),
                }
                for n in range(1, self.jobs + 1)
            ),
        )
