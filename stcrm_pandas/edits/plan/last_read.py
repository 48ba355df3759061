"""Requests whose row is read directly before they are sent, and opt-outs that such a request overwrote. Pure.

The API requires all consent flags in a request, and has no ETag: flags that the plan does not change are sent as they
were read. Somebody may opt out in between.

>>> step = Step(
...     ((7, 8),), "Customers_UpdateContact", {"id": 7, "contactId": 8},
...     {"preferences": {"jobRemindersEnabled": False}},
...     (Cell("preferences_job_reminders_enabled", True, False),), opt_out=True,
... )
>>> needs_last_read(step)
True
>>> body = {"preferences": {"jobRemindersEnabled": False, "marketingUpdatesEnabled": True}}
>>> sorted(filled_opt_ins(step, body))
['preferences_marketing_updates_enabled']
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.edits.diff.columns import LEGACY, OTHER_OPERATIONS, target_of
from stcrm_pandas.edits.plan.model import Cell, Step
from stcrm_pandas.edits.plan.steps import PlanOptions, set_of
from stcrm_pandas.frame.foreign_cells import is_missing

ARCHIVED = "is_archived"

SERVICE_TIMEOUT = 100.0
"""Seconds for which the service may work on a request."""


def needs_last_read(step: Step) -> bool:
    """Return whether a row has to be read directly before each attempt to send its request.

    That is so if consent flags are copied from the row, or if somebody is opted in.
    """
    if step.operation in OTHER_OPERATIONS:
        return False
    filled = "preferences" in step.set or (
        ARCHIVED in target_of(step.operation).columns and "isArchived" not in step.set
    )
    return filled or any(cell.consent for cell in step.cells)


def filled_opt_ins(step: Step, body: Mapping[str, Any]) -> frozenset[str]:
    """Return the columns that a body sends as opted in although the plan does not change them."""
    if not needs_last_read(step):
        return frozenset()
    fixed = step.set.get("preferences", {})
    found = {
        f"preferences_{snake(name)}"
        for name, value in (body.get("preferences") or {}).items()
        if value is True and name not in fixed
    }
    if body.get("isArchived") is False and "isArchived" not in step.set:
        found.add(ARCHIVED)
    return frozenset(found - {LEGACY})


def is_switched_off(column: str, row: Mapping[str, Any]) -> bool:
    """Return whether a column of a row is an opt-out."""
    value = row.get(column)
    return not is_missing(value) and bool(value) is (column == ARCHIVED)


def restoring_step(step: Step, columns: Collection[str]) -> Step:
    """Return the request that restores opt-outs which the request of a step overwrote."""
    target = target_of(step.operation)
    cells = tuple(Cell(column, column != ARCHIVED, column == ARCHIVED) for column in sorted(columns))
    return Step(step.keys, step.operation, step.path, set_of(target, cells, PlanOptions()), cells, opt_out=True)


def changed_after(row: Mapping[str, Any], moment: dt.datetime | None) -> bool:
    """Return whether a row was changed after a time of the service's clock; False if either is unknown."""
    modified: Any = row.get("modified_on")
    return moment is not None and not is_missing(modified) and bool(modified > moment)
