"""The course of an apply: what is read and sent next, and what follows from what was read. It decides in one thread."""

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
from stcrm_pandas.edits.apply.classify import agrees, judge, unlike
from stcrm_pandas.edits.apply.finished import Endings
from stcrm_pandas.edits.apply.fresh_rows import FreshRow
from stcrm_pandas.edits.apply.journal import OPEN, Entry, Journal
from stcrm_pandas.edits.apply.opt_ins import Sent, opt_ins
from stcrm_pandas.edits.apply.sending import FRESH_FOR, OVERWRITTEN, Calls, Job, groups
from stcrm_pandas.edits.diff.columns import target_of
from stcrm_pandas.edits.plan.last_read import (
    ARCHIVED,
    GIVES_UP_AFTER,
    changed_after,
    needs_last_read,
    off_again,
    switched_on,
)
from stcrm_pandas.edits.plan.model import Key, PlanData, Refusal, narrowed
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import IncompleteRead, ServiceError
from stcrm_pandas.http.waiting import first_done

IN_DOUBT_FOR = GIVES_UP_AFTER
"""Seconds for which the service may go on working on a call whose answer was lost."""


ONCE = "it is an opt-in, which is sent once: look at the row, and make a new plan if they agreed"
"""What is said of an opt-in that was sent, and cannot be seen in its row."""


@dataclass
class _Batch:
    """Jobs that were read together, and are read back together."""

    open: int
    sent: list[Job] = field(default_factory=list)


@dataclass(frozen=True)
class _Task:
    """Work for a thread, what is done with what comes of it, and whether it sends a change."""

    work: Callable[[], Any]
    done: Callable[[Any], None]
    sends: bool = False


