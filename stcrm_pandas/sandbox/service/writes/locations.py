"""Locations: made, alone or with their customer, and changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stcrm_pandas.contract.schemas.fields import Field
from stcrm_pandas.contract.schemas.locations import LOCATIONS
from stcrm_pandas.contract.schemas.parts import PLACED_ADDRESS
from stcrm_pandas.sandbox.service.external_data import attached, patched
from stcrm_pandas.sandbox.service.reads import stored
from stcrm_pandas.sandbox.service.request import Call, Handler, not_active
from stcrm_pandas.sandbox.service.responses import Found, one
from stcrm_pandas.sandbox.service.writes.contact_rows import CUSTOMER, LOCATION, add_line
from stcrm_pandas.sandbox.service.writes.rows import blank, distinct, given, made
from stcrm_pandas.sandbox.store.store import Where

SHOWN_CONTACT = ("id", "type", "value", "memo")
"""What the answer to a new customer or location tells of its contacts."""


def custom_fields(call: Call, table: str, fields: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Custom fields with the names of their types; of one type the last counts."""
    types = {row["id"]: row["name"] for row in call.store.rows(f"{table}_custom_field_types", Where("1"))}
    values = {field["typeId"]: field.get("value") for field in fields or ()}
    return [{"typeId": own, "name": types.get(own), "value": value} for own, value in values.items()]


def founded(call: Call, table: str, fields: Iterable[Field], body: Mapping[str, Any]) -> dict[str, Any]:
    """A new customer or location: what both have from their requests in the same way."""
    row = made(call, fields) | given(body, "contacts", "locations")
    return row | {
        "id": call.store.next_id(f"{table}s"),
        "address": blank(PLACED_ADDRESS) | (body.get("address") or {}),
        "customFields": custom_fields(call, table, body.get("customFields")),
        "tagTypeIds": distinct(body.get("tagTypeIds")),
        **attached(body.get("externalData")),
    }


def changed(call: Call, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """What a change says of a customer or location, as rows keep it."""
    changes = dict(call.body)
    if "address" in changes:
        changes["address"] = blank(PLACED_ADDRESS) | changes["address"]
    if "customFields" in changes:
        changes["customFields"] = custom_fields(call, table, changes["customFields"])
    if "tagTypeIds" in changes:
        changes["tagTypeIds"] = distinct(changes["tagTypeIds"])
    if "externalData" in changes:
        changes |= patched(row, changes["externalData"])
    return changes


def add_location(call: Call, customer: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """A new location of a customer that is there, as it is answered: with its contacts.

    Raises
    ------
    Refusal
        The customer is inactive.
    """
    if not customer["active"]:
        raise not_active("customers", customer["id"])
    row = founded(call, "location", LOCATIONS.fields, body)
    row |= {"customerId": customer["id"], "taxExempt": bool(customer.get("taxExempt"))}
    row.pop("coordinatesSource", None), row.pop("coordinatesVerificationStatus", None)
    call.store.put("locations", row, call.now)
    lines = [add_line(call, LOCATION, row, contact) for contact in body.get("contacts") or ()]
    _share(call, customer, lines)
    contacts = [{name: line[name] for name in SHOWN_CONTACT} for line in lines]
    return {field.name: row[field.name] for field in LOCATIONS.fields} | {"contacts": contacts}


def _share(call: Call, customer: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> None:
    """Copy the contacts of a new location to its customer, unless the customer has such a one."""
    there = call.store.rows(CUSTOMER.table, Where("t.parent = ?", (customer["id"],)))
    known = {(row["type"], row["value"]) for row in there}
    for line in lines:
        if (line["type"], line["value"]) not in known:
            known.add((line["type"], line["value"]))
            add_line(call, CUSTOMER, customer, {name: line[name] for name in ("type", "value", "memo")})


def _create(call: Call) -> Found:
    return one(add_location(call, call.row("customers", call.body["customerId"]), call.body))


def _update(call: Call) -> Found:
    row = call.row("locations", call.number())
    call.change("locations", row["id"], changed(call, "location", row))
    return stored(call, "locations", row["id"])


HANDLERS: dict[str, Handler] = {"Locations_Create": _create, "Locations_Update": _update}
