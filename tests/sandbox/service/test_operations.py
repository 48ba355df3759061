"""Each operation once, on a demo company by the book: its scope, and its response against the published contract."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.sandbox import Sandbox
from stcrm_pandas.sandbox.service.app import HANDLERS

from ...contract.published import documents
from .conftest import AS_OF, Caller

ADDRESS = {"street": "1 Elm St", "city": "Plano", "state": "TX", "zip": "75023", "country": "USA"}
WHOLE = {**ADDRESS, "unit": "", "latitude": 33.1, "longitude": -96.7}
PHONE = {"type": "MobilePhone", "value": "(972) 555-0101"}
FLAGS = {
    "jobRemindersEnabled": True,
    "marketingUpdatesEnabled": False,
    "invoiceStatementNotification": False,
    "invoiceNotification": True,
    "statementNotification": False,
}
EXTERNAL = {"applicationGuid": str(uuid.UUID(int=7)), "externalData": [{"key": "erp", "value": "1"}]}
NOTE = {"text": "rings twice"}
Case = Callable[["Book"], tuple[str, Any]]


class Book:
    """The first rows of the company's tables, and rows that cases create."""

    def __init__(self, caller: Any) -> None:
        self.caller = caller

    def first(self, path: str, **wanted: Any) -> dict[str, Any]:
        """Return the first active row of a list with these values."""
        for row in self.caller.rows(path):
            if all(row[name] == value for name, value in wanted.items()):
                return dict(row)
        raise AssertionError(path)

    def id(self, path: str, **wanted: Any) -> Any:
        return self.first(path, **wanted)["id"]

    def made(self, path: str, body: Any) -> Any:
        return self.caller.done("POST", path, body)

    @property
    def customer(self) -> str:
        return f"customers/{self.id('customers')}"

    @property
    def location(self) -> str:
        return f"locations/{self.id('locations')}"

    @property
    def lead(self) -> str:
        return f"leads/{self.id('leads', status='Open')}"

    @property
    def booking(self) -> str:
        row = self.first("bookings", status="New")
        return f"booking-provider/{row['bookingProviderId']}/bookings/{row['id']}"

    @property
    def contact(self) -> str:
        return f"contacts/{self.made('contacts', {'name': 'Ann'})['id']}"

    @property
    def method(self) -> str:
        contact = self.contact
        return f"{contact}/contact-methods/{self.made(f'{contact}/contact-methods', PHONE)['id']}"

    @property
    def tag(self) -> int:
        return int(self.id("settings:tag-types"))

    def below(self, parent: str, kind: str, body: Any) -> str:
        return f"{parent}/{kind}/{self.made(f'{parent}/{kind}', body)['id']}"

    def customer_with_tag(self) -> tuple[int, int]:
        key, tag = self.id("customers"), self.tag
        self.caller.done("PUT", "tags", {"customerIds": [key], "tagTypeIds": [tag]})
        return key, tag

    def related(self) -> str:
        path = f"{self.contact}/relationships/{self.id('customers')}/customer"
        self.caller.done("POST", path)
        return path

    def work(self) -> dict[str, Any]:
        return {
            "campaignId": self.id("marketing:campaigns"),
            "businessUnitId": self.id("settings:business-units"),
            "jobTypeId": self.id("jpm:job-types"),
        }


def location_tag(b: Book) -> str:
    path = b.location
    tags = b.caller.done("GET", path)["tagTypeIds"]
    free = [row["id"] for row in b.caller.rows("settings:tag-types") if row["id"] not in tags]
    return f"{path}/tags/{free[0]}"


def new_customer(b: Book) -> dict[str, Any]:
    return {
        "name": "Ann Lee",
        "address": ADDRESS,
        "locations": [{"name": "Home", "address": ADDRESS, "contacts": [PHONE], "tagTypeIds": [b.tag]}],
        "contacts": [PHONE, {"type": "Email", "value": "ann@example.com", "memo": "work"}],
        "customFields": [{"typeId": b.id("customers/custom-fields"), "value": "noon"}],
        "externalData": EXTERNAL,
    }


def changed_customer(b: Book) -> dict[str, Any]:
    return {
        "name": "Ann Lee",
        "type": "Commercial",
        "address": WHOLE,
        "tagTypeIds": [b.tag],
        "creditLimit": 100,
        "externalData": EXTERNAL,
        "customFields": [],
    }


