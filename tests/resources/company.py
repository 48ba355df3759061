"""A company of a few rows of each kind, in which every field has a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from stcrm_pandas.contract.operations import by_name
from stcrm_pandas.contract.schemas.fields import Field

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
CUSTOMERS, LOCATIONS, LEADS, BOOKINGS = (1, 2, 3), (11, 12, 13), (21, 22, 23), (31, 32, 33)
PROVIDER = 41
CAMPAIGN, TAG, OTHER_TAG, TECHNICIAN, FIELD, REASON, JOB_TYPE, UNIT = 61, 71, 72, 81, 91, 95, 97, 99
CONTACTS = tuple(f"0000000{n}-0000-4000-8000-0000000000c1" for n in (1, 2, 3))
METHODS = tuple(f"0000000{n}-0000-4000-8000-0000000000a1" for n in (1, 2, 3))

LAST_METHOD = "00000004-0000-4000-8000-0000000000a1"


def value_of(field: Field) -> Any:
    if field.kind == "object":
        one: Any = {part.name: value_of(part) for part in field.fields}
    else:
        one = field.values[0] if field.values else VALUES[field.kind]
    return [one] if field.many else one


def made(method: str, ids: Iterable[Any], **values: Any) -> Rows:
    row = by_name(method).row
    assert row is not None
    whole = {field.name: value_of(field) for field in row.fields}
    return [{**whole, "id": id, **values} for id in ids]


class Company:
    name = "Few"
    time_zone = "America/Chicago"
    truth: dict[str, Any] = {}  # noqa: RUF012

    def tables(self) -> Iterator[tuple[str, Rows]]:
        yield "customers", made("customers.list", CUSTOMERS, tagTypeIds=[], mergedToId=None, customFields=[])
        yield (
            "locations",
            below(made("locations.list", LOCATIONS, tagTypeIds=[], customFields=[]), "customerId", CUSTOMERS),
        )
        yield "leads", made("leads.list", LEADS, status="Open", tagTypeIds=[], bookingId=None, active=True)
        yield "bookings", made("bookings.list", BOOKINGS, bookingProviderId=PROVIDER, status="New", active=True)
        contacts = made("bookings.list_contacts", (51, 52, 53), bookingProviderId=PROVIDER, active=True)
        yield "booking_contacts", below(contacts, "bookingId", BOOKINGS)
        yield "booking_provider_tags", made("booking_provider_tags.list", (PROVIDER, 42))
        contacts = made("customers.list_contacts", (101, 102, 103), active=True, type="Email", value="a@example.com")
        yield "customer_contacts", below(contacts, "customerId", CUSTOMERS)
        contacts = made("locations.list_contacts", (111, 112, 113), active=True)
        yield "location_contacts", below(contacts, "locationId", LOCATIONS)
        yield "lead_notes", below(made("leads.list_notes", (121, 122, 123), active=True), "leadId", LEADS)
        yield (
            "customer_notes",
            below(made("customers.list_notes", (131, 132, 133), active=True), "customerId", CUSTOMERS),
        )
        yield (
            "location_notes",
            below(made("locations.list_notes", (141, 142, 143), active=True), "locationId", LOCATIONS),
        )
        yield "customer_custom_field_types", made("customers.list_custom_field_types", (FIELD,), dataType="Text")
        yield "location_custom_field_types", made("locations.list_custom_field_types", (FIELD,), dataType="Text")
        yield "campaigns", made("lookups.campaigns.list", (CAMPAIGN,))
        yield "business_units", made("lookups.business_units.list", (UNIT,))
        yield "job_types", made("lookups.job_types.list", (JOB_TYPE,))
        yield "tag_types", made("lookups.tag_types.list", (TAG, OTHER_TAG))
        yield "technicians", made("lookups.technicians.list", (TECHNICIAN,))
        yield "employees", made("lookups.employees.list", (82,), userId=5)
        yield "call_reasons", made("lookups.call_reasons.list", (REASON,))
        yield "contacts", made("contacts.list", CONTACTS, isArchived=False)
        yield "contact_methods", contact_methods()
        preferences = [
            {"contactId": contact, "contactMethodId": method, "name": name, "dataType": "Bool", "value": "true"}
            for contact, method in zip(CONTACTS, METHODS, strict=True)
            for name in ("Marketing", "Invoices")
        ]
        yield "contact_preferences", preferences
        types = made("contact_preferences.list_types", ("00000009-0000-4000-8000-0000000000b1",), name="Marketing")
        yield "contact_preference_types", types


def contact_methods() -> Rows:
    """One for each contact, and another of the first, to be deleted."""
    rows = below(made("contact_methods.search", METHODS, type="Email"), "contactId", CONTACTS)
    return [*rows, {**rows[0], "id": LAST_METHOD}]


def below(rows: Rows, name: str, parents: Iterable[Any]) -> Rows:
    return [{**row, name: parent} for row, parent in zip(rows, parents, strict=True)]
