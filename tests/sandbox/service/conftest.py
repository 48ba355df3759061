"""A tiny company, and a client of urllib alone."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from stcrm_pandas.sandbox import Sandbox

AS_OF = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
Rows = list[dict[str, Any]]


def day(number: int, digits: str = "") -> str:
    """Return a time `number` days after the start of 2026."""
    moment = dt.datetime(2026, 1, 1, 3, 4, 5) + dt.timedelta(days=number)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{digits}Z"


def address(number: int) -> dict[str, Any]:
    return {
        "street": f"{number} Oak St",
        "unit": f"A{number}" if number % 4 == 0 else None,
        "city": "Aurora" if number % 3 else "Joliet",
        "state": "IL" if number % 5 else None,
        "zip": f"6050{number % 3}" + ("-1234" if number % 4 == 0 else ""),
        "country": "USA",
        "latitude": 41.75 + number / 1000 if number % 3 else None,
        "longitude": -88.25 if number % 3 else None,
    }


def external(number: int) -> Rows:
    return [{"key": "erp", "value": f"E{number % 7}"}] if number % 2 else []


def leads() -> Rows:
    return [
        {
            "id": 5000 + n,
            "status": ("Open", "Dismissed", "Converted")[n % 3],
            "priority": "Normal",
            "customerId": None if n % 4 == 0 else 1 + n % 40,
            "locationId": None if n % 8 == 1 else 300 + n % 40,
            "campaignId": 70 + n % 3,
            "createdById": 9,
            "createdOn": day(n % 60, "" if n % 8 == 0 else "." + "1234567"[: n % 8]),
            "modifiedOn": "0001-01-01T00:00:00Z" if n == 77 else day(60 + n % 50),
            "tagTypeIds": [1, 2],
            "summary": 'says "hello", <b>',
            "callId": 2**53 + n,
            "leadUrl": None,
            "leadCustomerName": f"Ann Müller {n}",
            "leadPhone": "(312) 555-0142" if n % 10 == 0 else "+1 312-555-0199",
            "captureSource": "LeadForm" if n % 6 == 0 else None,
            "active": n % 25 != 3,
        }
        for n in range(200)
    ]


def bookings() -> Rows:
    return [
        {
            "id": 8000 + n,
            "source": "Web",
            "createdOn": day(n),
            "modifiedOn": day(n + 1),
            "externalId": f"X-{n}",
            "bookingProviderId": 40 + n % 2,
            "status": "New",
            "active": n != 7,
        }
        for n in range(30)
    ]


def customers() -> Rows:
    return [
        {
            "id": n,
            "active": n % 8 != 0,
            "name": f"{('ADA', 'Ben', 'Cora')[n % 3]} Stone {n}",
            "type": None if n == 5 else "Residential",
            "address": address(n),
            "balance": n * 1.1,
            "tagTypeIds": [1, 2] if n % 2 else None,
            "doNotMail": False,
            "customFields": [{"typeId": 11, "name": "Gate", "value": "7"}] if n == 2 else [],
            "createdOn": day(n),
            "modifiedOn": day(n + 20, ".5"),
            "mergedToId": 1 if n == 16 else None,
            "externalData": external(n),
        }
        for n in range(1, 61)
    ]


def contacts(parent: str, first: int, last: int) -> Rows:
    return [
        {
            "modifiedOn": day(100 - n % 50),
            "phoneSettings": {"phoneNumber": "3125550100", "doNotText": False},
            "createdOn": day(n % 50),
            "preferences": None,
            "id": n % 30,  # the same ids under several parents
            "type": "Email" if n % 2 else "MobilePhone",
            "value": f"c{n}@example.com" if n % 2 else f"312-555-01{n % 100:02}",
            "memo": None,
            parent: n,
            "active": n % 9 != 0,
        }
        for n in range(first, last)
    ]


def locations() -> Rows:
    return [
        {
            "id": 300 + n,
            "customerId": 1 + n % 50,
            "active": n % 10 != 0,
            "name": f"House {n}",
            "tagTypeIds": [3],
            "customFields": [
                {"typeId": 21, "name": "Dog", "value": "yes"},
                {"typeId": 22, "name": "Key", "value": None},
            ],
            "address": address(n),
            "createdOn": day(n),
            "modifiedOn": day(n + 5),
            "externalData": external(n),
        }
        for n in range(40)
    ]


def jobs() -> Rows:
    return [
        {
            "id": 9000 + n,
            "jobNumber": str(9000 + n),
            "projectId": n % 4 or None,
            "customerId": 1 + n % 20,
            "locationId": 300 + n % 10,
            "jobStatus": ("Completed", "Canceled", "Scheduled", "InProgress")[n % 4],
            "completedOn": day(n + 3) if n % 4 == 0 else None,
            "businessUnitId": 20 + n % 2,
            "jobTypeId": 30 + n % 3,
            "priority": ("Normal", "High")[n % 2],
            "campaignId": 70 + n % 3,
            "createdOn": day(n),
            "modifiedOn": day(n + 3),
            "tagTypeIds": [n % 5, 99],
            "bookingId": 8000 + n if n % 6 == 0 else None,
            "soldById": 600 + n % 3 if n % 2 else None,
            "invoiceId": 4000 + n,
            "createdFromEstimateId": 2000 + n if n % 7 == 0 else None,
            "estimateIds": [2000 + n] if n % 3 == 0 else [],
            "equipmentIds": [n % 3],
            "externalData": external(n),
        }
        for n in range(80)
    ]


def staff(first: int, **more: Any) -> Rows:
    return [
        {
            "id": first + n,
            "userId": first + n + 50,
            "name": f"Worker {chr(65 + n)}",
            "createdOn": day(n),
            "modifiedOn": day(n + 1),
            "email": f"w{n}@example.com",
            "active": n != 2,
            **more,
        }
        for n in range(5)
    ]


def named(first: int, **more: Any) -> Rows:
    return [
        {
            "id": first + n,
            "name": f"Thing {'CBADE'[n]}",
            "active": n != 4,
            "createdOn": day(n),
            "modifiedOn": day(10 - n),
            **more,
        }
        for n in range(5)
    ]


def guid(kind: int, number: int) -> str:
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def newer_contacts() -> Rows:
    return [
        {
            "id": guid(1, n),
            "referenceId": f"R-{n}" if n % 3 else None,
            "name": f"{('ADA', 'Ben')[n % 2]} Stone {n}",
            "title": ("Owner", "Tenant")[n % 2],
            "isArchived": n % 5 == 0,
            "createdOn": day(n),
            "createdBy": 550,
            "modifiedOn": day(n + 2),
            "modifiedBy": 550,
        }
        for n in range(12)
    ]


def methods() -> Rows:
    return [
        {
            "id": guid(2, n),
            "contactId": guid(1, n % 10),
            "referenceId": f"M-{n}" if n % 3 else None,
            "type": "Email" if n % 2 else "MobilePhone",
            "value": f"m{n}@example.com" if n % 2 else f"(312) 555-01{n:02}",
            "memo": None,
            "createdOn": day(n),
            "createdBy": 550,
            "modifiedOn": day(n + 2),
            "modifiedBy": 550,
        }
        for n in range(20)
    ]


@dataclasses.dataclass(frozen=True)
class Tiny:
    """A company of a few hundred rows, some but not all of which match each filter."""

    name: str = "Tiny"
    time_zone: str = "America/Chicago"
    truth: dict[str, Any] = dataclasses.field(default_factory=lambda: {"seed": 1})

    def tables(self) -> Iterable[tuple[str, Iterable[dict[str, Any]]]]:
        yield "leads", leads()
        yield "bookings", bookings()
        yield (
            "booking_contacts",
            [
                {
                    "id": k,
                    "type": "Phone",
                    "value": "3125550100",
                    "memo": "",
                    "modifiedOn": day(1),
                    "bookingId": 8000 + n,
                    "bookingProviderId": 40 + n % 2,
                    "active": k != 2,
                }
                for n in range(30)
                for k in range(3)
            ],
        )
        yield "customers", customers()
        yield "customer_contacts", contacts("customerId", 1, 61)
        yield "locations", locations()
        yield "location_contacts", contacts("locationId", 300, 340)
        yield "jobs", jobs()
        yield (
            "booking_provider_tags",
            [
                {
                    "id": 40 + n,
                    "tagName": f"Partner {n}",
                    "description": "",
                    "type": "V2Api",
                    "createdOn": day(n),
                    "modifiedOn": day(n),
                    "active": True,
                }
                for n in range(3)
            ],
        )
        yield "contacts", newer_contacts()
        yield "contact_methods", methods()
        yield (
            "contact_preferences",
            [
                {
                    "contactId": method["contactId"],
                    "contactMethodId": method["id"],
                    "name": name,
                    "dataType": "Bool",
                    "value": "true" if name == "Marketing" else None,
                }
                for method in methods()
                for name in ("Marketing", "Invoices")
            ],
        )
        yield "campaigns", named(70, campaignPhoneNumbers=["312-555-0177"])
        yield "campaign_categories", named(80)
        yield "business_units", named(20, externalData=[{"key": "erp", "value": "1"}])
        yield "tag_types", named(1)
        yield "employees", staff(500, role="CSR")
        yield "technicians", staff(600)
        yield (
            "job_types",
            [
                row | {"priority": "High" if row["id"] % 2 else "Normal", "duration": 600 * (row["id"] - 29)}
                for row in named(30)
            ],
        )
        yield "call_reasons", named(90, isLead=True)
        yield "something_new", [{"id": 1, "active": True}]


class Caller:
    """A client that signs in and sends requests."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.token = ""

    def sign_in(self, **form: str) -> tuple[int, dict[str, Any]]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
        } | form
        status, body, _ = self.send(self.sandbox.auth_url, urllib.parse.urlencode(form).encode())
        answer = json.loads(body)
        self.token = answer.get("access_token", self.token)
        return status, answer

    def send(
        self, url: str, data: bytes | None = None, timeout: float = 10, method: str | None = None, **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, data, names, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()}
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), {k.lower(): v for k, v in error.headers.items()}

    def raw(
        self,
        path: str,
        query: Any = (),
        timeout: float = 10,
        method: str | None = None,
        data: bytes | None = None,
        **headers: str,
    ) -> tuple[int, bytes, dict[str, str]]:
        """Send a GET; `path` follows the tenant, in the CRM unless it starts with another module."""
        if not self.token:
            self.sign_in()
        module, _, rest = path.rpartition(":")
        url = f"{self.sandbox.api_url}/{module or 'crm'}/v2/tenant/{self.sandbox.tenant}/{rest}"
        if query:
            url += "?" + (query if isinstance(query, str) else urllib.parse.urlencode(query))
        sent = {"Authorization": f"Bearer {self.token}", "ST_App_Key": self.sandbox.app_key} | headers
        return self.send(url, data, timeout, method, **{k: v for k, v in sent.items() if v})

    def get(self, path: str, **query: Any) -> tuple[int, Any]:
        status, body, _ = self.raw(path, query)
        return status, json.loads(body)

    def call(self, method: str, path: str, body: Any = None, query: Any = ()) -> tuple[int, Any]:
        """Send a JSON body and return the status and the JSON of the response, None if empty."""
        data = None if body is None else json.dumps(body).encode()
        sent = {} if data is None else {"Content_Type": "application/json"}
        status, answer, _ = self.raw(path, query, method=method, data=data, **sent)
        return status, json.loads(answer) if answer else None

    def done(self, method: str, path: str, body: Any = None, query: Any = ()) -> Any:
        """Return the response of a request that must succeed."""
        status, answer = self.call(method, path, body, query)
        assert status == 200, answer
        return answer

    def rows(self, path: str, **query: Any) -> Rows:
        """Return all rows of a list, and check its total."""
        status, answer = self.get(path, **({"pageSize": 5000, "includeTotal": "true"} | query))
        assert status == 200, answer
        assert answer["totalCount"] == len(answer["data"])
        return list(answer["data"])

    def read_feed(self, path: str, start: str = "", **query: Any) -> tuple[Rows, str]:
        """Return all rows of a feed and its last token."""
        rows: Rows = []
        while True:
            status, answer = self.get(path, **({"from": start} if start else {}), **query)
            assert status == 200, answer
            rows += answer["data"]
            start = answer["continueFrom"]
            if not answer["hasMore"]:
                return rows, start