CASES: dict[str, Case] = {
    "Bookings_Create": lambda b: (
        f"booking-provider/{b.first('bookings')['bookingProviderId']}/bookings",
        {
            **b.work(),
            "source": "Web",
            "name": "Ann",
            "summary": "no heat",
            "isFirstTimeClient": True,
            "externalId": "x",
            "address": ADDRESS,
            "contacts": [PHONE],
            "customerType": "Residential",
        },
    ),
    "Bookings_CreateContact": lambda b: (f"{b.booking}/contacts", PHONE),
    "Bookings_DeleteContact": lambda b: (b.below(b.booking, "contacts", PHONE), None),
    "Bookings_DismissBooking": lambda b: (f"{b.booking}/dismiss", {"dismissingMemo": "twice"}),
    "Bookings_Get": lambda b: (f"bookings/{b.id('bookings')}", None),
    "Bookings_GetForProvider": lambda b: (b.booking, None),
    "Bookings_GetContactList": lambda b: (f"bookings/{b.id('bookings')}/contacts", None),
    "Bookings_GetContactList2": lambda b: (f"{b.booking}/contacts", None),
    "Bookings_GetList2": lambda b: (b.booking.rpartition("/")[0], None),
    "Bookings_Update": lambda b: (b.booking, {**b.work(), "address": {**ADDRESS, "unit": "2"}, "summary": "later"}),
    "Bookings_UpdateBookingContact": lambda b: (b.below(b.booking, "contacts", PHONE), {"memo": "work"}),
    "BookingProviderTags_Create": lambda b: ("booking-provider-tags", {"tagName": uuid.uuid4().hex, "description": ""}),
    "BookingProviderTags_Get": lambda b: (f"booking-provider-tags/{b.id('booking-provider-tags')}", None),
    "BookingProviderTags_Update": lambda b: (
        f"booking-provider-tags/{b.id('booking-provider-tags')}",
        {"description": "ours"},
    ),
    "BulkTags_AddTags": lambda b: ("tags", {"customerIds": [b.id("customers")], "tagTypeIds": [b.tag]}),
    "BulkTags_RemoveTags": lambda b: ("tags", {"customerIds": [b.id("customers")], "tagTypeIds": [b.tag]}),
    "Leads_Create": lambda b: (
        "leads",
        {**b.work(), "summary": "drip", "customerId": b.id("customers"), "followUpDate": "2026-06-01T00:00:00Z"},
    ),
    "Leads_CreateFollowUp": lambda b: (f"{b.lead}/follow-up", {"followUpDate": "2026-06-01T00:00:00Z", "text": "call"}),
    "Leads_CreateNote": lambda b: (f"{b.lead}/notes", NOTE),
    "Leads_Dismiss": lambda b: (f"{b.lead}/dismiss", {"dismissingReasonId": 1}),
    "Leads_Get": lambda b: (b.lead, None),
    "Leads_GetNotes": lambda b: (b.below(b.lead, "notes", NOTE).rpartition("/")[0], None),
    "Leads_SubmitLeadForm": lambda b: ("leads/form", {"name": "Ann", "address": ADDRESS, "summary": "leak"}),
    "Leads_Update": lambda b: (b.lead, {"summary": "worse"}),
    "Customers_Create": lambda b: ("customers", new_customer(b)),
    "Customers_CreateContact": lambda b: (f"{b.customer}/contacts", PHONE),
    "Customers_CreateNote": lambda b: (f"{b.customer}/notes", {**NOTE, "addToLocations": True}),
    "Customers_CreateTag": lambda b: (f"customers/{b.made('customers', new_customer(b))['id']}/tags/{b.tag}", None),
    "Customers_DeleteContact": lambda b: (b.below(b.customer, "contacts", PHONE), None),
    "Customers_DeleteNote": lambda b: (b.below(b.customer, "notes", NOTE), None),
    "Customers_DeleteTag": lambda b: ("customers/{}/tags/{}".format(*b.customer_with_tag()), None),
    "Customers_Get": lambda b: (b.customer, None),
    "Customers_GetContactList": lambda b: (b.below(b.customer, "contacts", PHONE).rpartition("/")[0], None),
    "Customers_GetNotes": lambda b: (b.below(b.customer, "notes", NOTE).rpartition("/")[0], None),
    "Customers_GetPreferredTechnician": lambda b: (preferred(b, b.customer, "preferredTechnician"), None),
    "Customers_UpdatePreferredTechnician": lambda b: (
        f"{b.customer}/preferredTechnician/{b.id('settings:technicians')}",
        None,
    ),
    "Customers_Update": lambda b: (b.customer, changed_customer(b)),
    "Customers_UpdateContact": lambda b: (b.below(b.customer, "contacts", PHONE), {"preferences": FLAGS}),
    "Locations_Create": lambda b: (
        "locations",
        {"customerId": b.id("customers"), "name": "Barn", "address": ADDRESS, "contacts": [PHONE]},
    ),
    "Locations_CreateContact": lambda b: (f"{b.location}/contacts", PHONE),
    "Locations_CreateNote": lambda b: (f"{b.location}/notes", {**NOTE, "addToCustomer": True}),
    "Locations_CreateTag": lambda b: (location_tag(b), None),
    "Locations_DeleteContact": lambda b: (b.below(b.location, "contacts", PHONE), None),
    "Locations_DeleteNote": lambda b: (b.below(b.location, "notes", NOTE), None),
    "Locations_DeleteTag": lambda b: (made_by_post(b, location_tag(b)), None),
    "Locations_Get": lambda b: (b.location, None),
    "Locations_GetContactList": lambda b: (b.below(b.location, "contacts", PHONE).rpartition("/")[0], None),
    "Locations_GetNotes": lambda b: (b.below(b.location, "notes", NOTE).rpartition("/")[0], None),
    "Locations_GetPreferredTechnician": lambda b: (preferred(b, b.location, "preferredtechnician"), None),
    "Locations_UpdatePreferredTechnician": lambda b: (
        f"{b.location}/preferredtechnician/{b.id('settings:technicians')}",
        None,
    ),
    "Locations_Update": lambda b: (
        b.location,
        {"name": "Shed", "address": WHOLE, "externalData": EXTERNAL, "taxZoneId": 3},
    ),
    "Locations_UpdateContact": lambda b: (b.below(b.location, "contacts", PHONE), {"value": "9725550102"}),
    "Contacts_Create": lambda b: ("contacts", {"name": "Ann", "title": None}),
    "Contacts_CreateContactRelationship": lambda b: (
        f"{b.contact}/relationships/{b.id('customers')}/customer",
        None,
    ),
    "Contacts_DeleteContact": lambda b: (b.contact, None),
    "Contacts_DeleteContactRelationship": lambda b: (b.related(), None),
    "Contacts_Get": lambda b: (b.contact, None),
    "Contacts_GetByRelationshipId": lambda b: (f"contacts/relationships/{b.related().split('/')[3]}", None),
    "Contacts_GetContactRelationshipList": lambda b: ("/".join(b.related().split("/")[:3]), None),
    "Contacts_Replace": lambda b: (b.contact, {"isArchived": True}),
    "Contacts_Update": lambda b: (b.contact, {"isArchived": False, "name": None}),
    "ContactMethods_CreateContactMethod": lambda b: (f"{b.contact}/contact-methods", PHONE),
    "ContactMethods_DeleteContactMethod": lambda b: (b.method, None),
    "ContactMethods_GetContactMethod": lambda b: (b.method, None),
    "ContactMethods_GetContactMethods": lambda b: (b.method.rpartition("/")[0], None),
    "ContactMethods_UpdateContactMethod": lambda b: (b.method, {"memo": "work"}),
    "ContactMethods_UpsertContactMethod": lambda b: (f"{b.contact}/contact-methods/{uuid.uuid4()}", PHONE),
    "ContactPreferences_GetContactMethodPreference": lambda b: (f"{b.method}/preferences/Marketing", None),
    "ContactPreferences_GetContactMethodPreferences": lambda b: (f"{b.method}/preferences", None),
    "ContactPreferences_UpdateContactMethodPreference": lambda b: (
        f"{b.method}/preferences/Marketing",
        {"value": "false"},
    ),
}
"""The path and the body of a request of each operation that has either; the others are lists without both."""


