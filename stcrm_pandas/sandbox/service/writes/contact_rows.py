"""Handlers that write contacts of customers, locations and bookings: a row for each phone number or e-mail address.

Ids are unique within a parent only. The `modifiedOn` of the parent stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stcrm_pandas.contract.schemas.bookings import BOOKING_CONTACTS
from stcrm_pandas.contract.schemas.customers import CONTACTS_OF_CUSTOMER, CUSTOMER_CONTACTS
from stcrm_pandas.contract.schemas.fields import Field
from stcrm_pandas.contract.schemas.locations import CONTACTS_OF_LOCATION, LOCATION_CONTACTS
from stcrm_pandas.sandbox.service.reads import active_row, booking_of_provider
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler
from stcrm_pandas.sandbox.service.responses import NO_BODY, ResponseBody
from stcrm_pandas.sandbox.service.writes.rows import new_row, non_null, select
from stcrm_pandas.sandbox.store.connection import digits
from stcrm_pandas.sandbox.store.tables import TABLES


@dataclass(frozen=True)
class ContactOwner:
    """A kind of row that has contacts: their table and fields, and how to find the row in the path."""

    table: str
    find_parent: Callable[[ApiRequest], dict[str, Any]]
    stored_fields: tuple[Field, ...]
    response_fields: tuple[Field, ...]
    update_response_fields: tuple[Field, ...]

    @property
    def parent(self) -> str:
        return TABLES[self.table].parent or ""


def _select(fields: tuple[Field, ...], *names: str) -> tuple[Field, ...]:
    return tuple(field for field in fields if field.name in names)


CUSTOMER = ContactOwner(
    "customer_contacts",
    lambda request: active_row(request, "customers"),
    CUSTOMER_CONTACTS.fields,
    CONTACTS_OF_CUSTOMER.fields,
    CONTACTS_OF_CUSTOMER.fields,
)
LOCATION = ContactOwner(
    "location_contacts",
    lambda request: active_row(request, "locations"),
    LOCATION_CONTACTS.fields,
    CONTACTS_OF_LOCATION.fields,
    CONTACTS_OF_LOCATION.fields,
)
BOOKING = ContactOwner(
    "booking_contacts",
    booking_of_provider,
    BOOKING_CONTACTS.fields,
    BOOKING_CONTACTS.fields,
    _select(BOOKING_CONTACTS.fields, "type", "value", "memo"),
)


def add_contact(
    request: ApiRequest, owner: ContactOwner, parent: Mapping[str, Any], contact: Mapping[str, Any]
) -> dict[str, Any]:
    """Create a contact of a row."""
    row = new_row(request, owner.stored_fields) | non_null(contact)
    row |= {"id": request.store.next_id(owner.table, parent["id"]), owner.parent: parent["id"]}
    if owner is BOOKING:
        row |= {"memo": row["memo"] or "", "bookingProviderId": parent["bookingProviderId"]}
    else:
        row["phoneSettings"] = _settings(row, None)
    request.store.put(owner.table, row, request.now)
    return row


def _settings(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the phone settings of a contact; `doNotText` belongs to the number and is lost when it changes."""
    number = "" if row.get("type") == "Email" else digits(row.get("value")) or ""
    same = before is not None and digits(before.get("phoneNumber")) == number
    return {"phoneNumber": number, "doNotText": bool(same and before and before.get("doNotText"))}


def _preferences(preferences: Mapping[str, Any]) -> dict[str, Any]:
    """Return preferences to store; a legacy flag that differs from the AND of its two parts sets both."""
    invoice, statement = preferences["invoiceNotification"], preferences["statementNotification"]
    legacy = preferences["invoiceStatementNotification"]
    if legacy != (invoice and statement):
        invoice = statement = legacy
    return {**preferences, "invoiceNotification": invoice, "statementNotification": statement}


def _create(owner: ContactOwner) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        return ResponseBody.of(
            select(add_contact(request, owner, owner.find_parent(request), request.body), owner.response_fields)
        )

    return handle


def _update(owner: ContactOwner) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        key = owner.find_parent(request)["id"], request.path_number("contactId")
        row = request.row(owner.table, key)
        changes = dict(request.body)
        if "preferences" in changes:
            changes["preferences"] = _preferences(changes["preferences"])
        if owner is not BOOKING and changes.keys() & {"type", "value"}:
            changes["phoneSettings"] = _settings(row | changes, row.get("phoneSettings"))
        request.change(owner.table, key, changes)
        return ResponseBody.of(select(request.row(owner.table, key), owner.update_response_fields))

    return handle


def _delete(owner: ContactOwner) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        key = owner.find_parent(request)["id"], request.path_number("contactId")
        request.row(owner.table, key)
        request.store.remove(owner.table, key, request.now)
        return NO_BODY

    return handle


HANDLERS: dict[str, Handler] = {
    "Customers_CreateContact": _create(CUSTOMER),
    "Customers_UpdateContact": _update(CUSTOMER),
    "Customers_DeleteContact": _delete(CUSTOMER),
    "Locations_CreateContact": _create(LOCATION),
    "Locations_UpdateContact": _update(LOCATION),
    "Locations_DeleteContact": _delete(LOCATION),
    "Bookings_CreateContact": _create(BOOKING),
    "Bookings_UpdateBookingContact": _update(BOOKING),
    "Bookings_DeleteContact": _delete(BOOKING),
}
