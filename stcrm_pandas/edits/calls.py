"""The calls of an apply, in threads: rows are read afresh, a change is sent, and written down before and after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from stcrm_pandas.edits.columns import OTHER_CALLS, target_of
from stcrm_pandas.edits.endings import Endings
from stcrm_pandas.edits.fill import CannotFill, body_of
from stcrm_pandas.edits.fresh import Fresh, FreshRow, together
from stcrm_pandas.edits.journal import Entry, Journal, State
from stcrm_pandas.edits.judging import differing, row_to_json
from stcrm_pandas.edits.model import Key, Step
from stcrm_pandas.errors import AnswerError, PermissionDenied, ServiceError, SettingsError, SignInError
from stcrm_pandas.operations import OPERATIONS

if TYPE_CHECKING:
    from stcrm_pandas.client import Client

FRESH_FOR = 10.0
"""Seconds for which a row that was read counts as fresh; one that waited longer is read again before it is sent."""


@dataclass(eq=False)
class Job:
    """One call of the plan, on its way.

    Parameters:
        number: which step of the plan.
        step: what is to be sent; of a bulk call only for the rows that need it.
        entries: its rows.
        rows, unread: what was read for it, and what came and could not be read.
        read_at: when, by the timer.
        until: in doubt: until when it may still come true.
        pause: in doubt: how long until it is looked at again.
        again: it was under way when an earlier apply ended: where it did not come true, it is tried.
        awaited: what is not urgent waits for it.
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

    @property
    def keys(self) -> list[Key]:
        """Of its rows."""
        return [entry.key for entry in self.entries]


class _Aged(Exception):
    """The row was read too long ago to rest a call on it."""


class _Held(Exception):
    """Nothing more is to be sent."""


class Calls:
    """Makes the calls of one apply; its methods run in threads.

    Parameters:
        crm: the connection.
        journal: where each call is written down, before and after.
        endings: where rows go that have ended.
        judged: whether something of a job is to be sent, now that its rows were read.
    """

    def __init__(self, crm: Client, journal: Journal, endings: Endings, judged: Callable[[Job], bool]) -> None:
        self.interrupted = False
        self._crm, self._journal, self._endings, self._judged = crm, journal, endings, judged
        self._fresh = Fresh.over(crm)
        self._timer = crm._session._timer
        # While some calls are under way, other threads wait for the disk: there are more of these than of calls.
        self._turns = threading.BoundedSemaphore(crm.settings.concurrency)

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
            for entry in entries:
                entry.state, entry.sent_at, entry.differing = "sending", self.now(), differing(step, body)
            before = [row_to_json(step.operation, job.rows[entry.key]) for entry in entries]
            self._journal.keep(entries, body=body, before=before)
            try:
                with self._turns:
                    self._crm._writer.send(operation, step.path, body, still=partial(self._still, job))
            except (_Aged, _Held) as unsent:
                for entry in entries:
                    entry.state, entry.sent_at = "untried", None
                self._journal.keep(entries)
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
                    self._keep_as(entries, "doubt")
                return error
            except SettingsError as error:  # the cache could not forget what the call makes stale: it was not sent
                return error
            else:
                self._keep_as(entries, "sent")
                return None

    def now(self) -> str:
        """The time, as a journal has it."""
        return self._crm.cache.now().isoformat()

    def _keep_as(self, entries: Sequence[Entry], state: State) -> None:
        for entry in entries:
            entry.state = state
        self._journal.keep(entries)

    def _still(self, job: Job) -> None:
        """Asked right before each time that a call goes out."""
        if self.interrupted or (self._endings.stopped and not job.step.opt_out):
            raise _Held
        if self._timer() - job.read_at > FRESH_FOR:
            raise _Aged
        self._journal.confirm()
        self._endings.sending()


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