def made_by_post(b: Book, path: str) -> str:
    b.caller.done("POST", path)
    return path


def preferred(b: Book, parent: str, word: str) -> str:
    b.caller.done("POST", f"{parent}/{word}/{b.id('settings:technicians')}")
    return f"{parent}/{word}"


def enough(operation: Any) -> dict[str, str]:
    """Return the parameters that a list of contacts requires."""
    return {"modifiedOnOrAfter": "1970-01-01"} if operation.name.endswith(".list_contacts") else {}


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    """Return the published operations by id, and the published schemas."""
    operations: dict[str, Any] = {"schemas": {}}
    for name, spec in documents().items():
        for methods in spec["paths"].values():
            operations |= {
                operation["operationId"]: (operation, name)
                for operation in methods.values()
                if "operationId" in operation
            }
        operations["schemas"][name] = spec["components"]["schemas"]
    return operations


def test_every_operation_has_a_handler() -> None:
    assert HANDLERS.keys() == OPERATIONS.keys()
    needy = {operation.id for operation in OPERATIONS.values() if operation.path_names or operation.body}
    assert CASES.keys() == needy


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[Caller]]:
    """Opens the state of a credible company by the book, for an application of some scopes or of all."""
    state = tmp_path_factory.mktemp("book") / "company.sqlite"

    @contextmanager
    def open_state(scopes: Collection[str] | None = None) -> Iterator[Caller]:
        with Sandbox(state=state, leads=120, as_of=AS_OF, rate_limit=None, by_the_book=True, scopes=scopes) as sandbox:
            yield Caller(sandbox)

    return open_state


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)
def test_each_operation_checks_its_scope_and_returns_what_the_contract_says(
    operation: Any, opened: Any, published: Any
) -> None:
    module, _, rest = operation.path.partition("/v2/tenant/{tenant}/")
    with opened() as all_scopes:
        made = CASES[operation.id](Book(all_scopes)) if operation.id in CASES else (f"{module}:{rest}", None)
    path, body = made
    assert re.fullmatch(re.sub(r"{\w+}", "[^/]+", rest), path.rpartition(":")[2])
    query = enough(operation)

    with opened({other.scope for other in OPERATIONS.values()} - {operation.scope}) as without:
        assert without.call(operation.method, path, body, query)[0] == 403
    with opened({operation.scope}) as book:
        status, answer = book.call(operation.method, path, body, query)
        assert status == 200, answer
        received = book.sandbox.requests[-1]
    assert (received.operation, received.body) == (operation.id, body)

    heads = {
        "page": ["page", "pageSize", "hasMore", "totalCount", "data"],
        "feed": ["hasMore", "continueFrom", "data"],
    }
    if operation.returns in heads:
        assert list(answer) == heads[operation.returns]
        assert answer["data"]
    if operation.returns == "none":
        assert answer is None
    if not operation.published:
        return
    spec, name = published[operation.id]
    content = spec["responses"]["200"].get("content")
    assert (content is None) == (answer is None)
    if content:
        schema = content["application/json"]["schema"]
        assert list(misfits(answer, schema, published["schemas"][name], operation.id)) == []


