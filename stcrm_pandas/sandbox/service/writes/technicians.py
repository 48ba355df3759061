"""Whom customers and locations prefer to be served by."""

from __future__ import annotations

from stcrm_pandas.sandbox.service.request import Call, Handler
from stcrm_pandas.sandbox.service.responses import NOTHING, Found


def _prefer(table: str) -> Handler:
    def handle(call: Call) -> Found:
        key = call.row(table, call.number())["id"]
        technician = call.row("technicians", call.number("preferredTechnicianId"))["id"]
        call.change(table, key, {"preferredTechnicianId": technician})
        return NOTHING

    return handle


HANDLERS: dict[str, Handler] = {
    "Customers_UpdatePreferredTechnician": _prefer("customers"),
    "Locations_UpdatePreferredTechnician": _prefer("locations"),
}
