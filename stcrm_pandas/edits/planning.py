"""Make plans over a connection, with the reads that some of them need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from stcrm_pandas.edits.apply.check import check as check_by_reading
from stcrm_pandas.edits.apply.check import tag_opt_ins, tags_refused, without
from stcrm_pandas.edits.apply.opt_in_checks import read_contacts, read_preferences
from stcrm_pandas.edits.diff import custom_values
from stcrm_pandas.edits.diff.columns import TARGETS
from stcrm_pandas.edits.plan import actions, opt_out
from stcrm_pandas.edits.plan.build import WARN_ABOVE, origin_of, plan_changes
from stcrm_pandas.edits.plan.steps import PlanOptions
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import PermissionDenied, ResponseError, ServiceError, UsageError
from stcrm_pandas.sheets.sheet import Sheet


def changes(
    port: Port,
    resource: str,
    before: pd.DataFrame,
    after: pd.DataFrame | Sheet,
    *,
    reason: str | None = None,
    check: bool = False,
    warn_above: float = WARN_ABOVE,
    **options: Any,
) -> Plan:
    """Return the plan that changes one frame to another.

    Parameters
    ----------
    resource : str
        The resource: a key of `TARGETS`.
    after : DataFrame or Sheet
        The edited rows. Suspect cells of a sheet do not change.
    check : bool, default False
        Make the checks that need a read now instead of when the plan is applied.
    options
        Fields of `PlanOptions`.

    Raises
    ------
    UsageError
        As `plan_changes`.
    """
    if resource not in TARGETS:
        raise UsageError(f"Rows of {resource!r} cannot be changed. These can: {', '.join(TARGETS)}.")
    if isinstance(after, Sheet):
        after = after.over(before)
    origin, permissions = origin_of(port), PlanOptions(**options)
    build = partial(plan_changes, resource, before, after, origin=origin, reason=reason, warn_above=warn_above)
    plan = build(options=permissions)
    opt_ins, unknown = tag_opt_ins(plan, port)
    if opt_ins:
        plan = build(options=replace(permissions, tag_opt_ins=opt_ins))
    plan = Plan.of(without(plan, unknown), port)
    if not check and not plan.options.get("allow_opt_in"):
        return plan
    try:
        return Plan.of(check_by_reading(plan, port), port)
    except (ServiceError, ResponseError) as error:
        if check or not any(step.opt_out for step in plan.steps):
            raise
        # Nothing delays an opt-out: apply sends it, and checks again before it opts anybody in.
        later = f"The opt-ins could not be checked now and will be checked before they are sent: {error}"
        return replace(plan, warnings=(*plan.warnings, later))


def custom_fields(port: Port, resource: str, before: pd.DataFrame, after: pd.DataFrame, **given: Any) -> Plan:
    """Return the plan that sets custom fields, given in long or wide form."""
    return changes(port, resource, before, custom_values.put_back(before, after), **given)


def dismissals(
    port: Port, resource: str, frame: pd.DataFrame, given: Mapping[str, Any], *, reason: str | None = None
) -> Plan:
    """Return the plan that dismisses leads or bookings."""
    plan = actions.plan_dismiss(resource, frame, given, origin=origin_of(port), reason=reason)
    return Plan.of(plan, port)


def follow_ups(port: Port, frame: pd.DataFrame, given: Mapping[str, Any], *, reason: str | None = None) -> Plan:
    """Return the plan that gives leads a follow-up date."""
    zone = port.time_zone
    plan = actions.plan_follow_up(frame, given, origin=origin_of(port), time_zone=zone, reason=reason)
    return Plan.of(plan, port)


def tags(port: Port, customers: Any, add: Any, remove: Any, **given: Any) -> Plan:
    """Return the plan that tags many customers; names of tag types are looked up."""
    if actions.has_names(add) or actions.has_names(remove):
        known = port.list("lookups.tag_types.list")
        add, remove = actions.ids_of_names(add, known, "add"), actions.ids_of_names(remove, known, "remove")
    plan = actions.plan_tags(customers, add, remove, origin=origin_of(port), **given)
    return Plan.of(without(plan, tags_refused(plan, port)), port)


def opt_outs(port: Port, phones_or_emails: Any, names: Iterable[str], *, reason: str | None = None) -> Plan:
    """Return the plan that opts numbers and addresses out of marketing; it reads all contacts and leads."""
    wanted = opt_out.requested_values(phones_or_emails)
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
        methods = opt_out.rows_with_value(found.methods, wanted)
        found = replace(found, preferences=read_preferences(port, methods))
    return Plan.of(opt_out.plan_opt_out(wanted, found, names, origin=origin_of(port), reason=reason), port)


def _leads(port: Port) -> pd.DataFrame | None:
    try:
        return port.list("leads.list")
    except PermissionDenied:  # opt-outs of contacts need no permission to read leads
        return None