class Course:
    """One apply, from what its journal says is left to do. Calls run side by side in other threads.

    Parameters
    ----------
    sent : Sent
        Opt-ins of the plan that went out already.
    limit : int or None
        How many rows are sent at most, not counting opt-outs; None is no bound.
    """

    def __init__(
        self, plan: PlanData, port: Port, journal: Journal, endings: Endings, sent: Sent, *, limit: int | None
    ) -> None:
        self._plan, self._port, self._journal, self._endings = plan, port, journal, endings
        self._opt_ins, self._left = sent, limit
        self._timer, self._sleep = port.timer, port.sleep
        self._calls = Calls(port, journal, endings, self._judged)
        self._threads = 2 * port.concurrency
        # What is read at once has to be sent before it has aged.
        self._at_once = max(1, min(IDS_PER_REQUEST, int(port.rate_limit * FRESH_FOR / 4)))
        self._urgent: deque[list[Job]] = deque()
        self._later: deque[list[Job]] = deque()
        self._to_send: deque[Job] = deque()
        self._to_settle: deque[list[Job]] = deque()
        self._in_doubt: list[tuple[float, int, Job]] = []
        self._running: dict[Future[Any], _Task] = {}
        self._reading = 0
        self._urgent_open = 0
        self._batches: dict[Job, _Batch] = {}
        self._numbers = itertools.count()

    def run(self, refusals: Sequence[Refusal]) -> None:
        """Do all that can be done now, but for what a read has refused."""
        self._prepare(refusals)
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="stcrm-apply")
        try:
            while True:
                while len(self._running) < self._threads and (task := self._next()) is not None:
                    self._running[pool.submit(task.work)] = task
                if self._running:
                    self._collect(first_done(self._running, self._until_due()))
                elif self._in_doubt:
                    self._sleep(self._until_due() or 0.0)
                else:
                    break
                self._settle_due()
        except KeyboardInterrupt:
            self._end_early()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    # What there is to do

    def _prepare(self, refusals: Sequence[Refusal]) -> None:
        by_step: dict[tuple[int, bool], list[Entry]] = {}
        for entry in self._journal.entries():
            if entry.state in OPEN:
                by_step.setdefault((entry.step, entry.state == "untried"), []).append(entry)
        untried = []
        for (number, fresh), entries in by_step.items():
            job = Job(number, self._plan.steps[number], entries)
            if fresh:
                untried.append(job)
            else:
                self._take_up(job)
        self._queue(self._unrefused(untried, refusals))
        self._endings.write_down()

    def _unrefused(self, jobs: list[Job], refusals: Sequence[Refusal]) -> list[Job]:
        """The jobs without the rows that a read has refused; of an opt-out, the rest of its row stays."""
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
                self._endings.end(gone, "failed")
                job.entries = [entry for entry in job.entries if entry not in gone]
            elif gone:
                job.step = rest[job.step.operation, job.step.keys]
            kept += [job] if job.entries else []
        return kept

    def _queue(self, jobs: Sequence[Job]) -> None:
        for urgent, queue in ((True, self._urgent), (False, self._later)):
            some = [job for job in jobs if job.step.opt_out is urgent]
            for job in some:
                job.awaited = urgent
            self._urgent_open += len(some) if urgent else 0
            queue.extend(_together(some, self._at_once))

    def _take_up(self, job: Job) -> None:
        """Go on with a call that was under way when an earlier apply ended."""
        self._remember_fill(job)
        if job.entries[0].state == "sent":
            self._to_settle.append([job])
            return
        # When it went out is known by another clock at best, so that its time begins anew.
        job.until, job.again = self._timer() + IN_DOUBT_FOR, True
        self._doubt(job, at=self._timer())

    def _remember_fill(self, job: Job) -> None:
        """Take from the journal what a request, which may still be under way, sent along of consent flags."""
        (entry, *_) = job.entries
        if not needs_last_read(job.step):
            return
        job.filled_earlier = switched_on(job.step, self._journal.text(entry, "body") or {})
        job.opted_out = frozenset(entry.restored)
        if entry.service_time is not None:
            job.written_by = dt.datetime.fromisoformat(entry.service_time) + dt.timedelta(seconds=GIVES_UP_AFTER)

    def _next(self) -> _Task | None:
        if len(self._to_send) < self._threads and self._reading < 2 and (group := self._next_group()) is not None:
            self._reading += 1
            return _Task(partial(self._calls.read, group), partial(self._got, group))
        if self._to_settle:
            jobs = self._to_settle.popleft()
            return _Task(partial(self._calls.read, jobs), partial(self._settle, jobs))
        while self._to_send:
            job = self._to_send.popleft()
            if job.step.opt_out or not self._endings.stopped:
                return _Task(partial(self._calls.send, job), partial(self._sent, job), sends=True)
            self._done(job)
        return None

    def _next_group(self) -> list[Job] | None:
        if self._urgent:
            return self._urgent.popleft()
        if self._urgent_open or self._endings.stopped or self._left == 0:
            return None
        return self._later.popleft() if self._later else None

    def _collect(self, done: Iterable[Future[Any]]) -> None:
        for future in done:
            self._running.pop(future).done(future.result())
        self._endings.write_down()

    def _until_due(self) -> float | None:
        return max(0.0, self._in_doubt[0][0] - self._timer()) if self._in_doubt else None

    def _settle_due(self) -> None:
        due = []
        while self._in_doubt and self._in_doubt[0][0] <= self._timer():
            due.append(heapq.heappop(self._in_doubt)[2])
        self._to_settle.extend(_together(due, IDS_PER_REQUEST))

    def _end_early(self) -> None:
        """Ctrl-C: nothing more is begun; what is under way may end, unless that takes long."""
        port = self._port
        self._calls.interrupted = True
        port.stop_waiting()
        for future in self._running:
            future.cancel()
        try:
            wait(self._running, timeout=0.5)
            port.interrupt()
            if writes := sum(task.sends and not future.done() for future, task in self._running.items()):
                port.say(f"Interrupted: waiting at most 5 s for {writes} writes under way …")
                wait([future for future, task in self._running.items() if task.sends], timeout=4.5)
            port.interrupt(writes=True)
            wait(self._running, timeout=1)
            for future, task in self._running.items():
                if task.sends and future.done() and not future.cancelled():
                    task.done(future.result())
            self._endings.write_down()
        finally:
            port.go_on()

    # What came of it

    def _got(self, group: list[Job], found: dict[Key, FreshRow] | Exception) -> None:
        """Rows were read, so that their calls can be sent."""
        self._reading -= 1
        ready = []
        for job in group:
            if isinstance(found, Exception):
                self._endings.fail(job.entries, found)
            elif self._judged(job) and self._within_limit(job):
                ready.append(job)
                continue
            self._done(job)
        batch = _Batch(len(ready))
        self._batches.update(dict.fromkeys(ready, batch))
        self._to_send.extend(ready)

    def _within_limit(self, job: Job) -> bool:
        if job.step.opt_out or self._left is None:
            return True
        within = self._left > 0
        self._left -= within
        return within

    def _judged(self, job: Job) -> bool:
        """Whether something of a job is to be sent; what is not is settled."""
        if job.restoring:
            return self._still_overwritten(job)
        step, go = job.step, []
        for entry in job.entries:
            row = job.rows.get(entry.key)
            if row is None:
                unread = job.unread.get(entry.key)
                entry.why = str(unread or "there is no such row any more")
                entry.worth_retrying = isinstance(unread, IncompleteRead)
                self._endings.end([entry], "failed")
                continue
            opted_in = self._opt_ins.get((target_of(step.operation).resource, entry.key), ())
            verdict = judge(step, entry.key, row, self._plan.options, opted_in)
            entry.now, entry.why = {**entry.now, **verdict.now}, verdict.why
            if verdict.state == "go":
                go.append(entry)
                job.step = verdict.step
            elif verdict.state == "already":
                service_now = self._port.service_now()
                entry.service_time = None if service_now is None else service_now.isoformat()
                self._endings.end([entry], "conflict" if entry.now else "already", row=row if entry.now else None)
            else:
                self._endings.end([entry], "failed" if verdict.state == "refused" else "conflict", row=row)
        job.entries = go
        if go and len(step.keys) > 1:
            job.step = narrowed(step, tuple(entry.key for entry in go))
        return bool(go)

    def _sent(self, job: Job, failure: Exception | None) -> None:
        """A call was sent, or was not."""
        batch = self._batches.pop(job, None) or _Batch(1)
        batch.open -= 1
        self._done(job)
        if isinstance(failure, ServiceError) and failure.in_doubt:
            job.until = self._timer() + IN_DOUBT_FOR
            self._doubt(job, at=self._timer())
        elif failure is None and job.entries:
            batch.sent.append(job)
        if batch.open == 0 and batch.sent:
            self._to_settle.append(batch.sent)

    def _settle(self, jobs: Sequence[Job], found: dict[Key, FreshRow] | Exception) -> None:
        """Compare rows with what was sent."""
        for job in jobs:
            wrong = []
            for entry in job.entries:
                row = None if isinstance(found, Exception) else found.get(entry.key)
                job.look(row)
                if row is not None and job.restoring and agrees(job.step, row):
                    entry.why = f"{OVERWRITTEN}; it was switched off again"
                    self._endings.end([entry], "conflict", row=row)
                elif row is not None and agrees(job.step, row) and (lost := job.overwritten(row)):
                    self._switch_off_again(job, entry, row, lost)
                elif row is not None and agrees(job.step, row):
                    entry.why = entry.left_out
                    self._endings.end(
                        [entry], "failed" if entry.left_out else "conflict" if entry.now else "succeeded", row=row
                    )
                else:
                    wrong.append(entry)
            job.entries = wrong
            if wrong and job.until is not None and self._timer() < job.until:
                self._doubt(job, at=min(job.until, self._timer() + job.pause))
                job.pause *= 2
                continue
            if wrong and job.restoring:
                error = found if isinstance(found, Exception) else job.unread.get(wrong[0].key)
                self._calls.not_restored(job, _words(job, job.rows.get(wrong[0].key), error))
                continue
            opt_in = bool(opt_ins(job.step))
            if wrong and job.again and not opt_in and not isinstance(found, Exception):
                self._try_again(job)
                continue
            for entry in wrong:
                row = None if isinstance(found, Exception) else found.get(entry.key)
                entry.why = _words(job, row, found if isinstance(found, Exception) else job.unread.get(entry.key))
                if opt_in:  # it may have come true, and been taken back since
                    entry.why += f"; {ONCE}"
                entry.worth_retrying = not opt_in
                self._endings.end([entry], "failed", row=row)

    def _switch_off_again(self, job: Job, entry: Entry, row: FreshRow, lost: list[str]) -> None:
        """Restore opt-outs that a read of ours showed, and that our request put back on after it."""
        entry.now |= {column: column == ARCHIVED for column in lost}
        entry.restored = lost
        restore = Job(job.number, off_again(job.step, lost), [entry], rows={entry.key: row}, restoring=True)
        restore.read_at, restore.written_by = job.read_at, job.written_by
        if self._still_overwritten(restore):
            entry.state = "doubt"
            self._journal.keep([entry])
            self._to_send.append(restore)

    def _still_overwritten(self, job: Job) -> bool:
        """Whether an opt-out is to be switched off again; where it is not, its row has ended."""
        (entry,) = job.entries
        row = job.rows.get(entry.key)
        if row is None:
            self._calls.not_restored(job, str(job.unread.get(entry.key, "there is no such row any more")))
        elif agrees(job.step, row):
            entry.why = f"{OVERWRITTEN}; somebody has switched it off again"
            self._endings.end([entry], "conflict", row=row)
        elif changed_after(row, job.written_by):
            entry.why = f"{OVERWRITTEN}, or somebody switched it on again later: ask them, and switch it off if need be"
            self._endings.end([entry], "conflict", row=row)
        else:
            return True
        job.entries = []
        return False

    def _try_again(self, job: Job) -> None:
        for entry in job.entries:
            entry.tried_at = entry.sent_at or entry.tried_at
            entry.state, entry.sent_at, entry.now = "untried", None, {}
        self._journal.keep(job.entries)
        again = Job(job.number, self._plan.steps[job.number], job.entries)
        again.filled_earlier, again.opted_out = job.filled_earlier, job.opted_out
        self._queue([again])

    def _doubt(self, job: Job, *, at: float) -> None:
        heapq.heappush(self._in_doubt, (at, next(self._numbers), job))

    def _done(self, job: Job) -> None:
        """Nothing more comes of a job in this apply."""
        self._urgent_open -= job.awaited
        job.awaited = False


def _together(jobs: Iterable[Job], most: int) -> Iterable[list[Job]]:
    """Jobs of all kinds, those together that one call reads."""
    by_kind: dict[str, list[Job]] = {}
    for job in jobs:
        by_kind.setdefault(target_of(job.step.operation).resource, []).append(job)
    for same in by_kind.values():
        yield from groups(same, most)


def _words(job: Job, row: FreshRow | None, error: Exception | None) -> str:
    if error is not None:
        return f"it was sent, and could not be read afterwards, so nobody knows what became of it: {error}"
    if row is None:
        return "it was sent, and there is no such row afterwards"
    columns = ", ".join(unlike(job.step, row))
    if job.until is not None:
        return f"the answer was lost, and {IN_DOUBT_FOR:.0f} s later {columns} was still not as planned"
    return f"the service answered that it was done, and left {columns} not as planned"
