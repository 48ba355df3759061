"""What only a read can tell about a plan: other records of a number, active locations, whose rows these are.

The reads are here; what follows from them is decided by functions of values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from stcrm_pandas.edits.apply.fresh_rows import Fresh
from stcrm_pandas.edits.apply.opt_ins import Sent
from stcrm_pandas.edits.diff.columns import TARGETS, target_of
from stcrm_pandas.edits.diff.values import current
from stcrm_pandas.edits.plan.build import rows_of
from stcrm_pandas.edits.plan.consent import FLAGS, says_no
from stcrm_pandas.edits.plan.model import Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.opt_out import MARKETING, Contacts, matching
from stcrm_pandas.edits.plan.routes import EPOCH
from stcrm_pandas.edits.plan.steps import Options, without_cells
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import ServiceError, UsageError
from stcrm_pandas.frame.contact_values import spellings
from stcrm_pandas.frame.foreign_cells import is_missing

STRANGE = 0.05
"""Above this share of rows that are not as they were read, rows without a tenant are taken for another's."""
ONE_BY_ONE = 100
"""Up to so many customers their locations are asked for one customer at a time."""
DO_NOT_TEXT = "phone_settings_do_not_text"

Place = tuple[str, Key]
"""A record: its kind, and its key."""


def check(plan: PlanData, port: Port, sent: Sent | None = None) -> PlanData:
    """The plan without what a read refuses.

    Parameters
    ----------
    sent : Sent, optional
        Opt-ins of the plan that went out already: a no that stands there was said since.

    Raises
    ------
    UsageError
        The rows are not this tenant's.
    """
    if plan.options.get("before_unnamed"):
        refuse_strangers(plan, rows_now(plan, port))
    refusals = [*_still_in_use(plan, port), *_opted_out(plan, port, sent or {})]
    return replace(without(plan, refusals), checked=True)


def refused_by_reading(plan: PlanData, port: Port, sent: Sent) -> list[Refusal]:
    """Return what a read refuses of a plan, but for its opt-outs, which are judged alone.

    Raises
    ------
    UsageError
        The rows are not this tenant's.
    """
    rest = replace(plan, steps=tuple(step for step in plan.steps if not step.opt_out))
    if plan.options.get("before_unnamed"):
        refuse_strangers(rest, rows_now(rest, port))
    return [*_still_in_use(rest, port), *_opted_out(plan, port, sent)]


def opt_outs_refused_by_reading(plan: PlanData, port: Port) -> list[Refusal]:
    """Return what a read refuses of the opt-outs of a plan: as little as can be.

    A row that opts out and is to be inactive, too, stays active where it is still in use or that cannot be
    read. Where a frame does not say whose rows it has, and more than 5% of the opt-outs (and more than one) are not
    as they were read, they are taken for another tenant's: an opt-out cannot be undone.
    """
    part = replace(plan, steps=tuple(step for step in plan.steps if step.opt_out))
    strange = list(_strange_opt_outs(part, port))
    if plan.checked or strange:
        return strange
    try:
        return list(_still_in_use(part, port))
    except ServiceError as error:
        why = f"whether it is still in use could not be read: {error}"
        return [
            Refusal(step.key, cell.column, why, "make a plan of its own for it")
            for step in part.steps
            for cell in step.cells
            if cell.column == "active" and cell.new is False
        ]


def _strange_opt_outs(part: PlanData, port: Port) -> Iterator[Refusal]:
    if not part.options.get("before_unnamed"):
        return
    try:
        rows = rows_now(part, port)
    except ServiceError:  # each of them is read again before it is sent
        return
    whole = [(step, key) for step in part.steps for key in step.keys]
    strange = sum(not _as_read(step, rows.get((target_of(step.operation).resource, key))) for step, key in whole)
    if strange <= max(1, STRANGE * len(whole)):
        return
    for step, key in whole:
        for cell in step.cells:
            yield Refusal(key, cell.column, _strangers(part, strange, len(whole)))


