"""Handlers that add and remove tags of customers and locations, one by one or in bulk."""

from __future__ import annotations

from stcrm_pandas.sandbox.service.request import ApiRequest, Handler
from stcrm_pandas.sandbox.service.responses import NO_BODY, HttpError, ResponseBody
from stcrm_pandas.sandbox.service.writes.rows import unique


def _add(table: str, id_field: str) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        row, tag = request.path_row(table), request.path_row("tag_types", "tagTypeId")["id"]
        tags = row.get("tagTypeIds") or []
        if tag in tags:
            raise HttpError(409, f"The tag {tag} is already set.")
        request.change(table, row["id"], {"tagTypeIds": [*tags, tag]})
        return ResponseBody.of({id_field: row["id"], "tagTypeIds": [*tags, tag]})

    return handle


def _remove(table: str) -> Handler:
    def handle(request: ApiRequest) -> ResponseBody:
        row, tag = request.path_row(table), request.path_number("tagTypeId")
        tags = row.get("tagTypeIds") or []
        if tag not in tags:
            raise HttpError(404, f"The tag {tag} is not set.")
        request.change(table, row["id"], {"tagTypeIds": [other for other in tags if other != tag]})
        return NO_BODY

    return handle


def _bulk(request: ApiRequest) -> ResponseBody:
    """Add or remove tags of customers; a customer whose tags would stay the same is not changed."""
    adds, wanted = request.operation.method == "PUT", unique(request.body.get("tagTypeIds"))
    for customer in unique(request.body.get("customerIds")):
        tags = request.row("customers", customer).get("tagTypeIds") or []
        after = unique([*tags, *wanted]) if adds else [tag for tag in tags if tag not in wanted]
        if after != tags:
            request.change("customers", customer, {"tagTypeIds": after})
    return NO_BODY


HANDLERS: dict[str, Handler] = {
    "BulkTags_AddTags": _bulk,
    "BulkTags_RemoveTags": _bulk,
    "Customers_CreateTag": _add("customers", "customerId"),
    "Customers_DeleteTag": _remove("customers"),
    "Locations_CreateTag": _add("locations", "locationId"),
    "Locations_DeleteTag": _remove("locations"),
}
