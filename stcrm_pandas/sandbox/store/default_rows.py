"""Default rows of tables that a company does not have: preference types and types of custom fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from adbc_driver_sqlite import dbapi

_SINCE = "2019-01-01T00:00:00Z"
_PREFERENCES = {
    "Marketing": "Offers and news",
    "JobReminders": "Reminders of coming appointments",
    "Invoices": "Invoices and statements",
}


def preference_types() -> Iterator[dict[str, Any]]:
    """Yield the types of preferences of a contact method."""
    for name, description in _PREFERENCES.items():
        own = str(uuid5(NAMESPACE_OID, f"contact preference {name}"))
        yield {"id": own, "name": name, "description": description, "dataType": "Bool"}


def custom_field_type(type_id: int, name: str) -> dict[str, Any]:
    """Return the type of a custom field with text."""
    times = {"createdOn": _SINCE, "modifiedOn": _SINCE}
    return {"id": type_id, "name": name, "dataType": "Text", "dataTypeOptions": []} | times


def custom_field_types(db: dbapi.Cursor, table: str) -> list[dict[str, Any]]:
    """Return the types of the custom fields in the rows of a filled table."""
    db.execute(
        "SELECT DISTINCT json_extract(f.value, '$.typeId') AS type, json_extract(f.value, '$.name') "
        f"FROM \"{table}\" t, json_each(t.body, '$.customFields') f "
        "WHERE instr(t.body, '\"typeId\"') ORDER BY type"
    )
    return [custom_field_type(type_id, name) for type_id, name in db.fetchall()]


def default_rows(db: dbapi.Cursor, table: str) -> list[dict[str, Any]]:
    """Return the default rows of a table, usually none."""
    if table == "contact_preference_types":
        return list(preference_types())
    of = {"customer_custom_field_types": "customers", "location_custom_field_types": "locations"}
    return custom_field_types(db, of[table]) if table in of else []
