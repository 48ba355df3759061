"""The changes of one row as the call that makes them, and what of it is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stcrm_pandas.contract import rules
from stcrm_pandas.edits.diff.columns import LEGACY, Rule, Target
from stcrm_pandas.edits.diff.values import PARTED, absent, parts_of, to_json
from stcrm_pandas.edits.plan.consent import direction
from stcrm_pandas.edits.plan.fill import OLDER, CannotFill, fill_of, merged
from stcrm_pandas.edits.plan.merges import merged_into
from stcrm_pandas.edits.plan.model import Cell, Key, Refusal, Step
from stcrm_pandas.edits.plan.notes import notes_of
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.http.body import value_of

Change = tuple[str, Any, Any]
"""A column, its value before and after, as a frame has them."""

PLACE = ("address_street", "address_city", "address_state", "address_zip")
"""Where one of these changes, the place does, and the old coordinates are another's."""
COORDINATES = ("address_latitude", "address_longitude")
INACTIVE = "it is inactive"
_NULLS = {"latitude": None, "longitude": None}


@dataclass(frozen=True)
class Options:
    """What whoever plans has said about changes that are refused otherwise."""

    allow_opt_in: bool = False
    consent_source: str | None = None
    keep_coordinates: bool = False
    allow_inactive: bool = False
    allow_deactivate: bool = False
    allow_move: bool = False
    application_guid: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Those that were given."""
        return {name: value for name, value in vars(self).items() if value not in (False, None)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Options:
        """What the options of a plan say; what else stands there is left out."""
        return cls(**{name: value for name, value in plain.items() if name in cls.__dataclass_fields__})


@dataclass
class Planned:
    """What became of the changes of one row."""

    step: Step | None = None
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Words for what the call does beyond its cells; the plan counts equal ones."""


def plan_row(target: Target, key: Key, changes: Sequence[Change], row: Mapping[str, Any], options: Options) -> Planned:
    """The call for one row.

    Parameters
    ----------
    target : Target
        The kind of row.
    key : Key
        The row.
    changes : sequence of Change
        What differs.
    row : mapping
        Column to value, as it was read.
    options : Options
        What is allowed.
    """
    planned = Planned()
    cells = _Cells(target, key, row, options, planned.refusals)
    for column, old, new in changes:
        cells.add(column, old, new)
    cells.refuse_gone()
    cells.refuse_incomplete_places()
    cells.keep_opt_outs_apart()
    step = _step(target, key, cells.kept, row, options)
    while step is not None:
        try:
            fill = fill_of(step, row)
        except CannotFill as fault:
            cells.refuse_unfilled(fault)
            step = _step(target, key, cells.kept, row, options)
            continue
        planned.step = step = replace(step, fill=fill)
        planned.notes = notes_of(target, step, row)
        cells.settle_legacy(merged(step.set, fill))
        broken = rules.broken(step.operation, merged(step.set, fill))
        if broken:
            planned.step = None
            planned.refusals.append(Refusal(key, "", broken[0].message))
        return planned
    cells.settle_legacy({})
    return planned


def can_be_inactive(target: Target) -> bool:
    """Whether rows of a kind can be inactive or merged, and still be changed."""
    return target.resource in ("customers", "locations")


def gone(target: Target, row: Mapping[str, Any], options: Options) -> tuple[str, str] | None:
    """Why a row is not changed as if it were in use, and what to do instead; None where it may be changed.

    Only customers and locations can be inactive and still be changed; in feeds others are deleted.

    Examples
    --------
    >>> from stcrm_pandas.edits.diff.columns import TARGETS
    >>> gone(TARGETS["customers"], {"active": False, "merged_to_id": 7}, Options())
    ('it was merged into another row', 'change 7 instead, or allow_inactive=True')
    """
    active = row.get("active")
    if not can_be_inactive(target):
        deleted = "active" not in target.columns and not is_missing(active) and not active
        return ("it was deleted", "leave it out") if deleted else None
    if options.allow_inactive:
        return None
    if into := merged_into(row):
        return "it was merged into another row", f"change {into} instead, or allow_inactive=True"
    if not is_missing(active) and not active:
        return INACTIVE, "allow_inactive=True, if that is meant"
    return None


