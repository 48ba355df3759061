"""Undo an apply: a plan from the values that it wrote to those that were there before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from stcrm_pandas.contract.schemas.parts import CustomField, ExternalData
from stcrm_pandas.edits.apply.check import tags_refused, without
from stcrm_pandas.edits.apply.journal import Entry, Journal, State, facts_of
from stcrm_pandas.edits.apply.locks import is_held
from stcrm_pandas.edits.apply.opt_in_checks import Record
from stcrm_pandas.edits.apply.opt_ins import UnreadableJournal, may_be_of_tenant, read_complete
from stcrm_pandas.edits.apply.outcomes import (
    IN_PROGRESS,
    Outcomes,
    PlanRow,
    SentRow,
    row_of_plan,
    rows_of_plan,
    value_at,
    was_sent,
)
from stcrm_pandas.edits.columns import LEGACY, OTHER_OPERATIONS, Target, target_of
from stcrm_pandas.edits.plan.build import Origin, bulk_steps, notes_as_warnings, opt_outs_first, origin_of
from stcrm_pandas.edits.plan.model import UNDO_OF, Cell, Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.steps import Change, PlanOptions, plan_row
from stcrm_pandas.edits.port import Port
from stcrm_pandas.edits.values import COLUMNS_WITH_PARTS, current_value, missing_part, parts_of, to_json
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.frame.matching import SHOWN, key_columns, with_key
from stcrm_pandas.output.printable import plural


def undo(path: Any, port: Port, *, rows: pd.DataFrame | None = None, reason: str | None = None) -> PlanData:
    """Return the plan that undoes an apply. See `Client.undo`."""
    with closing(Journal.open(path)) as journal:
        plan, origin = journal.plan, origin_of(port)
        if (plan.environment, plan.tenant) != (origin.environment, origin.tenant):
            raise UsageError(
                f"The journal belongs to tenant {plan.tenant} in {plan.environment}, but this connection is to tenant "
                f"{origin.tenant} in {origin.environment}. Connect to the journal's tenant."
            )
        undone = _UndoSteps(plan, port)
        chosen = None if rows is None else _chosen(plan, rows)
        wanted = {row for row in rows_of_plan(plan) if chosen is None or _record(row) in chosen}
        entries = journal.entries()
        undone.include(journal, {row_of_plan(plan, entry) for entry in entries if was_sent(entry)} & wanted)
        others = other_applies(journal, undone.warnings)
        # What another apply of the plan or of a sample wrote had its planned value already in this one.
        already = _in_state(plan, entries, "already") & wanted
        for other in reversed(others):
            if part := (other.maybe & already) - undone.included:
                with closing(Journal.open(other.path)) as earlier:
                    undone.include(earlier, part)
        if unexplained := len(already - undone.included):
            undone.warnings.append(
                f"{plural(unexplained, 'row')} had the planned value already before this apply, and no journal here "
                f"shows that another apply of the plan wrote it and was not undone. The undo leaves "
                f"{'it' if unexplained == 1 else 'them'} as {'it is' if unexplained == 1 else 'they are'}."
            )
        for other in others:
            if left := len((other.certainly & wanted) - undone.included):
                undone.warnings.append(
                    f"{plural(left, 'row')} of this plan {'was' if left == 1 else 'were'} changed by another apply of "
                    f"it, which this undo does not include. To undo {'it' if left == 1 else 'them'}: "
                    f"crm.undo({str(other.path)!r})."
                )
    included = {_record(row) for row in undone.included}
    for resource, key in sorted((chosen or set()) - included, key=str):
        undone.refusals.append(Refusal(key, "", f"the apply did not change this row of {resource}"))
    back = undone.as_plan(origin, reason or f"undo of {journal.path.name}")
    return without(back, tags_refused(back, port))


def _chosen(plan: PlanData, rows: pd.DataFrame) -> set[Record]:
    """Return the resource and key of the rows of a plan that a frame has.

    Raises
    ------
    UsageError
        The frame lacks the columns that identify rows, or the plan does not change one of its rows.
    """
    if not isinstance(rows, pd.DataFrame):
        raise UsageError("undo(rows=…) takes a DataFrame with the columns that identify the rows.")
    records = {_record(row) for row in rows_of_plan(plan)}
    if {"resource", "key"} <= set(rows.columns):  # as in the frames of a plan for several resources
        texts = {(resource, "/".join(map(str, key))): (resource, key) for resource, key in records}
        pairs = [(str(resource), str(key)) for resource, key in zip(rows["resource"], rows["key"], strict=True)]
        unknown = [key for resource, key in pairs if (resource, key) not in texts]
        chosen = {texts[pair] for pair in pairs if pair in texts}
    else:
        target = _target_with_key(plan, rows)
        keys = key_columns(target.row, with_key(target.row, rows, "rows"), "rows")
        chosen = {(target.resource, key) for key in zip(*(cells.tolist() for cells in keys), strict=True)}
        unknown = ["/".join(map(str, key)) for record in sorted(chosen - records, key=str) for key in [record[1]]]
    if unknown:
        more = ", …" if len(unknown) > SHOWN else ""
        raise UsageError(f"The apply has no row {', '.join(unknown[:SHOWN])}{more}. plan.changes has its rows.")
    return chosen


def _target_with_key(plan: PlanData, rows: pd.DataFrame) -> Target:
    """Return the kind of row of a plan that a frame has, by its columns."""
    targets = {target_of(step.operation).resource: target_of(step.operation) for step in plan.steps}
    names = {*rows.columns, *rows.index.names}
    fit = [target for target in targets.values() if names.issuperset(target.row.key)] or list(targets.values())
    most = max((len(target.row.key) for target in fit), default=0)
    fit = [target for target in fit if len(target.row.key) == most]
    if len(fit) != 1:
        raise UsageError(
            "The apply changed rows of several resources. Give undo(rows=…) rows of result.succeeded or plan.changes, "
            "with the columns `resource` and `key`."
        )
    return fit[0]


ChangedCell = tuple[Record, str]
"""A cell that an apply changed: its record and its column."""


@dataclass(frozen=True)
class OtherApply:
    """Another apply of a plan: its journal, the rows that it may have changed, and those that it has certainly changed.

    Rows that an undo of it has changed back are in neither, unless that undo was undone.
    """

    path: Path
    maybe: Set[PlanRow]
    certainly: Set[PlanRow]


def other_applies(journal: Journal, warnings: list[str]) -> list[OtherApply]:
    """Return the other applies of a plan, of its samples and of its parts, oldest first.

    Parameters
    ----------
    journal : Journal
        A journal of the plan; the others are in the same folder.
    warnings : list of str
        Gets a warning for each of them that cannot be read.
    """
    here, digest = _place_of(journal.about), journal.plan.sample_of or journal.plan.digest
    about = {path: facts_of(path) for path in sorted(journal.path.parent.glob("*.sqlite"))}
    applies = []
    for path, facts in about.items():
        of_plan = _place_of(facts) == here and digest in (facts.get("digest"), facts.get("sample_of"))
        if path.samefile(journal.path) or not (of_plan or (not facts and may_be_of_tenant(path, journal.plan))):
            continue
        try:
            plan, entries = read_complete(path)
            if digest not in (plan.digest, plan.sample_of):
                continue
            back = changed_back(path, about)
        except UnreadableJournal as error:
            warnings.append(f"{error} It may have changed rows of the same plan, which this undo does not include.")
            continue
        certainly = _in_state(plan, entries, "succeeded")
        maybe = {row_of_plan(plan, entry) for entry in entries if was_sent(entry)}
        undone = {row for row in maybe if _cells_of(row) & back}
        applies.append(OtherApply(path, maybe - undone, certainly - undone))
    return applies


def changed_back(path: Path, about: Mapping[Path, Mapping[str, str]]) -> set[ChangedCell]:
    """Return the cells that undos of an apply have changed back, without those of undos that are undone themselves.

    Parameters
    ----------
    path : Path
        The journal of the apply.
    about : mapping
        Journals with their facts, the undos among them.

    Raises
    ------
    UnreadableJournal
        The journal of an undo cannot be read.
    """
    others = {other: facts for other, facts in about.items() if other != path}
    undos = [undo for undo, facts in others.items() if path.name in facts.get(UNDO_OF, "").split(",")]
    cells: set[ChangedCell] = set()
    for undo in undos:
        cells |= {cell for row in changed(undo) for cell in _cells_of(row)} - changed_back(undo, others)
    return cells


def is_undone(path: Path, back: Set[ChangedCell]) -> bool:
    """Return whether each request of an apply that changed a row was undone.

    Parameters
    ----------
    path : Path
        The journal of the apply.
    back : set
        What `changed_back` returns for it.

    Raises
    ------
    UnreadableJournal
        The journal cannot be read.
    """
    return all(_cells_of(row) & back for row in changed(path))


def changed(path: Path) -> set[PlanRow]:
    """Return the rows, request by request, that an apply has certainly changed.

    Raises
    ------
    UnreadableJournal
        The journal cannot be read.
    """
    return _in_state(*read_complete(path), "succeeded")


def _cells_of(row: PlanRow) -> set[ChangedCell]:
    return {(_record(row), column) for column in row[2]}


def _place_of(about: Mapping[str, str]) -> tuple[str | None, str | None]:
    return about.get("environment"), about.get("tenant")


def _in_state(plan: PlanData, entries: Iterable[Entry], state: State) -> set[PlanRow]:
    return {row_of_plan(plan, entry) for entry in entries if entry.state == state}


def _record(row: PlanRow) -> Record:
    return target_of(row[0]).resource, row[1]


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

    def __init__(self, plan: PlanData, port: Port) -> None:
        self._plan, self._port = plan, port
        self.included: set[PlanRow] = set()
        self.journals: list[str] = []
        self.warnings: list[str] = []
        options = PlanOptions.from_json(plan.options)
        # Consent to a change is no consent to its opposite.
        self.options = replace(options, allow_opt_in=False, consent_source=None)
        self.steps: list[Step] = []
        self.refusals: list[Refusal] = []
        self.notes: Counter[str] = Counter()
        self._tags: dict[tuple[Cell, ...], list[Key]] = {}

    def include(self, journal: Journal, rows: Set[PlanRow]) -> None:
        """Add the steps that undo the changes of some rows of an apply.

        Raises
        ------
        UsageError
            The apply is running, or some of its requests were running when it ended.
        """
        _refuse_under_way(journal)
        outcomes = Outcomes.read(journal, self._port, rows)
        for sent in outcomes.rows:
            self._add(journal.plan.steps[sent.entry.step], sent)
        self.refusals += outcomes.refusals
        self.warnings += outcomes.warnings
        self.included |= rows
        self.journals.append(journal.path.name)

    def as_plan(self, origin: Origin, reason: str) -> PlanData:
        """Return the plan."""
        return PlanData(
            self._plan.resource,
            self._plan.environment,
            self._plan.tenant,
            origin.made_at,
            tuple(opt_outs_first([*self.steps, *self._bulk()])),
            tuple(self.refusals),
            total_rows=len(self._plan.keys),
            warnings=(*self.warnings, *notes_as_warnings(self.notes)),
            reason=reason,
            options={**self.options.as_json(), UNDO_OF: self.journals},
        )

    def _add(self, step: Step, sent: SentRow) -> None:
        """Add the steps that undo the changes of one row."""
        entry, before, after, body = sent.entry, sent.before, sent.after, sent.body
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
            column, now, old = change
            if column == "address_unit" and is_missing(old) and now != "":
                self.notes["{} without a unit before: it becomes empty text, since the API does not accept null"] += 1
                changes.append((column, now, ""))
            elif is_missing(old) and column not in COLUMNS_WITH_PARTS and not target.rules[column].clears:
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

    def _bulk(self) -> list[Step]:
        """Return the steps that undo changes of tags."""
        steps = []
        for cells, keys in self._tags.items():
            for new in (True, False):
                alike = [cell for cell in cells if cell.new is new]
                steps += bulk_steps(alike, keys) if alike else []
        return steps


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
        sent, is_in_body = value_at(body, rule.field)
        column = target.columns[name]
        was, now = to_json(before[name], column), to_json(after.get(name), column)
        if is_in_body and was != now and now == sent:
            yield name, after.get(name), before[name]
