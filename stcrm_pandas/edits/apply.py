"""Apply a plan: read afresh, send, read back; side by side, and written down before and after each call."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from stcrm_pandas.edits.admitting import admit, needs_sample
from stcrm_pandas.edits.check import check, without
from stcrm_pandas.edits.columns import OTHER_CALLS, target_of
from stcrm_pandas.edits.fill import CannotFill, body_of
from stcrm_pandas.edits.fresh import Fresh, FreshRow, together
from stcrm_pandas.edits.journal import OPEN, Entry, Journal, find, lock, path_for
from stcrm_pandas.edits.judging import agrees, differing, judge, of_some, row_to_json, unlike
from stcrm_pandas.edits.model import Key, Plan, Refusal, Step
from stcrm_pandas.edits.result import Result
from stcrm_pandas.errors import AnswerError, PermissionDenied, ServiceError, SettingsError, SignInError, UsageError
from stcrm_pandas.operations import IDS_PER_CALL, OPERATIONS
from stcrm_pandas.progress import Bar

if TYPE_CHECKING:
    from stcrm_pandas.client import Client

FRESH_FOR = 10.0
"""Seconds for which a row that was read counts as fresh; one that waited longer is read again before it is sent."""
IN_DOUBT_FOR = 100.0
"""Seconds for which the service may go on working on a call whose answer was lost."""


def apply(plan: Plan, crm: Client, *, limit: int | None = None, stop_after: int | None = None) -> Result:
    """Carry out a plan. See `Plan.apply`."""
    for name, number in (("limit", limit), ("stop_after", stop_after)):
        if number is not None and number < 1:
            raise UsageError(f"apply({name}=…) is 1 or more, or None for no bound.")
    admit(plan, crm)
    folder = crm.settings.journal_folder
    with lock(folder, plan):
        earlier = find(folder, plan)
        journal = Journal.open(earlier[-1]) if earlier else None
        if journal is not None and journal.finished:
            journal.close()
            journal = None
        missing_sample = needs_sample(plan, crm)
        if missing_sample and not any(step.opt_out for step in plan.steps):
            raise UsageError(missing_sample)
        refusals = _refused_by_reading(plan, crm)
        if journal is None:
            moment = crm.cache.now()
            journal = Journal.begin(
                path_for(folder, plan, moment), plan, _about(plan, moment.isoformat(timespec="seconds"))
            )
        try:
            with crm._progress.bar("apply") as bar:
                course = _Apply(plan, crm, journal, bar, limit=limit, stop_after=stop_after)
                course.held_back = bool(missing_sample)
                course.run(refusals)
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


def _refused_by_reading(plan: Plan, crm: Client) -> Sequence[Refusal]:
    """What only a read can refuse, before the first write. Consent is looked at again: it may be another by now."""
    if plan.checked and not any(cell.consent for step in plan.steps for cell in step.cells):
        return ()
    return check(plan, crm).refusals[len(plan.refusals) :]


def _about(plan: Plan, moment: str) -> dict[str, str]:
    about = {
        "environment": plan.environment,
        "tenant": str(plan.tenant),
        "resource": plan.resource,
        "applied_at": moment,
        "rows": str(len(plan.keys)),
        "sample_of": plan.sample_of or "",
        "reason": plan.reason or "",
        "consent_source": str(plan.options.get("consent_source") or ""),
    }
    return about


def _fresh(crm: Client) -> Fresh:
    return Fresh(crm._session.ask, str(crm.settings.api_url), crm.settings.tenant or 0)


class _Aged(Exception):
    """The row was read too long ago to rest a call on it."""


class _Held(Exception):
    """Nothing more is to be sent."""


@dataclass(eq=False)
class _Job:
    """One call of the plan, on its way."""

    number: int
    step: Step
    entries: list[Entry]
    rows: Mapping[Key, FreshRow] = field(default_factory=dict)
    unread: Mapping[Key, AnswerError] = field(default_factory=dict)
    read_at: float = 0.0
    until: float | None = None
    """In doubt: until when it may still come true."""
    pause: float = 1.0
    again: bool = False
    """It was under way when an earlier apply ended: where it did not come true, it is tried."""
    awaited: bool = False
    """What is not urgent waits for it."""

    @property
    def keys(self) -> list[Key]:
        return [entry.key for entry in self.entries]


class _Apply:
    """One apply. What decides runs in the thread of the caller; calls run side by side in others."""

    def __init__(
        self,
        plan: Plan,
        crm: Client,
        journal: Journal,
        bar: Bar,
        *,
        limit: int | None,
        stop_after: int | None,
    ) -> None:
        self.plan, self.crm, self.journal, self.bar = plan, crm, journal, bar
        self.left, self.stop_after, self.failures = limit, stop_after, 0
        self.held_back = False
        session = crm._session
        self.timer, self.sleep = session._timer, session._sleep
        self.fresh = _fresh(crm)
        self.width = crm.settings.concurrency
        self.total = len(plan.keys)
        # What is read at once has to be sent before it has aged.
        self.at_once = max(1, min(IDS_PER_CALL, int(crm.settings.rate_limit * FRESH_FOR / 4)))
        self.urgent: deque[list[_Job]] = deque()
        self.later: deque[list[_Job]] = deque()
        self.to_send: deque[_Job] = deque()
        self.to_settle: deque[list[_Job]] = deque()
        self.in_doubt: list[tuple[float, int, _Job]] = []
        self.running: dict[Future[Any], Callable[[Any], None]] = {}
        self.reading = 0
        self.urgent_open = 0
        self.batches: dict[_Job, _Batch] = {}
        self.ended: list[tuple[Entry, FreshRow | None]] = []
        self._ending = threading.Lock()
        self._numbers = itertools.count()
        # While some calls are under way, other threads wait for the disk: more of these than of calls.
        self.calls = threading.BoundedSemaphore(self.width)
        self.pool = ThreadPoolExecutor(2 * self.width, thread_name_prefix="stcrm-apply")
        self.interrupted = False

    # The course of it

    def run(self, refusals: Sequence[Refusal]) -> None:
        """Do all that can be done now, but for what a read has refused."""
        self._prepare(refusals)
        try:
            while True:
                while len(self.running) < 2 * self.width and (task := self._next()) is not None:
                    work, done = task
                    self.running[self.pool.submit(work)] = done
                if self.running:
                    self._collect(*wait(self.running, timeout=self._until_due(), return_when=FIRST_COMPLETED)[:1])
                elif self.in_doubt:
                    self.sleep(max(0.0, self.in_doubt[0][0] - self.timer()))
                else:
                    break
                self._settle_due()
        except KeyboardInterrupt:
            self._end_early()
            raise
        finally:
            self.pool.shutdown(wait=False, cancel_futures=True)

    def _prepare(self, refusals: Sequence[Refusal]) -> None:
        by_step: dict[int, list[Entry]] = {}
        finished = 0
        for entry in self.journal.entries():
            if entry.state in OPEN:
                by_step.setdefault(entry.step, []).append(entry)
            else:
                finished += 1
        if finished:
            self.bar.page(finished, self.total, False)
        jobs = []
        for number, entries in by_step.items():
            for under_way in (False, True):
                some = [entry for entry in entries if (entry.state != "untried") is under_way]
                if some:
                    jobs.append(_Job(number, self.plan.steps[number], some))
        for job in jobs:
            if job.entries[0].state != "untried":
                self._take_up(job)
        untried = [job for job in jobs if job.entries[0].state == "untried"]
        self._queue(self._unrefused(untried, refusals))
        self._write_down()

    def _unrefused(self, jobs: list[_Job], refusals: Sequence[Refusal]) -> list[_Job]:
        """The jobs without the rows that a read has refused; of an opt-out, the rest of its row stays."""
        refused = {refusal.key: refusal for refusal in refusals}
        rest = {(step.operation, step.keys): step for step in without(self.plan, refusals).steps}
        kept = []
        for job in jobs:
            gone = [entry for entry in job.entries if entry.key in refused]
            for entry in gone:
                refusal = refused[entry.key]
                entry.left_out = f"{refusal.reason}; {refusal.instead}" if refusal.instead else refusal.reason
            if gone and not (job.step.opt_out and (job.step.operation, job.step.keys) in rest):
                for entry in gone:
                    entry.why = entry.left_out
                self._end(gone, "failed")
                job.entries = [entry for entry in job.entries if entry not in gone]
            elif gone:
                job.step = rest[job.step.operation, job.step.keys]
            kept += [job] if job.entries else []
        return kept

    def _queue(self, jobs: Sequence[_Job]) -> None:
        for urgent, queue in ((True, self.urgent), (False, self.later)):
            some = [job for job in jobs if job.step.opt_out is urgent]
            for job in some:
                job.awaited = urgent
            self.urgent_open += len(some) if urgent else 0
            by_kind: dict[str, list[_Job]] = {}
            for job in some:
                by_kind.setdefault(target_of(job.step.operation).resource, []).append(job)
            for same in by_kind.values():
                queue.extend(_groups(same, self.at_once))

    def _take_up(self, job: _Job) -> None:
        """Go on with a call that was under way when an earlier apply ended."""
        if job.entries[0].state == "sent":
            self.to_settle.append([job])
            return
        since = _seconds_since(job.entries[0].sent_at, self.crm)
        job.until, job.again = self.timer() + max(0.0, IN_DOUBT_FOR - since), True
        self._doubt(job, at=self.timer())

    def _next(self) -> tuple[Callable[[], Any], Callable[[Any], None]] | None:
        if len(self.to_send) < 2 * self.width and self.reading < 2 and (group := self._next_group()) is not None:
            self.reading += 1
            return partial(self._read, group), partial(self._got, group)
        if self.to_settle:
            jobs = self.to_settle.popleft()
            return partial(self._read, jobs), partial(self._settle, jobs)
        while self.to_send:
            job = self.to_send.popleft()
            if job.step.opt_out or not self._stopped():
                return partial(self._attempt, job), partial(self._attempted, job)
            self._done(job)
        return None

    def _next_group(self) -> list[_Job] | None:
        if self.urgent:
            return self.urgent.popleft()
        if self.urgent_open or self._stopped() or self.left == 0:
            return None
        return self.later.popleft() if self.later else None

    def _stopped(self) -> bool:
        """Whether nothing more is begun, but for opt-outs."""
        return self.held_back or (self.stop_after is not None and self.failures >= self.stop_after)

    def _collect(self, done: Iterable[Future[Any]]) -> None:
        for future in done:
            self.running.pop(future)(future.result())
        self._write_down()

    def _until_due(self) -> float | None:
        return max(0.0, self.in_doubt[0][0] - self.timer()) if self.in_doubt else None

    def _settle_due(self) -> None:
        due = []
        while self.in_doubt and self.in_doubt[0][0] <= self.timer():
            due.append(heapq.heappop(self.in_doubt)[2])
        by_kind: dict[str, list[_Job]] = {}
        for job in due:
            by_kind.setdefault(target_of(job.step.operation).resource, []).append(job)
        for same in by_kind.values():
            self.to_settle.extend(_groups(same, IDS_PER_CALL))

    def _end_early(self) -> None:
        """Ctrl-C: nothing more is begun; what is under way may end, unless that takes long."""
        session = self.crm._session
        self.interrupted = True
        session.interrupted.set()
        for future in self.running:
            future.cancel()
        try:
            wait(self.running, timeout=5)
            for future, done in self.running.items():
                if future.done() and not future.cancelled() and done.func == self._attempted:  # type: ignore[attr-defined]
                    done(future.result())
            self._write_down()
        finally:
            session.interrupted.clear()

    # In other threads

    def _read(self, jobs: Sequence[_Job]) -> dict[Key, FreshRow] | Exception:
        target = target_of(jobs[0].step.operation)
        try:
            began = self.timer()
            unread: dict[Key, AnswerError] = {}
            with self.calls:
                found = self.fresh.read(target, [key for job in jobs for key in job.keys], unread=unread)
            for job in jobs:
                job.rows, job.unread, job.read_at = found, unread, began
            return found
        except ServiceError as error:
            return error

    def _attempt(self, job: _Job) -> Exception | None:
        """Send one call. That it was refused is known at once, so that others can be held back."""
        failure = self._send(job)
        if failure is not None and not (isinstance(failure, ServiceError) and failure.in_doubt):
            # What nobody is allowed, or lets nobody in, will not go better with the next row.
            self.held_back |= isinstance(failure, (PermissionDenied, SignInError))
            self._fail(job.entries, failure)
        return failure

    def _send(self, job: _Job) -> Exception | None:
        """Send one call; what it rests on is read again where it has aged."""
        operation = OPERATIONS[job.step.operation]
        while True:
            step, entries = job.step, job.entries
            row = job.rows[entries[0].key]
            try:
                body = body_of(step, row)
            except CannotFill as error:
                return error
            for entry in entries:
                entry.state, entry.sent_at, entry.differing = "sending", self._now(), differing(step, body)
            before = [row_to_json(step.operation, job.rows[entry.key]) for entry in entries]
            self.journal.keep(entries, body=body, before=before)
            try:
                with self.calls:
                    self.crm._writer.send(operation, step.path, body, still=partial(self._still, job))
            except (_Aged, _Held) as unsent:
                for entry in entries:
                    entry.state, entry.sent_at = "untried", None
                self.journal.keep(entries)
                if isinstance(unsent, _Held):
                    job.entries = []
                    return None
                failure = self._read([job])
                if isinstance(failure, Exception):
                    return failure
                if not self._judged(job):
                    return None
            except ServiceError as error:
                if error.in_doubt:
                    for entry in entries:
                        entry.state = "doubt"
                    self.journal.keep(entries)
                return error
            except SettingsError as error:  # the cache could not forget what the call makes stale: it was not sent
                return error
            else:
                for entry in entries:
                    entry.state = "sent"
                self.journal.keep(entries)
                return None

    def _still(self, job: _Job) -> None:
        """Asked right before each time that a call goes out."""
        if self.interrupted or (self._stopped() and not job.step.opt_out):
            raise _Held
        if self.timer() - job.read_at > FRESH_FOR:
            raise _Aged

    # What came of it

    def _got(self, group: list[_Job], found: dict[Key, FreshRow] | Exception) -> None:
        self.reading -= 1
        ready = []
        for job in group:
            if isinstance(found, Exception):
                self._fail(job.entries, found)
            elif self._judged(job):
                if not job.step.opt_out and self.left is not None:
                    if self.left == 0:
                        self._done(job)
                        continue
                    self.left -= 1
                ready.append(job)
                continue
            self._done(job)
        batch = _Batch(len(ready))
        self.batches.update(dict.fromkeys(ready, batch))
        self.to_send.extend(ready)

    def _judged(self, job: _Job) -> bool:
        """Whether something of a job is to be sent; what is not is settled."""
        step, go = job.step, []
        for entry in job.entries:
            row = job.rows.get(entry.key)
            if row is None:
                entry.why = str(job.unread.get(entry.key, "there is no such row any more"))
                self._end([entry], "failed")
                continue
            verdict = judge(step, entry.key, row, self.plan.options)
            entry.now, entry.why = {**entry.now, **verdict.now}, verdict.why
            if verdict.state == "go":
                go.append(entry)
                job.step = verdict.step
            elif verdict.state == "already":
                self._end([entry], "already")
            else:
                self._end([entry], "failed" if verdict.state == "refused" else "conflict", row=row)
        job.entries = go
        if go and len(step.keys) > 1:
            job.step = of_some(self.plan, step, tuple(entry.key for entry in go))
        return bool(go)

    def _attempted(self, job: _Job, failure: Exception | None) -> None:
        batch = self.batches.pop(job, None) or _Batch(1)
        batch.open -= 1
        self._done(job)
        if isinstance(failure, ServiceError) and failure.in_doubt:
            job.until = self.timer() + IN_DOUBT_FOR
            self._doubt(job, at=self.timer())
        elif failure is None and job.entries:
            batch.sent.append(job)
        if batch.open == 0 and batch.sent:
            self.to_settle.append(batch.sent)

    def _settle(self, jobs: Sequence[_Job], found: dict[Key, FreshRow] | Exception) -> None:
        """Compare rows with what was sent."""
        for job in jobs:
            wrong = []
            for entry in job.entries:
                row = None if isinstance(found, Exception) else found.get(entry.key)
                if row is not None and agrees(job.step, row):
                    entry.why = entry.left_out
                    state = "failed" if entry.left_out else "conflict" if entry.now else "succeeded"
                    self._end([entry], state, row=row)
                else:
                    wrong.append(entry)
            job.entries = wrong
            if wrong and job.until is not None and self.timer() < job.until:
                self._doubt(job, at=min(job.until, self.timer() + job.pause))
                job.pause *= 2
                continue
            if wrong and job.again and not isinstance(found, Exception):
                self._try_again(job)
                continue
            for entry in wrong:
                row = None if isinstance(found, Exception) else found.get(entry.key)
                entry.why = _words(job, row, found if isinstance(found, Exception) else job.unread.get(entry.key))
                entry.worth_retrying = True
                self._end([entry], "failed", row=row)

    def _try_again(self, job: _Job) -> None:
        for entry in job.entries:
            entry.state, entry.sent_at, entry.now = "untried", None, {}
        self.journal.keep(job.entries)
        self._queue([_Job(job.number, self.plan.steps[job.number], job.entries)])

    def _doubt(self, job: _Job, *, at: float) -> None:
        heapq.heappush(self.in_doubt, (at, next(self._numbers), job))

    def _fail(self, entries: Sequence[Entry], error: Exception) -> None:
        for entry in entries:
            entry.why = str(error)
            if isinstance(error, ServiceError):
                entry.status, entry.trace_id, entry.fields = error.status, error.trace_id, error.fields
                entry.worth_retrying = error.status not in (400, 404, 409)
        self._end(entries, "failed")

    def _end(self, entries: Sequence[Entry], state: Any, *, row: FreshRow | None = None) -> None:
        if not entries:
            return
        for entry in entries:
            entry.state, entry.ended_at = state, self._now()
        with self._ending:
            self.ended += [(entry, row) for entry in entries]
            self.failures += len(entries) if state == "failed" else 0

    def _write_down(self) -> None:
        """All that has ended meanwhile, in one go: waiting for the disk is what it costs."""
        with self._ending:
            ended, self.ended = self.ended, []
        if ended:
            after = [
                None if row is None else row_to_json(self.plan.steps[entry.step].operation, row) for entry, row in ended
            ]
            self.journal.keep([entry for entry, _ in ended], after=after)
            self.bar.page(len(ended), self.total, False)

    def _done(self, job: _Job) -> None:
        """Nothing more comes of a job in this apply."""
        self.urgent_open -= job.awaited
        job.awaited = False

    def _now(self) -> str:
        return self.crm.cache.now().isoformat()


@dataclass(eq=False)
class _Batch:
    """Jobs that were read together, and are read back together."""

    open: int
    sent: list[_Job] = field(default_factory=list)


def _groups(jobs: Sequence[_Job], most: int) -> Iterable[list[_Job]]:
    """Jobs of one kind, those together that one call reads. A bulk call is by itself."""
    single = {job.keys[0]: job for job in jobs if job.step.operation not in OTHER_CALLS or len(job.keys) == 1}
    twice = [job for job in jobs if single.get(job.keys[0]) is not job]
    if single:
        target = target_of(jobs[0].step.operation)
        for keys in together(target, single, most=most):
            yield [single[key] for key in keys]
    for job in twice:
        yield [job]


def _seconds_since(moment: str | None, crm: Client) -> float:
    return 0.0 if moment is None else (crm.cache.now() - dt.datetime.fromisoformat(moment)).total_seconds()


def _words(job: _Job, row: FreshRow | None, error: Exception | None) -> str:
    if error is not None:
        return f"it was sent, and could not be read afterwards, so nobody knows what became of it: {error}"
    if row is None:
        return "it was sent, and there is no such row afterwards"
    columns = ", ".join(unlike(job.step, row))
    if job.until is not None:
        return f"the answer was lost, and {IN_DOUBT_FOR:.0f} s later {columns} was still not as planned"
    return f"the service answered that it was done, and left {columns} not as planned"
