"""Handlers of lists and feeds: filters, order and pages of lists; rows of feeds in the order of their last change."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import orjson

from stcrm_pandas.contract.operations import ACTIVE, ORDER_BY, Operation
from stcrm_pandas.sandbox.service.filters import FILTERS, all_of, data_view, has_data_of, has_values
from stcrm_pandas.sandbox.service.request import (
    FROM,
    LARGEST_PAGE,
    OF_LISTS,
    ApiRequest,
    Handler,
    parse_query,
)
from stcrm_pandas.sandbox.service.responses import HttpError, ResponseBody
from stcrm_pandas.sandbox.store.clock import SECOND, parse_time
from stcrm_pandas.sandbox.store.store import Condition, FeedPosition
from stcrm_pandas.sandbox.store.tables import TABLES

DEFAULT_PAGE_SIZE = 50
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
"""The order of lists of contacts: an edit moves a row to the end, even during pagination."""


def _order(operation: Operation, table: str, values: dict[str, Any], default: str) -> str:
    if operation.sort is ORDER_BY:
        field, direction = values.get("orderBy", "Id"), values.get("orderByDirection", "Ascending").lower()
        if direction not in {"asc", "ascending", "desc", "descending"}:
            message = f"The value '{direction}' is not valid."
            raise HttpError(400, errors={"orderByDirection": [message]}, rule="sorting")
        sign = "-" if direction.startswith("desc") else "+"
        name = "orderBy"
    elif operation.sort and "sort" in values:
        # A plus that was not encoded arrives as a space, which is not a sign.
        sign, field, name = values["sort"][:1], values["sort"][1:], "sort"
    else:
        return default
    allowed = _SORTABLE.get(table, ("Id", "ModifiedOn", "CreatedOn"))
    if sign not in {"+", "-"} or field.lower() not in {name.lower() for name in allowed}:
        value = field if name == "orderBy" else values["sort"]
        message = f"The value '{value[:80]}' is not valid for {name[0].upper()}{name[1:]}."
        raise HttpError(400, errors={name: [message]}, rule="sorting")
    order = "ASC" if sign == "+" else "DESC"
    by_id = f"t.id {order}"
    return by_id if field.lower() == "id" else f"{_SORTS[field.lower()]} {order}, {by_id}"


def paginated(
    table: str,
    *,
    within: Callable[[ApiRequest], Condition] | None = None,
    order: str = BY_ID,
    requires_one_of: tuple[str, ...] = (),
    omit: str | None = None,
) -> Handler:
    """Return the handler of a paginated list.

    `within` gives the condition that the path sets, `requires_one_of` are filters of which one must be present, and
    `omit` is a field left out of the rows.
    """

    def handle(request: ApiRequest) -> ResponseBody:
        operation = request.operation
        values = parse_query(
            request.query,
            (*operation.filters, *OF_LISTS),
            strict=request.by_the_book,
        )
        page, size = _page(values)
        conditions = _conditions(operation, table, values)
        if requires_one_of and not any(name in values for name in requires_one_of):
            message = f"One of {', '.join(requires_one_of)} must be given."
            errors = {requires_one_of[0]: [message]}
            raise HttpError(400, errors=errors, rule="contacts are requested by parent or date")
        if within is not None:
            conditions.append(within(request))
        view, view_values = _view(values)
        if omit is not None:
            view = f"json_remove(t.body, '$.{omit}')"
        rows = request.store.page(
            table,
            all_of(conditions),
            _order(operation, table, values, order),
            (page - 1) * size,
            size,
            view,
            view_values,
        )
        envelope = {
            "page": page,
            "pageSize": size,
            "hasMore": page * size < rows.total,
            "totalCount": rows.total if values.get("includeTotal") else None,
        }
        return ResponseBody(rows.pieces, envelope)

    return handle


def _page(values: dict[str, Any]) -> tuple[int, int]:
    page, size = values.get("page", 1), values.get("pageSize", DEFAULT_PAGE_SIZE)
    errors = {}
    if not 1 <= page < 2**31:
        errors["page"] = ["The page must be 1 or more."]
    if not 1 <= size <= LARGEST_PAGE:
        errors["pageSize"] = [f"The page size must be between 1 and {LARGEST_PAGE}."]
    if errors:
        raise HttpError(400, errors=errors, rule="pages")
    return page, size


def _conditions(operation: Operation, table: str, values: dict[str, Any]) -> list[Condition]:
    filters = dict(FILTERS[table])
    if values.get("excludeAccountingChangesFromModifiedDateRange"):
        filters["modifiedOnOrAfter"] = lambda value: Condition("t.edited >= ?", (value,))
        filters["modifiedBefore"] = lambda value: Condition("t.edited < ?", (value,))
    known = {field.name for field in operation.filters}
    conditions = [filters[name](value) for name, value in values.items() if name in known]
    if TABLES[table].deletes_softly or (ACTIVE in operation.filters and "active" not in values):
        conditions.append(Condition("t.active = 1"))
    return conditions + _external(table, values)


def _external(table: str, values: dict[str, Any]) -> list[Condition]:
    key, wanted = values.get("externalDataKey"), values.get("externalDataValues")
    if (key is None) != (wanted is None):
        present, missing = ("externalDataKey", "externalDataValues")[:: 1 if wanted is None else -1]
        message = f"It must be given together with {present}."
        raise HttpError(400, errors={missing: [message]}, rule="external data is filtered by key and values")
    application = values.get("externalDataApplicationGuid")
    conditions = []
    if application is not None and table in {"customers", "locations"}:
        conditions.append(has_data_of(application))
    if key is not None and wanted is not None:
        conditions.append(has_values(application, key, wanted))
    return conditions


def _view(values: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    if values.get("genPermUrl"):
        link = "'\"leadUrl\":\"https://go.servicetitan.example/leads/' || t.id || '\"'"
        return f"replace(t.body, '\"leadUrl\":null', {link})", ()
    if "externalDataApplicationGuid" in values:
        return data_view(values["externalDataApplicationGuid"])
    return "t.body", ()


RECENT = 600 * SECOND
"""Ticks for which a feed with `includeRecentChanges` repeats changes."""


def feed(table: str) -> Handler:
    """Return the handler of a feed that starts at a token or a date."""

    def handle(request: ApiRequest) -> ResponseBody:
        filters = (*request.operation.filters, FROM)
        values = parse_query(request.query, filters, strict=request.by_the_book)
        include_recent = values.get("includeRecentChanges")
        start, unfinished = _start(table, values.get("from", ""))
        first = start
        if include_recent and not unfinished:
            # Within one pagination, a feed with more recent rows than fit in a response would never end.
            first = min(start, FeedPosition(request.now - RECENT, 0), key=lambda position: (position.seq, position.row))
        horizon = None if include_recent else request.store.horizon(request.now)
        rows, last = request.store.changes(table, first, request.feed_size, horizon)
        has_more = rows.total > rows.count
        token = _token(table, last if rows.count else start, unfinished=has_more)
        return ResponseBody(rows.pieces, {"hasMore": has_more, "continueFrom": token})

    return handle


def _token(table: str, position: FeedPosition, *, unfinished: bool) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([table, position.seq, position.row, unfinished])).decode().rstrip("=")


def _start(table: str, text: str) -> tuple[FeedPosition, bool]:
    """Return the position of a token or a date, and whether the token's response had more rows after it."""
    if not text:
        return FeedPosition(-1, 0), False
    try:
        return FeedPosition(parse_time(text), -1), False
    except ValueError:
        pass
    try:
        owner, seq, row, unfinished = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if owner == table:
            return FeedPosition(int(seq), int(row)), bool(unfinished)
    except (binascii.Error, ValueError, TypeError):
        pass
    raise HttpError(
        400,
        errors={"from": ["It is neither a token of this feed nor a date."]},
        rule="a feed starts at its token or a date",
    )
