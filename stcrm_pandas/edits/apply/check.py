"""Checks of a plan that need a read: other records of a number, active locations, and the tenant of the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from stcrm_pandas.edits.apply.fresh_rows import RowReader
from stcrm_pandas.edits.apply.opt_in_checks import ONE_BY_ONE, OptInChecks, Record
from stcrm_pandas.edits.apply.opt_ins import has_opt_ins
from stcrm_pandas.edits.columns import TARGETS, target_of
from stcrm_pandas.edits.plan.build import BULK, bulk_steps
from stcrm_pandas.edits.plan.model import Cell, Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.steps import PlanOptions, without_cells
from stcrm_pandas.edits.port import Port
from stcrm_pandas.edits.values import current_value
from stcrm_pandas.errors import ServiceError, StcrmError, UsageError
from stcrm_pandas.frame.customers import DORMANT, OPTED_IN
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.output.printable import spelling_key

_TAG_OPTS_IN = (
    "with this tag's name this is an opt-in, which needs the person's consent",
    "if they agreed, crm.customers.plan_changes(…, allow_opt_in=True, consent_source='…')",
)
MOST_CHANGED = 0.05
"""If more than this share of rows changed since they were read, a frame without a tenant counts as another tenant's."""


def check(plan: PlanData, port: Port) -> PlanData:
    """Return the plan without the changes that a read refuses.

    Raises
    ------
    UsageError
        The rows are not this tenant's.
    """
    if plan.options.get("before_unnamed"):
        refuse_other_tenant(plan, read_current_rows(plan, port))
    refusals = [*_still_in_use(plan, port)]
    if has_opt_ins(plan):
        refusals += OptInChecks(port, plan).refused()
    return replace(without(plan, refusals), checked=True)


def refused_by_reading(plan: PlanData, port: Port) -> list[Refusal]:
    """Return the changes of a plan that a read refuses, apart from opt-outs and opt-ins, which are checked separately.

    Raises
    ------
    UsageError
        The rows are not this tenant's.
    """
    rest = replace(plan, steps=tuple(step for step in plan.steps if not step.opt_out))
    if plan.options.get("before_unnamed"):
        refuse_other_tenant(rest, read_current_rows(rest, port))
    return [*_still_in_use(rest, port)]


def opt_outs_refused_by_reading(plan: PlanData, port: Port) -> list[Refusal]:
    """Return the opt-outs of a plan that a read refuses: as few as possible.

    A row that opts out and is also deactivated stays active if it is still in use, or if that cannot be read. If a
    frame does not name its tenant, and more than 5% of the opt-outs (and more than one) changed since they were read,
    they count as another tenant's, because an opt-out cannot be undone.
    """
    part = replace(plan, steps=tuple(step for step in plan.steps if step.opt_out))
    changed = list(_opt_outs_of_other_tenant(part, port))
    tags = tags_refused(part, port)
    if plan.checked or changed:
        return changed + tags
    try:
        return [*_still_in_use(part, port), *tags]
    except ServiceError as error:
        why = f"it could not be checked whether the row is still in use: {error}"
        return [
            Refusal(step.key, cell.column, why, "plan this change separately")
            for step in part.steps
            for cell in step.cells
            if cell.column == "active" and cell.new is False
        ] + tags


def tag_opt_ins(plan: PlanData, port: Port) -> tuple[dict[str, bool], list[Refusal]]:
    """Return the changes of customers' tags that are opt-ins, and refusals of those that may be.

    Removing Email Dormant is an opt-in, and where double opt-in is on, adding Opted In. Tags are known by their names:
    if these cannot be read, each change that may be an opt-in is refused.

    Returns
    -------
    dict
        The column of a cell to its value after the change, without cells that are marked as opt-ins.
    list of Refusal
        For each row of each cell that may be an opt-in.
    """
    changes = [(step, cell) for step in plan.steps for cell in step.cells if _may_opt_in(step, cell, port)]
    if not changes:
        return {}, []
    names, why = {}, "crm.lookups.tag_types.list(active=None) has no name for it"
    try:
        known = port.list("lookups.tag_types.list", active=None)
        named = known[known["name"].notna()]
        names = dict(zip(named["id"], named["name"].map(spelling_key), strict=True))
    except StcrmError as error:
        why = str(error)
    opt_ins: dict[str, bool] = {}
    refusals: list[Refusal] = []
    for step, cell in changes:
        name = names.get(int(cell.column.partition(".")[2]))
        if name == (OPTED_IN if cell.new else DORMANT):
            opt_ins[cell.column] = cell.new
        elif name is None:
            tag = "Opted In" if cell.new else "Email Dormant"
            reason = f"the name of this tag cannot be read, and if it is {tag}, this is an opt-in: {why}"
            instead = "let the application read tag types, or change the tag in ServiceTitan"
            refusals += [Refusal(key, cell.column, reason, instead) for key in step.keys]
    return opt_ins, refusals


def _may_opt_in(step: Step, cell: Cell, port: Port) -> bool:
    is_tag = cell.column.startswith("tag_type_ids.") and target_of(step.operation).resource == "customers"
    return is_tag and not cell.consent and (cell.new is False or port.double_opt_in)


