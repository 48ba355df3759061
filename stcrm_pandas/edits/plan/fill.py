"""The body of a request: its fixed part, and the other values that the API requires, copied from the row. Pure.

`ROUTES` says how the current rows of each resource are read.

>>> from stcrm_pandas.edits.plan.model import Cell
>>> step = Step(((7,),), "Contacts_Update", {"id": 7}, {"name": "Ann"}, (Cell("name", "ANN", "Ann"),))
>>> body_of(step, {"id": 7, "name": "ANN", "is_archived": False})
{'name': 'Ann', 'isArchived': False}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.edits.columns import OTHER_OPERATIONS, Target, target_of
from stcrm_pandas.edits.plan.model import Cell, Step
from stcrm_pandas.edits.values import parts_of, to_json
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing

OLDER, BOTH = "invoiceStatementNotification", ("invoiceNotification", "statementNotification")


class CannotFill(UsageError):
    """The row lacks a value that the API requires; `column` names it, `instead` says what to do."""

    def __init__(self, message: str, column: str, instead: str = "") -> None:
        super().__init__(message)
        self.column, self.instead = column, instead or f"give {column}"


def body_of(step: Step, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a request: its fixed part and the fill from a row.

    Parameters
    ----------
    step : Step
        The step of the plan.
    row : mapping
        Column to value as in a frame, just read; not used for bulk requests.

    Raises
    ------
    CannotFill
        The row lacks a value that the API requires.
    """
    return join_parts(step.set, fill_of(step, row))


