"""Which rows an apply wrote, as far as its journal knows, and for the others what a read shows now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stcrm_pandas.edits.apply.classify import agrees, row_from_json
from stcrm_pandas.edits.apply.fresh_rows import Fresh, FreshRow, together
from stcrm_pandas.edits.apply.journal import Entry, Journal, State
from stcrm_pandas.edits.diff.columns import OTHER_CALLS, TARGETS, Target, target_of
from stcrm_pandas.edits.diff.values import PARTED, current
from stcrm_pandas.edits.plan.model import Cell, Key, Refusal, Step
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import AnswerError, ServiceError

UNDER_WAY: tuple[State, ...] = ("sending", "sent", "doubt")
"""The states of rows whose request was under way when the apply ended."""

_AGAIN = "make the undo again when it can be read"
_Place = tuple[str, Key]


@dataclass(frozen=True)
class Sent:
    """One row whose request was sent, and may have changed it.

    Parameters
    ----------
    entry : Entry
        What the journal knows of it.
    before : mapping
        The row as it was read before.
    after : mapping
        As it was read afterwards, by the apply or now; empty where nobody could.
    body : mapping
        What was sent.
    """

    entry: Entry
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    body: Mapping[str, Any]

    def changed(self, target: Target, step: Step) -> list[Cell]:
        """The cells that were sent with another value than the row had: not those in conflict or left out."""
        return [
            cell
            for cell in step.cells
            if current(target, self.before, cell.column) != cell.new and self._was_sent(target, step, cell)
        ]

    def _was_sent(self, target: Target, step: Step, cell: Cell) -> bool:
        if step.operation in OTHER_CALLS:
            return True
        rule = target.rules[cell.column.partition(".")[0]]
        if cell.column.partition(".")[0] in PARTED:
            return rule.field[0] in self.body
        return part_of(self.body, rule.field) == (cell.new, True)


@dataclass
class Learned:
    """All rows that an apply may have changed; what could not be found out is refused and counted in a warning."""

    rows: list[Sent] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def by_reading(cls, journal: Journal, port: Port) -> Learned:
        """Find out what an apply changed: out of its journal, and by a read where the journal cannot tell."""
        known = list(_sent(journal))
        steps = journal.plan.steps
        unsure = {one.entry.at: one for one in known if _is_unsure(one, steps[one.entry.step])}
        places = [(target_of(steps[step].operation).resource, one.entry.key) for (step, _), one in unsure.items()]
        now, failed = _read(places, port)
        learned = cls()
        for one in known:
            if one.entry.at in unsure:
                learned._decide(one, steps[one.entry.step], now, failed)
            else:
                learned.rows.append(one)
        if failed:
            rows = f"{len(failed):,} row" + (" that may have" if len(failed) == 1 else "s that may have")
            learned.warnings.append(f"{rows} been changed could not be read, and the undo lacks them: {_AGAIN}.")
        return learned

    def _decide(
        self, one: Sent, step: Step, now: Mapping[_Place, FreshRow], failed: Mapping[_Place, Exception]
    ) -> None:
        key, target = one.entry.key, target_of(step.operation)
        row = now.get((target.resource, key))
        cells = one.changed(target, step)
        if step.irreversible:
            self.rows.append(one)
        elif row is not None:
            late = [cell for cell in cells if current(target, row, cell.column) == cell.new]
            if not one.after or any(current(target, one.after, cell.column) != cell.new for cell in late):
                self.rows.append(replace(one, after=row))
            else:
                self.rows.append(one)
            for cell in () if one.after else cells:
                if current(target, row, cell.column) not in (cell.new, current(target, one.before, cell.column)):
                    reason = "it may have been changed by the apply, and is neither as it was nor as planned now"
                    self.refusals.append(Refusal(key, cell.column, reason, "look at the row"))
        else:
            if one.after:
                self.rows.append(one)
            error = failed.get((target.resource, key))
            reason = "it may have been changed, and " + (
                "there is no such row any more" if error is None else f"it could not be read to find that out: {error}"
            )
            self.refusals.append(Refusal(key, "", reason, "" if error is None else _AGAIN))


def part_of(body: Any, path: tuple[str, ...]) -> tuple[Any, bool]:
    """What stands at a place of a body, and whether there is such a place."""
    for name in path:
        if not isinstance(body, Mapping) or name not in body:
            return None, False
        body = body[name]
    return body, True


def _sent(journal: Journal) -> Iterator[Sent]:
    """The rows whose request was sent and was not refused."""
    for entry in journal.entries():
        before = journal.text(entry, "before")
        if (entry.sent_at is None and entry.tried_at is None) or entry.refused or before is None:
            continue
        operation = journal.plan.steps[entry.step].operation
        after, body = journal.text(entry, "after") or {}, journal.text(entry, "body") or {}
        yield Sent(entry, row_from_json(operation, before), row_from_json(operation, after), body)


def _is_unsure(one: Sent, step: Step) -> bool:
    """Whether a read has to decide: the row was not read afterwards, or not seen as planned, which may have come later.

    A row in conflict was read afterwards, and only a part of its change was sent.
    """
    return not one.after or (one.entry.state in ("failed", "already", "untried") and not agrees(step, one.after))


def _read(places: list[_Place], port: Port) -> tuple[dict[_Place, FreshRow], dict[_Place, Exception]]:
    """Rows as they are now, and why some could not be read."""
    fresh = Fresh(port)
    keys: dict[str, dict[Key, None]] = defaultdict(dict)
    for resource, key in places:
        keys[resource][key] = None
    now: dict[_Place, FreshRow] = {}
    failed: dict[_Place, Exception] = {}
    outage: ServiceError | None = None
    for resource, some in keys.items():
        for group in together(TARGETS[resource], some):
            unread: dict[Key, AnswerError] = {}
            try:
                if outage is not None:
                    raise outage
                found = fresh.read(TARGETS[resource], group, unread=unread)
            except ServiceError as error:
                # Without an answer the next group would wait as long again, for nothing.
                outage = error if error.status is None or error.status >= 500 else None
                failed.update({(resource, key): error for key in group})
                continue
            now.update({(resource, key): row for key, row in found.items()})
            failed.update({(resource, key): error for key, error in unread.items()})
    return now, failed
