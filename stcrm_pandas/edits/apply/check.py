"""Checks of a plan that need a read: other records of a number, active locations, and the tenant of the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from stcrm_pandas.edits.apply.fresh_rows import RowReader
from stcrm_pandas.edits.apply.opt_ins import SentOptIns
from stcrm_pandas.edits.diff.columns import TARGETS, target_of
from stcrm_pandas.edits.diff.values import current_value
from stcrm_pandas.edits.plan.build import rows_of
from stcrm_pandas.edits.plan.consent import FLAGS, is_opt_out
from stcrm_pandas.edits.plan.model import Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.opt_out import MARKETING, ContactRows, rows_with_value
from stcrm_pandas.edits.plan.steps import PlanOptions, without_cells
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import ServiceError, UsageError
from stcrm_pandas.frame.contact_values import find_contacts
from stcrm_pandas.frame.foreign_cells import is_missing

MOST_CHANGED = 0.05
"""If more than this share of rows changed since they were read, a frame without a tenant counts as another tenant's."""
ONE_BY_ONE = 100
"""Up to this many customers, locations are read customer by customer."""
DO_NOT_TEXT = "phone_settings_do_not_text"

Record = tuple[str, Key]
"""A record: its resource and its key."""


def check(plan: PlanData, port: Port, sent: SentOptIns | None = None) -> PlanData:
    """Return the plan without the changes that a read refuses.

    Parameters
    ----------
    sent : SentOptIns, optional
        Opt-ins of the plan that were sent already: an opt-out in these cells is newer.

    Raises
    ------
    UsageError
        The rows are not this tenant's.
    """
    if plan.options.get("before_unnamed"):
        refuse_other_tenant(plan, read_current_rows(plan, port))
    refusals = [*_still_in_use(plan, port), *_opted_out(plan, port, sent or {})]
    return replace(without(plan, refusals), checked=True)


def refused_by_reading(plan: PlanData, port: Port, sent: SentOptIns) -> list[Refusal]:
    """Return the changes of a plan that a read refuses, apart from opt-outs, which are checked separately.

    Raises
    ------
    UsageError
        The rows are not this tenant's.
    """
    rest = replace(plan, steps=tuple(step for step in plan.steps if not step.opt_out))
    if plan.options.get("before_unnamed"):
        refuse_other_tenant(rest, read_current_rows(rest, port))
    return [*_still_in_use(rest, port), *_opted_out(plan, port, sent)]


def opt_outs_refused_by_reading(plan: PlanData, port: Port) -> list[Refusal]:
    """Return the opt-outs of a plan that a read refuses: as few as possible.

    A row that opts out and is also deactivated stays active if it is still in use, or if that cannot be read. If a
    frame does not name its tenant, and more than 5% of the opt-outs (and more than one) changed since they were read,
    they count as another tenant's, because an opt-out cannot be undone.
    """
    part = replace(plan, steps=tuple(step for step in plan.steps if step.opt_out))
    changed = list(_opt_outs_of_other_tenant(part, port))
    if plan.checked or changed:
        return changed
    try:
        return list(_still_in_use(part, port))
    except ServiceError as error:
        why = f"it could not be checked whether the row is still in use: {error}"
        return [
            Refusal(step.key, cell.column, why, "plan this change separately")
            for step in part.steps
            for cell in step.cells
            if cell.column == "active" and cell.new is False
        ]


def _opt_outs_of_other_tenant(part: PlanData, port: Port) -> Iterator[Refusal]:
    if not part.options.get("before_unnamed"):
        return
    try:
        rows = read_current_rows(part, port)
    except ServiceError:  # each row is read again before it is sent
        return
    rows_of_plan = [(step, key) for step in part.steps for key in step.keys]
    changed = _count_changed(rows_of_plan, rows)
    if changed <= max(1, MOST_CHANGED * len(rows_of_plan)):
        return
    for step, key in rows_of_plan:
        for cell in step.cells:
            yield Refusal(key, cell.column, _other_tenant_message(part, changed, len(rows_of_plan)))


def without(plan: PlanData, refusals: Iterable[Refusal]) -> PlanData:
    """Return a plan without the cells that some refusals name; other cells of the same rows stay."""
    more = tuple(refusals)
    gone: dict[Key, set[str]] = defaultdict(set)
    for refusal in more:
        gone[refusal.key].add(refusal.column)
    options = PlanOptions.from_json(plan.options)
    steps: list[Step] = []
    for step in plan.steps:
        kept: Step | None = step
        if step.key in gone and len(step.keys) == 1:
            kept = without_cells(target_of(step.operation), step, gone[step.key], options)
        if kept is not None:
            steps.append(kept)
    return replace(plan, steps=tuple(steps), refusals=(*plan.refusals, *more))