def misfits(value: Any, schema: dict[str, Any], schemas: dict[str, Any], path: str) -> Any:
    """Return descriptions of what in a value departs from a schema."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if value is None and any(choice.get("type") == "null" for choice in schema.get("oneOf", [])):
        return
    for choice in schema.get("oneOf", []):
        inner = schemas[choice["$ref"].rpartition("/")[2]] if "$ref" in choice else choice
        schema = {
            **inner,
            **{k: v for k, v in schema.items() if k != "oneOf"},
            "type": schema.get("type", inner.get("type")),
        }
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if value is None:
        if types and "null" not in types:
            yield f"{path} is null"
        return
    kinds = {"integer": int, "number": (int, float), "string": str, "boolean": bool, "array": list, "object": dict}
    known = [kinds[kind] for kind in types if kind != "null"]
    if known and not any(isinstance(value, kind) for kind in known):
        yield f"{path} is {value!r}, no {types}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path} is {value!r}, none of {schema['enum']}"
    if isinstance(value, dict) and "properties" in schema:
        for name in schema.get("required", []):
            if name not in value:
                yield f"{path} lacks {name}"
        for name, inner in value.items():
            if name not in schema["properties"]:
                yield f"{path} has {name}"
            else:
                yield from misfits(inner, schema["properties"][name], schemas, f"{path}.{name}")
    if isinstance(value, list):
        for inner in value[:50]:
            yield from misfits(inner, schema.get("items", {}), schemas, f"{path}[]")