def set_of(target: Target, cells: Sequence[Cell], options: Options) -> dict[str, Any]:
    """The fixed part of a body: what the cells say, nested as the contract has it."""
    body: dict[str, Any] = {}
    for cell in cells:
        column, _, part = cell.column.partition(".")
        rule = target.rules[column]
        if rule.group == "tags":
            tags = body.setdefault("tagTypeIds", [])
            tags.extend([int(part)] if cell.new else [])
        elif rule.group == "custom fields":
            body.setdefault("customFields", []).append({"typeId": int(part), "value": cell.new})
        elif rule.group == "external data":
            data: dict[str, Any] = {
                "patchMode": "Merge",
                "applicationGuid": options.application_guid,
                "externalData": [],
            }
            body.setdefault("externalData", data)["externalData"].append({"key": part, "value": cell.new})
        elif len(rule.field) == 2:
            body.setdefault(rule.field[0], {})[rule.field[1]] = cell.new
        else:
            body[rule.field[0]] = cell.new
    if forgets_place(target, cells, options):
        body["address"] |= _NULLS
    return body


def forgets_place(target: Target, cells: Sequence[Cell], options: Options) -> bool:
    """Whether the coordinates are sent as null: another place, of which nobody gave them."""
    changed = {cell.column for cell in cells}
    placed = COORDINATES[0] in target.columns
    return (
        placed
        and not options.keep_coordinates
        and bool(changed.intersection(PLACE))
        and not (changed.intersection(COORDINATES))
    )


def _step(target: Target, key: Key, cells: Sequence[Cell], row: Mapping[str, Any], options: Options) -> Step | None:
    if not cells:
        return None
    path = {name: to_json(row[column], target.columns[column]) for name, column in target.path.items()}
    narrower = any(direction(target, cell.column, cell.old, cell.new, row) == "narrower" for cell in cells)
    return Step((key,), target.operation, path, set_of(target, cells, options), tuple(cells), opt_out=narrower)