def refuse_other_tenant(plan: PlanData, rows: Mapping[Record, Mapping[str, Any]]) -> None:
    """Raise if too many rows of a frame without a tenant changed since they were read.

    Parameters
    ----------
    plan : PlanData
        The plan; it is checked only if its frame named no tenant.
    rows : mapping
        Resource and key to the current row.

    Raises
    ------
    UsageError
        More than 5% of the rows are missing, or have another value in a cell to be changed.
    """
    if not plan.options.get("before_unnamed"):
        return
    rows_of_plan = [(step, key) for step in plan.steps for key in step.keys]
    changed = _count_changed(rows_of_plan, rows)
    if rows_of_plan and changed / len(rows_of_plan) > MOST_CHANGED:
        raise UsageError(_other_tenant_message(plan, changed, len(rows_of_plan)))


def _count_changed(rows_of_plan: Iterable[tuple[Step, Key]], rows: Mapping[Record, Mapping[str, Any]]) -> int:
    return sum(
        not _is_unchanged(step, rows.get((target_of(step.operation).resource, key))) for step, key in rows_of_plan
    )


def _other_tenant_message(plan: PlanData, changed: int, rows: int) -> str:
    return (
        f"The frame does not name its tenant, and {changed:,} of {rows:,} rows differ from those of tenant "
        f"{plan.tenant} in {plan.environment}. Read the rows over this connection and make a new plan."
    )


def read_current_rows(plan: PlanData, port: Port) -> dict[Record, Mapping[str, Any]]:
    """Return the current rows of a plan by resource and key, without those that no longer exist."""
    fresh = RowReader(port)
    by_kind: dict[str, dict[Key, None]] = defaultdict(dict)
    for step in plan.steps:
        by_kind[target_of(step.operation).resource].update(dict.fromkeys(step.keys))
    return {
        (resource, key): row
        for resource, keys in by_kind.items()
        for key, row in fresh.read(TARGETS[resource], list(keys)).items()
    }


def _is_unchanged(step: Step, row: Mapping[str, Any] | None) -> bool:
    if row is None:
        return False
    target = target_of(step.operation)
    return all(current_value(target, row, cell.column) in (cell.old, cell.new) for cell in step.cells)


def _still_in_use(plan: PlanData, port: Port) -> Iterator[Refusal]:
    """Yield a refusal for each customer to be deactivated who has a balance or an active location."""
    if plan.options.get("allow_deactivate"):
        return
    off = [
        step.key[0]
        for step in plan.steps
        if step.operation == "Customers_Update"
        for cell in step.cells
        if cell.column == "active" and cell.new is False
    ]
    if not off:
        return
    if len(off) <= ONE_BY_ONE:
        found = [port.list("locations.list", customer_id=int(id), active=True)["customer_id"].unique() for id in off]
        owners = {int(id) for ids in found for id in ids}
    else:
        owners = {int(id) for id in port.list("locations.list", active=True)["customer_id"].unique()}
    now = RowReader(port).read(TARGETS["customers"], [(id,) for id in off])
    for id in off:
        balance = now.get((id,), {}).get("balance")
        if not is_missing(balance) and balance != 0:
            yield Refusal(
                (id,), "active", "the customer has a balance", "settle it first, or plan with allow_deactivate=True"
            )
        elif id in owners:
            yield Refusal(
                (id,),
                "active",
                "the customer has an active location",
                "deactivate that first, or plan with allow_deactivate=True",
            )


def _opted_out(plan: PlanData, port: Port, sent: SentOptIns) -> list[Refusal]:
    """Return a refusal for each opt-in of a number or address that is opted out in another record.

    An opt-out that the plan itself changes to an opt-in does not count, if the plan was made from it.
    """
    opt_ins = [(step, cell.column, cell.new) for step in plan.steps for cell in step.cells if cell.consent]
    if not opt_ins:
        return []
    found = read_contacts(port)
    numbers = [(step, column, numbers_of(step, column, new, found)) for step, column, new in opt_ins]
    asked = {number for _, _, some in numbers for number in some}
    preferences = read_preferences(port, rows_with_value(found.methods, asked))
    opt_outs = find_opt_outs(replace(found, preferences=preferences), asked)
    for number, opt_out in _opt_outs_of_plan(plan, found):
        opt_outs[number].append(opt_out)
    known = {
        (place, cell.column)
        for step in plan.steps
        for place in [_record(step)]
        for cell in step.cells
        if cell.consent and _is_opt_out_value(cell.old) and cell.column not in sent.get(place, ())
    }
    return [
        Refusal(step.key, column, *_OPTED_OUT_ELSEWHERE)
        for step, column, some in numbers
        if any(
            opt_out.blocks(column) and (opt_out.record, opt_out.column) not in known | {(_record(step), column)}
            for number in some
            for opt_out in opt_outs[number]
        )
    ]


