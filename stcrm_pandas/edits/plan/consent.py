"""Which changes widen whom one may reach, and which narrow it. Consent only ratchets down. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from stcrm_pandas.edits.diff.columns import LEGACY, Target
from stcrm_pandas.frame.contact_values import alike
from stcrm_pandas.frame.foreign_cells import is_missing

Direction = Literal["wider", "narrower", ""]

OFF_IS_WIDER = {"customers": ("do_not_mail", "do_not_service"), "contacts": ("is_archived",)}
"""Flags that, switched off, let somebody be reached.

`active` is none of them. Who switches a customer or a location off says that no work is done there, not that somebody
asked to be left alone; whoever did has a flag that says so, and it stays as it was. A mass of rows that was switched
off by mistake can be brought back, then; it needs `allow_inactive`, as every change of such a row. An archived contact
of the newer store was put away as a person to be reached, so to take that back counts.
"""

REACHED_BY_VALUE = ("customer_contacts", "location_contacts", "contact_methods")
"""Kinds of rows whose `value` somebody allowed to be used, or did not."""

NO = {"false", "no", "0", "off"}
"""How a preference of the newer store says no; whatever else it says, it may mean yes."""

FLAGS = (
    "preferences_job_reminders_enabled",
    "preferences_marketing_updates_enabled",
    "preferences_invoice_notification",
    "preferences_statement_notification",
)


def direction(target: Target, column: str, old: Any, new: Any, row: Mapping[str, Any]) -> Direction:
    """Whether a change lets somebody be reached who was not, or the opposite.

    Parameters
    ----------
    target : Target
        The kind of row.
    column : str
        What is changed; old, new: from and to.
    row : mapping
        Column to value before the change, as far as it is known: what is not known counts as allowed.

    Examples
    --------
    >>> from stcrm_pandas.edits.diff.columns import TARGETS
    >>> direction(TARGETS["customers"], "do_not_mail", True, False, {})
    'wider'
    >>> direction(TARGETS["customer_contacts"], "value", "512-555-0101", "(512) 555-0101", {})
    ''
    """
    if column in FLAGS:
        return "wider" if new else "narrower"
    if column in OFF_IS_WIDER.get(target.resource, ()):
        return "narrower" if new else "wider"
    if column == "value" and target.resource == "contact_preferences":
        if says_no(old) and says_no(new):
            return ""
        return "narrower" if says_no(new) else "wider"
    if column == "value" and target.resource in REACHED_BY_VALUE:
        return "wider" if not alike(old, new) and not opted_out(row) else ""
    return ""


def says_no(value: Any) -> bool:
    """Whether a preference of the newer store says no.

    Examples
    --------
    >>> says_no("False"), says_no("true"), says_no(None)
    (True, False, False)
    """
    return isinstance(value, str) and value.strip().casefold() in NO


def opted_out(row: Mapping[str, Any]) -> bool:
    """Whether a contact's row says that nothing at all may be sent there."""
    flags = [row.get(name) for name in FLAGS]
    return all(not is_missing(flag) and not flag for flag in flags)


def refuses(row: Mapping[str, Any]) -> bool:
    """Whether a contact's row says no to marketing or to texts."""
    said = {name: row.get(name) for name in (*FLAGS, LEGACY, "phone_settings_do_not_text")}
    known = {name: bool(value) for name, value in said.items() if not is_missing(value)}
    return known.get("phone_settings_do_not_text", False) or not known.get(FLAGS[1], True)
