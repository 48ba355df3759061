"""A plan made anew from its cells, for one that comes out of a file: what is not in its cells is not sent. Pure.

The digest of a file guards against accidents. Anybody can compute another one, so that nothing that decides is
believed: the set part of each request, consent, opt-outs and what cannot be undone follow from the cells again, and the
checks that need a read are made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stcrm_pandas.edits.diff.columns import LEGACY, OTHER_CALLS, TARGETS, Rule, Target, target_of
from stcrm_pandas.edits.diff.values import PARTED
from stcrm_pandas.edits.plan.build import bulk_calls
from stcrm_pandas.edits.plan.consent import REACHED_BY_VALUE, direction
from stcrm_pandas.edits.plan.model import Cell, PlanData, Step
from stcrm_pandas.edits.plan.steps import Options, set_of
from stcrm_pandas.http.body import value_of

_PATCHES = {target.operation for target in TARGETS.values()}
_BULK = ("BulkTags_AddTags", "BulkTags_RemoveTags")
_BECOMES = {
    "Leads_Dismiss": {"status": "status", "dismissing_reason_id": "dismissingReasonId"},
    "Bookings_DismissBooking": {"status": "status"},
    "Leads_CreateFollowUp": {"follow_up_date": "followUpDate"},
}
"""Requests that cannot be undone: their cells, and what of the request each of them shows."""


def rebuilt(plan: PlanData) -> PlanData:
    """The plan that follows from the cells of another.

    Raises
    ------
    ValueError
        No plan of ours has such a request, such a cell or such an option.
    """
    options = Options.from_json(plan.options)
    steps = tuple(_step(step, options) for step in plan.steps)
    consent = any(cell.consent for step in steps for cell in step.cells)
    if consent and not (options.allow_opt_in is True and str(options.consent_source or "").strip()):
        raise ValueError("it opts somebody in without allow_opt_in and consent_source")
    return replace(plan, steps=steps, checked=False)


def _step(step: Step, options: Options) -> Step:
    if not step.cells or not step.keys or len({cell.column for cell in step.cells}) < len(step.cells):
        raise ValueError("a request has no cell, or one twice")
    if step.operation in _BULK:
        return _bulk(step)
    if len(step.keys) != 1:
        raise ValueError("a request is for several rows")
    if step.operation not in _PATCHES and step.operation not in OTHER_CALLS:
        raise ValueError(f"no plan has the request {step.operation}")
    target = target_of(step.operation)
    key = dict(zip(target.row.key, step.key, strict=True))
    if set(step.path) != set(target.path):
        raise ValueError("the path of a request is not that of its operation")
    for name, column in target.path.items():
        if column in key and step.path[name] != key[column]:
            raise ValueError("the path of a request leads to another row")
    if step.operation in OTHER_CALLS:
        return _irreversible(step)
    cells = tuple(_cell(target, cell, options) for cell in step.cells)
    narrower = any(direction(target, cell.column, cell.old, cell.new, {}) == "narrower" for cell in cells)
    if narrower and any(cell.consent for cell in cells):
        raise ValueError("one request opts out and opts in")
    return replace(step, set=set_of(target, cells, options), cells=cells, opt_out=narrower, irreversible=False)


def _cell(target: Target, cell: Cell, options: Options) -> Cell:
    column, dot, part = cell.column.partition(".")
    rule = target.rules[column]
    if not rule.field or column == LEGACY or bool(dot) != (column in PARTED):
        raise ValueError(f"{cell.column} cannot be changed")
    if target.resource == "locations" and column == "customer_id" and not options.allow_move:
        raise ValueError("it moves a location without allow_move")
    if dot:
        _confirm_part(rule, part, cell.new, options)
    elif cell.new is None:
        if not rule.clears:
            raise ValueError(f"{column} cannot be cleared")
    else:
        assert rule.kind is not None
        same = value_of(rule.kind, cell.new)
        if same != cell.new or isinstance(same, bool) is not isinstance(cell.new, bool):
            raise ValueError(f"{column} has a value that is not of its kind")
    wider = direction(target, cell.column, cell.old, cell.new, {}) == "wider"
    if cell.column == "value" and target.resource in REACHED_BY_VALUE:
        # Whether the contact is opted out of all is in its row alone: it is asked directly before the request.
        wider = wider and cell.consent
    one_way = not dot and cell.old is None and not rule.clears
    return replace(cell, consent=wider, one_way=one_way)


def _confirm_part(rule: Rule, part: str, new: Any, options: Options) -> None:
    if rule.group == "external data":
        good = (new is None or isinstance(new, str)) and bool(options.application_guid)
    elif rule.group == "tags":
        good = _is_id(part) and isinstance(new, bool)
    else:
        good = _is_id(part) and (new is None or isinstance(new, str))
    if not good:
        raise ValueError(f"{rule.column.name} has a part that is not of its kind")


def _is_id(part: str) -> bool:
    return str(int(part)) == part


def _bulk(step: Step) -> Step:
    """A request that tags many customers."""
    tags = [cell.column.partition(".")[::2] for cell in step.cells]
    new = {cell.new for cell in step.cells}
    if any(column != "tag_type_ids" or not _is_id(part) for column, part in tags) or new not in ({True}, {False}):
        raise ValueError("a bulk request changes more than tags, or adds and removes them")
    if step.path or any(len(key) != 1 for key in step.keys):
        raise ValueError("a bulk request is of customers alone")
    cells = [Cell(cell.column, cell.old, cell.new) for cell in step.cells]
    (call,) = bulk_calls(cells, step.keys)
    if call.operation != step.operation:
        raise ValueError("a bulk request does the opposite of its cells")
    return replace(call, fill=step.fill, expects=step.expects)


def _irreversible(step: Step) -> Step:
    """A dismissal or a follow-up: its cells show what its request says."""
    shown = _BECOMES[step.operation]
    expected: Mapping[str, Any] = {**step.set, "status": "Dismissed"}
    for cell in step.cells:
        if cell.column not in shown or expected.get(shown[cell.column]) != cell.new:
            raise ValueError("a request says something else than its cells")
    if set(step.expects) != {"modified_on"} or step.expects["modified_on"] is None:
        raise ValueError("a request that cannot be undone does not say since when its row is unchanged")
    cells = tuple(Cell(cell.column, cell.old, cell.new) for cell in step.cells)
    return replace(step, cells=cells, opt_out=False, irreversible=True)
