"""What became of rows: a row that was just read, beside the plan, and all rows that an apply may have changed.

Before a request, `classify` tells whether a row is done already, in conflict, or ready to be sent. After an apply, its
journal tells which rows it may have changed, and a read where the journal is not enough.

>>> from stcrm_pandas.edits.plan.model import Cell
>>> step = Step(((7,),), "Customers_Update", {"id": 7}, {"name": "Ann"}, (Cell("name", "ANN", "Ann"),))
>>> [classify(step, (7,), {"id": 7, "name": name}).state for name in ("Ann", "ANN", "Anna")]
['already', 'go', 'conflict']
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.apply.fresh_rows import FreshRow, RowReader, group_keys
from stcrm_pandas.edits.apply.journal import Entry, Journal, State
from stcrm_pandas.edits.columns import OTHER_OPERATIONS, TARGETS, Target, target_of
from stcrm_pandas.edits.plan.consent import consent_change
from stcrm_pandas.edits.plan.fill import join_parts
from stcrm_pandas.edits.plan.model import Cell, Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.steps import PlanOptions, can_be_inactive, without_cells
from stcrm_pandas.edits.port import Port
from stcrm_pandas.edits.values import COLUMNS_WITH_PARTS, current_value, row_from_json
from stcrm_pandas.errors import ResponseError, ServiceError
from stcrm_pandas.frame.customers import merged_into
from stcrm_pandas.output.printable import plural

IN_PROGRESS: tuple[State, ...] = ("sending", "sent", "doubt")
"""States of rows whose request was running when the apply ended."""

PlanRow = tuple[str, Key, tuple[str, ...]]
"""One row of one request of a plan: its operation, key and columns. It is the same in samples of the plan."""

_AGAIN = "plan the undo again when the row can be read"
_Record = tuple[str, Key]


@dataclass(frozen=True)
class SentRow:
    """A row whose request was sent and may have changed it.

    Parameters
    ----------
    entry : Entry
        The row in the journal.
    before : mapping
        The row as read before the request.
    after : mapping
        The row as read afterwards, by the apply or now; empty if it was not read.
    body : mapping
        The request body.
    """

    entry: Entry
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    body: Mapping[str, Any]

    def changed(self, target: Target, step: Step) -> list[Cell]:
        """Return the cells that were sent with another value than the row had, without conflicts and omitted cells."""
        return [
            cell
            for cell in step.cells
            if current_value(target, self.before, cell.column) != cell.new and self._was_sent(target, step, cell)
        ]

    def _was_sent(self, target: Target, step: Step, cell: Cell) -> bool:
        if step.operation in OTHER_OPERATIONS:
            return True
        rule = target.rules[cell.column.partition(".")[0]]
        if cell.column.partition(".")[0] in COLUMNS_WITH_PARTS:
            return rule.field[0] in self.body
        return value_at(self.body, rule.field) == (cell.new, True)


@dataclass
class Outcomes:
    """All rows that an apply may have changed, with a refusal and a warning for those that are uncertain."""

    rows: list[SentRow] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, journal: Journal, port: Port, rows: Set[PlanRow]) -> Outcomes:
        """Find out what an apply changed in some rows: from its journal, and by a read where that is not enough."""
        known = list(_sent(journal, rows))
        steps = journal.plan.steps
        unsure = {sent.entry.position: sent for sent in known if _is_unsure(sent, steps[sent.entry.step])}
        places = [(target_of(steps[step].operation).resource, sent.entry.key) for (step, _), sent in unsure.items()]
        now, failed = _read(places, port)
        outcomes = cls()
        for sent in known:
            if sent.entry.position in unsure:
                outcomes._decide(sent, steps[sent.entry.step], now, failed)
            else:
                outcomes.rows.append(sent)
        if failed:
            outcomes.warnings.append(
                f"{plural(len(failed), 'row')} that may have been changed could not be read, so the undo does not "
                f"include {'it' if len(failed) == 1 else 'them'}: {_AGAIN}."
            )
        return outcomes

    def _decide(
        self, sent: SentRow, step: Step, now: Mapping[_Record, FreshRow], failed: Mapping[_Record, Exception]
    ) -> None:
        key, target = sent.entry.key, target_of(step.operation)
        row = now.get((target.resource, key))
        cells = sent.changed(target, step)
        if step.irreversible:
            self.rows.append(sent)
        elif row is not None:
            late = [cell for cell in cells if current_value(target, row, cell.column) == cell.new]
            if not sent.after or any(current_value(target, sent.after, cell.column) != cell.new for cell in late):
                self.rows.append(replace(sent, after=row))
            else:
                self.rows.append(sent)
            for cell in () if sent.after else cells:
                if current_value(target, row, cell.column) not in (
                    cell.new,
                    current_value(target, sent.before, cell.column),
                ):
                    reason = "the apply may have changed this cell; its value is neither the old nor the planned one"
                    self.refusals.append(Refusal(key, cell.column, reason, "look at the row"))
        else:
            if sent.after:
                self.rows.append(sent)
            error = failed.get((target.resource, key))
            reason = "this row may have been changed, but " + (
                "it no longer exists" if error is None else f"it could not be read to find out: {error}"
            )
            self.refusals.append(Refusal(key, "", reason, "" if error is None else _AGAIN))


def value_at(body: Any, path: tuple[str, ...]) -> tuple[Any, bool]:
    """Return the value at a path of a body, and whether the path exists."""
    for name in path:
        if not isinstance(body, Mapping) or name not in body:
            return None, False
        body = body[name]
    return body, True


def row_of_plan(plan: PlanData, entry: Entry) -> PlanRow:
    """Return the row of a plan that an entry of its journal is about."""
    step = plan.steps[entry.step]
    return step.operation, entry.key, tuple(cell.column for cell in step.cells)


def rows_of_plan(plan: PlanData) -> set[PlanRow]:
    """Return all rows of a plan."""
    return {
        (step.operation, key, tuple(cell.column for cell in step.cells)) for step in plan.steps for key in step.keys
    }


def was_sent(entry: Entry) -> bool:
    """Return whether the request of a row was sent and not refused, so that it may have changed the row."""
    return (entry.sent_at is not None or entry.tried_at is not None) and not entry.refused


def _sent(journal: Journal, rows: Set[PlanRow]) -> Iterator[SentRow]:
    """Yield those of some rows whose request was sent and not refused."""
    for entry in journal.entries():
        if not was_sent(entry) or row_of_plan(journal.plan, entry) not in rows:
            continue
        before = journal.text(entry, "before")
        if before is None:
            continue
        operation = journal.plan.steps[entry.step].operation
        after, body = journal.text(entry, "after") or {}, journal.text(entry, "body") or {}
        yield SentRow(entry, row_from_json(operation, before), row_from_json(operation, after), body)


def _is_unsure(sent: SentRow, step: Step) -> bool:
    """Return whether a read has to decide: the row was not read afterwards, or did not have the planned values then.

    The change may have come later. A row in conflict was read afterwards, and only part of its change was sent.
    """
    return not sent.after or (
        sent.entry.state in ("failed", "already", "untried") and not is_as_planned(step, sent.after)
    )


def _read(places: list[_Record], port: Port) -> tuple[dict[_Record, FreshRow], dict[_Record, Exception]]:
    """Return current rows, and the errors of those that could not be read."""
    fresh = RowReader(port)
    keys: dict[str, dict[Key, None]] = defaultdict(dict)
    for resource, key in places:
        keys[resource][key] = None
    now: dict[_Record, FreshRow] = {}
    failed: dict[_Record, Exception] = {}
    outage: ServiceError | None = None
    for resource, some in keys.items():
        for group in group_keys(TARGETS[resource], some):
            unread: dict[Key, ResponseError] = {}
            try:
                if outage is not None:
                    raise outage
                rows = fresh.read(TARGETS[resource], group, unread=unread)
            except ServiceError as error:
                # During an outage the next group would only wait as long again.
                outage = error if error.status is None or error.status >= 500 else None
                failed.update({(resource, key): error for key in group})
                continue
            now.update({(resource, key): row for key, row in rows.items()})
            failed.update({(resource, key): error for key, error in unread.items()})
    return now, failed


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
    return list(_differing(join_parts(step.set, step.fill), body, ""))


def _differing(planned: Any, sent: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(planned, Mapping) and isinstance(sent, Mapping):
        for name in dict.fromkeys([*planned, *sent]):
            yield from _differing(planned.get(name), sent.get(name), f"{where}.{name}" if where else name)
    elif _as_set(planned) != _as_set(sent):
        yield where, planned, sent


def _as_set(value: Any) -> Any:
    return sorted(map(repr, value)) if isinstance(value, list) else value
