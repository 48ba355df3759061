"""What answers a list: which rows, in which order, which page of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stcrm_pandas.contract.operations import ACTIVE, ORDER_BY, Operation
from stcrm_pandas.sandbox.service import parameters
from stcrm_pandas.sandbox.service.external_data import attached_by, owned_by, shown_to
from stcrm_pandas.sandbox.service.filters import FILTERS, every
from stcrm_pandas.sandbox.service.request import LARGEST_PAGE, Call, Handler
from stcrm_pandas.sandbox.service.responses import Found, Refusal
from stcrm_pandas.sandbox.store.store import Where
from stcrm_pandas.sandbox.store.tables import TABLES

PAGE_SIZE = 50
_SORTS = {
    "createdon": "t.created",
    "modifiedon": "t.modified",
    "name": "lower(json_extract(t.body, '$.name'))",
    "priority": "json_extract(t.body, '$.priority')",
}
_SORTABLE = {
    "campaigns": ("Id", "Name", "CreatedOn", "ModifiedOn"),
    "campaign_categories": ("Id", "CreatedOn", "Name"),
    "contact_relationships": ("Id", "CreatedOn"),
    "jobs": ("Id", "ModifiedOn", "CreatedOn", "Priority"),
}
BY_ID = "t.id ASC"
BY_CHANGE = "t.modified ASC, t.n ASC"
"""The order of lists of contacts: an edit moves a row to the end, while somebody walks them."""


def _order(operation: Operation, table: str, values: dict[str, Any], default: str) -> str:
    if operation.sort is ORDER_BY:
        field, direction = values.get("orderBy", "Id"), values.get("orderByDirection", "Ascending").lower()
        if direction not in {"asc", "ascending", "desc", "descending"}:
            says = [f"The value '{direction}' is not valid."]
            raise Refusal(400, errors={"orderByDirection": says}, rule="sorting")
        sign = "-" if direction.startswith("desc") else "+"
        name = "orderBy"
    elif operation.sort and "sort" in values:
        # A plus that was not encoded arrives as a space: no sign, so no sort.
        sign, field, name = values["sort"][:1], values["sort"][1:], "sort"
    else:
        return default
    allowed = _SORTABLE.get(table, ("Id", "ModifiedOn", "CreatedOn"))
    if sign not in {"+", "-"} or field.lower() not in {one.lower() for one in allowed}:
        given = field if name == "orderBy" else values["sort"]
        says = [f"The value '{given[:80]}' is not valid for {name[0].upper()}{name[1:]}."]
        raise Refusal(400, errors={name: says}, rule="sorting")
    way = "ASC" if sign == "+" else "DESC"
    by_id = f"t.id {way}"
    return by_id if field.lower() == "id" else f"{_SORTS[field.lower()]} {way}, {by_id}"


# Lists


def listing(
    table: str,
    *,
    under: Callable[[Call], Where] | None = None,
    order: str = BY_ID,
    needs: tuple[str, ...] = (),
    without: str | None = None,
) -> Handler:
    """A list in pages.

    Parameters
    ----------
    under : callable, optional
        The condition that the path makes.
    needs : tuple of str, default ()
        One of these filters must be there.
    without : str, optional
        A field that the rows are shown without.
    """

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
            strict=call.by_the_book,
        )
        page, size = _page(values)
        conditions = _conditions(operation, table, values)
        if needs and not any(name in values for name in needs):
            says = [f"One of {', '.join(needs)} must be given."]
            raise Refusal(400, errors={needs[0]: says}, rule="contacts are asked for by parent or date")
        if under is not None:
            conditions.append(under(call))
        view, view_values = _view(values)
        if without is not None:
            view = f"json_remove(t.body, '$.{without}')"
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
        raise Refusal(400, errors=errors, rule="pages")
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
        says = [f"It must be given together with {present}."]
        raise Refusal(400, errors={absent: says}, rule="external data is found by key and values")
    application = values.get("externalDataApplicationGuid")
    conditions = []
    if application is not None and table in {"customers", "locations"}:
        conditions.append(owned_by(application))
    if key is not None and wanted is not None:
        conditions.append(attached_by(application, key, wanted))
    return conditions


def _view(values: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    if values.get("genPermUrl"):
        link = "'\"leadUrl\":\"https://go.servicetitan.example/leads/' || t.id || '\"'"
        return f"replace(t.body, '\"leadUrl\":null', {link})", ()
    if "externalDataApplicationGuid" in values:
        return shown_to(values["externalDataApplicationGuid"])
    return "t.body", ()
