"""Handlers that set the preferred technician of customers and locations."""

from __future__ import annotations

from stcrm_pandas.sandbox.service.request import ApiRequest, Handler
from stcrm_pandas.sandbox.service.responses import NO_BODY, ResponseBody


def _set_preferred(table: str) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        key = request.path_row(table)["id"]
        technician = request.path_row("technicians", "preferredTechnicianId")["id"]
        request.change(table, key, {"preferredTechnicianId": technician})
        return NO_BODY

    return handle


HANDLERS: dict[str, Handler] = {
    "Customers_UpdatePreferredTechnician": _set_preferred("customers"),
    "Locations_UpdatePreferredTechnician": _set_preferred("locations"),
}
