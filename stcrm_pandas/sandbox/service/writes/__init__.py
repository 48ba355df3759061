"""Handlers of operations that write, a module for each family: one table, `WRITES`."""

from __future__ import annotations

from stcrm_pandas.sandbox.service.request import Handler
from stcrm_pandas.sandbox.service.writes import (
    bookings,
    contact_rows,
    contacts,
    customers,
    leads,
    locations,
    notes,
    provider_tags,
    tags,
    technicians,
)

WRITES: dict[str, Handler] = {
    **leads.HANDLERS,
    **bookings.HANDLERS,
    **provider_tags.HANDLERS,
    **customers.HANDLERS,
    **locations.HANDLERS,
    **contact_rows.HANDLERS,
    **notes.HANDLERS,
    **tags.HANDLERS,
    **technicians.HANDLERS,
    **contacts.HANDLERS,
}
