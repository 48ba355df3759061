"""Folders and files that only their owner can read, whatever the umask.

A file is written under another name and then renamed, so nobody ever reads half of it. If the process is killed before,
the unfinished file stays: the next write into the folder deletes it once it is an hour old.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from stcrm_pandas.errors import UsageError

UNFINISHED = ".stcrm-part"
"""How the name of a file ends while it is written."""
_OF_EARLIER_VERSIONS = (".*.part", ".*.sqlite.part-*", ".sheet-????????")
_HOUR = 3600.0


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its owner can read, and each parent that does not exist, whatever the umask."""
    for path in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        path.mkdir(mode=0o700, exist_ok=True)


def open_new(path: Path) -> BinaryIO:
    """Open a new file that only its owner can read, for reading and writing.

    Raises
    ------
    FileExistsError
        There is a file.
    """
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")


def create_private(path: Path) -> None:
    """Create an empty file that only its owner can read, since SQLite would create it readable by others.

    An existing file is not opened: closing it would release SQLite's locks on it in this process.

    Raises
    ------
    FileExistsError
        There is a file.
    """
    open_new(path).close()


def unfinished_path(folder: Path) -> Path:
    """Return a new path for a file that is renamed once it is written; delete what killed processes left."""
    for path in folder.glob(f".*{UNFINISHED}*"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - _HOUR:
                path.unlink()
    return folder / f".{secrets.token_hex(8)}{UNFINISHED}"


def unfinished_below(folder: Path) -> list[Path]:
    """Return the files in a folder, and below it, that are being written, or that killed processes left."""
    return sorted({path for pattern in (f".*{UNFINISHED}*", *_OF_EARLIER_VERSIONS) for path in folder.rglob(pattern)})


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a private file that takes the place of another one at the end, unless there is an error."""
    part = unfinished_path(path.parent)
    try:
        with open_new(part) as file:
            yield file
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def replace_all(contents: Mapping[Path, bytes]) -> None:
    """Write private files under other names, and rename them once all are written; an OSError names the file."""
    parts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            parts[path] = unfinished_path(path.parent)
            with open_new(parts[path]) as file:
                file.write(content)
        for path, part in parts.items():
            part.replace(path)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)


def write_private(path: str | Path, text: str) -> None:
    """Write a text to a file of mode 0600, replacing an earlier one at once.

    Raises
    ------
    UsageError
        There is no such folder, the file cannot be written, or the text has half of a character (a lone surrogate).
    """
    place = Path(path).expanduser()
    if not place.parent.is_dir():
        raise UsageError(f"The folder {str(place.parent)!r} does not exist, so {place.name} was not written.")
    try:
        with replacing(place) as file:
            file.write(text.encode())
    except (OSError, UnicodeEncodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "a text in it has an invalid character"
        raise UsageError(f"The file {str(place)!r} cannot be written: {why}.") from None
