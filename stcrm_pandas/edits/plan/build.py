"""Two frames to a plan: what differs, the calls that make it so, and what is refused. Pure.

Making a plan calls nothing. What only a read can tell is asked by `check`, or by apply before its first write.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.diff.columns import TARGETS, Target
from stcrm_pandas.edits.diff.frames import Changes, diff
from stcrm_pandas.edits.plan.model import BEFORE_READ_AT, Cell, Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.steps import Options, plan_row
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing, read
from stcrm_pandas.frame.matching import key_columns
from stcrm_pandas.http.body import guid
from stcrm_pandas.http.query import split_ids

WARN_ABOVE = 0.25
"""A plan that changes more than this share of all rows says so."""
CUSTOMERS_PER_CALL = 1_000


@dataclass(frozen=True)
class Place:
    """Where a plan may be applied, and when it was made (UTC, ISO 8601)."""

    environment: str
    tenant: int
    made_at: str


def place_of(port: Port) -> Place:
    """The place of a connection, and its clock."""
    now = port.now()
    made_at = now.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Place(port.name, port.tenant, made_at)


def plan_changes(
    resource: str,
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    place: Place,
    options: Options | None = None,
    reason: str | None = None,
    warn_above: float = WARN_ABOVE,
) -> PlanData:
    """The plan that turns `before` into `after`.

    Parameters
    ----------
    resource : str
        The kind of row, as `customers` or `customer_contacts`.
    before : DataFrame
        The frame as it was read; `attrs` say whose it is.
    after : DataFrame
        The same, repaired.
    place : Place
        Where the plan may be applied.
    options : Options, optional
        Changes that are allowed, and refused otherwise.
    reason : str, optional
        Why it is done; the journal keeps it.
    warn_above : float, default WARN_ABOVE
        The share of all rows above which the plan warns.

    Raises
    ------
    UsageError
        Frames of another kind, tenant or environment; rows without a key, with one that stands twice, or with one that
        `before` lacks; options that do not fit together.
    """
    options = _sensible(options or Options())
    target = TARGETS[resource]
    named = [at_home(target, frame, name, place) for frame, name in ((before, "before"), (after, "after"))]
    changes = diff(before, after, row=target.row)
    planned = plan_cells(target, changes, before, options)
    extra: dict[str, Any] = {} if named[0] else {"before_unnamed": True}
    if any(cell.consent for step in planned.steps for cell in step.cells):
        extra |= _read_at(before)
    plan = PlanData(
        resource,
        place.environment,
        place.tenant,
        place.made_at,
        tuple(planned.steps),
        tuple(planned.refusals),
        total_rows=len(before),
        warnings=tuple(told(planned.notes)),
        reason=reason,
        options={**options.as_json(), **extra},
    )
    return with_share(plan, len(before), warn_above)


def _read_at(before: pd.DataFrame) -> dict[str, Any]:
    """When a frame was read, by the service's clock, if it says so: opt-ins that were sent since are not sent again."""
    read_at = (before.attrs.get("stcrm") or {}).get("fetched_at")
    return {BEFORE_READ_AT: read_at} if isinstance(read_at, str) else {}


@dataclass(frozen=True)
class PlannedRows:
    """The calls for all rows, opt-outs first, and what was refused; `notes` are the words of what they do besides."""

    steps: list[Step]
    refusals: list[Refusal]
    notes: list[str]


def plan_cells(target: Target, changes: Changes, before: pd.DataFrame, options: Options) -> PlannedRows:
    """The calls that make changes."""
    refusals = [
        Refusal((), name, "it is no column that can be compared with what was read", "take it out, or read it, too")
        for name in changes.unknown_columns
    ]
    found = changes.unreadable
    refusals += [
        Refusal(key, column, why, "repair the cell; it counts as untouched")
        for key, column, why in zip(_keys(target, found), found["column"], found["why"], strict=True)
    ]
    by_row: dict[Key, list[tuple[str, Any, Any]]] = {}
    frame = changes.frame
    for key, column, old, new in zip(_keys(target, frame), frame["column"], frame["old"], frame["new"], strict=True):
        by_row.setdefault(key, []).append((column, old, new))
    steps: list[Step] = []
    notes: list[str] = []
    for key, row in rows_of(target, before, by_row):
        missing = [column for column in target.path.values() if is_missing(row.get(column))]
        if missing:
            refusals.append(Refusal(key, "", f"the call needs {missing[0]}, which the frame lacks", "read it, too"))
            continue
        planned = plan_row(target, key, by_row[key], row, options)
        refusals += planned.refusals
        if planned.step is not None:
            steps.append(planned.step)
            notes += planned.notes
    return PlannedRows(in_order(in_bulk(target, steps)), refusals, notes)


def in_order(steps: Iterable[Step]) -> list[Step]:
    """Opt-outs first; otherwise as they stand."""
    return sorted(steps, key=lambda step: not step.opt_out)


