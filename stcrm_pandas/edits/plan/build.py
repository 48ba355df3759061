"""Turn two frames into a plan: changed cells, the requests that change them, and refusals. Pure.

Making a plan sends no request. Checks that need a read are made by `check`, or by apply before its first write.
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
from stcrm_pandas.edits.columns import TARGETS, Target
from stcrm_pandas.edits.diff import Changes, diff
from stcrm_pandas.edits.plan.model import BEFORE_READ_AT, Cell, Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.steps import PlanOptions, plan_row
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing, read
from stcrm_pandas.frame.matching import key_columns
from stcrm_pandas.http.query import guid, split_ids
from stcrm_pandas.output.printable import plural

WARN_ABOVE = 0.25
"""A plan that changes more than this share of all rows has a warning."""
_FEW_ROWS = 20
"""With fewer rows, a plan has no such warning: a share of them means little."""
CUSTOMERS_PER_CALL = 1_000
BULK = ("BulkTags_AddTags", "BulkTags_RemoveTags")
"""Operations that change the tags of many customers."""


@dataclass(frozen=True)
class Origin:
    """The environment and tenant of a plan, and when it was made (UTC, ISO 8601)."""

    environment: str
    tenant: int
    made_at: str


def origin_of(port: Port) -> Origin:
    """Return the origin of a plan made now over a connection."""
    now = port.now()
    made_at = now.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Origin(port.name, port.tenant, made_at)


def plan_changes(
    resource: str,
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    origin: Origin,
    options: PlanOptions | None = None,
    reason: str | None = None,
    warn_above: float = WARN_ABOVE,
) -> PlanData:
    """Return the plan that changes `before` to `after`.

    Parameters
    ----------
    resource : str
        The resource, for example `customers` or `customer_contacts`.
    before : DataFrame
        The frame as read; its `attrs` name the tenant.
    after : DataFrame
        The edited frame.
    origin : Origin
        Environment, tenant and time of the plan.
    options : PlanOptions, optional
        Permissions for changes that are refused otherwise.
    reason : str, optional
        Why the change is made. It is stored in the journal.
    warn_above : float, default WARN_ABOVE
        The share of all rows above which the plan has a warning.

    Raises
    ------
    UsageError
        The frames are of another resource, tenant or environment; a key is missing, appears twice, or is not in
        `before`; or the options do not fit together.
    """
    options = _checked_options(options or PlanOptions())
    target = TARGETS[resource]
    named = [check_origin(target, frame, name, origin) for frame, name in ((before, "before"), (after, "after"))]
    changes = diff(before, after, row=target.row)
    planned = plan_cells(target, changes, before, options)
    extra: dict[str, Any] = {} if named[0] else {"before_unnamed": True}
    if any(cell.consent for step in planned.steps for cell in step.cells):
        extra |= _read_at(before)
    plan = PlanData(
        resource,
        origin.environment,
        origin.tenant,
        origin.made_at,
        tuple(planned.steps),
        tuple(planned.refusals),
        total_rows=len(before),
        warnings=tuple(notes_as_warnings(planned.notes)),
        reason=reason,
        options={**options.as_json(), **extra},
    )
    return warn_if_many(plan, len(before), warn_above)


def _read_at(before: pd.DataFrame) -> dict[str, Any]:
    """Return when a frame was read, by the service's clock: opt-ins sent since then are not sent again."""
    read_at = (before.attrs.get("stcrm") or {}).get("fetched_at")
    return {BEFORE_READ_AT: read_at} if isinstance(read_at, str) else {}


@dataclass(frozen=True)
class PlannedRows:
    """The requests for all rows, opt-outs first; refusals; and notes on effects beyond the cells."""

    steps: list[Step]
    refusals: list[Refusal]
    notes: list[str]


