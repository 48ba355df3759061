"""Rows of an apply that have ended, on their way to the journal; used by all of its threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from stcrm_pandas.edits.apply.classify import row_to_json
from stcrm_pandas.edits.apply.fresh_rows import FreshRow
from stcrm_pandas.edits.apply.journal import OPEN, Entry, Journal, State
from stcrm_pandas.errors import ServiceError
from stcrm_pandas.reads.progress import Bar


class Endings:
    """What became of the rows, kept until the next time that it is written down.

    Parameters
    ----------
    journal : Journal
        Where it is written.
    bar : Bar
        What shows how many there are.
    now : callable
        The time, as a journal has it.
    stop_after : int or None
        After how many failures nothing more is begun, but for opt-outs.
    failures : int, default 0
        How many there were already.
    """

    def __init__(
        self, journal: Journal, bar: Bar, *, now: Callable[[], str], stop_after: int | None, failures: int = 0
    ) -> None:
        self.held_back = False
        """Nothing more is begun, but for opt-outs."""
        self._journal, self._bar, self._now = journal, bar, now
        self._stop_after, self.failures = stop_after, failures
        self._ended: list[tuple[Entry, FreshRow | None]] = []
        self._sent = 0
        self._lock = threading.Lock()
        counts = journal.counts()
        self._total = sum(counts.values())
        if done := sum(count for state, count in counts.items() if state not in OPEN):
            bar.ended(done, self._total, 0)

    @property
    def stopped(self) -> bool:
        """Whether nothing more is begun, but for opt-outs."""
        return self.held_back or (self._stop_after is not None and self.failures >= self._stop_after)

    def sending(self) -> None:
        """A call that changes something goes out now."""
        with self._lock:
            self._sent += 1

    def end(self, entries: Sequence[Entry], state: State, *, row: FreshRow | None = None) -> None:
        """Some rows have ended.

        Parameters
        ----------
        row : FreshRow, optional
            As it was read last.
        """
        for entry in entries:
            entry.state, entry.ended_at = state, self._now()
        with self._lock:
            self._ended += [(entry, row) for entry in entries]
            self.failures += len(entries) if state == "failed" else 0

    def fail(self, entries: Sequence[Entry], error: Exception) -> None:
        """Some rows were refused, or could not be sent at all."""
        for entry in entries:
            entry.why, entry.refused = str(error), True
            if isinstance(error, ServiceError):
                entry.status, entry.trace_id, entry.fields = error.status, error.trace_id, error.fields
                entry.worth_retrying = error.status not in (400, 404, 409)
        self.end(entries, "failed")

    def write_down(self) -> None:
        """All that has ended meanwhile, in one go: waiting for the disk is what it costs."""
        with self._lock:
            ended, self._ended = self._ended, []
            sent, self._sent = self._sent, 0
        if ended:
            steps = self._journal.plan.steps
            after = [None if row is None else row_to_json(steps[entry.step].operation, row) for entry, row in ended]
            self._journal.keep([entry for entry, _ in ended], after=after)
        if ended or sent:
            self._bar.ended(len(ended), self._total, sent)
