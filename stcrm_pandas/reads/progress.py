"""Progress of reads: rows, pages, and what is being waited for. Silent where nobody watches."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stcrm_pandas.errors import is_installed

_DELAY = 0.5  # seconds that a read may take before a bar is worth showing


class Bar:
    """The bar of one read; without a display it only counts."""

    def __init__(self, display: Any) -> None:
        self.rows = self.pages = self.from_cache = 0
        self._display = display
        self._lock = threading.Lock()

    def page(self, rows: int, total: int | None, from_cache: bool) -> None:
        """A page is there."""
        with self._lock:
            self.pages += 1
            self.from_cache += from_cache
            self._add(rows, total)

    def made(self, rows: int, total: int) -> None:
        """Rows of a sandbox's company are there."""
        with self._lock:
            self.rows += rows
            if self._display is not None:
                self._display.total = max(total, self.rows) if total else None
                self._display.update(rows)

    def ended(self, rows: int, total: int, calls: int) -> None:
        """Rows of an edit have ended, and so many calls that change something went out meanwhile."""
        with self._lock:
            self.pages += calls
            self._add(rows, total)

    def waiting(self, seconds: float, why: str) -> None:
        """Nothing happens for a while, and why."""
        if self._display is not None:
            with self._lock:
                self._display.set_postfix_str(f"{self._words()}, waiting {seconds:.0f} s: {why}")

    def _add(self, rows: int, total: int | None) -> None:
        self.rows += rows
        if self._display is not None:
            self._display.total = max(total or 0, self.rows) if total is not None else self._display.total
            self._display.set_postfix_str(self._words(), refresh=False)
            self._display.update(rows)

    def _words(self) -> str:
        calls = self.pages - self.from_cache
        return f"{calls} calls" + (f", {self.from_cache} pages from cache" if self.from_cache else "")


class Progress:
    """All bars of one connection.

    Parameters
    ----------
    show : bool or None
        Always, never, or (None) in a notebook and in a terminal.
    """

    def __init__(self, show: bool | None) -> None:
        self._show = show
        self._bars: list[Bar] = []

    @contextmanager
    def bar(self, what: str) -> Iterator[Bar]:
        """A bar for as long as a read takes."""
        display = self._display(what)
        bar = Bar(display)
        self._bars.append(bar)
        try:
            yield bar
        finally:
            self._bars.remove(bar)
            if display is not None:
                display.close()

    def waiting(self, seconds: float, why: str) -> None:
        """Tell all bars that nothing happens for a while."""
        for bar in list(self._bars):
            bar.waiting(seconds, why)

    def say(self, what: str) -> None:
        """Show a line where somebody watches: something takes a while, and has no rows to count."""
        if self._watched():
            print(what, file=sys.stderr, flush=True)

    def _watched(self) -> bool:
        return self._show is True or (self._show is None and (_in_notebook() or sys.stderr.isatty()))

    def _display(self, what: str) -> Any:
        if not self._watched():
            return None
        if _in_notebook() and is_installed("ipywidgets"):
            from tqdm.notebook import tqdm
        else:
            from tqdm.std import tqdm  # type: ignore[assignment]
        return tqdm(desc=what, unit=" rows", unit_scale=True, delay=_DELAY, leave=False, mininterval=0.2)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"
