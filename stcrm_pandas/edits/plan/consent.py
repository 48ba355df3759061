"""Which changes are opt-ins and opt-outs, and which requests send consent that the plan does not change. Pure.

The API requires all consent flags in a request, and has no ETag: flags that the plan does not change are sent as they
were read. Somebody may opt out in between, so such a row is read directly before its request.

>>> from stcrm_pandas.edits.plan.model import Cell
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
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.edits.columns import LEGACY, OTHER_OPERATIONS, Target, target_of
from stcrm_pandas.edits.plan.model import Step
from stcrm_pandas.frame.contact_values import same_contacts
from stcrm_pandas.frame.customers import MARKS
from stcrm_pandas.frame.foreign_cells import is_missing

ConsentChange = Literal["opt in", "opt out", ""]

BLOCKING_FLAGS = {"customers": MARKS, "contacts": ("is_archived",)}
"""Flags that block contact, so that switching one off is an opt-in.

`active` is not one of them: a customer or location is deactivated when no work is done there, not because somebody
asked not to be contacted; that has a flag of its own. So rows that were deactivated by mistake can be activated again
with `allow_inactive`. An archived contact (`contacts`) must not be contacted, so restoring it is an opt-in.
"""

CONTACT_VALUES = ("customer_contacts", "location_contacts", "contact_methods")
"""Resources whose `value` is a phone number or e-mail address, to which consent belongs."""

OPT_OUT_WORDS = {"false", "no", "0", "off"}
"""Values of a contact preference that mean an opt-out; any other value may mean an opt-in."""

FLAGS = (
    "preferences_job_reminders_enabled",
    "preferences_marketing_updates_enabled",
    "preferences_invoice_notification",
    "preferences_statement_notification",
)
ARCHIVED = "is_archived"

SERVICE_TIMEOUT = 100.0
"""Seconds for which the service may work on a request."""


def consent_change(
    target: Target,
    column: str,
    old: Any,
    new: Any,
    row: Mapping[str, Any],
    tag_opt_ins: Mapping[str, bool] = MappingProxyType({}),
) -> ConsentChange:
    """Return whether a change is an opt-in, an opt-out, or neither.

    Parameters
    ----------
    target : Target
        The kind of row.
    column : str
        The column that changes.
    old, new : object
        Its values.
    row : mapping
        Column to value before the change, as far as known: an unknown flag counts as opted in.
    tag_opt_ins : mapping, default {}
        The tags of customers whose change is an opt-in: the column of a cell to its value after the change.

    Examples
    --------
    >>> from stcrm_pandas.edits.columns import TARGETS
    >>> consent_change(TARGETS["customers"], "do_not_mail", True, False, {})
    'opt in'
    >>> consent_change(TARGETS["customer_contacts"], "value", "512-555-0101", "(512) 555-0101", {})
    ''
    """
    if column in FLAGS:
        return "opt in" if new else "opt out"
    if column in tag_opt_ins and target.resource == "customers":
        return "opt in" if new is tag_opt_ins[column] else ""
    if column in BLOCKING_FLAGS.get(target.resource, ()):
        return "opt out" if new else "opt in"
    if column == "value" and target.resource == "contact_preferences":
        if is_opt_out(old) and is_opt_out(new):
            return ""
        return "opt out" if is_opt_out(new) else "opt in"
    if column == "value" and target.resource in CONTACT_VALUES:
        return "opt in" if not same_contacts(old, new) and not opted_out_of_all(row) else ""
    return ""


def is_opt_out(value: Any) -> bool:
    """Return whether the value of a contact preference means an opt-out.

    Examples
    --------
    >>> is_opt_out("False"), is_opt_out("true"), is_opt_out(None)
    (True, False, False)
    """
    return isinstance(value, str) and value.strip().casefold() in OPT_OUT_WORDS


def opted_out_of_all(row: Mapping[str, Any]) -> bool:
    """Return whether all preferences of a contact are switched off."""
    flags = [row.get(name) for name in FLAGS]
    return all(not is_missing(flag) and not flag for flag in flags)


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
    columns = {
        f"preferences_{snake(name)}"
        for name, value in (body.get("preferences") or {}).items()
        if value is True and name not in fixed
    }
    if body.get("isArchived") is False and "isArchived" not in step.set:
        columns.add(ARCHIVED)
    return frozenset(columns - {LEGACY})


def is_switched_off(column: str, row: Mapping[str, Any]) -> bool:
    """Return whether a column of a row is an opt-out."""
    value = row.get(column)
    return not is_missing(value) and bool(value) is (column == ARCHIVED)


def changed_after(row: Mapping[str, Any], moment: dt.datetime | None) -> bool:
    """Return whether a row was changed after a time of the service's clock; False if either is unknown."""
    modified: Any = row.get("modified_on")
    return moment is not None and not is_missing(modified) and bool(modified > moment)
