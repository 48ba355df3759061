"""Rows that an apply may have changed: by its journal, and by a read where the journal is not enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

from stcrm_pandas.edits.apply.classify import is_as_planned, row_from_json
from stcrm_pandas.edits.apply.fresh_rows import FreshRow, RowReader, group_keys
from stcrm_pandas.edits.apply.journal import Entry, Journal, State
from stcrm_pandas.edits.diff.columns import OTHER_OPERATIONS, TARGETS, Target, target_of
from stcrm_pandas.edits.diff.values import COLUMNS_WITH_PARTS, current_value
from stcrm_pandas.edits.plan.model import Cell, Key, PlanData, Refusal, Step
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import ResponseError, ServiceError
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
        unsure = {one.entry.position: one for one in known if _is_unsure(one, steps[one.entry.step])}
        places = [(target_of(steps[step].operation).resource, one.entry.key) for (step, _), one in unsure.items()]
        now, failed = _read(places, port)
        outcomes = cls()
        for one in known:
            if one.entry.position in unsure:
                outcomes._decide(one, steps[one.entry.step], now, failed)
            else:
                outcomes.rows.append(one)
        if failed:
            outcomes.warnings.append(
                f"{plural(len(failed), 'row')} that may have been changed could not be read, so the undo does not "
                f"include {'it' if len(failed) == 1 else 'them'}: {_AGAIN}."
            )
        return outcomes

    def _decide(
        self, one: SentRow, step: Step, now: Mapping[_Record, FreshRow], failed: Mapping[_Record, Exception]
    ) -> None:
        key, target = one.entry.key, target_of(step.operation)
        row = now.get((target.resource, key))
        cells = one.changed(target, step)
        if step.irreversible:
            self.rows.append(one)
        elif row is not None:
            late = [cell for cell in cells if current_value(target, row, cell.column) == cell.new]
            if not one.after or any(current_value(target, one.after, cell.column) != cell.new for cell in late):
                self.rows.append(replace(one, after=row))
            else:
                self.rows.append(one)
            for cell in () if one.after else cells:
                if current_value(target, row, cell.column) not in (
                    cell.new,
                    current_value(target, one.before, cell.column),
                ):
                    reason = "the apply may have changed this cell; its value is neither the old nor the planned one"
                    self.refusals.append(Refusal(key, cell.column, reason, "look at the row"))
        else:
            if one.after:
                self.rows.append(one)
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


def _is_unsure(one: SentRow, step: Step) -> bool:
    """Return whether a read has to decide: the row was not read afterwards, or did not have the planned values then.

    The change may have come later. A row in conflict was read afterwards, and only part of its change was sent.
    """
    return not one.after or (one.entry.state in ("failed", "already", "untried") and not is_as_planned(step, one.after))


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
                found = fresh.read(TARGETS[resource], group, unread=unread)
            except ServiceError as error:
                # During an outage the next group would only wait as long again.
                outage = error if error.status is None or error.status >= 500 else None
                failed.update({(resource, key): error for key in group})
                continue
            now.update({(resource, key): row for key, row in found.items()})
            failed.update({(resource, key): error for key, error in unread.items()})
    return now, failed
