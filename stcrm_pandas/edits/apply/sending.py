"""The requests of an apply, in threads: read the row, write the journal, send the change, write the outcome."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.apply.fresh_rows import FreshRow, RowReader, group_keys
from stcrm_pandas.edits.apply.journal import Entry, FinishedRows, Journal, State
from stcrm_pandas.edits.apply.opt_in_checks import OptInChecks
from stcrm_pandas.edits.apply.opt_ins import opt_in_columns
from stcrm_pandas.edits.apply.outcomes import filled_differently, is_as_planned
from stcrm_pandas.edits.columns import OTHER_OPERATIONS, target_of
from stcrm_pandas.edits.plan.consent import SERVICE_TIMEOUT, filled_opt_ins, is_switched_off, needs_last_read
from stcrm_pandas.edits.plan.fill import CannotFill, body_of
from stcrm_pandas.edits.plan.model import Key, Step
from stcrm_pandas.edits.port import Port
from stcrm_pandas.edits.values import row_to_json
from stcrm_pandas.errors import (
    PermissionDenied,
    ResponseError,
    ServiceError,
    SettingsError,
    SignInError,
    StcrmError,
    UsageError,
)
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.http import wire

FRESH_FOR = 10.0
"""Seconds for which a row counts as fresh after it was read; if its request waits longer, it is read again."""

OVERWRITTEN = "somebody opted out while the row was being changed, and our request overwrote the opt-out"
"""Reason for a conflict whose opt-out is restored."""


@dataclass(eq=False)
class Job:
    """One step of the plan while it is applied.

    Parameters
    ----------
    number : int
        The position of the step in the plan.
    step : Step
        The request to send; a bulk request only for the rows that need it.
    entries : list of Entry
        The rows.
    rows, unread : mapping
        The rows as read, and the errors of those that could not be read.
    read_at : float, default 0.0
        The timer when the rows were read.
    until : float, optional
        For a job in doubt: until when the service may still carry it out.
    pause : float, default 1.0
        For a job in doubt: seconds until the next read.
    again : bool, default False
        The request was running when an earlier apply ended; it is sent again if it had no effect.
    holds_back_others : bool, default False
        Requests that are not opt-outs wait for it.
    body : mapping, optional
        The request body in the journal; `before` is the row there.
    filled_on : frozenset of str
        Columns that the request sent as switched on although the plan does not change them; `filled_earlier` has those
        of a request of an apply that was killed.
    opted_out : frozenset of str
        Those of these columns that a read showed as switched off before the change appeared in the row.
    carried_out_by : dt.datetime, optional
        The service's time by which the request was carried out, if it was.
    restoring : bool, default False
        The request restores an opt-out that an earlier request overwrote.
    """

    number: int
    step: Step
    entries: list[Entry]
    rows: Mapping[Key, FreshRow] = field(default_factory=dict)
    unread: Mapping[Key, ResponseError] = field(default_factory=dict)
    read_at: float = 0.0
    until: float | None = None
    pause: float = 1.0
    again: bool = False
    holds_back_others: bool = False
    body: Mapping[str, Any] | None = None
    before: Mapping[str, Any] | None = None
    filled_on: frozenset[str] = frozenset()
    filled_earlier: frozenset[str] = frozenset()
    opted_out: frozenset[str] = frozenset()
    carried_out_by: dt.datetime | None = None
    restoring: bool = False

    @property
    def keys(self) -> list[Key]:
        """The keys of the rows."""
        return [entry.key for entry in self.entries]

    def note_opt_outs(self, row: FreshRow | None) -> None:
        """Remember opt-outs in a row that a running request of ours may overwrite."""
        if row is not None and not self.restoring and not is_as_planned(self.step, row):
            self.opted_out |= {
                column for column in self.filled_on | self.filled_earlier if is_switched_off(column, row)
            }

    def overwritten_opt_outs(self, row: FreshRow) -> list[str]:
        """Return the columns whose opt-out our request overwrote."""
        ours = self.opted_out & (self.filled_on | self.filled_earlier)
        return sorted(column for column in ours if not is_missing(row.get(column)) and not is_switched_off(column, row))


class _TooOld(Exception):
    """The row was read too long ago."""


class _Stopped(Exception):
    """The apply was interrupted or has stopped."""


class _NothingToSend(Exception):
    """The last read showed that no request is needed, or a conflict."""


class _NotSent(Exception):
    """Directly before its request, the row could not be read, or its opt-in was refused."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Sender:
    """Sends the requests of one apply; its methods run in threads.

    Parameters
    ----------
    port : Port
        The connection.
    journal : Journal
        The journal, written before and after each request.
    finished : FinishedRows
        Collects finished rows.
    anything_to_send : callable
        Returns whether a job has anything to send, given its rows as read.
    checks : OptInChecks or None
        The checks of opt-ins; None if nobody is opted in now.
    """

    def __init__(
        self,
        port: Port,
        journal: Journal,
        finished: FinishedRows,
        anything_to_send: Callable[[Job], bool],
        checks: OptInChecks | None,
    ) -> None:
        self.interrupted = False
        self._checks = checks
        self._port, self._journal, self._finished, self._anything_to_send = port, journal, finished, anything_to_send
        self._fresh = RowReader(port)
        self._timer = port.timer
        # More threads than concurrent requests: some wait for the disk while others send.
        self._turns = threading.BoundedSemaphore(port.concurrency)

    def read(self, jobs: Sequence[Job]) -> dict[Key, FreshRow] | Exception:
        """Read the rows of some jobs; each job gets all rows."""
        target = target_of(jobs[0].step.operation)
        try:
            began = self._timer()
            unread: dict[Key, ResponseError] = {}
            with self._turns:
                rows = self._fresh.read(target, [key for job in jobs for key in job.keys], unread=unread)
            for job in jobs:
                job.rows, job.unread, job.read_at = rows, unread, began
            return rows
        except ServiceError as error:
            return error

    def send(self, job: Job) -> Exception | None:
        """Send one request; a refusal that concerns all rows stops the others at once."""
        with self._turn(job):
            failure = self._send(job)
        if failure is not None and not (isinstance(failure, ServiceError) and failure.in_doubt):
            # A missing permission or a failed sign-in would fail for every row.
            self._finished.held_back |= isinstance(failure, (PermissionDenied, SignInError))
            if job.restoring:
                self.not_restored(job, str(failure))
            else:
                self._finished.fail(job.entries, failure)
        return failure

    def _send(self, job: Job) -> Exception | None:
        """Send one request, after another read if its row is no longer fresh."""
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
                    response = self._port.send(operation, step.path, body, before_send=partial(self._before_send, job))
            except _NothingToSend:
                return None
            except _NotSent as unread:
                self._unsent(job)
                return unread.error
            except (_TooOld, _Stopped) as unsent:
                self._unsent(job)
                if isinstance(unsent, _Stopped):
                    job.entries = []
                    return None
                failure = self.read([job])
                if isinstance(failure, Exception):
                    return failure
                if not self._anything_to_send(job):
                    return None
            except ServiceError as error:
                if error.in_doubt:
                    self._note_opt_in(job)
                    self._keep_as(job.entries, "doubt")
                return error
            except SettingsError as error:  # the cache could not be cleared, so the request was not sent
                return error
            else:
                date = wire.service_date(response.headers)
                if date is not None and not job.restoring:
                    for entry in job.entries:
                        entry.service_time = date.isoformat()
                    job.carried_out_by = date + dt.timedelta(seconds=1)
                self._note_opt_in(job)
                self._keep_as(job.entries, "sent")
                return None

    def _turn(self, job: Job) -> AbstractContextManager[object]:
        return nullcontext() if self._checks is None or not _opts_in(job) else self._checks.turn(job.step)

    def _write_ahead(self, job: Job, body: Mapping[str, Any]) -> None:
        """Write the request to the journal, unless it is there already."""
        step, entries = job.step, job.entries
        before = [row_to_json(step.operation, job.rows[entry.key]) for entry in entries]
        service_now = self._port.service_now()
        known = body == job.body and before == [job.before] and entries[0].state == "sending"
        for entry in entries:
            entry.state, entry.sent_at = "sending", self.now()
            if not job.restoring:
                entry.service_time = None if service_now is None else service_now.isoformat()
        if service_now is not None and not job.restoring:
            job.carried_out_by = service_now + dt.timedelta(seconds=SERVICE_TIMEOUT)
        if known:
            return
        job.body, job.before = body, before[0] if len(before) == 1 else None
        if job.restoring:
            self._journal.write(entries, restore=body)
            return
        for entry in entries:
            entry.differing = filled_differently(step, body)
        self._journal.write(entries, body=body, before=before)

    def _unsent(self, job: Job) -> None:
        for entry in job.entries:
            if job.restoring:
                entry.state = "doubt"  # a resumed apply reads the row again
            else:
                entry.state, entry.sent_at, entry.service_time = "untried", None, None
        self._journal.write(job.entries)

    def now(self) -> str:
        """Return the time as text for the journal."""
        return self._port.now().isoformat()

    def _keep_as(self, entries: Sequence[Entry], state: State) -> None:
        for entry in entries:
            entry.state = state
        self._journal.write(entries)

    def _before_send(self, job: Job) -> Mapping[str, Any] | None:
        """Check directly before each attempt; return the body if it is built from a last read."""
        self._hold(job)
        if not needs_last_read(job.step):
            if self._timer() - job.read_at > FRESH_FOR:
                raise _TooOld
            self._journal.check_files()
            self._finished.sending()
            return None
        body = self._body_of_last_read(job)
        self._hold(job)
        self._journal.check_files()
        self._finished.sending()
        return body

    def _hold(self, job: Job) -> None:
        if self.interrupted or (self._finished.stopped and not job.step.opt_out):
            raise _Stopped

    def _note_opt_in(self, job: Job) -> None:
        if self._checks is not None and _opts_in(job):
            self._checks.was_sent(job.step)

    def _refuse_opt_in(self, job: Job) -> None:
        """Raise if the journals or other records refuse an opt-in, or cannot be read."""
        if self._checks is None or not _opts_in(job):
            return
        try:
            refusals = self._checks.refused_now(job.step)
        except StcrmError as error:
            if self.interrupted:  # Ctrl-C ended the read
                raise _Stopped from None
            raise _NotSent(error) from None
        if refusals:
            raise _NotSent(UsageError(f"{refusals[0].reason}; {refusals[0].instead}"))

    def _body_of_last_read(self, job: Job) -> Mapping[str, Any]:
        """Read the row and return the body; nothing waits between this read and the request."""
        (entry,) = job.entries
        self._refuse_opt_in(job)
        unread: dict[Key, ResponseError] = {}
        try:
            began = self._timer()
            job.rows = self._fresh.read(target_of(job.step.operation), [entry.key], unread=unread)
        except ServiceError as error:
            if self.interrupted:  # Ctrl-C ended the read
                raise _Stopped from None
            raise _NotSent(error) from None
        job.unread, job.read_at = unread, began
        job.note_opt_outs(job.rows.get(entry.key))
        state, sent_at, service_time = entry.state, entry.sent_at, entry.service_time
        entry.sent_at = entry.service_time = None  # stays so if nothing is to be sent
        if not self._anything_to_send(job):
            raise _NothingToSend
        entry.state, entry.sent_at, entry.service_time = state, sent_at, service_time
        try:
            body = body_of(job.step, job.rows[entry.key])
        except CannotFill as error:
            raise _NotSent(error) from None
        self._write_ahead(job, body)
        if not job.restoring:
            job.filled_on = filled_opt_ins(job.step, body)
        return body

    def not_restored(self, job: Job, why: str) -> None:
        """Record that an opt-out that our request overwrote could not be restored."""
        for entry in job.entries:
            entry.why, entry.worth_retrying = f"{OVERWRITTEN}, which could not be restored: {why}", False
        self._finished.end(job.entries, "failed")


def _opts_in(job: Job) -> bool:
    return bool(opt_in_columns(job.step))


def read_groups(jobs: Sequence[Job], most: int) -> Iterable[list[Job]]:
    """Group jobs of one resource by the request that reads their rows; a bulk job is on its own."""
    single = {job.keys[0]: job for job in jobs if job.step.operation not in OTHER_OPERATIONS or len(job.keys) == 1}
    twice = [job for job in jobs if single.get(job.keys[0]) is not job]
    if single:
        target = target_of(jobs[0].step.operation)
        for keys in group_keys(target, single, most=most):
            yield [single[key] for key in keys]
    for job in twice:
        yield [job]
