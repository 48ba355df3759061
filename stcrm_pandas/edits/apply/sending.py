"""The calls of an apply, in threads: rows are read afresh, a change is sent, and written down before and after."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.apply.classify import agrees, differing, row_to_json
from stcrm_pandas.edits.apply.finished import Endings
from stcrm_pandas.edits.apply.fresh_rows import Fresh, FreshRow, together
from stcrm_pandas.edits.apply.journal import Entry, Journal, State
from stcrm_pandas.edits.diff.columns import OTHER_CALLS, target_of
from stcrm_pandas.edits.plan.fill import CannotFill, body_of
from stcrm_pandas.edits.plan.last_read import GIVES_UP_AFTER, is_off, needs_last_read, switched_on
from stcrm_pandas.edits.plan.model import Key, Step
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import AnswerError, PermissionDenied, ServiceError, SettingsError, SignInError
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.http import wire

FRESH_FOR = 10.0
"""Seconds for which a row that was read counts as fresh; one that waited longer is read again before it is sent."""

OVERWRITTEN = "somebody opted out while the row was being changed, and our request put that back on"
"""What is said of an opt-out that was lost, and is restored."""


@dataclass(eq=False)
class Job:
    """One call of the plan, on its way.

    Parameters
    ----------
    number : int
        Which step of the plan.
    step : Step
        What is to be sent; of a bulk call only for the rows that need it.
    entries : list of Entry
        Its rows.
    rows, unread : mapping
        What was read for it, and what came and could not be read.
    read_at : float, default 0.0
        When, by the timer.
    until : float, optional
        In doubt: until when it may still come true.
    pause : float, default 1.0
        In doubt: how long until it is looked at again.
    again : bool, default False
        It was under way when an earlier apply ended: where it did not come true, it is tried.
    awaited : bool, default False
        What is not urgent waits for it.
    body : mapping, optional
        What was written down to be sent, and `before` the row.
    filled_on : frozenset of str
        Columns that its request sent as on without the plan asking for it; `filled_earlier` those of a request of an
        apply that was killed.
    opted_out : frozenset of str
        Those of them that a read showed off before the change was seen in the row.
    written_by : dt.datetime, optional
        The service's time by which a request of it was carried out, if it was.
    restoring : bool, default False
        It switches off again what an earlier request of it put back on.
    """

    number: int
    step: Step
    entries: list[Entry]
    rows: Mapping[Key, FreshRow] = field(default_factory=dict)
    unread: Mapping[Key, AnswerError] = field(default_factory=dict)
    read_at: float = 0.0
    until: float | None = None
    pause: float = 1.0
    again: bool = False
    awaited: bool = False
    body: Mapping[str, Any] | None = None
    before: Mapping[str, Any] | None = None
    filled_on: frozenset[str] = frozenset()
    filled_earlier: frozenset[str] = frozenset()
    opted_out: frozenset[str] = frozenset()
    written_by: dt.datetime | None = None
    restoring: bool = False

    @property
    def keys(self) -> list[Key]:
        """Of its rows."""
        return [entry.key for entry in self.entries]

    def look(self, row: FreshRow | None) -> None:
        """Remember opt-outs that a read shows, and that a request of ours which is under way may overwrite yet."""
        if row is not None and not self.restoring and not agrees(self.step, row):
            self.opted_out |= {column for column in self.filled_on | self.filled_earlier if is_off(column, row)}

    def overwritten(self, row: FreshRow) -> list[str]:
        """Return the columns of opt-outs that our request has put back on."""
        ours = self.opted_out & (self.filled_on | self.filled_earlier)
        return sorted(column for column in ours if not is_missing(row.get(column)) and not is_off(column, row))


class _Aged(Exception):
    """The row was read too long ago to rest a call on it."""


class _Held(Exception):
    """Nothing more is to be sent."""


class _Settled(Exception):
    """The row as it was read last needs no request any more, or is a conflict: it has ended."""


class _Unread(Exception):
    """The row could not be read directly before its request was sent."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Calls:
    """Makes the calls of one apply; its methods run in threads.

    Parameters
    ----------
    port : Port
        The connection.
    journal : Journal
        Where each call is written down, before and after.
    endings : Endings
        Where rows go that have ended.
    judged : callable
        Whether something of a job is to be sent, now that its rows were read.
    """

    def __init__(self, port: Port, journal: Journal, endings: Endings, judged: Callable[[Job], bool]) -> None:
        self.interrupted = False
        self._port, self._journal, self._endings, self._judged = port, journal, endings, judged
        self._fresh = Fresh(port)
        self._timer = port.timer
        # While some calls are under way, other threads wait for the disk: there are more of these than of calls.
        self._turns = threading.BoundedSemaphore(port.concurrency)

    def read(self, jobs: Sequence[Job]) -> dict[Key, FreshRow] | Exception:
        """Read the rows of some jobs; each of them gets all that was read."""
        target = target_of(jobs[0].step.operation)
        try:
            began = self._timer()
            unread: dict[Key, AnswerError] = {}
            with self._turns:
                found = self._fresh.read(target, [key for job in jobs for key in job.keys], unread=unread)
            for job in jobs:
                job.rows, job.unread, job.read_at = found, unread, began
            return found
        except ServiceError as error:
            return error

    def send(self, job: Job) -> Exception | None:
        """Send one call. That it was refused is known at once, so that others can be held back."""
        failure = self._send(job)
        if failure is not None and not (isinstance(failure, ServiceError) and failure.in_doubt):
            # What nobody is allowed, or lets nobody in, will not go better with the next row.
            self._endings.held_back |= isinstance(failure, (PermissionDenied, SignInError))
            if job.restoring:
                self.not_restored(job, str(failure))
            else:
                self._endings.fail(job.entries, failure)
        return failure

    def _send(self, job: Job) -> Exception | None:
        """Send one call; what it rests on is read again where it has aged."""
        operation = OPERATIONS[job.step.operation]
        while True:
            step, entries = job.step, job.entries
            try:
                body = body_of(step, job.rows[entries[0].key])
            except CannotFill as error:
                return error
            self._write_ahead(job, body)
            try:
                with self._turns:
                    response = self._port.send(operation, step.path, body, still=partial(self._still, job))
            except _Settled:
                return None
            except _Unread as unread:
                self._unsent(job)
                return unread.error
            except (_Aged, _Held) as unsent:
                self._unsent(job)
                if isinstance(unsent, _Held):
                    job.entries = []
                    return None
                failure = self.read([job])
                if isinstance(failure, Exception):
                    return failure
                if not self._judged(job):
                    return None
            except ServiceError as error:
                if error.in_doubt:
                    self._keep_as(job.entries, "doubt")
                return error
            except SettingsError as error:  # the cache could not forget what the call makes stale: it was not sent
                return error
            else:
                date = wire.service_date(response.headers)
                if date is not None and not job.restoring:
                    for entry in job.entries:
                        entry.service_time = date.isoformat()
                    job.written_by = date + dt.timedelta(seconds=1)
                self._keep_as(job.entries, "sent")
                return None

    def _write_ahead(self, job: Job, body: Mapping[str, Any]) -> None:
        """Write down what is about to be sent, unless that stands in the journal already."""
        step, entries = job.step, job.entries
        before = [row_to_json(step.operation, job.rows[entry.key]) for entry in entries]
        service_now = self._port.service_now()
        known = body == job.body and before == [job.before] and entries[0].state == "sending"
        for entry in entries:
            entry.state, entry.sent_at = "sending", self.now()
            if not job.restoring:
                entry.service_time = None if service_now is None else service_now.isoformat()
        if service_now is not None and not job.restoring:
            job.written_by = service_now + dt.timedelta(seconds=GIVES_UP_AFTER)
        if known:
            return
        job.body, job.before = body, before[0] if len(before) == 1 else None
        if job.restoring:
            self._journal.keep(entries, restore=body)
            return
        for entry in entries:
            entry.differing = differing(step, body)
        self._journal.keep(entries, body=body, before=before)

    def _unsent(self, job: Job) -> None:
        for entry in job.entries:
            if job.restoring:
                entry.state = "doubt"  # an apply that goes on looks at the row again
            else:
                entry.state, entry.sent_at, entry.service_time = "untried", None, None
        self._journal.keep(job.entries)

    def now(self) -> str:
        """The time, as a journal has it."""
        return self._port.now().isoformat()

    def _keep_as(self, entries: Sequence[Entry], state: State) -> None:
        for entry in entries:
            entry.state = state
        self._journal.keep(entries)

    def _still(self, job: Job) -> Mapping[str, Any] | None:
        """Asked right before each time that a call goes out; returns the body, where it is made of a last read."""
        self._hold(job)
        if not needs_last_read(job.step):
            if self._timer() - job.read_at > FRESH_FOR:
                raise _Aged
            self._journal.confirm()
            self._endings.sending()
            return None
        body = self._body_of_last_read(job)
        self._hold(job)
        self._journal.confirm()
        self._endings.sending()
        return body

    def _hold(self, job: Job) -> None:
        if self.interrupted or (self._endings.stopped and not job.step.opt_out):
            raise _Held

    def _body_of_last_read(self, job: Job) -> Mapping[str, Any]:
        """Return the body out of the row as it is now: nothing waits between this read and the request."""
        (entry,) = job.entries
        unread: dict[Key, AnswerError] = {}
        try:
            began = self._timer()
            job.rows = self._fresh.read(target_of(job.step.operation), [entry.key], unread=unread)
        except ServiceError as error:
            if self.interrupted:  # Ctrl-C ended the read
                raise _Held from None
            raise _Unread(error) from None
        job.unread, job.read_at = unread, began
        job.look(job.rows.get(entry.key))
        state, sent_at, service_time = entry.state, entry.sent_at, entry.service_time
        entry.sent_at = entry.service_time = None  # as it stays where the row is judged otherwise now
        if not self._judged(job):
            raise _Settled
        entry.state, entry.sent_at, entry.service_time = state, sent_at, service_time
        try:
            body = body_of(job.step, job.rows[entry.key])
        except CannotFill as error:
            raise _Unread(error) from None
        self._write_ahead(job, body)
        if not job.restoring:
            job.filled_on = switched_on(job.step, body)
        return body

    def not_restored(self, job: Job, why: str) -> None:
        """An opt-out that our request put back on could not be switched off again."""
        for entry in job.entries:
            entry.why, entry.worth_retrying = f"{OVERWRITTEN}, and could not be switched off again: {why}", False
        self._endings.end(job.entries, "failed")


def groups(jobs: Sequence[Job], most: int) -> Iterable[list[Job]]:
    """Jobs of one kind, those together that one call reads. A bulk call is by itself."""
    single = {job.keys[0]: job for job in jobs if job.step.operation not in OTHER_CALLS or len(job.keys) == 1}
    twice = [job for job in jobs if single.get(job.keys[0]) is not job]
    if single:
        target = target_of(jobs[0].step.operation)
        for keys in together(target, single, most=most):
            yield [single[key] for key in keys]
    for job in twice:
        yield [job]
