"""What a call does beyond its cells, in words for the preview. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stcrm_pandas.edits.diff.columns import Target
from stcrm_pandas.edits.plan.consent import FLAGS
from stcrm_pandas.edits.plan.model import Step
from stcrm_pandas.frame.foreign_cells import is_missing


def notes_of(target: Target, step: Step, row: Mapping[str, Any]) -> list[str]:
    """What a call does beyond its cells, in words; `{}` stands for how many rows."""
    notes = []
    address, preferences = step.set.get("address"), step.set.get("preferences")
    if address is not None:
        if "address_unit" in row and is_missing(row["address_unit"]) and "unit" not in address:
            notes.append("{} without a unit: it is sent as the empty text, and stays so after an undo")
        if address.get("latitude", 0) is None and not all(
            is_missing(row.get(name)) for name in ("address_latitude", "address_longitude")
        ):
            notes.append("{} at another place: their coordinates are forgotten")
    if preferences is not None:
        known = [flag for flag in FLAGS if flag in row]
        off = [flag for flag in known if is_missing(row[flag]) and _flag(target, flag) in step.fill["preferences"]]
        if off:
            notes.append("{} whose other preferences are unknown: these are sent as off")
    if step.operation == "Leads_Update" and any(cell.column == "campaign_id" for cell in step.cells):
        notes.append("{} with another campaign: a job that came of the lead keeps its own")
    if any(one["value"] is None for one in step.set.get("customFields", ())):
        notes.append("{} with a custom field that is cleared, by leaving it out of the full list")
    return notes


def _flag(target: Target, column: str) -> str:
    """The contract's name of a flag."""
    return target.columns[column].path[-1]
