"""The scheduler of an apply: one thread decides what to read and send next, and what each response means."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from stcrm_pandas.contract.operations import IDS_PER_REQUEST
from stcrm_pandas.edits.apply.check import without
from stcrm_pandas.edits.apply.fresh_rows import FreshRow
from stcrm_pandas.edits.apply.journal import UNFINISHED, Entry, FinishedRows, Journal
from stcrm_pandas.edits.apply.opt_in_checks import OptInChecks
from stcrm_pandas.edits.apply.opt_ins import moment_of, opt_in_columns
from stcrm_pandas.edits.apply.outcomes import classify, columns_not_as_planned, is_as_planned
from stcrm_pandas.edits.apply.sending import FRESH_FOR, OVERWRITTEN, Job, Sender, read_groups
from stcrm_pandas.edits.columns import target_of
from stcrm_pandas.edits.plan.consent import (
    ARCHIVED,
    SERVICE_TIMEOUT,
    changed_after,
    filled_opt_ins,
    needs_last_read,
)
from stcrm_pandas.edits.plan.model import Key, PlanData, Refusal, with_keys
from stcrm_pandas.edits.plan.steps import restoring_step
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import IncompleteRead, ServiceError
from stcrm_pandas.http.session import first_done
from stcrm_pandas.output.printable import plural

IN_DOUBT_FOR = SERVICE_TIMEOUT
"""Seconds for which the service may still work on a request whose response was lost."""

SENT_ONCE = "an opt-in is sent only once: look at the row, and make a new plan if they agreed"
"""Hint for an opt-in that was sent but does not show in its row."""


@dataclass
class _Batch:
    """Jobs whose rows are read, and read back, together."""

    open: int
    sent: list[Job] = field(default_factory=list)


@dataclass(frozen=True)
class _Task:
    """Work for a thread, a callback for its result, and whether it sends a change."""

    work: Callable[[], Any]
    done: Callable[[Any], None]
    sends: bool = False


class Scheduler:
    """Applies the unfinished rows of a journal; requests run in other threads.

    Parameters
    ----------
    checks : OptInChecks or None
        The checks of opt-ins; None if nobody is opted in now.
    limit : int or None
        The largest number of rows to send, not counting opt-outs; None for no limit.
    """

    def __init__(
        self,
        plan: PlanData,
        port: Port,
        journal: Journal,
        finished: FinishedRows,
        checks: OptInChecks | None,
        *,
        limit: int | None,
    ) -> None:
        self._plan, self._port, self._journal, self._finished = plan, port, journal, finished
        self._checks, self._left = checks, limit
        self._timer, self._sleep = port.timer, port.sleep
        self._sender = Sender(port, journal, finished, self._anything_to_send, checks)
        self._threads = 2 * port.concurrency
        # Rows that are read together have to be sent while they are fresh.
        self._at_once = max(1, min(IDS_PER_REQUEST, int(port.rate_limit * FRESH_FOR / 4)))
        self._urgent: deque[list[Job]] = deque()
        self._later: deque[list[Job]] = deque()
        self._to_send: deque[Job] = deque()
        self._to_confirm: deque[list[Job]] = deque()
        self._in_doubt: list[tuple[float, int, Job]] = []
        self._running: dict[Future[Any], _Task] = {}
        self._reading = 0
        self._urgent_open = 0
        self._batches: dict[Job, _Batch] = {}
        self._numbers = itertools.count()

    def run(self, refusals: Sequence[Refusal]) -> None:
        """Apply all unfinished rows, except those that a read refused."""
        self._prepare(refusals)
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="stcrm-apply")
        try:
            while True:
                while len(self._running) < self._threads and (task := self._next()) is not None:
                    self._running[pool.submit(task.work)] = task
                if self._running:
                    self._collect(first_done(self._running, self._seconds_until_due()))
                elif self._in_doubt:
                    self._sleep(self._seconds_until_due() or 0.0)
                else:
                    break
                self._queue_due()
        except KeyboardInterrupt:
            self._interrupt()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    # Choosing the next task

    def _prepare(self, refusals: Sequence[Refusal]) -> None:
        by_step: dict[tuple[int, bool], list[Entry]] = {}
        for entry in self._journal.entries():
            if entry.state in UNFINISHED:
                by_step.setdefault((entry.step, entry.state == "untried"), []).append(entry)
        untried = []
        for (number, fresh), entries in by_step.items():
            job = Job(number, self._plan.steps[number], entries)
            if fresh:
                untried.append(job)
            else:
                self._resume(job)
        self._queue(self._without_refused(untried, refusals))
        self._finished.write_down()

    def _without_refused(self, jobs: list[Job], refusals: Sequence[Refusal]) -> list[Job]:
        """Return the jobs without refused rows; an opt-out keeps the rest of its row."""
        refused = {refusal.key: refusal for refusal in refusals}
        rest = {(step.operation, step.keys): step for step in without(self._plan, refusals).steps}
        kept = []
        for job in jobs:
            gone = [entry for entry in job.entries if entry.key in refused]
            for entry in gone:
                refusal = refused[entry.key]
                entry.left_out = f"{refusal.reason}; {refusal.instead}" if refusal.instead else refusal.reason
            if gone and not (job.step.opt_out and (job.step.operation, job.step.keys) in rest):
                for entry in gone:
                    entry.why = entry.left_out
                self._finished.end(gone, "failed")
                job.entries = [entry for entry in job.entries if entry not in gone]
            elif gone:
                job.step = rest[job.step.operation, job.step.keys]
            kept += [job] if job.entries else []
        return kept

    def _queue(self, jobs: Sequence[Job]) -> None:
        for urgent, queue in ((True, self._urgent), (False, self._later)):
            some = [job for job in jobs if job.step.opt_out is urgent]
            for job in some:
                job.holds_back_others = urgent
            self._urgent_open += len(some) if urgent else 0
            queue.extend(_group_jobs(some, self._at_once))

    def _resume(self, job: Job) -> None:
        """Continue a job whose request was running when an earlier apply ended."""
        self._restore_fill(job)
        if job.entries[0].state == "sent":
            self._to_confirm.append([job])
            return
        # It was sent by another clock at best, so its time starts again.
        job.until, job.again = self._timer() + IN_DOUBT_FOR, True
        self._wait_in_doubt(job, at=self._timer())

    def _restore_fill(self, job: Job) -> None:
        """Restore from the journal which consent flags the request, which may still be running, sent along."""
        (entry, *_) = job.entries
        if not needs_last_read(job.step):
            return
        job.filled_earlier = filled_opt_ins(job.step, self._journal.text(entry, "body") or {})
        job.opted_out = frozenset(entry.restored)
        if (sent := moment_of(entry.service_time)) is not None:
            job.carried_out_by = sent + dt.timedelta(seconds=SERVICE_TIMEOUT)

    def _next(self) -> _Task | None:
        if len(self._to_send) < self._threads and self._reading < 2 and (group := self._next_group()) is not None:
            self._reading += 1
            return _Task(partial(self._sender.read, group), partial(self._rows_read, group))
        if self._to_confirm:
            jobs = self._to_confirm.popleft()
            return _Task(partial(self._sender.read, jobs), partial(self._confirm, jobs))
        while self._to_send:
            job = self._to_send.popleft()
            if job.step.opt_out or not self._finished.stopped:
                return _Task(partial(self._sender.send, job), partial(self._request_done, job), sends=True)
            self._release(job)
        return None

    def _next_group(self) -> list[Job] | None:
        if self._urgent:
            return self._urgent.popleft()
        if self._urgent_open or self._finished.stopped or self._left == 0:
            return None
        return self._later.popleft() if self._later else None

    def _collect(self, done: Iterable[Future[Any]]) -> None:
        for future in done:
            self._running.pop(future).done(future.result())
        self._finished.write_down()

    def _seconds_until_due(self) -> float | None:
        return max(0.0, self._in_doubt[0][0] - self._timer()) if self._in_doubt else None

    def _queue_due(self) -> None:
        due = []
        while self._in_doubt and self._in_doubt[0][0] <= self._timer():
            due.append(heapq.heappop(self._in_doubt)[2])
        self._to_confirm.extend(_group_jobs(due, IDS_PER_REQUEST))

    def _interrupt(self) -> None:
        """Handle Ctrl-C: start nothing more, and wait a few seconds for running requests."""
        port = self._port
        self._sender.interrupted = True
        port.stop_waiting()
        for future in self._running:
            future.cancel()
        try:
            wait(self._running, timeout=0.5)
            port.interrupt()
            if writes := sum(task.sends and not future.done() for future, task in self._running.items()):
                port.say(f"Interrupted: waiting up to 5 s for {plural(writes, 'running write')} …")
                wait([future for future, task in self._running.items() if task.sends], timeout=4.5)
            port.interrupt(writes=True)
            wait(self._running, timeout=1)
            for future, task in self._running.items():
                if task.sends and future.done() and not future.cancelled():
                    task.done(future.result())
            self._finished.write_down()
        finally:
            port.allow_requests()

    # Results of tasks

    def _rows_read(self, group: list[Job], rows: dict[Key, FreshRow] | Exception) -> None:
        """Queue the jobs whose rows were read."""
        self._reading -= 1
        ready = []
        for job in group:
            if isinstance(rows, Exception):
                self._finished.fail(job.entries, rows)
            elif self._anything_to_send(job) and self._is_within_limit(job):
                ready.append(job)
                continue
            self._release(job)
        batch = _Batch(len(ready))
        self._batches.update(dict.fromkeys(ready, batch))
        self._to_send.extend(ready)

    def _is_within_limit(self, job: Job) -> bool:
        if job.step.opt_out or self._left is None:
            return True
        within = self._left > 0
        self._left -= within
        return within

    def _anything_to_send(self, job: Job) -> bool:
        """Return whether a job has anything to send, and finish the rows that need no request."""
        if job.restoring:
            return self._needs_restoring(job)
        step, go = job.step, []
        for entry in job.entries:
            row = job.rows.get(entry.key)
            if row is None:
                unread = job.unread.get(entry.key)
                entry.why = str(unread or "the row no longer exists")
                entry.worth_retrying = isinstance(unread, IncompleteRead)
                self._finished.end([entry], "failed")
                continue
            sent = self._checks.sent if self._checks is not None else {}
            opted_in = sent.get((target_of(step.operation).resource, entry.key), ())
            verdict = classify(step, entry.key, row, self._plan.options, opted_in)
            entry.now, entry.why = {**entry.now, **verdict.now}, verdict.why
            if verdict.state == "go":
                go.append(entry)
                job.step = verdict.step
            elif verdict.state == "already":
                service_now = self._port.service_now()
                entry.service_time = None if service_now is None else service_now.isoformat()
                self._finished.end([entry], "conflict" if entry.now else "already", row=row if entry.now else None)
            else:
                self._finished.end([entry], "failed" if verdict.state == "refused" else "conflict", row=row)
        job.entries = go
        if go and len(step.keys) > 1:
            job.step = with_keys(step, tuple(entry.key for entry in go))
        return bool(go)

    def _request_done(self, job: Job, failure: Exception | None) -> None:
        """Record that a request was sent, failed, or was skipped."""
        batch = self._batches.pop(job, None) or _Batch(1)
        batch.open -= 1
        self._release(job)
        if isinstance(failure, ServiceError) and failure.in_doubt:
            job.until = self._timer() + IN_DOUBT_FOR
            self._wait_in_doubt(job, at=self._timer())
        elif failure is None and job.entries:
            batch.sent.append(job)
        if batch.open == 0 and batch.sent:
            self._to_confirm.append(batch.sent)

    def _confirm(self, jobs: Sequence[Job], rows: dict[Key, FreshRow] | Exception) -> None:
        """Compare the rows as read back with what was sent."""
        for job in jobs:
            wrong = []
            for entry in job.entries:
                row = None if isinstance(rows, Exception) else rows.get(entry.key)
                job.note_opt_outs(row)
                if row is not None and job.restoring and is_as_planned(job.step, row):
                    entry.why = f"{OVERWRITTEN}; the opt-out was restored"
                    self._finished.end([entry], "conflict", row=row)
                elif row is not None and is_as_planned(job.step, row) and (lost := job.overwritten_opt_outs(row)):
                    self._switch_off_again(job, entry, row, lost)
                elif row is not None and is_as_planned(job.step, row):
                    entry.why = entry.left_out
                    self._finished.end(
                        [entry], "failed" if entry.left_out else "conflict" if entry.now else "succeeded", row=row
                    )
                else:
                    wrong.append(entry)
            job.entries = wrong
            if wrong and job.until is not None and self._timer() < job.until:
                self._wait_in_doubt(job, at=min(job.until, self._timer() + job.pause))
                job.pause *= 2
                continue
            if wrong and job.restoring:
                error = rows if isinstance(rows, Exception) else job.unread.get(wrong[0].key)
                self._sender.not_restored(job, _describe_failure(job, job.rows.get(wrong[0].key), error))
                continue
            opt_in = bool(opt_in_columns(job.step))
            if wrong and job.again and not opt_in and not isinstance(rows, Exception):
                self._retry(job)
                continue
            for entry in wrong:
                row = None if isinstance(rows, Exception) else rows.get(entry.key)
                entry.why = _describe_failure(
                    job, row, rows if isinstance(rows, Exception) else job.unread.get(entry.key)
                )
                if opt_in:  # it may have been carried out and undone since
                    entry.why += f"; {SENT_ONCE}"
                entry.worth_retrying = not opt_in
                self._finished.end([entry], "failed", row=row)

    def _switch_off_again(self, job: Job, entry: Entry, row: FreshRow, lost: list[str]) -> None:
        """Queue a request that restores opt-outs which our request overwrote."""
        entry.now |= {column: column == ARCHIVED for column in lost}
        entry.restored = lost
        restore = Job(job.number, restoring_step(job.step, lost), [entry], rows={entry.key: row}, restoring=True)
        restore.read_at, restore.carried_out_by = job.read_at, job.carried_out_by
        if self._needs_restoring(restore):
            entry.state = "doubt"
            self._journal.write([entry])
            self._to_send.append(restore)

    def _needs_restoring(self, job: Job) -> bool:
        """Return whether an overwritten opt-out still has to be restored; if not, finish its row."""
        (entry,) = job.entries
        row = job.rows.get(entry.key)
        if row is None:
            self._sender.not_restored(job, str(job.unread.get(entry.key, "the row no longer exists")))
        elif is_as_planned(job.step, row):
            entry.why = f"{OVERWRITTEN}; somebody has opted out again since"
            self._finished.end([entry], "conflict", row=row)
        elif changed_after(row, job.carried_out_by):
            entry.why = f"{OVERWRITTEN}, or somebody opted in again later: ask the person, and opt them out if needed"
            self._finished.end([entry], "conflict", row=row)
        else:
            return True
        job.entries = []
        return False

    def _retry(self, job: Job) -> None:
        for entry in job.entries:
            entry.tried_at = entry.sent_at or entry.tried_at
            entry.state, entry.sent_at, entry.now = "untried", None, {}
        self._journal.write(job.entries)
        again = Job(job.number, self._plan.steps[job.number], job.entries)
        again.filled_earlier, again.opted_out = job.filled_earlier, job.opted_out
        self._queue([again])

    def _wait_in_doubt(self, job: Job, *, at: float) -> None:
        heapq.heappush(self._in_doubt, (at, next(self._numbers), job))

    def _release(self, job: Job) -> None:
        """Let others go ahead: this job has no further request."""
        self._urgent_open -= job.holds_back_others
        job.holds_back_others = False


def _group_jobs(jobs: Iterable[Job], most: int) -> Iterable[list[Job]]:
    """Group jobs by resource and by the request that reads their rows."""
    by_kind: dict[str, list[Job]] = {}
    for job in jobs:
        by_kind.setdefault(target_of(job.step.operation).resource, []).append(job)
    for same in by_kind.values():
        yield from read_groups(same, most)


def _describe_failure(job: Job, row: FreshRow | None, error: Exception | None) -> str:
    if error is not None:
        return f"the request was sent, but the row could not be read afterwards, so its outcome is unknown: {error}"
    if row is None:
        return "the request was sent, but the row no longer exists"
    columns = ", ".join(columns_not_as_planned(job.step, row))
    if job.until is not None:
        return (
            f"the response was lost, and {IN_DOUBT_FOR:.0f} s later these columns were still not as planned: {columns}"
        )
    return f"the service reported success, but these columns are not as planned: {columns}"
