"""A company of sixty rows of each kind that can be changed, in which every field has a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from stcrm_pandas.contract.operations import by_name

from ...shop import Rows, value_of

COUNT = 60
CUSTOMERS, LOCATIONS, LEADS, BOOKINGS = (range(first, first + COUNT) for first in (1, 101, 201, 301))
PROVIDER, CAMPAIGN, REASON, FIELD, OTHER_FIELD = 41, 61, 95, 91, 92
TAGS = (71, 72, 73)


def guid(n: int, end: str) -> str:
    return f"{n:08d}-0000-4000-8000-0000000000{end}"


def made(method: str, ids: Iterable[Any], **values: Any) -> Rows:
    row = by_name(method).row
    assert row is not None
    template = {field.name: value_of(field) for field in row.fields}
    return [{**template, "id": id, **values} for id in ids]


class Company:
    name = "Sixty"
    time_zone = "America/Chicago"
    truth: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, count: int = COUNT, *, marked: bool = True) -> None:
        self.count, self.marked = count, marked

    def tables(self) -> Iterator[tuple[str, Rows]]:
        n = self.count
        fields = [{"typeId": FIELD, "name": "Gate", "value": "12"}]
        kept = {"active": True, "tagTypeIds": [71], "mergedToId": None, "customFields": fields}
        marks = {"doNotMail": self.marked, "doNotService": self.marked}
        yield "customers", made("customers.list", range(1, n + 1), balance=0, **kept, **marks)
        locations = made("locations.list", range(101, n + 101), **kept)
        yield "locations", below(locations, "customerId", range(1, n + 1))
        yield "leads", made("leads.list", LEADS, status="Open", tagTypeIds=[], bookingId=None, active=True)
        yield "bookings", made("bookings.list", BOOKINGS, bookingProviderId=PROVIDER, status="New", active=True)
        contacts = made("bookings.list_contacts", range(901, 961), bookingProviderId=PROVIDER, active=True)
        yield "booking_contacts", below(contacts, "bookingId", BOOKINGS)
        yield "booking_provider_tags", made("booking_provider_tags.list", (PROVIDER, 42))
        for table, method, parent, parents in (
            ("customer_contacts", "customers.list_contacts", "customerId", range(1, n + 1)),
            ("location_contacts", "locations.list_contacts", "locationId", range(101, n + 101)),
        ):
            rows = made(method, range(1001, n + 1001), active=True, type="MobilePhone")
            numbers = [f"512-{parents[0] + 200:03d}-{row['id']:04d}" for row in rows]
            rows = [
                {**row, "value": number, "phoneSettings": {"phoneNumber": number, "doNotText": False}}
                for row, number in zip(rows, numbers, strict=True)
            ]
            yield table, below(rows, parent, parents)
        types = made("customers.list_custom_field_types", (FIELD, OTHER_FIELD), dataType="Text")
        yield "customer_custom_field_types", types
        yield "location_custom_field_types", types
        yield "campaigns", made("lookups.campaigns.list", (CAMPAIGN, 62))
        yield "tag_types", made("lookups.tag_types.list", TAGS)
        yield "call_reasons", made("lookups.call_reasons.list", (REASON,))
        ids = [guid(k, "c1") for k in range(1, 13)]
        yield "contacts", made("contacts.list", ids, isArchived=False)
        methods = made("contact_methods.search", [guid(k, "a1") for k in range(1, 13)], type="Email")
        yield "contact_methods", below(methods, "contactId", ids)
        yield (
            "contact_preferences",
            [
                {"contactId": id, "contactMethodId": method["id"], "name": name, "dataType": "Bool", "value": "true"}
                for id, method in zip(ids, methods, strict=True)
                for name in ("Marketing", "Invoices")
            ],
        )
        types = made("contact_preferences.list_types", (guid(9, "b1"),), name="Marketing")
        yield "contact_preference_types", types


def below(rows: Rows, name: str, parents: Iterable[Any]) -> Rows:
    return [{**row, name: parent} for row, parent in zip(rows, parents, strict=True)]
