"""Checks before anything is sent: the plan belongs to this connection, is unaltered, and a sample was applied."""

from __future__ import annotations

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.apply.journal import Journal
from stcrm_pandas.edits.plan.model import VERSION, PlanData, from_json
from stcrm_pandas.edits.plan.rebuild import rebuild
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import StcrmError, UsageError

WITHOUT_SAMPLE = 500
"""Rows of production that a plan may change before a sample of it has to be applied."""


def admit(plan: PlanData, port: Port) -> None:
    """Raise if a plan cannot be applied over this connection.

    Raises
    ------
    UsageError
        The plan is for another version, tenant or environment, or was altered since it was made.
    WritesNotAllowed
        The connection may only read.
    """
    if plan.version != VERSION:
        raise UsageError(
            f"The plan has format version {plan.version}, but this program reads version {VERSION}: make a new plan."
        )
    here = (port.name, port.tenant)
    if (plan.environment, plan.tenant) != here:
        raise UsageError(
            f"The plan is for tenant {plan.tenant} in {plan.environment}, but this connection is to tenant {here[1]} "
            f"in {here[0]}. Connect to the plan's tenant."
        )
    # The digest is cached; the contents of the plan may have been altered since.
    try:
        given = from_json(plan.as_json())
        same = given.digest == rebuild(given).digest == plan.digest
    except (KeyError, TypeError, ValueError, AttributeError):
        same = False
    if not same:
        raise UsageError("The plan was altered after it was made, so it was not applied: make a new plan.")
    if not plan.steps:
        port.allow(OPERATIONS["Customers_Update"])
    for operation in dict.fromkeys(step.operation for step in plan.steps):
        port.allow(OPERATIONS[operation])


def missing_sample(plan: PlanData, port: Port) -> str:
    """Return why a sample has to be applied first; empty if none is needed. Opt-outs do not count."""
    rows = sum(len(step.keys) for step in plan.steps if not step.opt_out)
    if rows <= WITHOUT_SAMPLE or not port.in_production or _sample_was_applied(plan, port):
        return ""
    return (
        f"The plan changes {rows:,} rows of production. Apply a sample first: plan.sample(10).apply(). Check its "
        f"result, then apply the plan. Plans of up to {WITHOUT_SAMPLE} rows need no sample."
    )


def _sample_was_applied(plan: PlanData, port: Port) -> bool:
    complete = {plan.digest, plan.sample_of}
    for path in port.journal_folder.glob("*.sqlite"):
        try:
            journal = Journal.open(path)
        except UsageError:
            continue
        try:
            of, counts = journal.about.get("sample_of"), journal.counts()
        except StcrmError:  # a damaged journal proves no sample
            continue
        finally:
            journal.close()
        if of and of in complete and sum(counts.values()) <= WITHOUT_SAMPLE and counts.get("succeeded"):
            return True
    return False
