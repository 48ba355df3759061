"""Files that are written completely or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from stcrm_pandas.errors import ReportError, UsageError

__all__ = ["file_to_write", "folder_to_write", "write_files"]


def file_to_write(path: str | Path) -> Path:
    """Return the absolute path of a file to write; raise before anything is read if there cannot be such a file.

    Examples
    --------
    >>> file_to_write("missing/report.html")
    Traceback (most recent call last):
    stcrm_pandas.errors.UsageError: The folder ...missing does not exist. Create it, or write the report elsewhere.
    """
    place = Path(path).absolute()
    if not place.parent.is_dir():
        raise UsageError(f"The folder {place.parent} does not exist. Create it, or write the report elsewhere.")
    if place.is_dir():
        raise UsageError(f"{place} is a folder. Name the file to write.")
    _refuse_read_only(place.parent)
    return place


def folder_to_write(path: str | Path) -> Path:
    """Return the absolute path of a folder to write into; raise before anything is read if there cannot be one."""
    place = Path(path).absolute()
    if not place.parent.is_dir() or (place.exists() and not place.is_dir()):
        raise UsageError(f"The reports cannot be written to {place}: it is a file, or the folder above it is missing.")
    _refuse_read_only(place if place.is_dir() else place.parent)
    return place


def _refuse_read_only(folder: Path) -> None:
    if not os.access(folder, os.W_OK):
        raise UsageError(f"The folder {folder} is not writable. Write the report elsewhere.")


def write_files(pages: Mapping[Path, str]) -> None:
    """Write all files under temporary names, and rename them only when all are written; make their folder.

    Raises
    ------
    ReportError
        The disk is full, or the folder is not writable. Older files are then not changed.
    """
    parts: dict[Path, Path] = {}
    try:
        for path, page in pages.items():
            path.parent.mkdir(exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
            parts[path] = Path(name)
            with os.fdopen(handle, "w", encoding="utf-8") as part:
                part.write(page)
        for path, written in parts.items():
            os.replace(written, path)
    except OSError as error:
        kept = " The file from before is unchanged." if path.exists() else ""
        raise ReportError(f"{path} could not be written: {error.strerror or error}.{kept}") from error
    finally:
        for written in parts.values():
            written.unlink(missing_ok=True)
