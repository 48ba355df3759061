"""Handlers that create notes of leads, customers and locations, also on related rows, and delete them."""

from __future__ import annotations

from typing import Any

from stcrm_pandas.contract.schemas.parts import NOTE
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler, not_found
from stcrm_pandas.sandbox.service.responses import NO_BODY, ResponseBody
from stcrm_pandas.sandbox.service.writes.rows import new_row, select
from stcrm_pandas.sandbox.store.store import Condition
from stcrm_pandas.sandbox.store.tables import TABLES


def write_note(request: ApiRequest, table: str, parent: int, text: str | None, *, pinned: bool) -> dict[str, Any]:
    """Create a note on a row; a note on several rows has a different id on each."""
    row = new_row(request, NOTE) | {"id": request.store.next_id(table), "text": text, "isPinned": pinned}
    row[TABLES[table].parent or ""] = parent
    request.store.put(table, row, request.now)
    return row


def _create(table: str, notes: str) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        row = request.path_row(table)
        text, pinned = request.body.get("text"), bool(request.body.get("pinToTop"))
        note = write_note(request, notes, row["id"], text, pinned=pinned)
        if request.body.get("addToLocations"):
            its = Condition("t.parent = ? AND t.active = 1", (row["id"],))
            for location in request.store.rows("locations", its):
                write_note(request, "location_notes", location["id"], text, pinned=pinned)
        if request.body.get("addToCustomer"):
            write_note(request, "customer_notes", row["customerId"], text, pinned=pinned)
        return ResponseBody.of(select(note, NOTE))

    return handle


def _delete(table: str, notes: str) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        parent = request.path_row(table)["id"]
        note = request.path_row(notes, "noteId")
        if note[TABLES[notes].parent or ""] != parent:
            raise not_found(notes, note["id"])
        request.store.remove(notes, note["id"], request.now)
        return NO_BODY

    return handle


HANDLERS: dict[str, Handler] = {
    "Leads_CreateNote": _create("leads", "lead_notes"),
    "Customers_CreateNote": _create("customers", "customer_notes"),
    "Customers_DeleteNote": _delete("customers", "customer_notes"),
    "Locations_CreateNote": _create("locations", "location_notes"),
    "Locations_DeleteNote": _delete("locations", "location_notes"),
}
