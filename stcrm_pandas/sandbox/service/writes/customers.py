"""Customers: made with their locations and contacts, and changed."""

from __future__ import annotations

from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.sandbox.service.reads import stored
from stcrm_pandas.sandbox.service.request import Call, Handler
from stcrm_pandas.sandbox.service.responses import Found, one
from stcrm_pandas.sandbox.service.writes.contact_rows import CUSTOMER, add_line
from stcrm_pandas.sandbox.service.writes.locations import SHOWN_CONTACT, add_location, changed, founded
from stcrm_pandas.sandbox.store.store import Where

_UNSAID = {
    "type": "Residential",
    "balance": 0.0,
    "taxExempt": False,
    "doNotMail": False,
    "doNotService": False,
    "nationalAccount": False,
}
"""What a new customer is where its request does not say."""


def _create(call: Call) -> Found:
    row = founded(call, "customer", CUSTOMERS.fields, call.body)
    row |= {name: value for name, value in _UNSAID.items() if row[name] is None}
    call.store.put("customers", row, call.now)
    for contact in call.body.get("contacts") or ():
        add_line(call, CUSTOMER, row, contact)
    locations = [add_location(call, row, location) for location in call.body.get("locations") or ()]
    lines = call.store.rows(CUSTOMER.table, Where("t.parent = ?", (row["id"],)))  # those of its locations, too
    contacts = [{name: line[name] for name in SHOWN_CONTACT} for line in lines]
    shown = {field.name: row[field.name] for field in CUSTOMERS.fields}
    return one(shown | {"locations": locations, "contacts": contacts})


def _update(call: Call) -> Found:
    row = call.row("customers", call.number())
    call.change("customers", row["id"], changed(call, "customer", row))
    return stored(call, "customers", row["id"])


HANDLERS: dict[str, Handler] = {"Customers_Create": _create, "Customers_Update": _update}
