"""Handlers that create locations, alone or with their customer, and change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stcrm_pandas.contract.schemas.fields import Field
from stcrm_pandas.contract.schemas.locations import LOCATIONS
from stcrm_pandas.contract.schemas.parts import PLACED_ADDRESS
from stcrm_pandas.sandbox.service.external_data import merged_data, new_data
from stcrm_pandas.sandbox.service.reads import stored_row
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler, inactive
from stcrm_pandas.sandbox.service.responses import ResponseBody
from stcrm_pandas.sandbox.service.writes.contact_rows import CUSTOMER, LOCATION, add_contact
from stcrm_pandas.sandbox.service.writes.rows import empty_row, new_row, non_null, select, unique
from stcrm_pandas.sandbox.store.store import ALL_ROWS, of_parent

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


def _create(request: ApiRequest) -> ResponseBody:
    return ResponseBody.of(add_location(request, request.row("customers", request.body["customerId"]), request.body))


def _update(request: ApiRequest) -> ResponseBody:
    row = request.path_row("locations")
    request.change("locations", row["id"], changed_fields(request, "location", row))
    return stored_row(request, "locations", row["id"])


HANDLERS: dict[str, Handler] = {"Locations_Create": _create, "Locations_Update": _update}