def _opt_outs_of_plan(plan: PlanData, found: ContactRows) -> Iterator[tuple[str, OptOut]]:
    """Yield the opt-outs of the plan itself, which are sent before its opt-ins."""
    for step in plan.steps:
        for cell in step.cells if step.opt_out else ():
            if (cell.column in FLAGS and not cell.new) or (cell.column == "value" and is_opt_out(cell.new)):
                for number in numbers_of(step, cell.column, cell.new, found):
                    yield number, OptOut(_record(step), cell.column)


def _is_opt_out_value(value: Any) -> bool:
    return value is False or is_opt_out(value)


_OPTED_OUT_ELSEWHERE = (
    "another record of the same number or address is opted out",
    "ask the person; plan_opt_out(…) opts out the other records, too",
)


@dataclass(frozen=True)
class OptOut:
    """A record that is opted out, and by which column."""

    record: Record
    column: str

    def blocks(self, column: str) -> bool:
        """Return whether it blocks an opt-in: marketing and texts block every column, others only the same one."""
        return self.column in (MARKETING, DO_NOT_TEXT, "value", column)


def numbers_of(step: Step, column: str, new: Any, found: ContactRows) -> set[str]:
    """Return the numbers and addresses that an opt-in is about; none if it is about mail or visits."""
    resource = target_of(step.operation).resource
    if resource in ("customer_contacts", "location_contacts", "contact_methods") and column == "value":
        values: Sequence[Any] = [new]
    elif resource in ("customer_contacts", "location_contacts"):
        frame = found.customers if resource == "customer_contacts" else found.locations
        values = _values(frame, dict(zip(TARGETS[resource].row.key, step.key, strict=True)))
    elif resource == "contact_preferences":
        values = _values(found.methods, {"contact_id": step.key[0], "id": step.key[1]})
    elif resource == "contacts":
        values = _values(found.methods, {"contact_id": step.key[0]})
    else:
        values = []
    return {number for value in values for number in _values_in(value)}


def _values_in(value: Any) -> tuple[Any, ...]:
    """Return the numbers and addresses in a value, or the value itself if there are none."""
    return find_contacts(value) or ((value,) if value else ())


def find_opt_outs(found: ContactRows, asked: Iterable[str]) -> dict[str, list[OptOut]]:
    """Return the opt-outs of each number or address."""
    opt_outs: dict[str, list[OptOut]] = defaultdict(list)
    wanted = set(asked)
    for resource, frame in (("customer_contacts", found.customers), ("location_contacts", found.locations)):
        for key, row in rows_of(TARGETS[resource], rows_with_value(frame, wanted), None):
            off = [flag for flag in FLAGS if not is_missing(row.get(flag)) and not row[flag]]
            if not is_missing(row.get(DO_NOT_TEXT)) and row[DO_NOT_TEXT]:
                off.append(DO_NOT_TEXT)
            for number in _values_in(row["value"]):
                opt_outs[number] += [OptOut((resource, key), column) for column in off]
    methods = dict(rows_of(TARGETS["contact_methods"], found.methods, None))
    for key, row in rows_of(TARGETS["contact_preferences"], found.preferences, None):
        if is_opt_out(row.get("value")) and key[:2] in methods:
            for number in _values_in(methods[key[:2]]["value"]):
                opt_outs[number].append(OptOut(("contact_preferences", key), "value"))
    return opt_outs


def read_contacts(port: Port) -> ContactRows:
    """Read all contacts of customers and locations, and all contact methods."""
    preferences = TARGETS["contact_preferences"].row
    empty = pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in preferences.dtypes.items()})
    return ContactRows(
        port.list("customers.list_contacts"),
        port.list("locations.list_contacts"),
        port.list("contact_methods.search"),
        empty,
    )


def read_preferences(port: Port, methods: pd.DataFrame) -> pd.DataFrame:
    """Read the preferences of some contact methods: one request for each."""
    if methods.empty:
        columns = TARGETS["contact_preferences"].row.dtypes
        return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in columns.items()})
    return port.list("contact_preferences.list", contact_ids=methods["contact_id"], contact_method_ids=methods["id"])


def _values(frame: pd.DataFrame, key: Mapping[str, Any]) -> Sequence[Any]:
    here = pd.Series(True, index=frame.index)
    for name, value in key.items():
        here &= (frame[name] == value).fillna(False)
    return [value for value in frame.loc[here, "value"] if not is_missing(value)]


def _record(step: Step) -> Record:
    return target_of(step.operation).resource, step.key
