"""Plans made over a connection: its place and clock, and the reads that some of them need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from stcrm_pandas.edits.apply.check import check, read_contacts, read_preferences
from stcrm_pandas.edits.diff import custom_values
from stcrm_pandas.edits.diff.columns import TARGETS
from stcrm_pandas.edits.plan import opt_out, special
from stcrm_pandas.edits.plan.build import WARN_ABOVE, place_of, plan_changes
from stcrm_pandas.edits.plan.steps import Options
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import PermissionDenied, ServiceError, UsageError


def changes(
    port: Port,
    resource: str,
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    reason: str | None = None,
    check: bool = False,
    warn_above: float = WARN_ABOVE,
    **options: Any,
) -> Plan:
    """The plan that turns one frame into another, for a connection.

    Parameters
    ----------
    resource : str
        The kind of row: a key of `TARGETS`.
    check : bool, default False
        Make the refusals that need a read now, and not when the plan is applied.
    options
        As `Options` has them.

    Raises
    ------
    UsageError
        As `plan_changes`.
    """
    if resource not in TARGETS:
        raise UsageError(f"Nothing changes {resource!r}. What can be changed: {', '.join(TARGETS)}.")
    plan = plan_changes(
        resource,
        before,
        after,
        place=place_of(port),
        options=Options(**options),
        reason=reason,
        warn_above=warn_above,
    )
    plan = Plan.of(plan, port)
    if not check and not plan.options.get("allow_opt_in"):
        return plan
    try:
        return Plan.of(looked_up(plan, port), port)
    except ServiceError as error:
        if check or not any(step.opt_out for step in plan.steps):
            raise
        # Nothing holds an opt-out back: apply sends it, and looks again before it opts anybody in.
        later = f"The opt-ins could not be checked now, and will be before they are sent: {error}"
        return replace(plan, warnings=(*plan.warnings, later))


def custom_fields(port: Port, resource: str, before: pd.DataFrame, after: pd.DataFrame, **given: Any) -> Plan:
    """The plan that sets custom fields, out of the long or the wide form."""
    return changes(port, resource, before, custom_values.put_back(before, after), **given)


def dismissals(
    port: Port, resource: str, frame: pd.DataFrame, given: Mapping[str, Any], *, reason: str | None = None
) -> Plan:
    """The plan that dismisses leads or bookings."""
    plan = special.plan_dismiss(resource, frame, given, place=place_of(port), reason=reason)
    return Plan.of(plan, port)


def follow_ups(port: Port, frame: pd.DataFrame, given: Mapping[str, Any], *, reason: str | None = None) -> Plan:
    """The plan that gives leads a date to follow them up."""
    zone = port.time_zone
    plan = special.plan_follow_up(frame, given, place=place_of(port), time_zone=zone, reason=reason)
    return Plan.of(plan, port)


def tags(port: Port, customers: Any, add: Any, remove: Any, **given: Any) -> Plan:
    """The plan that tags many customers."""
    return Plan.of(special.plan_tags(customers, add, remove, place=place_of(port), **given), port)


def opt_outs(port: Port, phones_or_emails: Any, names: Iterable[str], *, reason: str | None = None) -> Plan:
    """The plan that stops marketing to numbers and addresses; it reads all contacts and leads."""
    wanted = opt_out.wanted(phones_or_emails)
    names = [names] if isinstance(names, str) else list(names)
    found = read_contacts(port)
    owners = opt_out.owners_of(wanted, found)
    found = replace(
        found,
        owners={
            resource: port.list(f"{resource}.list", ids=ids, active=None) for resource, ids in owners.items() if ids
        },
        leads=_leads(port),
    )
    if names:
        methods = opt_out.matching(found.methods, wanted)
        found = replace(found, preferences=read_preferences(port, methods))
    return Plan.of(opt_out.plan_opt_out(wanted, found, names, place=place_of(port), reason=reason), port)


def _leads(port: Port) -> pd.DataFrame | None:
    try:
        return port.list("leads.list")
    except PermissionDenied:  # who may not read leads can stop marketing to contacts all the same
        return None


looked_up = check
"""`check`, under a name that the parameter does not hide."""
