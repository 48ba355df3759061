"""Handlers that write customers and locations: rows, external data, tags, technicians, and notes (also of leads)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.contract.schemas.fields import Field
from stcrm_pandas.contract.schemas.locations import LOCATIONS
from stcrm_pandas.contract.schemas.parts import NOTE, PLACED_ADDRESS
from stcrm_pandas.sandbox.service.filters import APPLICATION, OWNERS
from stcrm_pandas.sandbox.service.reads import stored_row
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler, inactive, not_found
from stcrm_pandas.sandbox.service.request_bodies import empty_row, new_row, non_null, select, unique
from stcrm_pandas.sandbox.service.responses import NO_BODY, HttpError, ResponseBody
from stcrm_pandas.sandbox.service.writes.contacts import CUSTOMER, LOCATION, add_contact
from stcrm_pandas.sandbox.store.store import ALL_ROWS, Condition, of_parent
from stcrm_pandas.sandbox.store.tables import TABLES

# Rows

CONTACT_RESPONSE = ("id", "type", "value", "memo")
"""The fields of contacts in the response to a new customer or location."""


def named_custom_fields(
    request: ApiRequest, table: str, fields: Iterable[Mapping[str, Any]] | None
) -> list[dict[str, Any]]:
    """Return custom fields with the names of their types; the last value of a type counts."""
    types = {row["id"]: row["name"] for row in request.store.rows(f"{table}_custom_field_types", ALL_ROWS)}
    values = {field["typeId"]: field.get("value") for field in fields or ()}
    return [{"typeId": id, "name": types.get(id), "value": value} for id, value in values.items()]


def new_customer_or_location(
    request: ApiRequest, table: str, fields: Iterable[Field], body: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the row of a new customer or location, as far as both are alike."""
    row = new_row(request, fields) | non_null(body, "contacts", "locations")
    return row | {
        "id": request.store.next_id(f"{table}s"),
        "address": empty_row(PLACED_ADDRESS) | (body.get("address") or {}),
        "customFields": named_custom_fields(request, table, body.get("customFields")),
        "tagTypeIds": unique(body.get("tagTypeIds")),
        **new_data(body.get("externalData")),
    }


