"""Contacts of customers, locations and bookings: their phones and addresses, a line each.

An id is unique below its parent only. The parent itself is not touched: its `modifiedOn` stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stcrm_pandas.contract.schemas.bookings import BOOKING_CONTACTS
from stcrm_pandas.contract.schemas.customers import CONTACTS_OF_CUSTOMER, CUSTOMER_CONTACTS
from stcrm_pandas.contract.schemas.fields import Field
from stcrm_pandas.contract.schemas.locations import CONTACTS_OF_LOCATION, LOCATION_CONTACTS
from stcrm_pandas.sandbox.service.reads import active_row, providers_booking
from stcrm_pandas.sandbox.service.request import Call, Handler
from stcrm_pandas.sandbox.service.responses import NOTHING, Found, one
from stcrm_pandas.sandbox.service.writes.rows import given, made, picked
from stcrm_pandas.sandbox.store.connection import digits
from stcrm_pandas.sandbox.store.tables import TABLES


@dataclass(frozen=True)
class Holder:
    """What holds contacts: their table, how the path finds it, the fields that are kept and those that are answered.

    `changed` are the fields that a change answers.
    """

    table: str
    find: Callable[[Call], dict[str, Any]]
    kept: tuple[Field, ...]
    shown: tuple[Field, ...]
    changed: tuple[Field, ...]

    @property
    def parent(self) -> str:
        return TABLES[self.table].parent or ""


def _parts(fields: tuple[Field, ...], *names: str) -> tuple[Field, ...]:
    return tuple(field for field in fields if field.name in names)


CUSTOMER = Holder(
    "customer_contacts",
    lambda call: active_row(call, "customers"),
    CUSTOMER_CONTACTS.fields,
    CONTACTS_OF_CUSTOMER.fields,
    CONTACTS_OF_CUSTOMER.fields,
)
LOCATION = Holder(
    "location_contacts",
    lambda call: active_row(call, "locations"),
    LOCATION_CONTACTS.fields,
    CONTACTS_OF_LOCATION.fields,
    CONTACTS_OF_LOCATION.fields,
)
BOOKING = Holder(
    "booking_contacts",
    providers_booking,
    BOOKING_CONTACTS.fields,
    BOOKING_CONTACTS.fields,
    _parts(BOOKING_CONTACTS.fields, "type", "value", "memo"),
)


def add_line(call: Call, holder: Holder, parent: Mapping[str, Any], contact: Mapping[str, Any]) -> dict[str, Any]:
    """A new contact of a row that is there."""
    row = made(call, holder.kept) | given(contact)
    row |= {"id": call.store.next_id(holder.table, parent["id"]), holder.parent: parent["id"]}
    if holder is BOOKING:
        row |= {"memo": row["memo"] or "", "bookingProviderId": parent["bookingProviderId"]}
    else:
        row["phoneSettings"] = _settings(row, None)
    call.store.put(holder.table, row, call.now)
    return row


def _settings(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The number of a contact, and that it must not get texts: that belongs to the number, not to the contact."""
    number = "" if row.get("type") == "Email" else digits(row.get("value")) or ""
    same = before is not None and digits(before.get("phoneNumber")) == number
    return {"phoneNumber": number, "doNotText": bool(same and before and before.get("doNotText"))}


def _preferences(given: Mapping[str, Any]) -> dict[str, Any]:
    """Preferences as they are kept: the legacy flag sets both of its parts, and is read as the AND of them."""
    invoice, statement = given["invoiceNotification"], given["statementNotification"]
    legacy = given["invoiceStatementNotification"]
    if legacy != (invoice and statement):
        invoice = statement = legacy
    return {**given, "invoiceNotification": invoice, "statementNotification": statement}


def _create(holder: Holder) -> Handler:
    def handle(call: Call) -> Found:
        return one(picked(add_line(call, holder, holder.find(call), call.body), holder.shown))

    return handle


def _update(holder: Holder) -> Handler:
    def handle(call: Call) -> Found:
        key = holder.find(call)["id"], call.number("contactId")
        row = call.row(holder.table, key)
        changes = dict(call.body)
        if "preferences" in changes:
            changes["preferences"] = _preferences(changes["preferences"])
        if holder is not BOOKING and changes.keys() & {"type", "value"}:
            changes["phoneSettings"] = _settings(row | changes, row.get("phoneSettings"))
        call.change(holder.table, key, changes)
        return one(picked(call.row(holder.table, key), holder.changed))

    return handle


def _delete(holder: Holder) -> Handler:
    def handle(call: Call) -> Found:
        key = holder.find(call)["id"], call.number("contactId")
        call.row(holder.table, key)
        call.store.remove(holder.table, key, call.now)
        return NOTHING

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