def without(plan: PlanData, refusals: Iterable[Refusal]) -> PlanData:
    """A plan of one kind of row without the cells that further refusals name; other cells of their rows stay."""
    more = tuple(refusals)
    gone: dict[Key, set[str]] = defaultdict(set)
    for refusal in more:
        gone[refusal.key].add(refusal.column)
    options = Options.from_json(plan.options)
    steps: list[Step] = []
    for step in plan.steps:
        kept: Step | None = step
        if step.key in gone and len(step.keys) == 1:
            kept = without_cells(target_of(step.operation), step, gone[step.key], options)
        if kept is not None:
            steps.append(kept)
    return replace(plan, steps=tuple(steps), refusals=(*plan.refusals, *more))


def refuse_strangers(plan: PlanData, rows: Mapping[Place, Mapping[str, Any]]) -> None:
    """Refuse a plan of rows that did not say whose they are, where too many are not as they were read.

    Parameters
    ----------
    plan : PlanData
        Only one whose frame named no tenant is looked at.
    rows : mapping
        By kind and key, the rows as they are now.

    Raises
    ------
    UsageError
        More than 5 % of the rows are missing, or have another value in a cell that is to be changed.
    """
    if not plan.options.get("before_unnamed"):
        return
    whole = [(step, key) for step in plan.steps for key in step.keys]
    strange = sum(not _as_read(step, rows.get((target_of(step.operation).resource, key))) for step, key in whole)
    if whole and strange / len(whole) > STRANGE:
        raise UsageError(_strangers(plan, strange, len(whole)))


def _strangers(plan: PlanData, strange: int, rows: int) -> str:
    return (
        f"The frame does not say whose rows it has, and {strange:,} of {rows:,} are not as they are in "
        f"tenant {plan.tenant} of {plan.environment}: read them over this connection, and make the plan anew."
    )


def rows_now(plan: PlanData, port: Port) -> dict[Place, Mapping[str, Any]]:
    """All rows of a plan as they are now, by kind and key; those that are gone are left out."""
    fresh = Fresh(port)
    by_kind: dict[str, dict[Key, None]] = defaultdict(dict)
    for step in plan.steps:
        by_kind[target_of(step.operation).resource].update(dict.fromkeys(step.keys))
    return {
        (resource, key): row
        for resource, keys in by_kind.items()
        for key, row in fresh.read(TARGETS[resource], list(keys)).items()
    }


def _as_read(step: Step, row: Mapping[str, Any] | None) -> bool:
    if row is None:
        return False
    target = target_of(step.operation)
    return all(current(target, row, cell.column) in (cell.old, cell.new) for cell in step.cells)


def _still_in_use(plan: PlanData, port: Port) -> Iterator[Refusal]:
    """Customers that are to be switched off while they owe, or while work is done at a place of theirs."""
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
    now = Fresh(port).read(TARGETS["customers"], [(id,) for id in off])
    for id in off:
        balance = now.get((id,), {}).get("balance")
        if not is_missing(balance) and balance != 0:
            yield Refusal((id,), "active", "it has a balance", "settle it first, or allow_deactivate=True")
        elif id in owners:
            yield Refusal(
                (id,), "active", "it has an active location", "switch that off first, or allow_deactivate=True"
            )


def _opted_out(plan: PlanData, port: Port, sent: Sent) -> list[Refusal]:
    """Reach that would be widened although another record of the number says no.

    A no that the plan itself turns into a yes is none, if it is the one that the plan was made of.
    """
    wider = [(step, cell.column, cell.new) for step in plan.steps for cell in step.cells if cell.consent]
    if not wider:
        return []
    found = read_contacts(port)
    numbers = [(step, column, numbers_of(step, column, new, found)) for step, column, new in wider]
    asked = {number for _, _, some in numbers for number in some}
    preferences = read_preferences(port, matching(found.methods, asked))
    said = noes(replace(found, preferences=preferences), asked)
    for number, no in _noes_of_its_own(plan, found):
        said[number].append(no)
    known = {
        (place, cell.column)
        for step in plan.steps
        for place in [_place(step)]
        for cell in step.cells
        if cell.consent and _is_no(cell.old) and cell.column not in sent.get(place, ())
    }
    return [
        Refusal(step.key, column, *_NO)
        for step, column, some in numbers
        if any(
            no.says_no_to(column) and (no.place, no.column) not in known | {(_place(step), column)}
            for number in some
            for no in said[number]
        )
    ]


