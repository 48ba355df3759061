"""The newer store: contacts, their methods, the preferences of each method, and what contacts are related to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from stcrm_pandas.contract.schemas.contacts import CONTACT_METHODS, CONTACTS
from stcrm_pandas.sandbox.service.reads import contacts_method, stored
from stcrm_pandas.sandbox.service.request import Call, Handler, absent
from stcrm_pandas.sandbox.service.responses import NOTHING, Found, Refusal
from stcrm_pandas.sandbox.service.writes.rows import blank
from stcrm_pandas.sandbox.store.store import Where

RELATED = {"customer": "customers", "location": "locations", "booking": "bookings"}
"""What a contact can be related to, by its slug, and where it is kept."""


def _made(call: Call) -> dict[str, Any]:
    by = {"createdBy": call.user, "modifiedBy": call.user}
    return {"id": str(uuid4()), "createdOn": call.moment, "modifiedOn": call.moment} | by


def _edit(call: Call, table: str, key: str, fields: Mapping[str, Any]) -> Found:
    call.change(table, key, {**fields, "modifiedBy": call.user})
    return stored(call, table, key)


# Contacts


def _create(call: Call) -> Found:
    reference = call.body.get("referenceId")
    named = Where("json_extract(t.body, '$.referenceId') = ?", (reference,))
    if reference is not None and call.store.rows("contacts", named, most=1):
        raise Refusal(409, "There is a contact of this referenceId.")
    row = blank(CONTACTS.fields) | call.body | _made(call) | {"isArchived": False}
    call.store.put("contacts", row, call.now)
    return stored(call, "contacts", row["id"])


def _update(call: Call) -> Found:
    return _edit(call, "contacts", call.row("contacts", call.guid())["id"], call.body)


def _replace(call: Call) -> Found:
    key = call.row("contacts", call.guid())["id"]
    return _edit(call, "contacts", key, {"name": None, "title": None, "referenceId": None, **call.body})


def _delete(call: Call) -> Found:
    key = call.row("contacts", call.guid())["id"]
    for method in call.store.rows("contact_methods", Where("t.parent = ?", (key,))):
        _drop_method(call, method["id"])
    for relationship in call.store.rows("contact_relationships", Where("t.parent = ?", (key,))):
        call.store.remove("contact_relationships", relationship["id"], call.now)
    call.store.remove("contacts", key, call.now)
    return NOTHING


# Relationships


def _relationship(call: Call) -> tuple[str, int, str, list[dict[str, Any]]]:
    """The contact, the related row and the slug of the path, and the relationships that are such."""
    contact, related = call.row("contacts", call.guid("contactId"))["id"], call.number("relatedEntityId")
    slug = call.path["typeSlug"].lower()
    if slug not in RELATED:
        raise Refusal(404, f"Contacts are related to {', '.join(RELATED)}.")
    such = Where(
        "t.parent = ? AND json_extract(t.body, '$.relatedEntityId') = ? AND json_extract(t.body, '$.typeSlug') = ?",
        (contact, related, slug),
    )
    return contact, related, slug, call.store.rows("contact_relationships", such)


def _relate(call: Call) -> Found:
    contact, related, slug, such = _relationship(call)
    call.row(RELATED[slug], related)
    if such:
        raise Refusal(409, "The contact is related to it already.")
    row = {
        "id": str(uuid4()),
        "relatedEntityId": related,
        "typeName": slug.capitalize(),
        "typeSlug": slug,
        "createdOn": call.moment,
        "createdBy": call.user,
        "contactId": contact,
    }
    call.store.put("contact_relationships", row, call.now)
    return NOTHING


def _unrelate(call: Call) -> Found:
    such = _relationship(call)[3]
    if not such:
        raise Refusal(404, "The contact is not related to it.")
    for row in such:
        call.store.remove("contact_relationships", row["id"], call.now)
    return NOTHING


# Methods and their preferences


def _add_method(call: Call, contact: str, **own: str) -> Found:
    row = blank(CONTACT_METHODS.fields) | call.body | _made(call) | {"contactId": contact, **own}
    call.store.put("contact_methods", row, call.now)
    for kind in call.store.rows("contact_preference_types", Where("1"), "t.n"):
        preference = {"name": kind["name"], "dataType": kind["dataType"], "value": None}
        keys = {"contactId": contact, "contactMethodId": row["id"]}
        call.store.put("contact_preferences", keys | preference, call.now)
    return stored(call, "contact_methods", row["id"])


def _drop_method(call: Call, key: str) -> None:
    for preference in call.store.rows("contact_preferences", Where("t.parent = ?", (key,))):
        call.store.remove("contact_preferences", (key, preference["name"]), call.now)
    call.store.remove("contact_methods", key, call.now)


def _create_method(call: Call) -> Found:
    return _add_method(call, call.row("contacts", call.guid("contactId"))["id"])


def _upsert_method(call: Call) -> Found:
    contact, key = call.row("contacts", call.guid("contactId"))["id"], call.guid("contactMethodId")
    there = call.store.visible("contact_methods", key)
    if there is None:
        return _add_method(call, contact, id=key)
    if there["contactId"] != contact:
        raise absent("contact_methods", key)
    return _edit(call, "contact_methods", key, {"referenceId": None, "memo": None, **call.body})


def _update_method(call: Call) -> Found:
    return _edit(call, "contact_methods", contacts_method(call)["id"], call.body)


def _delete_method(call: Call) -> Found:
    _drop_method(call, contacts_method(call)["id"])
    return NOTHING


def _prefer(call: Call) -> Found:
    method = contacts_method(call)["id"]
    key = method, call.path["preferenceName"]
    call.row("contact_preferences", key)
    if "value" in call.body:
        call.store.change("contact_preferences", key, {"value": call.body["value"].lower()}, call.now)
        _edit(call, "contact_methods", method, {})
    return stored(call, "contact_preferences", key)


HANDLERS: dict[str, Handler] = {
    "Contacts_Create": _create,
    "Contacts_Update": _update,
    "Contacts_Replace": _replace,
    "Contacts_DeleteContact": _delete,
    "Contacts_CreateContactRelationship": _relate,
    "Contacts_DeleteContactRelationship": _unrelate,
    "ContactMethods_CreateContactMethod": _create_method,
    "ContactMethods_UpsertContactMethod": _upsert_method,
    "ContactMethods_UpdateContactMethod": _update_method,
    "ContactMethods_DeleteContactMethod": _delete_method,
    "ContactPreferences_UpdateContactMethodPreference": _prefer,
}
