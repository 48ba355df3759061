"""Turn the changes of one row into a request, or refuse them with a reason. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stcrm_pandas.contract import rules
from stcrm_pandas.edits.columns import LEGACY, ColumnRule, Target, target_of
from stcrm_pandas.edits.plan.consent import ARCHIVED, FLAGS, consent_change
from stcrm_pandas.edits.plan.fill import OLDER, CannotFill, fill_of, join_parts
from stcrm_pandas.edits.plan.model import Cell, Key, Refusal, Step
from stcrm_pandas.edits.values import COLUMNS_WITH_PARTS, missing_part, parts_of, to_json
from stcrm_pandas.frame.customers import merged_into
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.http.body import body_value

Change = tuple[str, Any, Any]
"""A column with its value before and after, as in a frame."""

ADDRESS_PARTS = ("address_street", "address_city", "address_state", "address_zip")
"""If one of these changes, the address is another place, and the old coordinates are wrong."""
COORDINATES = ("address_latitude", "address_longitude")
INACTIVE = "it is inactive"
_NULLS = {"latitude": None, "longitude": None}


@dataclass(frozen=True)
class PlanOptions:
    """Permissions for changes that are refused otherwise."""

    allow_opt_in: bool = False
    consent_source: str | None = None
    keep_coordinates: bool = False
    allow_inactive: bool = False
    allow_deactivate: bool = False
    allow_move: bool = False
    application_guid: str | None = None
    tag_opt_ins: Mapping[str, bool] = field(default_factory=dict)
    """The tags of customers whose change is an opt-in, as in `consent_change`: their names are read, not given."""

    def as_json(self) -> dict[str, Any]:
        """Return the options that were given."""
        return {name: value for name, value in vars(self).items() if value not in (False, None, {})}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> PlanOptions:
        """Return the options in those of a plan, ignoring its other entries."""
        return cls(**{name: value for name, value in plain.items() if name in cls.__dataclass_fields__})


@dataclass
class Planned:
    """The request for one row, and refused changes."""

    step: Step | None = None
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Effects of the request beyond its cells; the plan counts equal notes."""


def plan_row(
    target: Target, key: Key, changes: Sequence[Change], row: Mapping[str, Any], options: PlanOptions
) -> Planned:
    """Return the request for one row, and the refused changes.

    Parameters
    ----------
    target : Target
        The kind of row.
    key : Key
        The row's key.
    changes : sequence of Change
        The changed cells.
    row : mapping
        Column to value, as read.
    options : PlanOptions
        Permissions.
    """
    planned = Planned()
    cells = _Cells(target, key, row, options, planned.refusals)
    for column, old, new in changes:
        cells.add(column, old, new)
    cells.refuse_inactive()
    cells.refuse_incomplete_addresses()
    cells.refuse_opt_ins_beside_opt_outs()
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
        cells.check_legacy_flag(join_parts(step.set, fill))
        broken = rules.broken(step.operation, join_parts(step.set, fill))
        if broken:
            planned.step = None
            planned.refusals.append(Refusal(key, "", broken[0].message))
        return planned
    cells.check_legacy_flag({})
    return planned


def can_be_inactive(target: Target) -> bool:
    """Return whether rows of a kind can be changed while they are inactive or merged."""
    return target.resource in ("customers", "locations")


def inactive_reason(target: Target, row: Mapping[str, Any], options: PlanOptions) -> tuple[str, str] | None:
    """Return why an inactive row is not changed, and what to do instead; None if it may be changed.

    Customers and locations can be changed while inactive; inactive rows of other resources are deleted.

    Examples
    --------
    >>> from stcrm_pandas.edits.columns import TARGETS
    >>> inactive_reason(TARGETS["customers"], {"active": False, "merged_to_id": 7}, PlanOptions())
    ('it was merged into another row', 'change 7 instead, or plan with allow_inactive=True')
    """
    active = row.get("active")
    if not can_be_inactive(target):
        deleted = "active" not in target.columns and not is_missing(active) and not active
        return ("it was deleted", "leave it out") if deleted else None
    if options.allow_inactive:
        return None
    if into := merged_into(row):
        return "it was merged into another row", f"change {into} instead, or plan with allow_inactive=True"
    if not is_missing(active) and not active:
        return INACTIVE, "plan with allow_inactive=True to change it anyway"
    return None


def set_of(target: Target, cells: Sequence[Cell], options: PlanOptions) -> dict[str, Any]:
    """Return the fixed part of a body: the new values of the cells, nested as in the API."""
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
    if clears_coordinates(target, cells, options):
        body["address"] |= _NULLS
    return body


def clears_coordinates(target: Target, cells: Sequence[Cell], options: PlanOptions) -> bool:
    """Return whether the coordinates are sent as null: the address is another place, and none were given."""
    changed = {cell.column for cell in cells}
    placed = COORDINATES[0] in target.columns
    return (
        placed
        and not options.keep_coordinates
        and bool(changed.intersection(ADDRESS_PARTS))
        and not (changed.intersection(COORDINATES))
    )


