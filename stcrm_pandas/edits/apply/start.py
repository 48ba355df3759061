"""Apply a plan or resume an apply: check that it belongs here and is unaltered, lock it, open the journal, and send."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.apply.check import opt_outs_refused_by_reading, refused_by_reading, tags_refused
from stcrm_pandas.edits.apply.journal import FinishedRows, Journal, find_journals, path_for
from stcrm_pandas.edits.apply.locks import BUSY, OpenFile, lock
from stcrm_pandas.edits.apply.opt_in_checks import OptInChecks
from stcrm_pandas.edits.apply.opt_ins import (
    EarlierOptIns,
    has_opt_ins,
    is_acknowledged,
    opt_ins_lock,
    refuse_all_opt_ins,
)
from stcrm_pandas.edits.apply.scheduler import Scheduler
from stcrm_pandas.edits.plan.model import UNDO_OF, VERSION, PlanData, Refusal, from_json
from stcrm_pandas.edits.plan.plan_file import rebuild
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import StcrmError, UsageError

OPT_INS_RUNNING = (
    "Another plan with opt-ins of this tenant is being applied: one at a time, so that nobody who opts out in between "
    "is opted in again. Wait until it has ended, then apply this plan."
)


def apply(plan: PlanData, port: Port, *, limit: int | None = None, stop_after: int | None = None) -> Path:
    """Apply a plan, and return the path of its journal. See `Plan.apply`."""
    for name, number, least in (("limit", limit, 0), ("stop_after", stop_after, 1)):
        if number is not None and number < least:
            raise UsageError(f"apply({name}=…) must be {least} or more, or None for no limit.")
    admit(plan, port)
    with ExitStack() as locks:
        run = _Apply(plan, port, limit, stop_after, locks)
        run.lock(plan.digest)
        if any(step.opt_out for step in plan.steps):
            return run.opt_outs_first()
        run.prepare()
        return run.all()


class _Apply:
    """One apply of a plan while its locks are held."""

    def __init__(self, plan: PlanData, port: Port, limit: int | None, stop_after: int | None, locks: ExitStack) -> None:
        self._plan, self._port = plan, port
        self._folder = port.journal_folder
        self._limit, self._stop_after = limit, stop_after
        self._locks, self._lock_files = locks, list[OpenFile]()
        self._failures = 0
        self._checks: OptInChecks | None = None
        self._refusals: list[Refusal] = []

    def lock(self, name: str, busy: str = BUSY) -> None:
        """Hold a lock until the apply has ended."""
        self._lock_files.append(self._locks.enter_context(lock(self._folder, name, busy)))

    def prepare(self, *, opt_outs_are_sent: bool = False) -> None:
        """Find the refusals that need a read, before anything but opt-outs is sent.

        Raises
        ------
        UsageError
            A sample is missing, the rows are another tenant's, or all rows are refused.
        ServiceError
            A read that is needed failed.
        """
        if reason := missing_sample(self._plan, self._port):
            raise UsageError(reason)
        unread: list[Refusal] = []
        if has_opt_ins(self._plan):
            self.lock(opt_ins_lock(self._plan), OPT_INS_RUNNING)
            earlier = EarlierOptIns(self._folder, self._plan)
            unread = list(refuse_all_opt_ins(self._plan, earlier.unreadable))
            refused = {refusal.key for refusal in unread}
            if unread and not opt_outs_are_sent and all(step.key in refused for step in self._plan.steps):
                raise UsageError(f"{unread[0].reason}. To continue, {unread[0].instead}.")
            self._checks = OptInChecks(self._port, self._plan, earlier)
        if not self._plan.checked or self._checks is not None:
            self._refusals = refused_by_reading(self._plan, self._port)
        if self._checks is not None:
            self._refusals += self._checks.refused()
        self._refusals += [*tags_refused(self._plan, self._port), *unread]

    def all(self) -> Path:
        """Apply everything that is not refused."""
        journal = _unfinished(self._folder, self._plan) or _begun(self._folder, self._plan, self._port)
        try:
            self._send(journal, self._refusals)
        finally:
            journal.close()
        return journal.path

    def opt_outs_first(self) -> Path:
        """Send the opt-outs, whatever blocks the rest; then send the rest if nothing blocks it."""
        plan, port, obstacle = self._plan, self._port, ""
        try:
            journal = _unfinished(self._folder, plan) or _begun(self._folder, plan, port)
        except StcrmError as error:
            obstacle = f"{error} `stcrm journal acknowledge` lets the rest of the plan continue without that journal."
            journal = _begun(self._folder, plan, port)
        try:
            refusals = opt_outs_refused_by_reading(plan, port)
            self._send(journal, refusals, only_opt_outs=True)
            if not obstacle:
                try:
                    self.prepare(opt_outs_are_sent=True)
                except StcrmError as error:
                    obstacle = str(error)
            if obstacle:
                _keep_why(journal, obstacle)
            else:
                self._send(journal, self._refusals)
        finally:
            journal.close()
        return journal.path

    def _send(self, journal: Journal, refusals: Sequence[Refusal], *, only_opt_outs: bool = False) -> None:
        port = self._port
        journal.also_check(self._lock_files)
        if self._checks is not None:
            self._checks.journal = journal.path
        try:
            with port.bar("apply") as bar:
                now = lambda: port.now().isoformat()  # noqa: E731
                finished = FinishedRows(journal, bar, now=now, stop_after=self._stop_after, failures=self._failures)
                finished.held_back = only_opt_outs
                Scheduler(self._plan, port, journal, finished, self._checks, limit=self._limit).run(refusals)
                self._failures = finished.failures
        except KeyboardInterrupt as stop:
            stop.add_note(f"The journal is {journal.path}. Apply the plan again or call crm.resume(…) to continue.")
            raise


def _keep_why(journal: Journal, why: str) -> None:
    """Write to the journal why rows were not tried."""
    left = [entry for entry in journal.entries() if entry.state == "untried"]
    for entry in left:
        entry.why = why
    if left:
        journal.write(left)


def resume(path: Any, port: Port, *, limit: int | None = None, stop_after: int | None = None) -> Path:
    """Resume an apply from its journal, and return the path. See `Client.resume`."""
    journal = Journal.open(path)
    plan, place, finished = journal.plan, journal.path.resolve(), journal.finished
    journal.close()
    admit(plan, port)
    if finished:
        return journal.path
    folder = port.journal_folder
    if place.parent != folder.resolve() or [path.resolve() for path in find_journals(folder, plan)[-1:]] != [place]:
        raise UsageError(
            f"{str(path)!r} is not the latest journal of its plan in {folder}: it is from another folder, it was "
            "renamed, or the plan was applied again later. Load the plan and apply it: rows with the planned values "
            "are not sent again."
        )
    return apply(plan, port, limit=limit, stop_after=stop_after)


def _unfinished(folder: Path, plan: PlanData) -> Journal | None:
    """Return the journal of an earlier apply that did not finish."""
    for path in find_journals(folder, plan)[-1:]:
        if is_acknowledged(path):
            return None
        journal = Journal.open(path)
        try:
            finished = journal.finished
        except BaseException:
            journal.close()
            raise
        if not finished:
            return journal
        journal.close()
    return None


def _begun(folder: Path, plan: PlanData, port: Port) -> Journal:
    moment = port.now()
    return Journal.create(path_for(folder, plan, moment), plan, _about(plan, moment.isoformat(timespec="seconds")))


def _about(plan: PlanData, moment: str) -> dict[str, str]:
    return {
        "environment": plan.environment,
        "tenant": str(plan.tenant),
        "resource": plan.resource,
        "applied_at": moment,
        "rows": str(len(plan.keys)),
        "sample_of": plan.sample_of or "",
        "reason": plan.reason or "",
        "consent_source": str(plan.options.get("consent_source") or ""),
        UNDO_OF: ",".join(plan.options.get(UNDO_OF) or ()),
    }


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
        stored = from_json(plan.as_json())
        same = stored.digest == rebuild(stored).digest == plan.digest
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
