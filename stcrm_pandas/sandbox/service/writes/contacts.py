"""Handlers that write contacts, older and newer.

The older ones are rows of a customer, location or booking, one for each phone number or e-mail address. Their ids are
unique within a parent only, and the `modifiedOn` of the parent stays as it is. The newer ones have methods, preferences
of each method, and relationships.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from stcrm_pandas.contract.schemas.bookings import BOOKING_CONTACTS
from stcrm_pandas.contract.schemas.contacts import CONTACT_METHODS, CONTACTS
from stcrm_pandas.contract.schemas.customers import CONTACTS_OF_CUSTOMER, CUSTOMER_CONTACTS
from stcrm_pandas.contract.schemas.fields import Field
from stcrm_pandas.contract.schemas.locations import CONTACTS_OF_LOCATION, LOCATION_CONTACTS
from stcrm_pandas.sandbox.service.reads import active_row, booking_of_provider, method_of_contact, stored_row
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler, not_found
from stcrm_pandas.sandbox.service.request_bodies import empty_row, new_row, non_null, select
from stcrm_pandas.sandbox.service.responses import NO_BODY, HttpError, ResponseBody
from stcrm_pandas.sandbox.store.store import ALL_ROWS, Condition, of_parent
from stcrm_pandas.sandbox.store.tables import TABLES, digits


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
        row["phoneSettings"] = _phone_settings(row, None)
    request.store.put(owner.table, row, request.now)
    return row


def _phone_settings(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the phone settings of a contact; `doNotText` belongs to the number and is lost when it changes."""
    number = "" if row.get("type") == "Email" else digits(row.get("value")) or ""
    same = before is not None and digits(before.get("phoneNumber")) == number
    return {"phoneNumber": number, "doNotText": bool(same and before and before.get("doNotText"))}


def _stored_preferences(preferences: Mapping[str, Any]) -> dict[str, Any]:
    """Return preferences to store; a legacy flag that differs from the AND of its two parts sets both."""
    invoice, statement = preferences["invoiceNotification"], preferences["statementNotification"]
    legacy = preferences["invoiceStatementNotification"]
    if legacy != (invoice and statement):
        invoice = statement = legacy
    return {**preferences, "invoiceNotification": invoice, "statementNotification": statement}


def _create_row(owner: ContactOwner) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        return ResponseBody.of(
            select(add_contact(request, owner, owner.find_parent(request), request.body), owner.response_fields)
        )

    return handle


def _update_row(owner: ContactOwner) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        key = owner.find_parent(request)["id"], request.path_number("contactId")
        row = request.row(owner.table, key)
        changes = dict(request.body)
        if "preferences" in changes:
            changes["preferences"] = _stored_preferences(changes["preferences"])
        if owner is not BOOKING and changes.keys() & {"type", "value"}:
            changes["phoneSettings"] = _phone_settings(row | changes, row.get("phoneSettings"))
        request.change(owner.table, key, changes)
        return ResponseBody.of(select(request.row(owner.table, key), owner.update_response_fields))

    return handle


def _delete_row(owner: ContactOwner) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        key = owner.find_parent(request)["id"], request.path_number("contactId")
        request.row(owner.table, key)
        request.store.remove(owner.table, key, request.now)
        return NO_BODY

    return handle


RELATED_TABLES = {"customer": "customers", "location": "locations", "booking": "bookings"}
"""The tables of rows that a contact can be related to, by slug."""


def _new_fields(request: ApiRequest) -> dict[str, Any]:
    by = {"createdBy": request.user, "modifiedBy": request.user}
    return {"id": str(uuid4()), "createdOn": request.timestamp, "modifiedOn": request.timestamp} | by


def _edit(request: ApiRequest, table: str, key: str, fields: Mapping[str, Any]) -> ResponseBody:
    request.change(table, key, {**fields, "modifiedBy": request.user})
    return stored_row(request, table, key)


# Contacts


def _create_contact(request: ApiRequest) -> ResponseBody:
    reference = request.body.get("referenceId")
    named = Condition("json_extract(t.body, '$.referenceId') = ?", (reference,))
    if reference is not None and request.store.rows("contacts", named, most=1):
        raise HttpError(409, "A contact with this referenceId already exists.")
    row = empty_row(CONTACTS.fields) | request.body | _new_fields(request) | {"isArchived": False}
    request.store.put("contacts", row, request.now)
    return stored_row(request, "contacts", row["id"])


def _update_contact(request: ApiRequest) -> ResponseBody:
    return _edit(request, "contacts", request.path_row("contacts")["id"], request.body)


def _replace_contact(request: ApiRequest) -> ResponseBody:
    key = request.path_row("contacts")["id"]
    return _edit(request, "contacts", key, {"name": None, "title": None, "referenceId": None, **request.body})


def _delete_contact(request: ApiRequest) -> ResponseBody:
    key = request.path_row("contacts")["id"]
    for method in request.store.rows("contact_methods", of_parent(key)):
        _remove_method(request, method["id"])
    for relationship in request.store.rows("contact_relationships", of_parent(key)):
        request.store.remove("contact_relationships", relationship["id"], request.now)
    request.store.remove("contacts", key, request.now)
    return NO_BODY