def plan_cells(target: Target, changes: Changes, before: pd.DataFrame, options: PlanOptions) -> PlannedRows:
    """Return the requests that make some changes."""
    refusals = [
        Refusal((), name, "this column cannot be compared with what was read", "drop the column, or read it, too")
        for name in changes.unknown_columns
    ]
    unreadable = changes.unreadable
    refusals += [
        Refusal(key, column, why, "correct the cell; until then it counts as unchanged")
        for key, column, why in zip(_keys(target, unreadable), unreadable["column"], unreadable["why"], strict=True)
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
            refusals.append(
                Refusal(key, "", f"the request needs {missing[0]}, which is missing", "read that column, too")
            )
            continue
        planned = plan_row(target, key, by_row[key], row, options)
        refusals += planned.refusals
        if planned.step is not None:
            steps.append(planned.step)
            notes += planned.notes
    return PlannedRows(opt_outs_first(merge_into_bulk(target, steps)), refusals, notes)


def opt_outs_first(steps: Iterable[Step]) -> list[Step]:
    """Return the steps with opt-outs first."""
    return sorted(steps, key=lambda step: not step.opt_out)


def merge_into_bulk(target: Target, steps: Sequence[Step]) -> list[Step]:
    """Return the steps with bulk requests for customers who only gain or only lose tags."""
    if target.resource != "customers":
        return list(steps)
    alike: dict[tuple[Cell, ...], list[Step]] = {}
    others: list[Step] = []
    for step in steps:
        one_way = len({bool(cell.new) for cell in step.cells}) == 1
        opts_in = any(cell.consent for cell in step.cells)  # checked row by row, directly before it is sent
        if set(step.set) == {"tagTypeIds"} and one_way and not opts_in:
            alike.setdefault(tuple(sorted(step.cells, key=lambda cell: cell.column)), []).append(step)
        else:
            others.append(step)
    return [
        *others,
        *(call for cells, same in alike.items() for call in bulk_steps(cells, [step.key for step in same])),
    ]


def bulk_steps(cells: Sequence[Cell], keys: Sequence[Key]) -> list[Step]:
    """Return the steps that add the same tags to many customers, or remove them."""
    tags = [int(cell.column.partition(".")[2]) for cell in cells]
    operation = "BulkTags_AddTags" if cells[0].new else "BulkTags_RemoveTags"
    return [
        Step(tuple(part), operation, {}, {"customerIds": [key[0] for key in part], "tagTypeIds": tags}, tuple(cells))
        for part in split_ids(keys, CUSTOMERS_PER_CALL)
    ]


def rows_of(
    target: Target, frame: pd.DataFrame, wanted: Mapping[Key, object] | None
) -> Iterable[tuple[Key, dict[str, Any]]]:
    """Yield the wanted rows of a frame, or all rows, with their keys: column to value."""
    in_index = [name for name in target.row.key if name in frame.index.names and name not in frame.columns]
    frame = frame.reset_index(in_index) if in_index else frame
    keys = list(zip(*(_to_list(cells) for cells in key_columns(target.row, frame, "before")), strict=True))
    positions = [position for position, key in enumerate(keys) if wanted is None or key in wanted]
    some = frame.iloc[positions]
    columns: dict[str, Sequence[Any]] = {}
    for name in some.columns:
        if name in target.columns:
            columns[str(name)] = _to_list(read(target.columns[str(name)], some[name]).cells)
        elif name in ("active", "merged_to_id"):
            columns[str(name)] = some[name].astype(object).tolist()
    for number, position in enumerate(positions):
        yield keys[position], {name: values[number] for name, values in columns.items()}


def warn_if_many(plan: PlanData, rows: int, warn_above: float) -> PlanData:
    """Return the plan, with a warning if it changes more than a share of all rows, and these are not few."""
    changed = len({key for _, key in plan.keys})
    if rows >= _FEW_ROWS and changed / rows > warn_above:
        warning = f"The plan changes {changed:,} of {rows:,} rows, more than {warn_above:.0%}."
        return replace(plan, warnings=(warning, *plan.warnings))
    return plan


def notes_as_warnings(notes: Iterable[str] | Mapping[str, int]) -> list[str]:
    """Return notes of rows as warnings; equal notes become one with their count."""
    return [note.format(plural(count, "row")) + "." for note, count in Counter(notes).items()]


def _keys(target: Target, frame: pd.DataFrame) -> list[Key]:
    return list(zip(*(_to_list(frame[name]) for name in target.row.key), strict=True))


def _to_list(cells: Any) -> list[Any]:
    return np.asarray(cells, dtype=object).tolist()  # type: ignore[no-any-return]


def _checked_options(options: PlanOptions) -> PlanOptions:
    if options.allow_opt_in and not (options.consent_source or "").strip():
        raise UsageError(
            "allow_opt_in=True needs consent_source='…': who consented, when and how. It is stored in the journal."
        )
    if options.consent_source and not options.allow_opt_in:
        raise UsageError("consent_source has no effect without allow_opt_in=True: give both or neither.")
    if options.application_guid is None:
        return options
    try:
        return replace(options, application_guid=guid(options.application_guid))
    except ValueError as error:
        raise UsageError(f"application_guid: {error}.") from None


def check_origin(target: Target, frame: pd.DataFrame, name: str, origin: Origin) -> bool:
    """Return whether a frame names its tenant and environment.

    Raises
    ------
    UsageError
        The frame is of another tenant, environment or resource.
    """
    about = frame.attrs.get("stcrm") or {}
    tenant, environment = about.get("tenant"), about.get("environment")
    if tenant is not None and int(tenant) != origin.tenant:
        raise UsageError(
            f"`{name}` has rows of tenant {tenant}, but this connection is to tenant {origin.tenant}: connect to "
            f"tenant {tenant}."
        )
    if environment is not None and environment != origin.environment:
        raise UsageError(
            f"`{name}` has rows of {environment}, but this connection is to {origin.environment}: connect to "
            f"{environment}."
        )
    operation = OPERATIONS.get(str(about.get("operation")))
    if operation is not None and operation.row is not None:
        same = operation.resource == target.call.resource and operation.row.key == target.row.key
        if not same and not set(target.row.key) <= set(frame.columns):
            raise UsageError(f"`{name}` was read with {operation.name} and has no rows of {target.resource}.")
        other = [kind for kind in TARGETS.values() if kind.row.key == operation.row.key and kind.row is operation.row]
        if not same and other:
            raise UsageError(
                f"`{name}` has rows of {other[0].resource}, not {target.resource}: use the method for those."
            )
    return tenant is not None and environment is not None
