"""Apply a plan: read afresh, send, read back; side by side, and written down before and after each call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stcrm_pandas.edits.admitting import admit, needs_sample
from stcrm_pandas.edits.check import check
from stcrm_pandas.edits.course import Course
from stcrm_pandas.edits.endings import Endings
from stcrm_pandas.edits.journal import Journal, find, path_for
from stcrm_pandas.edits.locks import lock
from stcrm_pandas.edits.model import Plan, Refusal
from stcrm_pandas.edits.opt_ins import Sent, sent_since
from stcrm_pandas.edits.result import Result
from stcrm_pandas.errors import UsageError

if TYPE_CHECKING:
    from stcrm_pandas.client import Client


def apply(plan: Plan, crm: Client, *, limit: int | None = None, stop_after: int | None = None) -> Result:
    """Carry out a plan. See `Plan.apply`."""
    for name, number, least in (("limit", limit, 0), ("stop_after", stop_after, 1)):
        if number is not None and number < least:
            raise UsageError(f"apply({name}=…) is {least} or more, or None for no bound.")
    admit(plan, crm)
    folder = crm.settings.journal_folder
    with lock(folder, plan.digest) as held:
        missing_sample = needs_sample(plan, crm)
        if missing_sample and not any(step.opt_out for step in plan.steps):
            raise UsageError(missing_sample)
        sent = sent_since(folder, plan)
        refusals = _refused_by_reading(plan, crm, sent)
        journal = _unfinished(folder, plan) or _begun(folder, plan, crm)
        journal.watch(held)
        try:
            with crm._progress.bar("apply") as bar:
                endings = Endings(journal, bar, now=lambda: crm.cache.now().isoformat(), stop_after=stop_after)
                endings.held_back = bool(missing_sample)
                Course(plan, crm, journal, endings, sent, limit=limit).run(refusals)
        except KeyboardInterrupt as stop:
            stop.add_note(f"The journal is {journal.path}: apply the plan again, or crm.resume(…), and it goes on.")
            raise
        finally:
            journal.close()
    return Result(journal.path, crm)


def resume(path: Any, crm: Client, *, limit: int | None = None, stop_after: int | None = None) -> Result:
    """Go on with the apply that a journal is of. See `Client.resume`."""
    journal = Journal.open(path)
    plan, place, finished = journal.plan, journal.path.resolve(), journal.finished
    journal.close()
    admit(plan, crm)
    if finished:
        return Result(journal.path, crm)
    folder = crm.settings.journal_folder
    if place.parent != folder.resolve() or [one.resolve() for one in find(folder, plan)][-1] != place:
        raise UsageError(
            f"{str(path)!r} is not the latest journal of its plan in {folder}: it is from elsewhere, or the plan was "
            "applied again since. Load the plan and apply it: what is as planned is left alone."
        )
    return apply(plan, crm, limit=limit, stop_after=stop_after)


def _unfinished(folder: Path, plan: Plan) -> Journal | None:
    """The journal of an earlier apply, where that did not end."""
    for path in find(folder, plan)[-1:]:
        journal = Journal.open(path)
        if not journal.finished:
            return journal
        journal.close()
    return None


def _begun(folder: Path, plan: Plan, crm: Client) -> Journal:
    moment = crm.cache.now()
    return Journal.begin(path_for(folder, plan, moment), plan, _about(plan, moment.isoformat(timespec="seconds")))


def _refused_by_reading(plan: Plan, crm: Client, sent: Sent) -> Sequence[Refusal]:
    """What only a read can refuse, before the first write. Consent is looked at again: it may be another by now."""
    if plan.checked and not any(cell.consent for step in plan.steps for cell in step.cells):
        return ()
    return check(plan, crm, sent).refusals[len(plan.refusals) :]


def _about(plan: Plan, moment: str) -> dict[str, str]:
    return {
        "environment": plan.environment,
        "tenant": str(plan.tenant),
        "resource": plan.resource,
        "applied_at": moment,
        "rows": str(len(plan.keys)),
        "sample_of": plan.sample_of or "",
        "reason": plan.reason or "",
        "consent_source": str(plan.options.get("consent_source") or ""),
    }