# Relationships


def _relationship(request: ApiRequest) -> tuple[str, int, str, list[dict[str, Any]]]:
    """Return the contact, the related row and the slug in the path, and the relationships between them."""
    contact, related = request.path_row("contacts", "contactId")["id"], request.path_number("relatedEntityId")
    slug = request.path["typeSlug"].lower()
    if slug not in RELATED_TABLES:
        raise HttpError(404, f"Contacts can only be related to {', '.join(RELATED_TABLES)}.")
    between = Condition(
        "t.parent = ? AND json_extract(t.body, '$.relatedEntityId') = ? AND json_extract(t.body, '$.typeSlug') = ?",
        (contact, related, slug),
    )
    return contact, related, slug, request.store.rows("contact_relationships", between)


def _relate(request: ApiRequest) -> ResponseBody:
    contact, related, slug, existing = _relationship(request)
    request.row(RELATED_TABLES[slug], related)
    if existing:
        raise HttpError(409, "The contact is already related to it.")
    row = {
        "id": str(uuid4()),
        "relatedEntityId": related,
        "typeName": slug.capitalize(),
        "typeSlug": slug,
        "createdOn": request.timestamp,
        "createdBy": request.user,
        "contactId": contact,
    }
    request.store.put("contact_relationships", row, request.now)
    return NO_BODY


def _unrelate(request: ApiRequest) -> ResponseBody:
    existing = _relationship(request)[3]
    if not existing:
        raise HttpError(404, "The contact is not related to it.")
    for row in existing:
        request.store.remove("contact_relationships", row["id"], request.now)
    return NO_BODY


# Methods and their preferences


def _add_method(request: ApiRequest, contact: str, **fields: str) -> ResponseBody:
    row = empty_row(CONTACT_METHODS.fields) | request.body | _new_fields(request) | {"contactId": contact, **fields}
    request.store.put("contact_methods", row, request.now)
    for kind in request.store.rows("contact_preference_types", ALL_ROWS, "t.n"):
        preference = {"name": kind["name"], "dataType": kind["dataType"], "value": None}
        keys = {"contactId": contact, "contactMethodId": row["id"]}
        request.store.put("contact_preferences", keys | preference, request.now)
    return stored_row(request, "contact_methods", row["id"])


def _remove_method(request: ApiRequest, key: str) -> None:
    for preference in request.store.rows("contact_preferences", of_parent(key)):
        request.store.remove("contact_preferences", (key, preference["name"]), request.now)
    request.store.remove("contact_methods", key, request.now)


def _create_method(request: ApiRequest) -> ResponseBody:
    return _add_method(request, request.path_row("contacts", "contactId")["id"])


def _upsert_method(request: ApiRequest) -> ResponseBody:
    contact, key = request.path_row("contacts", "contactId")["id"], request.path_guid("contactMethodId")
    method = request.store.visible("contact_methods", key)
    if method is None:
        return _add_method(request, contact, id=key)
    if method["contactId"] != contact:
        raise not_found("contact_methods", key)
    return _edit(request, "contact_methods", key, {"referenceId": None, "memo": None, **request.body})


def _update_method(request: ApiRequest) -> ResponseBody:
    return _edit(request, "contact_methods", method_of_contact(request)["id"], request.body)


def _delete_method(request: ApiRequest) -> ResponseBody:
    _remove_method(request, method_of_contact(request)["id"])
    return NO_BODY


def _set_preference(request: ApiRequest) -> ResponseBody:
    method = method_of_contact(request)["id"]
    key = method, request.path["preferenceName"]
    request.row("contact_preferences", key)
    if "value" in request.body:
        request.store.change("contact_preferences", key, {"value": request.body["value"].lower()}, request.now)
        _edit(request, "contact_methods", method, {})
    return stored_row(request, "contact_preferences", key)


HANDLERS: dict[str, Handler] = {
    "Customers_CreateContact": _create_row(CUSTOMER),
    "Customers_UpdateContact": _update_row(CUSTOMER),
    "Customers_DeleteContact": _delete_row(CUSTOMER),
    "Locations_CreateContact": _create_row(LOCATION),
    "Locations_UpdateContact": _update_row(LOCATION),
    "Locations_DeleteContact": _delete_row(LOCATION),
    "Bookings_CreateContact": _create_row(BOOKING),
    "Bookings_UpdateBookingContact": _update_row(BOOKING),
    "Bookings_DeleteContact": _delete_row(BOOKING),
    "Contacts_Create": _create_contact,
    "Contacts_Update": _update_contact,
    "Contacts_Replace": _replace_contact,
    "Contacts_DeleteContact": _delete_contact,
    "Contacts_CreateContactRelationship": _relate,
    "Contacts_DeleteContactRelationship": _unrelate,
    "ContactMethods_CreateContactMethod": _create_method,
    "ContactMethods_UpsertContactMethod": _upsert_method,
    "ContactMethods_UpdateContactMethod": _update_method,
    "ContactMethods_DeleteContactMethod": _delete_method,
    "ContactPreferences_UpdateContactMethodPreference": _set_preference,
}
