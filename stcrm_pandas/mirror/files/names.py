"""Give files of a mirror their names, and delete them, down to the disk."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def link(part: Path, target: Path) -> None:
    """Give a finished file its name, unless the name is taken."""
    if sys.platform == "win32":
        part.rename(target)  # fails if the target exists
        return
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # no hard links here: the lock keeps others away
        if target.exists():
            raise FileExistsError(target) from None
        part.rename(target)


def discard(path: Path) -> None:
    """Delete a file that is no longer needed. On Windows, one that a reader has open stays until the next sweep."""
    with contextlib.suppress(PermissionError):
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
