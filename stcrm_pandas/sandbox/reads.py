"""What answers a reading operation: a list, one row, a feed. One table, `READS`, at the end."""

from __future__ import annotations

from typing import Any

from stcrm_pandas.operations import ACTIVE, ORDER_BY, Operation
from stcrm_pandas.sandbox import parameters
from stcrm_pandas.sandbox.answers import Found, Refusal
from stcrm_pandas.sandbox.calls import LARGEST_PAGE, Call, Handler
from stcrm_pandas.sandbox.feeds import feed
from stcrm_pandas.sandbox.filters import FILTERS, HAS_EXTERNAL, NOTHING, every, external_pair
from stcrm_pandas.sandbox.store import Where
from stcrm_pandas.sandbox.tables import TABLES

PAGE_SIZE = 50
APPLICATION = "6f1d3c52a0b84e7d9c15e2f480ab37d6"
"""The application that all external data of the company belongs to, as a GUID's digits."""


# Sorting

_SORTS = {
    "createdon": "t.created",
    "modifiedon": "t.modified",
    "name": "lower(json_extract(t.body, '$.name'))",
    "priority": "json_extract(t.body, '$.priority')",
}
_SORTABLE = {
    "campaigns": ("Id", "Name", "CreatedOn", "ModifiedOn"),
    "campaign_categories": ("Id", "CreatedOn", "Name"),
    "jobs": ("Id", "ModifiedOn", "CreatedOn", "Priority"),
}
_BY_ID = "t.id ASC"
_BY_CHANGE = "t.modified ASC, t.n ASC"
"""The order of lists of contacts: an edit moves a row to the end, while somebody walks them."""


def _order(operation: Operation, table: str, values: dict[str, Any], default: str) -> str:
    if operation.sort is ORDER_BY:
        field, direction = values.get("orderBy", "Id"), values.get("orderByDirection", "Ascending").lower()
        if direction not in {"asc", "ascending", "desc", "descending"}:
            raise Refusal(400, errors={"orderByDirection": [f"The value '{direction}' is not valid."]})
        sign = "-" if direction.startswith("desc") else "+"
        name = "orderBy"
    elif operation.sort and "sort" in values:
        # A plus that was not encoded arrives as a space: no sign, so no sort.
        sign, field, name = values["sort"][:1], values["sort"][1:], "sort"
    else:
        return default
    allowed = _SORTABLE.get(table, ("Id", "ModifiedOn", "CreatedOn"))
    if sign not in {"+", "-"} or field.lower() not in {one.lower() for one in allowed}:
        raise Refusal(400, errors={name: [f"The value is not valid: + or - and one of {', '.join(allowed)}."]})
    way = "ASC" if sign == "+" else "DESC"
    by_id = f"t.id {way}"
    return by_id if field.lower() == "id" else f"{_SORTS[field.lower()]} {way}, {by_id}"


# Lists


def listing(table: str, *, of: str | None = None, order: str = _BY_ID, needs: tuple[str, ...] = ()) -> Handler:
    """A list in pages: `of` is the table of the row that the path names; one of the filters `needs` must be there."""

    def handle(call: Call) -> Found:
        operation = call.operation
        values = parameters.read(
            call.query,
            (
                *operation.filters,
                parameters.PAGE,
                parameters.PAGE_SIZE,
                parameters.INCLUDE_TOTAL,
                parameters.SORT,
                parameters.ORDER_BY,
                parameters.ORDER_BY_DIRECTION,
            ),
        )
        page, size = _page(values)
        conditions = _conditions(operation, table, values)
        if needs and not any(name in values for name in needs):
            raise Refusal(400, errors={name: [f"One of {', '.join(needs)} must be given."] for name in needs[:1]})
        if of is not None:
            conditions.append(Where("t.parent = ?", (_existing(call, of),)))
        view, view_values = _view(table, values)
        found = call.store.slice(
            table,
            every(conditions),
            _order(operation, table, values, order),
            (page - 1) * size,
            size,
            view,
            view_values,
        )
        head = {
            "page": page,
            "pageSize": size,
            "hasMore": page * size < found.total,
            "totalCount": found.total if values.get("includeTotal") else None,
        }
        return Found(found.pieces, head)

    return handle


def _page(values: dict[str, Any]) -> tuple[int, int]:
    page, size = values.get("page", 1), values.get("pageSize", PAGE_SIZE)
    errors = {}
    if not 1 <= page < 2**31:
        errors["page"] = ["The page must be 1 or more."]
    if not 1 <= size <= LARGEST_PAGE:
        errors["pageSize"] = [f"The page size must be between 1 and {LARGEST_PAGE}."]
    if errors:
        raise Refusal(400, errors=errors)
    return page, size