def _step(target: Target, key: Key, cells: Sequence[Cell], row: Mapping[str, Any], options: PlanOptions) -> Step | None:
    if not cells:
        return None
    path = {name: to_json(row[column], target.columns[column]) for name, column in target.path.items()}
    opts_out = any(consent_change(target, cell.column, cell.old, cell.new, row) == "opt out" for cell in cells)
    return Step((key,), target.operation, path, set_of(target, cells, options), tuple(cells), opt_out=opts_out)


class _Cells:
    """The cells of one row: kept in the request or refused."""

    def __init__(
        self, target: Target, key: Key, row: Mapping[str, Any], options: PlanOptions, refusals: list[Refusal]
    ) -> None:
        self._target, self._key, self._row, self._options = target, key, row, options
        self._refusals = refusals
        self._legacy: Cell | None = None
        self._refused_part: str | None = None
        self.kept: list[Cell] = []

    def add(self, column: str, old: Any, new: Any) -> None:
        """Keep or refuse one change."""
        rule = self._target.rules[column]
        if column == LEGACY:
            self._legacy = Cell(column, to_json(old, rule.column), to_json(new, rule.column))
        elif not rule.field:
            self._refuse(column, rule.reason, rule.instead)
        elif column in COLUMNS_WITH_PARTS:
            self._add_parts(rule, column, old, new)
        else:
            self._add_value(rule, to_json(old, rule.column), new)

    def _add_value(self, rule: ColumnRule, old: Any, new: Any) -> None:
        name = rule.column.name
        if is_missing(new):
            if not rule.clears:
                text = rule.column.field.kind == "text" and not rule.column.field.values
                other = (
                    'set it to the empty text, "", if that is enough'
                    if text
                    else "give another value, or leave the cell as it is"
                )
                self._refuse(name, "this field cannot be cleared: the API does not accept null", other)
                return
            value = None
        else:
            assert rule.kind is not None
            try:
                value = body_value(rule.kind, new)
            except (TypeError, ValueError) as error:
                self._refuse(name, str(error), "correct the cell; until then it counts as unchanged")
                return
        if value == old:
            return
        reason, instead = self._refusal_unless_allowed(name, value)
        if reason:
            self._refuse(name, reason, instead)
            return
        self._keep(Cell(name, old, value, one_way=old is None and not rule.clears))

    def _add_parts(self, rule: ColumnRule, column: str, old: Any, new: Any) -> None:
        if rule.group == "external data" and not self._options.application_guid:
            self._refuse(
                column,
                "external data is written under an application's GUID, which reads do not return",
                "plan with application_guid='…'",
            )
            return
        try:
            before, after = parts_of(column, old), parts_of(column, new, strict=True)
        except ValueError as error:
            self._refuse(column, str(error), "")
            return
        none = missing_part(column)
        for part in {**before, **after}:
            if column == "custom_fields" and not re.fullmatch("[0-9]+", part):
                self._refuse(f"{column}.{part}", "no custom field has this type id", "")
            elif before.get(part, none) != after.get(part, none):
                self._keep(Cell(f"{column}.{part}", before.get(part, none), after.get(part, none)))

    def _keep(self, cell: Cell) -> None:
        opts_in = (
            consent_change(self._target, cell.column, cell.old, cell.new, self._row, self._options.tag_opt_ins)
            == "opt in"
        )
        if opts_in and not self._options.allow_opt_in:
            self._refuse(
                cell.column,
                "this is an opt-in, which needs the person's consent",
                "if they agreed, plan with allow_opt_in=True and consent_source='…'",
            )
            return
        self.kept.append(replace(cell, consent=True) if opts_in else cell)

    def _refusal_unless_allowed(self, column: str, value: Any) -> tuple[str, str]:
        """Return why a change needs an option, and which; two empty texts if it does not."""
        options, target = self._options, self._target.resource
        if target == "locations" and column == "customer_id" and not options.allow_move:
            return "this moves the location to another customer", "plan with allow_move=True to move it"
        if target == "customers" and column == "active" and value is False and not options.allow_deactivate:
            balance = self._row.get("balance")
            if is_missing(balance):
                return "the customer's balance is unknown, and a customer who owes money is not deactivated", (
                    "read the row with crm.customers.get(…), or plan with allow_deactivate=True"
                )
            if balance != 0:
                return "the customer has a balance", "settle it first, or plan with allow_deactivate=True"
        return "", ""

    def refuse_inactive(self) -> None:
        """Refuse changes of merged, deleted and inactive rows, except opt-outs of inactive rows."""
        if (why := inactive_reason(self._target, self._row, self._options)) is not None:
            self._refuse_all(*why, but_opt_outs=why[0] == INACTIVE)

    def _refuse_all(self, reason: str, instead: str, *, but_opt_outs: bool = False) -> None:
        for cell in self.kept[:]:
            if not (but_opt_outs and self._is_opt_out(cell)):
                self._drop(cell, reason, instead)

    def refuse_opt_ins_beside_opt_outs(self) -> None:
        """Refuse opt-ins in the same request as an opt-out: nothing that stops an opt-in may stop an opt-out."""
        if any(self._is_opt_out(cell) for cell in self.kept):
            for cell in [cell for cell in self.kept if cell.consent]:
                self._drop(cell, "the same row opts out", "apply this plan first, then plan the opt-in separately")

    def refuse_incomplete_addresses(self) -> None:
        """Refuse addresses that would keep wrong coordinates, or of which a part was refused."""
        address = [cell for cell in self.kept if cell.column.startswith("address_")]
        changed = {cell.column for cell in address}
        if address and self._refused_part is not None:
            self._drop_address(
                address, f"another part of the address was refused: {self._refused_part}", f"see {self._refused_part}"
            )
            return
        coordinates = changed.intersection(COORDINATES)
        if (
            COORDINATES[0] not in self._target.columns
            or not changed.intersection(ADDRESS_PARTS)
            or len(coordinates) == 2
        ):
            return
        if coordinates:
            self._drop_address(address, "the address changes with only one of its coordinates", "give both coordinates")
        elif self._target.resource == "customers" and not self._options.keep_coordinates:
            self._drop_address(
                address,
                "the address changes, but its coordinates do not: they would point to the old address",
                "give address_latitude and address_longitude, or plan with keep_coordinates=True if only the spelling "
                "changes",
            )

    def _drop_address(self, address: Sequence[Cell], reason: str, instead: str) -> None:
        for cell in address:
            self._drop(cell, reason, instead)

    def refuse_unfilled(self, fault: CannotFill) -> None:
        """Refuse cells that cannot be sent because the row lacks a required value; never an opt-out."""
        group = fault.column.partition("_")[0]
        dropped = [cell for cell in self.kept if cell.column.startswith(f"{group}_")] or list(self.kept)
        if group == "preferences":
            dropped = [cell for cell in dropped if not self._is_opt_out(cell)]
        for cell in dropped:
            self._drop(cell, str(fault), fault.instead)

    def check_legacy_flag(self, body: Mapping[str, Any]) -> None:
        """Refuse a change of the older flag, unless it follows from the two newer ones."""
        if self._legacy is None:
            return
        follows = body.get("preferences", {}).get(OLDER)
        if follows is None or follows is not self._legacy.new:
            rule = self._target.rules[LEGACY]
            self._refuse(LEGACY, rule.reason, rule.instead)

    def _is_opt_out(self, cell: Cell) -> bool:
        return consent_change(self._target, cell.column, cell.old, cell.new, self._row) == "opt out"

    def _drop(self, cell: Cell, reason: str, instead: str) -> None:
        self.kept.remove(cell)
        self._refuse(cell.column, reason, instead)

    def _refuse(self, column: str, reason: str, instead: str) -> None:
        # A unit that stays empty instead of missing does not affect the address.
        if column.startswith("address_") and not (column == "address_unit" and self._row.get(column) == ""):
            self._refused_part = self._refused_part or column
        self._refusals.append(Refusal(self._key, column, reason, instead))


