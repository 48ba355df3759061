"""Plans of actions other than field changes: dismissals, follow-ups, and tags of many customers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.columns import TARGETS, Target
from stcrm_pandas.edits.plan.build import WARN_ABOVE, Origin, bulk_steps, check_origin, rows_of, warn_if_many
from stcrm_pandas.edits.plan.model import Cell, Key, PlanData, Refusal, Step
from stcrm_pandas.edits.values import to_json
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.customers import merged_into
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.http.body import check_body
from stcrm_pandas.http.query import whole_number
from stcrm_pandas.output.printable import closest

OPEN = {"leads": ("Open",), "bookings": ("New", "Accepted")}
"""Statuses in which a row can be dismissed."""


def plan_dismiss(
    resource: str, frame: pd.DataFrame, values: Mapping[str, Any], *, origin: Origin, reason: str | None = None
) -> PlanData:
    """Return the plan that dismisses leads or bookings. It cannot be undone.

    Parameters
    ----------
    resource : str
        `leads` or `bookings`.
    frame : DataFrame
        The rows as read. A row that was modified since is a conflict when the plan is applied.
    values : mapping
        The arguments of the operation, by their names in snake_case.
    origin : Origin
        Environment, tenant and time of the plan.

    Raises
    ------
    UsageError
        The frame is of another tenant or lacks a column, or a value has the wrong type.
    """
    operation = "Leads_Dismiss" if resource == "leads" else "Bookings_DismissBooking"
    body = _body(operation, values, None)
    becomes = {"status": "Dismissed"}
    if "dismissingReasonId" in body:
        becomes["dismissing_reason_id"] = body["dismissingReasonId"]
    return _plan(TARGETS[resource], operation, frame, body, becomes, origin=origin, reason=reason)


def plan_follow_up(
    frame: pd.DataFrame,
    values: Mapping[str, Any],
    *,
    origin: Origin,
    time_zone: str | None = None,
    reason: str | None = None,
) -> PlanData:
    """Return the plan that gives leads a follow-up date. It cannot be undone.

    Parameters
    ----------
    frame : DataFrame
        The leads as read.
    values : mapping
        `follow_up_date`, and `text` and `pin_to_top` of a note.
    origin : Origin
        Environment, tenant and time of the plan.
    time_zone : str, optional
        The time zone of dates without one.

    Raises
    ------
    UsageError
        As `plan_dismiss`.
    """
    operation = "Leads_CreateFollowUp"
    body = _body(operation, values, time_zone)
    becomes = {"follow_up_date": body["followUpDate"]}
    return _plan(TARGETS["leads"], operation, frame, body, becomes, origin=origin, reason=reason)


def _plan(
    target: Target,
    operation: str,
    frame: pd.DataFrame,
    body: dict[str, Any],
    becomes: Mapping[str, Any],
    *,
    origin: Origin,
    reason: str | None,
) -> PlanData:
    call = OPERATIONS[operation]
    named = check_origin(target, frame, "the frame", origin)
    needed = (*target.row.key, *target.path.values(), "status", "modified_on", *becomes)
    for column in dict.fromkeys(needed):
        if column not in frame.columns:
            raise UsageError(f"{call.name}: the frame has no column {column!r}. Read it with crm.{call.shown_by}(…).")
    steps: list[Step] = []
    refusals: list[Refusal] = []
    for key, row in unique_rows(target, frame):
        cells = tuple(
            Cell(column, to_json(row[column], target.columns[column]), new)
            for column, new in becomes.items()
            if to_json(row[column], target.columns[column]) != new
        )
        if row["status"] not in OPEN[target.resource]:
            missing = is_missing(row["status"])
            why = "its status is unknown" if missing else f"it is already {str(row['status']).lower()}"
            refusals.append(Refusal(key, "status", why, "leave the row out"))
        elif is_missing(row["modified_on"]) or is_missing(row[target.path.get("booking_provider", "id")]):
            refusals.append(Refusal(key, "", "its modified_on or provider is missing", "read the row again"))
        elif cells:
            path = {name: to_json(row[column], target.columns[column]) for name, column in target.path.items()}
            expects = {"modified_on": to_json(row["modified_on"], target.columns["modified_on"])}
            steps.append(Step((key,), operation, path, body, cells, expects=expects, irreversible=True))
    return _plan_data(target.resource, origin, steps, refusals, len(frame), reason=reason, named=named)


def plan_tags(
    customers: Any,
    add: Any = None,
    remove: Any = None,
    *,
    origin: Origin,
    reason: str | None = None,
    warn_above: float = WARN_ABOVE,
) -> PlanData:
    """Return the plan that adds tags to many customers, or removes them, with bulk operations.

    Parameters
    ----------
    customers : object
        A frame of customers, or their ids. From a frame, customers who already have a tag to add (or lack one to
        remove) are left out, and so are merged and inactive customers.
    add, remove : object, optional
        Ids of tag types, one or many.
    origin : Origin
        Environment, tenant and time of the plan.

    Raises
    ------
    UsageError
        No tag was given, a tag is in both, a customer appears twice, or an id is not a number.
    """
    added, removed = _ids(add, "add"), _ids(remove, "remove")
    if not added and not removed:
        raise UsageError("tags.plan: give at least one tag type to add or to remove.")
    if both := sorted(set(added).intersection(removed)):
        raise UsageError(f"tags.plan: tag type {both[0]} is in both add and remove. Give it once.")
    target, named = TARGETS["customers"], False
    rows: list[tuple[Key, dict[str, Any]]]
    refusals: list[Refusal] = []
    if isinstance(customers, pd.DataFrame):
        named = check_origin(target, customers, "the frame", origin)
        rows = list(unique_rows(target, customers))
    else:
        rows = [((id,), {}) for id in dict.fromkeys(_ids(customers, "customers"))]
    groups: dict[tuple[Cell, ...], list[Key]] = {}
    for key, row in rows:
        if (why := _inactive_reason(row)) is not None:
            refusals.append(Refusal(key, "tag_type_ids", *why))
            continue
        has = row.get("tag_type_ids")
        for tags, new in ((added, True), (removed, False)):
            cells = tuple(
                Cell(f"tag_type_ids.{tag}", not new, new) for tag in tags if has is None or (tag in has) is not new
            )
            if cells:
                groups.setdefault(cells, []).append(key)
    steps = [step for cells, keys in groups.items() for step in bulk_steps(cells, keys)]
    plan = _plan_data("tags", origin, steps, refusals, len(rows), reason=reason, named=named)
    return warn_if_many(plan, len(rows), warn_above) if isinstance(customers, pd.DataFrame) else plan


def has_names(tag_types: Any) -> bool:
    """Return whether tag types are given by name, not only by id."""
    return any(isinstance(tag, str) and not tag.strip().isdecimal() for tag in _as_list(tag_types))


def ids_of_names(tag_types: Any, known: pd.DataFrame, parameter: str) -> list[Any]:
    """Return tag types with ids for names; of equal names, the active one counts.

    Parameters
    ----------
    tag_types : object
        Ids or names, one or many.
    known : DataFrame
        All tag types.
    parameter : str
        The parameter of `tags.plan`, for messages.

    Raises
    ------
    UsageError
        No tag type has a name, or several have it.
    """
    ids: list[Any] = []
    for tag in _as_list(tag_types):
        if not has_names(tag):
            ids.append(tag)
            continue
        named = known[known["name"] == tag]
        if len(named) > 1:
            named = named[named["active"].fillna(False)]
        if len(named) != 1:
            near = closest(tag, known["name"].dropna())
            hint = f" Did you mean {near!r}?" if near else " crm.lookups.tag_types.list() has all."
            many = f"several tag types are named {tag!r}. Give the id."
            raise UsageError(
                f"tags.plan({parameter}=…): {many if len(named) else f'no tag type is named {tag!r}.{hint}'}"
            )
        ids.append(named["id"].iloc[0])
    return ids


def unique_rows(target: Target, frame: pd.DataFrame) -> Iterable[tuple[Key, dict[str, Any]]]:
    """Yield all rows of a frame with their keys.

    Raises
    ------
    UsageError
        A key appears twice or is missing.
    """
    seen: set[Key] = set()
    for key, row in rows_of(target, frame, None):
        if key in seen:
            raise UsageError(
                f"{target.resource}: {'/'.join(map(str, key))} appears twice in the frame. Drop the duplicate row."
            )
        seen.add(key)
        yield key, row


def _inactive_reason(row: Mapping[str, Any]) -> tuple[str, str] | None:
    active = row.get("active")
    if into := merged_into(row):
        return "it was merged into another row", f"change {into} instead"
    if active is not None and not is_missing(active) and not active:
        return "it is inactive", "give ids instead of the frame to change it anyway"
    return None


def _body(operation: str, values: Mapping[str, Any], time_zone: str | None) -> dict[str, Any]:
    body, problems = check_body(OPERATIONS[operation], values, time_zone=time_zone)
    if problems or body is None:
        raise UsageError(f"{OPERATIONS[operation].name}: {'; '.join(problems)}.")
    return body


def _as_list(values: Any) -> list[Any]:
    if values is None:
        return []
    return list(values) if isinstance(values, Iterable) and not isinstance(values, (str, bytes)) else [values]


def _ids(values: Any, name: str) -> list[int]:
    try:
        return list(dict.fromkeys(whole_number(value) for value in _as_list(values)))
    except ValueError as error:
        raise UsageError(f"tags.plan({name}=…): {error}.") from None


def _plan_data(
    resource: str,
    origin: Origin,
    steps: Sequence[Step],
    refusals: Sequence[Refusal],
    rows: int,
    *,
    reason: str | None,
    named: bool,
) -> PlanData:
    return PlanData(
        resource,
        origin.environment,
        origin.tenant,
        origin.made_at,
        tuple(steps),
        tuple(refusals),
        total_rows=rows,
        reason=reason,
        options={} if named else {"before_unnamed": True},
    )
