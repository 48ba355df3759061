"""Plans of calls that are no change of a row's fields: dismissals, follow-ups, tags of many customers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.diff.columns import TARGETS, Target
from stcrm_pandas.edits.diff.values import to_json
from stcrm_pandas.edits.plan.build import WARN_ABOVE, Place, at_home, bulk_calls, rows_of, with_share
from stcrm_pandas.edits.plan.merges import merged_into
from stcrm_pandas.edits.plan.model import Cell, Key, PlanData, Refusal, Step
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.http.body import checked
from stcrm_pandas.http.query import whole_number

OPEN = {"leads": ("Open",), "bookings": ("New", "Accepted")}
"""The states out of which a row can be dismissed."""


def plan_dismiss(
    resource: str, frame: pd.DataFrame, given: Mapping[str, Any], *, place: Place, reason: str | None = None
) -> PlanData:
    """The plan that dismisses leads or bookings. It cannot be undone.

    Parameters
    ----------
    resource : str
        `leads` or `bookings`.
    frame : DataFrame
        The rows, as they were read: a row that was modified since is a conflict when the plan is applied.
    given : mapping
        What the call takes, by its names in snake_case.
    place : Place
        Where the plan may be applied.

    Raises
    ------
    UsageError
        The frame is of another tenant, lacks a column that is needed, or a value is not of its kind.
    """
    operation = "Leads_Dismiss" if resource == "leads" else "Bookings_DismissBooking"
    body = _body(operation, given, None)
    becomes = {"status": "Dismissed"}
    if "dismissingReasonId" in body:
        becomes["dismissing_reason_id"] = body["dismissingReasonId"]
    return _plan(TARGETS[resource], operation, frame, body, becomes, place=place, reason=reason)


def plan_follow_up(
    frame: pd.DataFrame,
    given: Mapping[str, Any],
    *,
    place: Place,
    time_zone: str | None = None,
    reason: str | None = None,
) -> PlanData:
    """The plan that gives leads a date to follow them up. It cannot be undone.

    Parameters
    ----------
    frame : DataFrame
        The leads, as they were read.
    given : mapping
        `follow_up_date`, and `text` and `pin_to_top` of a note.
    place : Place
        Where the plan may be applied.
    time_zone : str, optional
        In which a date without a zone is meant.

    Raises
    ------
    UsageError
        As `plan_dismiss`.
    """
    operation = "Leads_CreateFollowUp"
    body = _body(operation, given, time_zone)
    becomes = {"follow_up_date": body["followUpDate"]}
    return _plan(TARGETS["leads"], operation, frame, body, becomes, place=place, reason=reason)


def _plan(
    target: Target,
    operation: str,
    frame: pd.DataFrame,
    body: dict[str, Any],
    becomes: Mapping[str, Any],
    *,
    place: Place,
    reason: str | None,
) -> PlanData:
    call = OPERATIONS[operation]
    named = at_home(target, frame, "the frame", place)
    needed = (*target.row.key, *target.path.values(), "status", "modified_on", *becomes)
    for column in dict.fromkeys(needed):
        if column not in frame.columns:
            raise UsageError(f"{call.name}: the frame has no column {column!r}: read it with crm.{call.shown_by}(…).")
    steps: list[Step] = []
    refusals: list[Refusal] = []
    for key, row in unrepeated(target, frame):
        cells = tuple(
            Cell(column, to_json(row[column], target.columns[column]), new)
            for column, new in becomes.items()
            if to_json(row[column], target.columns[column]) != new
        )
        if row["status"] not in OPEN[target.resource]:
            state = "of unknown status" if is_missing(row["status"]) else f"{str(row['status']).lower()} already"
            refusals.append(Refusal(key, "status", f"it is {state}", "leave it out"))
        elif is_missing(row["modified_on"]) or is_missing(row[target.path.get("booking_provider", "id")]):
            refusals.append(Refusal(key, "", "it lacks what tells whether it was changed since", "read it anew"))
        elif cells:
            path = {name: to_json(row[column], target.columns[column]) for name, column in target.path.items()}
            expects = {"modified_on": to_json(row["modified_on"], target.columns["modified_on"])}
            steps.append(Step((key,), operation, path, body, cells, expects=expects, irreversible=True))
    return _put_together(target.resource, place, steps, refusals, len(frame), reason=reason, named=named)


def plan_tags(
    customers: Any,
    add: Any = None,
    remove: Any = None,
    *,
    place: Place,
    reason: str | None = None,
    warn_above: float = WARN_ABOVE,
) -> PlanData:
    """The plan that adds tags to many customers and takes others away, by the bulk operations.

    Parameters
    ----------
    customers : object
        A frame of customers, or their ids. Of a frame, customers that have a tag already (or lack it) are left out, and
        so are merged and inactive ones.
    add, remove : object, optional
        Ids of tag types, one or many.
    place : Place
        Where the plan may be applied.

    Raises
    ------
    UsageError
        No tag, the same tag in both, a customer that stands twice, or something that is no id.
    """
    added, removed = _ids(add, "add"), _ids(remove, "remove")
    if not added and not removed:
        raise UsageError("tags.plan: name at least one tag type to add or to remove.")
    if both := sorted(set(added).intersection(removed)):
        raise UsageError(f"tags.plan: tag type {both[0]} is in add and in remove.")
    target, named = TARGETS["customers"], False
    rows: list[tuple[Key, dict[str, Any]]]
    refusals: list[Refusal] = []
    if isinstance(customers, pd.DataFrame):
        named = at_home(target, customers, "the frame", place)
        rows = list(unrepeated(target, customers))
    else:
        rows = [((id,), {}) for id in dict.fromkeys(_ids(customers, "customers"))]
    groups: dict[tuple[Cell, ...], list[Key]] = {}
    for key, row in rows:
        if (why := _closed(row)) is not None:
            refusals.append(Refusal(key, "tag_type_ids", *why))
            continue
        has = row.get("tag_type_ids")
        for tags, new in ((added, True), (removed, False)):
            cells = tuple(
                Cell(f"tag_type_ids.{tag}", not new, new) for tag in tags if has is None or (tag in has) is not new
            )
            if cells:
                groups.setdefault(cells, []).append(key)
    steps = [step for cells, keys in groups.items() for step in bulk_calls(cells, keys)]
    plan = _put_together("tags", place, steps, refusals, len(rows), reason=reason, named=named)
    return with_share(plan, len(rows), warn_above) if isinstance(customers, pd.DataFrame) else plan


def unrepeated(target: Target, frame: pd.DataFrame) -> Iterable[tuple[Key, dict[str, Any]]]:
    """All rows of a frame with their keys.

    Raises
    ------
    UsageError
        A key stands twice, or a row has none.
    """
    seen: set[Key] = set()
    for key, row in rows_of(target, frame, None):
        if key in seen:
            raise UsageError(f"{target.resource}: {'/'.join(map(str, key))} stands twice in the frame.")
        seen.add(key)
        yield key, row


def _closed(row: Mapping[str, Any]) -> tuple[str, str] | None:
    active = row.get("active")
    if into := merged_into(row):
        return "it was merged into another row", f"change {into} instead"
    if active is not None and not is_missing(active) and not active:
        return "it is inactive", "give the ids instead of the frame, if that is meant"
    return None


def _body(operation: str, given: Mapping[str, Any], time_zone: str | None) -> dict[str, Any]:
    body, faults = checked(OPERATIONS[operation], given, time_zone=time_zone)
    if faults or body is None:
        raise UsageError(f"{OPERATIONS[operation].name}: {'; '.join(faults)}.")
    return body


def _ids(given: Any, name: str) -> list[int]:
    if given is None:
        return []
    many = given if isinstance(given, Iterable) and not isinstance(given, (str, bytes)) else [given]
    try:
        return list(dict.fromkeys(whole_number(one) for one in many))
    except ValueError as error:
        raise UsageError(f"tags.plan({name}=…): {error}.") from None


def _put_together(
    resource: str,
    place: Place,
    steps: Sequence[Step],
    refusals: Sequence[Refusal],
    rows: int,
    *,
    reason: str | None,
    named: bool,
) -> PlanData:
    return PlanData(
        resource,
        place.environment,
        place.tenant,
        place.made_at,
        tuple(steps),
        tuple(refusals),
        total_rows=rows,
        reason=reason,
        options={} if named else {"before_unnamed": True},
    )
