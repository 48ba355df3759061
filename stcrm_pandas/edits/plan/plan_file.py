"""Plans as files: readable JSON with a digest, without secrets, and readable by its owner only.

The digest protects against accidents. It is not a signature: anybody who can write the file can compute a new one. So a
plan from a file is rebuilt from its cells, and only what they say is sent: the fixed part of each request, consent,
opt-outs and irreversibility are derived from them again, and checks that need a read are repeated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stcrm_pandas.edits.columns import LEGACY, OTHER_OPERATIONS, TARGETS, ColumnRule, Target, target_of
from stcrm_pandas.edits.plan.build import BULK, bulk_steps
from stcrm_pandas.edits.plan.consent import CONTACT_VALUES, consent_change
from stcrm_pandas.edits.plan.model import VERSION, Cell, PlanData, Step, from_json
from stcrm_pandas.edits.plan.steps import PlanOptions, set_of
from stcrm_pandas.edits.port import Port
from stcrm_pandas.edits.values import COLUMNS_WITH_PARTS
from stcrm_pandas.errors import UsageError
from stcrm_pandas.files.private import write_private
from stcrm_pandas.http.body import body_value

KIND = "stcrm plan"


def write(plan: PlanData, path: str | Path) -> None:
    """Write a plan to a file of mode 0600, replacing an earlier one.

    Raises
    ------
    UsageError
        There is no such folder.
    """
    content = {"kind": KIND, "digest": plan.digest, **plan.as_json()}
    write_private(path, json.dumps(content, indent=1, ensure_ascii=False))


def read(path: str | Path) -> PlanData:
    """Read a plan from a file, rebuild it from its cells, and mark it as unchecked.

    Raises
    ------
    UsageError
        The file is no plan, has another version, or was altered.
    """
    place = Path(path).expanduser()
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"The file {str(path)!r} does not exist.") from None
    except (OSError, ValueError, RecursionError):
        raise UsageError(
            f"The file {str(path)!r} cannot be read as a plan. plan.save(path) writes such a file."
        ) from None
    if not isinstance(content, dict) or content.pop("kind", None) != KIND:
        raise UsageError(f"The file {str(path)!r} is not a plan. plan.save(path) writes such a file.")
    if content.get("version") != VERSION:
        raise UsageError(
            f"The plan {str(path)!r} has format version {content.get('version')}, but this program reads version "
            f"{VERSION}: make a new plan."
        )
    digest = content.pop("digest", None)
    try:
        stored = from_json(content)
        plan = rebuild(stored)
        same = stored.digest == plan.digest == digest
    except (KeyError, TypeError, ValueError, AttributeError):
        same = False
    if not same:
        raise UsageError(f"The plan {str(path)!r} was altered after it was made: make a new plan.")
    return plan


def read_for(path: str | Path, port: Port) -> PlanData:
    """Read a plan from a file for a connection to its tenant.

    Raises
    ------
    UsageError
        As `read`, or the plan is for another tenant or environment.
    """
    plan = read(path)
    tenant, environment = port.tenant, port.name
    if (plan.tenant, plan.environment) != (tenant, environment):
        raise UsageError(
            f"The plan is for tenant {plan.tenant} in {plan.environment}, but this connection is to tenant {tenant} in "
            f"{environment}. Connect to the plan's tenant."
        )
    return plan


_PATCHES = {target.operation for target in TARGETS.values()}
_BECOMES = {
    "Leads_Dismiss": {"status": "status", "dismissing_reason_id": "dismissingReasonId"},
    "Bookings_DismissBooking": {"status": "status"},
    "Leads_CreateFollowUp": {"follow_up_date": "followUpDate"},
}
"""Requests that cannot be undone: the field of the request that each cell shows."""


def rebuild(plan: PlanData) -> PlanData:
    """Return the plan that follows from the cells of another.

    Raises
    ------
    ValueError
        The plan has a request, cell or option that no plan can have.
    """
    options = PlanOptions.from_json(plan.options)
    steps = tuple(_rebuilt(step, options) for step in plan.steps)
    consent = any(cell.consent for step in steps for cell in step.cells)
    if consent and not (options.allow_opt_in is True and str(options.consent_source or "").strip()):
        raise ValueError("the plan has an opt-in without allow_opt_in and consent_source")
    return replace(plan, steps=steps, checked=False)


def _rebuilt(step: Step, options: PlanOptions) -> Step:
    if not step.cells or not step.keys or len({cell.column for cell in step.cells}) < len(step.cells):
        raise ValueError("a request has no cell, or the same cell twice")
    if step.operation in BULK:
        return _rebuilt_bulk(step)
    if len(step.keys) != 1:
        raise ValueError("a request is for several rows")
    if step.operation not in _PATCHES and step.operation not in OTHER_OPERATIONS:
        raise ValueError(f"plans cannot have the operation {step.operation}")
    target = target_of(step.operation)
    key = dict(zip(target.row.key, step.key, strict=True))
    if set(step.path) != set(target.path):
        raise ValueError("the path of a request does not match its operation")
    for name, column in target.path.items():
        if column in key and step.path[name] != key[column]:
            raise ValueError("the path of a request points to another row")
    if step.operation in OTHER_OPERATIONS:
        return _rebuilt_irreversible(step)
    cells = tuple(_rebuilt_cell(target, cell, options) for cell in step.cells)
    opts_out = any(consent_change(target, cell.column, cell.old, cell.new, {}) == "opt out" for cell in cells)
    if opts_out and any(cell.consent for cell in cells):
        raise ValueError("one request opts out and opts in")
    return replace(step, set=set_of(target, cells, options), cells=cells, opt_out=opts_out, irreversible=False)


def _rebuilt_cell(target: Target, cell: Cell, options: PlanOptions) -> Cell:
    column, dot, part = cell.column.partition(".")
    rule = target.rules[column]
    if not rule.field or column == LEGACY or bool(dot) != (column in COLUMNS_WITH_PARTS):
        raise ValueError(f"{cell.column} cannot be changed")
    if target.resource == "locations" and column == "customer_id" and not options.allow_move:
        raise ValueError("the plan moves a location without allow_move")
    if dot:
        _check_part(rule, part, cell.new, options)
    elif cell.new is None:
        if not rule.clears:
            raise ValueError(f"{column} cannot be cleared")
    else:
        assert rule.kind is not None
        same = body_value(rule.kind, cell.new)
        if same != cell.new or isinstance(same, bool) is not isinstance(cell.new, bool):
            raise ValueError(f"{column} has a value of another type")
    opts_in = consent_change(target, cell.column, cell.old, cell.new, {}, options.tag_opt_ins) == "opt in"
    if cell.column == "value" and target.resource in CONTACT_VALUES:
        # Only the row shows whether the contact is opted out; it is checked directly before the request.
        opts_in = opts_in and cell.consent
    one_way = not dot and cell.old is None and not rule.clears
    return replace(cell, consent=opts_in, one_way=one_way)


def _check_part(rule: ColumnRule, part: str, new: Any, options: PlanOptions) -> None:
    if rule.group == "external data":
        good = (new is None or isinstance(new, str)) and bool(options.application_guid)
    elif rule.group == "tags":
        good = _is_id(part) and isinstance(new, bool)
    else:
        good = _is_id(part) and (new is None or isinstance(new, str))
    if not good:
        raise ValueError(f"{rule.column.name} has a part of another type")


def _is_id(part: str) -> bool:
    return str(int(part)) == part


def _rebuilt_bulk(step: Step) -> Step:
    """Rebuild a request that tags many customers."""
    tags = [cell.column.partition(".")[::2] for cell in step.cells]
    new = {cell.new for cell in step.cells}
    if any(column != "tag_type_ids" or not _is_id(part) for column, part in tags) or new not in ({True}, {False}):
        raise ValueError("a bulk request changes more than tags, or adds and removes them")
    if step.path or any(len(key) != 1 for key in step.keys):
        raise ValueError("a bulk request is for rows other than customers")
    cells = [Cell(cell.column, cell.old, cell.new) for cell in step.cells]
    (call,) = bulk_steps(cells, step.keys)
    if call.operation != step.operation:
        raise ValueError("a bulk request does the opposite of its cells")
    return replace(call, fill=step.fill, expects=step.expects)


def _rebuilt_irreversible(step: Step) -> Step:
    """Rebuild a dismissal or a follow-up, whose cells show its request."""
    shown = _BECOMES[step.operation]
    expected: Mapping[str, Any] = {**step.set, "status": "Dismissed"}
    for cell in step.cells:
        if cell.column not in shown or expected.get(shown[cell.column]) != cell.new:
            raise ValueError("a request differs from its cells")
    if set(step.expects) != {"modified_on"} or step.expects["modified_on"] is None:
        raise ValueError("a request that cannot be undone lacks the modified_on that it expects")
    cells = tuple(Cell(cell.column, cell.old, cell.new) for cell in step.cells)
    return replace(step, cells=cells, opt_out=False, irreversible=True)
