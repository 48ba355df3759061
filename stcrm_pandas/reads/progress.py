"""Progress bars of reads and edits: rows, requests, and waits. Shown only in terminals and notebooks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stcrm_pandas.errors import is_installed
from stcrm_pandas.output.notebook import in_notebook
from stcrm_pandas.output.printable import plural

_DELAY = 0.5  # seconds before a bar is shown


class Bar:
    """The progress bar of one read; without a display it only counts."""

    def __init__(self, display: Any) -> None:
        self.rows = self.pages = self.from_cache = self._shown = 0
        self._display = display
        self._lock = threading.Lock()

    def page(self, rows: int, total: int | None, from_cache: bool) -> None:
        """Count a page."""
        with self._lock:
            self.pages += 1
            self.from_cache += from_cache
            self._add(rows, total)

    def made(self, rows: int, total: int) -> None:
        """Count rows created for a demo company."""
        with self._lock:
            self.rows += rows
            if self._display is not None:
                self._display.total = max(total, self.rows) if total else None
                self._display.update(rows)

    def ended(self, rows: int, total: int, calls: int) -> None:
        """Count finished rows of an edit and the requests sent for them."""
        with self._lock:
            self.pages += calls
            self._add(rows, total)

    def waiting(self, seconds: float, why: str) -> None:
        """Show a wait and its reason."""
        if self._display is not None:
            with self._lock:
                self._display.set_postfix_str(f"{self._words()}, waiting {seconds:.0f} s: {why}")

    def complete(self) -> None:
        """Note that everything wanted is done: an unfinished bar would turn red."""
        if self._display is not None:
            self._display.total = self._display.n

    def _add(self, rows: int, total: int | None) -> None:
        self.rows += rows
        if self._display is not None and self.pages > self.from_cache:  # a read from the cache is not shown
            self._display.total = max(total or 0, self.rows) if total is not None else self._display.total
            self._display.set_postfix_str(self._words(), refresh=False)
            self._display.update(self.rows - self._shown)
            self._shown = self.rows

    def _words(self) -> str:
        requests = plural(self.pages - self.from_cache, "request")
        return requests + (f", {plural(self.from_cache, 'page')} from cache" if self.from_cache else "")


class Progress:
    """All progress bars of one connection.

    Parameters
    ----------
    show : bool or None
        True for always, False for never, None for notebooks and terminals.
    """

    def __init__(self, show: bool | None) -> None:
        self._show = show
        self._bars: list[Bar] = []

    @contextmanager
    def bar(self, what: str) -> Iterator[Bar]:
        """Show a bar during a read."""
        display = self._display(what)
        bar = Bar(display)
        self._bars.append(bar)
        try:
            yield bar
            bar.complete()
        finally:
            self._bars.remove(bar)
            if display is not None:
                display.close()

    def waiting(self, seconds: float, why: str) -> None:
        """Show a wait in all bars."""
        for bar in list(self._bars):
            bar.waiting(seconds, why)

    def say(self, what: str) -> None:
        """Print a line about something slow that has no rows to count."""
        if self._watched():
            print(what, file=sys.stderr, flush=True)

    def _watched(self) -> bool:
        return self._show is True or (self._show is None and (in_notebook() or sys.stderr.isatty()))

    def _display(self, what: str) -> Any:
        if not self._watched():
            return None
        if in_notebook() and is_installed("ipywidgets"):
            from tqdm.notebook import tqdm
        else:
            from tqdm.std import tqdm  # type: ignore[assignment]
        return tqdm(desc=what, unit=" rows", unit_scale=True, delay=_DELAY, leave=False, mininterval=0.2)
