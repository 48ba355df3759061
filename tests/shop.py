"""A small shop whose rows fit the contract, a clock that does not wait, and the rule that part never passes for all."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.client import Client
from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.contract.schemas.fields import Field, Row
from stcrm_pandas.errors import IncompleteReadWarning, StcrmError
from stcrm_pandas.sandbox import Sandbox

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
PAGE = 20
Rows = list[dict[str, Any]]

VALUES: dict[str, Any] = {
    "integer": 5,
    "boolean": True,
    "double": 0.5,
    "decimal": 12.34,
    "text": "x",
    "guid": "6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6",
    "time": "2026-01-02T03:04:05.678Z",
}


def value_of(field: Field) -> Any:
    if field.kind == "object":
        value: Any = {part.name: value_of(part) for part in field.fields}
    else:
        value = field.values[0] if field.values else VALUES[field.kind]
    return [value] if field.many else value


def row_of(row: Row, **values: Any) -> dict[str, Any]:
    """A row in which every field of the contract has a value of its kind."""
    return {**{field.name: value_of(field) for field in row.fields}, **values}


def made(method: str, first: int, count: int, **values: Any) -> Rows:
    row = next(op.row for op in OPERATIONS.values() if op.name == method)
    assert row is not None
    template = row_of(row, **values)
    return [{**template, "id": first + n} for n in range(count)]


@dataclasses.dataclass(frozen=True)
class Shop:
    """Three hundred leads, a hundred and twenty customers, and a little of all else: many pages of twenty."""

    name: str = "Shop"
    time_zone: str = "America/Chicago"
    truth: dict[str, Any] = dataclasses.field(default_factory=dict)
    leads: int = 300

    def tables(self) -> Iterable[tuple[str, Iterable[dict[str, Any]]]]:
        yield "leads", [{**row, "active": True, "leadUrl": None} for row in made("leads.list", 5_000, self.leads)]
        customers = made("customers.list", 100, 120)
        yield "customers", [{**row, "active": row["id"] % 7 != 0} for row in customers]
        yield "locations", made("locations.list", 400, 45)
        for table, method, parent, first, count in (
            ("customer_contacts", "customers.list_contacts", "customerId", 100, 60),
            ("location_contacts", "locations.list_contacts", "locationId", 400, 45),
        ):
            rows = made(method, 1, count)
            yield table, [{**row, parent: first + n, "active": True} for n, row in enumerate(rows)]
        bookings = made("bookings.list", 800, 30)
        yield "bookings", [{**row, "bookingProviderId": 40 + row["id"] % 2, "active": True} for row in bookings]
        contacts = made("bookings.list_contacts", 1, 90)
        yield (
            "booking_contacts",
            [
                {**row, "bookingId": 800 + n // 3, "bookingProviderId": 40 + (800 + n // 3) % 2, "active": True}
                for n, row in enumerate(contacts)
            ],
        )
        yield "jobs", made("lookups.jobs.list", 9_000, 50)
        for name in ("campaigns", "business_units", "tag_types", "employees", "technicians", "job_types"):
            rows = made(f"lookups.{name}.list", 1, 30)
            yield name, [{**row, "active": row["id"] % 5 != 0} for row in rows]
        yield "campaign_categories", made("lookups.campaign_categories.list", 1, 3)
        yield "call_reasons", [{**row, "active": row["id"] != 2} for row in made("lookups.call_reasons.list", 1, 3)]


class Time:
    """Time that passes when somebody sleeps, and a note of each sleep."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)
            self.passed += seconds

    def timer(self) -> float:
        return self.passed


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(scope="module")
def module_box() -> Iterator[Sandbox]:
    with Sandbox(company=Shop(), as_of=AS_OF, rate_limit=None, _feed_size=PAGE) as sandbox:
        yield sandbox


@pytest.fixture
def box(module_box: Sandbox) -> Sandbox:
    """The shop, as good as new; tests that change its rows take `fresh_box`."""
    module_box.clear_faults()
    module_box.requests.clear()
    return module_box


@pytest.fixture
def fresh_box() -> Iterator[Sandbox]:
    """A shop whose feeds show at once what a test changes."""
    with Sandbox(company=Shop(), as_of=AS_OF, rate_limit=None, feed_delay=0, _feed_size=PAGE) as sandbox:
        yield sandbox


@pytest.fixture
def usual(tmp_path: Path, time: Time) -> dict[str, Any]:
    """Small pages, no real waiting, a cache of the test's own."""
    return {
        "page_size": PAGE,
        "cache_dir": tmp_path / "cache",
        "sleep": time.sleep,
        "timer": time.timer,
        "chance": lambda: 0.0,
        "rate_limit": 1000,
        "progress": False,
        "time_zone": "America/Chicago",
    }


@pytest.fixture
def open_clients() -> Iterator[list[Client]]:
    opened: list[Client] = []
    yield opened
    for crm in opened:
        crm.close()


@pytest.fixture
def join(usual: dict[str, Any], open_clients: list[Client]) -> Callable[..., Client]:
    """Connects to a sandbox."""

    def connect(box: Sandbox, **options: Any) -> Client:
        open_clients.append(stcrm.connect(sandbox=box, **{**usual, **options}))
        return open_clients[-1]

    return connect


@pytest.fixture
def join_by_address(usual: dict[str, Any], open_clients: list[Client]) -> Callable[..., Client]:
    """Connects as to the real service: by addresses and secrets, any of which can be wrong."""

    def connect(box: Sandbox, **options: Any) -> Client:
        place = {name: value for name, value in box.connection().items() if name != "sandbox_id"}
        open_clients.append(stcrm.connect(**{**place, **usual, **options}))
        return open_clients[-1]

    return connect


@pytest.fixture
def whole() -> Callable[..., Any]:
    """Runs a read and holds it to the rule: a frame that says it is complete has every row, each once.

    Gives the frame, or the error. `truth` are the ids that were there before and after.
    """

    def check(read: Callable[[], Any], truth: Iterable[int] | Callable[[], Iterable[int]]) -> Any:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                outcome = read()
            except StcrmError as error:
                return error
        frame: pd.DataFrame = getattr(outcome, "frame", outcome)
        ids = frame["id"].tolist()
        about = frame.attrs["stcrm"]
        lost = set(truth() if callable(truth) else truth) - set(ids)
        assert not lost or not about["complete"], f"{len(lost)} rows are missing from a frame that is called complete"
        assert about["complete"] != any(issubclass(warning.category, IncompleteReadWarning) for warning in warned)
        assert len(ids) == len(set(ids)) == about["rows"]
        return outcome

    return check


@pytest.fixture
def count() -> Callable[..., int]:
    """How many calls of an operation a sandbox saw, by method or as `sign_in`."""
    ids = {operation.name: operation.id for operation in OPERATIONS.values()}

    def of(box: Sandbox, method: str | None = None) -> int:
        counted = Counter(arrival.operation for arrival in box.requests)
        return counted.total() if method is None else counted[ids.get(method, method)]

    return of


LEADS = frozenset(range(5_000, 5_300))


@pytest.fixture
def leads() -> frozenset[int]:
    """The ids of all leads of the shop."""
    return LEADS


@pytest.fixture
def make_row() -> Callable[..., dict[str, Any]]:
    return row_of


@pytest.fixture
def shop() -> type[Shop]:
    return Shop
