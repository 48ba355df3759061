"""Notes of leads, customers and locations: written, also on what belongs to the row, and deleted."""

from __future__ import annotations

from typing import Any

from stcrm_pandas.contract.schemas.parts import NOTE
from stcrm_pandas.sandbox.service.request import Call, Handler, absent
from stcrm_pandas.sandbox.service.responses import NOTHING, Found, one
from stcrm_pandas.sandbox.service.writes.rows import made, picked
from stcrm_pandas.sandbox.store.store import Where
from stcrm_pandas.sandbox.store.tables import TABLES


def write_note(call: Call, table: str, parent: int, text: str | None, *, pinned: bool) -> dict[str, Any]:
    """A new note on a row that is there; its id is its own even where the same note goes to several rows."""
    row = made(call, NOTE) | {"id": call.store.next_id(table), "text": text, "isPinned": pinned}
    row[TABLES[table].parent or ""] = parent
    call.store.put(table, row, call.now)
    return row


def _create(table: str, notes: str) -> Handler:
    def handle(call: Call) -> Found:
        row = call.row(table, call.number())
        text, pinned = call.body.get("text"), bool(call.body.get("pinToTop"))
        note = write_note(call, notes, row["id"], text, pinned=pinned)
        if call.body.get("addToLocations"):
            its = Where("t.parent = ? AND t.active = 1", (row["id"],))
            for location in call.store.rows("locations", its):
                write_note(call, "location_notes", location["id"], text, pinned=pinned)
        if call.body.get("addToCustomer"):
            write_note(call, "customer_notes", row["customerId"], text, pinned=pinned)
        return one(picked(note, NOTE))

    return handle


def _delete(table: str, notes: str) -> Handler:
    def handle(call: Call) -> Found:
        parent = call.row(table, call.number())["id"]
        note = call.row(notes, call.number("noteId"))
        if note[TABLES[notes].parent or ""] != parent:
            raise absent(notes, note["id"])
        call.store.remove(notes, note["id"], call.now)
        return NOTHING

    return handle


HANDLERS: dict[str, Handler] = {
    "Leads_CreateNote": _create("leads", "lead_notes"),
    "Customers_CreateNote": _create("customers", "customer_notes"),
    "Customers_DeleteNote": _delete("customers", "customer_notes"),
    "Locations_CreateNote": _create("locations", "location_notes"),
    "Locations_DeleteNote": _delete("locations", "location_notes"),
}
