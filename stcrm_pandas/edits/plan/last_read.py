"""Which requests need their row read directly before they are sent, and opt-outs that one of them overwrote. Pure.

The service wants consent flags whole, and has no ETag: flags that the plan does not change are sent along as they were
read. Somebody may switch one of them off meanwhile.

>>> step = Step(
...     ((7, 8),), "Customers_UpdateContact", {"id": 7, "contactId": 8},
...     {"preferences": {"jobRemindersEnabled": False}},
...     (Cell("preferences_job_reminders_enabled", True, False),), opt_out=True,
... )
>>> needs_last_read(step)
True
>>> body = {"preferences": {"jobRemindersEnabled": False, "marketingUpdatesEnabled": True}}
>>> sorted(switched_on(step, body))
['preferences_marketing_updates_enabled']
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.edits.diff.columns import LEGACY, OTHER_CALLS, target_of
from stcrm_pandas.edits.plan.model import Cell, Step
from stcrm_pandas.edits.plan.steps import Options, set_of
from stcrm_pandas.frame.foreign_cells import is_missing

ARCHIVED = "is_archived"

GIVES_UP_AFTER = 100.0
"""Seconds after which the service no longer works on a request."""


def needs_last_read(step: Step) -> bool:
    """Return whether a row is to be read after all waiting, directly before each time that its request is sent.

    It is where consent flags are copied from the row, and where somebody is opted in.
    """
    if step.operation in OTHER_CALLS:
        return False
    filled = "preferences" in step.set or (
        ARCHIVED in target_of(step.operation).columns and "isArchived" not in step.set
    )
    return filled or any(cell.consent for cell in step.cells)


def switched_on(step: Step, body: Mapping[str, Any]) -> frozenset[str]:
    """Return the columns that a body, without the plan asking for it, sends as the contact may be reached."""
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


def is_off(column: str, row: Mapping[str, Any]) -> bool:
    """Return whether a row says in a column that the contact is not to be reached."""
    value = row.get(column)
    return not is_missing(value) and bool(value) is (column == ARCHIVED)


def off_again(step: Step, columns: Collection[str]) -> Step:
    """Return the request that switches off what the request of a step put back on."""
    target = target_of(step.operation)
    cells = tuple(Cell(column, column != ARCHIVED, column == ARCHIVED) for column in sorted(columns))
    return Step(step.keys, step.operation, step.path, set_of(target, cells, Options()), cells, opt_out=True)


def changed_after(row: Mapping[str, Any], moment: dt.datetime | None) -> bool:
    """Return whether a row was changed after a moment of the service's clock, as far as both are known."""
    modified: Any = row.get("modified_on")
    return moment is not None and not is_missing(modified) and bool(modified > moment)
