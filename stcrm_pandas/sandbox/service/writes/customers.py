"""Handlers that create customers, with their locations and contacts, and change them."""

from __future__ import annotations

from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.sandbox.service.reads import stored_row
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler
from stcrm_pandas.sandbox.service.responses import ResponseBody
from stcrm_pandas.sandbox.service.writes.contact_rows import CUSTOMER, add_contact
from stcrm_pandas.sandbox.service.writes.locations import (
    CONTACT_RESPONSE,
    add_location,
    changed_fields,
    new_customer_or_location,
)
from stcrm_pandas.sandbox.service.writes.rows import select
from stcrm_pandas.sandbox.store.store import of_parent

_DEFAULTS = {
    "type": "Residential",
    "balance": 0.0,
    "taxExempt": False,
    "doNotMail": False,
    "doNotService": False,
    "nationalAccount": False,
}
"""Values of a new customer for fields that the request omits."""


def _create(request: ApiRequest) -> ResponseBody:
    row = new_customer_or_location(request, "customer", CUSTOMERS.fields, request.body)
    row |= {name: value for name, value in _DEFAULTS.items() if row[name] is None}
    request.store.put("customers", row, request.now)
    for contact in request.body.get("contacts") or ():
        add_contact(request, CUSTOMER, row, contact)
    locations = [add_location(request, row, location) for location in request.body.get("locations") or ()]
    rows = request.store.rows(CUSTOMER.table, of_parent(row["id"]))  # with those of its locations
    contacts = [{name: contact[name] for name in CONTACT_RESPONSE} for contact in rows]
    return ResponseBody.of(select(row, CUSTOMERS.fields) | {"locations": locations, "contacts": contacts})


def _update(request: ApiRequest) -> ResponseBody:
    row = request.path_row("customers")
    request.change("customers", row["id"], changed_fields(request, "customer", row))
    return stored_row(request, "customers", row["id"])


HANDLERS: dict[str, Handler] = {"Customers_Create": _create, "Customers_Update": _update}
