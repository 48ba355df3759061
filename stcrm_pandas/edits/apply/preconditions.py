"""Whether a plan may be applied over a connection, before anything is sent."""

from __future__ import annotations

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.apply.journal import Journal
from stcrm_pandas.edits.plan.model import VERSION, PlanData, from_json
from stcrm_pandas.edits.plan.rebuilt import rebuilt
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import StcrmError, UsageError

WITHOUT_SAMPLE = 500
"""How many rows of production a plan may change without a sample of it having been applied."""


def admit(plan: PlanData, port: Port) -> None:
    """Refuse a plan that does not belong here.

    Raises
    ------
    UsageError
        It is of another version, tenant or environment, or was altered since it was made.
    WritesNotAllowed
        The connection may only read.
    """
    if plan.version != VERSION:
        raise UsageError(f"The plan is of version {plan.version}, and this is version {VERSION}: make it anew.")
    here = (port.name, port.tenant)
    if (plan.environment, plan.tenant) != here:
        raise UsageError(
            f"The plan is for tenant {plan.tenant} of {plan.environment}; this connection is to tenant {here[1]} of "
            f"{here[0]}."
        )
    # The digest is remembered when it is first asked for; what is in the plan may have been altered since.
    try:
        given = from_json(plan.as_json())
        same = given.digest == rebuilt(given).digest == plan.digest
    except (KeyError, TypeError, ValueError, AttributeError):
        same = False
    if not same:
        raise UsageError("The plan was altered since it was made: make it anew.")
    if not plan.steps:
        port.allow(OPERATIONS["Customers_Update"])
    for operation in dict.fromkeys(step.operation for step in plan.steps):
        port.allow(OPERATIONS[operation])


def needs_sample(plan: PlanData, port: Port) -> str:
    """Why a plan must not be applied as a whole yet; empty where it may. Opt-outs do not count."""
    rows = sum(len(step.keys) for step in plan.steps if not step.opt_out)
    if rows <= WITHOUT_SAMPLE or not port.in_production or _sample_was_applied(plan, port):
        return ""
    return (
        f"The plan changes {rows:,} rows of production. Try some first: plan.sample(10).apply(), look at the result, "
        f"and then apply the plan. Up to {WITHOUT_SAMPLE} rows go without."
    )


def _sample_was_applied(plan: PlanData, port: Port) -> bool:
    wholes = {plan.digest, plan.sample_of}
    for path in port.journal_folder.glob("*.sqlite"):
        try:
            journal = Journal.open(path)
        except UsageError:
            continue
        try:
            of, counts = journal.about.get("sample_of"), journal.counts()
        except StcrmError:  # a damaged journal tells of no sample
            continue
        finally:
            journal.close()
        if of and of in wholes and sum(counts.values()) <= WITHOUT_SAMPLE and counts.get("succeeded"):
            return True
    return False