def tags_refused(plan: PlanData, port: Port) -> list[Refusal]:
    """Return the changes of tags that are opt-ins without being marked as such: in bulk, and in older plans."""
    opt_ins, refusals = tag_opt_ins(plan, port)
    return refusals + [
        Refusal(key, cell.column, *_TAG_OPTS_IN)
        for step in plan.steps
        for cell in step.cells
        if _may_opt_in(step, cell, port) and opt_ins.get(cell.column) is cell.new
        for key in step.keys
    ]


def _opt_outs_of_other_tenant(part: PlanData, port: Port) -> Iterator[Refusal]:
    if not part.options.get("before_unnamed"):
        return
    try:
        rows = read_current_rows(part, port)
    except ServiceError:  # each row is read again before it is sent
        return
    rows_of_plan = [(step, key) for step in part.steps for key in step.keys]
    changed = _count_changed(rows_of_plan, rows)
    if changed <= max(1, MOST_CHANGED * len(rows_of_plan)):
        return
    for step, key in rows_of_plan:
        for cell in step.cells:
            yield Refusal(key, cell.column, _other_tenant_message(part, changed, len(rows_of_plan)))


def without(plan: PlanData, refusals: Iterable[Refusal]) -> PlanData:
    """Return a plan without the cells that some refusals name; other cells of the same rows stay."""
    more = tuple(refusals)
    gone: dict[Key, set[str]] = defaultdict(set)
    for refusal in more:
        gone[refusal.key].add(refusal.column)
    options = PlanOptions.from_json(plan.options)
    steps: list[Step] = []
    for step in plan.steps:
        kept: Step | None = step
        if step.operation in BULK:
            cells = [cell for cell in step.cells if any(cell.column not in gone.get(key, ()) for key in step.keys)]
            kept = None
            steps += [step] if len(cells) == len(step.cells) else bulk_steps(cells, step.keys) if cells else []
        elif step.key in gone:
            kept = without_cells(target_of(step.operation), step, gone[step.key], options)
        if kept is not None:
            steps.append(kept)
    return replace(plan, steps=tuple(steps), refusals=(*plan.refusals, *more))


def refuse_other_tenant(plan: PlanData, rows: Mapping[Record, Mapping[str, Any]]) -> None:
    """Raise if too many rows of a frame without a tenant changed since they were read.

    Parameters
    ----------
    plan : PlanData
        The plan; it is checked only if its frame named no tenant.
    rows : mapping
        Resource and key to the current row.

    Raises
    ------
    UsageError
        More than 5% of the rows are missing, or have another value in a cell to be changed.
    """
    if not plan.options.get("before_unnamed"):
        return
    rows_of_plan = [(step, key) for step in plan.steps for key in step.keys]
    changed = _count_changed(rows_of_plan, rows)
    if rows_of_plan and changed / len(rows_of_plan) > MOST_CHANGED:
        raise UsageError(_other_tenant_message(plan, changed, len(rows_of_plan)))


def _count_changed(rows_of_plan: Iterable[tuple[Step, Key]], rows: Mapping[Record, Mapping[str, Any]]) -> int:
    return sum(
        not _is_unchanged(step, rows.get((target_of(step.operation).resource, key))) for step, key in rows_of_plan
    )


def _other_tenant_message(plan: PlanData, changed: int, rows: int) -> str:
    return (
        f"The frame does not name its tenant, and {changed:,} of {rows:,} rows differ from those of tenant "
        f"{plan.tenant} in {plan.environment}. Read the rows over this connection and make a new plan."
    )


def read_current_rows(plan: PlanData, port: Port) -> dict[Record, Mapping[str, Any]]:
    """Return the current rows of a plan by resource and key, without those that no longer exist."""
    fresh = RowReader(port)
    by_kind: dict[str, dict[Key, None]] = defaultdict(dict)
    for step in plan.steps:
        by_kind[target_of(step.operation).resource].update(dict.fromkeys(step.keys))
    return {
        (resource, key): row
        for resource, keys in by_kind.items()
        for key, row in fresh.read(TARGETS[resource], list(keys)).items()
    }


def _is_unchanged(step: Step, row: Mapping[str, Any] | None) -> bool:
    if row is None:
        return False
    target = target_of(step.operation)
    return all(current_value(target, row, cell.column) in (cell.old, cell.new) for cell in step.cells)


def _still_in_use(plan: PlanData, port: Port) -> Iterator[Refusal]:
    """Yield a refusal for each customer to be deactivated who has a balance or an active location."""
    if plan.options.get("allow_deactivate"):
        return
    off = [
        step.key[0]
        for step in plan.steps
        if step.operation == "Customers_Update"
        for cell in step.cells
        if cell.column == "active" and cell.new is False
    ]
    if not off:
        return
    if len(off) <= ONE_BY_ONE:
        locations = [port.list("locations.list", customer_id=int(id), active=True) for id in off]
        owners = {int(id) for frame in locations for id in frame["customer_id"].unique()}
    else:
        owners = {int(id) for id in port.list("locations.list", active=True)["customer_id"].unique()}
    now = RowReader(port).read(TARGETS["customers"], [(id,) for id in off])
    for id in off:
        balance = now.get((id,), {}).get("balance")
        if not is_missing(balance) and balance != 0:
            yield Refusal(
                (id,), "active", "the customer has a balance", "settle it first, or plan with allow_deactivate=True"
            )
        elif id in owners:
            yield Refusal(
                (id,),
                "active",
                "the customer has an active location",
                "deactivate that first, or plan with allow_deactivate=True",
            )