@pytest.fixture(scope="session")
def standing() -> Iterator[Sandbox]:
    """One sandbox for all tests that do not change it."""
    with Sandbox(company=Tiny(), as_of=AS_OF, rate_limit=None) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def tables() -> dict[str, Rows]:
    """The rows of the tiny company, by table."""
    return {name: list(rows) for name, rows in Tiny().tables()}


@pytest.fixture(scope="session")
def caller(standing: Sandbox) -> Caller:
    return Caller(standing)


@pytest.fixture(scope="session")
def book() -> Iterator[Caller]:
    """A demo company by the book, which tests may change."""
    with Sandbox(leads=120, as_of=AS_OF, rate_limit=None, by_the_book=True) as sandbox:
        yield Caller(sandbox)


@pytest.fixture(scope="session")
def messy() -> Iterator[Caller]:
    """A tiny company that tests may change; its feeds show changes at once."""
    with Sandbox(company=Tiny(), as_of=AS_OF, rate_limit=None, feed_delay=0) as sandbox:
        yield Caller(sandbox)


@pytest.fixture
def fresh() -> Iterator[Callable[..., tuple[Sandbox, Caller]]]:
    """A function that creates sandboxes for one test; their feeds show changes at once by default."""
    made: list[Sandbox] = []

    def make(**options: Any) -> tuple[Sandbox, Caller]:
        sandbox = Sandbox(
            **({"company": Tiny(), "as_of": AS_OF, "rate_limit": None, "feed_delay": 0} | options)
        ).start()
        made.append(sandbox)
        return sandbox, Caller(sandbox)

    yield make
    for sandbox in made:
        sandbox.stop()


@pytest.fixture
def tiny(fresh: Callable[..., tuple[Sandbox, Caller]]) -> Caller:
    """The tiny company, as good as new."""
    return fresh()[1]