def in_bulk(target: Target, steps: Sequence[Step]) -> list[Step]:
    """Customers whose tags alone change, in one way, by the bulk operation: it leaves all other tags alone."""
    if target.resource != "customers":
        return list(steps)
    alike: dict[tuple[Cell, ...], list[Step]] = {}
    others: list[Step] = []
    for step in steps:
        one_way = len({bool(cell.new) for cell in step.cells}) == 1
        if set(step.set) == {"tagTypeIds"} and one_way:
            alike.setdefault(tuple(sorted(step.cells, key=lambda cell: cell.column)), []).append(step)
        else:
            others.append(step)
    return [*others, *(call for cells, same in alike.items() for call in bulk_calls(cells, [one.key for one in same]))]


def bulk_calls(cells: Sequence[Cell], keys: Sequence[Key]) -> list[Step]:
    """Calls that add the same tags to many customers, or take them away."""
    tags = [int(cell.column.partition(".")[2]) for cell in cells]
    operation = "BulkTags_AddTags" if cells[0].new else "BulkTags_RemoveTags"
    return [
        Step(tuple(part), operation, {}, {"customerIds": [key[0] for key in part], "tagTypeIds": tags}, tuple(cells))
        for part in split_ids(keys, CUSTOMERS_PER_CALL)
    ]


def rows_of(
    target: Target, frame: pd.DataFrame, wanted: Mapping[Key, object] | None
) -> Iterable[tuple[Key, dict[str, Any]]]:
    """The wanted rows of a frame, or all, with their keys, in its order: column to value."""
    in_index = [name for name in target.row.key if name in frame.index.names and name not in frame.columns]
    frame = frame.reset_index(in_index) if in_index else frame
    keys = list(zip(*(_listed(one) for one in key_columns(target.row, frame, "before")), strict=True))
    places = [place for place, key in enumerate(keys) if wanted is None or key in wanted]
    some = frame.iloc[places]
    columns: dict[str, Sequence[Any]] = {}
    for name in some.columns:
        if name in target.columns:
            columns[str(name)] = _listed(read(target.columns[str(name)], some[name]).cells)
        elif name in ("active", "merged_to_id"):
            columns[str(name)] = some[name].astype(object).tolist()
    for number, place in enumerate(places):
        yield keys[place], {name: values[number] for name, values in columns.items()}


def with_share(plan: PlanData, rows: int, warn_above: float) -> PlanData:
    """The plan, with a warning where it changes more than a share of all rows."""
    changed = len({key for _, key in plan.keys})
    if rows and changed / rows > warn_above:
        warning = f"It changes {changed:,} of {rows:,} rows, more than {warn_above:.0%}."
        return replace(plan, warnings=(warning, *plan.warnings))
    return plan


def told(notes: Sequence[str]) -> list[str]:
    """Notes of rows as warnings, equal ones in one with their count."""
    counts = Counter(notes)
    return [note.format(f"{count:,} row{'' if count == 1 else 's'}") + "." for note, count in counts.items()]


def _keys(target: Target, frame: pd.DataFrame) -> list[Key]:
    return list(zip(*(_listed(frame[name]) for name in target.row.key), strict=True))


def _listed(cells: Any) -> list[Any]:
    return np.asarray(cells, dtype=object).tolist()  # type: ignore[no-any-return]


def _sensible(options: Options) -> Options:
    if options.allow_opt_in and not (options.consent_source or "").strip():
        raise UsageError("allow_opt_in=True needs consent_source='…': who agreed, when and how. The journal keeps it.")
    if options.consent_source and not options.allow_opt_in:
        raise UsageError("consent_source is of use with allow_opt_in=True only.")
    if options.application_guid is None:
        return options
    try:
        return replace(options, application_guid=guid(options.application_guid))
    except ValueError as error:
        raise UsageError(f"application_guid: {error}.") from None


def at_home(target: Target, frame: pd.DataFrame, name: str, place: Place) -> bool:
    """Whether a frame says whose it is.

    Raises
    ------
    UsageError
        It is of another tenant, environment or kind.
    """
    about = frame.attrs.get("stcrm") or {}
    tenant, environment = about.get("tenant"), about.get("environment")
    if tenant is not None and int(tenant) != place.tenant:
        raise UsageError(
            f"`{name}` is of tenant {tenant}, this connection of tenant {place.tenant}: connect to tenant {tenant}."
        )
    if environment is not None and environment != place.environment:
        raise UsageError(
            f"`{name}` is of {environment}, this connection of {place.environment}: connect to {environment}."
        )
    operation = OPERATIONS.get(str(about.get("operation")))
    if operation is not None and operation.row is not None:
        same = operation.resource == target.call.resource and operation.row.key == target.row.key
        if not same and not set(target.row.key) <= set(frame.columns):
            raise UsageError(f"`{name}` is what {operation.name} gave, not rows of {target.resource}.")
        other = [one for one in TARGETS.values() if one.row.key == operation.row.key and one.row is operation.row]
        if not same and other:
            raise UsageError(f"`{name}` has rows of {other[0].resource}, not of {target.resource}.")
    return tenant is not None and environment is not None