def changed_fields(request: ApiRequest, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changed fields of a customer or location, as rows hold them."""
    changes = dict(request.body)
    if "address" in changes:
        changes["address"] = empty_row(PLACED_ADDRESS) | changes["address"]
    if "customFields" in changes:
        changes["customFields"] = named_custom_fields(request, table, changes["customFields"])
    if "tagTypeIds" in changes:
        changes["tagTypeIds"] = unique(changes["tagTypeIds"])
    if "externalData" in changes:
        changes |= merged_data(row, changes["externalData"])
    return changes


def add_location(request: ApiRequest, customer: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Create a location with its contacts and return the response, or raise a 409 for an inactive customer."""
    if not customer["active"]:
        raise inactive("customers", customer["id"])
    row = new_customer_or_location(request, "location", LOCATIONS.fields, body)
    row |= {"customerId": customer["id"], "taxExempt": bool(customer.get("taxExempt"))}
    row.pop("coordinatesSource", None), row.pop("coordinatesVerificationStatus", None)
    request.store.put("locations", row, request.now)
    rows = [add_contact(request, LOCATION, row, contact) for contact in body.get("contacts") or ()]
    _copy_to_customer(request, customer, rows)
    contacts = [{name: contact[name] for name in CONTACT_RESPONSE} for contact in rows]
    return select(row, LOCATIONS.fields) | {"contacts": contacts}


def _copy_to_customer(request: ApiRequest, customer: Mapping[str, Any], contacts: Iterable[Mapping[str, Any]]) -> None:
    """Copy the contacts of a new location to its customer, unless it has the same type and value already."""
    existing = request.store.rows(CUSTOMER.table, of_parent(customer["id"]))
    known = {(row["type"], row["value"]) for row in existing}
    for contact in contacts:
        if (contact["type"], contact["value"]) not in known:
            known.add((contact["type"], contact["value"]))
            add_contact(request, CUSTOMER, customer, {name: contact[name] for name in ("type", "value", "memo")})


def _create_location(request: ApiRequest) -> ResponseBody:
    return ResponseBody.of(add_location(request, request.row("customers", request.body["customerId"]), request.body))


def _update_location(request: ApiRequest) -> ResponseBody:
    row = request.path_row("locations")
    request.change("locations", row["id"], changed_fields(request, "location", row))
    return stored_row(request, "locations", row["id"])


_DEFAULTS = {
    "type": "Residential",
    "balance": 0.0,
    "taxExempt": False,
    "doNotMail": False,
    "doNotService": False,
    "nationalAccount": False,
}
"""Values of a new customer for fields that the request omits."""


def _create_customer(request: ApiRequest) -> ResponseBody:
    row = new_customer_or_location(request, "customer", CUSTOMERS.fields, request.body)
    row |= {name: value for name, value in _DEFAULTS.items() if row[name] is None}
    request.store.put("customers", row, request.now)
    for contact in request.body.get("contacts") or ():
        add_contact(request, CUSTOMER, row, contact)
    locations = [add_location(request, row, location) for location in request.body.get("locations") or ()]
    rows = request.store.rows(CUSTOMER.table, of_parent(row["id"]))  # with those of its locations
    contacts = [{name: contact[name] for name in CONTACT_RESPONSE} for contact in rows]
    return ResponseBody.of(select(row, CUSTOMERS.fields) | {"locations": locations, "contacts": contacts})


def _update_customer(request: ApiRequest) -> ResponseBody:
    row = request.path_row("customers")
    request.change("customers", row["id"], changed_fields(request, "customer", row))
    return stored_row(request, "customers", row["id"])


# External data


def new_data(sent: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields of a new row."""
    return merged_data({}, {"patchMode": "Replace", **sent}) if sent else {"externalData": [], OWNERS: []}


def merged_data(row: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a row after a change by one application; a null value removes its key.

    >>> row = new_data({"applicationGuid": "a", "externalData": [{"key": "x", "value": "1"}]})
    >>> merge = {"patchMode": "Merge", "applicationGuid": "a", "externalData": [{"key": "y", "value": "2"}]}
    >>> merged_data(row, merge)["externalData"]
    [{'key': 'x', 'value': '1'}, {'key': 'y', 'value': '2'}]
    """
    application = change["applicationGuid"]
    entries, owners = row.get("externalData") or [], row.get(OWNERS) or []
    owned = [(entry, owners[n] if n < len(owners) else APPLICATION) for n, entry in enumerate(entries)]
    merges = change.get("patchMode") == "Merge"
    mine = {entry["key"]: entry["value"] for entry, owner in owned if owner == application and merges}
    mine |= {entry["key"]: entry.get("value") for entry in change["externalData"]}
    kept = [(entry, owner) for entry, owner in owned if owner != application]
    kept += [({"key": key, "value": value}, application) for key, value in mine.items() if value is not None]
    return {"externalData": [entry for entry, _ in kept], OWNERS: [owner for _, owner in kept]}


# Preferred technicians


def _set_preferred(table: str) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        key = request.path_row(table)["id"]
        technician = request.path_row("technicians", "preferredTechnicianId")["id"]
        request.change(table, key, {"preferredTechnicianId": technician})
        return NO_BODY

    return handle


# Tags


def _add_tag(table: str, id_field: str) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        row, tag = request.path_row(table), request.path_row("tag_types", "tagTypeId")["id"]
        tags = row.get("tagTypeIds") or []
        if tag in tags:
            raise HttpError(409, f"The tag {tag} is already set.")
        request.change(table, row["id"], {"tagTypeIds": [*tags, tag]})
        return ResponseBody.of({id_field: row["id"], "tagTypeIds": [*tags, tag]})

    return handle


def _remove_tag(table: str) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        row, tag = request.path_row(table), request.path_number("tagTypeId")
        tags = row.get("tagTypeIds") or []
        if tag not in tags:
            raise HttpError(404, f"The tag {tag} is not set.")
        request.change(table, row["id"], {"tagTypeIds": [other for other in tags if other != tag]})
        return NO_BODY

    return handle


def _change_tags_in_bulk(request: ApiRequest) -> ResponseBody:
    """Add or remove tags of customers; a customer whose tags would stay the same is not changed."""
    adds, wanted = request.operation.method == "PUT", unique(request.body.get("tagTypeIds"))
    for customer in unique(request.body.get("customerIds")):
        tags = request.row("customers", customer).get("tagTypeIds") or []
        after = unique([*tags, *wanted]) if adds else [tag for tag in tags if tag not in wanted]
        if after != tags:
            request.change("customers", customer, {"tagTypeIds": after})
    return NO_BODY


# Notes


def write_note(request: ApiRequest, table: str, parent: int, text: str | None, *, pinned: bool) -> dict[str, Any]:
    """Create a note on a row; a note on several rows has a different id on each."""
    row = new_row(request, NOTE) | {"id": request.store.next_id(table), "text": text, "isPinned": pinned}
    row[TABLES[table].parent or ""] = parent
    request.store.put(table, row, request.now)
    return row


def _create_note(table: str, notes: str) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        row = request.path_row(table)
        text, pinned = request.body.get("text"), bool(request.body.get("pinToTop"))
        note = write_note(request, notes, row["id"], text, pinned=pinned)
        if request.body.get("addToLocations"):
            of_customer = Condition("t.parent = ? AND t.active = 1", (row["id"],))
            for location in request.store.rows("locations", of_customer):
                write_note(request, "location_notes", location["id"], text, pinned=pinned)
        if request.body.get("addToCustomer"):
            write_note(request, "customer_notes", row["customerId"], text, pinned=pinned)
        return ResponseBody.of(select(note, NOTE))

    return handle


def _delete_note(table: str, notes: str) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        parent = request.path_row(table)["id"]
        note = request.path_row(notes, "noteId")
        if note[TABLES[notes].parent or ""] != parent:
            raise not_found(notes, note["id"])
        request.store.remove(notes, note["id"], request.now)
        return NO_BODY

    return handle


HANDLERS: dict[str, Handler] = {
    "Locations_Create": _create_location,
    "Locations_Update": _update_location,
    "Customers_Create": _create_customer,
    "Customers_Update": _update_customer,
    "Customers_UpdatePreferredTechnician": _set_preferred("customers"),
    "Locations_UpdatePreferredTechnician": _set_preferred("locations"),
    "BulkTags_AddTags": _change_tags_in_bulk,
    "BulkTags_RemoveTags": _change_tags_in_bulk,
    "Customers_CreateTag": _add_tag("customers", "customerId"),
    "Customers_DeleteTag": _remove_tag("customers"),
    "Locations_CreateTag": _add_tag("locations", "locationId"),
    "Locations_DeleteTag": _remove_tag("locations"),
    "Leads_CreateNote": _create_note("leads", "lead_notes"),
    "Customers_CreateNote": _create_note("customers", "customer_notes"),
    "Customers_DeleteNote": _delete_note("customers", "customer_notes"),
    "Locations_CreateNote": _create_note("locations", "location_notes"),
    "Locations_DeleteNote": _delete_note("locations", "location_notes"),
}
