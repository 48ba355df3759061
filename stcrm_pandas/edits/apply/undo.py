"""Undo an apply: a plan from the values that it wrote to those that were there before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from stcrm_pandas.contract.schemas.parts import CustomField, ExternalData
from stcrm_pandas.edits.apply.journal import Journal
from stcrm_pandas.edits.apply.locks import is_held
from stcrm_pandas.edits.apply.outcomes import IN_PROGRESS, Outcomes, SentRow, value_at
from stcrm_pandas.edits.diff.columns import LEGACY, OTHER_OPERATIONS, Target, target_of
from stcrm_pandas.edits.diff.values import COLUMNS_WITH_PARTS, current_value, missing_part, parts_of, to_json
from stcrm_pandas.edits.plan.build import bulk_steps, notes_as_warnings, opt_outs_first, origin_of
from stcrm_pandas.edits.plan.model import Cell, Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.steps import Change, PlanOptions, plan_row
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.output.printable import plural


def undo(path: Any, port: Port, *, reason: str | None = None) -> PlanData:
    """Return the plan that undoes an apply. See `Client.undo`."""
    journal = Journal.open(path)
    try:
        plan, origin = journal.plan, origin_of(port)
        if (plan.environment, plan.tenant) != (origin.environment, origin.tenant):
            raise UsageError(
                f"The journal belongs to tenant {plan.tenant} in {plan.environment}, but this connection is to tenant "
                f"{origin.tenant} in {origin.environment}. Connect to the journal's tenant."
            )
        _refuse_under_way(journal)
        undo_steps = _UndoSteps(plan)
        outcomes = Outcomes.read(journal, port)
        for sent in outcomes.rows:
            undo_steps.add(sent)
        undo_steps.refusals += outcomes.refusals
    finally:
        journal.close()
    return PlanData(
        plan.resource,
        plan.environment,
        plan.tenant,
        origin.made_at,
        tuple(opt_outs_first([*undo_steps.steps, *undo_steps.bulk()])),
        tuple(undo_steps.refusals),
        total_rows=len(plan.keys),
        warnings=(*outcomes.warnings, *notes_as_warnings(undo_steps.notes)),
        reason=reason or f"undo of {journal.path.name}",
        options=undo_steps.options.as_json(),
    )


def _refuse_under_way(journal: Journal) -> None:
    """Raise while the outcome of some rows is unknown: the service may still be working on them."""
    if is_held(journal.path.parent, journal.plan.digest):
        raise UsageError("This plan is being applied right now. Undo it after the apply has ended.")
    counts = journal.counts()
    if rows := sum(counts.get(state, 0) for state in IN_PROGRESS):
        raise UsageError(
            f"The outcome of {plural(rows, 'row')} is unknown, because their requests were running when this apply "
            f"ended. First call crm.resume({str(journal.path)!r}, limit=0), which finds the outcome and sends nothing "
            "but opt-outs (without limit=0, it continues the plan). Then undo it."
        )


class _UndoSteps:
    """The steps that undo an apply, and what cannot be undone."""

    def __init__(self, plan: PlanData) -> None:
        self.plan = plan
        given = PlanOptions.from_json(plan.options)
        # Consent to a change is no consent to its opposite.
        self.options = replace(given, allow_opt_in=False, consent_source=None)
        self.steps: list[Step] = []
        self.refusals: list[Refusal] = []
        self.notes: Counter[str] = Counter()
        self._tags: dict[tuple[Cell, ...], list[Key]] = {}

    def add(self, sent: SentRow) -> None:
        """Add the steps that undo the changes of one row."""
        entry, before, after, body = sent.entry, sent.before, sent.after, sent.body
        step = self.plan.steps[entry.step]
        target = target_of(step.operation)
        if step.irreversible:
            self.refusals.append(
                Refusal(entry.key, "", "the API has no operation that undoes it", "change it in ServiceTitan")
            )
            return
        written = [cell for cell in sent.changed(target, step) if current_value(target, after, cell.column) == cell.new]
        if step.operation in OTHER_OPERATIONS:
            cells = tuple(Cell(cell.column, cell.new, current_value(target, before, cell.column)) for cell in written)
            if cells:
                self._tags.setdefault(cells, []).append(entry.key)
            return
        changes = []
        for change in (*_changes(target, written, before, after), *_other_changes(target, step, before, after, body)):
            column, _, old = change
            if is_missing(old) and column not in COLUMNS_WITH_PARTS and not target.rules[column].clears:
                self.refusals.append(
                    Refusal(
                        entry.key,
                        column,
                        "the value was missing before, and this field cannot be cleared",
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
        """Return the steps that undo changes of tags."""
        found = []
        for cells, keys in self._tags.items():
            for new in (True, False):
                alike = [cell for cell in cells if cell.new is new]
                found += bulk_steps(alike, keys) if alike else []
        return found


def _changes(
    target: Target, cells: list[Cell], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    """Yield the changes from the written values back to the earlier ones, column by column."""
    columns = dict.fromkeys(cell.column.partition(".")[0] for cell in cells)
    for column in columns:
        if column not in COLUMNS_WITH_PARTS:
            yield column, after.get(column), before.get(column)
            continue
        was, now = parts_of(column, before.get(column)), parts_of(column, after.get(column))
        names = [cell.column.partition(".")[2] for cell in cells if cell.column.startswith(f"{column}.")]
        none = missing_part(column)
        restored = {**now, **{name: was.get(name, none) for name in names}}
        yield column, after.get(column), _as_tuple(column, {n: v for n, v in restored.items() if v != none})


def _as_tuple(column: str, parts: Mapping[str, Any]) -> tuple[Any, ...]:
    if column == "tag_type_ids":
        return tuple(int(name) for name in parts)
    if column == "custom_fields":
        return tuple(CustomField(int(name), None, value) for name, value in parts.items())
    return tuple(ExternalData(name, value) for name, value in parts.items())


def _other_changes(
    target: Target, step: Step, before: Mapping[str, Any], after: Mapping[str, Any], body: Mapping[str, Any]
) -> Iterator[Change]:
    """Yield changes that the request made beyond the plan's cells: coordinates, a unit, flags."""
    cells = {cell.column for cell in step.cells}
    for name, rule in target.rules.items():
        if name in cells or name in COLUMNS_WITH_PARTS or name == LEGACY or not rule.field or name not in before:
            continue
        sent, found = value_at(body, rule.field)
        column = target.columns[name]
        was, now = to_json(before[name], column), to_json(after.get(name), column)
        if found and was != now and now == sent:
            yield name, after.get(name), before[name]
