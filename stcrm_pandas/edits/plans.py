"""The public classes for bulk edits, `Plan` and its `Result`, and the plans that are made over a connection.

Both classes add a connection and methods to the data in `plan.model` and `apply.result`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import pandas as pd

from stcrm_pandas.edits.apply.check import check as check_by_reading
from stcrm_pandas.edits.apply.check import tag_opt_ins, tags_refused, without
from stcrm_pandas.edits.apply.opt_in_checks import read_contacts, read_preferences
from stcrm_pandas.edits.apply.result import ResultData
from stcrm_pandas.edits.apply.start import apply, resume
from stcrm_pandas.edits.apply.undo import undo
from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.edits.plan import actions, opt_out
from stcrm_pandas.edits.plan.build import WARN_ABOVE, origin_of, plan_changes
from stcrm_pandas.edits.plan.model import PlanData
from stcrm_pandas.edits.plan.plan_file import read_for, write
from stcrm_pandas.edits.plan.steps import PlanOptions
from stcrm_pandas.edits.port import Port
from stcrm_pandas.edits.preview import as_html, as_text, changes_of, refused_of, requests_of
from stcrm_pandas.edits.values import put_back_custom_fields
from stcrm_pandas.errors import PermissionDenied, ResponseError, ServiceError, UsageError
from stcrm_pandas.sheets.sheet import Sheet


@dataclass(frozen=True, repr=False)
class Plan(PlanData):
    """Changes to one tenant's records, and the requests that make them.

    Methods such as `crm.customers.plan_changes(before, after)` return a plan. Its repr is a preview; `changes`,
    `requests`, `refused` and `unmatched` are frames; `apply()` sends the requests.

    Parameters
    ----------
    resource : str
        The resource to change: `customers`, `customer_contacts` …, or `opt_out` and similar names for several
        resources.
    environment, tenant : str
        The only environment and tenant in which the plan can be applied.
    made_at : str
        When the plan was created, in UTC, as ISO 8601 text.
    steps : tuple of Step
        The requests, opt-outs first.
    refusals : tuple of Refusal, default ()
        Changes that are not in the plan, with reasons.
    total_rows : int, default 0
        Number of rows in the original frame.
    warnings : tuple of str, default ()
        What to check before applying the plan.
    reason : str, optional
        Why the change is made. It is stored in the journal.
    options : dict
        The options of the plan (`allow_opt_in`, `consent_source` …).
    listed : tuple[dict[str, Any], ...], default ()
        Values that match no record (such as numbers passed to `plan_opt_out`) or that can only be changed by hand, each
        with `what`, `why` and `instead`.
    checked : bool, default False
        Whether the checks that require a read were run. If not, `apply` runs them before its first write.
    sample_of : str, optional
        The digest of the complete plan, if this plan is a part of one.
    version : int, default 1
        The version of the file format.
    port : Port, optional
        The connection that applies the plan. It is not part of the plan's data.
    """

    port: Port | None = field(default=None, compare=False)

    @classmethod
    def of(cls, data: PlanData, port: Port | None = None) -> Self:
        """Return a plan with the given data and connection.

        Parameters
        ----------
        data : PlanData
            The data of the plan.
        port : Port, optional
            The connection that applies the plan.

        Returns
        -------
        Plan
            The plan.
        """
        return cls(**{name: getattr(data, name) for name in PlanData.__dataclass_fields__}, port=port)

    @property
    def changes(self) -> pd.DataFrame:
        """One row per changed cell: the key, `column`, `old`, `new`, `one_way`, `consent` and `opt_out`."""
        return changes_of(self)

    @property
    def requests(self) -> pd.DataFrame:
        """One row per request: `operation`, `method`, `path`, `set` and `fill` (JSON text), `rows` and `cells`."""
        return requests_of(self)

    @property
    def refused(self) -> pd.DataFrame:
        """One row per refused change: the key, `column`, `reason` and `instead`."""
        return refused_of(self)

    @property
    def unmatched(self) -> pd.DataFrame:
        """One row per requested value that is not in the plan: `what`, `why` and `instead`."""
        return pd.DataFrame(list(self.listed), columns=["what", "why", "instead"], dtype="str")

    def __repr__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def apply(self, *, limit: int | None = None, stop_after: int | None = None) -> Result:
        """Apply the plan: read each row, write the journal, send the change, and read the row back.

        Requests are sent in parallel. If somebody else changed the same cell, the row is a conflict and is not sent. A
        row that already has the planned values needs no request. To continue an interrupted apply, apply the plan
        again.

        Parameters
        ----------
        limit : int, optional
            Maximum number of rows to send now, not counting opt-outs. With 0, `apply` only sends opt-outs and checks
            the outcome of requests that were in progress when an earlier apply ended.
        stop_after : int, optional
            Number of failures after which only opt-outs are sent.

        Returns
        -------
        Result
            The outcome of each row.

        Raises
        ------
        UsageError
            The plan is for another tenant, environment or version, or was edited; it is being applied right now, or it
            has opt-ins and another plan with opt-ins of the tenant is; its journal or lock was removed; or it changes
            more than 500 rows in production and no sample was applied.
        WritesNotAllowed
            The connection is read-only.
        SettingsError
            The journal cannot be written.
        """
        if self.port is None:
            raise UsageError("The plan has no connection. Save it and load it with crm.load_plan(path) to apply it.")
        return Result(apply(self, self.port, limit=limit, stop_after=stop_after), self.port)

    def save(self, path: Any) -> None:
        """Write the plan to a JSON file that `crm.load_plan` reads.

        Parameters
        ----------
        path : str or Path
            The file. Only its owner can read it (mode 0600).
        """
        write(self, path)


class Result(ResultData):
    """The outcome of each row of a plan.

    Each frame starts with `resource` and the columns of the key. Times are in UTC.

    - `succeeded`: rows that were written and read back as planned
    - `failed`: rows that failed, with the API's message
    - `conflicts`: one row per cell that somebody else changed
    - `already`: rows that already had the planned values
    - `untried`: rows that were not sent
    - `filled`: copied values that differ from those in the plan

    Parameters
    ----------
    path : Path
        The journal of the apply.
    port : Port
        The connection of the apply.
    """

    def __init__(self, path: Path, port: Port) -> None:
        super().__init__(path)
        self._port = port

    @property
    def plan(self) -> Plan:
        """The plan that was applied."""
        return Plan.of(self._plan)

    def retry(self) -> Plan:
        """Return a plan of the failed rows that may succeed now, without those that can never succeed.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.

        Raises
        ------
        UsageError
            No failed row is worth retrying.
        """
        return Plan.of(self.worth_retrying(), self._port)

    def undo(self, *, rows: pd.DataFrame | None = None, reason: str | None = None) -> Plan:
        """Return a plan that undoes this apply, and what a sample of its plan changed before; see `Client.undo`.

        Parameters
        ----------
        rows : DataFrame, optional
            Only these rows, by the columns that identify them, such as `result.succeeded.head(3)`.
        reason : str, optional
            Why the change is undone. It is stored in the journal of the undo.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.
        """
        return undone(self.path, self._port, rows=rows, reason=reason)


def load(path: str | Path, port: Port) -> Plan:
    """Return the plan in a file. See `Client.load_plan`."""
    return Plan.of(read_for(path, port), port)


def undone(
    journal: str | Path | Result, port: Port, *, rows: pd.DataFrame | None = None, reason: str | None = None
) -> Plan:
    """Return the plan that undoes an apply. See `Client.undo`."""
    return Plan.of(undo(getattr(journal, "path", journal), port, rows=rows, reason=reason), port)


def resumed(
    journal: str | Path | Result, port: Port, *, limit: int | None = None, stop_after: int | None = None
) -> Result:
    """Continue an apply that was interrupted. See `Client.resume`."""
    return Result(resume(getattr(journal, "path", journal), port, limit=limit, stop_after=stop_after), port)


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


def custom_fields(port: Port, resource: str, before: pd.DataFrame, after: pd.DataFrame, **options: Any) -> Plan:
    """Return the plan that sets custom fields, given in long or wide form."""
    return changes(port, resource, before, put_back_custom_fields(before, after), **options)


def dismissals(
    port: Port, resource: str, frame: pd.DataFrame, values: Mapping[str, Any], *, reason: str | None = None
) -> Plan:
    """Return the plan that dismisses leads or bookings."""
    plan = actions.plan_dismiss(resource, frame, values, origin=origin_of(port), reason=reason)
    return Plan.of(plan, port)


def follow_ups(port: Port, frame: pd.DataFrame, values: Mapping[str, Any], *, reason: str | None = None) -> Plan:
    """Return the plan that gives leads a follow-up date."""
    zone = port.time_zone
    plan = actions.plan_follow_up(frame, values, origin=origin_of(port), time_zone=zone, reason=reason)
    return Plan.of(plan, port)


def tags(port: Port, customers: Any, add: Any, remove: Any, **options: Any) -> Plan:
    """Return the plan that tags many customers; names of tag types are looked up."""
    if actions.has_names(add) or actions.has_names(remove):
        known = port.list("lookups.tag_types.list")
        add, remove = actions.ids_of_names(add, known, "add"), actions.ids_of_names(remove, known, "remove")
    plan = actions.plan_tags(customers, add, remove, origin=origin_of(port), **options)
    return Plan.of(without(plan, tags_refused(plan, port)), port)


def opt_outs(port: Port, phones_or_emails: Any, names: Iterable[str], *, reason: str | None = None) -> Plan:
    """Return the plan that opts numbers and addresses out of marketing; it reads all contacts and leads."""
    wanted = opt_out.requested_values(phones_or_emails)
    names = [names] if isinstance(names, str) else list(names)
    contacts = read_contacts(port)
    owners = opt_out.owners_of(wanted, contacts)
    contacts = replace(
        contacts,
        owners={
            resource: port.list(f"{resource}.list", ids=ids, active=None) for resource, ids in owners.items() if ids
        },
        leads=_leads(port),
    )
    if names:
        methods = opt_out.rows_with_value(contacts.methods, wanted)
        contacts = replace(contacts, preferences=read_preferences(port, methods))
    return Plan.of(opt_out.plan_opt_out(wanted, contacts, names, origin=origin_of(port), reason=reason), port)


def _leads(port: Port) -> pd.DataFrame | None:
    try:
        return port.list("leads.list")
    except PermissionDenied:  # opt-outs of contacts need no permission to read leads
        return None
