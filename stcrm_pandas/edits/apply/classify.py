"""Compare a row that was just read with the plan: is it done already, in conflict, or ready to be sent? Pure.

>>> from stcrm_pandas.edits.plan.model import Cell
>>> step = Step(((7,),), "Customers_Update", {"id": 7}, {"name": "Ann"}, (Cell("name", "ANN", "Ann"),))
>>> [classify(step, (7,), {"id": 7, "name": name}).state for name in ("Ann", "ANN", "Anna")]
['already', 'go', 'conflict']
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.diff.columns import OTHER_OPERATIONS, target_of
from stcrm_pandas.edits.diff.values import current_value, from_json, to_json
from stcrm_pandas.edits.plan.consent import consent_change
from stcrm_pandas.edits.plan.fill import merged
from stcrm_pandas.edits.plan.model import Cell, Key, Step
from stcrm_pandas.edits.plan.steps import PlanOptions, can_be_inactive, without_cells
from stcrm_pandas.frame.customers import merged_into

OPT_IN_UNDONE = (
    "this opt-in was sent after the plan was made, and somebody undid it; if they agreed again, read the row and make "
    "a new plan"
)
"""Reason not to send an opt-in a second time."""

WITHOUT_CONSENT = (
    "with the row as it is now this would be an opt-in, and the plan has no consent for it: if they agreed, read the "
    "row and make a new plan with allow_opt_in=True"
)
"""Reason not to send a change that opts somebody in without being marked as consent."""


@dataclass(frozen=True)
class Decision:
    """What to do with a row.

    Parameters
    ----------
    state : {"already", "conflict", "refused", "go"}
        `already` as planned; `conflict`: somebody changed a cell; `refused` because of `why`; `go`: send it.
    step : Step
        The request to send if the state is `go`. An opt-out is sent without its cells in conflict.
    now : dict
        The cells in conflict, with their current values.
    why : str, default ''
        The reason, unless it is just that somebody changed the cells.
    """

    state: Literal["already", "conflict", "refused", "go"]
    step: Step
    now: dict[str, Any] = field(default_factory=dict)
    why: str = ""


def classify(
    step: Step,
    key: Key,
    row: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    opted_in: Collection[str] = (),
) -> Decision:
    """Decide what to do with one row of a step.

    Parameters
    ----------
    key : Key
        The row's key.
    row : mapping
        Column to value, as just read.
    options : mapping, optional
        The plan's options.
    opted_in : collection of str, default ()
        Columns opted in since the plan was made. If one has another value now, somebody undid the opt-in.
    """
    options = options or {}
    target = target_of(step.operation)
    if is_as_planned(step, row):
        return Decision("already", step)
    changed = {name: current_value(target, row, name) for name in step.expects}
    now = {name: value for name, value in changed.items() if value != step.expects[name]}
    for cell in step.cells:
        value = current_value(target, row, cell.column)
        opt_in_undone = cell.column in opted_in and value != cell.new
        if opt_in_undone or (value not in (cell.old, cell.new) and not _is_opt_out(step, cell, value, row)):
            now[cell.column] = value
    without_consent = {
        cell.column: value
        for cell in step.cells
        for value in [current_value(target, row, cell.column)]
        if not cell.consent
        and consent_change(target, cell.column, value, cell.new, row, options.get("tag_opt_ins", {})) == "opt in"
        and value != cell.new
    }
    if without_consent and not now and not step.opt_out:
        return Decision("refused", step, why=WITHOUT_CONSENT)
    now |= without_consent
    if not now:
        inactive = _inactive_reason(row) if can_be_inactive(target) else ""
        if inactive and not step.opt_out and not options.get("allow_inactive") and not _sets_active(step):
            return Decision("refused", step, why=inactive)
        return Decision("go", step)
    if step.opt_out and step.operation not in OTHER_OPERATIONS:
        # Nothing delays an opt-out, not even a conflict in another cell of the row.
        rest = without_cells(target, step, set(now), PlanOptions.from_json(options))
        if rest is not None and not is_as_planned(rest, row):
            return Decision("go", rest, now)
    why = WITHOUT_CONSENT if without_consent else OPT_IN_UNDONE if set(opted_in).intersection(now) else ""
    return Decision("conflict", step, now, why)


def is_as_planned(step: Step, row: Mapping[str, Any]) -> bool:
    """Return whether a row has all values of a step."""
    target = target_of(step.operation)
    return all(current_value(target, row, cell.column) == cell.new for cell in step.cells)


def columns_not_as_planned(step: Step, row: Mapping[str, Any]) -> list[str]:
    """Return the columns in which a row lacks the value of a step."""
    target = target_of(step.operation)
    return [cell.column for cell in step.cells if current_value(target, row, cell.column) != cell.new]


def _is_opt_out(step: Step, cell: Cell, value: Any, row: Mapping[str, Any]) -> bool:
    """Return whether a cell is an opt-out whatever its value was."""
    return step.opt_out and consent_change(target_of(step.operation), cell.column, value, cell.new, row) == "opt out"


def _inactive_reason(row: Mapping[str, Any]) -> str:
    if into := merged_into(row):
        return f"this row was merged into {into}: change that one instead, or plan with allow_inactive=True"
    if row.get("active") is False:
        return "this row is inactive now: to change it anyway, plan with allow_inactive=True"
    return ""


def _sets_active(step: Step) -> bool:
    return any(cell.column == "active" for cell in step.cells)


def filled_differently(step: Step, body: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return what is sent differently from the plan: path in the body, planned value, sent value."""
    if OPERATIONS[step.operation].method != "PATCH":
        return []
    return list(_differing(merged(step.set, step.fill), body, ""))


def _differing(planned: Any, sent: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(planned, Mapping) and isinstance(sent, Mapping):
        for name in dict.fromkeys([*planned, *sent]):
            yield from _differing(planned.get(name), sent.get(name), f"{where}.{name}" if where else name)
    elif _as_set(planned) != _as_set(sent):
        yield where, planned, sent


def _as_set(value: Any) -> Any:
    return sorted(map(repr, value)) if isinstance(value, list) else value


def row_to_json(operation: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as JSON for the journal."""
    columns = target_of(operation).columns
    return {name: to_json(value, columns[name]) for name, value in row.items() if name in columns}


def row_from_json(operation: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the journal with values as in a frame."""
    columns = target_of(operation).columns
    return {name: from_json(value, columns[name]) for name, value in row.items()}
