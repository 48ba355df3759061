"""Random rows as the API sends them, for benchmarks without a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson

PAGE = 5_000
START = datetime(2024, 1, 1, tzinfo=UTC)
FIRST = ["Ann", "Bob", "Chloé", "Dmitri", "Eve", "José", "Karen", "Lou"]
LAST = ["Smith", "Muñoz", "Okafor", "Brown", "Lee", "García", "Nowak", "Jones"]
STREETS = ["Oak", "Main", "Elm", "Maple", "Cedar", "2nd", "Lake", "Hill"]
SUMMARIES = [
    "No cooling upstairs, unit is 12 years old, wants a visit before the weekend",
    "Water heater leaks; asked for a price first",
    "Toilet runs all night\nsays the valve was replaced last year",
    "Left a voicemail, call back after 5 pm",
]


def moment(rng: np.random.Generator) -> str:
    """Return a time as the API writes it: with up to seven fractional digits."""
    at = START + timedelta(seconds=int(rng.integers(0, 730 * 86400)))
    digits = int(rng.choice([0, 3, 6, 7], p=[0.3, 0.1, 0.1, 0.5]))
    fraction = "." + str(rng.integers(10 ** (digits - 1), 10**digits)) if digits else ""
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def maybe(rng: np.random.Generator, share: float, value: Any) -> Any:
    return value if rng.random() < share else None


def lead(rng: np.random.Generator, number: int) -> dict[str, Any]:
    known = rng.random() < 0.6
    first, last = rng.choice(FIRST), rng.choice(LAST)
    return {
        "id": 40_000_000 + number,
        "status": str(rng.choice(["Open", "Dismissed", "Converted"], p=[0.12, 0.57, 0.31])),
        "priority": str(rng.choice(["Low", "Normal", "High", "Urgent"])),
        "customerId": 10_000_000 + int(rng.integers(0, 400_000)) if known else None,
        "locationId": 20_000_000 + int(rng.integers(0, 480_000)) if known else None,
        "businessUnitId": 100 + int(rng.integers(0, 4)),
        "jobTypeId": maybe(rng, 0.7, 300 + int(rng.integers(0, 12))),
        "campaignId": 500 + int(rng.integers(0, 38)),
        "followUpDate": maybe(rng, 0.3, moment(rng)),
        "createdById": 700 + int(rng.integers(0, 9)),
        "createdOn": moment(rng),
        "modifiedOn": moment(rng),
        "tagTypeIds": [900 + int(t) for t in rng.integers(0, 30, int(rng.integers(0, 4)))],
        "dismissingReasonId": maybe(rng, 0.57, 50 + int(rng.integers(0, 8))),
        "summary": maybe(rng, 0.6, str(rng.choice(SUMMARIES))),
        "callReasonId": maybe(rng, 0.8, 60 + int(rng.integers(0, 10))),
        "callId": maybe(rng, 0.6, 70_000_000 + number),
        "bookingId": maybe(rng, 0.15, 80_000_000 + number),
        "manualCallId": None,
        "leadUrl": None,
        **dict.fromkeys(
            (
                "leadCustomerName",
                "leadPhone",
                "leadEmail",
                "leadStreet",
                "leadUnit",
                "leadCity",
                "leadState",
                "leadZip",
                "leadCountry",
            )
        ),
        **(
            {}
            if known
            else {
                "leadCustomerName": f"{first} {last}",
                "leadPhone": f"312555{rng.integers(0, 10_000):04}",
                "leadEmail": f"{last}{number}@example.com".lower(),
                "leadStreet": f"{rng.integers(1, 9999)} {rng.choice(STREETS)} St",
                "leadCity": "Springfield",
                "leadState": "IL",
                "leadZip": f"{rng.integers(60000, 62999)}",
                "leadCountry": "USA",
            }
        ),
        "captureSource": maybe(rng, 0.2, "WebForm"),
    }


def customer(rng: np.random.Generator, number: int) -> dict[str, Any]:
    return {
        "id": 10_000_000 + number,
        "active": bool(rng.random() > 0.09),
        "name": f"{rng.choice(FIRST)} {rng.choice(LAST)}",
        "type": "Commercial" if rng.random() < 0.12 else "Residential",
        "address": {
            "street": f"{rng.integers(1, 9999)} {rng.choice(STREETS)} St",
            "unit": maybe(rng, 0.1, f"#{rng.integers(1, 99)}"),
            "city": "Springfield",
            "state": "IL",
            "zip": f"{rng.integers(60000, 62999)}",
            "country": "USA",
            "latitude": round(39 + float(rng.random()), 6),
            "longitude": round(-89 - float(rng.random()), 6),
        },
        "customFields": [
            {"typeId": 30 + int(i), "name": f"Field {i}", "value": maybe(rng, 0.8, str(rng.integers(0, 500)))}
            for i in range(int(rng.integers(0, 4)))
        ],
        "balance": round(float(rng.exponential(200)), 2) if rng.random() < 0.3 else 0.0,
        "taxExempt": bool(rng.random() < 0.02),
        "tagTypeIds": [900 + int(t) for t in rng.integers(0, 30, int(rng.integers(0, 4)))],
        "doNotMail": bool(rng.random() < 0.03),
        "doNotService": bool(rng.random() < 0.006),
        "nationalAccount": False,
        "createdOn": moment(rng),
        "createdById": 700 + int(rng.integers(0, 9)),
        "modifiedOn": moment(rng),
        "mergedToId": maybe(rng, 0.025, 10_000_000 + int(rng.integers(0, 400_000))),
        "paymentTermId": maybe(rng, 0.3, 5),
        "creditLimit": maybe(rng, 0.1, 5000.0),
        "creditLimitBalance": maybe(rng, 0.1, 4200.5),
        "externalData": [{"key": "crm", "value": f"x{number}"}] if rng.random() < 0.2 else [],
    }


def bodies(make: Callable[[np.random.Generator, int], dict[str, Any]], rows: int, seed: int = 1) -> list[bytes]:
    """Return pages as the API sends them. After 100,000 rows, text repeats, but ids do not."""
    rng = np.random.default_rng(seed)
    sample = [make(rng, n) for n in range(min(rows, 100_000))]
    pages = []
    for start in range(0, rows, PAGE):
        data = [{**sample[n % len(sample)], "id": 10_000_000 + n} for n in range(start, min(start + PAGE, rows))]
        more = start + PAGE < rows
        envelope = {"page": start // PAGE + 1, "pageSize": PAGE, "hasMore": more, "totalCount": None, "data": data}
        pages.append(orjson.dumps(envelope))
    return pages