def fill_of(step: Step, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fill of a request from a row, nested like the body.

    Raises
    ------
    CannotFill
        As `body_of`.
    """
    if step.operation in OTHER_OPERATIONS:
        return {}
    target = target_of(step.operation)
    fill: dict[str, Any] = {}
    if "address" in step.set:
        fill["address"] = _address(target, step.set["address"], row)
    if "preferences" in step.set:
        fill["preferences"] = _preferences(target, step.set["preferences"], row)
    if "tagTypeIds" in step.set:
        named = _named(step.cells, "tag_type_ids")
        fill["tagTypeIds"] = [int(tag) for tag in parts_of("tag_type_ids", row.get("tag_type_ids")) if tag not in named]
    if "customFields" in step.set:
        named = _named(step.cells, "custom_fields")
        fields = _custom_fields(row)
        fill["customFields"] = [
            {"typeId": int(type_id), "value": value}
            for type_id, value in fields.items()
            if type_id not in named and value is not None
        ]
    if "is_archived" in target.columns and "isArchived" not in step.set:
        fill["isArchived"] = _needed(target, "is_archived", row)
    return {name: part for name, part in fill.items() if part not in ({}, [])}


def join_parts(fixed: Mapping[str, Any], fill: Mapping[str, Any]) -> dict[str, Any]:
    """Return both parts of a body in one. Leaving a custom field out of the list clears it."""
    body = {**fixed, **{name: part for name, part in fill.items() if name not in fixed}}
    for name in fixed.keys() & fill.keys():
        body[name] = {**fill[name], **fixed[name]} if isinstance(fill[name], Mapping) else [*fill[name], *fixed[name]]
    if "customFields" in body:
        body["customFields"] = [
            custom_field for custom_field in body["customFields"] if custom_field["value"] is not None
        ]
    return body


def _address(target: Target, fixed: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    fill: dict[str, Any] = {}
    for part in target.parts("address"):
        column = f"address_{snake(part.name)}"
        if part.name in fixed or column not in target.columns:
            continue
        value = to_json(row.get(column), target.columns[column])
        if value is None and part.name == "unit":
            value = ""
        if value is None and part.required:
            _refuse_unread(target, column, row)
            raise CannotFill(f"{column} is missing, and the API requires the complete address", column)
        fill[part.name] = value
    return fill


def _preferences(target: Target, fixed: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    opt_out = not any(fixed.values())
    fill: dict[str, Any] = {}
    for part in target.parts("preferences"):
        column = f"preferences_{snake(part.name)}"
        if part.name in fixed or part.name == OLDER:
            continue
        value = to_json(row.get(column), target.columns[column])
        if value is None and not opt_out:
            _refuse_unread(target, column, row)
            raise CannotFill(f"{column} is missing, and the API requires all preferences", column)
        fill[part.name] = bool(value)
    flags = {**fill, **fixed}
    return {**fill, OLDER: all(flags[name] for name in BOTH)}


def _refuse_unread(target: Target, column: str, row: Mapping[str, Any]) -> None:
    """Raise if the frame lacks a column, as opposed to a value.

    Raises
    ------
    CannotFill
        The frame lacks the column; the message says how to read it.
    """
    if column not in row:
        read = OPERATIONS[ROUTES[target.resource].operation].name
        raise CannotFill(
            f"the frame has no column {column}, and the API requires this part of the row completely",
            column,
            f"keep all columns of crm.{read}(…) in both frames, or add {column}",
        )


def _custom_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the custom fields by type. The complete list is sent: a field that is not in it would be deleted."""
    cell: Any = row.get("custom_fields")
    fields = parts_of("custom_fields", cell)
    for custom_field in () if is_missing(cell) else cell:
        if is_missing(custom_field.value):
            continue
        if is_missing(custom_field.type_id) or fields[str(int(custom_field.type_id))] != custom_field.value:
            what = "has no type" if is_missing(custom_field.type_id) else f"({int(custom_field.type_id)}) appears twice"
            raise CannotFill(
                f"one of the custom fields {what} and would be lost, because the API replaces all of them at once by "
                "type",
                "custom_fields",
                "correct that field in ServiceTitan first",
            )
    return fields


def _needed(target: Target, column: str, row: Mapping[str, Any]) -> Any:
    if is_missing(row.get(column)):
        _refuse_unread(target, column, row)
        raise CannotFill(f"{column} is missing, and the API requires it", column)
    return to_json(row[column], target.columns[column])


def _named(cells: Sequence[Cell], column: str) -> set[str]:
    """Return the changed parts of a column."""
    return {cell.column.partition(".")[2] for cell in cells if cell.column.startswith(f"{column}.")}


EPOCH = "1970-01-01T00:00:00Z"
"""Contacts of customers and locations are read from this date: the API requires one, and this one excludes none."""


@dataclass(frozen=True)
class Route:
    """How current rows of one resource are read.

    Parameters
    ----------
    operation : str
        The operationId.
    shared : int, default 0
        Number of leading parts of the key that all rows of one request share; 0 if a request names ids.
    ids : str, optional
        The query parameter for ids, the first part of the key.
    query : tuple[tuple[str, str], ...], default ()
        Other query parameters.
    path : tuple[tuple[str, str], ...], default ()
        Path parameters, with the column of the key for each.
    """

    operation: str
    shared: int = 0
    ids: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    path: tuple[tuple[str, str], ...] = ()


ROUTES: Mapping[str, Route] = {
    "customers": Route("Customers_GetList", ids="ids", query=(("active", "Any"),)),
    "locations": Route("Locations_GetList", ids="ids", query=(("active", "Any"),)),
    "leads": Route("Leads_GetList", ids="ids"),
    "bookings": Route("Bookings_GetList", ids="ids"),
    "booking_provider_tags": Route("BookingProviderTags_GetList", ids="ids"),
    "customer_contacts": Route(
        "Customers_GetModifiedContactsList", ids="customerIds", query=(("modifiedOnOrAfter", EPOCH),)
    ),
    "location_contacts": Route(
        "Locations_GetLocationsContactsList", ids="locationIds", query=(("modifiedOnOrAfter", EPOCH),)
    ),
    "booking_contacts": Route(
        "Bookings_GetContactList2",
        shared=2,
        path=(("booking_provider", "booking_provider_id"), ("id", "booking_id")),
    ),
    "contacts": Route("Contacts_Get", shared=1, path=(("id", "id"),)),
    "contact_methods": Route("ContactMethods_GetContactMethods", shared=1, path=(("contactId", "contact_id"),)),
    "contact_preferences": Route(
        "ContactPreferences_GetContactMethodPreferences",
        shared=2,
        path=(("contactId", "contact_id"), ("contactMethodId", "contact_method_id")),
    ),
}
"""Resource to route."""
