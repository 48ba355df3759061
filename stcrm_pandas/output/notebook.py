"""What is different in a notebook: warnings in black, and tracebacks that end where the caller's code ends."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

_HERE = str(Path(__file__).parents[1])
_redirecting = threading.RLock()


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    return type(_shell()).__name__ == "ZMQInteractiveShell"


def is_watched() -> bool:
    """Return whether a person runs the notebook: a program that runs one, as for a report, can answer no questions."""
    return in_notebook() and bool(_shell().get_parent().get("content", {}).get("allow_stdin"))


def current_cell() -> tuple[str, str]:
    """Return the id of the cell that is running, and of its run; empty texts if the front end does not send them."""
    parent = _shell().get_parent()
    return parent.get("metadata", {}).get("cellId", ""), parent.get("header", {}).get("msg_id", "")


def publish(data: dict[str, Any], *, display_id: str | None = None, update: bool = False) -> None:
    """Show something in a notebook, by MIME type; with `update`, replace what has the same display id."""
    _shell().display_pub.publish(data, transient={"display_id": display_id} if display_id else {}, update=update)


@contextlib.contextmanager
def in_black() -> Iterator[None]:
    """Send warnings to standard output while a person runs a notebook, which would show standard error in red."""
    if not is_watched():
        yield
        return
    with _redirecting, contextlib.redirect_stderr(sys.stdout):
        yield


def is_ours(path: str) -> bool:
    """Return whether a source file is part of this package."""
    return path.startswith(_HERE)


def traceback_to_caller(error: BaseException) -> list[str]:
    """Return the traceback of an error without the lines of this package, as IPython formats it."""
    entries: list[TracebackType] = []
    entry = error.__traceback__
    while entry is not None and not is_ours(entry.tb_frame.f_code.co_filename):
        entries.append(entry)
        entry = entry.tb_next
    shortened = None
    for entry in reversed(entries):
        shortened = TracebackType(shortened, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    lines: list[str] = _shell().InteractiveTB.structured_traceback(type(error), error, shortened)
    return lines
