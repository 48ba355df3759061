"""How long page bodies take to become a validated frame, against `orjson.loads` of the same bodies.

    python bench/decoding.py [rows ...]

The collector is off for the floor and on for ours, as in a user's process. Both run in turn, several times.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson

from stcrm_pandas.frame import assemble, decode, validate
from stcrm_pandas.schemas.customers import CUSTOMERS
from stcrm_pandas.schemas.fields import Row
from stcrm_pandas.schemas.leads import LEADS

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
    """A time as the service writes it: with none to seven fractional digits."""
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
    """Pages as the service sends them; beyond 100,000 rows the texts repeat, the ids do not."""
    rng = np.random.default_rng(seed)
    sample = [make(rng, n) for n in range(min(rows, 100_000))]
    pages = []
    for start in range(0, rows, PAGE):
        data = [{**sample[n % len(sample)], "id": 10_000_000 + n} for n in range(start, min(start + PAGE, rows))]
        more = start + PAGE < rows
        envelope = {"page": start // PAGE + 1, "pageSize": PAGE, "hasMore": more, "totalCount": None, "data": data}
        pages.append(orjson.dumps(envelope))
    return pages


def frame_of(row: Row, pages: list[bytes], workers: int) -> Any:
    if workers == 1:
        decoded = [decode(row, "page", body) for body in pages]
    else:
        with ThreadPoolExecutor(workers) as pool:
            decoded = list(pool.map(lambda body: decode(row, "page", body), pages))
    frame = assemble(row, decoded, order=("id",)).frame
    validate(row, frame)
    return frame


def floor(pages: list[bytes]) -> None:
    for body in pages:
        orjson.loads(body)


def seconds(work: Callable[[], object], *, collector: bool = True) -> float:
    gc.collect()
    if not collector:
        gc.disable()
    start = time.perf_counter()
    result = work()
    spent = time.perf_counter() - start
    gc.enable()
    del result
    return spent


def compare(name: str, row: Row, pages: list[bytes], rounds: int) -> None:
    size = sum(map(len, pages)) / 1e6
    spent: dict[str, list[float]] = {}
    for _ in range(rounds):
        spent.setdefault("floor", []).append(seconds(lambda: floor(pages), collector=False))
        for workers in (1, 2):
            spent.setdefault(f"{workers} worker", []).append(
                seconds(lambda workers=workers: frame_of(row, pages, workers))  # type: ignore[misc]
            )
    base = statistics.median(spent["floor"])
    print(f"{name}: {size:.0f} MB, floor {base * 1e3:.0f} ms")
    for label, times in spent.items():
        if label != "floor":
            low, middle, high = min(times), statistics.median(times), max(times)
            print(
                f"  {label}: {middle * 1e3:.0f} ms ({low * 1e3:.0f} to {high * 1e3:.0f}), {middle / base:.2f} x floor"
            )


def main() -> None:
    for rows in map(int, sys.argv[1:] or ["100000"]):
        rounds = 7 if rows <= 200_000 else 3
        compare(f"{rows:,} leads", LEADS, bodies(lead, rows), rounds)
        compare(f"{rows:,} customers", CUSTOMERS, bodies(customer, rows), rounds)


if __name__ == "__main__":
    main()