class _Cells:
    """The cells of one row, as they are let through or refused."""

    def __init__(
        self, target: Target, key: Key, row: Mapping[str, Any], options: Options, refusals: list[Refusal]
    ) -> None:
        self._target, self._key, self._row, self._options = target, key, row, options
        self._refusals = refusals
        self._legacy: Cell | None = None
        self._spoilt: str | None = None
        self.kept: list[Cell] = []

    def add(self, column: str, old: Any, new: Any) -> None:
        """Look at one change."""
        rule = self._target.rules[column]
        if column == LEGACY:
            self._legacy = Cell(column, to_json(old, rule.column), to_json(new, rule.column))
        elif not rule.field:
            self._refuse(column, rule.reason, rule.instead)
        elif column in PARTED:
            self._add_parts(rule, column, old, new)
        else:
            self._add_value(rule, to_json(old, rule.column), new)

    def _add_value(self, rule: Rule, old: Any, new: Any) -> None:
        name = rule.column.name
        if is_missing(new):
            if not rule.clears:
                text = rule.column.field.kind == "text" and not rule.column.field.values
                other = (
                    'set it to the empty text, "", if that will do'
                    if text
                    else "give another value, or leave it as it is"
                )
                self._refuse(name, "it cannot be cleared: the contract takes no null here", other)
                return
            value = None
        else:
            assert rule.kind is not None
            try:
                value = value_of(rule.kind, new)
            except (TypeError, ValueError) as error:
                self._refuse(name, str(error), "repair the cell; it counts as untouched")
                return
        if value == old:
            return
        reason, instead = self._unless_allowed(name, value)
        if reason:
            self._refuse(name, reason, instead)
            return
        self._keep(Cell(name, old, value, one_way=old is None and not rule.clears))

    def _add_parts(self, rule: Rule, column: str, old: Any, new: Any) -> None:
        if rule.group == "external data" and not self._options.application_guid:
            self._refuse(
                column,
                "keys are written under an application's GUID, which answers do not carry",
                "give application_guid=…",
            )
            return
        try:
            before, after = parts_of(column, old), parts_of(column, new, strict=True)
        except ValueError as error:
            self._refuse(column, str(error), "")
            return
        none = absent(column)
        for part in {**before, **after}:
            if column == "custom_fields" and not re.fullmatch("[0-9]+", part):
                self._refuse(f"{column}.{part}", "there is no such type of custom field", "")
            elif before.get(part, none) != after.get(part, none):
                self._keep(Cell(f"{column}.{part}", before.get(part, none), after.get(part, none)))

    def _keep(self, cell: Cell) -> None:
        wider = direction(self._target, cell.column, cell.old, cell.new, self._row) == "wider"
        if wider and not self._options.allow_opt_in:
            self._refuse(
                cell.column,
                "it widens whom one may reach, and consent is not ours to give",
                "allow_opt_in=True with consent_source='…', if they agreed",
            )
            return
        self.kept.append(replace(cell, consent=True) if wider else cell)

    def _unless_allowed(self, column: str, value: Any) -> tuple[str, str]:
        """Why a change is refused unless whoever plans says otherwise, and how to say it."""
        options, target = self._options, self._target.resource
        if target == "locations" and column == "customer_id" and not options.allow_move:
            return "it moves the location to another customer", "allow_move=True, if that is meant"
        if target == "customers" and column == "active" and value is False and not options.allow_deactivate:
            balance = self._row.get("balance")
            if is_missing(balance):
                return "its balance is not known, and a customer who owes is not switched off", (
                    "read it with crm.customers.get(…), or allow_deactivate=True"
                )
            if balance != 0:
                return "it has a balance", "settle it first, or allow_deactivate=True"
        return "", ""

    def refuse_gone(self) -> None:
        """Refuse rows that were merged, deleted or are inactive, but for opt-outs of inactive ones."""
        if (why := gone(self._target, self._row, self._options)) is not None:
            self._refuse_all(*why, but_opt_outs=why[0] == INACTIVE)

    def _refuse_all(self, reason: str, instead: str, *, but_opt_outs: bool = False) -> None:
        for cell in self.kept[:]:
            if not (but_opt_outs and self._narrows(cell)):
                self._drop(cell, reason, instead)

    def keep_opt_outs_apart(self) -> None:
        """Refuse to widen reach in the call of an opt-out: what may hold the one back must not hold back the other."""
        if any(self._narrows(cell) for cell in self.kept):
            for cell in [cell for cell in self.kept if cell.consent]:
                self._drop(cell, "the same row opts out", "make it a plan of its own, after this one")

    def refuse_incomplete_places(self) -> None:
        """Refuse addresses that would keep another place's coordinates, or of which a part was refused."""
        address = [cell for cell in self.kept if cell.column.startswith("address_")]
        changed = {cell.column for cell in address}
        if address and self._spoilt is not None:
            self._drop_address(address, f"{self._spoilt} of the same address was refused", f"see {self._spoilt}")
            return
        given = changed.intersection(COORDINATES)
        if COORDINATES[0] not in self._target.columns or not changed.intersection(PLACE) or len(given) == 2:
            return
        if given:
            self._drop_address(address, "the place changes, with only one of its coordinates", "give both")
        elif self._target.resource == "customers" and not self._options.keep_coordinates:
            self._drop_address(
                address,
                "the place changes, and the contract wants its coordinates: the old ones would stay",
                "give address_latitude and address_longitude, or keep_coordinates=True where only the spelling changes",
            )

    def _drop_address(self, address: Sequence[Cell], reason: str, instead: str) -> None:
        for cell in address:
            self._drop(cell, reason, instead)

    def refuse_unfilled(self, fault: CannotFill) -> None:
        """Refuse what cannot be sent since the row lacks something that belongs to it; never an opt-out."""
        group = fault.column.partition("_")[0]
        dropped = [cell for cell in self.kept if cell.column.startswith(f"{group}_")] or list(self.kept)
        if group == "preferences":
            dropped = [cell for cell in dropped if not self._narrows(cell)]
        for cell in dropped:
            self._drop(cell, str(fault), fault.instead)

    def settle_legacy(self, body: Mapping[str, Any]) -> None:
        """Refuse a change of the older flag, unless it is what follows from the two others."""
        if self._legacy is None:
            return
        follows = body.get("preferences", {}).get(OLDER)
        if follows is None or follows is not self._legacy.new:
            rule = self._target.rules[LEGACY]
            self._refuse(LEGACY, rule.reason, rule.instead)

    def _narrows(self, cell: Cell) -> bool:
        return direction(self._target, cell.column, cell.old, cell.new, self._row) == "narrower"

    def _drop(self, cell: Cell, reason: str, instead: str) -> None:
        self.kept.remove(cell)
        self._refuse(cell.column, reason, instead)

    def _refuse(self, column: str, reason: str, instead: str) -> None:
        # A unit that stays empty, where it was to be missing, spoils no address.
        if column.startswith("address_") and not (column == "address_unit" and self._row.get(column) == ""):
            self._spoilt = self._spoilt or column
        self._refusals.append(Refusal(self._key, column, reason, instead))


def without_cells(target: Target, step: Step, columns: set[str], options: Options) -> Step | None:
    """A call without some of its cells; None where nothing is left."""
    cells = tuple(cell for cell in step.cells if cell.column not in columns)
    if not cells:
        return None
    return replace(step, cells=cells, set=set_of(target, cells, options))
