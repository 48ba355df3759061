"""What a row that was just read means for a call of a plan: is it done, may it be sent, was it changed? Pure.

>>> from stcrm_pandas.edits.plan.model import Cell
>>> step = Step(((7,),), "Customers_Update", {"id": 7}, {"name": "Ann"}, (Cell("name", "ANN", "Ann"),))
>>> [judge(step, (7,), {"id": 7, "name": name}).state for name in ("Ann", "ANN", "Anna")]
['already', 'go', 'conflict']
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.diff.columns import OTHER_CALLS, target_of
from stcrm_pandas.edits.diff.values import current, from_json, to_json
from stcrm_pandas.edits.plan.consent import direction
from stcrm_pandas.edits.plan.fill import merged
from stcrm_pandas.edits.plan.merges import merged_into
from stcrm_pandas.edits.plan.model import Cell, Key, Step
from stcrm_pandas.edits.plan.steps import Options, can_be_inactive, without_cells

TAKEN_BACK = (
    "it was opted in since the plan was made, and somebody took that back; if they agreed anew, read the row and make "
    "a new plan"
)
"""Why an opt-in is not sent a second time."""

UNASKED = (
    "it opts somebody in as the row is now, and the plan has no consent for it: read the row and make a new plan with "
    "allow_opt_in=True, if they agreed"
)
"""Why a change is not sent that opts somebody in without being marked as consent."""


@dataclass(frozen=True)
class Verdict:
    """What is to be done with a row.

    Parameters
    ----------
    state : {"already", "conflict", "refused", "go"}
        `already` as planned; `conflict`, somebody changed a cell of it; `refused` for `why`; or `go`.
    step : Step
        What is to be sent, with `go`: the call, without the cells in conflict where it is an opt-out.
    now : dict
        The cells in conflict, with the value that they have.
    why : str, default ''
        In words, where it is not simply that somebody changed them.
    """

    state: Literal["already", "conflict", "refused", "go"]
    step: Step
    now: dict[str, Any] = field(default_factory=dict)
    why: str = ""


def judge(
    step: Step,
    key: Key,
    row: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    opted_in: Collection[str] = (),
) -> Verdict:
    """What is to be done with one row of a call.

    Parameters
    ----------
    key : Key
        Which of its rows.
    row : mapping
        Column to value, as it was just read.
    options : mapping, optional
        Those of the plan.
    opted_in : collection of str, default ()
        The columns in which it was opted in since the plan was made: where it says otherwise now, somebody took that
        back.
    """
    options = options or {}
    target = target_of(step.operation)
    if agrees(step, row):
        return Verdict("already", step)
    changed = {name: current(target, row, name) for name in step.expects}
    now = {name: value for name, value in changed.items() if value != step.expects[name]}
    for cell in step.cells:
        value = current(target, row, cell.column)
        taken_back = cell.column in opted_in and value != cell.new
        if taken_back or (value not in (cell.old, cell.new) and not _narrows(step, cell, value, row)):
            now[cell.column] = value
    unasked = {
        cell.column: value
        for cell in step.cells
        for value in [current(target, row, cell.column)]
        if not cell.consent and direction(target, cell.column, value, cell.new, row) == "wider" and value != cell.new
    }
    if unasked and not now and not step.opt_out:
        return Verdict("refused", step, why=UNASKED)
    now |= unasked
    if not now:
        gone = _gone(row) if can_be_inactive(target) else ""
        if gone and not step.opt_out and not options.get("allow_inactive") and not _by_itself(step):
            return Verdict("refused", step, why=gone)
        return Verdict("go", step)
    if step.opt_out and step.operation not in OTHER_CALLS:
        # Nothing keeps an opt-out back, not even a conflict in another cell of the same row.
        rest = without_cells(target, step, set(now), Options.from_json(options))
        if rest is not None and not agrees(rest, row):
            return Verdict("go", rest, now)
    why = UNASKED if unasked else TAKEN_BACK if set(opted_in).intersection(now) else ""
    return Verdict("conflict", step, now, why)


def agrees(step: Step, row: Mapping[str, Any]) -> bool:
    """Whether a row is as the call wants it."""
    target = target_of(step.operation)
    return all(current(target, row, cell.column) == cell.new for cell in step.cells)


def unlike(step: Step, row: Mapping[str, Any]) -> list[str]:
    """The columns in which a row is not as the call wants it."""
    target = target_of(step.operation)
    return [cell.column for cell in step.cells if current(target, row, cell.column) != cell.new]


def _narrows(step: Step, cell: Cell, value: Any, row: Mapping[str, Any]) -> bool:
    """Whether a cell is an opt-out whatever it was."""
    return step.opt_out and direction(target_of(step.operation), cell.column, value, cell.new, row) == "narrower"


def _gone(row: Mapping[str, Any]) -> str:
    if into := merged_into(row):
        return f"it was merged into {into} meanwhile: change that one, or plan with allow_inactive=True"
    return "it is inactive now: plan with allow_inactive=True, if that is meant" if row.get("active") is False else ""


def _by_itself(step: Step) -> bool:
    return any(cell.column == "active" for cell in step.cells)


def differing(step: Step, body: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """What is sent otherwise than the plan showed: path in the body, planned, sent."""
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
    """A row as a journal holds it."""
    columns = target_of(operation).columns
    return {name: to_json(value, columns[name]) for name, value in row.items() if name in columns}


def row_from_json(operation: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row that `row_to_json` told, with values as a frame has them."""
    columns = target_of(operation).columns
    return {name: from_json(value, columns[name]) for name, value in row.items()}