def _conditions(operation: Operation, table: str, values: dict[str, Any]) -> list[Where]:
    filters = dict(FILTERS[table])
    if values.get("excludeAccountingChangesFromModifiedDateRange"):
        filters["modifiedOnOrAfter"] = lambda value: Where("t.edited >= ?", (value,))
        filters["modifiedBefore"] = lambda value: Where("t.edited < ?", (value,))
    known = {field.name for field in operation.filters}
    conditions = [filters[name](value) for name, value in values.items() if name in known]
    if TABLES[table].deletes_softly or (ACTIVE in operation.filters and "active" not in values):
        conditions.append(Where("t.active = 1"))
    return conditions + _external(table, values)


def _external(table: str, values: dict[str, Any]) -> list[Where]:
    key, wanted = values.get("externalDataKey"), values.get("externalDataValues")
    if (key is None) != (wanted is None):
        present, absent = ("externalDataKey", "externalDataValues")[:: 1 if wanted is None else -1]
        raise Refusal(400, errors={absent: [f"It must be given together with {present}."]})
    application = values.get("externalDataApplicationGuid")
    filters_by_application = table in {"customers", "locations"}
    conditions = []
    if application is not None and filters_by_application:
        conditions.append(HAS_EXTERNAL if application == APPLICATION else NOTHING)
    if key is not None and wanted is not None:
        foreign = application not in {None, APPLICATION}
        conditions.append(NOTHING if foreign else external_pair(key, wanted))
    return conditions


def _view(table: str, values: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    if values.get("genPermUrl"):
        link = "'\"leadUrl\":\"https://go.servicetitan.example/leads/' || t.id || '\"'"
        return f"replace(t.body, '\"leadUrl\":null', {link})", ()
    if values.get("externalDataApplicationGuid", APPLICATION) != APPLICATION:
        return "json_set(t.body, '$.externalData', json('[]'))", ()
    return "t.body", ()


# One row


def single(table: str) -> Handler:
    """One row by the id in the path."""

    def handle(call: Call) -> Found:
        body = call.store.body(table, _id(call))
        if body is None:
            raise _no_row(table, call.path["id"])
        return Found([body])

    return handle


def _id(call: Call) -> int:
    try:
        return parameters.whole_number(call.path["id"])
    except ValueError:
        raise Refusal(400, errors={"id": [f"The value '{call.path['id'][:80]}' is not valid."]}) from None


def _existing(call: Call, table: str) -> int:
    own = _id(call)
    if call.store.body(table, own) is None:
        raise _no_row(table, str(own))
    return own


def _no_row(table: str, key: str) -> Refusal:
    return Refusal(404, f"There is no row {key} in {table.replace('_', ' ')}.")


_CONTACT_DATES = ("modifiedOnOrAfter", "modifiedBefore", "createdOnOrAfter", "createdBefore")

READS: dict[str, Handler] = {
    "Leads_GetList": listing("leads"),
    "Leads_Get": single("leads"),
    "ExportLeads_Leads": feed("leads"),
    "Bookings_GetList": listing("bookings"),
    "Bookings_Get": single("bookings"),
    "ExportBookings_Get": feed("bookings"),
    "Bookings_GetContactList": listing("booking_contacts", of="bookings"),
    "Customers_GetList": listing("customers"),
    "Customers_Get": single("customers"),
    "ExportCustomers_GetCustomers": feed("customers"),
    "Customers_GetModifiedContactsList": listing(
        "customer_contacts", order=_BY_CHANGE, needs=("customerIds", *_CONTACT_DATES[:2])
    ),
    "ExportContacts_CustomersContacts": feed("customer_contacts"),
    "Locations_GetList": listing("locations"),
    "Locations_Get": single("locations"),
    "ExportLocations_Locations": feed("locations"),
    "Locations_GetLocationsContactsList": listing(
        "location_contacts", order=_BY_CHANGE, needs=("locationIds", *_CONTACT_DATES)
    ),
    "ExportContacts_LocationsContacts": feed("location_contacts"),
    "Campaigns_GetList": listing("campaigns"),
    "CampaignCategories_GetList": listing("campaign_categories"),
    "BusinessUnits_GetList": listing("business_units"),
    "TagTypes_GetList": listing("tag_types"),
    "Employees_GetList": listing("employees"),
    "Technicians_GetList": listing("technicians"),
    "JobTypes_GetList": listing("job_types"),
    "Jobs_GetList": listing("jobs"),
    "CallReasons_Get": listing("call_reasons"),
}
