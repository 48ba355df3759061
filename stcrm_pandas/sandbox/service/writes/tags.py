"""Tags of customers and locations: one at a time, or many of many customers."""

from __future__ import annotations

from stcrm_pandas.sandbox.service.request import Call, Handler
from stcrm_pandas.sandbox.service.responses import NOTHING, Found, Refusal, one
from stcrm_pandas.sandbox.service.writes.rows import distinct


def _add(table: str, answered: str) -> Handler:
    def handle(call: Call) -> Found:
        row, tag = call.row(table, call.number()), call.row("tag_types", call.number("tagTypeId"))["id"]
        tags = row.get("tagTypeIds") or []
        if tag in tags:
            raise Refusal(409, f"The tag {tag} is there already.")
        call.change(table, row["id"], {"tagTypeIds": [*tags, tag]})
        return one({answered: row["id"], "tagTypeIds": [*tags, tag]})

    return handle


def _remove(table: str) -> Handler:
    def handle(call: Call) -> Found:
        row, tag = call.row(table, call.number()), call.number("tagTypeId")
        tags = row.get("tagTypeIds") or []
        if tag not in tags:
            raise Refusal(404, f"The tag {tag} is not there.")
        call.change(table, row["id"], {"tagTypeIds": [one for one in tags if one != tag]})
        return NOTHING

    return handle


def _bulk(call: Call) -> Found:
    """Customers that have a tag already, or lack it already, stay as they are."""
    adds, wanted = call.operation.method == "PUT", distinct(call.body.get("tagTypeIds"))
    for customer in distinct(call.body.get("customerIds")):
        tags = call.row("customers", customer).get("tagTypeIds") or []
        after = distinct([*tags, *wanted]) if adds else [tag for tag in tags if tag not in wanted]
        if after != tags:
            call.change("customers", customer, {"tagTypeIds": after})
    return NOTHING


HANDLERS: dict[str, Handler] = {
    "BulkTags_AddTags": _bulk,
    "BulkTags_RemoveTags": _bulk,
    "Customers_CreateTag": _add("customers", "customerId"),
    "Customers_DeleteTag": _remove("customers"),
    "Locations_CreateTag": _add("locations", "locationId"),
    "Locations_DeleteTag": _remove("locations"),
}