def without_cells(target: Target, step: Step, columns: set[str], options: PlanOptions) -> Step | None:
    """Return a step without some of its cells; None if no cell is left."""
    cells = tuple(cell for cell in step.cells if cell.column not in columns)
    if not cells:
        return None
    return replace(step, cells=cells, set=set_of(target, cells, options))


def restoring_step(step: Step, columns: Collection[str]) -> Step:
    """Return the request that restores opt-outs which the request of a step overwrote."""
    target = target_of(step.operation)
    cells = tuple(Cell(column, column != ARCHIVED, column == ARCHIVED) for column in sorted(columns))
    return Step(step.keys, step.operation, step.path, set_of(target, cells, PlanOptions()), cells, opt_out=True)


def notes_of(target: Target, step: Step, row: Mapping[str, Any]) -> list[str]:
    """Return the effects of a request beyond its cells; `{}` stands for the number of rows."""
    notes = []
    address, preferences = step.set.get("address"), step.set.get("preferences")
    if address is not None:
        if "address_unit" in row and is_missing(row["address_unit"]) and "unit" not in address:
            notes.append("{} without a unit: it is sent as empty text, and an undo does not change that")
        if address.get("latitude", 0) is None and not all(
            is_missing(row.get(name)) for name in ("address_latitude", "address_longitude")
        ):
            notes.append("{} with a new address: the old coordinates are cleared")
    if preferences is not None:
        known = [flag for flag in FLAGS if flag in row]
        off = [flag for flag in known if is_missing(row[flag]) and _flag(target, flag) in step.fill["preferences"]]
        if off:
            notes.append("{} with unknown preferences: these are sent as switched off")
    if step.operation == "Leads_Update" and any(cell.column == "campaign_id" for cell in step.cells):
        notes.append("{} with a new campaign: a job booked from the lead keeps its own campaign")
    if any(custom_field["value"] is None for custom_field in step.set.get("customFields", ())):
        notes.append("{} with a cleared custom field: it is left out of the complete list that is sent")
    return notes


def _flag(target: Target, column: str) -> str:
    """Return the API's name of a flag."""
    return target.columns[column].path[-1]