def _noes_of_its_own(plan: PlanData, found: Contacts) -> Iterator[tuple[str, No]]:
    """What the plan itself turns into a no, before it widens anything."""
    for step in plan.steps:
        for cell in step.cells if step.opt_out else ():
            if (cell.column in FLAGS and not cell.new) or (cell.column == "value" and says_no(cell.new)):
                for number in numbers_of(step, cell.column, cell.new, found):
                    yield number, No(_place(step), cell.column)


def _is_no(value: Any) -> bool:
    return value is False or says_no(value)


_NO = (
    "a record of the same number or address says no",
    "ask whoever it is; plan_opt_out(…) brings the other records to that no",
)


@dataclass(frozen=True)
class No:
    """A record that says no: which, and by which of its columns."""

    place: Place
    column: str

    def says_no_to(self, column: str) -> bool:
        """Whether it stands against a change: a no to marketing or to texts against all, any other against its like."""
        return self.column in (MARKETING, DO_NOT_TEXT, "value", column)


def numbers_of(step: Step, column: str, new: Any, found: Contacts) -> set[str]:
    """The numbers and addresses that a change lets be used; none where it is about post or visits."""
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
    return {number for value in values for number in _written(value)}


def _written(value: Any) -> tuple[Any, ...]:
    """The numbers and addresses that a value holds, or the value itself where it holds none."""
    return spellings(value) or ((value,) if value else ())


def noes(found: Contacts, asked: Iterable[str]) -> dict[str, list[No]]:
    """Who says no, by number or address."""
    said: dict[str, list[No]] = defaultdict(list)
    wanted = set(asked)
    for resource, frame in (("customer_contacts", found.customers), ("location_contacts", found.locations)):
        for key, row in rows_of(TARGETS[resource], matching(frame, wanted), None):
            off = [flag for flag in FLAGS if not is_missing(row.get(flag)) and not row[flag]]
            if not is_missing(row.get(DO_NOT_TEXT)) and row[DO_NOT_TEXT]:
                off.append(DO_NOT_TEXT)
            for number in _written(row["value"]):
                said[number] += [No((resource, key), column) for column in off]
    methods = dict(rows_of(TARGETS["contact_methods"], found.methods, None))
    for key, row in rows_of(TARGETS["contact_preferences"], found.preferences, None):
        if says_no(row.get("value")) and key[:2] in methods:
            for number in _written(methods[key[:2]]["value"]):
                said[number].append(No(("contact_preferences", key), "value"))
    return said


def read_contacts(port: Port) -> Contacts:
    """All contacts of all stores, as they are now."""
    preferences = TARGETS["contact_preferences"].row
    empty = pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in preferences.dtypes.items()})
    return Contacts(
        port.list("customers.list_contacts", modified_on_or_after=EPOCH),
        port.list("locations.list_contacts", modified_on_or_after=EPOCH),
        port.list("contact_methods.search"),
        empty,
    )


def read_preferences(port: Port, methods: pd.DataFrame) -> pd.DataFrame:
    """The preferences of some methods of the newer store, as they are now: one call for each."""
    if methods.empty:
        columns = TARGETS["contact_preferences"].row.dtypes
        return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in columns.items()})
    return port.list("contact_preferences.list", contact_ids=methods["contact_id"], contact_method_ids=methods["id"])


def _values(frame: pd.DataFrame, key: Mapping[str, Any]) -> Sequence[Any]:
    here = pd.Series(True, index=frame.index)
    for name, value in key.items():
        here &= (frame[name] == value).fillna(False)
    return [value for value in frame.loc[here, "value"] if not is_missing(value)]


def _place(step: Step) -> Place:
    return target_of(step.operation).resource, step.key
