"""Take an apply back: a plan from what it wrote to what was there before, with the same care."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from stcrm_pandas.contract.schemas.parts import CustomField, ExternalData
from stcrm_pandas.edits.apply.journal import Journal
from stcrm_pandas.edits.apply.locks import is_held
from stcrm_pandas.edits.apply.outcomes import UNDER_WAY, Learned, Sent, part_of
from stcrm_pandas.edits.diff.columns import LEGACY, OTHER_CALLS, Target, target_of
from stcrm_pandas.edits.diff.values import PARTED, absent, current, parts_of, to_json
from stcrm_pandas.edits.plan.build import bulk_calls, in_order, place_of
from stcrm_pandas.edits.plan.model import Cell, Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.steps import Change, Options, plan_row
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing


def undo(path: Any, port: Port, *, reason: str | None = None) -> PlanData:
    """The plan that takes an apply back. See `Client.undo`."""
    journal = Journal.open(path)
    try:
        plan, place = journal.plan, place_of(port)
        if (plan.environment, plan.tenant) != (place.environment, place.tenant):
            raise UsageError(
                f"The journal is of tenant {plan.tenant} of {plan.environment}; this connection is to tenant "
                f"{place.tenant} of {place.environment}."
            )
        _refuse_under_way(journal)
        back = _Back(plan)
        learned = Learned.by_reading(journal, port)
        for sent in learned.rows:
            back.add(sent)
        back.refusals += learned.refusals
    finally:
        journal.close()
    told = [note.format(f"{count:,} row{'' if count == 1 else 's'}") + "." for note, count in back.notes.items()]
    return PlanData(
        plan.resource,
        plan.environment,
        plan.tenant,
        place.made_at,
        tuple(in_order([*back.steps, *back.bulk()])),
        tuple(back.refusals),
        total_rows=len(plan.keys),
        warnings=(*learned.warnings, *told),
        reason=reason or f"undo of {journal.path.name}",
        options=back.options.as_json(),
    )


def _refuse_under_way(journal: Journal) -> None:
    """Refuse an undo while it is not known what became of some rows, since the service may still be at work on them."""
    if is_held(journal.path.parent, journal.plan.digest):
        raise UsageError("This plan is being applied right now: undo it when the apply has ended.")
    counts = journal.counts()
    if rows := sum(counts.get(state, 0) for state in UNDER_WAY):
        raise UsageError(
            f"{rows:,} row{' was' if rows == 1 else 's were'} under way when this apply ended, and what became of them "
            f"is not known yet. Resume it first: crm.resume({str(journal.path)!r}, limit=0) finds that out and sends "
            "no further change but opt-outs (without limit=0 it goes on with the plan); then undo it."
        )


class _Back:
    """The calls that take rows back, and what cannot be taken back."""

    def __init__(self, plan: PlanData) -> None:
        self.plan = plan
        given = Options.from_json(plan.options)
        # Consent that was given to one change is none to its opposite.
        self.options = replace(given, allow_opt_in=False, consent_source=None)
        self.steps: list[Step] = []
        self.refusals: list[Refusal] = []
        self.notes: Counter[str] = Counter()
        self._tags: dict[tuple[Cell, ...], list[Key]] = {}

    def add(self, sent: Sent) -> None:
        """Undo what was written to one row."""
        entry, before, after, body = sent.entry, sent.before, sent.after, sent.body
        step = self.plan.steps[entry.step]
        target = target_of(step.operation)
        if step.irreversible:
            self.refusals.append(
                Refusal(entry.key, "", "the service has no call that takes it back", "ServiceTitan's own screen")
            )
            return
        written = [cell for cell in sent.changed(target, step) if current(target, after, cell.column) == cell.new]
        if step.operation in OTHER_CALLS:
            cells = tuple(Cell(cell.column, cell.new, current(target, before, cell.column)) for cell in written)
            if cells:
                self._tags.setdefault(cells, []).append(entry.key)
            return
        changes = []
        for change in (*_changes(target, written, before, after), *_beyond(target, step, before, after, body)):
            column, _, old = change
            if is_missing(old) and column not in PARTED and not target.rules[column].clears:
                self.refusals.append(
                    Refusal(
                        entry.key, column, "it was missing, and it cannot be cleared: the contract takes no null here"
                    )
                )
            else:
                changes.append(change)
        if not changes:
            return
        switched = any(cell.column == "active" for cell in written)
        options = replace(self.options, allow_inactive=self.options.allow_inactive or switched)
        planned = plan_row(target, entry.key, changes, after, options)
        self.refusals += planned.refusals
        self.notes.update(planned.notes)
        if planned.step is not None:
            self.steps.append(planned.step)

    def bulk(self) -> list[Step]:
        """The calls that take tags back."""
        found = []
        for cells, keys in self._tags.items():
            for new in (True, False):
                alike = [cell for cell in cells if cell.new is new]
                found += bulk_calls(alike, keys) if alike else []
        return found


def _changes(
    target: Target, cells: list[Cell], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    """What was written, from what it is to what it was, column by column."""
    columns = dict.fromkeys(cell.column.partition(".")[0] for cell in cells)
    for column in columns:
        if column not in PARTED:
            yield column, after.get(column), before.get(column)
            continue
        was, now = parts_of(column, before.get(column)), parts_of(column, after.get(column))
        names = [cell.column.partition(".")[2] for cell in cells if cell.column.startswith(f"{column}.")]
        none = absent(column)
        restored = {**now, **{name: was.get(name, none) for name in names}}
        yield column, after.get(column), _whole(column, {n: v for n, v in restored.items() if v != none})


def _whole(column: str, parts: Mapping[str, Any]) -> tuple[Any, ...]:
    if column == "tag_type_ids":
        return tuple(int(name) for name in parts)
    if column == "custom_fields":
        return tuple(CustomField(int(name), None, value) for name, value in parts.items())
    return tuple(ExternalData(name, value) for name, value in parts.items())


def _beyond(
    target: Target, step: Step, before: Mapping[str, Any], after: Mapping[str, Any], body: Mapping[str, Any]
) -> Iterator[Change]:
    """What was sent along and changed something that is no cell of the plan: coordinates, a unit, flags."""
    cells = {cell.column for cell in step.cells}
    for name, rule in target.rules.items():
        if name in cells or name in PARTED or name == LEGACY or not rule.field or name not in before:
            continue
        sent, found = part_of(body, rule.field)
        column = target.columns[name]
        was, now = to_json(before[name], column), to_json(after.get(name), column)
        if found and was != now and now == sent:
            yield name, after.get(name), before[name]
