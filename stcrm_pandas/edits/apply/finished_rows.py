"""Finished rows of an apply, collected from its threads and written to the journal in batches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from stcrm_pandas.edits.apply.classify import row_to_json
from stcrm_pandas.edits.apply.fresh_rows import FreshRow
from stcrm_pandas.edits.apply.journal import UNFINISHED, Entry, Journal, State
from stcrm_pandas.errors import ServiceError
from stcrm_pandas.reads.progress import Bar


class FinishedRows:
    """Outcomes of rows that are not yet in the journal. Safe to use from several threads.

    Parameters
    ----------
    journal : Journal
        The journal of the apply.
    bar : Bar
        Its progress bar.
    now : callable
        Returns the time as text for the journal.
    stop_after : int or None
        Number of failures after which only opt-outs are sent.
    failures : int, default 0
        Failures so far.
    """

    def __init__(
        self, journal: Journal, bar: Bar, *, now: Callable[[], str], stop_after: int | None, failures: int = 0
    ) -> None:
        self.held_back = False
        """Only opt-outs are started."""
        self._journal, self._bar, self._now = journal, bar, now
        self._stop_after, self.failures = stop_after, failures
        self._ended: list[tuple[Entry, FreshRow | None]] = []
        self._sent = 0
        self._lock = threading.Lock()
        counts = journal.counts()
        self._total = sum(counts.values())
        if done := sum(count for state, count in counts.items() if state not in UNFINISHED):
            bar.ended(done, self._total, 0)

    @property
    def stopped(self) -> bool:
        """Return whether only opt-outs are started."""
        return self.held_back or (self._stop_after is not None and self.failures >= self._stop_after)

    def sending(self) -> None:
        """Count a request that changes something and is about to be sent."""
        with self._lock:
            self._sent += 1

    def end(self, entries: Sequence[Entry], state: State, *, row: FreshRow | None = None) -> None:
        """Record the final state of some rows.

        Parameters
        ----------
        row : FreshRow, optional
            The row as last read.
        """
        for entry in entries:
            entry.state, entry.ended_at = state, self._now()
        with self._lock:
            self._ended += [(entry, row) for entry in entries]
            self.failures += len(entries) if state == "failed" else 0

    def fail(self, entries: Sequence[Entry], error: Exception) -> None:
        """Record rows that the service refused or that could not be sent."""
        for entry in entries:
            entry.why, entry.refused = str(error), True
            if isinstance(error, ServiceError):
                entry.status, entry.trace_id, entry.fields = error.status, error.trace_id, error.fields
                entry.worth_retrying = error.status not in (400, 404, 409)
        self.end(entries, "failed")

    def write_down(self) -> None:
        """Write all finished rows to the journal at once: each write waits for the disk."""
        with self._lock:
            ended, self._ended = self._ended, []
            sent, self._sent = self._sent, 0
        if ended:
            steps = self._journal.plan.steps
            after = [None if row is None else row_to_json(steps[entry.step].operation, row) for entry, row in ended]
            self._journal.write([entry for entry, _ in ended], after=after)
        if ended or sent:
            self._bar.ended(len(ended), self._total, sent)
